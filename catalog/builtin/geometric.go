package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/geometry"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// geometricArg and geometricResult are the types that the functions below take
// and give: shape and shaped have a case for each.
type geometricArg interface {
	geometry.Point | geometry.Line | geometry.LSeg | geometry.Box | geometry.Path | geometry.Polygon | geometry.Circle | float64 | int64
}

type geometricResult interface {
	geometry.Point | geometry.Line | geometry.LSeg | geometry.Box | geometry.Path | geometry.Polygon | geometry.Circle | float64 | int | bool |
		*geometry.Point | *geometry.Box | *geometry.Path | *float64
}

// shape reads a geometric value, or a number that goes with one, of a Datum.
func shape[T geometricArg](d types.Datum) (v T) {
	switch p := any(&v).(type) {
	case *geometry.Point:
		*p = d.Point()
	case *geometry.Line:
		*p = d.Line()
	case *geometry.LSeg:
		*p = d.LSeg()
	case *geometry.Box:
		*p = d.Box()
	case *geometry.Path:
		*p = d.Path()
	case *geometry.Polygon:
		*p = d.Polygon()
	case *geometry.Circle:
		*p = d.Circle()
	case *float64:
		*p = d.Float()
	case *int64:
		*p = d.Int()
	}
	return v
}

// shaped makes a Datum of what a geometric function answers; a nil pointer is NULL.
func shaped[T geometricResult](v T) types.Datum {
	switch v := any(v).(type) {
	case geometry.Point:
		return types.PointDatum(v)
	case geometry.Line:
		return types.LineDatum(v)
	case geometry.LSeg:
		return types.LSegDatum(v)
	case geometry.Box:
		return types.BoxDatum(v)
	case geometry.Path:
		return types.PathDatum(v)
	case geometry.Polygon:
		return types.PolygonDatum(v)
	case geometry.Circle:
		return types.CircleDatum(v)
	case float64:
		return types.Float(v)
	case int:
		return types.Int(int64(v))
	case bool:
		return types.Bool(v)
	case *geometry.Point:
		return shapedOrNull(v)
	case *geometry.Box:
		return shapedOrNull(v)
	case *geometry.Path:
		return shapedOrNull(v)
	case *float64:
		return shapedOrNull(v)
	}
	return types.Null
}

func shapedOrNull[T geometricResult](v *T) types.Datum {
	if v == nil {
		return types.Null
	}
	return shaped(*v)
}

// of is a function of one value that cannot fail.
func of[A geometricArg, R geometricResult](f func(A) R) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return shaped(f(shape[A](a[0]))), nil }
}

// of2 is a function of two values that cannot fail.
func of2[A, B geometricArg, R geometricResult](f func(A, B) R) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return shaped(f(shape[A](a[0]), shape[B](a[1]))), nil
	}
}

// computed is a function of one value that computes.
func computed[A geometricArg, R geometricResult](f func(*geometry.Calc, A) R) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c := geometry.Calc{Spend: ctx.Spend}
		r := f(&c, shape[A](a[0]))
		return result(&c, r)
	}
}

// computed2 is a function of two values that computes.
func computed2[A, B geometricArg, R geometricResult](f func(*geometry.Calc, A, B) R) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c := geometry.Calc{Spend: ctx.Spend}
		r := f(&c, shape[A](a[0]), shape[B](a[1]))
		return result(&c, r)
	}
}

func result[R geometricResult](c *geometry.Calc, r R) (types.Datum, error) {
	if err := c.Err(); err != nil {
		return types.Null, err
	}
	return shaped(r), nil
}

// measured compares two values by a number that is computed of each.
func measured[A geometricArg](measure func(*geometry.Calc, A) float64, holds func(a, b float64) bool) impl {
	return computed2(func(c *geometry.Calc, a, b A) bool { return holds(measure(c, a), measure(c, b)) })
}

// turned is f with its two arguments the other way round.
func turned(f impl) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return f(ctx, []types.Datum{a[1], a[0]})
	}
}

func above(a, b float64) bool   { return geometry.Less(b, a) }
func atLeast(a, b float64) bool { return geometry.AtMost(b, a) }

// counted compares two paths by the number of their points.
func counted(op expr.CompareOp) impl {
	return of2(func(p, q geometry.Path) bool { return op.Holds(int64(p.Len()), int64(q.Len())) })
}
