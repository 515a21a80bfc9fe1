package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// unnest turns conditions over subqueries into joins.
func (r *rewriter) unnest(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		if j, ok := n.(*plan.Join); ok {
			return r.unnestOn(j), nil
		}
		f, ok := n.(*plan.Filter)
		if !ok {
			return n, nil
		}
		in := f.Input
		var rest []expr.Expr
		for _, c := range expr.Conjuncts(f.Cond) {
			if j := r.join(in, c); j != nil {
				in = j
			} else {
				rest = append(rest, c)
			}
		}
		if in == f.Input {
			return f, nil
		}
		return filter(in, rest), nil
	})
}

// unnestOn: a condition of a join over its right side alone selects among the
// right side's rows.
func (r *rewriter) unnestOn(j *plan.Join) plan.Node {
	if j.Lateral || j.Kind != plan.JoinInner && j.Kind != plan.JoinLeft {
		return j
	}
	c, right := *j, outputs(j.Right)
	var on []expr.Expr
	for _, cond := range expr.Conjuncts(j.On) {
		if ids := expr.Columns(cond); len(ids) > 0 && right.covers(cond) {
			if semi := r.join(c.Right, cond); semi != nil {
				c.Right = semi
				continue
			}
		}
		on = append(on, cond)
	}
	if c.Right == j.Right {
		return j
	}
	c.On = expr.NewAnd(on...)
	return &c
}

func filter(n plan.Node, conds []expr.Expr) plan.Node {
	if len(conds) == 0 {
		return n
	}
	return &plan.Filter{Input: n, Cond: expr.NewAnd(conds...)}
}

// join makes the semi or anti join that a condition over in's rows is; nil
// when it is none.
func (r *rewriter) join(in plan.Node, cond expr.Expr) plan.Node {
	negated := false
	if l, ok := cond.(*expr.Logic); ok && l.Op == expr.Not {
		negated, cond = true, l.Args[0]
	}
	s, ok := cond.(*expr.Subquery)
	if !ok {
		return nil
	}
	root, ok := s.Plan.(plan.Node)
	if !ok {
		return nil
	}
	if why := r.staysSubquery(in, s, root, negated); why != "" {
		r.because("subquery stays: %s", why)
		return nil
	}
	var out plan.Node
	switch {
	case s.Kind == expr.SubqueryExists:
		out = r.exists(in, s, root, negated)
	case negated:
		out = r.in(in, s, root, plan.JoinAnti)
	default:
		out = r.in(in, s, root, plan.JoinSemi)
	}
	if out == nil {
		r.because("subquery stays: its conditions on outer rows cannot be taken out of it")
	}
	return out
}

// staysSubquery says why a condition over a subquery is no join; "" is that it
// may be one.
func (r *rewriter) staysSubquery(in plan.Node, s *expr.Subquery, root plan.Node, negated bool) string {
	switch {
	case volatilePlan(root):
		return "it is volatile"
	case !outputs(in).coversAll(s.Outer):
		return "it uses rows from further outside"
	case s.Kind == expr.SubqueryExists && len(s.Outer) == 0:
		return "it depends on no row, so it runs once"
	case s.Kind == expr.SubqueryExists:
		return ""
	case s.Kind != expr.SubqueryAny:
		return "it is no EXISTS or IN"
	case !movable(s.Test):
		return "it is compared with what is volatile"
	case negated && !neverNullTest(in, root, s):
		return "NOT IN, and a NULL may be among what is compared"
	}
	return ""
}

func (s idSet) coversAll(ids []expr.ColumnID) bool {
	for _, id := range ids {
		if !s[id] {
			return false
		}
	}
	return true
}

// exists: what stands above the conditions of an EXISTS does not matter, as
// long as it neither makes rows of none nor drops the last.
func (r *rewriter) exists(in plan.Node, s *expr.Subquery, root plan.Node, negated bool) plan.Node {
	outer := setOf(s.Outer)
	base, on, ok := pullUp(existsCore(root), outer)
	if !ok || outer.usedIn(base) {
		return nil
	}
	kind, word := plan.JoinSemi, "EXISTS is a semi join"
	if negated {
		kind, word = plan.JoinAnti, "NOT EXISTS is an anti join"
	}
	r.because("%s", word)
	return &plan.Join{Kind: kind, Left: in, Right: base, On: expr.NewAnd(on...)}
}

// existsCore looks through nodes that do not change whether there are rows.
func existsCore(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Project:
		if !n.Sets {
			return existsCore(n.Input)
		}
	case *plan.Sort:
		return existsCore(n.Input)
	case *plan.Window:
		return existsCore(n.Input)
	case *plan.Distinct:
		return existsCore(n.Input)
	case *plan.Limit:
		if c, ok := n.Count.(*expr.Const); ok && n.Offset == nil && !c.Value.IsNull() && c.Value.Int() > 0 {
			return existsCore(n.Input)
		}
	}
	return n
}

