package expr

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/tree"
)

// Walk calls visit for e and, as long as it answers true, for the expressions
// below, parents first. What a Subquery's Plan holds is not visited; its Test is.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	Children(e, func(child Expr) { Walk(child, visit) })
}

// Children calls f for each expression directly below e, in order. The
// element cast of an array's Cast is part of the node, not a child; so are the checks
// of a Guard, but they are visited.
func Children(e Expr, f func(Expr)) {
	each := func(list []Expr) {
		for _, c := range list {
			if c != nil {
				f(c)
			}
		}
	}
	switch e := e.(type) {
	case *Call:
		each(e.Args)
	case *Cast:
		each([]Expr{e.Arg})
		e.Guard.each(f)
	case *Logic:
		each(e.Args)
	case *Test:
		each([]Expr{e.Arg})
	case *Distinct:
		each([]Expr{e.A, e.B})
	case *Case:
		each([]Expr{e.Arg})
		for _, w := range e.Arms {
			each([]Expr{w.Cond, w.Result})
		}
		each([]Expr{e.Else})
	case *Coalesce:
		each(e.Args)
	case *MinMax:
		each(e.Args)
	case *NullIf:
		each([]Expr{e.A, e.B})
	case *AnyAll:
		each([]Expr{e.Left, e.Array})
		each(e.List)
	case *ArrayExpr:
		each(e.Elems)
	case *RowExpr:
		each(e.Elems)
	case *Field:
		each([]Expr{e.Arg})
	case *Subscript:
		each([]Expr{e.Arg, e.Value})
		each(e.Lower)
		each(e.Upper)
		each(e.Index)
	case *Subquery:
		each([]Expr{e.Test})
	case *AggregateCall:
		each(e.Direct)
		each(e.Args)
		each([]Expr{e.Filter})
		for _, k := range e.Order {
			each([]Expr{k.Expr})
		}
	case *WindowCall:
		each(e.Args)
		each([]Expr{e.Filter})
	}
}

// Map rebuilds e with f applied to every node, children first: f sees a node
// whose children have been mapped. Nodes below which nothing changes are kept,
// so that Map with the identity returns e itself.
func Map(e Expr, f func(Expr) (Expr, error)) (Expr, error) {
	if e == nil {
		return nil, nil
	}
	e, err := MapChildren(e, func(c Expr) (Expr, error) { return Map(c, f) })
	if err != nil {
		return nil, err
	}
	return f(e)
}

// mapper maps the expressions directly below a node.
type mapper struct{ *tree.Mapper[Expr] }

// MapChildren rebuilds e with f applied to the expressions directly below it;
// e itself when none changes.
func MapChildren(e Expr, f func(Expr) (Expr, error)) (Expr, error) {
	m := mapper{tree.NewMapper(f)}
	return tree.Result(m.Mapper, e, m.children(e))
}

func (m mapper) children(e Expr) Expr {
	switch e := e.(type) {
	case *Call:
		c := *e
		c.Args = m.List(e.Args)
		return &c
	case *Cast:
		c := *e
		c.Arg = m.One(e.Arg)
		return &c
	case *Logic:
		return &Logic{Op: e.Op, Args: m.List(e.Args)}
	case *Test:
		return &Test{Kind: e.Kind, Arg: m.One(e.Arg)}
	case *Distinct:
		return &Distinct{Negated: e.Negated, Eq: e.Eq, A: m.One(e.A), B: m.One(e.B)}
	case *Case:
		return m.caseNode(e)
	case *Coalesce:
		return &Coalesce{Typed: e.Typed, Args: m.List(e.Args)}
	case *MinMax:
		return &MinMax{Typed: e.Typed, Greatest: e.Greatest, Args: m.List(e.Args)}
	case *NullIf:
		return &NullIf{Typed: e.Typed, Eq: e.Eq, A: m.One(e.A), B: m.One(e.B)}
	case *AnyAll:
		c := *e
		c.Left, c.Array, c.List = m.One(e.Left), m.One(e.Array), m.List(e.List)
		return &c
	case *ArrayExpr:
		return &ArrayExpr{Typed: e.Typed, Elems: m.List(e.Elems)}
	case *RowExpr:
		return &RowExpr{Typed: e.Typed, Elems: m.List(e.Elems), Names: e.Names, Explicit: e.Explicit}
	case *Field:
		return &Field{Typed: e.Typed, Arg: m.One(e.Arg), Index: e.Index}
	case *Subscript:
		c := *e
		c.Arg, c.Value, c.Lower, c.Upper, c.Index = m.One(e.Arg), m.One(e.Value), m.List(e.Lower), m.List(e.Upper), m.List(e.Index)
		return &c
	case *Subquery:
		c := *e
		c.Test = m.One(e.Test)
		return &c
	case *AggregateCall:
		return m.aggregate(e)
	case *WindowCall:
		c := *e
		c.Args, c.Filter = m.List(e.Args), m.One(e.Filter)
		return &c
	}
	return e
}

func (m mapper) caseNode(e *Case) Expr {
	c := *e
	c.Arg = m.One(e.Arg)
	c.Arms = slices.Clone(e.Arms)
	for i := range c.Arms {
		c.Arms[i].Cond, c.Arms[i].Result = m.One(c.Arms[i].Cond), m.One(c.Arms[i].Result)
	}
	c.Else = m.One(e.Else)
	return &c
}

func (m mapper) aggregate(e *AggregateCall) Expr {
	c := *e
	c.Direct, c.Args, c.Filter = m.List(e.Direct), m.List(e.Args), m.One(e.Filter)
	c.Order = slices.Clone(e.Order)
	for i := range c.Order {
		c.Order[i].Expr = m.One(c.Order[i].Expr)
	}
	return &c
}

// Replace rebuilds e with the nodes for which f answers non-nil replaced by
// that, parents first; what replaces a node is not looked into.
func Replace(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	if r := f(e); r != nil {
		return r
	}
	r, err := MapChildren(e, func(c Expr) (Expr, error) { return Replace(c, f), nil })
	if err != nil {
		panic(err) // the function above has none
	}
	return r
}
