package engine

import (
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// A shape travels in the log and lies in SQLite beside the tables.

const shapeFormat = 1

func (s *shape) append(dst []byte) []byte {
	w := writer{dst}
	w.uint(shapeFormat)
	w.uint(s.physical)
	w.uint(uint64(s.relation))
	w.uint(s.version)
	w.uint(uint64(len(s.columns)))
	for _, c := range s.columns {
		w.uint(uint64(c.storing))
		w.int(int64(c.display))
		w.uint(uint64(c.oid))
		w.bytes(c.missing)
	}
	w.ints(s.key)
	w.uint(uint64(len(s.indexes)))
	for _, ix := range s.indexes {
		w.uint(uint64(ix.id))
		w.ints(ix.columns)
		w.uint(uint64(len(ix.desc)))
		for _, d := range ix.desc {
			w.bool(d)
		}
		w.bool(ix.unique)
	}
	return w.b
}

func decodeShape(b []byte) (*shape, error) {
	r := reader{b: b}
	s := r.shape()
	if err := r.end(); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *reader) shape() *shape {
	if f := r.uint(); f != shapeFormat {
		r.fail("shape of format %d", f)
		return nil
	}
	s := &shape{physical: r.uint(), relation: types.OID(r.uint()), version: r.uint()}
	for range r.count() {
		c := columnShape{storing: types.Storing(r.uint()), display: int(r.int()), oid: types.OID(r.uint()), missing: r.bytes()}
		if c.storing > types.StoreBlob {
			r.fail("storing %d", c.storing)
		}
		if _, rest, ok := types.NextPacked(c.missing); !ok || len(rest) > 0 {
			r.fail("missing value of a column")
		}
		s.columns = append(s.columns, c)
	}
	s.key = r.positions(len(s.columns))
	for range r.count() {
		ix := indexShape{id: uint32(r.uint()), columns: r.positions(len(s.columns))}
		for range r.count() {
			ix.desc = append(ix.desc, r.bool())
		}
		ix.unique = r.bool()
		s.indexes = append(s.indexes, ix)
	}
	if len(s.key) == 0 {
		r.fail("a table without a key")
	}
	return s
}

// positions reads column positions below n.
func (r *reader) positions(n int) []int {
	var out []int
	for range r.count() {
		p := r.uint()
		if p >= uint64(n) {
			r.fail("column %d of %d", p, n)
			return nil
		}
		out = append(out, int(p))
	}
	return out
}
