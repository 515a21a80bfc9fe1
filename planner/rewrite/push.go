package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
)

// pushDown moves conditions as far down as they go.
func (r *rewriter) pushDown(n plan.Node) (plan.Node, error) { return r.push(n, nil) }

// push returns n with the conditions applied to its rows, below it where possible.
func (r *rewriter) push(n plan.Node, conds []expr.Expr) (plan.Node, error) {
	if err := r.steps.Take(1 + len(conds)); err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *plan.Filter:
		if n.Barrier {
			return r.pushBarrier(n, conds)
		}
		return r.push(n.Input, append(conds, expr.Conjuncts(n.Cond)...))
	case *plan.Project:
		return r.pushProject(n, conds)
	case *plan.Join:
		return r.pushJoin(n, conds)
	case *plan.Aggregate:
		return r.pushAggregate(n, conds)
	case *plan.Window:
		return r.pushWindow(n, conds)
	case *plan.SetOp:
		return r.pushSetOp(n, conds)
	case *plan.Sort:
		if n.Top == nil {
			return r.through(n, conds, always)
		}
	case *plan.Distinct:
		if n.On == nil {
			return r.through(n, conds, movable)
		}
		r.stay(conds, "DISTINCT ON")
	case *plan.Limit:
		r.stay(conds, "LIMIT")
	case *plan.LockRows:
		r.stay(conds, "row locks")
	case *plan.With:
		return r.pushWith(n, conds)
	}
	return r.through(n, conds, never)
}

// pushBarrier lets conditions that tell of no row through to a security_barrier view.
func (r *rewriter) pushBarrier(n *plan.Filter, conds []expr.Expr) (plan.Node, error) {
	down, above := split(conds, func(e expr.Expr) bool { return movable(e) && !sqlitesql.CanFail(e) })
	r.stay(above, "security_barrier")
	in, err := r.push(n.Input, down)
	if err != nil {
		return nil, err
	}
	return filter(in, above), nil
}

// stay notes what keeps conditions from going down.
func (r *rewriter) stay(conds []expr.Expr, above string) {
	if len(conds) > 0 {
		r.because("conditions stay above %s", above)
	}
}

func always(expr.Expr) bool { return true }
func never(expr.Expr) bool  { return false }

// split parts a list by a predicate.
func split(list []expr.Expr, pred func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, e := range list {
		if pred(e) {
			yes = append(yes, e)
		} else {
			no = append(no, e)
		}
	}
	return yes, no
}

// through pushes the conditions for which below holds into n's only input; the
// others stay above n.
func (r *rewriter) through(n plan.Node, conds []expr.Expr, below func(expr.Expr) bool) (plan.Node, error) {
	down, above := split(conds, below)
	out, err := plan.MapInputs(n, func(in plan.Node) (plan.Node, error) { return r.push(in, down) })
	if err != nil {
		return nil, err
	}
	return filter(out, above), nil
}

// pushWith gives the conditions to the body alone.
func (r *rewriter) pushWith(n *plan.With, conds []expr.Expr) (plan.Node, error) {
	body := n.Body
	return plan.MapInputs(n, func(in plan.Node) (plan.Node, error) {
		if in == body {
			return r.push(in, conds)
		}
		return r.push(in, nil)
	})
}

func (r *rewriter) pushProject(n *plan.Project, conds []expr.Expr) (plan.Node, error) {
	at := map[expr.ColumnID]expr.Expr{}
	for i, c := range n.Cols {
		at[c.ID] = n.Exprs[i]
	}
	down, above := split(conds, func(e expr.Expr) bool {
		if !movable(e) {
			return false
		}
		for _, id := range expr.Columns(e) {
			if x, ok := at[id]; ok && !movable(x) {
				return false
			}
		}
		return !n.Sets || len(expr.Columns(e)) > 0
	})
	if err := inTermsOf(at, down); err != nil {
		return nil, err
	}
	r.stay(above, "volatile columns or sets")
	in, err := r.push(n.Input, down)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Input = in
	return filter(&c, above), nil
}

