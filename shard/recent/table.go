package recent

import (
	"github.com/tidwall/btree"

	"github.com/pegmatitedb/pegmatite/txn"
)

// Table is the chains of one physical table.
type Table struct {
	Physical uint64

	shard   *Shard
	keyOf   KeyOf
	chains  btree.Map[string, *Chain]
	indexes []*index
	blind   int // chains whose base is unknown
	dirty   []*Chain
	retire  retirement
	scratch []byte // for computing keys
	dropped txn.Timestamp
}

// Dropped is the highest version that went with a chain: to a snapshot below it
// a key without a chain may have been another than it is now.
func (t *Table) Dropped() txn.Timestamp {
	if t == nil {
		return 0
	}
	return t.dropped
}

// Len is the number of chains.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	return t.chains.Len()
}

// Get returns the chain of a key, or nil.
func (t *Table) Get(key string) *Chain {
	if t == nil {
		return nil
	}
	c, _ := t.chains.Get(key)
	return c
}

// trimLength is how many versions a chain may grow to before those that nobody
// can see are looked for.
const trimLength = 8

// Add appends a committed version to the chain of key. base is what SQLite has
// under the key, which counts only when the chain begins here. Adding a
// version that is there already changes nothing.
func (t *Table) Add(key string, base, v Version) {
	c, ok := t.chains.Get(key)
	if !ok {
		c = t.begin(key, base)
	}
	i, found := c.insertAt(v.At)
	if found {
		return
	}
	c.versions = append(c.versions, Version{})
	copy(c.versions[i+1:], c.versions[i:])
	c.versions[i] = v
	t.account(&v, 1)
	c.index(&v)
	if !c.dirty {
		c.dirty = true
		t.dirty = append(t.dirty, c)
	}
	t.shard.usage.Unsettled += v.bytes()
	if len(c.versions) > trimLength && len(c.versions)%trimLength == 0 {
		c.trim()
	}
}

// Put is Add for a write set, whose times are statement numbers: a version of
// the same time is replaced.
func (t *Table) Put(key string, base, v Version) {
	if c, ok := t.chains.Get(key); ok {
		if i, found := c.insertAt(v.At); found {
			c.forget(&c.versions[i])
			c.versions[i] = v
			t.account(&v, 1)
			t.shard.usage.Unsettled += v.bytes()
			c.index(&v)
			return
		}
	}
	t.Add(key, base, v)
}

// Cut takes back every version of the times from and to and between; a chain of
// which only the base is left goes.
func (t *Table) Cut(from, to txn.Timestamp) {
	var gone []*Chain
	t.chains.Scan(func(_ string, c *Chain) bool {
		n := 1
		for i := 1; i < len(c.versions); i++ {
			v := &c.versions[i]
			if from <= v.At && v.At <= to {
				c.forget(v)
				continue
			}
			c.versions[n] = *v
			n++
		}
		clear(c.versions[n:])
		c.versions = c.versions[:n]
		if n == 1 {
			gone = append(gone, c)
		}
		return true
	})
	for _, c := range gone {
		t.drop(c)
	}
	t.dirty = t.dirty[:0]
}

func (t *Table) begin(key string, base Version) *Chain {
	base.At = 0
	c := &Chain{Key: key, table: t, versions: make([]Version, 1, 2), blind: base.Kind == Unknown}
	c.versions[0] = base
	t.chains.Set(key, c)
	t.shard.usage.Chains++
	t.shard.usage.Bytes += chainBytes + int64(len(key))
	t.account(&base, 1)
	if c.blind {
		t.blind++
	}
	c.index(&base)
	return c
}

// account adds (n = 1) or takes away (n = -1) a version.
func (t *Table) account(v *Version, n int64) {
	u := &t.shard.usage
	u.Versions += int(n)
	u.Bytes += n * v.bytes()
	u.Spilled += n * int64(v.place.Length)
}

// drop takes a whole chain away.
func (t *Table) drop(c *Chain) {
	t.chains.Delete(c.Key)
	if c.blind {
		t.blind--
	}
	c.unindex()
	t.shard.usage.Chains--
	t.shard.usage.Bytes -= chainBytes + int64(len(c.Key))
	for i := range c.versions {
		c.forget(&c.versions[i])
	}
}

func (t *Table) clear() {
	for _, c := range t.chains.Values() {
		t.drop(c)
	}
	t.dirty = nil
	t.retire = nil
}

// Ascend calls yield for the chains in a range of keys, in order, until it
// answers false.
func (t *Table) Ascend(r Range, yield func(*Chain) bool) {
	if t == nil {
		return
	}
	t.chains.Ascend(r.From, func(k string, c *Chain) bool {
		return (r.To == "" || k < r.To) && yield(c)
	})
}
