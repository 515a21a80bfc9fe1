package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

var arithmetics = map[opcode.Op]string{opcode.Plus: "+", opcode.Minus: "-", opcode.Mul: "*"}

// arithmetic translates operators of numbers.
func (t *translator) arithmetic(n *ast.BinaryOperationExpr, u use) *pg.Node {
	at := location(n)
	switch n.Op {
	case opcode.Div:
		return t.quotient(t.number(n.L, part(u)), t.number(n.R, part(u)), n, u)
	case opcode.IntDiv:
		return builtinCall("div", at, t.number(n.L, computed), t.divisor(t.number(n.R, computed)))
	case opcode.Mod:
		return op("%", t.number(n.L, part(u)), t.divisor(t.number(n.R, part(u))), at)
	}
	name, ok := arithmetics[n.Op]
	if !ok {
		t.refuse(n, "the operator %s", n.Op)
	}
	return op(name, t.number(n.L, part(u)), t.number(n.R, part(u)), at)
}

// part is the use of what an expression's value is made of. The digits of what
// is shown follow from those of its parts, which must not be quotients then.
func part(u use) use {
	if u == computed {
		return computed
	}
	return kept
}

// quotient translates `/`, which is never PostgreSQL's division of integers. It
// is NULL for a divisor of 0, and an error in a statement that writes.
func (t *translator) quotient(a, b *pg.Node, n ast.ExprNode, u use) *pg.Node {
	name := map[use]string{shown: "quotient", computed: "quotient_unrounded"}[u]
	switch {
	case u == kept:
		t.refuse(n, "a quotient within another expression or a subquery's list")
	case t.changes:
		name = "quotient_checked"
	}
	return ownCall(name, location(n), a, b)
}

// divisor makes a division by 0 NULL, but in a statement that writes.
func (t *translator) divisor(n *pg.Node) *pg.Node {
	if t.changes {
		return n
	}
	return kindOf(pg.A_Expr_Kind_AEXPR_NULLIF, "=", n, intConst(0, nowhere), nowhere)
}

// number is an operand of arithmetic. The unary plus is there for numbers only:
// of a date, say, MySQL makes one by rules of its own where PostgreSQL adds days.
func (t *translator) number(n ast.ExprNode, u use) *pg.Node {
	switch n := unparenthesized(n).(type) {
	case *literal:
		return t.numberLiteral(n)
	case *param:
		return t.param(n)
	case *ast.BinaryOperationExpr, *ast.IsNullExpr, *ast.PatternInExpr, *ast.BetweenExpr:
		return t.value(n, u) // a number already
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Minus {
			return t.value(n, u)
		}
	}
	return op("+", nil, t.value(n, u), nowhere)
}

// unary translates NOT, !, - and +.
func (t *translator) unary(n *ast.UnaryOperationExpr, u use) operand {
	at := location(n)
	switch n.Op {
	case opcode.Not, opcode.Not2:
		return operand{not(t.truth(n.V), at), true}
	case opcode.Plus:
		return operand{node: t.value(n.V, u)} // MySQL's plus does nothing, to a string either
	case opcode.Minus:
		if l, ok := n.V.(*literal); ok {
			if c := t.negative(l, at); c != nil {
				return operand{node: c}
			}
		}
		return operand{node: op("-", nil, t.number(n.V, part(u)), at)}
	}
	t.refuse(n, "the operator %s", n.Op)
	return operand{}
}
