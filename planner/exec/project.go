package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// newProject makes the operator that computes the output of each row. Plain
// columns in order need none at all.
func newProject(r *run, n *plan.Project) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	if n.Sets {
		return newProjectSet(r, n, input)
	}
	s, err := r.scopeOf(n, "project", n.Input.Columns(), n.Exprs...)
	return &project{input, s}, err
}

type project struct {
	input operator
	scope *scope
}

func (o *project) open(ctx context.Context) error {
	if err := o.scope.begin(ctx); err != nil {
		return err
	}
	return o.input.open(ctx)
}

func (o *project) next(ctx context.Context) ([]Row, error) {
	rows, err := o.input.next(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	n := len(o.scope.evals)
	slab := make([]types.Datum, n*len(rows))
	out := make([]Row, len(rows))
	for i, row := range rows {
		out[i], slab = slab[:n:n], slab[n:]
		if err := o.scope.row(out[i], 0, n, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *project) close() error { return o.input.close() }

// projectSet is a project with set-returning calls: they advance side by side,
// and one that has ended gives NULL until all have (nodeProjectSet.c). A call
// inside another's arguments is computed first, as one of a stage below.
type projectSet struct {
	run   *run
	input operator
	scope *scope // the outputs, over the input's columns and then the calls' values
	sets  []*setCall
	width int // of the input
	rows  []Row
}

// setCall is one set-returning call.
type setCall struct {
	call *expr.Call
	args *scope
}

func newProjectSet(r *run, n *plan.Project, input operator) (operator, error) {
	cols := n.Input.Columns()
	o := &projectSet{run: r, input: input, width: len(cols)}
	next := r.st.Columns
	exprs := make([]expr.Expr, len(n.Exprs))
	all := cols[:len(cols):len(cols)]
	for i, e := range n.Exprs {
		exprs[i] = expr.Replace(e, func(e expr.Expr) expr.Expr {
			c, ok := e.(*expr.Call)
			if !ok || !c.Func.ReturnsSet {
				return nil
			}
			id := next + expr.ColumnID(len(o.sets))
			o.sets = append(o.sets, &setCall{call: c})
			all = append(all, plan.Column{ID: id, Type: c.T, Typmod: c.Mod})
			return expr.NewColumn(id, c.Func.Name, c.T, c.Mod)
		})
	}
	var err error
	for _, s := range o.sets {
		if s.args, err = r.scope(cols, s.call.Args...); err != nil {
			return nil, err
		}
	}
	o.scope, err = r.scope(all, exprs...)
	return o, err
}

func (o *projectSet) open(ctx context.Context) error {
	if err := o.scope.begin(ctx); err != nil {
		return err
	}
	for _, s := range o.sets {
		if err := s.args.begin(ctx); err != nil {
			return err
		}
	}
	o.rows = nil
	return o.input.open(ctx)
}

func (o *projectSet) next(ctx context.Context) ([]Row, error) {
	for {
		for len(o.rows) > 0 {
			row := o.rows[0]
			o.rows = o.rows[1:]
			out, err := o.expand(row)
			if err != nil || len(out) > 0 {
				return out, err
			}
		}
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		o.rows = rows
	}
}

// expand makes the rows of one input row.
func (o *projectSet) expand(row Row) ([]Row, error) {
	values := make([][]types.Datum, len(o.sets))
	longest := 0
	for i, s := range o.sets {
		var err error
		if values[i], err = s.rows(row); err != nil {
			return nil, err
		}
		longest = max(longest, len(values[i]))
	}
	out := make([]Row, longest)
	wide := make(Row, o.width+len(o.sets))
	copy(wide, row)
	for k := range out {
		for i, v := range values {
			wide[o.width+i] = types.Null
			if k < len(v) {
				wide[o.width+i] = v[k]
			}
		}
		out[k] = make(Row, len(o.scope.evals))
		if err := o.scope.row(out[k], 0, len(out[k]), wide); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rows computes the values that the call gives for a row.
func (s *setCall) rows(row Row) ([]types.Datum, error) {
	args := make([]types.Datum, len(s.call.Args))
	if err := s.args.row(args, 0, len(args), row); err != nil {
		return nil, err
	}
	return callRows(s.args.ctx, s.call.Func, args)
}

// callRows is all rows of a set-returning function.
func callRows(ctx *expr.Context, f *expr.Function, args []types.Datum) ([]types.Datum, error) {
	if f.Strict && anyNull(args) {
		return nil, nil
	}
	if f.Rows == nil {
		return nil, pgerr.Unsupported("function %s", f.Name)
	}
	var out []types.Datum
	err := f.Rows(ctx, args, func(d types.Datum) bool {
		out = append(out, d)
		return true
	})
	return out, err
}

func anyNull(row Row) bool {
	for _, d := range row {
		if d.IsNull() {
			return true
		}
	}
	return false
}

func (o *projectSet) close() error { return o.input.close() }