// inTermsOf puts what columns stand for in their place in conditions that go below them.
func inTermsOf(at map[expr.ColumnID]expr.Expr, conds []expr.Expr) (err error) {
	for i, e := range conds {
		if conds[i], err = plan.SubstituteExpr(e, func(c *expr.Column) expr.Expr { return at[c.ID] }); err != nil {
			return err
		}
	}
	return nil
}

// pushAggregate: a condition on grouping keys alone drops whole groups, so it
// can drop their rows; not of grouping sets, where a key can be NULL above.
func (r *rewriter) pushAggregate(n *plan.Aggregate, conds []expr.Expr) (plan.Node, error) {
	at := map[expr.ColumnID]expr.Expr{}
	for i, g := range n.Groups {
		at[n.Cols[i].ID] = g
	}
	keys := idSet{}
	for id := range at {
		keys[id] = true
	}
	down, above := split(conds, func(e expr.Expr) bool {
		return len(n.Groups) > 0 && n.Sets == nil && movable(e) && len(expr.Columns(e)) > 0 && keys.covers(e)
	})
	if err := inTermsOf(at, down); err != nil {
		return nil, err
	}
	r.stay(above, "the grouping that they are about")
	in, err := r.push(n.Input, down)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Input = in
	return filter(&c, above), nil
}

// pushWindow: a condition on a partition's keys alone drops whole partitions.
func (r *rewriter) pushWindow(n *plan.Window, conds []expr.Expr) (plan.Node, error) {
	keys := idSet{}
	for _, e := range n.Partition {
		if c, ok := e.(*expr.Column); ok {
			keys[c.ID] = true
		}
	}
	down, above := split(conds, func(e expr.Expr) bool {
		return movable(e) && len(expr.Columns(e)) > 0 && keys.covers(e)
	})
	r.stay(above, "the windows that they would change")
	in, err := r.push(n.Input, down)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Input = in
	return filter(&c, above), nil
}

// pushSetOp gives both sides the conditions, in their own columns' names.
func (r *rewriter) pushSetOp(n *plan.SetOp, conds []expr.Expr) (plan.Node, error) {
	down, above := split(conds, func(e expr.Expr) bool { return movable(e) && !expr.HasSubquery(e) })
	r.stay(above, "the set operation: they are volatile or have subqueries")
	side := func(in plan.Node) (plan.Node, error) {
		at := map[expr.ColumnID]expr.Expr{}
		for i, c := range in.Columns() {
			at[n.Cols[i].ID] = expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod)
		}
		own := make([]expr.Expr, len(down))
		for i, e := range down {
			own[i] = expr.Replace(e, func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok {
					return at[c.ID]
				}
				return nil
			})
		}
		return r.push(in, own)
	}
	c := *n
	var err error
	if c.Left, err = side(n.Left); err != nil {
		return nil, err
	}
	if c.Right, err = side(n.Right); err != nil {
		return nil, err
	}
	return filter(&c, above), nil
}

// pushJoin sorts the conditions above a join and its own by where they can go.
func (r *rewriter) pushJoin(n *plan.Join, conds []expr.Expr) (plan.Node, error) {
	j := &joinConditions{
		join: n, left: outputs(n.Left), right: outputs(n.Right),
		on: expr.Conjuncts(n.On),
	}
	j.spread(r, conds)
	j.above = conds
	switch n.Kind {
	case plan.JoinInner:
		j.on, j.above = append(j.on, conds...), nil
		j.on, j.toLeft = j.take(j.on, j.left)
		j.on, j.toRight = j.take(j.on, j.right)
		j.on, j.above = split(j.on, movable)
	case plan.JoinLeft, plan.JoinAnti:
		j.above, j.toLeft = j.take(j.above, j.left)
		j.on, j.toRight = j.take(j.on, j.right)
	case plan.JoinSemi:
		j.above, j.toLeft = j.take(j.above, j.left)
		var own []expr.Expr
		j.on, own = j.take(j.on, j.left)
		j.toLeft = append(j.toLeft, own...)
		j.on, j.toRight = j.take(j.on, j.right)
	case plan.JoinRight:
		j.above, j.toRight = j.take(j.above, j.right)
		j.on, j.toLeft = j.take(j.on, j.left)
	}
	j.toLeft, j.toRight = append(j.toLeft, j.moreLeft...), append(j.toRight, j.moreRight...)
	return j.build(r)
}

