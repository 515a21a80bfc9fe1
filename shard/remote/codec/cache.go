package codec

import "sync"

// The bounds of one generation of a cache. Twice as much can be held.
const (
	generationEntries = 4096
	generationBytes   = 32 << 20
)

// cache forgets what was not used for a while: it has two generations, and
// when the young one is full it becomes the old one, whose entries are dropped
// unless they are used again in time.
type cache[K comparable, V any] struct {
	mu         sync.RWMutex // protects the rest
	young, old map[K]entry[V]
	bytes      int // of the young generation
}

type entry[V any] struct {
	value V
	bytes int
}

func (c *cache[K, V]) get(key K) (v V, ok bool) {
	c.mu.RLock()
	e, ok := c.young[key]
	if !ok {
		if e, ok = c.old[key]; ok {
			c.mu.RUnlock()
			c.put(key, e.value, e.bytes)
			return e.value, true
		}
	}
	c.mu.RUnlock()
	return e.value, ok
}

// put adds a value of some size, and returns the one that is there: of two
// that are put at the same time the first stays.
func (c *cache[K, V]) put(key K, v V, bytes int) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.young[key]; ok {
		return e.value
	}
	if c.young == nil || len(c.young) >= generationEntries || c.bytes+bytes > generationBytes {
		c.young, c.old, c.bytes = map[K]entry[V]{}, c.young, 0
	}
	if e, ok := c.old[key]; ok {
		v = e.value
	}
	c.young[key] = entry[V]{v, bytes}
	c.bytes += bytes
	return v
}
