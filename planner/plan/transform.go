package plan

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/tree"
)

// The two ways to rebuild a tree. Both copy what changes and keep the rest, so
// that a plan is never written to once it is made.

// MapInputs rebuilds n with f applied to its inputs (and the plans of a With);
// n itself when none changes.
func MapInputs(n Node, f func(Node) (Node, error)) (Node, error) {
	m := inputMapper{tree.NewMapper(f)}
	return tree.Result(m.Mapper, n, m.node(n))
}

type inputMapper struct{ *tree.Mapper[Node] }

func (m inputMapper) node(n Node) Node {
	switch n := n.(type) {
	case *Filter:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *Project:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *Join:
		c := *n
		c.Left, c.Right = m.One(n.Left), m.One(n.Right)
		return &c
	case *Aggregate:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *Sort:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *Window:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *Limit:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *Distinct:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	case *SetOp:
		c := *n
		c.Left, c.Right = m.One(n.Left), m.One(n.Right)
		return &c
	case *With:
		return m.with(n)
	}
	return m.write(n)
}

func (m inputMapper) write(n Node) Node {
	switch n := n.(type) {
	case *Insert:
		c := *n
		c.Source = m.One(n.Source)
		return &c
	case *Update:
		c := *n
		c.Source = m.One(n.Source)
		return &c
	case *Delete:
		c := *n
		c.Source = m.One(n.Source)
		return &c
	case *Merge:
		c := *n
		c.Source = m.One(n.Source)
		return &c
	case *LockRows:
		c := *n
		c.Input = m.One(n.Input)
		return &c
	}
	return n
}

func (m inputMapper) with(n *With) Node {
	c := *n
	c.CTEs = slices.Clone(n.CTEs)
	for i, cte := range n.CTEs {
		k := *cte
		if cte.Recursive != nil {
			r := *cte.Recursive
			r.Base, r.Step = m.One(r.Base), m.One(r.Step)
			k.Recursive = &r
		} else {
			k.Plan = m.One(cte.Plan)
		}
		c.CTEs[i] = &k
	}
	c.Body = m.One(n.Body)
	return &c
}

// MapExprs rebuilds n, without its inputs, with f applied to each of its
// expressions; n itself when none changes.
func MapExprs(n Node, f func(expr.Expr) (expr.Expr, error)) (Node, error) {
	m := exprMapper{tree.NewMapper(f)}
	return tree.Result(m.Mapper, n, m.node(n))
}

type exprMapper struct{ *tree.Mapper[expr.Expr] }

func (m exprMapper) keys(in []expr.SortKey) []expr.SortKey {
	out := slices.Clone(in)
	for i := range out {
		out[i].Expr = m.One(out[i].Expr)
	}
	return out
}

func (m exprMapper) node(n Node) Node {
	switch n := n.(type) {
	case *Values:
		c := *n
		c.Rows = slices.Clone(n.Rows)
		for i, row := range n.Rows {
			c.Rows[i] = m.List(row)
		}
		return &c
	case *TableFunction:
		c := *n
		c.Calls = slices.Clone(n.Calls)
		for i, call := range n.Calls {
			if r, ok := m.One(call).(*expr.Call); ok {
				c.Calls[i] = r
			}
		}
		return &c
	case *Elements:
		c := *n
		c.Array = m.One(n.Array)
		return &c
	case *Filter:
		c := *n
		c.Cond = m.One(n.Cond)
		return &c
	case *Project:
		c := *n
		c.Exprs = m.List(n.Exprs)
		return &c
	case *Join:
		c := *n
		c.On, c.Rest = m.One(n.On), m.One(n.Rest)
		c.HashLeft, c.HashRight = m.List(n.HashLeft), m.List(n.HashRight)
		return &c
	case *Aggregate:
		return m.aggregate(n)
	case *Sort:
		c := *n
		c.Keys, c.Top = m.keys(n.Keys), m.One(n.Top)
		return &c
	case *Window:
		return m.window(n)
	case *Limit:
		c := *n
		c.Count, c.Offset, c.Ties = m.One(n.Count), m.One(n.Offset), m.keys(n.Ties)
		return &c
	case *Distinct:
		c := *n
		c.On = m.List(n.On)
		return &c
	}
	return m.write(n)
}

func (m exprMapper) aggregate(n *Aggregate) Node {
	c := *n
	c.Groups = m.List(n.Groups)
	c.Aggs = slices.Clone(n.Aggs)
	for i, a := range n.Aggs {
		if r, ok := m.One(a).(*expr.AggregateCall); ok {
			c.Aggs[i] = r
		}
	}
	return &c
}

func (m exprMapper) window(n *Window) Node {
	c := *n
	c.Partition, c.Order = m.List(n.Partition), m.keys(n.Order)
	c.Frame.Start.Offset, c.Frame.End.Offset = m.One(n.Frame.Start.Offset), m.One(n.Frame.End.Offset)
	c.Calls = slices.Clone(n.Calls)
	for i, call := range n.Calls {
		if r, ok := m.One(call).(*expr.WindowCall); ok {
			c.Calls[i] = r
		}
	}
	return &c
}

