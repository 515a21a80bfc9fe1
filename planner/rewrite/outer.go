package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// reduceOuter makes inner joins of outer ones when a condition above drops
// every row that the outer join has filled up with NULLs.
func (r *rewriter) reduceOuter(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n, nil
		}
		in := r.reduce(f.Input, expr.Conjuncts(f.Cond))
		if in == f.Input {
			return f, nil
		}
		return &plan.Filter{Input: in, Cond: f.Cond}, nil
	})
}

func (r *rewriter) reduce(n plan.Node, conds []expr.Expr) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok {
		return n
	}
	dropsLeft, dropsRight := rejectsNulls(conds, outputs(j.Left)), rejectsNulls(conds, outputs(j.Right))
	kind := j.Kind
	switch {
	case kind == plan.JoinLeft && dropsRight, kind == plan.JoinRight && dropsLeft, kind == plan.JoinFull && dropsLeft && dropsRight:
		kind = plan.JoinInner
	case kind == plan.JoinFull && dropsLeft:
		kind = plan.JoinLeft
	case kind == plan.JoinFull && dropsRight:
		kind = plan.JoinRight
	}
	c := *j
	switch c.Kind = kind; {
	case kind != j.Kind:
		r.because("outer join is reduced: a condition drops its NULLs")
	case kind == plan.JoinLeft || kind == plan.JoinRight || kind == plan.JoinFull:
		r.because("outer join stays: no condition drops its NULLs")
	}
	if kind == plan.JoinInner {
		conds = append(conds[:len(conds):len(conds)], expr.Conjuncts(j.On)...)
		c.Right = r.reduce(j.Right, conds)
	}
	if kind == plan.JoinInner || kind == plan.JoinLeft || kind == plan.JoinSemi || kind == plan.JoinAnti {
		c.Left = r.reduce(j.Left, conds)
	}
	if c.Kind == j.Kind && c.Left == j.Left && c.Right == j.Right {
		return j
	}
	return &c
}

// rejectsNulls reports whether one of the conditions is not true for any row
// in which all of the columns are NULL.
func rejectsNulls(conds []expr.Expr, ids idSet) bool {
	for _, c := range conds {
		if rejects(c, ids) {
			return true
		}
	}
	return false
}

func rejects(e expr.Expr, ids idSet) bool {
	switch e := e.(type) {
	case *expr.Logic:
		switch e.Op {
		case expr.And:
			return rejectsNulls(e.Args, ids)
		case expr.Or:
			for _, a := range e.Args {
				if !rejects(a, ids) {
					return false
				}
			}
			return true
		}
		return nullForNull(e.Args[0], ids)
	case *expr.Test:
		return (e.Kind == expr.IsNotNull || e.Kind == expr.IsTrue || e.Kind == expr.IsFalse || e.Kind == expr.IsNotUnknown) && nullForNull(e.Arg, ids)
	}
	return nullForNull(e, ids)
}

// nullForNull reports whether e is NULL when all of the columns are.
func nullForNull(e expr.Expr, ids idSet) bool {
	switch e := e.(type) {
	case *expr.Column:
		return ids[e.ID]
	case *expr.Call:
		if !e.Func.Strict || e.Func.ReturnsSet {
			return false
		}
		for _, a := range e.Args {
			if nullForNull(a, ids) {
				return true
			}
		}
	case *expr.Cast:
		return (e.Form != expr.CastFunction || e.Func.Strict) && nullForNull(e.Arg, ids)
	case *expr.AnyAll:
		return !e.All && e.Op.Strict && nullForNull(e.Left, ids)
	}
	return false
}
