package builtin

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	pgquery "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// testBinder makes typed expressions of SQL text, as much as the recorded
// tests need: it knows no columns and no tables.
type testBinder struct{ Coercer }

// condition converts what must be boolean or an unknown literal.
func (b *testBinder) condition(e expr.Expr, clause string) (expr.Expr, error) {
	if !b.Lib.CanCoerce(e.Type(), types.TBool, Assignment) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", clause, e.Type().SQLName)
	}
	return b.Coerce(e, types.TBool, -1, Assignment)
}

// bindSQL binds one scalar expression; env is what its literals are read by.
func bindSQL(env *types.Env, sql string) (expr.Expr, error) {
	tree, err := pgquery.Parse("SELECT " + sql)
	if err != nil {
		return nil, err
	}
	targets := tree.Stmts[0].Stmt.GetSelectStmt().TargetList
	b := &testBinder{Coercer{Lib: Default(), Env: env}}
	e, err := b.bind(targets[0].GetResTarget().Val)
	if err != nil {
		return nil, err
	}
	if e.Type() == types.TUnknown {
		return b.Coerce(e, types.TText, -1, Implicit)
	}
	return e, nil
}

func (b *testBinder) list(nodes []*pgquery.Node) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], err = b.bind(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (b *testBinder) bind(n *pgquery.Node) (expr.Expr, error) {
	switch n := n.Node.(type) {
	case *pgquery.Node_AConst:
		return b.constant(n.AConst)
	case *pgquery.Node_TypeCast:
		return b.typeCast(n.TypeCast)
	case *pgquery.Node_FuncCall:
		return b.function(n.FuncCall)
	case *pgquery.Node_AExpr:
		return b.operator(n.AExpr)
	case *pgquery.Node_BoolExpr:
		args, err := b.list(n.BoolExpr.Args)
		if err != nil {
			return nil, err
		}
		for i := range args {
			if args[i], err = b.condition(args[i], [...]string{"", "AND", "OR", "NOT"}[n.BoolExpr.Boolop]); err != nil {
				return nil, err
			}
		}
		return &expr.Logic{Op: expr.BoolOp(n.BoolExpr.Boolop - 1), Args: args}, nil
	case *pgquery.Node_NullTest:
		arg, err := b.bind(n.NullTest.Arg)
		return &expr.Test{Kind: expr.TestKind(n.NullTest.Nulltesttype - 1), Arg: arg}, err
	case *pgquery.Node_BooleanTest:
		arg, err := b.bind(n.BooleanTest.Arg)
		if err != nil {
			return nil, err
		}
		arg, err = b.condition(arg, "IS TRUE")
		return &expr.Test{Kind: expr.IsTrue + expr.TestKind(n.BooleanTest.Booltesttype-1), Arg: arg}, err
	case *pgquery.Node_CaseExpr:
		return b.caseExpr(n.CaseExpr)
	case *pgquery.Node_CoalesceExpr:
		args, t, err := b.common("COALESCE", n.CoalesceExpr.Args)
		return &expr.Coalesce{Typed: expr.Typed{T: t, Mod: -1}, Args: args}, err
	case *pgquery.Node_MinMaxExpr:
		greatest := n.MinMaxExpr.Op == pgquery.MinMaxOp_IS_GREATEST
		args, t, err := b.common(map[bool]string{true: "GREATEST", false: "LEAST"}[greatest], n.MinMaxExpr.Args)
		return &expr.MinMax{Typed: expr.Typed{T: t, Mod: -1}, Greatest: greatest, Args: args}, err
	case *pgquery.Node_AArrayExpr:
		return b.array(n.AArrayExpr)
	case *pgquery.Node_AIndirection:
		return b.indirection(n.AIndirection)
	case *pgquery.Node_RowExpr:
		elems, err := b.list(n.RowExpr.Args)
		names := make([]string, len(elems))
		for i := range elems {
			names[i] = "f" + strconv.Itoa(i+1)
			if err == nil && elems[i].Type() == types.TUnknown {
				elems[i], err = b.Coerce(elems[i], types.TText, -1, Implicit)
			}
		}
		return &expr.RowExpr{Typed: expr.Typed{T: types.TRecord, Mod: -1}, Elems: elems, Names: names}, err
	case *pgquery.Node_CollateClause:
		return b.bind(n.CollateClause.Arg)
	}
	return nil, fmt.Errorf("the test binder does not know %T", n.Node)
}

func (b *testBinder) constant(c *pgquery.A_Const) (expr.Expr, error) {
	if c.Isnull {
		return expr.NewConst(types.TUnknown, types.Null), nil
	}
	switch v := c.Val.(type) {
	case *pgquery.A_Const_Ival:
		return expr.NewConst(types.TInt4, types.Int(int64(v.Ival.Ival))), nil
	case *pgquery.A_Const_Fval:
		if i, err := strconv.ParseInt(v.Fval.Fval, 10, 64); err == nil {
			if i == int64(int32(i)) {
				return expr.NewConst(types.TInt4, types.Int(i)), nil
			}
			return expr.NewConst(types.TInt8, types.Int(i)), nil
		}
		d, err := types.TNumeric.Parse(b.Env, v.Fval.Fval, -1)
		return expr.NewConst(types.TNumeric, d), err
	case *pgquery.A_Const_Boolval:
		return expr.NewConst(types.TBool, types.Bool(v.Boolval.Boolval)), nil
	case *pgquery.A_Const_Sval:
		return expr.NewConst(types.TUnknown, types.Text(v.Sval.Sval)), nil
	}
	return nil, fmt.Errorf("constant %T", c.Val)
}

func (b *testBinder) typeName(n *pgquery.TypeName) (*types.Type, int32, error) {
	name := n.Names[len(n.Names)-1].GetString_().Sval
	t := types.ByName(name)
	if t == nil {
		return nil, 0, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", name)
	}
	var mods []int32
	for _, m := range n.Typmods {
		mods = append(mods, m.GetAConst().GetIval().Ival)
	}
	mod := int32(-1)
	if len(mods) > 0 {
		var err error
		if mod, err = types.TypmodIn(t, mods); err != nil {
			return nil, 0, err
		}
	}
	if len(n.ArrayBounds) > 0 {
		t = t.Array
	}
	return t, mod, nil
}

func (b *testBinder) typeCast(c *pgquery.TypeCast) (expr.Expr, error) {
	t, mod, err := b.typeName(c.TypeName)
	if err != nil {
		return nil, err
	}
	if a := c.Arg.GetAArrayExpr(); a != nil && len(a.Elements) == 0 {
		return &expr.ArrayExpr{Typed: expr.Typed{T: t, Mod: -1}}, nil
	}
	e, err := b.bind(c.Arg)
	if err != nil {
		return nil, err
	}
	return b.Coerce(e, t, mod, Explicit)
}

func (b *testBinder) function(f *pgquery.FuncCall) (expr.Expr, error) {
	name := f.Funcname[len(f.Funcname)-1].GetString_().Sval
	var names []string
	nodes := make([]*pgquery.Node, len(f.Args))
	for i, a := range f.Args {
		nodes[i] = a
		if named := a.GetNamedArgExpr(); named != nil {
			names, nodes[i] = append(names, named.Name), named.Arg
		}
	}
	args, err := b.list(nodes)
	if err != nil {
		return nil, err
	}
	r, err := b.Resolve(FunctionCall{Name: name, Names: names, Variadic: f.FuncVariadic}, args)
	if err != nil {
		return nil, err
	}
	return b.FunctionCall(r, args)
}

func (b *testBinder) operator(e *pgquery.A_Expr) (expr.Expr, error) {
	name := e.Name[len(e.Name)-1].GetString_().Sval
	if e.Kind == pgquery.A_Expr_Kind_AEXPR_IN {
		return b.in(e, name)
	}
	var left expr.Expr
	var err error
	if e.Lexpr != nil {
		if left, err = b.bind(e.Lexpr); err != nil {
			return nil, err
		}
	}
	right, err := b.bind(e.Rexpr)
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case pgquery.A_Expr_Kind_AEXPR_OP_ANY, pgquery.A_Expr_Kind_AEXPR_OP_ALL:
		return b.AnyAll(name, left, right, e.Kind == pgquery.A_Expr_Kind_AEXPR_OP_ALL)
	case pgquery.A_Expr_Kind_AEXPR_DISTINCT, pgquery.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		call, err := b.Operator("=", left, right)
		if err != nil {
			return nil, err
		}
		return &expr.Distinct{Negated: e.Kind == pgquery.A_Expr_Kind_AEXPR_NOT_DISTINCT, Eq: call.Func, A: call.Args[0], B: call.Args[1]}, nil
	case pgquery.A_Expr_Kind_AEXPR_NULLIF:
		call, err := b.Operator("=", left, right)
		if err != nil {
			return nil, err
		}
		return &expr.NullIf{Typed: expr.Typed{T: call.Args[0].Type(), Mod: -1}, Eq: call.Func, A: call.Args[0], B: call.Args[1]}, nil
	}
	return b.Operator(name, left, right)
}