func (m exprMapper) write(n Node) Node {
	switch n := n.(type) {
	case *Insert:
		c := *n
		c.Image, c.Returning, c.ViewChecks = m.List(n.Image), m.List(n.Returning), m.viewChecks(n.ViewChecks)
		if n.OnConflict != nil {
			oc := *n.OnConflict
			oc.Set, oc.Where = m.assigns(oc.Set), m.One(oc.Where)
			c.OnConflict = &oc
		}
		return &c
	case *Update:
		c := *n
		c.Set, c.Returning, c.ViewChecks = m.assigns(n.Set), m.List(n.Returning), m.viewChecks(n.ViewChecks)
		return &c
	case *Delete:
		c := *n
		c.Returning = m.List(n.Returning)
		return &c
	case *Merge:
		c := *n
		c.On = m.One(n.On)
		c.Actions = slices.Clone(n.Actions)
		for i := range c.Actions {
			a := &c.Actions[i]
			a.When, a.Set, a.Image = m.One(a.When), m.assigns(a.Set), m.List(a.Image)
		}
		return &c
	}
	return n
}

func (m exprMapper) assigns(in []Assign) []Assign {
	out := slices.Clone(in)
	for i := range out {
		out[i].Expr = m.One(out[i].Expr)
	}
	return out
}

func (m exprMapper) viewChecks(in []ViewCheck) []ViewCheck {
	out := slices.Clone(in)
	for i := range out {
		out[i].Cond = m.One(out[i].Cond)
	}
	return out
}

// Rebuild maps a whole tree bottom-up: f sees each node with its inputs already mapped.
func Rebuild(n Node, f func(Node) (Node, error)) (Node, error) {
	n, err := MapInputs(n, func(in Node) (Node, error) { return Rebuild(in, f) })
	if err != nil {
		return nil, err
	}
	return f(n)
}

// EachExpr calls f for every expression of n itself, not of its inputs.
func EachExpr(n Node, f func(expr.Expr)) {
	_, _ = MapExprs(n, func(e expr.Expr) (expr.Expr, error) {
		f(e)
		return e, nil
	})
}

// Walk calls visit for n and, as long as it answers true, for all below,
// parents first; the plans of a With come before its body. Plans inside of
// expressions are not visited.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	_, _ = MapInputs(n, func(in Node) (Node, error) {
		Walk(in, visit)
		return in, nil
	})
}

// Subplan returns the node of a Subquery's plan, before or after distributing.
func Subplan(s *expr.Subquery) Node {
	switch p := s.Plan.(type) {
	case Node:
		return p
	case *SubPlan:
		return p.Root
	}
	return nil
}

// EachSubplan calls f for the plans inside of e, not for those inside of these.
func EachSubplan(e expr.Expr, f func(Node)) {
	expr.Walk(e, func(e expr.Expr) bool {
		if s, ok := e.(*expr.Subquery); ok {
			if n := Subplan(s); n != nil {
				f(n)
			}
		}
		return true
	})
}

// MapSubplans rebuilds e with f applied to the plans inside of it that have not
// been distributed.
func MapSubplans(e expr.Expr, f func(Node) (Node, error)) (expr.Expr, error) {
	return expr.Map(e, func(e expr.Expr) (expr.Expr, error) {
		s, ok := e.(*expr.Subquery)
		if !ok {
			return e, nil
		}
		root, ok := s.Plan.(Node)
		if !ok {
			return e, nil
		}
		mapped, err := f(root)
		if err != nil || mapped == root {
			return e, err
		}
		c := *s
		c.Plan = mapped
		return &c, nil
	})
}

// Substitute replaces columns all over a tree, plans inside of expressions
// included: f answers nil for a column that stays.
func Substitute(n Node, f func(*expr.Column) expr.Expr) (Node, error) {
	return Rebuild(n, func(n Node) (Node, error) {
		return MapExprs(n, func(e expr.Expr) (expr.Expr, error) { return SubstituteExpr(e, f) })
	})
}

// SubstituteExpr is Substitute for one expression.
func SubstituteExpr(e expr.Expr, f func(*expr.Column) expr.Expr) (expr.Expr, error) {
	return expr.Map(e, func(e expr.Expr) (expr.Expr, error) {
		switch e := e.(type) {
		case *expr.Column:
			if r := f(e); r != nil {
				return r, nil
			}
		case *expr.Subquery:
			return substituteSubquery(e, f)
		}
		return e, nil
	})
}

// substituteSubquery maps the plan of a correlated subquery, and counts anew
// which columns it takes from outside.
func substituteSubquery(s *expr.Subquery, f func(*expr.Column) expr.Expr) (expr.Expr, error) {
	root, ok := s.Plan.(Node)
	if !ok || len(s.Outer) == 0 {
		return s, nil
	}
	outer := []expr.ColumnID{}
	seen := map[expr.ColumnID]bool{}
	for _, id := range s.Outer {
		seen[id] = true
	}
	kept := map[expr.ColumnID]bool{}
	keep := func(id expr.ColumnID) {
		if !kept[id] {
			kept[id] = true
			outer = append(outer, id)
		}
	}
	mapped, err := Substitute(root, func(c *expr.Column) expr.Expr {
		if !seen[c.ID] {
			return nil
		}
		r := f(c)
		if r == nil {
			keep(c.ID)
			return nil
		}
		for _, id := range expr.Columns(r) {
			keep(id)
		}
		return r
	})
	if err != nil {
		return nil, err
	}
	n := *s
	n.Plan, n.Outer = mapped, outer
	return &n, nil
}
