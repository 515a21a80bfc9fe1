package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// columnName is FigureColname (parse_target.c): the name of an output column
// without AS.
func columnName(n *pg.Node) string {
	if name, _ := figureName(n); name != "" {
		return name
	}
	return "?column?"
}

// The strengths of a name: a type's gives way to a column's or function's further in.
const (
	noName = iota
	weakName
	strongName
)

// figureName is FigureColnameInternal.
func figureName(n *pg.Node) (name string, strength int) {
	switch n := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return lastString(n.ColumnRef.Fields, strongName)
	case *pg.Node_AIndirection:
		if name, s := lastString(n.AIndirection.Indirection, strongName); name != "" {
			return name, s
		}
		return figureName(n.AIndirection.Arg)
	case *pg.Node_FuncCall:
		return lastString(n.FuncCall.Funcname, strongName)
	case *pg.Node_AExpr:
		if n.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", strongName
		}
	case *pg.Node_TypeCast:
		if name, s := figureName(n.TypeCast.Arg); s > weakName {
			return name, s
		}
		return lastString(n.TypeCast.TypeName.GetNames(), weakName)
	case *pg.Node_CollateClause:
		return figureName(n.CollateClause.Arg)
	case *pg.Node_GroupingFunc:
		return "grouping", strongName
	case *pg.Node_SubLink:
		return sublinkName(n.SubLink)
	case *pg.Node_CaseExpr:
		if name, s := figureName(n.CaseExpr.Defresult); s > weakName {
			return name, s
		}
		return "case", weakName
	case *pg.Node_AArrayExpr:
		return "array", strongName
	case *pg.Node_RowExpr:
		return "row", strongName
	case *pg.Node_CoalesceExpr:
		return "coalesce", strongName
	case *pg.Node_MinMaxExpr:
		if n.MinMaxExpr.Op == pg.MinMaxOp_IS_LEAST {
			return "least", strongName
		}
		return "greatest", strongName
	case *pg.Node_SqlvalueFunction:
		return valueFunctionNames[n.SqlvalueFunction.Op], strongName
	}
	return "", noName
}

// lastString is the last of the fields that is a name.
func lastString(list []*pg.Node, strength int) (string, int) {
	for i := len(list) - 1; i >= 0; i-- {
		if s := list[i].GetString_(); s != nil {
			return s.Sval, strength
		}
	}
	return "", noName
}

func sublinkName(n *pg.SubLink) (string, int) {
	switch n.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return "exists", strongName
	case pg.SubLinkType_ARRAY_SUBLINK:
		return "array", strongName
	case pg.SubLinkType_EXPR_SUBLINK:
		s := n.Subselect.GetSelectStmt()
		for s != nil && s.Op != pg.SetOperation_SETOP_NONE {
			s = s.Larg
		}
		if list := s.GetTargetList(); len(list) > 0 {
			t := list[0].GetResTarget()
			if t.Name != "" {
				return t.Name, strongName
			}
			return columnName(t.Val), strongName
		}
		if len(s.GetValuesLists()) > 0 {
			return "column1", strongName
		}
	}
	return "", noName
}

var valueFunctionNames = map[pg.SQLValueFunctionOp]string{
	pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:        "current_date",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME:        "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:      "current_time",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP:   "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME:           "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:         "localtime",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:      "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:    "localtimestamp",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:        "current_role",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_USER:        "current_user",
	pg.SQLValueFunctionOp_SVFOP_USER:                "user",
	pg.SQLValueFunctionOp_SVFOP_SESSION_USER:        "session_user",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:     "current_catalog",
	pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:      "current_schema",
}

// IndexColumnName is how an index names an expression among its columns (FigureIndexColname).
func IndexColumnName(n *pg.Node) string {
	if name, _ := figureName(n); name != "" {
		return name
	}
	return "expr"
}
