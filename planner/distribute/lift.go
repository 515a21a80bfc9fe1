package distribute

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// param allocates a parameter behind those of the statement.
func (d *distributor) param(init plan.Init, typmod int32) *expr.Param {
	d.st.Inits = append(d.st.Inits, init)
	index := d.firstInit + len(d.st.Inits) - 1
	return &expr.Param{Typed: expr.Typed{T: init.Type, Mod: typmod}, Index: index}
}

// lift replaces the parts of e that have one value for a whole execution but
// that only the coordinator can compute (uncorrelated subqueries, functions
// that ask the session) by parameters. Below CASE and COALESCE subqueries stay
// where they are: they may never be asked for.
func (d *distributor) lift(e expr.Expr) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	if err := d.steps.Take(1); err != nil {
		return nil, err
	}
	if d.liftable(e) {
		p := d.param(plan.Init{Name: "init", Type: e.Type(), Expr: e}, e.Typmod())
		// The init's own subqueries are planned as its expression.
		own, err := d.subplans(e)
		d.st.Inits[p.Index-d.firstInit].Expr = own
		return p, err
	}
	switch e.(type) {
	case *expr.Case, *expr.Coalesce:
		return e, nil
	}
	return expr.MapChildren(e, d.lift)
}

// liftable reports whether e as a whole becomes a parameter.
func (d *distributor) liftable(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Const, *expr.Param, *expr.Column, *expr.AggregateCall, *expr.WindowCall, *expr.CaseArg:
		return false
	case *expr.Subquery:
		return len(expr.Columns(e)) == 0 && e.Kind != expr.SubqueryAny && e.Kind != expr.SubqueryAll && !d.usesRunParams(e)
	}
	if d.changesSettings || shippable(e) || expr.HasVolatile(e) || expr.HasSet(e) || len(expr.Columns(e)) > 0 || d.usesRunParams(e) {
		return false
	}
	return !expr.Any(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Subquery:
			return e.Kind == expr.SubqueryAny || e.Kind == expr.SubqueryAll
		case *expr.CaseArg, *expr.AggregateCall, *expr.WindowCall, *expr.Case, *expr.Coalesce:
			return true
		}
		return false
	})
}

// usesRunParams reports whether e depends on parameters that change while a
// statement runs: those of lateral joins, correlated subqueries and lookups.
func (d *distributor) usesRunParams(e expr.Expr) bool {
	return expr.Any(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Param:
			return d.isRunParam(e.Index)
		case *expr.Subquery:
			return d.planUsesRunParams(plan.Subplan(e))
		}
		return false
	})
}

func (d *distributor) planUsesRunParams(root plan.Node) bool {
	uses := false
	plan.Walk(root, func(n plan.Node) bool {
		plan.EachExpr(n, func(e expr.Expr) { uses = uses || d.usesRunParams(e) })
		return !uses
	})
	return uses
}

func (d *distributor) isRunParam(index int) bool {
	i := index - d.firstInit
	return i >= 0 && d.st.Inits[i].Expr == nil
}

// subplans turns the subqueries in e into SubPlans, whose correlated columns
// are parameters.
func (d *distributor) subplans(e expr.Expr) (expr.Expr, error) {
	return expr.Map(e, func(e expr.Expr) (expr.Expr, error) {
		if err := d.steps.Take(1); err != nil {
			return nil, err
		}
		s, ok := e.(*expr.Subquery)
		if !ok {
			return e, nil
		}
		root, ok := s.Plan.(plan.Node)
		if !ok {
			return e, nil
		}
		sub, err := d.subplan(s, root)
		if err != nil {
			return nil, err
		}
		c := *s
		c.Plan = sub
		return &c, nil
	})
}

func (d *distributor) subplan(s *expr.Subquery, root plan.Node) (*plan.SubPlan, error) {
	root, err := d.liftTree(root)
	if err != nil {
		return nil, err
	}
	root, args, err := d.correlate(root, s.Outer)
	if err != nil {
		return nil, err
	}
	root, err = d.tree(root)
	if err != nil {
		return nil, err
	}
	return &plan.SubPlan{Root: root, Args: args}, nil
}

// correlate replaces the columns of outer in a tree by parameters.
func (d *distributor) correlate(root plan.Node, outer []expr.ColumnID) (plan.Node, []plan.Arg, error) {
	if len(outer) == 0 {
		return root, nil, nil
	}
	wanted := map[expr.ColumnID]bool{}
	for _, id := range outer {
		wanted[id] = true
	}
	params := map[expr.ColumnID]*expr.Param{}
	var args []plan.Arg
	root, err := plan.Substitute(root, func(c *expr.Column) expr.Expr {
		if !wanted[c.ID] {
			return nil
		}
		p, ok := params[c.ID]
		if !ok {
			p = d.param(plan.Init{Name: c.Name, Type: c.T}, c.Mod)
			params[c.ID] = p
			args = append(args, plan.Arg{Param: p.Index, Value: c})
		}
		return p
	})
	return root, args, err
}

// liftTree lifts from every expression of a tree; the plans inside of
// expressions come when they become SubPlans.
func (d *distributor) liftTree(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		switch n.(type) {
		case *plan.Values:
			return n, nil // evaluated once anyway, at the coordinator
		}
		return plan.MapExprs(n, d.lift)
	})
}

// inits lists the parameters among list's that the run must fill before use.
func (d *distributor) inits(list ...expr.Expr) []int {
	var out []int
	seen := map[int]bool{}
	for _, e := range list {
		expr.Walk(e, func(e expr.Expr) bool {
			p, ok := e.(*expr.Param)
			if ok && p.Index >= d.firstInit && !d.isRunParam(p.Index) && !seen[p.Index] {
				seen[p.Index] = true
				out = append(out, p.Index)
			}
			return true
		})
	}
	return out
}
