package bind

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// expr binds an expression (transformExprRecurse).
func (q *query) expr(n *pg.Node) expr.Expr {
	q.b.step()
	e := q.expression(n)
	q.b.noteExpr(n, e)
	q.checkCollations(e)
	return e
}

func (q *query) expression(n *pg.Node) expr.Expr {
	switch n := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return q.columnRef(n.ColumnRef)
	case *pg.Node_ParamRef:
		return q.paramRef(n.ParamRef)
	case *pg.Node_AConst:
		return q.constant(n.AConst)
	case *pg.Node_AExpr:
		return q.operator(n.AExpr)
	case *pg.Node_BoolExpr:
		return q.logic(n.BoolExpr)
	case *pg.Node_FuncCall:
		return q.call(n.FuncCall)
	case *pg.Node_TypeCast:
		return q.typeCast(n.TypeCast)
	case *pg.Node_SubLink:
		return q.sublink(n.SubLink)
	case *pg.Node_CaseExpr:
		return q.caseExpr(n.CaseExpr)
	case *pg.Node_NullTest:
		return q.nullTest(n.NullTest)
	case *pg.Node_BooleanTest:
		return q.booleanTest(n.BooleanTest)
	case *pg.Node_CoalesceExpr:
		return q.coalesce(n.CoalesceExpr)
	case *pg.Node_MinMaxExpr:
		return q.minMax(n.MinMaxExpr)
	case *pg.Node_SqlvalueFunction:
		return q.valueFunction(n.SqlvalueFunction)
	}
	return q.composed(n)
}

// composed binds the nodes of arrays, rows and collations, and refuses the rest.
func (q *query) composed(n *pg.Node) expr.Expr {
	switch n := n.GetNode().(type) {
	case *pg.Node_AArrayExpr:
		return q.array(n.AArrayExpr, nil)
	case *pg.Node_RowExpr:
		return q.row(n.RowExpr)
	case *pg.Node_AIndirection:
		return q.indirection(n.AIndirection.Arg, n.AIndirection.Indirection)
	case *pg.Node_CollateClause:
		return q.collate(n.CollateClause)
	case *pg.Node_SetToDefault:
		q.b.failAt(n.SetToDefault.Location, pgerr.SyntaxError, "DEFAULT is not allowed in this context")
	case *pg.Node_NamedArgExpr:
		return q.expr(n.NamedArgExpr.Arg)
	case *pg.Node_GroupingFunc:
		return q.groupingFunc(n.GroupingFunc)
	case *pg.Node_CurrentOfExpr:
		q.b.unsupported(-1, "WHERE CURRENT OF")
	case *pg.Node_XmlExpr, *pg.Node_XmlSerialize:
		fail(pgerr.New(pgerr.FeatureNotSupported, "unsupported XML feature").
			WithDetail("This functionality requires the server to be built with libxml support."))
	default:
		q.b.unsupported(-1, "expression %T", n)
	}
	return nil
}

// paramRef binds $1, or a literal that was lifted out.
func (q *query) paramRef(n *pg.ParamRef) expr.Expr {
	b := q.b
	if b.routine != nil {
		return q.argumentNumbered(n)
	}
	i := int(n.Number) - 1
	if b.main == nil || b.text != b.main || i < 0 || i >= b.main.Params+len(b.main.Lifted) {
		b.failAt(n.Location, pgerr.UndefinedParameter, "there is no parameter $%d", n.Number)
	}
	if i >= b.main.Params {
		return b.literal(i-b.main.Params, n.Location)
	}
	t := b.params[i]
	if t == nil {
		t = types.TUnknown
	}
	p := &expr.Param{Typed: expr.Typed{T: t, Mod: -1}, Index: i}
	b.location[p] = n.Location
	return b.guarded(p)
}

// literal is the parameter that carries lifted literal i, or its value when it is pinned.
func (b *binder) literal(i int, location int32) expr.Expr {
	l := b.main.Lifted[i]
	t := l.Kind.Type()
	if b.main.Pinned(i) {
		v, err := l.Datum()
		b.must(err, location)
		return expr.NewConst(t, v)
	}
	b.uses[i]++
	if b.lifted[i] == nil {
		b.lifted[i] = t // unknown is text that nobody reads as something else
	}
	p := &expr.Param{Typed: expr.Typed{T: t, Mod: -1}, Index: len(b.params) + i}
	b.location[p] = location
	return p
}

// constant binds a literal (make_const).
func (q *query) constant(n *pg.A_Const) expr.Expr {
	if n.Isnull {
		return expr.NewConst(types.TUnknown, types.Null)
	}
	switch v := n.Val.(type) {
	case *pg.A_Const_Ival:
		return expr.NewConst(types.TInt4, types.Int(int64(v.Ival.GetIval())))
	case *pg.A_Const_Boolval:
		return expr.NewConst(types.TBool, types.Bool(v.Boolval.GetBoolval()))
	case *pg.A_Const_Sval:
		c := expr.NewConst(types.TUnknown, types.Text(v.Sval.GetSval()))
		q.b.noteLiteral(n, c)
		q.b.location[c] = n.Location
		return c
	case *pg.A_Const_Fval:
		return q.number(v.Fval.GetFval(), n.Location)
	case *pg.A_Const_Bsval:
		bits, err := types.TBit.Parse(q.b.env.Types, v.Bsval.GetBsval(), -1)
		q.b.must(err, n.Location)
		return expr.NewConst(types.TBit, bits)
	}
	// An integer zero has no field of its own in the tree.
	return expr.NewConst(types.TInt4, types.Int(0))
}

