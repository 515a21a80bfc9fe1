package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// distinct keeps the first of rows that are equal in its keys. Rows that come
// sorted by the keys (DISTINCT ON under ORDER BY) are compared with the last
// one alone, and keep their order.
type distinct struct {
	run    *run
	input  operator
	keys   *scope // nil: the whole row
	types  []columnType
	sorted bool
	last   Row
	dedupe *dedupe
	ended  bool
}

func newDistinct(r *run, n *plan.Distinct) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	o := &distinct{run: r, input: input, types: typesOf(n.Input.Columns())}
	row := o.types
	if n.On != nil {
		o.types, o.sorted = exprTypes(n.On), sortedBy(n.Input, n.On)
		if o.keys, err = r.scopeOf(n, "distinct", n.Input.Columns(), n.On...); err != nil {
			return nil, err
		}
	}
	o.dedupe = newDedupe(r, o.types, row)
	return o, nil
}

// sortedBy reports whether n's rows come with equal keys side by side.
func sortedBy(n plan.Node, keys []expr.Expr) bool {
	var order []expr.SortKey
	switch n := n.(type) {
	case *plan.Sort:
		order = n.Keys
	case *plan.Gather:
		order = n.Merge
	}
	if len(order) < len(keys) {
		return false
	}
	for _, k := range order[:len(keys)] {
		if !slices.ContainsFunc(keys, func(e expr.Expr) bool { return expr.Equal(e, k.Expr) }) {
			return false
		}
	}
	return true
}

func (o *distinct) open(ctx context.Context) error {
	o.last, o.ended = nil, false
	o.dedupe.close()
	if o.keys != nil {
		if err := o.keys.begin(ctx); err != nil {
			return err
		}
	}
	return o.input.open(ctx)
}

func (o *distinct) key(row Row) (Row, error) {
	if o.keys == nil {
		return row, nil
	}
	key := make(Row, len(o.keys.evals))
	return key, o.keys.row(key, 0, len(key), row)
}

func (o *distinct) next(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.rows(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		if o.sorted {
			rows, err = o.changes(rows)
		} else {
			rows, err = o.dedupe.pass(rows, o.key)
		}
		if err != nil || len(rows) > 0 {
			return rows, err
		}
	}
}

// rows are the input's, then those that were put aside.
func (o *distinct) rows(ctx context.Context) ([]Row, error) {
	if !o.ended {
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
		o.ended = true
	}
	return o.dedupe.late()
}

// changes are the rows whose keys differ from those of the row before.
func (o *distinct) changes(rows []Row) ([]Row, error) {
	var kept []Row
	for _, row := range rows {
		key, err := o.key(row)
		if err != nil {
			return nil, err
		}
		same := false
		if o.last != nil {
			if same, err = equalRows(o.types, o.last, key, o.dedupe.seen.work); err != nil {
				return nil, err
			}
		}
		if !same {
			kept = append(kept, row)
		}
		o.last = key
	}
	return kept, nil
}

func (o *distinct) close() error {
	o.dedupe.close()
	return o.input.close()
}
