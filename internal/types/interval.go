package types

import (
	"cmp"
)

// Units of time, in the next smaller one that PostgreSQL's formats keep
// (datatype/timestamp.h).
const (
	microsPerSecond int64 = 1_000_000
	microsPerMinute       = 60 * microsPerSecond
	microsPerHour         = 60 * microsPerMinute
	microsPerDay          = 24 * microsPerHour
	daysPerMonth          = 30 // for comparing and justifying intervals
	monthsPerYear         = 12
	secondsPerDay         = 86400
)

// span is what intervals are compared by: whole days, a month counting 30, and
// the rest of a day, 0 <= micros < one day.
func (v Interval) span() (days, micros int64) {
	days = floorDiv(v.Micros, microsPerDay)
	micros = v.Micros - days*microsPerDay
	return days + int64(v.Months)*daysPerMonth + int64(v.Days), micros
}

// CompareInterval orders intervals as btree does: a month is 30 days, a day 24 hours.
func CompareInterval(a, b Interval) int {
	da, ma := a.span()
	db, mb := b.span()
	if c := cmp.Compare(da, db); c != 0 {
		return c
	}
	return cmp.Compare(ma, mb)
}

// utcMicros is the time of day in UTC; it may lie outside the day.
func (v TimeTZ) utcMicros() int64 { return v.Micros + int64(v.ZoneWestS)*microsPerSecond }

// intervalCodec is interval (timestamp.c).
type intervalCodec struct{}

func (intervalCodec) parse(env *Env, _ *Type, s string, typmod int32) (Datum, error) {
	v, err := ParseInterval(env, s, typmod)
	if err != nil {
		return Null, err
	}
	return IntervalDatum(v), nil
}

// ParseInterval is interval_in.
func ParseInterval(env *Env, s string, typmod int32) (Interval, error) {
	fields := int32(intervalFullRange)
	if typmod >= 0 {
		fields = typmod >> 16 & intervalFullRange
	}
	p := intervalDecoder{fieldMask: fields, sqlStandard: env.IntervalStyle == IntervalSQLStandard}
	words, code := lexDateTime(s, intervalBufLen)
	if code == dtOK {
		code = p.decode(words)
	}
	if code == dtBadFormat {
		p.v = intervalSum{}
		code = p.v.decodeISO8601(s)
	}
	if code != dtOK {
		if code == dtFieldOverflow {
			code = dtIntervalOverflow
		}
		return Interval{}, dateTimeError(code, s, "interval", "")
	}
	v, ok := p.v.interval()
	if !ok {
		return Interval{}, errIntervalRange()
	}
	return ApplyIntervalTypmod(v, typmod), nil
}

// ApplyIntervalTypmod drops the fields below those that the typmod names and
// rounds to its precision.
func ApplyIntervalTypmod(v Interval, typmod int32) Interval {
	if typmod < 0 {
		return v
	}
	switch typmod >> 16 & intervalFullRange {
	case maskYear:
		v = Interval{Months: v.Months / monthsPerYear * monthsPerYear}
	case maskMonth, maskYear | maskMonth:
		v = Interval{Months: v.Months}
	case maskDay:
		v.Micros = 0
	case maskHour, maskDay | maskHour:
		v.Micros = v.Micros / microsPerHour * microsPerHour
	case maskMinute, maskDay | maskHour | maskMinute, maskHour | maskMinute:
		v.Micros = v.Micros / microsPerMinute * microsPerMinute
	}
	v.Micros = roundMicros(v.Micros, typmod&0xffff)
	return v
}

func (intervalCodec) decode(_ *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	if err := wantLen(b, 16); err != nil {
		return Null, err
	}
	v := Interval{Micros: readInt64(b), Days: readInt32(b[8:]), Months: readInt32(b[12:])}
	return IntervalDatum(ApplyIntervalTypmod(v, typmod)), nil
}

func (intervalCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	v := d.Interval()
	return appendInt32(appendInt32(appendInt64(dst, v.Micros), v.Days), v.Months)
}

func (intervalCodec) compare(_ *Type, a, b Datum) int {
	return CompareInterval(a.Interval(), b.Interval())
}

func (intervalCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	days, micros := d.Interval().span()
	return mix(mix(h, uint64(days)), uint64(micros))
}