// number is a literal that the scanner did not take for an int4: it may fit
// after all (-2147483648), or be an int8.
func (q *query) number(text string, location int32) expr.Expr {
	if v, err := types.TInt8.Parse(q.b.env.Types, text, -1); err == nil {
		if v.Int() == int64(int32(v.Int())) {
			return expr.NewConst(types.TInt4, v)
		}
		return expr.NewConst(types.TInt8, v)
	}
	v, err := types.TNumeric.Parse(q.b.env.Types, text, -1)
	q.b.must(err, location)
	return expr.NewConst(types.TNumeric, v)
}

var boolOps = map[pg.BoolExprType]struct {
	op   expr.BoolOp
	name string
}{
	pg.BoolExprType_AND_EXPR: {expr.And, "AND"},
	pg.BoolExprType_OR_EXPR:  {expr.Or, "OR"},
	pg.BoolExprType_NOT_EXPR: {expr.Not, "NOT"},
}

func (q *query) logic(n *pg.BoolExpr) expr.Expr {
	op := boolOps[n.Boolop]
	e := &expr.Logic{Op: op.op}
	for _, arg := range n.Args {
		e.Args = append(e.Args, q.condition(arg, op.name))
	}
	return e
}

func (q *query) nullTest(n *pg.NullTest) expr.Expr {
	kind := expr.IsNull
	if n.Nulltesttype == pg.NullTestType_IS_NOT_NULL {
		kind = expr.IsNotNull
	}
	e := q.expr(n.Arg)
	if row, ok := fieldsOf(e); ok {
		// A row is null when all its fields are, and not null when none is.
		tests := make([]expr.Expr, len(row.Elems))
		for i, f := range row.Elems {
			tests[i] = &expr.Test{Kind: kind, Arg: q.text(f, n.Location)}
		}
		if len(tests) == 0 {
			return expr.True()
		}
		return expr.NewAnd(tests...)
	}
	if p, ok := e.(*expr.Param); ok && p.Index < len(q.b.params) {
		// IS NULL says nothing of its type: somebody else must, or it is 42P18.
		return &expr.Test{Kind: kind, Arg: e}
	}
	return &expr.Test{Kind: kind, Arg: q.text(e, n.Location)}
}

// text resolves an expression of unknown type to text.
func (q *query) text(e expr.Expr, location int32) expr.Expr {
	if isUnknown(e) {
		return q.coerce(e, types.TText, -1, implicitly, location)
	}
	return e
}

var booleanTests = map[pg.BoolTestType]struct {
	kind expr.TestKind
	name string
}{
	pg.BoolTestType_IS_TRUE:        {expr.IsTrue, "IS TRUE"},
	pg.BoolTestType_IS_NOT_TRUE:    {expr.IsNotTrue, "IS NOT TRUE"},
	pg.BoolTestType_IS_FALSE:       {expr.IsFalse, "IS FALSE"},
	pg.BoolTestType_IS_NOT_FALSE:   {expr.IsNotFalse, "IS NOT FALSE"},
	pg.BoolTestType_IS_UNKNOWN:     {expr.IsUnknown, "IS UNKNOWN"},
	pg.BoolTestType_IS_NOT_UNKNOWN: {expr.IsNotUnknown, "IS NOT UNKNOWN"},
}

func (q *query) booleanTest(n *pg.BooleanTest) expr.Expr {
	t := booleanTests[n.Booltesttype]
	return &expr.Test{Kind: t.kind, Arg: q.condition(n.Arg, t.name)}
}

// list binds expressions.
func (q *query) list(nodes []*pg.Node) (out []expr.Expr, at []int32) {
	for _, n := range nodes {
		out, at = append(out, q.expr(n)), append(at, location(n))
	}
	return out, at
}

// alike binds expressions that get their common type.
func (q *query) alike(construct string, nodes []*pg.Node) (list []expr.Expr, t *types.Type) {
	list, at := q.list(nodes)
	t = q.commonType(construct, list, at)
	for i, e := range list {
		list[i] = q.common(e, t, construct, at[i])
	}
	return list, t
}

func (q *query) coalesce(n *pg.CoalesceExpr) expr.Expr {
	args, t := q.alike("COALESCE", n.Args)
	q.refuseSets("COALESCE", args, n.Location)
	return &expr.Coalesce{Typed: expr.Typed{T: t, Mod: commonTypmod(args)}, Args: args}
}

// commonTypmod is the typmod that all share, or none (exprTypmod).
func commonTypmod(list []expr.Expr) int32 {
	mod := int32(-1)
	for i, e := range list {
		if i == 0 {
			mod = e.Typmod()
		}
		if e.Typmod() != mod {
			return -1
		}
	}
	return mod
}

