package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// lateral makes plain joins of those whose right side was to run for each left
// row: what such a side takes from the left becomes a condition of the join, or
// is computed above it.
func (r *rewriter) lateral(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		j, ok := n.(*plan.Join)
		if !ok {
			return n, nil
		}
		if j.Kind == plan.JoinInner {
			if v, ok := j.Right.(*plan.Values); ok && len(v.Rows) == 1 {
				return r.oneRow(j, v)
			}
		}
		if j.Lateral && (j.Kind == plan.JoinInner || j.Kind == plan.JoinLeft) {
			return r.plainJoin(j)
		}
		return n, nil
	})
}

// oneRow: a join with one row of values adds columns, and drops rows.
func (r *rewriter) oneRow(j *plan.Join, v *plan.Values) (plan.Node, error) {
	for _, e := range v.Rows[0] {
		if !movable(e) || expr.HasSubquery(e) {
			return j, nil
		}
	}
	p := &plan.Project{Cols: v.Cols, Exprs: v.Rows[0]}
	on, err := plan.SubstituteExpr(j.On, projected(p))
	if err != nil {
		return nil, err
	}
	r.because("a row of values is computed beside the other side's")
	return beside(filter(j.Left, expr.Conjuncts(on)), j, p.Cols, p.Exprs), nil
}

// plainJoin takes the conditions on left columns out of the right side.
func (r *rewriter) plainJoin(j *plan.Join) (plan.Node, error) {
	outer := outputs(j.Left)
	cols, exprs, right := j.Right.Columns(), []expr.Expr(nil), j.Right
	if p, ok := right.(*plan.Project); ok && !p.Sets {
		exprs, right = p.Exprs, p.Input
	} else {
		exprs = columnsOf(cols)
	}
	base, on, ok := pullUp(right, outer)
	if !ok || outer.usedIn(base) || volatilePlan(j.Right) || !r.liftable(j, base, exprs) {
		r.because("a lateral join stays: its right side is volatile, or uses left columns in more than conditions")
		return j, nil
	}
	own, err := plan.SubstituteExpr(j.On, projected(&plan.Project{Cols: cols, Exprs: exprs}))
	if err != nil {
		return nil, err
	}
	r.because("a lateral join is a plain one")
	c := *j
	c.Lateral, c.Right, c.On = false, base, expr.NewAnd(append(expr.Conjuncts(own), on...)...)
	return beside(&c, j, cols, exprs), nil
}

// liftable reports whether a lateral side's outputs may be computed above the
// join; above an outer join only what is NULL in rows that it fills up.
func (r *rewriter) liftable(j *plan.Join, base plan.Node, exprs []expr.Expr) bool {
	inside := outputs(base)
	for _, e := range exprs {
		if !movable(e) || expr.HasSubquery(e) {
			return false
		}
		if c, plain := e.(*expr.Column); j.Kind != plan.JoinInner && !(plain && inside[c.ID]) {
			return false
		}
	}
	return true
}

// beside is n's rows as j had them: the left side's columns, and others.
func beside(n plan.Node, j *plan.Join, cols []plan.Column, exprs []expr.Expr) plan.Node {
	left := j.Left.Columns()
	return &plan.Project{
		Input: n,
		Cols:  append(append([]plan.Column(nil), left...), cols...),
		Exprs: append(columnsOf(left), exprs...),
	}
}

func columnsOf(cols []plan.Column) (out []expr.Expr) {
	for _, c := range cols {
		out = append(out, expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod))
	}
	return out
}
