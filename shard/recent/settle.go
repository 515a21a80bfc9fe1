package recent

import (
	"container/heap"
	"sort"

	"github.com/pegmatitedb/pegmatite/txn"
)

// Settling is one chain's newest version on its way to SQLite.
type Settling struct {
	Chain *Chain
	At    txn.Timestamp
	// New is what SQLite shall have: Present or Absent. Its Row stays valid
	// outside the latch.
	New Version
}

// Dirty is the number of chains whose newest version SQLite lacks.
func (t *Table) Dirty() int { return len(t.dirty) }

// TakeDirty takes up to n of the chains whose newest version SQLite lacks, in
// key order when all are taken. They come back through Settled or Unsettled,
// before the next TakeDirty of the table.
func (t *Table) TakeDirty(n int) []Settling {
	sort.Slice(t.dirty, func(i, j int) bool { return t.dirty[i].Key < t.dirty[j].Key })
	n = min(n, len(t.dirty))
	out := make([]Settling, n)
	for i, c := range t.dirty[:n] {
		c.dirty = false
		v := c.Newest()
		c.settling = v.At
		out[i] = Settling{Chain: c, At: v.At, New: *v}
	}
	rest := copy(t.dirty, t.dirty[n:])
	clear(t.dirty[rest:])
	t.dirty = t.dirty[:rest]
	return out
}

// Settled notes that SQLite has committed a batch of the table. What older
// versions can go then goes; the chains are dropped by Drop.
func (t *Table) Settled(batch []Settling) {
	for _, s := range batch {
		c := s.Chain
		if t.Get(c.Key) != c {
			continue // the table was cleared meanwhile
		}
		t.unsettledLess(c, s.At)
		c.settled, c.settling = s.At, 0
		if c.blind {
			c.blind = false
			t.blind--
			for i := range c.versions {
				c.index(&c.versions[i])
			}
		}
		c.trim()
		if !c.dirty {
			heap.Push(&t.retire, retiree{at: s.At, chain: c})
		}
	}
}

// unsettledLess takes the versions up to at out of what SQLite lacks.
func (t *Table) unsettledLess(c *Chain, at txn.Timestamp) {
	for i := range c.versions {
		v := &c.versions[i]
		if v.At > c.settled && v.At <= at {
			t.shard.usage.Unsettled -= v.bytes()
		}
	}
}

// Unsettled takes a batch back that SQLite did not commit.
func (t *Table) Unsettled(batch []Settling) {
	for _, s := range batch {
		c := s.Chain
		c.settling = 0
		if t.Get(c.Key) == c && !c.dirty {
			c.dirty = true
			t.dirty = append(t.dirty, c)
		}
	}
}

// Drop drops the chains whose newest version SQLite has and is at or below the
// floor: to every snapshot in use such a key is what SQLite says. At most n go
// at once; it reports how many went and whether there are more.
func (t *Table) Drop(n int) (dropped int, more bool) {
	for len(t.retire) > 0 && t.retire[0].at <= t.shard.floor {
		if dropped == n {
			return dropped, true
		}
		r := heap.Pop(&t.retire).(retiree)
		c := r.chain
		if t.Get(c.Key) == c && !c.dirty && c.settling == 0 && c.Newest().At == r.at && c.settled == r.at {
			t.drop(c)
			t.dropped = max(t.dropped, r.at)
			dropped++
		}
	}
	return dropped, false
}

// retiree is a settled chain that waits for the floor to pass its newest version.
type retiree struct {
	at    txn.Timestamp
	chain *Chain
}

// retirement orders retirees by time.
type retirement []retiree

func (r retirement) Len() int           { return len(r) }
func (r retirement) Less(i, j int) bool { return r[i].at < r[j].at }
func (r retirement) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *retirement) Push(x any)        { *r = append(*r, x.(retiree)) }
func (r *retirement) Pop() any {
	old := *r
	last := old[len(old)-1]
	old[len(old)-1] = retiree{}
	*r = old[:len(old)-1]
	return last
}
