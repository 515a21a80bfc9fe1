package engine

import (
	"maps"
	"slices"

	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// moved is what a shard's memory holds over its file when it moves: the chains
// that snapshots in use still need, and the timestamps that rules 12 and 14 are about.
type moved struct {
	floor, maxCommit, maxRead txn.Timestamp
	born                      map[uint64]txn.Timestamp
	tables                    []movedTable
}

type movedTable struct {
	physical uint64
	chains   []movedChain
}

type movedChain struct {
	key      string
	versions []recent.Version // the base first
}

// handMemory encodes what a drained and settled shard's memory holds.
func (e *Engine) handMemory() ([]byte, error) {
	e.dropChains()
	e.latch.RLock()
	defer e.latch.RUnlock()
	m := moved{floor: e.recent.Floor(), maxCommit: e.maxCommit, maxRead: txn.Timestamp(e.maxRead.Load())}
	if u := e.recent.Usage(); u.Bytes+u.Spilled > maxMovedMemory {
		// What they would need is left behind: older snapshots get 40001, as
		// after a restart.
		m.floor = max(m.floor, m.maxCommit)
		return m.encode(), nil
	}
	m.born = e.born()
	for _, t := range e.recent.Tables() {
		table := movedTable{physical: t.Physical}
		var err error
		t.Ascend(recent.Range{}, func(c *recent.Chain) bool {
			chain := movedChain{key: c.Key, versions: slices.Clone(c.Versions())}
			for i := range chain.versions {
				if v := &chain.versions[i]; v.Kind == recent.Present {
					if v.Row, err = e.rowOf(v); err != nil {
						return false
					}
				}
			}
			table.chains = append(table.chains, chain)
			return true
		})
		if err != nil {
			return nil, err
		}
		m.tables = append(m.tables, table)
	}
	return m.encode(), nil
}

// takeMemory fills the memory of an adopted shard. Chains are settled again,
// which changes nothing in the file.
func (e *Engine) takeMemory(m *moved) {
	e.latch.Lock()
	defer e.latch.Unlock()
	e.recent, e.began = recent.New(m.floor), m.floor
	e.maxCommit = max(e.maxCommit, m.maxCommit)
	e.maxRead.Store(int64(m.maxRead))
	tables := *e.tables.Load()
	for physical, at := range m.born {
		if t := tables[physical]; t != nil {
			t.born = at
		}
	}
	for _, table := range m.tables {
		t := tables[table.physical]
		if t == nil {
			continue // dropped since
		}
		chains := e.chainsFor(t)
		for _, c := range table.chains {
			for _, v := range c.versions[1:] {
				chains.Add(c.key, c.versions[0], v)
			}
		}
	}
	e.noteMemory()
}

func (m *moved) encode() []byte {
	w := writer{}
	w.int(int64(m.floor))
	w.int(int64(m.maxCommit))
	w.int(int64(m.maxRead))
	w.uint(uint64(len(m.born)))
	for _, physical := range slices.Sorted(maps.Keys(m.born)) {
		w.uint(physical)
		w.int(int64(m.born[physical]))
	}
	w.uint(uint64(len(m.tables)))
	for _, t := range m.tables {
		w.uint(t.physical)
		w.uint(uint64(len(t.chains)))
		for _, c := range t.chains {
			w.string(c.key)
			w.uint(uint64(len(c.versions)))
			for i := range c.versions {
				v := &c.versions[i]
				w.int(int64(v.At))
				w.uint(uint64(v.Kind))
				w.bytes(v.Row)
			}
		}
	}
	return w.b
}

func decodeMoved(b []byte) (*moved, error) {
	r := reader{b: b}
	m := &moved{floor: txn.Timestamp(r.int()), maxCommit: txn.Timestamp(r.int()), maxRead: txn.Timestamp(r.int()), born: map[uint64]txn.Timestamp{}}
	for range r.count() {
		physical := r.uint()
		m.born[physical] = txn.Timestamp(r.int())
	}
	for range r.count() {
		t := movedTable{physical: r.uint()}
		for range r.count() {
			t.chains = append(t.chains, r.movedChain())
		}
		m.tables = append(m.tables, t)
	}
	return m, r.end()
}

func (r *reader) movedChain() movedChain {
	c := movedChain{key: r.string()}
	for range r.count() {
		v := recent.Version{At: txn.Timestamp(r.int()), Kind: recent.Kind(r.uint())}
		if row := r.bytes(); len(row) > 0 {
			v.Row = row
		}
		if v.Kind > recent.Unknown {
			r.fail("version of kind %d", v.Kind)
		}
		c.versions = append(c.versions, v)
	}
	if len(c.versions) == 0 {
		r.fail("a chain without versions")
		c.versions = make([]recent.Version, 1)
	}
	return c
}

// born are the tables that loads have filled, which older snapshots see nothing
// of; the caller holds the latch.
func (e *Engine) born() map[uint64]txn.Timestamp {
	list := map[uint64]txn.Timestamp{}
	for physical, t := range *e.tables.Load() {
		if t.born > e.recent.Floor() {
			list[physical] = t.born
		}
	}
	return list
}
