package builtin

import (
	"math"
	"math/bits"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// partOf is a field of a datum; ok is false when its type has none such.
type partOf func(ctx *expr.Context, d types.Datum, f field) (part, bool)

// partSources are the types that extract and date_part take.
func partSources() map[string]struct {
	t *types.Type
	f partOf
} {
	type source = struct {
		t *types.Type
		f partOf
	}
	return map[string]source{
		"timestamp": {types.TTimestamp, func(_ *expr.Context, d types.Datum, f field) (part, bool) { return timestampPart(d.Int(), f) }},
		"timestamptz": {types.TTimestamptz, func(ctx *expr.Context, d types.Datum, f field) (part, bool) {
			return timestamptzPart(d.Int(), f, ctx.Env.Location)
		}},
		"date":     {types.TDate, func(_ *expr.Context, d types.Datum, f field) (part, bool) { return datePart(d.Int(), f) }},
		"time":     {types.TTime, func(_ *expr.Context, d types.Datum, f field) (part, bool) { return timePart(d.Int(), f) }},
		"timetz":   {types.TTimeTZ, func(_ *expr.Context, d types.Datum, f field) (part, bool) { return timetzPart(d.TimeTZ(), f) }},
		"interval": {types.TInterval, func(_ *expr.Context, d types.Datum, f field) (part, bool) { return intervalPart(d.Interval(), f) }},
	}
}

// extractImpls are extract (numeric), date_part (float8), date_trunc and date_bin.
var extractImpls = makeExtractImpls()

func makeExtractImpls() impls {
	out := impls{
		"timestamp_trunc": truncTimestamp, "timestamptz_trunc": truncTimestamptz, "timestamptz_trunc_zone": truncTimestamptz,
		"interval_trunc": truncInterval, "timestamp_bin": binTimestamp, "timestamptz_bin": binTimestamp,
		"date_part(text,date)": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			t, err := types.DateToTimestamp(a[1].Int())
			if err != nil {
				return types.Null, err
			}
			return partFloat(ctx, types.TTimestamp, partSources()["timestamp"].f, []types.Datum{a[0], types.Int(t)})
		},
	}
	for name, s := range partSources() {
		out["extract_"+name] = func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			return partNumeric(ctx, s.t, s.f, a)
		}
		if name == "date" { // date_part of a date goes by its midnight
			continue
		}
		out[name+"_part"] = func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			return partFloat(ctx, s.t, s.f, a)
		}
	}
	return out
}

func findPart(ctx *expr.Context, t *types.Type, of partOf, a []types.Datum) (part, error) {
	f := fieldNamed(a[0].Text())
	p, ok := of(ctx, a[1], f)
	if !ok || f == fieldUnknown {
		return part{}, errField(a[0].Text(), f, t)
	}
	return p, nil
}

func partNumeric(ctx *expr.Context, t *types.Type, of partOf, a []types.Datum) (types.Datum, error) {
	p, err := findPart(ctx, t, of, a)
	switch {
	case err != nil || p.none:
		return types.Null, err
	case p.infinite != 0:
		return types.Decimal(types.NumericInf(p.infinite < 0)), nil
	case p.julian:
		fraction, err := types.NumericDiv(types.NumericFromInt(p.n), types.NumericFromInt(microsPerDay))
		if err != nil {
			return types.Null, err
		}
		return numeric(types.NumericAdd(types.NumericFromInt(p.day), fraction))
	}
	if n, ok := p.micros(); ok {
		return types.Decimal(apd.New(n, -p.scale)), nil
	}
	return numeric(types.NumericAdd(apd.New(p.n, -p.scale), types.NumericFromInt(p.seconds)))
}

func partFloat(ctx *expr.Context, t *types.Type, of partOf, a []types.Datum) (types.Datum, error) {
	p, err := findPart(ctx, t, of, a)
	switch {
	case err != nil || p.none:
		return types.Null, err
	case p.infinite != 0:
		return types.Float(math.Inf(p.infinite)), nil
	case p.julian:
		return types.Float(float64(p.day) + float64(p.n)/microsPerDay), nil
	}
	if n, ok := p.micros(); ok {
		return types.Float(float64(n) / math.Pow10(int(p.scale))), nil
	}
	return types.Float((float64(p.n) + float64(p.seconds)*microsPerSecond) / microsPerSecond), nil
}

// micros is the part with its seconds as one number; ok is false when it has no room there.
func (p part) micros() (n int64, ok bool) {
	hi, lo := bits.Mul64(uint64(max(p.seconds, -p.seconds)), microsPerSecond)
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	whole := int64(lo)
	if p.seconds < 0 {
		whole = -whole
	}
	n = p.n + whole
	return n, (n > p.n) == (whole > 0)
}

