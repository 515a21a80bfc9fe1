package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// collationFor is pg_collation_for of a bound argument: the collation that is
// written in it, else its type's. What a subquery or a column was made with is
// not looked at. A literal of no type has none.
func (q *query) collationFor(n *pg.Node, arg expr.Expr) expr.Expr {
	name := q.explicitCollation(n)
	switch {
	case !arg.Type().Collates && !isUnknown(arg):
		fail(pgerr.New(pgerr.DatatypeMismatch, "collations are not supported by type %s", arg.Type().SQLName))
	case name == "" && isUnknown(arg):
		return expr.NewConst(types.TText, types.Null)
	case name == "" && arg.Type().Base() == types.TName:
		name = "C"
	case name == "":
		name = "default"
	}
	return expr.NewConst(types.TText, types.Text(expr.QuoteIdent(name)))
}

// explicitCollation is the name of the COLLATE that reaches a value through
// operators, functions and conversions (assign_collations_walker); "" is none.
func (q *query) explicitCollation(n *pg.Node) string {
	var parts []*pg.Node
	switch n := n.GetNode().(type) {
	case *pg.Node_CollateClause:
		return n.CollateClause.Collname[len(n.CollateClause.Collname)-1].GetString_().GetSval()
	case *pg.Node_TypeCast:
		parts = []*pg.Node{n.TypeCast.Arg}
	case *pg.Node_AExpr:
		parts = []*pg.Node{n.AExpr.Lexpr, n.AExpr.Rexpr}
	case *pg.Node_FuncCall:
		parts = n.FuncCall.Args
	case *pg.Node_CoalesceExpr:
		parts = n.CoalesceExpr.Args
	case *pg.Node_MinMaxExpr:
		parts = n.MinMaxExpr.Args
	case *pg.Node_CaseExpr:
		for _, when := range n.CaseExpr.Args {
			parts = append(parts, when.GetCaseWhen().Result)
		}
		parts = append(parts, n.CaseExpr.Defresult)
	}
	found := ""
	for _, part := range parts {
		name := q.explicitCollation(part)
		if found != "" && name != "" && name != found {
			q.b.failAt(location(part), pgerr.CollationMismatch, "collation mismatch between explicit collations \"%s\" and \"%s\"", found, name)
		}
		if found == "" {
			found = name
		}
	}
	return found
}
