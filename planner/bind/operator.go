package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// operator binds an A_Expr: an operator, or one of the constructs that the
// grammar makes of operators.
func (q *query) operator(n *pg.A_Expr) expr.Expr {
	name := q.operatorName(n)
	switch n.Kind {
	case pg.A_Expr_Kind_AEXPR_OP, pg.A_Expr_Kind_AEXPR_LIKE, pg.A_Expr_Kind_AEXPR_ILIKE, pg.A_Expr_Kind_AEXPR_SIMILAR:
		return q.plainOperator(n, name)
	case pg.A_Expr_Kind_AEXPR_OP_ANY, pg.A_Expr_Kind_AEXPR_OP_ALL:
		left, right := q.expr(n.Lexpr), q.expr(n.Rexpr)
		e, err := q.b.coercer.AnyAll(name, left, right, n.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL)
		q.b.must(err, n.Location)
		return q.collatedCall(e, n.Location)
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return q.distinctFrom(n, n.Kind == pg.A_Expr_Kind_AEXPR_NOT_DISTINCT)
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return q.nullIf(n)
	case pg.A_Expr_Kind_AEXPR_IN:
		return q.in(n, name)
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return q.between(n)
	}
	fail(pgerr.Internal("operator kind %s", n.Kind))
	return nil
}

// operatorName is the operator's name; OPERATOR(pg_catalog.+) is the only schema there is.
func (q *query) operatorName(n *pg.A_Expr) string {
	if len(n.Name) == 0 {
		return ""
	}
	if len(n.Name) > 1 {
		if s := n.Name[0].GetString_().GetSval(); s != "pg_catalog" {
			q.b.failAt(n.Location, pgerr.UndefinedFunction, "operator does not exist: %s.%s", s, n.Name[1].GetString_().GetSval())
		}
	}
	return n.Name[len(n.Name)-1].GetString_().GetSval()
}

func (q *query) plainOperator(n *pg.A_Expr, name string) expr.Expr {
	if n.Lexpr == nil {
		return q.prefix(name, q.expr(n.Rexpr), n.Location)
	}
	if left, right := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr(); left != nil && right != nil {
		return q.compareRows(name, left.Args, right.Args, n.Location)
	}
	if left, s := n.Lexpr.GetRowExpr(), n.Rexpr.GetSubLink(); left != nil && s != nil && s.SubLinkType == pg.SubLinkType_EXPR_SUBLINK {
		return q.compareRowSubquery(name, left, s, n.Location)
	}
	left := q.expr(n.Lexpr)
	return q.compare(name, left, q.expr(n.Rexpr), n.Location)
}

func (q *query) prefix(name string, arg expr.Expr, location int32) expr.Expr {
	e, err := q.b.coercer.Operator(name, nil, arg)
	q.b.must(err, location)
	return q.checkSet(q.collatedCall(e, location), location)
}

// compare makes the call of an operator on two bound operands.
func (q *query) compare(name string, left, right expr.Expr, location int32) expr.Expr {
	e, err := q.b.coercer.Operator(name, left, right)
	q.b.must(err, location)
	return q.checkSet(q.collatedCall(e, location), location)
}

