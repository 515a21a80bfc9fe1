package mysql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// aggregate translates a function over rows.
func (t *translator) aggregate(n *ast.AggregateFuncExpr, u use) *pg.Node {
	name := strings.ToLower(n.F)
	switch name {
	case ast.AggFuncAvg:
		return t.average(n, u)
	case ast.AggFuncCount, ast.AggFuncSum, ast.AggFuncMin, ast.AggFuncMax:
	default:
		t.refuse(n, "the function %s", name)
	}
	if len(n.Args) != 1 {
		t.refuse(n, "%s of several columns", name)
	}
	if l, ok := n.Args[0].(*literal); ok && name == ast.AggFuncCount && !n.Distinct && l.value != nil {
		return aggregateNamed(name, n, nil) // COUNT(*) comes as COUNT(1), which is the same
	}
	return aggregateNamed(name, n, t.value(n.Args[0], part(u)))
}

// aggregateNamed calls a function on an argument, DISTINCT or not; nil is the star.
func aggregateNamed(name string, n *ast.AggregateFuncExpr, arg *pg.Node) *pg.Node {
	c := builtinCall(name, location(n))
	f := c.GetFuncCall()
	if arg == nil {
		f.AggStar = true
		return c
	}
	f.Args, f.AggDistinct = []*pg.Node{arg}, n.Distinct
	return c
}

// average is a quotient, with a quotient's digits. No rows have NULL, without
// an error anywhere.
func (t *translator) average(n *ast.AggregateFuncExpr, u use) *pg.Node {
	arg := n.Args[0]
	sum := aggregateNamed("sum", n, t.number(arg, part(u)))
	count := aggregateNamed("count", n, t.number(arg, part(u)))
	if t.changes {
		count = kindOf(pg.A_Expr_Kind_AEXPR_NULLIF, "=", count, intConst(0, nowhere), nowhere)
	}
	return t.quotient(sum, count, n, u)
}