func (b *testBinder) in(e *pgquery.A_Expr, name string) (expr.Expr, error) {
	left, err := b.bind(e.Lexpr)
	if err != nil {
		return nil, err
	}
	var arms []expr.Expr
	for _, item := range e.Rexpr.GetList().Items {
		right, err := b.bind(item)
		if err != nil {
			return nil, err
		}
		call, err := b.Operator(name, left, right)
		if err != nil {
			return nil, err
		}
		arms = append(arms, call)
	}
	if name == "<>" {
		return expr.NewAnd(arms...), nil
	}
	return expr.NewOr(arms...), nil
}

func (b *testBinder) common(construct string, nodes []*pgquery.Node) ([]expr.Expr, *types.Type, error) {
	args, err := b.list(nodes)
	if err != nil {
		return nil, nil, err
	}
	t, err := b.Lib.CommonType(construct, typesOf(args))
	if err != nil {
		return nil, nil, err
	}
	for i := range args {
		if args[i], err = b.CoerceCommon(args[i], t, construct); err != nil {
			return nil, nil, err
		}
	}
	return args, t, nil
}

func (b *testBinder) caseExpr(c *pgquery.CaseExpr) (expr.Expr, error) {
	out := &expr.Case{}
	var err error
	if c.Arg != nil {
		if out.Arg, err = b.bind(c.Arg); err != nil {
			return nil, err
		}
		if out.Arg.Type() == types.TUnknown {
			if out.Arg, err = b.Coerce(out.Arg, types.TText, -1, Implicit); err != nil {
				return nil, err
			}
		}
	}
	var results []*pgquery.Node
	if c.Defresult != nil {
		results = append(results, c.Defresult)
	}
	for _, w := range c.Args {
		cond, err := b.bind(w.GetCaseWhen().Expr)
		if err != nil {
			return nil, err
		}
		if out.Arg != nil {
			cond, err = b.Operator("=", &expr.CaseArg{Typed: expr.Typed{T: out.Arg.Type(), Mod: -1}}, cond)
		} else {
			cond, err = b.condition(cond, "CASE/WHEN")
		}
		if err != nil {
			return nil, err
		}
		out.Arms = append(out.Arms, expr.When{Cond: cond})
		results = append(results, w.GetCaseWhen().Result)
	}
	values, t, err := b.common("CASE", results)
	if err != nil {
		return nil, err
	}
	out.Typed = expr.Typed{T: t, Mod: -1}
	if c.Defresult != nil {
		out.Else, values = values[0], values[1:]
	}
	for i := range out.Arms {
		out.Arms[i].Result = values[i]
	}
	return out, nil
}

