package engine

import (
	"encoding/binary"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// shape is what a shard must know of a physical table to keep its rows without
// the catalog: after a restart, or for a table that no request has named yet.
// It is additive and immutable; a newer one replaces it.
type shape struct {
	physical uint64
	relation types.OID
	version  uint64
	columns  []columnShape
	key      []int
	indexes  []indexShape
}

type columnShape struct {
	storing types.Storing
	// display is types.Type.DisplayLen: 0 where the stored form is its own key.
	display int
	oid     types.OID
	missing []byte // packed: what images older than the column hold
}

type indexShape struct {
	id      uint32
	columns []int
	desc    []bool
	unique  bool
}

func shapeOf(t *shard.Table) *shape {
	s := &shape{physical: t.Physical, relation: t.Relation, version: t.Version, key: t.Key}
	for i := range t.Columns {
		c := &t.Columns[i]
		s.columns = append(s.columns, columnShape{
			storing: c.Type.Storing,
			display: c.Type.DisplayLen(c.Typmod),
			oid:     c.Type.OID,
			missing: c.Type.Store(c.Typmod, c.Missing).AppendPacked(nil),
		})
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		s.indexes = append(s.indexes, indexShape{id: ix.ID, columns: ix.Columns, desc: ix.Desc, unique: ix.Unique})
	}
	return s
}

// covers reports whether s knows everything that t needs.
func (s *shape) covers(t *shard.Table) bool {
	if s.relation != t.Relation {
		return false // the rows were written through another relation, whose fences are not theirs
	}
	if s.version >= t.Version && len(s.columns) >= len(t.Columns) {
		return true
	}
	if len(s.columns) < len(t.Columns) {
		return false
	}
	for i := range t.Indexes {
		if s.index(t.Indexes[i].ID) == nil {
			return false
		}
	}
	return true
}

// with is s and what t has beyond it.
func (s *shape) with(t *shape) *shape {
	out := *t
	out.version = max(s.version, t.version)
	if len(s.columns) > len(t.columns) {
		out.columns = s.columns
	}
	out.indexes = slices.Clone(t.indexes)
	for _, ix := range s.indexes {
		if out.index(ix.id) == nil {
			out.indexes = append(out.indexes, ix)
		}
	}
	return &out
}

// without is s without an index.
func (s *shape) without(id uint32) *shape {
	out := *s
	out.indexes = slices.DeleteFunc(slices.Clone(s.indexes), func(ix indexShape) bool { return ix.id == id })
	return &out
}

func (s *shape) index(id uint32) *indexShape {
	for i := range s.indexes {
		if s.indexes[i].id == id {
			return &s.indexes[i]
		}
	}
	return nil
}

// rowid reports whether the key is SQLite's rowid.
func (s *shape) rowid() bool {
	return len(s.key) == 1 && s.columns[s.key[0]].storing == types.StoreInteger
}

// keyOf appends the ordered key of some columns of a packed row, which may be
// older than the last columns. It is a recent.KeyOf.
func (s *shape) keyOf(dst, row []byte, columns []int) []byte {
	if len(columns) == 1 && columns[0] == 0 {
		v, _, _ := types.NextPacked(row)
		return recent.AppendKey(dst, s.keyPart(0, v))
	}
	var space [16]types.Value
	values := s.split(space[:0], row, slices.Max(columns)+1)
	for _, c := range columns {
		dst = recent.AppendKey(dst, s.keyPart(c, values[c]))
	}
	return dst
}

// split appends the first n columns of a row to dst, missing ones filled.
func (s *shape) split(dst []types.Value, row []byte, n int) []types.Value {
	for i := range n {
		v, rest, ok := types.NextPacked(row)
		if !ok {
			v, _, _ = types.NextPacked(s.columns[i].missing)
		} else {
			row = rest
		}
		dst = append(dst, v)
	}
	return dst
}

func (s *shape) rowKey(row []byte) string {
	var space [64]byte
	return string(s.keyOf(space[:0], row, s.key))
}

// keyPart is types.Type.KeyPart, by what a shape knows of the type.
func (s *shape) keyPart(column int, v types.Value) types.Value {
	c := &s.columns[column]
	if c.display == 0 || v.Tag == types.TagNull {
		return v
	}
	if t := types.ByOID(c.oid); t != nil && t.Base() == types.TJSONB {
		k, err := t.KeyPart(-1, v)
		if err == nil {
			return k
		}
		return v
	}
	b, n := v.Bytes(), c.display
	if n < 0 && len(b) >= 4 {
		n = 4 + int(binary.BigEndian.Uint32(b[len(b)-4:]))
	}
	if n < 0 || n > len(b) {
		return v
	}
	return types.BlobValue(b[: len(b)-n : len(b)-n])
}

// columnCount counts the columns of a packed row.
func columnCount(row []byte) (int, error) {
	n := 0
	for len(row) > 0 {
		_, rest, ok := types.NextPacked(row)
		if !ok {
			return 0, pgerr.New(pgerr.DataCorrupted, "malformed row image")
		}
		row = rest
		n++
	}
	return n, nil
}

// fill appends to dst the columns that a row lacks.
func (s *shape) fill(dst, row []byte, columns int) ([]byte, error) {
	n, err := columnCount(row)
	if err != nil {
		return dst, err
	}
	for ; n < columns && n < len(s.columns); n++ {
		dst = append(dst, s.columns[n].missing...)
	}
	return dst, nil
}
