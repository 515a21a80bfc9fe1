package builtin

import (
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86400 * microsPerSecond
)

// datetimeImpls are arithmetic on dates, times and intervals, and the casts
// between them (date.c, timestamp.c).
var datetimeImpls = impls{
	"date_pli": intsInt(types.DateAddDays), "date_mii": intsInt(func(d, n int64) (int64, error) { return types.DateAddDays(d, -n) }),
	"integer_pl_date(integer,date)": intsInt(func(n, d int64) (int64, error) { return types.DateAddDays(d, n) }),
	"date_mi":                       intsInt(types.DateDiff),
	"date_pl_interval":              dateInterval(1), "date_mi_interval": dateInterval(-1),
	"interval_pl_date(interval,date)": swapped(dateInterval(1)),
	"datetime_timestamp":              dateTime, "timedate_pl(time without time zone,date)": swapped(dateTime),
	"datetimetz_timestamptz": dateTimeTZ, "timetzdate_pl(time with time zone,date)": swapped(dateTimeTZ),
	"timestamptz(date,time without time zone)": dateTimeLocal,

	"timestamp_pl_interval": timestampInterval(1), "timestamp_mi_interval": timestampInterval(-1),
	"timestamptz_pl_interval": timestamptzInterval(1), "timestamptz_mi_interval": timestamptzInterval(-1),
	"interval_pl_timestamp(interval,timestamp without time zone)": swapped(timestampInterval(1)),
	"interval_pl_timestamptz(interval,timestamp with time zone)":  swapped(timestamptzInterval(1)),
	"timestamp_mi":  intsInterval(types.TimestampDiff),
	"timestamp_age": intsInterval(types.TimestampAge), "timestamptz_age": ageLocal,
	"age(timestamp without time zone)": ageToday, "age(timestamp with time zone)": ageTodayTZ,

	"time_pl_interval": timeInterval(1), "time_mi_interval": timeInterval(-1),
	"interval_pl_time(interval,time without time zone)": swapped(timeInterval(1)),
	"timetz_pl_interval": timetzInterval(1), "timetz_mi_interval": timetzInterval(-1),
	"interval_pl_timetz(interval,time with time zone)": swapped(timetzInterval(1)),
	"time_mi_time": intsInterval(func(a, b int64) (types.Interval, error) { return types.Interval{Micros: a - b}, nil }),

	"interval_pl": intervals(types.IntervalAdd), "interval_mi": intervals(types.IntervalSub),
	"interval_um": intervalOf(types.IntervalNeg), "interval_mul": intervalFloat(types.IntervalMul), "interval_div": intervalDivide,
	"mul_d_interval":         swapped(intervalFloat(types.IntervalMul)),
	"interval_justify_hours": intervalOf(types.JustifyHours), "interval_justify_days": intervalOf(types.JustifyDays),
	"interval_justify_interval": intervalOf(types.JustifyInterval),

	"date_timestamp": intInt(types.DateToTimestamp), "timestamp_date": intInt(must(types.TimestampToDate)),
	"date_timestamptz": dateToTZ, "timestamptz_date": tzToDate,
	"timestamp_timestamptz": toTZ, "timestamptz_timestamp": toLocal,
	"timestamp_time": timestampTime, "timestamptz_time": timestamptzTime, "timestamptz_timetz": timestamptzTimeTZ,
	"time_interval": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.IntervalDatum(types.Interval{Micros: a[0].Int()}), nil
	},
	"interval_time": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(types.TimeAddInterval(0, a[0].Interval())), nil
	},
	"timetz_time": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(a[0].TimeTZ().Micros), nil
	},
	"time_timetz": timeToTZ,

	"date_finite": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(types.IsFiniteDate(a[0].Int())), nil
	},
	"timestamp_finite": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(types.IsFiniteTimestamp(a[0].Int())), nil
	},
	"interval_finite": func(*expr.Context, []types.Datum) (types.Datum, error) { return types.True, nil },
}

func interval(v types.Interval, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	return types.IntervalDatum(v), nil
}

func intsInterval(f func(a, b int64) (types.Interval, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return interval(f(a[0].Int(), a[1].Int()))
	}
}

func intervals(f func(a, b types.Interval) (types.Interval, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return interval(f(a[0].Interval(), a[1].Interval()))
	}
}

func intervalOf(f func(types.Interval) (types.Interval, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return interval(f(a[0].Interval())) }
}

func intervalFloat(f func(types.Interval, float64) (types.Interval, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return interval(f(a[0].Interval(), a[1].Float()))
	}
}

func intervalDivide(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[1].Float() == 0 {
		return types.Null, types.DivisionByZero()
	}
	return interval(types.IntervalDiv(a[0].Interval(), a[1].Float()))
}

// swapped is f with its two arguments in the other order.
func swapped(f impl) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return f(ctx, []types.Datum{a[1], a[0]})
	}
}

// signed is v or, for sign -1, its negation.
func signed(v types.Interval, sign int) (types.Interval, error) {
	if sign > 0 {
		return v, nil
	}
	return types.IntervalNeg(v)
}

// addInterval applies add to an integer-like moment and an interval.
func addInterval(sign int, add func(ctx *expr.Context, t int64, v types.Interval) (int64, error)) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := signed(a[1].Interval(), sign)
		if err != nil {
			return types.Null, err
		}
		return intResult(add(ctx, a[0].Int(), v))
	}
}

func timestampInterval(sign int) impl {
	return addInterval(sign, func(_ *expr.Context, t int64, v types.Interval) (int64, error) {
		return types.TimestampAddInterval(t, v)
	})
}

