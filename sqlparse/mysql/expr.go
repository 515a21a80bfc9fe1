package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// use is what becomes of an expression's value. MySQL keeps more digits of a
// quotient of decimals than it shows, so the three differ for those.
type use uint8

const (
	// shown to the client: rounded to the quotient's own digits.
	shown use = iota
	// computed with at once: with all digits that MySQL keeps.
	computed
	// kept in a column, or made part of a value that is shown: the digits are
	// those of a declared type that the text does not tell.
	kept
)

// operand is a translated expression. truth is set when PostgreSQL's is a
// boolean; MySQL's are the integers 1 and 0.
type operand struct {
	node  *pg.Node
	truth bool
}

func location(n ast.Node) int32 { return int32(n.OriginTextPosition()) }

// value translates an expression whose value is wanted.
func (t *translator) value(n ast.ExprNode, u use) *pg.Node {
	o := t.expr(n, u)
	if o.truth {
		return castTo(o.node, "int4")
	}
	return o.node
}

func (t *translator) values(list []ast.ExprNode, u use) []*pg.Node {
	out := make([]*pg.Node, len(list))
	for i, n := range list {
		out[i] = t.value(n, u)
	}
	return out
}

// truth translates a condition: numbers are true unless they are 0. Of other
// types there is no comparison with 0.
func (t *translator) truth(n ast.ExprNode) *pg.Node {
	o := t.expr(n, computed)
	if o.truth {
		return o.node
	}
	if l, ok := unparenthesized(n).(*literal); ok {
		switch v := l.value.(type) {
		case nil:
			return castTo(o.node, "bool")
		case bool:
			return boolConst(v, location(n))
		case int64:
			return boolConst(v != 0, location(n))
		}
	}
	return op("<>", o.node, intConst(0, nowhere), location(n))
}

func unparenthesized(n ast.ExprNode) ast.ExprNode {
	for {
		p, ok := n.(*ast.ParenthesesExpr)
		if !ok {
			return n
		}
		n = p.Expr
	}
}

func (t *translator) expr(n ast.ExprNode, u use) operand {
	t.enter()
	defer t.leave()
	switch n := n.(type) {
	case *ast.ParenthesesExpr:
		return t.expr(n.Expr, u)
	case *literal:
		return operand{node: t.literal(n)}
	case *param:
		return operand{node: t.param(n)}
	case *ast.ColumnNameExpr:
		return operand{node: t.column(n)}
	case *ast.BinaryOperationExpr:
		return t.binary(n, u)
	case *ast.UnaryOperationExpr:
		return t.unary(n, u)
	case *ast.FuncCallExpr:
		return t.call(n, u)
	case *ast.FuncCastExpr:
		return operand{node: t.castExpr(n)}
	case *ast.AggregateFuncExpr:
		return operand{node: t.aggregate(n, u)}
	case *ast.CaseExpr:
		return operand{node: t.caseOf(n, u)}
	case *ast.RowExpr:
		return operand{node: row(location(n), t.values(n.Values, computed)...)}
	}
	return t.test(n)
}

// test translates the expressions that are true or false, and subqueries.
func (t *translator) test(n ast.ExprNode) operand {
	switch n := n.(type) {
	case *ast.BetweenExpr:
		return operand{t.between(n), true}
	case *ast.PatternInExpr:
		return operand{t.in(n), true}
	case *ast.PatternLikeOrIlikeExpr:
		return operand{t.like(n), true}
	case *ast.IsNullExpr:
		kind := pg.NullTestType_IS_NULL
		if n.Not {
			kind = pg.NullTestType_IS_NOT_NULL
		}
		return operand{nullTest(kind, t.scalar(n.Expr), location(n)), true}
	case *ast.IsTruthExpr:
		return operand{t.isTruth(n), true}
	case *ast.ExistsSubqueryExpr:
		return operand{t.exists(n), true}
	case *ast.CompareSubqueryExpr:
		return operand{t.compareSubquery(n), true}
	case *ast.SubqueryExpr:
		return operand{node: sublink(pg.SubLinkType_EXPR_SUBLINK, nil, "", t.subquery(n), location(n))}
	case *ast.ValuesExpr:
		return operand{node: t.proposed(n)}
	case *ast.VariableExpr:
		return operand{node: t.variable(n)}
	}
	t.refuse(n, "%s", clauseName(typeName(n)))
	return operand{}
}

// scalar is a value that is no row: IS NULL of a row means something else.
func (t *translator) scalar(n ast.ExprNode) *pg.Node {
	if r, ok := unparenthesized(n).(*ast.RowExpr); ok {
		t.refuse(r, "a row here")
	}
	return t.value(n, computed)
}

// column translates a column's name. Names of columns have no case.
func (t *translator) column(n *ast.ColumnNameExpr) *pg.Node {
	c := n.Name
	switch {
	case c.Schema.L != "":
		return columnRef(location(n), c.Schema.L, c.Table.L, c.Name.L)
	case c.Table.L != "":
		return columnRef(location(n), c.Table.L, c.Name.L)
	case t.conflict != "":
		return columnRef(location(n), t.conflict, c.Name.L)
	}
	return columnRef(location(n), c.Name.L)
}

// proposed translates VALUES(column) of ON DUPLICATE KEY UPDATE.
func (t *translator) proposed(n *ast.ValuesExpr) *pg.Node {
	if t.conflict == "" {
		t.refuse(n, "VALUES() outside of ON DUPLICATE KEY UPDATE")
	}
	return columnRef(location(n), "excluded", n.Column.Name.Name.L)
}

// variable translates @@name, of the one that this dialect has.
func (t *translator) variable(n *ast.VariableExpr) *pg.Node {
	if !n.IsSystem {
		t.refuse(n, "the user variable @%s", n.Name)
	}
	if n.Name != dialectSetting {
		t.refuse(n, "the variable @@%s", n.Name)
	}
	return builtinCall("current_setting", location(n), stringConst(dialectSetting, nowhere))
}

func (t *translator) caseOf(n *ast.CaseExpr, u use) *pg.Node {
	if u == shown {
		u = kept
	}
	var arg, otherwise *pg.Node
	if n.Value != nil {
		arg = t.scalar(n.Value)
	}
	if n.ElseClause != nil {
		otherwise = t.value(n.ElseClause, u)
	}
	whens := make([]*pg.Node, len(n.WhenClauses))
	for i, w := range n.WhenClauses {
		var cond *pg.Node
		if arg == nil {
			cond = t.truth(w.Expr)
		} else {
			cond = t.comparand(w.Expr)
		}
		whens[i] = when(cond, t.value(w.Result, u), location(w.Expr))
	}
	return caseExpr(location(n), arg, otherwise, whens...)
}

func (t *translator) exists(n *ast.ExistsSubqueryExpr) *pg.Node {
	e := sublink(pg.SubLinkType_EXISTS_SUBLINK, nil, "", t.subquery(n.Sel), location(n))
	if n.Not {
		return not(e, location(n))
	}
	return e
}

func sublink(kind pg.SubLinkType, test *pg.Node, oper string, query *pg.Node, at int32) *pg.Node {
	s := &pg.SubLink{SubLinkType: kind, Testexpr: test, Subselect: query, Location: at}
	if oper != "" {
		s.OperName = stringNodes(oper)
	}
	return &pg.Node{Node: &pg.Node_SubLink{SubLink: s}}
}
