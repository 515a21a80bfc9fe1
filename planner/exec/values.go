package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// values is rows of expressions.
type values struct {
	scope *scope
	width int
	count int
	given int
}

func newValues(r *run, n *plan.Values) (operator, error) {
	p, err := r.st.Memo.Derive(scopeKey{n, "values"}, func() (any, error) {
		return compile(r.st, nil, flatten(n.Rows))
	})
	if err != nil {
		return nil, err
	}
	return &values{scope: r.with(p.(*program)), width: len(n.Cols), count: len(n.Rows)}, nil
}

func (o *values) open(ctx context.Context) error {
	o.given = 0
	return o.scope.begin(ctx)
}

func (o *values) next(context.Context) ([]Row, error) {
	n := min(batchRows, o.count-o.given)
	if n == 0 {
		return nil, nil
	}
	slab := make(Row, n*o.width)
	out := make([]Row, n)
	for i := range out {
		out[i], slab = slab[:o.width:o.width], slab[o.width:]
		start := (o.given + i) * o.width
		if err := o.scope.row(out[i], start, start+o.width, nil); err != nil {
			return nil, err
		}
	}
	o.given += n
	return out, nil
}

func (o *values) close() error { return nil }

func flatten(rows [][]expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, row := range rows {
		out = append(out, row...)
	}
	return out
}
