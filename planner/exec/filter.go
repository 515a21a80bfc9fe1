package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// filter keeps the rows for which a condition is true.
type filter struct {
	input operator
	cond  *scope
}

func newFilter(r *run, n *plan.Filter) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	cond, err := r.scopeOf(n, "filter", n.Input.Columns(), n.Cond)
	return &filter{input, cond}, err
}

func (o *filter) open(ctx context.Context) error {
	if err := o.cond.begin(ctx); err != nil {
		return err
	}
	return o.input.open(ctx)
}

func (o *filter) next(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		var kept []Row
		for _, row := range rows {
			ok, err := o.cond.holds(0, row)
			if err != nil {
				return nil, err
			}
			if ok {
				kept = append(kept, row)
			}
		}
		if len(kept) > 0 {
			return kept, nil
		}
	}
}

func (o *filter) close() error { return o.input.close() }
