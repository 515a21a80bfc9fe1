package sqlparse

import (
	"container/list"
	"hash/maphash"
	"sync"
)

// lruSegments bounds how many sessions wait for one lock.
const lruSegments = 8

// LRU is a map from texts that forgets what was used longest ago when it grows
// beyond its size. It is safe for concurrent use.
type LRU[V any] struct {
	seed     maphash.Seed
	segments [lruSegments]lruSegment[V]
}

type lruSegment[V any] struct {
	mu     sync.Mutex
	byKey  map[string]*list.Element // mu protects all
	recent list.List                // of *lruItem[V], the latest in front
	bytes  int
	limit  int
}

type lruItem[V any] struct {
	key   string
	value V
	bytes int
}

// NewLRU makes a map of at most about that many bytes, keys included.
func NewLRU[V any](bytes int) *LRU[V] {
	l := &LRU[V]{seed: maphash.MakeSeed()}
	for i := range l.segments {
		l.segments[i].byKey = make(map[string]*list.Element)
		l.segments[i].limit = bytes / lruSegments
	}
	return l
}

func (l *LRU[V]) segment(key []byte) *lruSegment[V] {
	return &l.segments[maphash.Bytes(l.seed, key)%lruSegments]
}

// Get returns the value under key and marks it as used.
func (l *LRU[V]) Get(key string) (V, bool) {
	return l.segments[maphash.String(l.seed, key)%lruSegments].get(key)
}

// GetBytes is Get of string(key), without making the string.
func (l *LRU[V]) GetBytes(key []byte) (V, bool) {
	s := l.segment(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.use(s.byKey[string(key)])
}

func (s *lruSegment[V]) get(key string) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.use(s.byKey[key])
}

func (s *lruSegment[V]) use(e *list.Element) (v V, ok bool) {
	if e == nil {
		return v, false
	}
	s.recent.MoveToFront(e)
	return e.Value.(*lruItem[V]).value, true
}

// Put sets the value under key, which takes the given bytes beside the key's
// own. A value larger than a segment is not kept.
func (l *LRU[V]) Put(key string, value V, bytes int) {
	s := &l.segments[maphash.String(l.seed, key)%lruSegments]
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[key]; e != nil {
		s.remove(e)
	}
	item := &lruItem[V]{key, value, bytes + len(key)}
	if item.bytes > s.limit {
		return
	}
	s.byKey[key] = s.recent.PushFront(item)
	s.bytes += item.bytes
	for s.bytes > s.limit {
		s.remove(s.recent.Back())
	}
}

// Delete forgets the value under key.
func (l *LRU[V]) Delete(key string) {
	s := &l.segments[maphash.String(l.seed, key)%lruSegments]
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[key]; e != nil {
		s.remove(e)
	}
}

func (s *lruSegment[V]) remove(e *list.Element) {
	item := s.recent.Remove(e).(*lruItem[V])
	delete(s.byKey, item.key)
	s.bytes -= item.bytes
}

// Len is how many values there are.
func (l *LRU[V]) Len() int {
	n := 0
	for i := range l.segments {
		s := &l.segments[i]
		s.mu.Lock()
		n += len(s.byKey)
		s.mu.Unlock()
	}
	return n
}

// Bytes is how many bytes the values and keys take.
func (l *LRU[V]) Bytes() int {
	n := 0
	for i := range l.segments {
		s := &l.segments[i]
		s.mu.Lock()
		n += s.bytes
		s.mu.Unlock()
	}
	return n
}