func (q *query) minMax(n *pg.MinMaxExpr) expr.Expr {
	greatest := n.Op == pg.MinMaxOp_IS_GREATEST
	name := "LEAST"
	if greatest {
		name = "GREATEST"
	}
	args, t := q.alike(name, n.Args)
	if q.b.env.Library.Less(t) == nil {
		fail(pgerr.New(pgerr.UndefinedFunction, "could not identify a comparison function for type %s", t.SQLName)) // PostgreSQL's executor says so
	}
	return &expr.MinMax{Typed: expr.Typed{T: t, Mod: commonTypmod(args)}, Greatest: greatest, Args: args}
}

// caseExpr binds CASE; with an argument, each WHEN is a comparison with it.
func (q *query) caseExpr(n *pg.CaseExpr) expr.Expr {
	out := &expr.Case{}
	var arg expr.Expr
	if n.Arg != nil {
		out.Arg = q.text(q.expr(n.Arg), location(n.Arg))
		arg = &expr.CaseArg{Typed: expr.Typed{T: out.Arg.Type(), Mod: out.Arg.Typmod()}}
	}
	var results []expr.Expr
	var at []int32
	for _, w := range n.Args {
		when := w.GetCaseWhen()
		arm := expr.When{Result: nil}
		if arg != nil {
			arm.Cond = q.boolean(q.compare("=", arg, q.expr(when.Expr), when.Location), when.Expr, "CASE/WHEN")
		} else {
			arm.Cond = q.condition(when.Expr, "CASE/WHEN")
		}
		arm.Result = q.expr(when.Result)
		out.Arms = append(out.Arms, arm)
		results, at = append(results, arm.Result), append(at, location(when.Result))
	}
	q.caseResults(out, n, results, at)
	return out
}

// caseResults gives the results their common type: ELSE counts as the first.
func (q *query) caseResults(out *expr.Case, n *pg.CaseExpr, results []expr.Expr, at []int32) {
	if n.Defresult != nil {
		out.Else = q.expr(n.Defresult)
		results, at = append([]expr.Expr{out.Else}, results...), append([]int32{location(n.Defresult)}, at...)
	}
	q.refuseSets("CASE", results, n.Location)
	out.T = q.commonType("CASE", results, at)
	for i := range out.Arms {
		out.Arms[i].Result = q.common(out.Arms[i].Result, out.T, "CASE/WHEN", location(n.Args[i].GetCaseWhen().Result))
	}
	mods := make([]expr.Expr, 0, len(results))
	for _, a := range out.Arms {
		mods = append(mods, a.Result)
	}
	if out.Else != nil {
		out.Else = q.common(out.Else, out.T, "CASE/ELSE", location(n.Defresult))
		mods = append(mods, out.Else)
	}
	if out.Mod = commonTypmod(mods); out.Else == nil {
		out.Mod = commonTypmod(mods)
	}
}

// refuseSets fails when a set-returning function stands where the number of rows would be unclear.
func (q *query) refuseSets(construct string, list []expr.Expr, location int32) {
	for _, e := range list {
		if expr.HasSet(e) {
			fail(pgerr.New(pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", construct).
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").
				WithPosition(q.b.position(location)))
		}
	}
}

// valueFunction binds CURRENT_DATE and its like.
func (q *query) valueFunction(n *pg.SQLValueFunction) expr.Expr {
	e := q.valueOf(n)
	keyword := strings.ToUpper(valueFunctionNames[n.Op])
	switch c := e.(type) {
	case *expr.Call:
		c.Keyword = keyword
	case *expr.Cast:
		if c.Keyword = keyword; c.Mod >= 0 {
			c.Keyword += "(" + strconv.Itoa(int(c.Mod)) + ")"
		}
	}
	return e
}

// valueOf is the function that a keyword stands for.
func (q *query) valueOf(n *pg.SQLValueFunction) expr.Expr {
	call := func(name string) expr.Expr {
		e, err := q.b.coercer.Call(name)
		q.b.must(err, n.Location)
		return e
	}
	now := func(t *types.Type, typmod int32) expr.Expr {
		return q.coerce(call("now"), t, typmod, explicitly, n.Location)
	}
	switch n.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		return now(types.TDate, -1)
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:
		return now(types.TTimeTZ, q.timePrecision(n, types.TTimeTZ))
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
		return now(types.TTimestamptz, q.timePrecision(n, types.TTimestamptz))
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		return now(types.TTime, q.timePrecision(n, types.TTime))
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		return now(types.TTimestamp, q.timePrecision(n, types.TTimestamp))
	case pg.SQLValueFunctionOp_SVFOP_SESSION_USER:
		return call("session_user")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:
		return call("current_database")
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:
		return call("current_schema")
	}
	return call("current_user")
}

func (q *query) timePrecision(n *pg.SQLValueFunction, t *types.Type) int32 {
	switch n.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		mods := []int32{n.Typmod}
		typmod, err := types.TypmodIn(t, mods)
		q.b.must(err, n.Location)
		q.b.notice(types.TypmodWarning(t, mods))
		return typmod
	}
	return -1
}
