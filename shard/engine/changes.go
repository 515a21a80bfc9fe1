package engine

import (
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// changes are the write sets of one transaction in one log: in the record
// itself, or in a side file that it names.
type changes struct {
	sections []section
	sides    []side
	loads    []loaded
	reshapes []reshaped
}

// side is a side file with one shard's changes, or (without large) with those
// of a transaction that only its record is too small for.
type side struct {
	log.Side
	shard shard.ID
	large bool // settled straight away, without chains
}

// section is the changes of one table on one shard, in key order.
type section struct {
	shard    shard.ID
	physical uint64
	rows     []byte // encoded changes, back to back
}

// changeKind is what happened to a key.
type changeKind uint8

const (
	changeInsert changeKind = iota + 1 // there was no row
	changeUpdate                       // there was one
	changeDelete
	changeMove // deleted here; the row has another key now
)

// change is one key's newest image in a write set.
type change struct {
	kind  changeKind
	key   string // of a delete; otherwise the row has it
	moved string // the new key of a move
	row   []byte
}

func (c *change) append(w *writer) {
	w.b = append(w.b, byte(c.kind))
	switch c.kind {
	case changeInsert, changeUpdate:
		w.bytes(c.row)
	case changeMove:
		w.string(c.key)
		w.string(c.moved)
	default:
		w.string(c.key)
	}
}

func (r *reader) change() change {
	c := change{kind: changeKind(r.byte())}
	switch c.kind {
	case changeInsert, changeUpdate:
		c.row = r.bytes()
	case changeDelete:
		c.key = r.string()
	case changeMove:
		c.key, c.moved = r.string(), r.string()
	default:
		r.fail("change of kind %d", c.kind)
	}
	return c
}

// version is what the change makes of its key.
func (c *change) version() recent.Version {
	switch c.kind {
	case changeInsert, changeUpdate:
		return recent.Version{Kind: recent.Present, Row: c.row}
	case changeMove:
		return recent.Version{Kind: recent.Absent, Row: []byte(c.moved)}
	}
	return recent.Version{Kind: recent.Absent}
}

// delta is by how many rows a table grew.
func (c *change) delta() int64 {
	switch c.kind {
	case changeInsert:
		return 1
	case changeDelete, changeMove:
		return -1
	}
	return 0
}

func (c *changes) size() int {
	n := 32
	for _, s := range c.sections {
		n += 24 + len(s.rows)
	}
	return n
}

func (c *changes) append(w *writer) {
	w.uint(uint64(len(c.sides)))
	for _, s := range c.sides {
		w.string(s.Name)
		w.int(s.Length)
		w.uint(uint64(s.CRC))
		w.uint(uint64(s.shard))
		w.bool(s.large)
	}
	appendSections(w, c.sections)
	w.uint(uint64(len(c.loads)))
	for _, l := range c.loads {
		w.uint(uint64(l.shard))
		w.uint(l.physical)
		w.int(l.rows)
		w.int(l.bytes)
	}
	w.uint(uint64(len(c.reshapes)))
	for _, x := range c.reshapes {
		w.uint(uint64(x.shard))
		w.bytes(x.before.append(nil))
	}
}

func appendSections(w *writer, sections []section) {
	w.uint(uint64(len(sections)))
	for _, s := range sections {
		w.uint(uint64(s.shard))
		w.uint(s.physical)
		w.bytes(s.rows)
	}
}

func (c *changes) read(r *reader) {
	for range r.count() {
		c.sides = append(c.sides, side{
			Side:  log.Side{Name: r.string(), Length: r.int(), CRC: uint32(r.uint())},
			shard: shard.ID(r.uint()), large: r.bool(),
		})
	}
	c.sections = r.sections()
	for range r.count() {
		c.loads = append(c.loads, loaded{shard: shard.ID(r.uint()), physical: r.uint(), rows: r.int(), bytes: r.int()})
	}
	for range r.count() {
		x := reshaped{shard: shard.ID(r.uint())}
		s, err := decodeShape(r.bytes())
		if err != nil {
			r.fail("shape of a table")
			return
		}
		s.ownMemory()
		x.before = s
		c.reshapes = append(c.reshapes, x)
	}
}

// sections reads sections and checks every change in them, so that applying
// them later cannot fail halfway.
func (r *reader) sections() []section {
	var out []section
	for range r.count() {
		out = append(out, r.section())
	}
	return out
}

func (r *reader) section() section {
	s := section{shard: shard.ID(r.uint()), physical: r.uint(), rows: r.bytes()}
	rows := reader{b: s.rows}
	for len(rows.b) > 0 {
		rows.change()
	}
	if rows.err != nil {
		r.fail("changes of table %d", s.physical)
	}
	return s
}

// each calls f for every change of a section.
func (s *section) each(f func(c change)) {
	r := reader{b: s.rows}
	for len(r.b) > 0 {
		f(r.change())
	}
}
