package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// sublink binds a subquery in an expression (transformSubLink).
func (q *query) sublink(n *pg.SubLink) expr.Expr {
	switch n.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		s, _ := q.subquery(n, expr.SubqueryExists, resolveUnknowns)
		s.T = types.TBool
		return s
	case pg.SubLinkType_EXPR_SUBLINK:
		s, cols := q.subquery(n, expr.SubqueryScalar, resolveUnknowns)
		q.oneColumn(n, cols)
		s.T, s.Mod = cols[0].Type, cols[0].Typmod
		return s
	case pg.SubLinkType_ARRAY_SUBLINK:
		s, cols := q.subquery(n, expr.SubqueryArray, resolveUnknowns)
		q.oneColumn(n, cols)
		if s.T = cols[0].Type.Array; s.T == nil {
			if s.T = cols[0].Type; s.T.Elem == nil {
				q.b.failAt(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", cols[0].Type.SQLName)
			}
		}
		return s
	case pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
		return q.quantified(n)
	}
	q.b.unsupported(n.Location, "this form of subquery")
	return nil
}

func (q *query) oneColumn(n *pg.SubLink, cols []plan.Column) {
	if len(cols) != 1 {
		q.b.failAt(n.Location, pgerr.SyntaxError, "subquery must return only one column")
	}
}

// subquery binds the query of a SubLink.
func (q *query) subquery(n *pg.SubLink, kind expr.SubqueryKind, u unknowns) (*expr.Subquery, []plan.Column) {
	s := n.Subselect.GetSelectStmt()
	if s == nil {
		fail(pgerr.Internal("subquery %T", n.Subselect.GetNode()))
	}
	sub := q.sub()
	node := sub.selectStatement(s, u)
	out := &expr.Subquery{Typed: expr.Typed{Mod: -1}, Kind: kind, Plan: node, Outer: sub.outer.ids}
	q.b.noteSubquery(node, s)
	cols := node.Columns()
	for _, c := range cols {
		out.Output = append(out.Output, c.ID)
	}
	return out, cols
}

// quantified binds x IN (SELECT …), x op ANY (SELECT …), x op ALL (SELECT …).
func (q *query) quantified(n *pg.SubLink) expr.Expr {
	kind := expr.SubqueryAny
	if n.SubLinkType == pg.SubLinkType_ALL_SUBLINK {
		kind = expr.SubqueryAll
	}
	name := "="
	if len(n.OperName) > 0 {
		name = n.OperName[len(n.OperName)-1].GetString_().GetSval()
	}
	var left []expr.Expr
	if row := n.Testexpr.GetRowExpr(); row != nil {
		left, _ = q.list(row.Args)
	} else {
		left = []expr.Expr{q.expr(n.Testexpr)}
	}
	s, cols := q.subquery(n, kind, resolveUnknowns)
	switch {
	case len(left) < len(cols):
		q.b.failAt(n.Location, pgerr.SyntaxError, "subquery has too many columns")
	case len(left) > len(cols):
		q.b.failAt(n.Location, pgerr.SyntaxError, "subquery has too few columns")
	}
	right := make([]expr.Expr, len(cols))
	for i, c := range cols {
		right[i] = ref(c)
	}
	s.T = types.TBool
	if len(left) == 1 {
		s.Test = q.compare(name, left[0], right[0], n.Location)
		if s.Test.Type() != types.TBool {
			q.b.failAt(n.Location, pgerr.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", s.Test.Type().SQLName)
		}
		return s
	}
	s.Test = q.compareFields(name, left, right, n.Location)
	return s
}

// compareRowSubquery is (a, b) = (SELECT x, y): the comparison is computed over
// the subquery's row, so that no row is NULL and more than one an error.
func (q *query) compareRowSubquery(name string, left *pg.RowExpr, n *pg.SubLink, location int32) expr.Expr {
	args, _ := q.list(left.Args)
	s, cols := q.subquery(n, expr.SubqueryScalar, resolveUnknowns)
	switch {
	case len(args) < len(cols):
		q.b.failAt(location, pgerr.SyntaxError, "subquery has too many columns")
	case len(args) > len(cols):
		q.b.failAt(location, pgerr.SyntaxError, "subquery has too few columns")
	}
	right := make([]expr.Expr, len(cols))
	for i, c := range cols {
		right[i] = ref(c)
	}
	test := q.compareFields(name, args, right, location)
	out := q.b.column("?column?", types.TBool, -1)
	s.Plan = &plan.Project{Input: s.Plan.(plan.Node), Exprs: []expr.Expr{test}, Cols: []plan.Column{out}}
	outer := outerRefs{s.Outer}
	for _, a := range args {
		for _, id := range expr.Columns(a) {
			outer.add(id)
		}
	}
	s.T, s.Output, s.Outer = types.TBool, []expr.ColumnID{out.ID}, outer.ids
	return s
}
