package builtin

import (
	"math"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// clockImpls are the present, make_…, AT TIME ZONE and OVERLAPS.
var clockImpls = impls{
	"now": func(ctx *expr.Context, _ []types.Datum) (types.Datum, error) {
		return timestamptz(ctx.TransactionTime), nil
	},
	"statement_timestamp": func(ctx *expr.Context, _ []types.Datum) (types.Datum, error) {
		return timestamptz(ctx.StatementTime), nil
	},
	"clock_timestamp": func(*expr.Context, []types.Datum) (types.Datum, error) { return timestamptz(time.Now()), nil },
	"timeofday": func(ctx *expr.Context, _ []types.Datum) (types.Datum, error) {
		return types.Text(time.Now().In(ctx.Env.Location).Format("Mon Jan 02 15:04:05.000000 2006 MST")), nil
	},
	"float8_timestamptz": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return intResult(types.TimestampFromUnix(a[0].Float()))
	},

	"make_date": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return intResult(types.MakeDate(int(a[0].Int()), int(a[1].Int()), int(a[2].Int())))
	},
	"make_time": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return intResult(types.MakeTime(int(a[0].Int()), int(a[1].Int()), a[2].Float()))
	},
	"make_timestamp":               makeTimestamp,
	"make_timestamptz":             makeTimestamptz,
	"make_timestamptz_at_timezone": makeTimestamptz,
	"make_interval": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		var n [6]int32
		for i := range n {
			n[i] = int32(a[i].Int())
		}
		return interval(types.MakeInterval(n[0], n[1], n[2], n[3], n[4], n[5], a[6].Float()))
	},

	"timestamp_zone": zoneByName(true, types.TimestampToTZ), "timestamptz_zone": zoneByName(false, types.TimestamptzToLocal),
	"timestamp_izone": zoneByInterval(-1), "timestamptz_izone": zoneByInterval(1),
	"timetz_zone": timetzZone, "timetz_izone": timetzIntervalZone,
	"overlaps_timestamp": overlaps(types.TTimestamp), "overlaps_time": overlaps(types.TTime), "overlaps_timetz": overlaps(types.TTimeTZ),
}

func timestamptz(t time.Time) types.Datum { return types.Int(types.TimestampFromTime(t)) }

func makeTimestamp(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return intResult(types.MakeTimestamp(int(a[0].Int()), int(a[1].Int()), int(a[2].Int()), int(a[3].Int()), int(a[4].Int()), a[5].Float()))
}

func makeTimestamptz(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	d, err := makeTimestamp(ctx, a)
	if err != nil {
		return types.Null, err
	}
	loc := ctx.Env.Location
	if len(a) > 6 {
		if loc, err = types.SaneZone(a[6].Text(), d.Int()); err != nil {
			return types.Null, err
		}
	}
	return intResult(types.TimestampToTZ(d.Int(), loc))
}

// zoneAt finds the zone that a moment is to be seen in: a timestamp, which is local there, or a timestamptz.
func zoneAt(name string, ts int64, local bool) (*time.Location, error) {
	if loc, ok := types.AbbrevAt(name, ts, local); ok {
		return loc, nil
	}
	return zoneNamed(name)
}

// zoneByName is timezone(name, moment).
func zoneByName(local bool, convert func(int64, *time.Location) (int64, error)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if !types.IsFiniteTimestamp(a[1].Int()) {
			return a[1], nil
		}
		loc, err := zoneAt(a[0].Text(), a[1].Int(), local)
		if err != nil {
			return types.Null, err
		}
		return intResult(convert(a[1].Int(), loc))
	}
}

// zoneByInterval is timezone(interval, moment): moved by the interval's seconds,
// however many they are (timestamp_izone).
func zoneByInterval(sign int64) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if !types.IsFiniteTimestamp(a[1].Int()) {
			return a[1], nil
		}
		if err := checkZone(a[0].Interval(), ctx.Env); err != nil {
			return types.Null, err
		}
		east := int64(int32(a[0].Interval().Micros/microsPerSecond)) * microsPerSecond // 32 bits, as in C
		return intResult(types.TimestampAddInterval(a[1].Int(), types.Interval{Micros: sign * east}))
	}
}

