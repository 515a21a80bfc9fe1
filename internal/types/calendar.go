package types

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The calendar's fixed points and limits (datatype/timestamp.h, date.h).
const (
	postgresEpochJDate = 2451545 // 2000-01-01
	unixEpochJDate     = 2440588
	unixEpochSeconds   = (postgresEpochJDate - unixEpochJDate) * secondsPerDay // of 2000-01-01
	dateEndJulian      = 2147483494                                            // 5874898-06-03

	minTimestamp int64 = -211813488000000000 // 4714-11-24 BC
	endTimestamp int64 = 9223371331200000000 // 294277-01-01
)

// The infinities of date, and of timestamp and timestamptz, as Datums hold them.
const (
	DateInfinity           = math.MaxInt32
	DateMinusInfinity      = math.MinInt32
	TimestampInfinity      = math.MaxInt64
	TimestampMinusInfinity = math.MinInt64
)

// IsFiniteTimestamp is isfinite(timestamp).
func IsFiniteTimestamp(ts int64) bool {
	return ts != TimestampInfinity && ts != TimestampMinusInfinity
}

// IsFiniteDate is isfinite(date).
func IsFiniteDate(d int64) bool { return d != DateInfinity && d != DateMinusInfinity }

// isValidTimestamp reports whether a finite timestamp is in range.
func isValidTimestamp(ts int64) bool { return ts >= minTimestamp && ts < endTimestamp }

// isValidDate reports whether a finite date is in range.
func isValidDate(d int64) bool {
	return d >= -postgresEpochJDate && d < dateEndJulian-postgresEpochJDate
}

// isValidJulian keeps date2j from overflowing.
func isValidJulian(year, month int) bool {
	return (year > -4713 || year == -4713 && month >= 11) && (year < 5874898 || year == 5874898 && month < 6)
}

// date2j is the Julian day of a date of the proleptic Gregorian calendar; year
// 0 is 1 BC.
func date2j(year, month, day int) int {
	if month > 2 {
		month++
		year += 4800
	} else {
		month += 13
		year += 4799
	}
	century := year / 100
	julian := year*365 - 32167
	julian += year/4 - century + century/4
	return julian + 7834*month/256 + day
}

// j2date is the inverse of date2j, for non-negative Julian days.
func j2date(jd int) (year, month, day int) {
	julian := uint64(jd) + 32044
	quad := julian / 146097
	extra := (julian-quad*146097)*4 + 3
	julian += 60 + quad*3 + extra/146097
	quad = julian / 1461
	julian -= quad * 1461
	y := julian * 4 / 1461
	if y != 0 {
		julian = (julian+305)%365 + 123
	} else {
		julian = (julian+306)%366 + 123
	}
	y += quad * 4
	quad = julian * 2141 / 65536
	return int(y) - 4800, int(quad+10)%12 + 1, int(julian - 7834*quad/256)
}

// j2day is the day of the week, 0 is Sunday.
func j2day(jd int) int {
	d := (jd + 1) % 7
	if d < 0 {
		d += 7
	}
	return d
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// daysInMonth takes a month from 1 to 12.
func daysInMonth(year, month int) int {
	if month == 2 && isLeap(year) {
		return 29
	}
	return [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// Clock is a moment taken apart. Year 0 is 1 BC.
type Clock struct {
	Year, Month, Day     int
	Hour, Minute, Second int
	Micros               int   // of the second
	ZoneWestS            int32 // seconds west of UTC; 0 without a zone
	Zone                 string
}

// timeMicros is the time of day.
func (c *Clock) timeMicros() int64 {
	return int64(c.Hour)*microsPerHour + int64(c.Minute)*microsPerMinute + int64(c.Second)*microsPerSecond + int64(c.Micros)
}

// setTime takes the time of day apart.
func (c *Clock) setTime(micros int64) {
	c.Hour = int(micros / microsPerHour)
	c.Minute = int(micros / microsPerMinute % 60)
	c.Second = int(micros / microsPerSecond % 60)
	c.Micros = int(micros % microsPerSecond)
}

// julian is the Julian day of the date.
func (c *Clock) julian() int { return date2j(c.Year, c.Month, c.Day) }

// TimestampClock takes a finite timestamp apart.
func TimestampClock(ts int64) Clock {
	days := floorDiv(ts, microsPerDay)
	var c Clock
	c.Year, c.Month, c.Day = j2date(int(days) + postgresEpochJDate)
	c.setTime(ts - days*microsPerDay)
	return c
}

// DateClock takes a finite date apart.
func DateClock(date int64) Clock {
	var c Clock
	c.Year, c.Month, c.Day = j2date(int(date) + postgresEpochJDate)
	return c
}

// timestamp puts a clock without a zone together; ok is false out of range.
func (c *Clock) timestamp() (ts int64, ok bool) {
	if !isValidJulian(c.Year, c.Month) {
		return 0, false
	}
	days := int64(c.julian() - postgresEpochJDate)
	micros := c.timeMicros()
	if days > math.MaxInt64/microsPerDay || days < math.MinInt64/microsPerDay {
		return 0, false
	}
	ts = days * microsPerDay
	if ts > 0 && ts > math.MaxInt64-micros {
		return 0, false
	}
	ts += micros
	return ts, isValidTimestamp(ts)
}

// Timestamp puts a clock together as local time (22008 out of range).
func (c Clock) Timestamp() (int64, error) {
	ts, ok := c.timestamp()
	if !ok {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// timestampTZ is timestamp for a clock with a zone.
func (c *Clock) timestampTZ() (ts int64, ok bool) {
	if !isValidJulian(c.Year, c.Month) {
		return 0, false
	}
	days := int64(c.julian() - postgresEpochJDate)
	if days > math.MaxInt64/microsPerDay-2 || days < math.MinInt64/microsPerDay+2 {
		return 0, false
	}
	ts = days*microsPerDay + c.timeMicros() + int64(c.ZoneWestS)*microsPerSecond
	return ts, isValidTimestamp(ts)
}

func errTimestampRange() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp out of range")
}

func errDateRange() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range")
}

func errIntervalRange() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "interval out of range")
}