// truncClock cuts a clock to a field; ok is false for one that date_trunc does not know.
func truncClock(c types.Clock, f field) (types.Clock, bool) {
	if f == fieldUnknown || f > fieldMillennium {
		return c, false
	}
	switch f {
	case fieldMicroseconds:
		return c, true
	case fieldMilliseconds:
		c.Micros -= c.Micros % 1000
		return c, true
	}
	c.Micros = 0
	if f >= fieldMinute {
		c.Second = 0
	}
	if f >= fieldHour {
		c.Minute = 0
	}
	if f >= fieldDay {
		c.Hour = 0
	}
	if f == fieldWeek {
		d := calendarDay(c)
		d = d.AddDate(0, 0, -int(d.Weekday()+6)%7)
		c.Year, c.Month, c.Day = d.Year(), int(d.Month()), d.Day()
		return c, true
	}
	if f >= fieldMonth {
		c.Day = 1
	}
	if f == fieldQuarter {
		c.Month = (c.Month-1)/3*3 + 1
	}
	if f >= fieldYear {
		c.Month, c.Year = 1, truncYear(c.Year, f)
	}
	return c, true
}

// truncYear is the first year of a decade, century or millennium; those of the
// common era begin with 1.
func truncYear(year int, f field) int {
	switch f {
	case fieldDecade:
		if year > 0 {
			return year / 10 * 10
		}
		return -((8 - (year - 1)) / 10) * 10
	case fieldCentury:
		if year > 0 {
			return (year+99)/100*100 - 99
		}
		return -((99-(year-1))/100)*100 + 1
	case fieldMillennium:
		if year > 0 {
			return (year+999)/1000*1000 - 999
		}
		return -((999-(year-1))/1000)*1000 + 1
	}
	return year
}

// truncField is a field as date_trunc knows it: parts of a zone it refuses,
// what else cannot be cut to it does not even recognize.
func truncField(name string) field {
	f := fieldNamed(name)
	if f > fieldMillennium && f < fieldTimezone {
		return fieldUnknown
	}
	return f
}

func truncTimestamp(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	f, ts := truncField(a[0].Text()), a[1].Int()
	if !types.IsFiniteTimestamp(ts) {
		return a[1], nil
	}
	c, ok := truncClock(types.TimestampClock(ts), f)
	if !ok {
		return types.Null, errField(a[0].Text(), f, types.TTimestamp)
	}
	return intResult(c.Timestamp())
}

// truncTimestamptz is date_trunc(field, timestamptz [, zone]). What is shorter
// than a day keeps its offset, so that an hour that comes twice stays itself.
func truncTimestamptz(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	f, ts, loc := truncField(a[0].Text()), a[1].Int(), ctx.Env.Location
	if !types.IsFiniteTimestamp(ts) {
		return a[1], nil
	}
	if len(a) > 2 {
		var err error
		if loc, err = zoneNamed(a[2].Text()); err != nil {
			return types.Null, err
		}
	}
	c, ok := truncClock(types.TimestampTZClock(ts, loc), f)
	if !ok {
		return types.Null, errField(a[0].Text(), f, types.TTimestamptz)
	}
	if f >= fieldDay {
		return intResult(c.Timestamptz(loc))
	}
	return intResult(c.Moment())
}

func truncInterval(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	f, v := truncField(a[0].Text()), a[1].Interval()
	if f == fieldUnknown || f == fieldWeek || f > fieldMillennium {
		e := errField(a[0].Text(), f, types.TInterval)
		if f == fieldWeek {
			e = e.WithDetail("Months usually have fractional weeks.")
		}
		return types.Null, e
	}
	unit := map[field]int64{
		fieldMicroseconds: 1, fieldMilliseconds: 1000, fieldSecond: microsPerSecond,
		fieldMinute: 60 * microsPerSecond, fieldHour: 3600 * microsPerSecond,
	}[f]
	if unit > 0 {
		v.Micros -= v.Micros % unit
		return types.IntervalDatum(v), nil
	}
	v.Micros = 0
	if f >= fieldMonth {
		v.Days = 0
	}
	if months := map[field]int32{fieldQuarter: 3, fieldYear: 12, fieldDecade: 120, fieldCentury: 1200, fieldMillennium: 12000}[f]; months > 0 {
		v.Months -= v.Months % months
	}
	return types.IntervalDatum(v), nil
}
