package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

var comparisons = map[opcode.Op]string{
	opcode.GE: ">=", opcode.LE: "<=", opcode.EQ: "=", opcode.NE: "<>", opcode.LT: "<", opcode.GT: ">",
}

// binary translates an operator between two expressions.
func (t *translator) binary(n *ast.BinaryOperationExpr, u use) operand {
	at := location(n)
	switch n.Op {
	case opcode.LogicAnd:
		return operand{boolExpr(pg.BoolExprType_AND_EXPR, at, t.truth(n.L), t.truth(n.R)), true}
	case opcode.LogicOr:
		return operand{boolExpr(pg.BoolExprType_OR_EXPR, at, t.truth(n.L), t.truth(n.R)), true}
	case opcode.LogicXor:
		return operand{op("<>", t.truth(n.L), t.truth(n.R), at), true}
	case opcode.NullEQ:
		return operand{kindOf(pg.A_Expr_Kind_AEXPR_NOT_DISTINCT, "=", t.comparand(n.L), t.comparand(n.R), at), true}
	}
	if name, ok := comparisons[n.Op]; ok {
		return operand{op(name, t.comparand(n.L), t.comparand(n.R), at), true}
	}
	return operand{node: t.arithmetic(n, u)}
}

// comparand is one side of a comparison. A string that is a date with a time is
// compared as that, not cut to a date where the other side is one.
func (t *translator) comparand(n ast.ExprNode) *pg.Node {
	if l, ok := unparenthesized(n).(*literal); ok {
		if s, ok := l.value.(string); ok && isMoment(s) {
			return castTo(t.literal(l), "timestamp")
		}
	}
	return t.value(n, computed)
}

func (t *translator) comparands(list []ast.ExprNode) []*pg.Node {
	out := make([]*pg.Node, len(list))
	for i, n := range list {
		out[i] = t.comparand(n)
	}
	return out
}

func (t *translator) between(n *ast.BetweenExpr) *pg.Node {
	kind, name := pg.A_Expr_Kind_AEXPR_BETWEEN, "BETWEEN"
	if n.Not {
		kind, name = pg.A_Expr_Kind_AEXPR_NOT_BETWEEN, "NOT BETWEEN"
	}
	bounds := listNode([]*pg.Node{t.comparand(n.Left), t.comparand(n.Right)})
	return kindOf(kind, name, t.comparand(n.Expr), bounds, location(n))
}

func (t *translator) in(n *ast.PatternInExpr) *pg.Node {
	test := t.comparand(n.Expr)
	if n.Sel != nil {
		e := sublink(pg.SubLinkType_ANY_SUBLINK, test, "", t.subquery(n.Sel), location(n))
		if n.Not {
			return not(e, location(n))
		}
		return e
	}
	name := "="
	if n.Not {
		name = "<>"
	}
	return kindOf(pg.A_Expr_Kind_AEXPR_IN, name, test, listNode(t.comparands(n.List)), location(n))
}

// like translates LIKE; the escape character is the backslash in both dialects.
func (t *translator) like(n *ast.PatternLikeOrIlikeExpr) *pg.Node {
	if !n.IsLike {
		t.refuse(n, "ILIKE")
	}
	pattern := t.value(n.Pattern, computed)
	if n.Escape != '\\' {
		if n.Escape == 0 {
			t.refuse(n, "LIKE without an escape character")
		}
		pattern = builtinCall("like_escape", location(n), pattern, stringConst(string(rune(n.Escape)), nowhere))
	}
	name := "~~"
	if n.Not {
		name = "!~~"
	}
	return kindOf(pg.A_Expr_Kind_AEXPR_LIKE, name, t.value(n.Expr, computed), pattern, location(n))
}

func (t *translator) isTruth(n *ast.IsTruthExpr) *pg.Node {
	kind := map[[2]bool]pg.BoolTestType{
		{true, false}: pg.BoolTestType_IS_TRUE, {true, true}: pg.BoolTestType_IS_NOT_TRUE,
		{false, false}: pg.BoolTestType_IS_FALSE, {false, true}: pg.BoolTestType_IS_NOT_FALSE,
	}[[2]bool{n.True != 0, n.Not}]
	return &pg.Node{Node: &pg.Node_BooleanTest{BooleanTest: &pg.BooleanTest{
		Arg: t.truth(n.Expr), Booltesttype: kind, Location: location(n),
	}}}
}

func (t *translator) compareSubquery(n *ast.CompareSubqueryExpr) *pg.Node {
	name, ok := comparisons[n.Op]
	if !ok {
		t.refuse(n, "this comparison with a subquery")
	}
	kind := pg.SubLinkType_ANY_SUBLINK
	if n.All {
		kind = pg.SubLinkType_ALL_SUBLINK
	}
	return sublink(kind, t.comparand(n.L), name, t.subquery(n.R), location(n))
}
