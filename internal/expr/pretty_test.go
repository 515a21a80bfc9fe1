package expr

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestPretty has what pg_get_expr(…, true) printed in PostgreSQL 15 for the same trees.
func TestPretty(t *testing.T) {
	col := func(name string) Expr { return NewColumn(0, name, types.TInt4, -1) }
	op := func(a Expr, operator string, b Expr) *Call {
		return &Call{Typed: Typed{types.TInt4, -1}, Func: &Function{Name: "f"}, Operator: operator, Args: []Expr{a, b}}
	}
	logic := func(o BoolOp, args ...Expr) Expr { return &Logic{Op: o, Args: args} }
	a, b, c := col("a"), col("b"), col("c")
	for want, e := range map[string]Expr{
		"a + b * c":                      op(a, "+", op(b, "*", c)),
		"(a + b) * c":                    op(op(a, "+", b), "*", c),
		"a - b - c":                      op(op(a, "-", b), "-", c),
		"a - (b - c)":                    op(a, "-", op(b, "-", c)),
		"(a < b) = c":                    op(op(a, "<", b), "=", c),
		"a < b AND (b < c OR NOT a = c)": logic(And, op(a, "<", b), logic(Or, op(b, "<", c), logic(Not, op(a, "=", c)))),
		"(a + b) IS NULL":                &Test{Kind: IsNull, Arg: op(a, "+", b)},
		"(a + b)::bigint":                &Cast{Typed: Typed{types.TInt8, -1}, Arg: op(a, "+", b), Explicit: true},
		"(a + b)":                        &Cast{Typed: Typed{types.TInt8, -1}, Arg: op(a, "+", b)},
		"f(a + b)":                       &Call{Typed: Typed{types.TInt4, -1}, Func: &Function{Name: "f"}, Args: []Expr{op(a, "+", b)}},
	} {
		if got := (&Formatter{Env: types.DefaultEnv(), Pretty: true}).Format(e); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
