package engine

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// table is what an engine knows of one physical table.
type table struct {
	physical uint64
	shape    atomic.Pointer[shape]
	// asked is the last shard.Table that shape was found to cover: it comes
	// with every request, and comparing pointers is cheap.
	asked atomic.Pointer[shard.Table]

	gone    atomic.Bool  // dropped: nothing of it is written any more
	unmark  atomic.Bool  // a load of it is committed, and the file still has its mark
	columns atomic.Int32 // of the SQLite table, 0 if there is none; set under the latch

	// load is the load under way; set under the latch.
	load atomic.Pointer[load]

	// reshape is an undecided schema change of it; set under the latch.
	reshape atomic.Pointer[reshape]

	// Protected by the latch:
	born   txn.Timestamp // of the load that filled it: older snapshots see none of SQLite's rows
	large  txn.Timestamp // of the last commit that went to SQLite without chains
	busy   []*pending    // transactions that are about to commit changes here
	rows   int64         // committed
	later  []counted     // of rows, what may lie behind the position that is settled next
	bytes  int64         // of images that were committed
	images int64         // how many those were

	// Protected by the participant's mutex:
	defined *shape // what the log has last been told

	// indexed is the writer's: the indexes that the SQLite table has.
	indexed map[uint32]bool
	// stored is what the file's meta table has; the writer sets it.
	stored atomic.Pointer[shape]
	// noted is the settler's: what the file says of the rows.
	noted rowCount
}

// counted is by how much a command in the log has changed a table's rows.
type counted struct {
	pos   log.Position
	delta int64
}

// count counts what a command changes; the caller holds the latch.
func (t *table) count(pos log.Position, delta int64) {
	if delta != 0 {
		t.rows += delta
		t.later = append(t.later, counted{pos, delta})
	}
}

// rowsAt is how many rows there are by the commands up to a position, below
// which it is not asked for again: replay counts what is behind it. The caller
// holds the latch.
func (t *table) rowsAt(upto log.Position) int64 {
	t.later = slices.DeleteFunc(t.later, func(c counted) bool { return c.pos <= upto })
	rows := t.rows
	for _, c := range t.later {
		rows -= c.delta
	}
	return rows
}

// rowCount is how many rows a table has and how long their images are on average.
type rowCount struct{ rows, width int64 }

// imaged counts images that are committed; the caller holds the latch.
func (t *table) imaged(images, bytes int64) {
	t.images += images
	t.bytes += bytes
}

// unseenWidth is taken for the width of a column of which no image was seen:
// the file is of a version that did not note it.
const unseenWidth = 8

// width is how long images are on average; the caller holds the latch. SQLite's
// rows with their share of a page are about as long.
func (t *table) width() int64 {
	if t.images == 0 {
		return unseenWidth * int64(len(t.shape.Load().columns))
	}
	return t.bytes / t.images
}

// countAt is what the file is to say of the rows up to a position; nothing of a
// table that no image has come to. The caller holds the latch.
func (t *table) countAt(upto log.Position) rowCount {
	c := rowCount{rows: t.rowsAt(upto)}
	if t.images > 0 {
		c.width = t.width()
	}
	return c
}

// restore takes over what the file says of the rows.
func (t *table) restore(c rowCount) {
	t.rows, t.noted = c.rows, c
	if c.width > 0 {
		t.imaged(c.rows, c.rows*c.width)
	}
}

// keyOf is the recent.KeyOf of the table's rows.
func (t *table) keyOf(dst, row []byte, columns []int) []byte {
	return t.shape.Load().keyOf(dst, row, columns)
}

func (t *table) rowKey(row []byte) string { return t.shape.Load().rowKey(row) }

// table finds what is known of a request's table, learning what is new.
func (e *Engine) table(t *shard.Table) *table {
	tab := (*e.tables.Load())[t.Physical]
	if tab != nil {
		if tab.asked.Load() == t {
			return tab
		}
		if tab.shape.Load().covers(t) {
			tab.asked.Store(t)
			return tab
		}
	}
	return e.learn(shapeOf(t))
}

// learn merges a shape into what is known.
func (e *Engine) learn(s *shape) *table {
	e.latch.Lock()
	defer e.latch.Unlock()
	tables := *e.tables.Load()
	tab := tables[s.physical]
	if tab == nil {
		tab = &table{physical: s.physical, indexed: map[uint32]bool{}}
		tab.shape.Store(s)
		tables = maps.Clone(tables)
		tables[s.physical] = tab
		e.tables.Store(&tables)
	} else {
		tab.shape.Store(tab.shape.Load().with(s))
	}
	if chains := e.recent.Table(s.physical); chains != nil {
		addIndexes(chains, tab.shape.Load())
	}
	return tab
}

// chainsFor returns the table's chains, making an empty set; the caller holds
// the latch exclusively.
func (e *Engine) chainsFor(t *table) *recent.Table {
	chains := e.recent.Table(t.physical)
	if chains == nil {
		chains = e.recent.Open(t.physical, t.keyOf)
		addIndexes(chains, t.shape.Load())
	}
	return chains
}

// setFor returns the table's part of a write set, making an empty one; the
// caller holds the branch's mutex.
func (b *branch) setFor(t *table) *recent.Table {
	own := b.set.Table(t.physical)
	if own == nil {
		own = b.set.Open(t.physical, t.keyOf)
	}
	if own.Len() == ownIndexedFrom {
		addIndexes(own, t.shape.Load())
	}
	return own
}

// ownIndexedFrom is from how many keys on a write set is ordered by each index
// too; a smaller one is walked as fast.
const ownIndexedFrom = 64

func addIndexes(chains *recent.Table, s *shape) {
	for _, ix := range s.indexes {
		chains.AddIndex(ix.id, ix.columns)
	}
}

// pending is a transaction between the moment that its timestamp is fixed from
// below and the moment that its changes are applied or given up. A read that
// meets one waits.
type pending struct {
	branch *branch
	at     txn.Timestamp // p: it will not commit below
	done   chan struct{} // closed at the end
	// wholesale are tables of which a restored transaction changes so much that
	// its keys are not in memory.
	wholesale []uint64
}

// touches reports whether the transaction changes a key, or anything in a span.
func (p *pending) touches(physical uint64, key string, s *span) bool {
	if p.branch.runsOf(physical) != nil || p.branch.loads[physical] != nil || slices.Contains(p.wholesale, physical) {
		return true
	}
	set := p.branch.set.Table(physical)
	if set == nil {
		return false
	}
	if s == nil {
		return set.Get(key) != nil
	}
	hit := false
	s.each(set, func(*recent.Chain) bool {
		hit = true
		return false
	})
	return hit
}

// blocking returns a transaction that a read at s has to wait for, or nil; the
// caller holds the latch. The read is of a key (span nil) or of a span. Its own
// transaction does not block it.
func (t *table) blocking(s txn.Timestamp, self *branch, key string, sp *span) *pending {
	for _, p := range t.busy {
		if p.at <= s && p.branch != self && p.touches(t.physical, key, sp) {
			return p
		}
	}
	return nil
}

func (p *pending) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
