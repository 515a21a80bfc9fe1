package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// nowhere is the location of nodes that no place in the text stands for.
const nowhere = -1

func selectNode(s *pg.SelectStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: s}}
}

func newSelect() *pg.SelectStmt {
	return &pg.SelectStmt{LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE}
}

func stringNode(s string) *pg.Node {
	return &pg.Node{Node: &pg.Node_String_{String_: &pg.String{Sval: s}}}
}

func stringNodes(list ...string) []*pg.Node {
	out := make([]*pg.Node, len(list))
	for i, s := range list {
		out[i] = stringNode(s)
	}
	return out
}

func listNode(items []*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_List{List: &pg.List{Items: items}}}
}

func constNode(c *pg.A_Const, at int32) *pg.Node {
	c.Location = at
	return &pg.Node{Node: &pg.Node_AConst{AConst: c}}
}

func stringConst(s string, at int32) *pg.Node {
	return constNode(&pg.A_Const{Val: &pg.A_Const_Sval{Sval: &pg.String{Sval: s}}}, at)
}

func intConst(v int32, at int32) *pg.Node {
	return constNode(&pg.A_Const{Val: &pg.A_Const_Ival{Ival: &pg.Integer{Ival: v}}}, at)
}

// numberConst is a number of any size, as text without sign.
func numberConst(text string, at int32) *pg.Node {
	return constNode(&pg.A_Const{Val: &pg.A_Const_Fval{Fval: &pg.Float{Fval: text}}}, at)
}

func boolConst(v bool, at int32) *pg.Node {
	return constNode(&pg.A_Const{Val: &pg.A_Const_Boolval{Boolval: &pg.Boolean{Boolval: v}}}, at)
}

func nullConst(at int32) *pg.Node { return constNode(&pg.A_Const{Isnull: true}, at) }

// op is a binary operator; left nil for a prefix one.
func op(name string, left, right *pg.Node, at int32) *pg.Node {
	return kindOf(pg.A_Expr_Kind_AEXPR_OP, name, left, right, at)
}

func kindOf(kind pg.A_Expr_Kind, name string, left, right *pg.Node, at int32) *pg.Node {
	return &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: kind, Name: stringNodes(name), Lexpr: left, Rexpr: right, Location: at}}}
}

func boolExpr(kind pg.BoolExprType, at int32, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_BoolExpr{BoolExpr: &pg.BoolExpr{Boolop: kind, Args: args, Location: at}}}
}

func not(n *pg.Node, at int32) *pg.Node { return boolExpr(pg.BoolExprType_NOT_EXPR, at, n) }

// builtinCall calls a function of pg_catalog.
func builtinCall(name string, at int32, args ...*pg.Node) *pg.Node {
	return callOf("pg_catalog", name, at, args...)
}

// ownCall calls a function of this dialect's.
func ownCall(name string, at int32, args ...*pg.Node) *pg.Node {
	return callOf("mysql", name, at, args...)
}

func callOf(schema, name string, at int32, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
		Funcname: stringNodes(schema, name), Args: args, Funcformat: pg.CoercionForm_COERCE_EXPLICIT_CALL, Location: at,
	}}}
}

// typeName is a type of pg_catalog with its modifiers.
func typeNameOf(name string, at int32, mods ...int) *pg.TypeName {
	t := &pg.TypeName{Names: stringNodes("pg_catalog", name), Typemod: -1, Location: at}
	for _, m := range mods {
		t.Typmods = append(t.Typmods, intConst(int32(m), nowhere))
	}
	return t
}

func cast(n *pg.Node, to *pg.TypeName, at int32) *pg.Node {
	return &pg.Node{Node: &pg.Node_TypeCast{TypeCast: &pg.TypeCast{Arg: n, TypeName: to, Location: at}}}
}

func castTo(n *pg.Node, name string) *pg.Node { return cast(n, typeNameOf(name, nowhere), nowhere) }

func caseExpr(at int32, arg, otherwise *pg.Node, whens ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_CaseExpr{CaseExpr: &pg.CaseExpr{Arg: arg, Args: whens, Defresult: otherwise, Location: at}}}
}

func when(cond, result *pg.Node, at int32) *pg.Node {
	return &pg.Node{Node: &pg.Node_CaseWhen{CaseWhen: &pg.CaseWhen{Expr: cond, Result: result, Location: at}}}
}

func coalesce(at int32, args ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_CoalesceExpr{CoalesceExpr: &pg.CoalesceExpr{Args: args, Location: at}}}
}

func isNull(n *pg.Node, at int32) *pg.Node { return nullTest(pg.NullTestType_IS_NULL, n, at) }

func nullTest(kind pg.NullTestType, n *pg.Node, at int32) *pg.Node {
	return &pg.Node{Node: &pg.Node_NullTest{NullTest: &pg.NullTest{Arg: n, Nulltesttype: kind, Location: at}}}
}

func columnRef(at int32, names ...string) *pg.Node {
	return &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: &pg.ColumnRef{Fields: stringNodes(names...), Location: at}}}
}

func target(name string, value *pg.Node, at int32) *pg.Node {
	return &pg.Node{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Name: name, Val: value, Location: at}}}
}

func row(at int32, values ...*pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_RowExpr{RowExpr: &pg.RowExpr{
		Args: values, RowFormat: pg.CoercionForm_COERCE_IMPLICIT_CAST, Location: at,
	}}}
}

func defElem(name string, arg *pg.Node) *pg.Node {
	return &pg.Node{Node: &pg.Node_DefElem{DefElem: &pg.DefElem{
		Defname: name, Arg: arg, Defaction: pg.DefElemAction_DEFELEM_UNSPEC, Location: nowhere,
	}}}
}

func constraint(c *pg.Constraint) *pg.Node {
	c.Location = nowhere
	return &pg.Node{Node: &pg.Node_Constraint{Constraint: c}}
}