func (b *testBinder) array(a *pgquery.A_ArrayExpr) (expr.Expr, error) {
	if len(a.Elements) == 0 {
		return nil, pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	elems, t, err := b.common("ARRAY", a.Elements)
	if err != nil {
		return nil, err
	}
	of := t.Array
	if t.Elem != nil {
		of = t
	}
	return &expr.ArrayExpr{Typed: expr.Typed{T: of, Mod: -1}, Elems: elems}, nil
}

func (b *testBinder) indirection(n *pgquery.A_Indirection) (expr.Expr, error) {
	arg, err := b.bind(n.Arg)
	if err != nil {
		return nil, err
	}
	out := &expr.Subscript{Arg: arg, Typed: expr.Typed{T: arg.Type().Elem, Mod: -1}}
	for _, i := range n.Indirection {
		ind := i.GetAIndices()
		upper, err := b.subscript(ind.Uidx)
		if err != nil {
			return nil, err
		}
		if !ind.IsSlice {
			out.Index = append(out.Index, upper)
			continue
		}
		lower, err := b.subscript(ind.Lidx)
		if err != nil {
			return nil, err
		}
		out.Slice, out.T = true, arg.Type()
		out.Lower, out.Upper = append(out.Lower, lower), append(out.Upper, upper)
	}
	return out, nil
}

func (b *testBinder) subscript(n *pgquery.Node) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := b.bind(n)
	if err != nil {
		return nil, err
	}
	return b.Coerce(e, types.TInt4, -1, Assignment)
}

