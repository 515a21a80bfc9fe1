package builtin

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// seriesRows are generate_series of every type (int.c, int8.c, numeric.c, timestamp.c).
var seriesRows = rowsImpls{
	"generate_series_int4": intSeries(int4Limits), "generate_series_step_int4": intSeries(int4Limits),
	"generate_series_int8": intSeries(int8Limits), "generate_series_step_int8": intSeries(int8Limits),
	"generate_series_numeric": numericSeries, "generate_series_step_numeric": numericSeries,
	"generate_series_timestamp": timestampSeries(func(_ *expr.Context, t int64, v types.Interval) (int64, error) {
		return types.TimestampAddInterval(t, v)
	}),
	"generate_series_timestamptz": timestampSeries(func(ctx *expr.Context, t int64, v types.Interval) (int64, error) {
		return types.TimestamptzAddInterval(t, v, ctx.Env.Location)
	}),
}

func errStepZero() error {
	return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
}

// intSeries ends where the next value would overflow.
func intSeries(l limits) rowsImpl {
	return func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		v, stop, step := a[0].Int(), a[1].Int(), int64(1)
		if len(a) > 2 {
			step = a[2].Int()
		}
		if step == 0 {
			return errStepZero()
		}
		for step > 0 && v <= stop || step < 0 && v >= stop {
			if !yield(types.Int(v)) {
				return nil
			}
			next, err := l.add(v, step)
			if err != nil {
				return nil
			}
			v = next
		}
		return nil
	}
}

// checkSeries refuses NaN and infinity.
func checkSeries(name string, v *apd.Decimal) error {
	switch v.Form {
	case apd.NaN:
		return pgerr.New(pgerr.InvalidParameterValue, "%s cannot be NaN", name)
	case apd.Infinite:
		return pgerr.New(pgerr.InvalidParameterValue, "%s cannot be infinity", name)
	}
	return nil
}

func numericSeries(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	v, stop, step := a[0].Decimal(), a[1].Decimal(), types.NumericFromInt(1)
	if len(a) > 2 {
		step = a[2].Decimal()
	}
	for _, arg := range []struct {
		name string
		v    *apd.Decimal
	}{{"start value", v}, {"stop value", stop}, {"step size", step}} {
		if err := checkSeries(arg.name, arg.v); err != nil {
			return err
		}
	}
	if step.IsZero() {
		return errStepZero()
	}
	// A step's scale shows in all values but the first, as adding makes it.
	for types.CompareNumeric(v, stop)*step.Sign() <= 0 {
		if !yield(types.Decimal(v)) {
			return nil
		}
		next, err := types.NumericAdd(v, step)
		if err != nil {
			// No stop value lies beyond what a numeric can be.
			return nil
		}
		v = next
	}
	return nil
}

func timestampSeries(add func(*expr.Context, int64, types.Interval) (int64, error)) rowsImpl {
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		t, stop, step := a[0].Int(), a[1].Int(), a[2].Interval()
		sign := types.CompareInterval(step, types.Interval{})
		if sign == 0 {
			return errStepZero()
		}
		for sign > 0 && t <= stop || sign < 0 && t >= stop {
			if !yield(types.Int(t)) {
				return nil
			}
			var err error
			if t, err = add(ctx, t, step); err != nil {
				return err
			}
		}
		return nil
	}
}
