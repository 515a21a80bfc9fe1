package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// scope is compiled expressions over rows of one layout, with what evaluating
// them needs: the parameters that must be filled before, the subqueries in them.
type scope struct {
	*program
	run *run
	ctx *expr.Context
	// states are the run-time states of the subqueries, made at their first use.
	states map[*expr.Subquery]*subquery
}

// program is the part of a scope that is the same for every execution.
type program struct {
	cols  []plan.Column
	evals []expr.Eval // parallel to the expressions; nil for nil
	inits []int
	subs  bool
}

// layoutOf finds columns by ID.
func layoutOf(cols []plan.Column) func(expr.ColumnID) int {
	if len(cols) <= 8 {
		return func(id expr.ColumnID) int {
			for i := range cols {
				if cols[i].ID == id {
					return i
				}
			}
			return -1
		}
	}
	at := make(map[expr.ColumnID]int, len(cols))
	for i := range cols {
		if _, ok := at[cols[i].ID]; !ok {
			at[cols[i].ID] = i
		}
	}
	return func(id expr.ColumnID) int {
		if i, ok := at[id]; ok {
			return i
		}
		return -1
	}
}

// compile makes the program of expressions over rows of the given columns.
func compile(st *plan.Statement, cols []plan.Column, list []expr.Expr) (*program, error) {
	evals, err := expr.CompileAll(list, layoutOf(cols))
	if err != nil {
		return nil, err
	}
	p := &program{cols: cols, evals: evals}
	first := len(st.Params) + len(st.Lifted)
	seen := map[int]bool{}
	for _, e := range list {
		expr.Walk(e, func(e expr.Expr) bool {
			switch e := e.(type) {
			case *expr.Param:
				if i := e.Index - first; i >= 0 && st.Inits[i].Expr != nil && !seen[e.Index] {
					seen[e.Index] = true
					p.inits = append(p.inits, e.Index)
				}
			case *expr.Subquery:
				p.subs = true
			}
			return true
		})
	}
	return p, nil
}

// scope compiles for this run alone.
func (r *run) scope(cols []plan.Column, list ...expr.Expr) (*scope, error) {
	p, err := compile(r.st, cols, list)
	if err != nil {
		return nil, err
	}
	return r.with(p), nil
}

// scopeKey names the program that a node's expressions make, in the Memo.
type scopeKey struct {
	node plan.Node
	what string
}

// scopeOf is scope with the program kept in the statement's Memo.
func (r *run) scopeOf(n plan.Node, what string, cols []plan.Column, list ...expr.Expr) (*scope, error) {
	p, err := r.st.Memo.Derive(scopeKey{n, what}, func() (any, error) { return compile(r.st, cols, list) })
	if err != nil {
		return nil, err
	}
	return r.with(p.(*program)), nil
}

func (r *run) with(p *program) *scope {
	s := &scope{program: p, run: r, ctx: &r.ctx}
	if p.subs {
		s.ctx = r.ownContext()
		s.ctx.Subquery = s.subquery
	}
	return s
}

// begin makes the scope ready for the rows of one opening: subqueries that
// depend on what may have changed meanwhile start anew.
func (s *scope) begin(ctx context.Context) error {
	for _, q := range s.states {
		q.forget()
	}
	return s.run.prepare(ctx, s.inits)
}

// value evaluates the i-th expression.
func (s *scope) value(i int, row Row) (types.Datum, error) { return s.evals[i](s.ctx, row) }

// holds evaluates the i-th expression as a condition; a nil one is true.
func (s *scope) holds(i int, row Row) (bool, error) {
	if s.evals[i] == nil {
		return true, nil
	}
	v, err := s.evals[i](s.ctx, row)
	return v.IsTrue(), err
}

// row evaluates the expressions from i to j into dst.
func (s *scope) row(dst Row, i, j int, row Row) error {
	for k := i; k < j; k++ {
		v, err := s.evals[k](s.ctx, row)
		if err != nil {
			return err
		}
		dst[k-i] = v
	}
	return nil
}