// answer evaluates an expression as the recorded files print it:
// "type|text", "type|" and the word NULL, or "ERROR code: message".
func answer(env *types.Env, sql string) string {
	e, err := bindSQL(env, sql)
	if err != nil {
		return errorLine(err)
	}
	now := time.Now()
	ctx := &expr.Context{Env: env, Session: testSession{}, TransactionTime: now, StatementTime: now}
	if call, ok := e.(*expr.Call); ok && call.Func.ReturnsSet {
		return setAnswer(ctx, call)
	}
	v, err := expr.EvalConst(ctx, e)
	if err != nil {
		return errorLine(err)
	}
	if travelled, err := travel(e); err != nil || !expr.Equal(e, travelled) {
		return fmt.Sprintf("travelled badly: %v %v", expr.Format(ctx.Env, travelled), err)
	} else if w, err := expr.EvalConst(ctx, travelled); !expr.HasVolatile(e) && (err != nil || show(ctx, e.Type(), v) != show(ctx, e.Type(), w)) {
		return fmt.Sprintf("other value after travelling: %v %v", show(ctx, e.Type(), w), err)
	}
	folded, err := expr.EvalConst(ctx, expr.Fold(ctx.Env, e))
	if err != nil || show(ctx, e.Type(), v) != show(ctx, e.Type(), folded) && !expr.HasVolatile(e) {
		return fmt.Sprintf("folded differently: %v %v", show(ctx, e.Type(), folded), err)
	}
	return e.Type().SQLName + "|" + show(ctx, e.Type(), v)
}

// travel sends an expression through its wire form.
func travel(e expr.Expr) (expr.Expr, error) {
	b, err := expr.Append(nil, e)
	if err != nil {
		return nil, err
	}
	d := &expr.Decoder{Library: Default()}
	back, rest, err := d.Decode(b)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes left", len(rest))
	}
	return back, err
}

func setAnswer(ctx *expr.Context, call *expr.Call) string {
	args := make([]types.Datum, len(call.Args))
	for i, a := range call.Args {
		v, err := expr.EvalConst(ctx, a)
		if err != nil {
			return errorLine(err)
		}
		args[i] = v
		if v.IsNull() && call.Func.Strict {
			return "none|"
		}
	}
	var rows []string
	if call.Func.Rows == nil {
		return "no implementation"
	}
	err := call.Func.Rows(ctx, args, func(d types.Datum) bool {
		rows = append(rows, show(ctx, call.T, d))
		return true
	})
	if err != nil {
		return errorLine(err)
	}
	if rows == nil {
		return "none|"
	}
	return call.T.SQLName + "|" + strings.Join(rows, ";")
}

func show(ctx *expr.Context, t *types.Type, d types.Datum) string {
	if d.IsNull() {
		return "NULL"
	}
	return strings.ReplaceAll(string(t.Format(ctx.Env, nil, d)), "\n", `\n`)
}

func errorLine(err error) string {
	e := pgerr.From(err)
	line := "ERROR " + string(e.Code) + ": " + e.Message
	if e.Detail != "" {
		line += " DETAIL " + e.Detail
	}
	if e.Hint != "" {
		line += " HINT " + e.Hint
	}
	return strings.ReplaceAll(line, "\n", `\n`)
}

// testSession answers with the name that was asked.
type testSession struct{}

func (testSession) CallSession(_ context.Context, name string, args []types.Datum) (types.Datum, error) {
	return types.Text(name), nil
}

func (testSession) RunRoutine(_ *expr.Context, f *expr.Function, _ []types.Datum, yield func(types.Datum) bool) error {
	yield(types.Text(f.Name))
	return nil
}
