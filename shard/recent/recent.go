// Package recent is what a shard's memory holds over its SQLite file: for
// every key changed recently a chain, the image that SQLite had when the chain
// began and after it each committed version.
//
//	recent.go   Shard: the tables of one shard, floor and memory (this file)
//	key.go      ordered keys: bytes that sort as SQLite sorts the values
//	chain.go    Version and Chain: what one key was, and when
//	table.go    Table: chains ordered by key
//	index.go    chains ordered by each index too
//	settle.go   which chains SQLite lacks, and which may be dropped
//	spill.go    old images move to a scratch file when memory is short
//
// A key with a chain is answered by its chain alone. A key without one is the
// same for every snapshot in use, and SQLite answers it.
//
//	         base      version  version          newest
//	chain:   At 0  →   At 5  →  At 9      →      At 12
//	                            ↑ settled: SQLite has this one (or, for a
//	                              moment, a newer one: never an older one)
//
// The package is pure: no I/O, no clock, no lock. Readers may share a Shard
// while nobody changes it; the engine's latch sees to that.
package recent

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/txn"
)

// Shard is the recent layer of one shard.
type Shard struct {
	tables map[uint64]*Table
	list   []*Table // in the order of Physical
	floor  txn.Timestamp
	usage  Usage
	// Of the snapshots below known only these are in use; ascending.
	inUse []txn.Timestamp
	known txn.Timestamp
}

// Usage is what a recent layer holds.
type Usage struct {
	Chains    int
	Versions  int   // bases included
	Bytes     int64 // of memory, by estimate
	Unsettled int64 // of Bytes: images that SQLite lacks
	Spilled   int64 // bytes of images in the scratch file
}

// New makes an empty recent layer whose floor is floor: no older snapshot can
// be answered.
func New(floor txn.Timestamp) *Shard {
	return &Shard{tables: map[uint64]*Table{}, floor: floor}
}

// Table returns the chains of a physical table, nil if there are none and
// never were.
func (s *Shard) Table(physical uint64) *Table { return s.tables[physical] }

// Tables returns all tables in the order of their numbers; the caller must not
// change the slice.
func (s *Shard) Tables() []*Table { return s.list }

// Open returns the chains of a physical table, making an empty set. keyOf
// computes the ordered key of some columns of a row.
func (s *Shard) Open(physical uint64, keyOf KeyOf) *Table {
	t := s.tables[physical]
	if t == nil {
		t = &Table{Physical: physical, shard: s, keyOf: keyOf}
		s.tables[physical] = t
		s.insert(t)
	}
	return t
}

func (s *Shard) insert(t *Table) {
	i := len(s.list)
	for i > 0 && s.list[i-1].Physical > t.Physical {
		i--
	}
	s.list = append(s.list, nil)
	copy(s.list[i+1:], s.list[i:])
	s.list[i] = t
}

// Remove forgets a table with all its chains: it was dropped.
func (s *Shard) Remove(physical uint64) {
	t := s.tables[physical]
	if t == nil {
		return
	}
	t.clear()
	delete(s.tables, physical)
	for i, x := range s.list {
		if x == t {
			s.list = append(s.list[:i:i], s.list[i+1:]...)
			return
		}
	}
}

// Floor is the oldest snapshot that can be answered.
func (s *Shard) Floor() txn.Timestamp { return s.floor }

// Raise lifts the floor; it never falls. Whoever calls it has made sure that no
// snapshot below it is in use, or ends those that are.
func (s *Shard) Raise(floor txn.Timestamp) { s.floor = max(s.floor, floor) }

// Keep says which snapshots are in use: below known these only, and any at or
// above it. Versions between them go when their chains are trimmed next. The
// Shard owns the slice, which is sorted here.
func (s *Shard) Keep(inUse []txn.Timestamp, known txn.Timestamp) {
	slices.Sort(inUse)
	s.inUse, s.known = inUse, known
}

// seen reports whether a snapshot in use can lie in [from, to).
func (s *Shard) seen(from, to txn.Timestamp) bool {
	if to > s.known {
		return true
	}
	i, _ := slices.BinarySearch(s.inUse, from)
	return i < len(s.inUse) && s.inUse[i] < to
}

// Usage returns what the layer holds.
func (s *Shard) Usage() Usage { return s.usage }
