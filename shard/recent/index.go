package recent

import "github.com/tidwall/btree"

// index holds a table's chains by the values of some columns. A chain stands
// under the values of every image it has, old and new, because SQLite may have
// any of them: so an index lookup meets exactly the chains that it must leave
// out of what SQLite returns.
type index struct {
	id      uint32
	columns []int
	entries btree.Map[string, *Chain] // ordered key of the values, then the chain's key
	// spilled chains had images in the scratch file when the index was made:
	// their values were not at hand, so they come up in every look-up.
	spilled map[*Chain]struct{}
}

// entry is one place of a chain in an index.
type entry struct {
	index *index
	key   string
}

// AddIndex orders the chains by columns too, those that are there included.
func (t *Table) AddIndex(id uint32, columns []int) {
	if t.findIndex(id) != nil {
		return
	}
	ix := &index{id: id, columns: columns, spilled: map[*Chain]struct{}{}}
	t.indexes = append(t.indexes, ix)
	t.chains.Scan(func(_ string, c *Chain) bool {
		for i := range c.versions {
			if c.blind {
				break // and nothing of it is spilled
			}
			if _, spilled := c.versions[i].Spilled(); spilled {
				ix.spilled[c] = struct{}{}
			}
			c.indexIn(ix, &c.versions[i])
		}
		return true
	})
}

// RemoveIndex forgets an index; its entries go with their chains.
func (t *Table) RemoveIndex(id uint32) {
	ix := t.findIndex(id)
	if ix == nil {
		return
	}
	for i, x := range t.indexes {
		if x == ix {
			t.indexes = append(t.indexes[:i:i], t.indexes[i+1:]...)
			break
		}
	}
}

func (t *Table) findIndex(id uint32) *index {
	for _, ix := range t.indexes {
		if ix.id == id {
			return ix
		}
	}
	return nil
}

// AscendIndex calls yield for every chain that has an image whose indexed
// values lie in the range, until it answers false. A chain comes once for each
// different value it has there. Chains whose base is unknown, and those that
// were spilled before the index was made, come too, at the end. It reports
// false, calling nobody, when there is no such index.
func (t *Table) AscendIndex(id uint32, r Range, yield func(*Chain) bool) bool {
	ix := t.findIndex(id)
	if ix == nil {
		return false
	}
	more := true
	ix.entries.Ascend(r.From, func(k string, c *Chain) bool {
		if r.To != "" && k >= r.To {
			return false
		}
		more = yield(c)
		return more
	})
	for c := range ix.spilled {
		more = more && yield(c)
	}
	if more && t.blind > 0 {
		t.chains.Scan(func(_ string, c *Chain) bool { return !c.blind || yield(c) })
	}
	return true
}

// index enters a version into every index. A chain whose base is unknown comes
// up in every look-up anyway, and stands in no index until it has settled.
func (c *Chain) index(v *Version) {
	if c.blind {
		return
	}
	for _, ix := range c.table.indexes {
		c.indexIn(ix, v)
	}
}

func (c *Chain) indexIn(ix *index, v *Version) {
	if v.Kind != Present || v.Row == nil {
		return
	}
	key := c.table.keyOf(c.table.scratch[:0], v.Row, ix.columns)
	key = append(key, c.Key...)
	c.table.scratch = key
	for _, e := range c.entries {
		if e.index == ix && e.key == string(key) {
			return
		}
	}
	e := entry{index: ix, key: string(key)}
	ix.entries.Set(e.key, c)
	c.entries = append(c.entries, e)
	c.table.shard.usage.Bytes += entryBytes + int64(len(e.key))
}

// unindex takes the chain out of every index.
func (c *Chain) unindex() {
	for _, e := range c.entries {
		e.index.entries.Delete(e.key)
		c.table.shard.usage.Bytes -= entryBytes + int64(len(e.key))
	}
	c.entries = nil
	for _, ix := range c.table.indexes {
		delete(ix.spilled, c)
	}
}

// reindex leaves the entries of the images that are left. A spilled image
// keeps all entries: its values are not at hand.
func (c *Chain) reindex() {
	if len(c.entries) == 0 {
		return
	}
	for i := range c.versions {
		if _, spilled := c.versions[i].Spilled(); spilled {
			return
		}
	}
	c.unindex()
	for i := range c.versions {
		c.index(&c.versions[i])
	}
}