// joinConditions are the conditions around a join on their way.
type joinConditions struct {
	join                *plan.Join
	left, right         idSet
	on, above           []expr.Expr
	toLeft, toRight     []expr.Expr
	moreLeft, moreRight []expr.Expr // implied by equalities
}

// take moves the conditions that a side alone answers.
func (j *joinConditions) take(list []expr.Expr, side idSet) (rest, taken []expr.Expr) {
	taken, rest = split(list, func(e expr.Expr) bool {
		return movable(e) && len(expr.Columns(e)) > 0 && side.covers(e)
	})
	return rest, taken
}

func (j *joinConditions) build(r *rewriter) (plan.Node, error) {
	c := *j.join
	var err error
	if c.Left, err = r.push(j.join.Left, j.toLeft); err != nil {
		return nil, err
	}
	if c.Right, err = r.push(j.join.Right, j.toRight); err != nil {
		return nil, err
	}
	c.On = expr.NewAnd(j.on...)
	return filter(&c, j.above), nil
}

// spread derives what equalities imply: from l = r and l = value follows
// r = value, so that each side finds its rows by key. Of an outer join only
// the side that may be filled up gains a condition.
func (j *joinConditions) spread(r *rewriter, above []expr.Expr) {
	known := append(append([]expr.Expr(nil), above...), j.on...)
	for _, c := range known {
		id, value, eq := columnEquals(c)
		if !eq {
			continue
		}
		for _, on := range known {
			a, b, ok := columnPair(on)
			if !ok {
				continue
			}
			if b.ID == id {
				a, b = b, a
			}
			if a.ID != id || a.T != b.T {
				continue
			}
			j.imply(r, c, b, value)
		}
	}
}

func (j *joinConditions) imply(r *rewriter, from expr.Expr, to *expr.Column, value expr.Expr) {
	implied := replaceColumn(from, to, value)
	toLeft, toRight := j.left[to.ID], j.right[to.ID]
	switch j.join.Kind {
	case plan.JoinInner, plan.JoinSemi:
	case plan.JoinLeft, plan.JoinAnti:
		toLeft = false
	default:
		return
	}
	switch {
	case toLeft && !contains(j.moreLeft, implied):
		j.moreLeft = append(j.moreLeft, implied)
	case toRight && !contains(j.moreRight, implied):
		j.moreRight = append(j.moreRight, implied)
	default:
		return
	}
	r.because("equality gives %s its value too", to.Name)
}

func contains(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if expr.Equal(x, e) {
			return true
		}
	}
	return false
}

// columnEquals takes apart `column = value`, where the value has no columns.
func columnEquals(e expr.Expr) (id expr.ColumnID, value expr.Expr, ok bool) {
	c, isCall := e.(*expr.Call)
	if !isCall || !c.IsEquality() || expr.HasVolatile(e) {
		return 0, nil, false
	}
	for i, a := range c.Args {
		if col, isColumn := a.(*expr.Column); isColumn && len(expr.Columns(c.Args[1-i])) == 0 && !expr.HasSubquery(c.Args[1-i]) {
			return col.ID, c.Args[1-i], true
		}
	}
	return 0, nil, false
}

// columnPair takes apart `column = column`.
func columnPair(e expr.Expr) (a, b *expr.Column, ok bool) {
	c, isCall := e.(*expr.Call)
	if !isCall || !c.IsEquality() {
		return nil, nil, false
	}
	a, okA := c.Args[0].(*expr.Column)
	b, okB := c.Args[1].(*expr.Column)
	return a, b, okA && okB
}

// replaceColumn is `column = value` about another column of the same type.
func replaceColumn(from expr.Expr, to *expr.Column, value expr.Expr) expr.Expr {
	c := *from.(*expr.Call)
	c.Args = append([]expr.Expr(nil), c.Args...)
	for i := range c.Args {
		if c.Args[i] != value {
			c.Args[i] = to
		}
	}
	return &c
}
