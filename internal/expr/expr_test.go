package expr

import (
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The functions of these tests: enough of int4 to build trees of.
var (
	errBoom = errors.New("boom")

	intEq = &Function{OID: 65, Name: "int4eq", Args: []*types.Type{types.TInt4, types.TInt4}, Result: types.TBool, Strict: true,
		Volatility: Immutable, IntCompare: CompareEQ}
	intLess = &Function{OID: 66, Name: "int4lt", Args: []*types.Type{types.TInt4, types.TInt4}, Result: types.TBool, Strict: true,
		Volatility: Immutable, IntCompare: CompareLT}
	intAdd = &Function{OID: 177, Name: "int4pl", Args: []*types.Type{types.TInt4, types.TInt4}, Result: types.TInt4, Strict: true,
		Volatility: Immutable, Impl: func(_ *Context, a []types.Datum) (types.Datum, error) {
			return types.Int(a[0].Int() + a[1].Int()), nil
		}}
	fail = &Function{OID: 1, Name: "fail", Result: types.TInt4, Volatility: Immutable,
		Impl: func(*Context, []types.Datum) (types.Datum, error) { return types.Null, errBoom }}
	draw = &Function{OID: 2, Name: "draw", Result: types.TInt4, Volatility: Volatile,
		Impl: func(*Context, []types.Datum) (types.Datum, error) { return types.Int(4), nil }}
	sum3 = &Function{OID: 3, Name: "sum3", Args: []*types.Type{types.TInt4, types.TInt4, types.TInt4}, Result: types.TInt4, Strict: true,
		Volatility: Immutable, Impl: func(_ *Context, a []types.Datum) (types.Datum, error) {
			return types.Int(a[0].Int() + a[1].Int() + a[2].Int()), nil
		}}
)

func integer(v int64) Expr { return NewConst(types.TInt4, types.Int(v)) }

func nullInt() Expr { return NewConst(types.TInt4, types.Null) }

func col(id ColumnID) Expr { return NewColumn(id, "c", types.TInt4, -1) }

func op(f *Function, operator string, args ...Expr) *Call {
	c := NewCall(f, args...)
	c.Operator = operator
	return c
}

// columnsInOrder lays out column n at position n.
func columnsInOrder(id ColumnID) int { return int(id) }

func text(d types.Datum) string {
	switch d.Kind() {
	case types.KindNull:
		return "NULL"
	case types.KindBool:
		return map[bool]string{true: "t", false: "f"}[d.Bool()]
	}
	return string(types.AppendInt(nil, d.Int()))
}

func TestCompile(t *testing.T) {
	row := []types.Datum{types.Int(7), types.Null, types.Int(3)}
	yes, no, null := Expr(True()), Expr(untrue()), Expr(NewConst(types.TBool, types.Null))
	for _, c := range []struct {
		name string
		e    Expr
		want string
	}{
		{"column and literal", op(intEq, "=", col(0), integer(7)), "t"},
		{"NULL column", op(intEq, "=", col(1), integer(7)), "NULL"},
		{"two columns", op(intLess, "<", col(2), col(0)), "t"},
		{"literal and column", op(intLess, "<", integer(9), col(0)), "f"},
		{"nested calls share the stack", op(intAdd, "+", op(intAdd, "+", col(0), integer(1)), op(intAdd, "+", col(2), integer(2))), "13"},
		{"three arguments", NewCall(sum3, integer(1), op(intAdd, "+", col(0), integer(1)), integer(3)), "12"},
		{"strict", NewCall(sum3, integer(1), nullInt(), integer(3)), "NULL"},
		{"AND false first", NewAnd(no, op(intEq, "=", NewCall(fail), integer(1))), "f"},
		{"AND NULL false", NewAnd(null, no), "f"},
		{"AND NULL true", NewAnd(null, yes), "NULL"},
		{"AND of three", NewAnd(yes, null, yes), "NULL"},
		{"OR true first", NewOr(yes, op(intEq, "=", NewCall(fail), integer(1))), "t"},
		{"OR NULL", NewOr(null, no), "NULL"},
		{"OR of three", NewOr(no, null, yes), "t"},
		{"NOT NULL", negated(null), "NULL"},
		{"IS NOT TRUE of NULL", &Test{Kind: IsNotTrue, Arg: null}, "t"},
		{"IS FALSE of NULL", &Test{Kind: IsFalse, Arg: null}, "f"},
		{"IS UNKNOWN", &Test{Kind: IsUnknown, Arg: null}, "t"},
		{"distinct NULLs", &Distinct{Eq: intEq, A: nullInt(), B: nullInt()}, "f"},
		{"distinct from NULL", &Distinct{Eq: intEq, A: col(0), B: col(1)}, "t"},
		{"not distinct", &Distinct{Eq: intEq, Negated: true, A: col(0), B: integer(7)}, "t"},
		{"NULLIF equal", &NullIf{Typed: Typed{types.TInt4, -1}, Eq: intEq, A: col(0), B: integer(7)}, "NULL"},
		{"NULLIF of NULL", &NullIf{Typed: Typed{types.TInt4, -1}, Eq: intEq, A: col(0), B: nullInt()}, "7"},
		{"COALESCE stops", &Coalesce{Typed: Typed{types.TInt4, -1}, Args: []Expr{nullInt(), col(0), NewCall(fail)}}, "7"},
		{"GREATEST skips NULL", &MinMax{Typed: Typed{types.TInt4, -1}, Greatest: true, Args: []Expr{nullInt(), integer(2), col(0)}}, "7"},
		{"LEAST of NULLs", &MinMax{Typed: Typed{types.TInt4, -1}, Args: []Expr{nullInt()}}, "NULL"},
		{"IN finds", inList(col(0), 1, 7), "t"},
		{"IN with NULL", &AnyAll{Op: intEq, Operator: "=", Left: col(0), List: []Expr{integer(1), nullInt()}}, "NULL"},
		{"long IN", inList(col(0), 1, 2, 3, 4, 5, 6, 8, 9, 10, 7), "t"},
		{"long IN misses", inList(col(2), 1, 2, 4, 5, 6, 8, 9, 10, 7), "f"},
		{"ALL of none", &AnyAll{All: true, Op: intLess, Left: col(1), Array: emptyArray()}, "t"},
		{"ANY of none", &AnyAll{Op: intLess, Left: col(1), Array: emptyArray()}, "f"},
		{"CASE with argument", caseOf(col(0), When{op(intEq, "=", caseArg(), integer(3)), integer(1)}, When{op(intEq, "=", caseArg(), integer(7)), integer(2)}), "2"},
		{"CASE falls through", caseOf(col(1), When{op(intEq, "=", caseArg(), integer(3)), integer(1)}), "NULL"},
		{"nested CASE keeps the outer argument", caseOf(col(0),
			When{op(intEq, "=", caseOf(col(2), When{op(intEq, "=", caseArg(), integer(4)), integer(0)}), integer(0)), integer(1)},
			When{op(intEq, "=", caseArg(), integer(7)), integer(2)}), "2"},
	} {
		eval, err := Compile(c.e, columnsInOrder)
		if err != nil {
			t.Fatal(c.name, err)
		}
		ctx := &Context{Env: types.DefaultEnv()}
		got, err := eval(ctx, row)
		if err != nil || text(got) != c.want {
			t.Errorf("%s: %s is %s, %v; want %s", c.name, Format(ctx.Env, c.e), text(got), err, c.want)
		}
		if len(ctx.stack) != 0 {
			t.Errorf("%s leaves %d values on the stack", c.name, len(ctx.stack))
		}
	}
}

func inList(left Expr, values ...int64) Expr {
	e := &AnyAll{Op: intEq, Operator: "=", Left: left}
	for _, v := range values {
		e.List = append(e.List, integer(v))
	}
	return e
}

func emptyArray() Expr { return &ArrayExpr{Typed: Typed{types.TInt4Array, -1}} }

func caseArg() Expr { return &CaseArg{Typed{types.TInt4, -1}} }

func caseOf(arg Expr, arms ...When) Expr {
	return &Case{Typed: Typed{types.TInt4, -1}, Arg: arg, Arms: arms}
}

func TestErrorsLeaveTheStackClean(t *testing.T) {
	e := NewCall(sum3, integer(1), op(intAdd, "+", integer(1), NewCall(fail)), integer(3))
	eval, err := Compile(e, columnsInOrder)
	if err != nil {
		t.Fatal(err)
	}
	ctx := &Context{Env: types.DefaultEnv()}
	if _, err := eval(ctx, nil); !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
	if len(ctx.stack) != 0 {
		t.Fatal("values left on the stack")
	}
}

// A copy of a Context may run beside the original: they share no stack.
func TestContextCopiesAreApart(t *testing.T) {
	a := &Context{Env: types.DefaultEnv()}
	a.own()
	b := *a
	b.own()
	a.stack, b.stack = append(a.stack, types.Int(1)), append(b.stack, types.Int(2))
	if a.stack[0].Int() != 1 || b.stack[0].Int() != 2 {
		t.Fatal("the copy writes to the original's stack")
	}
}

func TestMissingColumnIsAnError(t *testing.T) {
	if _, err := Compile(op(intEq, "=", col(5), integer(1)), func(ColumnID) int { return -1 }); err == nil {
		t.Fatal("compiled a column that is not there")
	}
}

func TestAllocations(t *testing.T) {
	e := NewAnd(op(intLess, "<", op(intAdd, "+", col(0), integer(1)), integer(10)), op(intEq, "=", col(2), integer(3)))
	eval, err := Compile(e, columnsInOrder)
	if err != nil {
		t.Fatal(err)
	}
	ctx := &Context{Env: types.DefaultEnv()}
	row := []types.Datum{types.Int(7), types.Null, types.Int(3)}
	if n := testing.AllocsPerRun(100, func() { _, _ = eval(ctx, row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func TestFold(t *testing.T) {
	env := types.DefaultEnv()
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{op(intAdd, "+", integer(1), integer(2)), "3"},
		{op(intAdd, "+", col(0), op(intAdd, "+", integer(1), integer(2))), "(c + 3)"},
		{op(intAdd, "+", col(0), nullInt()), "NULL::integer"},
		{op(intAdd, "+", NewCall(draw), nullInt()), "(draw() + NULL::integer)"},
		{op(intAdd, "+", NewCall(fail), integer(1)), "(fail() + 1)"},
		{NewAnd(True(), op(intEq, "=", col(0), integer(1))), "(c = 1)"},
		{NewAnd(untrue(), op(intEq, "=", col(0), integer(1))), "false"},
		{NewOr(True(), op(intEq, "=", NewCall(fail), integer(1))), "true"},
		{negated(op(intEq, "=", integer(1), integer(2))), "true"},
		{&Coalesce{Typed: Typed{types.TInt4, -1}, Args: []Expr{nullInt(), col(0), integer(1), col(2)}}, "COALESCE(c, 1)"},
		{caseOf(nil, When{untrue(), NewCall(fail)}, When{True(), integer(2)}), "2"},
		{caseOf(integer(1), When{op(intEq, "=", caseArg(), integer(1)), col(0)}), "c"},
		{NewCall(draw), "draw()"},
	} {
		if got := Format(env, Fold(env, c.e)); got != c.want {
			t.Errorf("Fold(%s) = %s, want %s", Format(env, c.e), got, c.want)
		}
	}
}

func TestMapKeepsWhatDoesNotChange(t *testing.T) {
	e := NewAnd(op(intEq, "=", col(0), integer(1)), op(intLess, "<", col(2), integer(3)))
	same, err := Map(e, func(e Expr) (Expr, error) { return e, nil })
	if err != nil || same != e {
		t.Fatal("the identity rebuilds the tree", err)
	}
	moved := Replace(e, func(e Expr) Expr {
		if c, ok := e.(*Column); ok && c.ID == 2 {
			return col(9)
		}
		return nil
	})
	if got := Columns(moved); len(got) != 2 || got[0] != 0 || got[1] != 9 {
		t.Fatal(got)
	}
	if got := Columns(e); got[1] != 2 {
		t.Fatal("the original changed", got)
	}
	if moved.(*Logic).Args[0] != e.(*Logic).Args[0] {
		t.Fatal("an unchanged argument was rebuilt")
	}
}

func TestEqual(t *testing.T) {
	a := func() Expr { return op(intAdd, "+", col(0), integer(1)) }
	for _, c := range []struct {
		x, y Expr
		want bool
	}{
		{a(), a(), true},
		{a(), op(intAdd, "+", col(0), integer(2)), false},
		{a(), op(intAdd, "+", col(1), integer(1)), false},
		{NewAnd(True(), untrue()), NewOr(True(), untrue()), false},
		{nullInt(), integer(0), false},
		{caseOf(nil, When{True(), integer(1)}), caseOf(True(), When{integer(1), nil}), false},
		{NewConst(types.TNumeric, types.Decimal(types.NumericFromText("1.0"))), NewConst(types.TNumeric, types.Decimal(types.NumericFromText("1.00"))), false},
	} {
		if got := Equal(c.x, c.y); got != c.want {
			t.Errorf("Equal(%#v, %#v) = %v", c.x, c.y, got)
		}
	}
}

func TestVolatility(t *testing.T) {
	if !HasVolatile(op(intAdd, "+", col(0), NewCall(draw))) || HasVolatile(op(intAdd, "+", col(0), integer(1))) {
		t.Error("HasVolatile")
	}
	if IsConst(col(0)) || !IsConst(op(intAdd, "+", integer(1), integer(2))) || IsConst(&Param{Typed: Typed{types.TInt4, -1}}) {
		t.Error("IsConst")
	}
	if !IsRowIndependent(&Param{Typed: Typed{types.TInt4, -1}}) || IsRowIndependent(NewCall(draw)) {
		t.Error("IsRowIndependent")
	}
}

func negated(arg Expr) Expr { return &Logic{Op: Not, Args: []Expr{arg}} }

func untrue() *Const { return NewConst(types.TBool, types.False) }
