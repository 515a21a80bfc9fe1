package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// elements is the distinct elements of an array, which is in memory as a whole.
type elements struct {
	scope *scope
	seen  *rowSet
	given bool
}

func newElements(r *run, n *plan.Elements) (operator, error) {
	s, err := r.scopeOf(n, "elements", nil, n.Array)
	return &elements{scope: s, seen: newRowSet(r, typesOf(n.Cols))}, err
}

func (o *elements) open(ctx context.Context) error {
	o.given = false
	o.seen.clear()
	return o.scope.begin(ctx)
}

func (o *elements) next(context.Context) ([]Row, error) {
	if o.given {
		return nil, nil
	}
	o.given = true
	v, err := o.scope.value(0, nil)
	if err != nil || v.IsNull() {
		return nil, err
	}
	for _, e := range v.Array().Elems {
		if !e.IsNull() {
			if _, err := o.seen.add(Row{e}); err != nil {
				return nil, err
			}
		}
	}
	return o.seen.rows, nil
}

func (o *elements) close() error {
	o.seen.clear()
	return nil
}
