package builtin

import (
	"cmp"
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// inRangeImpls are the support functions of RANGE with an offset (manual 38.16.3):
// in_range(value, base, offset, sub, less) is value <= base ± offset, or >= without less.
var inRangeImpls = impls{
	"in_range_int8_int8": inRangeInt, "in_range_int4_int8": inRangeInt, "in_range_int4_int4": inRangeInt, "in_range_int4_int2": inRangeInt,
	"in_range_int2_int8": inRangeInt, "in_range_int2_int4": inRangeInt, "in_range_int2_int2": inRangeInt,
	"in_range_float8_float8": inRangeFloat, "in_range_float4_float8": inRangeFloat,
	"in_range_numeric_numeric":      inRangeNumeric,
	"in_range_timestamp_interval":   inRangeTimestamp,
	"in_range_timestamptz_interval": inRangeByInterval(types.TTimestamptz, timestamptzInterval(1), timestamptzInterval(-1)),
	"in_range_interval_interval":    inRangeByInterval(types.TInterval, sumOfIntervals(types.IntervalAdd), sumOfIntervals(types.IntervalSub)),
	"in_range_date_interval":        inRangeDate,
	"in_range_time_interval":        inRangeTime,
	"in_range_timetz_interval":      inRangeTimeTZ,
}

func errFrameSize() error {
	return pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
}

// side answers for a value that compares so with base ± offset.
func side(c int, less bool) (types.Datum, error) {
	if less {
		return types.Bool(c <= 0), nil
	}
	return types.Bool(c >= 0), nil
}

// inRangeInt computes in 64 bits: a sum beyond those of a narrower type lies
// beyond all of its values, as PostgreSQL says of an overflow.
func inRangeInt(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	value, base, offset, sub, less := a[0].Int(), a[1].Int(), a[2].Int(), a[3].Bool(), a[4].Bool()
	if offset < 0 {
		return types.Null, errFrameSize()
	}
	switch {
	case sub && base < math.MinInt64+offset:
		return types.Bool(!less), nil
	case !sub && base > math.MaxInt64-offset:
		return types.Bool(less), nil
	case sub:
		offset = -offset
	}
	return side(cmp.Compare(value, base+offset), less)
}

// inRangeFloat: NaN sorts behind all else, whatever the offset is. An infinite
// base and offset whose sum would be NaN take everything in.
func inRangeFloat(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	value, base, offset, sub, less := a[0].Float(), a[1].Float(), a[2].Float(), a[3].Bool(), a[4].Bool()
	if math.IsNaN(offset) || offset < 0 {
		return types.Null, errFrameSize()
	}
	if math.IsNaN(value) || math.IsNaN(base) {
		return side(types.CompareFloat(value, base), less)
	}
	sum := base + offset
	if sub {
		sum = base - offset
	}
	if math.IsNaN(sum) {
		return types.Bool(true), nil
	}
	return side(types.CompareFloat(value, sum), less)
}

// inRangeNumeric is inRangeFloat of numeric.
func inRangeNumeric(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	value, base, offset, sub, less := a[0].Decimal(), a[1].Decimal(), a[2].Decimal(), a[3].Bool(), a[4].Bool()
	if offset.Form == apd.NaN || offset.Sign() < 0 {
		return types.Null, errFrameSize()
	}
	if value.Form == apd.NaN || base.Form == apd.NaN {
		return side(types.CompareNumeric(value, base), less)
	}
	add := types.NumericAdd
	if sub {
		add = types.NumericSub
	}
	sum, err := add(base, offset)
	if err != nil {
		return types.Null, err
	}
	if sum.Form == apd.NaN {
		return types.Bool(true), nil
	}
	return side(types.CompareNumeric(value, sum), less)
}

func sumOfIntervals(sum func(a, b types.Interval) (types.Interval, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return interval(sum(a[0].Interval(), a[1].Interval()))
	}
}

// inRangeByInterval is in_range of a type to which intervals are added.
func inRangeByInterval(t *types.Type, plus, minus impl) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if types.CompareInterval(a[2].Interval(), types.Interval{}) < 0 {
			return types.Null, errFrameSize()
		}
		add := plus
		if a[3].Bool() {
			add = minus
		}
		sum, err := add(ctx, a[1:3])
		if err != nil {
			return types.Null, err
		}
		return side(t.Compare(a[0], sum), a[4].Bool())
	}
}

// inRangeTimestamp is in_range of timestamp, and of dates as midnights.
var inRangeTimestamp = inRangeByInterval(types.TTimestamp, timestampInterval(1), timestampInterval(-1))

func inRangeDate(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	midnights := [5]types.Datum{2: a[2], 3: a[3], 4: a[4]}
	for i := range 2 {
		t, err := types.DateToTimestamp(a[i].Int())
		if err != nil {
			return types.Null, err
		}
		midnights[i] = types.Int(t)
	}
	return inRangeTimestamp(ctx, midnights[:])
}

// timeOffset is the offset from a time of day: an interval's time alone, which
// does not go around midnight.
func timeOffset(a []types.Datum) (int64, error) {
	offset := a[2].Interval().Micros
	if offset < 0 {
		return 0, errFrameSize()
	}
	if a[3].Bool() {
		return -offset, nil
	}
	return offset, nil
}

func inRangeTime(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	offset, err := timeOffset(a)
	if err != nil {
		return types.Null, err
	}
	return side(cmp.Compare(a[0].Int(), a[1].Int()+offset), a[4].Bool())
}

func inRangeTimeTZ(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	offset, err := timeOffset(a)
	if err != nil {
		return types.Null, err
	}
	sum := a[1].TimeTZ()
	sum.Micros += offset
	return side(types.TTimeTZ.Compare(a[0], types.TimeTZDatum(sum)), a[4].Bool())
}
