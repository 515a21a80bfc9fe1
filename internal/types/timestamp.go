package types

import (
	"fmt"
	"math"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// timestampCodec is timestamp and timestamptz: microseconds since 2000-01-01,
// of local time or of UTC (timestamp.c).
type timestampCodec struct {
	ordinalCodec
	zoned bool
}

func (k timestampCodec) parse(env *Env, _ *Type, s string, typmod int32) (Datum, error) {
	if c, zoned, ok := parseISO(s); ok {
		if k.zoned && !zoned {
			c.ZoneWestS = localOffset(&c, env.Location)
		}
		return k.datum(&c, s, typmod)
	}
	name := "timestamp"
	if k.zoned {
		name = "timestamp with time zone"
	}
	p, err := decodeMoment(env, s, name, timestampBufLen)
	if err != nil {
		return Null, err
	}
	switch p.special {
	case reservedLate:
		return Int(TimestampInfinity), nil
	case reservedEarly:
		return Int(TimestampMinusInfinity), nil
	case reservedEpoch:
		return Int(-unixEpochSeconds * microsPerSecond), nil
	}
	return k.datum(&p.c, s, typmod)
}

func (k timestampCodec) datum(c *Clock, s string, typmod int32) (Datum, error) {
	ts, ok := c.timestamp()
	if k.zoned {
		ts, ok = c.timestampTZ()
	}
	if !ok {
		return Null, pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", s)
	}
	return Int(RoundTimestamp(ts, typmod)), nil
}

// RoundTimestamp rounds a timestamp to so many digits of a second; below 0 is all.
func RoundTimestamp(ts int64, typmod int32) int64 {
	if !IsFiniteTimestamp(ts) {
		return ts
	}
	return roundMicros(ts, typmod)
}

func (k timestampCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	ts := d.Int()
	switch ts {
	case TimestampInfinity:
		return append(dst, "infinity"...)
	case TimestampMinusInfinity:
		return append(dst, "-infinity"...)
	}
	var c Clock
	if k.zoned {
		c = TimestampTZClock(ts, env.Location)
	} else {
		c = TimestampClock(ts)
	}
	return appendMoment(dst, env, &c, k.zoned)
}

func (timestampCodec) decode(_ *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	if err := wantLen(b, 8); err != nil {
		return Null, err
	}
	ts := readInt64(b)
	if IsFiniteTimestamp(ts) && !isValidTimestamp(ts) {
		return Null, errTimestampRange()
	}
	return Int(RoundTimestamp(ts, typmod)), nil
}

func (timestampCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return appendInt64(dst, d.Int())
}

// clockOf makes a time of day of its parts; the seconds may have a fraction.
func clockOf(hour, minute int, second float64) (Clock, bool) {
	if hour < 0 || minute < 0 || minute > 59 || math.IsNaN(second) {
		return Clock{}, false
	}
	if second = math.RoundToEven(second*1e6) / 1e6; second < 0 || second > 60 { // what rounds to nothing is in range
		return Clock{}, false
	}
	whole := math.Floor(second)
	c := Clock{Hour: hour, Minute: minute, Second: int(whole), Micros: int(math.RoundToEven((second - whole) * 1e6))}
	return c, !timeOverflows(&c)
}

// formatC02g is C's %02g.
func formatC02g(v float64) string {
	s := string(AppendFloat(nil, v, 32, 0))
	if len(s) < 2 {
		s = "0" + s
	}
	return s
}

// MakeTimestamp is make_timestamp. A negative year is BC.
func MakeTimestamp(year, month, day, hour, minute int, second float64) (int64, error) {
	d := Clock{Year: year, Month: month, Day: day}
	if year < 0 && year != math.MinInt32 {
		d.Year = 1 + year
	}
	if year == 0 || year == math.MinInt32 || month < 1 || month > 12 || day < 1 || day > 31 || day > daysInMonth(d.Year, month) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	if !isValidJulian(d.Year, month) {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", year, month, day)
	}
	c, ok := clockOf(hour, minute, second)
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", hour, minute, formatC02g(second))
	}
	c.Year, c.Month, c.Day = d.Year, d.Month, d.Day
	ts, ok := c.timestamp()
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
			year, month, day, hour, minute, formatC02g(second))
	}
	return ts, nil
}

