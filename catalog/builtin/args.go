package builtin

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The adapters below make an impl of a Go function over values. They are for
// strict functions: the arguments are not NULL.

func intInt(f func(int64) (int64, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := f(a[0].Int())
		return types.Int(v), err
	}
}

func intsInt(f func(a, b int64) (int64, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := f(a[0].Int(), a[1].Int())
		return types.Int(v), err
	}
}

func floatFloat(f func(float64) (float64, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := f(a[0].Float())
		return types.Float(v), err
	}
}

func floatsFloat(f func(a, b float64) (float64, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := f(a[0].Float(), a[1].Float())
		return types.Float(v), err
	}
}

func numeric(v *apd.Decimal, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	return types.Decimal(v), nil
}

func numericNumeric(f func(*apd.Decimal) (*apd.Decimal, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return numeric(f(a[0].Decimal()))
	}
}

func numericsNumeric(f func(a, b *apd.Decimal) (*apd.Decimal, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return numeric(f(a[0].Decimal(), a[1].Decimal()))
	}
}

func textText(f func(string) (string, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		s, err := f(a[0].Text())
		return types.Text(s), err
	}
}

func textInt(f func(string) int64) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(f(a[0].Text())), nil
	}
}

func textsBool(f func(a, b string) bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(f(a[0].Text(), a[1].Text())), nil
	}
}

// same is a function that answers its argument.
func same(_ *expr.Context, a []types.Datum) (types.Datum, error) { return a[0], nil }

// must makes a function that cannot fail one that could.
func must[A, R any](f func(A) R) func(A) (R, error) {
	return func(a A) (R, error) { return f(a), nil }
}

// must2 is must for two arguments.
func must2[A, B, R any](f func(A, B) R) func(A, B) (R, error) {
	return func(a A, b B) (R, error) { return f(a, b), nil }
}