// timetzZone takes the offset that the zone has at the transaction's start.
func timetzZone(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	loc, err := zoneAt(a[0].Text(), types.TimestampFromTime(ctx.TransactionTime), false)
	if err != nil {
		return types.Null, err
	}
	_, offset := ctx.TransactionTime.In(loc).Zone()
	return types.TimeTZDatum(types.TimeTZAtZone(a[1].TimeTZ(), int32(-offset))), nil
}

func timetzIntervalZone(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if err := checkZone(a[0].Interval(), ctx.Env); err != nil {
		return types.Null, err
	}
	return types.TimeTZDatum(types.TimeTZAtZone(a[1].TimeTZ(), int32(-a[0].Interval().Micros/microsPerSecond))), nil
}

// span is one side of OVERLAPS: its start, and its end when that is known.
type span struct {
	from, to types.Datum
	open     bool // the end is NULL
}

// newSpan orders the two ends; ok is false when both are NULL.
func newSpan(t *types.Type, a, b types.Datum) (s span, ok bool) {
	switch {
	case a.IsNull() && b.IsNull():
		return span{}, false
	case a.IsNull():
		return span{from: b, open: true}, true
	case b.IsNull():
		return span{from: a, open: true}, true
	case t.Compare(a, b) > 0:
		a, b = b, a
	}
	return span{from: a, to: b}, true
}

// overlaps is SQL's OVERLAPS of two spans given by their ends.
func overlaps(t *types.Type) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		x, okX := newSpan(t, a[0], a[1])
		y, okY := newSpan(t, a[2], a[3])
		if !okX || !okY {
			return types.Null, nil
		}
		order := t.Compare(x.from, y.from)
		if order > 0 {
			x, y = y, x
		}
		switch {
		case order == 0 && (x.open || y.open), order != 0 && x.open:
			return types.Null, nil
		case order == 0 || t.Compare(y.from, x.to) < 0:
			return types.True, nil
		case y.open:
			return types.Null, nil
		}
		return types.False, nil
	}
}

// overlapImpls are OVERLAPS with the second end given as a length.
var overlapImpls = makeOverlapImpls()

func makeOverlapImpls() impls {
	out := impls{}
	for _, k := range []struct {
		t   *types.Type
		add impl
	}{
		{types.TTimestamptz, timestamptzInterval(1)}, {types.TTimestamp, timestampInterval(1)}, {types.TTime, timeInterval(1)},
	} {
		name, whole := k.t.SQLName, overlaps(k.t)
		for _, lengths := range [][2]bool{{true, true}, {false, true}, {true, false}} {
			out["overlaps("+name+","+endName(name, lengths[0])+","+name+","+endName(name, lengths[1])+")"] =
				func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
					a = append([]types.Datum(nil), a...)
					for i, isLength := range lengths {
						if err := addLength(ctx, k.add, a[2*i:2*i+2], isLength); err != nil {
							return types.Null, err
						}
					}
					return whole(ctx, a)
				}
		}
	}
	return out
}

func endName(name string, length bool) string {
	if length {
		return "interval"
	}
	return name
}

// addLength replaces a span's length by its end.
func addLength(ctx *expr.Context, add impl, ends []types.Datum, isLength bool) (err error) {
	if !isLength {
		return nil
	}
	if ends[0].IsNull() || ends[1].IsNull() {
		ends[1] = types.Null
		return nil
	}
	ends[1], err = add(ctx, ends)
	return err
}

// firstTimestamp is 4714-11-24 BC.
const firstTimestamp = -211813488000000000

// binTimestamp is date_bin(stride, moment, origin).
func binTimestamp(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	stride, ts, origin := a[0].Interval(), a[1].Int(), a[2].Int()
	switch {
	case !types.IsFiniteTimestamp(ts):
		return a[1], nil
	case !types.IsFiniteTimestamp(origin):
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "origin out of range")
	case stride.Months != 0:
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	step := int64(stride.Days)*microsPerDay + stride.Micros
	if step <= 0 {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	if math.Abs(float64(ts)-float64(origin)) > math.MaxInt64 {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
	}
	rest := (ts - origin) % step
	if rest < 0 {
		rest += step
	}
	if ts -= rest; ts < firstTimestamp {
		return types.Null, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	}
	return types.Int(ts), nil
}