// TimestampFromUnix is to_timestamp(double precision).
func TimestampFromUnix(seconds float64) (int64, error) {
	switch {
	case math.IsNaN(seconds):
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp cannot be NaN")
	case math.IsInf(seconds, 1):
		return TimestampInfinity, nil
	case math.IsInf(seconds, -1):
		return TimestampMinusInfinity, nil
	}
	bad := pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp out of range: \"%s\"", fmt.Sprintf("%.6g", seconds))
	if seconds < float64(minTimestamp/microsPerSecond+unixEpochSeconds) || seconds >= float64(endTimestamp/microsPerSecond+unixEpochSeconds) {
		return 0, bad
	}
	ts := int64(math.RoundToEven((seconds - unixEpochSeconds) * 1e6))
	if !isValidTimestamp(ts) {
		return 0, bad
	}
	return ts, nil
}

// shift adds months, then days, to the calendar part of c, then the time.
func (c *Clock) addMonths(months int) {
	m := c.Month - 1 + months
	c.Year += floorDiv(m, 12)
	c.Month = m - floorDiv(m, 12)*12 + 1
	c.Day = min(c.Day, daysInMonth(c.Year, c.Month))
}

// TimestampAddInterval is timestamp + interval: first the months, then the
// days, then the rest.
func TimestampAddInterval(ts int64, v Interval) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	ok := true
	if v.Months != 0 {
		c := TimestampClock(ts)
		c.addMonths(int(v.Months))
		if ts, ok = c.timestamp(); !ok {
			return 0, errTimestampRange()
		}
	}
	if v.Days != 0 {
		c := TimestampClock(ts)
		jd := c.julian() + int(v.Days)
		if jd < 0 {
			return 0, errTimestampRange()
		}
		c.Year, c.Month, c.Day = j2date(jd)
		if ts, ok = c.timestamp(); !ok {
			return 0, errTimestampRange()
		}
	}
	return addTime(ts, v.Micros)
}

func addTime(ts, micros int64) (int64, error) {
	sum := ts + micros
	if (sum > ts) != (micros > 0) && micros != 0 || !isValidTimestamp(sum) {
		return 0, errTimestampRange()
	}
	return sum, nil
}

// TimestamptzAddInterval is timestamptz + interval, months and days counted in
// loc's calendar.
func TimestamptzAddInterval(ts int64, v Interval, loc *time.Location) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	var err error
	if v.Months != 0 {
		c := TimestampTZClock(ts, loc)
		c.addMonths(int(v.Months))
		if ts, err = c.Timestamptz(loc); err != nil {
			return 0, err
		}
	}
	if v.Days != 0 {
		c := TimestampTZClock(ts, loc)
		jd := c.julian() + int(v.Days)
		if jd < 0 {
			return 0, errTimestampRange()
		}
		c.Year, c.Month, c.Day = j2date(jd)
		if ts, err = c.Timestamptz(loc); err != nil {
			return 0, err
		}
	}
	return addTime(ts, v.Micros)
}

// TimestampDiff is timestamp - timestamp (also timestamptz): days and time. As
// in PostgreSQL 15 a difference of more than 292,271 years wraps around.
func TimestampDiff(a, b int64) (Interval, error) {
	if !IsFiniteTimestamp(a) || !IsFiniteTimestamp(b) {
		return Interval{}, pgerr.New(pgerr.DatetimeValueOutOfRange, "cannot subtract infinite timestamps")
	}
	return JustifyHours(Interval{Micros: a - b})
}

// TimestampAge is age(a, b) of two timestamps: years, months, days and time.
// As in PostgreSQL 15 infinity counts as the last moment that fits in an int64.
func TimestampAge(a, b int64) (Interval, error) {
	if a == TimestampMinusInfinity || b == TimestampMinusInfinity {
		return Interval{}, errTimestampRange()
	}
	return age(a, b, TimestampClock(a), TimestampClock(b))
}

// TimestamptzAge is age(a, b) of two timestamptz, as local times in loc.
func TimestamptzAge(a, b int64, loc *time.Location) (Interval, error) {
	if a == TimestampMinusInfinity || b == TimestampMinusInfinity {
		return Interval{}, errTimestampRange()
	}
	return age(a, b, TimestampTZClock(a, loc), TimestampTZClock(b, loc))
}

// age subtracts clocks field by field; the months that days are borrowed from
// are those of the earlier moment.
func age(a, b int64, x, y Clock) (Interval, error) {
	sign := 1
	if a < b {
		x, y, sign = y, x, -1
	}
	micros := x.timeMicros() - y.timeMicros()
	days, months := x.Day-y.Day, (x.Year-y.Year)*12+x.Month-y.Month
	if micros < 0 {
		micros += microsPerDay
		days--
	}
	for ; days < 0; months-- {
		days += daysInMonth(y.Year, y.Month)
	}
	s := int64(sign)
	return Interval{Micros: s * micros, Days: int32(sign * days), Months: int32(sign * months)}, nil
}
