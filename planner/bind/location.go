package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// location is exprLocation: where an expression begins in the text, -1 when
// the tree does not say.
func location(n *pg.Node) int32 {
	switch n := n.GetNode().(type) {
	case nil:
		return -1
	case *pg.Node_AConst:
		return n.AConst.Location
	case *pg.Node_ParamRef:
		return n.ParamRef.Location
	case *pg.Node_ColumnRef:
		return n.ColumnRef.Location
	case *pg.Node_AExpr:
		return leftmost(n.AExpr.Location, location(n.AExpr.Lexpr))
	case *pg.Node_BoolExpr:
		at := n.BoolExpr.Location
		for _, a := range n.BoolExpr.Args {
			at = leftmost(at, location(a))
		}
		return at
	case *pg.Node_FuncCall:
		at := n.FuncCall.Location
		for _, a := range n.FuncCall.Args {
			at = leftmost(at, location(a))
		}
		return at
	case *pg.Node_TypeCast:
		return leftmost(location(n.TypeCast.Arg), leftmost(n.TypeCast.TypeName.GetLocation(), n.TypeCast.Location))
	case *pg.Node_NullTest:
		return leftmost(n.NullTest.Location, location(n.NullTest.Arg))
	case *pg.Node_BooleanTest:
		return leftmost(n.BooleanTest.Location, location(n.BooleanTest.Arg))
	case *pg.Node_AIndirection:
		return location(n.AIndirection.Arg)
	case *pg.Node_SubLink:
		return leftmost(location(n.SubLink.Testexpr), n.SubLink.Location)
	case *pg.Node_CollateClause:
		return location(n.CollateClause.Arg)
	case *pg.Node_List:
		for _, e := range n.List.Items {
			if at := location(e); at >= 0 {
				return at
			}
		}
		return -1
	}
	return ownLocation(n)
}

func leftmost(a, b int32) int32 {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}

// ownLocation is the location field of the message inside a Node.
func ownLocation(n *pg.Node) int32 {
	at := int32(-1)
	for _, v := range sqlparse.Fields(n.ProtoReflect()) {
		m := v.Message()
		if f := m.Descriptor().Fields().ByName("location"); f != nil {
			at = int32(m.Get(f).Int())
		}
	}
	return at
}

// parenthesis is where the parenthesis of a subquery in FROM stands, before
// its first word: the tree does not say, but the text does.
func parenthesis(b *binder, n *pg.Node) int32 {
	s := n.GetSelectStmt()
	for s.GetLarg() != nil {
		s = s.Larg
	}
	at := int32(-1)
	switch {
	case len(s.GetTargetList()) > 0:
		at = s.TargetList[0].GetResTarget().Location
	case len(s.GetValuesLists()) > 0:
		at = location(s.ValuesLists[0])
	}
	return b.before(at, '(')
}
