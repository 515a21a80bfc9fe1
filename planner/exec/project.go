package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
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
	if passesOn(n) {
		return input, nil
	}
	s, err := r.scopeOf(n, "project", n.Input.Columns(), n.Exprs...)
	return &project{input, s}, err
}

// passesOn reports whether the outputs are the input's columns as they are.
func passesOn(n *plan.Project) bool {
	in := n.Input.Columns()
	if n.Sets || len(n.Exprs) != len(in) {
		return false
	}
	for i, e := range n.Exprs {
		if c, ok := e.(*expr.Column); !ok || c.ID != in[i].ID {
			return false
		}
	}
	return true
}

// isFeed reports whether a node's rows come from the caller of the run.
func isFeed(n plan.Node) bool {
	for {
		switch x := n.(type) {
		case *plan.Feed:
			return true
		case *plan.Project:
			if !passesOn(x) {
				return false
			}
			n = x.Input
		default:
			return false
		}
	}
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
	run    *run
	input  operator
	scope  *scope // the outputs, over the input's columns and then the calls' values
	sets   []*setCall
	failed error // what came after the rows given last
	width  int   // of the input
	rows   []Row
	wide   Row  // the input's present row and the calls' values
	begun  bool // the calls are under way for that row
}

// setCall is one set-returning call. Its values are drawn one by one: there
// may be more of them than memory holds.
type setCall struct {
	call *expr.Call
	args *scope
	pull func() (types.Datum, bool, error) // nil: at its end
	stop func()
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
	o.rows, o.begun, o.failed = nil, false, nil
	return o.input.open(ctx)
}

// next gives the rows before a failure first: a LIMIT may want no more.
func (o *projectSet) next(ctx context.Context) ([]Row, error) {
	if o.failed != nil {
		return nil, o.failed
	}
	var out []Row
	for len(out) < batchRows {
		if !o.begun {
			more, err := o.begin(ctx, len(out) > 0)
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
		}
		row, err := o.advance()
		if err != nil && len(out) > 0 && ctx.Err() == nil {
			o.failed = err
			break
		}
		if err != nil {
			return nil, err
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out, ctx.Err()
}

// begin starts the calls on the next input row. It reports false at the
// input's end, and before asking it for a batch when there are rows to give first.
func (o *projectSet) begin(ctx context.Context, have bool) (bool, error) {
	if len(o.rows) == 0 {
		if have {
			return false, nil
		}
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return false, err
		}
		o.rows = rows
	}
	row := o.rows[0]
	o.rows = o.rows[1:]
	o.wide = make(Row, o.width+len(o.sets))
	copy(o.wide, row)
	for _, s := range o.sets {
		if err := s.begin(row); err != nil {
			return false, err
		}
	}
	o.begun = true
	return true, nil
}

// advance makes the next row: a call that has ended before the others gives
// NULL. It is nil when all have ended.
func (o *projectSet) advance() (Row, error) {
	o.begun = false
	for i, s := range o.sets {
		v, ok, err := s.next()
		if err != nil {
			return nil, err
		}
		o.wide[o.width+i] = v
		o.begun = o.begun || ok
	}
	if !o.begun {
		return nil, nil
	}
	out := make(Row, len(o.scope.evals))
	return out, o.scope.row(out, 0, len(out), o.wide)
}

// begin calls the function with the arguments that a row gives. One that
// returns no set gives its one value.
func (s *setCall) begin(row Row) error {
	s.end()
	args := make([]types.Datum, len(s.call.Args))
	if err := s.args.row(args, 0, len(args), row); err != nil {
		return err
	}
	if !s.call.Func.ReturnsSet {
		v, err := expr.Apply(s.args.ctx, s.call.Func, args...)
		if err != nil {
			return err
		}
		s.pull = func() (types.Datum, bool, error) { s.pull = nil; return v, true, nil }
		return nil
	}
	s.pull, s.stop = pullRows(s.args.ctx, s.call.Func, args)
	return nil
}

// next is the next value, NULL and false after the last.
func (s *setCall) next() (types.Datum, bool, error) {
	if s.pull == nil {
		return types.Null, false, nil
	}
	v, ok, err := s.pull()
	if !ok || err != nil {
		s.end()
		return types.Null, false, err
	}
	return v, true, nil
}

func (s *setCall) end() {
	if s.stop != nil {
		s.stop()
	}
	s.pull, s.stop = nil, nil
}

func anyNull(row Row) bool {
	for _, d := range row {
		if d.IsNull() {
			return true
		}
	}
	return false
}

func (o *projectSet) close() error {
	for _, s := range o.sets {
		s.end()
	}
	return o.input.close()
}
