package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// distinct keeps the first of rows that are equal in its keys.
type distinct struct {
	run   *run
	input operator
	keys  *scope // nil: the whole row
	seen  *rowSet
}

func newDistinct(r *run, n *plan.Distinct) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &distinct{run: r, input: input}
	columns := typesOf(n.Input.Columns())
	if n.On != nil {
		columns = exprTypes(n.On)
		if o.keys, err = r.scopeOf(n, "distinct", n.Input.Columns(), n.On...); err != nil {
			return nil, err
		}
	}
	o.seen = newRowSet(columns)
	return o, nil
}

func (o *distinct) open(ctx context.Context) error {
	o.seen.clear()
	if o.keys != nil {
		if err := o.keys.begin(ctx); err != nil {
			return err
		}
	}
	return o.input.open(ctx)
}

func (o *distinct) next(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		var kept []Row
		for _, row := range rows {
			key := row
			if o.keys != nil {
				key = make(Row, len(o.keys.evals))
				if err := o.keys.row(key, 0, len(key), row); err != nil {
					return nil, err
				}
			}
			if _, added := o.seen.add(key); added {
				kept = append(kept, row)
			}
		}
		if len(kept) > 0 {
			return kept, nil
		}
	}
}

func (o *distinct) close() error {
	o.seen.clear()
	return o.input.close()
}

// rowSet numbers distinct rows from 0. NULLs are equal to each other.
type rowSet struct {
	types []columnType
	rows  []Row
	heads map[uint64]int32 // hash → the last of the rows with it
	chain []int32          // row → the previous with its hash; -1 is none
	bytes int64
}

func newRowSet(columns []columnType) *rowSet {
	return &rowSet{types: columns, heads: map[uint64]int32{}}
}

func (s *rowSet) clear() {
	clear(s.heads)
	s.rows, s.chain, s.bytes = nil, nil, 0
}

// find returns the number of a row that is there, or -1.
func (s *rowSet) find(row Row) int { return s.lookup(hashRow(s.types, row), row) }

func (s *rowSet) lookup(h uint64, row Row) int {
	i, ok := s.heads[h]
	if !ok {
		return -1
	}
	for ; i >= 0; i = s.chain[i] {
		if equalRows(s.types, s.rows[i], row) {
			return int(i)
		}
	}
	return -1
}

// add returns the row's number, and whether it is new. The set keeps the slice.
func (s *rowSet) add(row Row) (number int, added bool) {
	h := hashRow(s.types, row)
	if i := s.lookup(h, row); i >= 0 {
		return i, false
	}
	prev, ok := s.heads[h]
	if !ok {
		prev = -1
	}
	s.heads[h] = int32(len(s.rows))
	s.chain = append(s.chain, prev)
	s.rows = append(s.rows, row)
	s.bytes += rowBytes(row)
	return len(s.rows) - 1, true
}