// compareRows is a row comparison (make_row_comparison_op): field by field.
func (q *query) compareRows(name string, left, right []*pg.Node, location int32) expr.Expr {
	if len(left) != len(right) {
		q.b.failAt(location, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(left) == 0 {
		q.b.failAt(location, pgerr.FeatureNotSupported, "cannot compare rows of zero length")
	}
	l, _ := q.list(left)
	r, _ := q.list(right)
	return q.compareFields(name, l, r, location)
}

// compareFields writes a row comparison with AND and OR, whose three-valued
// logic is that of comparing the first fields that differ.
func (q *query) compareFields(name string, l, r []expr.Expr, location int32) expr.Expr {
	switch name {
	case "=":
		return expr.NewAnd(q.pairwise("=", l, r, location)...)
	case "<>", "!=":
		return expr.NewOr(q.pairwise("<>", l, r, location)...)
	case "<", "<=", ">", ">=":
		return q.lexicographic(name, l, r, location)
	}
	q.pairwise(name, l, r, location) // fails when there is no such operator
	fail(pgerr.New(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", name).
		WithHint("Row comparison operators must be associated with btree operator families.").
		WithPosition(q.b.position(location)))
	return nil
}

func (q *query) pairwise(name string, l, r []expr.Expr, location int32) (out []expr.Expr) {
	for i := range l {
		out = append(out, q.compare(name, l[i], r[i], location))
	}
	return out
}

func (q *query) lexicographic(name string, l, r []expr.Expr, location int32) expr.Expr {
	if len(l) == 1 {
		return q.compare(name, l[0], r[0], location)
	}
	strict := name[:1]
	return expr.NewOr(
		q.compare(strict, l[0], r[0], location),
		expr.NewAnd(q.compare("=", l[0], r[0], location), q.lexicographic(name, l[1:], r[1:], location)),
	)
}

// distinctFrom binds IS [NOT] DISTINCT FROM; with a NULL literal it is a null test.
func (q *query) distinctFrom(n *pg.A_Expr, negated bool) expr.Expr {
	for _, side := range [][2]*pg.Node{{n.Lexpr, n.Rexpr}, {n.Rexpr, n.Lexpr}} {
		if side[0].GetAConst().GetIsnull() {
			kind := expr.IsNotNull
			if negated {
				kind = expr.IsNull
			}
			e := q.text(q.expr(side[1]), location(side[1]))
			if e.Type() == types.TRecord || len(e.Type().Columns()) > 0 {
				// Not IS NULL, which looks at a row's fields.
				return q.distinctPair(e, expr.NewConst(e.Type(), types.Null), negated, n.Location)
			}
			return &expr.Test{Kind: kind, Arg: e}
		}
	}
	if l, r := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr(); l != nil && r != nil {
		return q.distinctRows(l.Args, r.Args, negated, n.Location)
	}
	return q.distinctPair(q.expr(n.Lexpr), q.expr(n.Rexpr), negated, n.Location)
}

func (q *query) distinctPair(l, r expr.Expr, negated bool, location int32) expr.Expr {
	eq := q.equalityCall("IS DISTINCT FROM", l, r, location)
	return &expr.Distinct{Negated: negated, Eq: eq.Func, A: eq.Args[0], B: eq.Args[1]}
}

// equalityCall resolves = for a construct that is made of it.
func (q *query) equalityCall(construct string, l, r expr.Expr, location int32) *expr.Call {
	eq := q.compare("=", l, r, location).(*expr.Call)
	if eq.T != types.TBool {
		q.b.failAt(location, pgerr.DatatypeMismatch, "%s requires = operator to yield boolean", construct)
	}
	return eq
}

func (q *query) distinctRows(l, r []*pg.Node, negated bool, location int32) expr.Expr {
	if len(l) != len(r) {
		q.b.failAt(location, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	var out []expr.Expr
	for i := range l {
		out = append(out, q.distinctPair(q.expr(l[i]), q.expr(r[i]), negated, location))
	}
	if negated {
		return expr.NewAnd(out...)
	}
	return expr.NewOr(out...)
}

func (q *query) nullIf(n *pg.A_Expr) expr.Expr {
	l := q.expr(n.Lexpr)
	eq := q.equalityCall("NULLIF", l, q.expr(n.Rexpr), n.Location)
	// The result is the first argument as = sees it, unless that is only a conversion.
	a := eq.Args[0]
	return &expr.NullIf{Typed: expr.Typed{T: a.Type(), Mod: a.Typmod()}, Eq: eq.Func, A: a, B: eq.Args[1]}
}

// in binds x [NOT] IN (a, b, …) (transformAExprIn): values that do not depend
// on a column become one list; others are compared one by one.
func (q *query) in(n *pg.A_Expr, name string) expr.Expr {
	negated := name == "<>"
	items := n.Rexpr.GetList().GetItems()
	if row := n.Lexpr.GetRowExpr(); row != nil {
		return q.inRows(row, items, name, n.Location)
	}
	left := q.expr(n.Lexpr)
	all, at := q.list(items)
	var plain, single []expr.Expr
	var where []int32
	for i, e := range all {
		if hasColumn := len(expr.Columns(e)) > 0 || expr.HasSubquery(e); hasColumn {
			single = append(single, e)
			continue
		}
		plain, where = append(plain, e), append(where, at[i])
	}
	var out []expr.Expr
	if len(plain) > 1 {
		if e := q.inList(name, left, plain, where, n.Location); e != nil {
			out, plain = append(out, e), nil
		}
	}
	if plain != nil {
		single = all // in the order in which they stand
	}
	for _, e := range single {
		out = append(out, q.boolean(q.compare(name, left, e, n.Location), n.Lexpr, "IN"))
	}
	if negated {
		return expr.NewAnd(out...)
	}
	return expr.NewOr(out...)
}

// inList makes one AnyAll of the values, when they and the left side have a
// common type.
func (q *query) inList(name string, left expr.Expr, list []expr.Expr, at []int32, location int32) expr.Expr {
	all := []*types.Type{left.Type()}
	for _, e := range list {
		all = append(all, e.Type())
	}
	lib := q.b.env.Library
	t, err := lib.CommonType("IN", all)
	if err != nil || t.Array == nil || t == types.TRecord {
		return nil
	}
	for _, have := range all {
		if !q.canCoerce(have, t, implicitly) {
			return nil
		}
	}
	out := &expr.AnyAll{All: name == "<>", Operator: name}
	for i, e := range list {
		out.List = append(out.List, q.common(e, t, "IN", at[i]))
	}
	op := q.compare(name, left, out.List[0], location).(*expr.Call)
	out.Op, out.Left = op.Func, op.Args[0]
	for i, e := range out.List {
		out.List[i] = q.coerce(e, op.Args[1].Type(), -1, implicitly, at[i])
	}
	return out
}

func (q *query) inRows(row *pg.RowExpr, items []*pg.Node, name string, location int32) expr.Expr {
	var out []expr.Expr
	for _, item := range items {
		r := item.GetRowExpr()
		if r == nil {
			q.b.unsupported(location, "IN of a row and something else than rows")
		}
		out = append(out, q.compareRows(name, row.Args, r.Args, location))
	}
	if name == "<>" {
		return expr.NewAnd(out...)
	}
	return expr.NewOr(out...)
}

// between binds [NOT] BETWEEN [SYMMETRIC] as the comparisons that it stands for.
func (q *query) between(n *pg.A_Expr) expr.Expr {
	bounds := n.Rexpr.GetList().GetItems()
	in := func(low, high *pg.Node) expr.Expr {
		return expr.NewAnd(q.bound(">=", n.Lexpr, low, n.Location), q.bound("<=", n.Lexpr, high, n.Location))
	}
	out := func(low, high *pg.Node) expr.Expr {
		return expr.NewOr(q.bound("<", n.Lexpr, low, n.Location), q.bound(">", n.Lexpr, high, n.Location))
	}
	switch n.Kind {
	case pg.A_Expr_Kind_AEXPR_BETWEEN:
		return in(bounds[0], bounds[1])
	case pg.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		return out(bounds[0], bounds[1])
	case pg.A_Expr_Kind_AEXPR_BETWEEN_SYM:
		return expr.NewOr(in(bounds[0], bounds[1]), in(bounds[1], bounds[0]))
	}
	return expr.NewAnd(out(bounds[0], bounds[1]), out(bounds[1], bounds[0]))
}

func (q *query) bound(name string, l, r *pg.Node, location int32) expr.Expr {
	if lr, rr := l.GetRowExpr(), r.GetRowExpr(); lr != nil && rr != nil {
		return q.compareRows(name, lr.Args, rr.Args, location)
	}
	left := q.expr(l)
	return q.compare(name, left, q.expr(r), location)
}