func timestamptzInterval(sign int) impl {
	return addInterval(sign, func(ctx *expr.Context, t int64, v types.Interval) (int64, error) {
		return types.TimestamptzAddInterval(t, v, ctx.Env.Location)
	})
}

func dateInterval(sign int) impl {
	return addInterval(sign, func(_ *expr.Context, d int64, v types.Interval) (int64, error) {
		t, err := types.DateToTimestamp(d)
		if err != nil {
			return 0, err
		}
		return types.TimestampAddInterval(t, v)
	})
}

func timeInterval(sign int) impl {
	return addInterval(sign, func(_ *expr.Context, t int64, v types.Interval) (int64, error) {
		return types.TimeAddInterval(t, v), nil
	})
}

func timetzInterval(sign int) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := signed(a[1].Interval(), sign)
		if err != nil {
			return types.Null, err
		}
		return types.TimeTZDatum(types.TimeTZAddInterval(a[0].TimeTZ(), v)), nil
	}
}

// dateTime is date + time.
func dateTime(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	t, err := types.DateToTimestamp(a[0].Int())
	if err != nil || !types.IsFiniteTimestamp(t) {
		return types.Int(t), err
	}
	return intResult(types.TimestampAddInterval(t, types.Interval{Micros: a[1].Int()}))
}

// dateTimeTZ is date + timetz.
func dateTimeTZ(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	t, err := types.DateToTimestamp(a[0].Int())
	if err != nil || !types.IsFiniteTimestamp(t) {
		return types.Int(t), err
	}
	z := a[1].TimeTZ()
	v, err := types.TimestampAddInterval(t, types.Interval{Micros: z.Micros + int64(z.ZoneWestS)*microsPerSecond})
	if err != nil {
		return types.Null, pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range for timestamp")
	}
	return types.Int(v), nil
}

// dateTimeLocal is timestamptz(date, time): in the session's zone.
func dateTimeLocal(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	d, err := dateTime(ctx, a)
	if err != nil {
		return types.Null, err
	}
	return toTZ(ctx, []types.Datum{d})
}

func toTZ(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return intResult(types.TimestampToTZ(a[0].Int(), ctx.Env.Location))
}

func toLocal(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return intResult(types.TimestamptzToLocal(a[0].Int(), ctx.Env.Location))
}

func dateToTZ(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	t, err := types.DateToTimestamp(a[0].Int())
	if err != nil {
		return types.Null, err
	}
	return intResult(types.TimestampToTZ(t, ctx.Env.Location))
}

func tzToDate(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Int(types.TimestampToDate(types.LocalMicros(a[0].Int(), ctx.Env.Location))), nil
}

// timeOfDay is the time of a timestamp; NULL for an infinite one.
func timeOfDay(t int64) types.Datum {
	if !types.IsFiniteTimestamp(t) {
		return types.Null
	}
	t %= microsPerDay
	if t < 0 {
		t += microsPerDay
	}
	return types.Int(t)
}

func timestampTime(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return timeOfDay(a[0].Int()), nil
}

func timestamptzTime(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return timeOfDay(types.LocalMicros(a[0].Int(), ctx.Env.Location)), nil
}

func timestamptzTimeTZ(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if !types.IsFiniteTimestamp(a[0].Int()) {
		return types.Null, nil
	}
	d, err := timestamptzTime(ctx, a)
	if err != nil {
		return types.Null, err
	}
	return types.TimeTZDatum(types.TimeTZ{Micros: d.Int(), ZoneWestS: int32(-offsetAt(a[0].Int(), ctx.Env.Location))}), nil
}

// offsetAt is a zone's offset east of UTC, in seconds, at a timestamptz.
func offsetAt(ts int64, loc *time.Location) int {
	_, offset := types.TimestampTime(ts).In(loc).Zone()
	return offset
}

// timeToTZ gives a time the offset that the session's zone has now.
func timeToTZ(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	_, offset := ctx.TransactionTime.In(ctx.Env.Location).Zone()
	return types.TimeTZDatum(types.TimeTZ{Micros: a[0].Int(), ZoneWestS: int32(-offset)}), nil
}

func ageLocal(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return interval(types.TimestamptzAge(a[0].Int(), a[1].Int(), ctx.Env.Location))
}

// today is the current date of the session's zone, as a local timestamp.
func today(ctx *expr.Context) (int64, error) {
	t, err := types.TimestamptzToLocal(types.TimestampFromTime(ctx.TransactionTime), ctx.Env.Location)
	if err != nil {
		return 0, err
	}
	return types.DateToTimestamp(types.TimestampToDate(t))
}

func ageToday(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	t, err := today(ctx)
	if err != nil {
		return types.Null, err
	}
	return interval(types.TimestampAge(t, a[0].Int()))
}

func ageTodayTZ(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	t, err := today(ctx)
	if err != nil {
		return types.Null, err
	}
	if t, err = types.TimestampToTZ(t, ctx.Env.Location); err != nil {
		return types.Null, err
	}
	return interval(types.TimestamptzAge(t, a[0].Int(), ctx.Env.Location))
}

func errZone(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// zoneNamed finds a zone by name, abbreviation or POSIX form.
func zoneNamed(name string) (*time.Location, error) {
	if loc := types.FindZoneOrAbbrev(name); loc != nil {
		return loc, nil
	}
	return nil, errZone(name)
}

// checkZone refuses an interval that is no zone: one with months or days.
func checkZone(v types.Interval, env *types.Env) error {
	if v.Months == 0 && v.Days == 0 {
		return nil
	}
	return pgerr.New(pgerr.InvalidParameterValue, "interval time zone \"%s\" must not include months or days",
		types.AppendInterval(nil, v, env.IntervalStyle))
}
