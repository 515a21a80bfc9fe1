package expr_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// call evaluates a function of so many arguments as often as it takes.
func call(ctx *expr.Context, f *expr.Function, args []expr.Expr, times int) error {
	eval, err := expr.Compile(&expr.Call{Typed: expr.Typed{T: types.TText, Mod: -1}, Func: f, Args: args}, nil)
	if err != nil {
		return err
	}
	for range times {
		if _, err := eval(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func TestCallsEndWithTheStatement(t *testing.T) {
	ended, end := context.WithCancel(context.Background())
	end()
	long := types.Text(string(make([]byte, 1<<20)))
	for _, c := range []struct {
		name   string
		args   int
		result types.Datum
		times  int
	}{
		{"no arguments", 0, types.Text("x"), 100},
		{"one argument", 1, types.Text("x"), 100},
		{"two arguments", 2, types.Text("x"), 100},
		{"three arguments", 3, types.Text("x"), 100},
		{"a long result", 2, long, 1},
	} {
		calls := 0
		f := &expr.Function{Name: "f", Result: types.TText, Impl: func(*expr.Context, []types.Datum) (types.Datum, error) {
			calls++
			return c.result, nil
		}}
		args := make([]expr.Expr, c.args)
		for i := range args {
			args[i] = &expr.Const{Typed: expr.Typed{T: types.TText, Mod: -1}, Value: types.Text("a")}
			f.Args = append(f.Args, types.TText)
		}
		if err := call(&expr.Context{Running: ended}, f, args, c.times); !errors.Is(err, context.Canceled) || calls > 16 {
			t.Errorf("%s: %d calls, %v", c.name, calls, err)
		}
		if err := call(&expr.Context{Running: context.Background()}, f, args, c.times); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