// pullUp takes the conditions that need outer columns out of a Filter (or the
// inner joins below it).
func pullUp(n plan.Node, outer idSet) (base plan.Node, on []expr.Expr, ok bool) {
	switch n := n.(type) {
	case *plan.Filter:
		base, on, ok = pullUp(n.Input, outer)
		if !ok {
			return nil, nil, false
		}
		var rest []expr.Expr
		for _, c := range expr.Conjuncts(n.Cond) {
			if outer.uses(c) {
				on = append(on, c)
			} else {
				rest = append(rest, c)
			}
		}
		return filter(base, rest), on, true
	case *plan.Join:
		if n.Kind == plan.JoinInner && !n.Lateral {
			return pullUpJoin(n, outer)
		}
	}
	return n, nil, true
}

func pullUpJoin(n *plan.Join, outer idSet) (plan.Node, []expr.Expr, bool) {
	left, on, ok := pullUp(n.Left, outer)
	if !ok {
		return nil, nil, false
	}
	right, more, ok := pullUp(n.Right, outer)
	if !ok {
		return nil, nil, false
	}
	c := *n
	c.Left, c.Right = left, right
	on = append(on, more...)
	var rest []expr.Expr
	for _, cond := range expr.Conjuncts(n.On) {
		if outer.uses(cond) {
			on = append(on, cond)
		} else {
			rest = append(rest, cond)
		}
	}
	c.On = expr.NewAnd(rest...)
	return &c, on, true
}

// in: `x IN (SELECT y …)` is a semi join on x = y.
func (r *rewriter) in(in plan.Node, s *expr.Subquery, root plan.Node, kind plan.JoinKind) plan.Node {
	outer := setOf(s.Outer)
	test := s.Test
	var on []expr.Expr
	if len(s.Outer) > 0 && outer.usedIn(root) {
		p, ok := root.(*plan.Project)
		if !ok || p.Sets {
			return nil
		}
		base, conds, ok := pullUp(p.Input, outer)
		if !ok || outer.usedIn(base) {
			return nil
		}
		for _, e := range p.Exprs {
			if !movable(e) {
				return nil
			}
		}
		t, err := plan.SubstituteExpr(test, projected(p))
		if err != nil {
			return nil
		}
		root, test, on = base, t, conds
	}
	if kind == plan.JoinSemi {
		r.because("IN is a semi join")
	} else {
		r.because("NOT IN without NULLs is an anti join")
	}
	return &plan.Join{Kind: kind, Left: in, Right: root, On: expr.NewAnd(append([]expr.Expr{test}, on...)...)}
}

// projected replaces a Project's output columns by their expressions.
func projected(p *plan.Project) func(*expr.Column) expr.Expr {
	at := map[expr.ColumnID]expr.Expr{}
	for i, c := range p.Cols {
		at[c.ID] = p.Exprs[i]
	}
	return func(c *expr.Column) expr.Expr { return at[c.ID] }
}

// neverNullTest reports whether the test of `x NOT IN (…)` can never be NULL:
// it is one strict comparison, and neither side can be NULL.
func neverNullTest(in, root plan.Node, s *expr.Subquery) bool {
	c, ok := s.Test.(*expr.Call)
	if !ok || c.Operator != "=" || !c.Func.Strict || c.T != types.TBool {
		return false
	}
	for _, arg := range c.Args {
		if !neverNull(in, arg) && !neverNull(root, arg) {
			return false
		}
	}
	return true
}

// neverNull reports whether e, over n's output, cannot be NULL.
func neverNull(n plan.Node, e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Const:
		return !e.Value.IsNull()
	case *expr.Cast:
		return e.Form == expr.CastBinary && neverNull(n, e.Arg)
	case *expr.Column:
		return columnNeverNull(n, e.ID)
	}
	return false
}

func columnNeverNull(n plan.Node, id expr.ColumnID) bool {
	switch n := n.(type) {
	case *plan.Scan:
		for i, c := range n.Cols {
			if c.ID == id {
				col := &n.Table.Columns[n.Positions[i]]
				return col.NotNull
			}
		}
	case *plan.Project:
		for i, c := range n.Cols {
			if c.ID == id {
				return neverNull(n.Input, n.Exprs[i])
			}
		}
	case *plan.Filter:
		return columnNeverNull(n.Input, id)
	case *plan.Sort:
		return columnNeverNull(n.Input, id)
	case *plan.Window:
		return columnNeverNull(n.Input, id)
	case *plan.Limit:
		return columnNeverNull(n.Input, id)
	case *plan.Distinct:
		return columnNeverNull(n.Input, id)
	case *plan.Join:
		switch n.Kind {
		case plan.JoinInner:
			return columnNeverNull(n.Left, id) || columnNeverNull(n.Right, id)
		case plan.JoinLeft, plan.JoinSemi, plan.JoinAnti:
			return columnNeverNull(n.Left, id)
		}
	}
	return false
}
