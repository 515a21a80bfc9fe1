package types

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// noUnit is for a word that is no unit, epochWord for the reserved word epoch.
const noUnit = -1

// extractUnit finds what extract can be asked for; date_trunc knows only the
// words of intervals.
func extractUnit(name string) int {
	if w := lookUpWord(intervalWords, name); w.kind == wordUnit {
		return w.value
	}
	switch w := lookUpWord(dateWords, name); {
	case w.kind == wordUnit:
		return w.value
	case w.kind == wordReserved && w.value == reservedEpoch:
		return unitEpoch
	case name == "julian":
		return unitJulian
	}
	return noUnit
}

func errUnit(t *Type, unit int, name string) error {
	if unit == noUnit {
		return pgerr.New(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", name, t.SQLName)
	}
	return pgerr.New(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", name, t.SQLName)
}

// scaled is v / 10^scale.
func scaled(v int64, scale int32) *apd.Decimal {
	return apd.New(v, -scale)
}

// Extract is extract(units from d) for date, time, timetz, timestamp,
// timestamptz and interval. A nil result without an error is NULL: a field that
// comes and goes, asked of an infinite value.
func Extract(env *Env, t *Type, units string, d Datum) (*apd.Decimal, error) {
	name := strings.ToLower(units)
	unit := extractUnit(name)
	var v *apd.Decimal
	ok := false
	switch t {
	case TDate:
		v, ok = extractDate(unit, d.Int())
	case TTimestamp:
		v, ok = extractTimestamp(unit, d.Int(), nil, env)
	case TTimestamptz:
		v, ok = extractTimestamp(unit, d.Int(), t, env)
	case TTime:
		v, ok = extractTime(unit, d.Int())
	case TTimeTZ:
		v, ok = extractTimeTZ(unit, d.TimeTZ())
	case TInterval:
		v, ok = extractInterval(unit, d.Interval())
	}
	if !ok {
		return nil, errUnit(t, unit, name)
	}
	return v, nil
}

// infinitePart is extract of an infinite date or timestamp: units that grow for
// ever are infinite too, others NULL.
func infinitePart(unit int, negative bool) (*apd.Decimal, bool) {
	switch unit {
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitISOYear, unitEpoch:
		return NumericInf(negative), true
	case unitMicrosecond, unitMillisecond, unitSecond, unitMinute, unitHour, unitDay, unitMonth, unitQuarter,
		unitWeek, unitDOW, unitISODOW, unitDOY:
		return nil, true
	}
	return nil, false
}

func extractDate(unit int, d int64) (*apd.Decimal, bool) {
	if unit < unitDay {
		return nil, false
	}
	if !IsFiniteDate(d) {
		return infinitePart(unit, d < 0)
	}
	c := DateClock(d)
	switch unit {
	case unitEpoch:
		return NumericFromInt((d + postgresEpochJDate - unixEpochJDate) * secondsPerDay), true
	case unitJulian:
		return NumericFromInt(int64(c.julian())), true
	}
	return datePart(unit, &c)
}

// datePart is the units that date and timestamps share.
func datePart(unit int, c *Clock) (*apd.Decimal, bool) {
	v := 0
	switch unit {
	case unitDay:
		v = c.Day
	case unitMonth:
		v = c.Month
	case unitQuarter:
		v = (c.Month-1)/3 + 1
	case unitWeek:
		_, v = isoWeek(c.julian())
	case unitYear:
		v = eraYear(c.Year)
	case unitDecade:
		v = floorDiv(c.Year, 10)
	case unitCentury:
		v = eraCount(c.Year, 100)
	case unitMillennium:
		v = eraCount(c.Year, 1000)
	case unitISOYear:
		v, _ = isoWeek(c.julian())
		v = eraYear(v)
	case unitDOW:
		v = j2day(c.julian())
	case unitISODOW:
		v = (j2day(c.julian())+6)%7 + 1
	case unitDOY:
		v = c.julian() - date2j(c.Year, 1, 1) + 1
	default:
		return nil, false
	}
	return NumericFromInt(int64(v)), true
}

// eraYear is the year as people count: there is no year 0.
func eraYear(year int) int {
	if year > 0 {
		return year
	}
	return year - 1
}

// eraCount is the number of the century or millennium: 1 from the year 1, -1
// before it.
func eraCount(year, size int) int {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

// isoWeek is the ISO 8601 year and week of a day: those of its week's Thursday.
func isoWeek(jd int) (year, week int) {
	thursday := jd - (j2day(jd)+6)%7 + 3
	if thursday < 0 {
		thursday += 7
	}
	year, _, _ = j2date(thursday)
	return year, (thursday-date2j(year, 1, 1))/7 + 1
}

// extractTimestamp takes tz as nil for timestamp.
func extractTimestamp(unit int, ts int64, tz *Type, env *Env) (*apd.Decimal, bool) {
	if !IsFiniteTimestamp(ts) {
		if unit == unitZone || unit == unitZoneHour || unit == unitZoneMinute {
			return nil, true // PostgreSQL asks whether there is a zone only of finite ones
		}
		return infinitePart(unit, ts < 0)
	}
	var c Clock
	if tz != nil {
		c = TimestampTZClock(ts, env.Location)
		if v, ok := zonePart(unit, c.ZoneWestS); ok {
			return v, true
		}
	} else {
		c = TimestampClock(ts)
	}
	switch unit {
	case unitEpoch:
		v := addFinite(scaled(ts, 6), scaled(unixEpochSeconds*microsPerSecond, 6), false)
		return v, true
	case unitJulian:
		day, err := NumericDiv(NumericFromInt(c.timeMicros()), NumericFromInt(microsPerDay))
		if err != nil {
			return nil, false
		}
		return addFinite(NumericFromInt(int64(c.julian())), day, day.Negative), true
	}
	if v, ok := clockPart(unit, &c); ok {
		return v, true
	}
	return datePart(unit, &c)
}

// clockPart is the units of a time of day.
func clockPart(unit int, c *Clock) (*apd.Decimal, bool) {
	micros := int64(c.Second)*microsPerSecond + int64(c.Micros)
	switch unit {
	case unitMicrosecond:
		return NumericFromInt(micros), true
	case unitMillisecond:
		return scaled(micros, 3), true
	case unitSecond:
		return scaled(micros, 6), true
	case unitMinute:
		return NumericFromInt(int64(c.Minute)), true
	case unitHour:
		return NumericFromInt(int64(c.Hour)), true
	}
	return nil, false
}

func zonePart(unit int, westS int32) (*apd.Decimal, bool) {
	east := int64(-westS)
	switch unit {
	case unitZone:
		return NumericFromInt(east), true
	case unitZoneHour:
		return NumericFromInt(east / 3600), true
	case unitZoneMinute:
		return NumericFromInt(east / 60 % 60), true
	}
	return nil, false
}

func extractTime(unit int, t int64) (*apd.Decimal, bool) {
	if unit == unitEpoch {
		return scaled(t, 6), true
	}
	var c Clock
	c.setTime(t)
	return clockPart(unit, &c)
}

func extractTimeTZ(unit int, t TimeTZ) (*apd.Decimal, bool) {
	if unit == unitEpoch {
		return scaled(t.utcMicros(), 6), true
	}
	if v, ok := zonePart(unit, t.ZoneWestS); ok {
		return v, true
	}
	return extractTime(unit, t.Micros)
}

func extractInterval(unit int, v Interval) (*apd.Decimal, bool) {
	p := v.parts()
	n := int64(0)
	switch unit {
	case unitMicrosecond:
		n = p.sec*microsPerSecond + p.micros
	case unitMillisecond:
		return scaled(p.sec*microsPerSecond+p.micros, 3), true
	case unitSecond:
		return scaled(p.sec*microsPerSecond+p.micros, 6), true
	case unitMinute:
		n = p.min
	case unitHour:
		n = p.hour
	case unitDay:
		n = p.day
	case unitMonth:
		n = p.mon
	case unitQuarter:
		n = p.mon/3 + 1
	case unitYear:
		n = p.year
	case unitDecade:
		n = p.year / 10
	case unitCentury:
		n = p.year / 100
	case unitMillennium:
		n = p.year / 1000
	case unitEpoch:
		// a year counts 365.25 days here; quarters of days keep it whole
		quarters := 4*36525/100*p.year + 4*daysPerMonth*p.mon + 4*p.day
		seconds := NumericFromInt(quarters * (secondsPerDay / 4))
		return addFinite(seconds, scaled(v.Micros, 6), v.Micros < 0), true
	default:
		return nil, false
	}
	return NumericFromInt(n), true
}

// truncUnit is a unit for date_trunc.
func truncUnit(t *Type, units string) (unit int, err error) {
	name := strings.ToLower(units)
	w := lookUpWord(intervalWords, name)
	if w.kind != wordUnit {
		return 0, errUnit(t, noUnit, name)
	}
	if w.value >= unitMicrosecond && w.value <= unitMillennium && (t != TInterval || w.value != unitWeek) {
		return w.value, nil
	}
	err = errUnit(t, w.value, name)
	if w.value == unitWeek {
		err = pgerr.From(err).WithDetail("Months usually have fractional weeks.")
	}
	return 0, err
}

// truncate clears what is smaller than the unit.
func (c *Clock) truncate(unit int) {
	switch unit {
	case unitMicrosecond:
		return
	case unitMillisecond:
		c.Micros = c.Micros / 1000 * 1000
		return
	case unitSecond:
		c.Micros = 0
		return
	case unitMinute:
		c.Second, c.Micros = 0, 0
		return
	}
	c.Minute, c.Second, c.Micros = 0, 0, 0
	if unit == unitHour {
		return
	}
	c.Hour = 0
	switch unit {
	case unitDay:
		return
	case unitWeek:
		jd := c.julian()
		if jd -= (j2day(jd) + 6) % 7; jd < 0 {
			c.Year = -4714 // before the first day that there is
			return
		}
		c.Year, c.Month, c.Day = j2date(jd)
		return
	}
	c.Day = 1
	switch unit {
	case unitMonth:
		return
	case unitQuarter:
		c.Month = (c.Month-1)/3*3 + 1
		return
	}
	c.Month = 1
	switch unit {
	case unitDecade:
		c.Year = floorDiv(c.Year, 10) * 10
	case unitCentury:
		c.Year = floorDiv(c.Year-1, 100)*100 + 1
	case unitMillennium:
		c.Year = floorDiv(c.Year-1, 1000)*1000 + 1
	}
}

// TruncTimestamp is date_trunc(units, timestamp).
func TruncTimestamp(units string, ts int64) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	unit, err := truncUnit(TTimestamp, units)
	if err != nil {
		return 0, err
	}
	c := TimestampClock(ts)
	c.truncate(unit)
	r, ok := c.timestamp()
	if !ok {
		return 0, errTimestampRange()
	}
	return r, nil
}

// TruncTimestamptz is date_trunc(units, timestamptz, zone); loc is the
// session's for the form without a zone.
func TruncTimestamptz(env *Env, units string, ts int64) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	unit, err := truncUnit(TTimestamptz, units)
	if err != nil {
		return 0, err
	}
	c := TimestampTZClock(ts, env.Location)
	c.truncate(unit)
	if unit >= unitDay {
		return c.Timestamptz(env.Location)
	}
	r, ok := c.timestampTZ()
	if !ok {
		return 0, errTimestampRange()
	}
	return r, nil
}

// TruncInterval is date_trunc(units, interval).
func TruncInterval(units string, v Interval) (Interval, error) {
	unit, err := truncUnit(TInterval, units)
	if err != nil {
		return Interval{}, err
	}
	to := func(n, size int64) int64 { return n / size * size }
	months := int64(v.Months)
	switch unit {
	case unitMicrosecond:
	case unitMillisecond:
		v.Micros = to(v.Micros, 1000)
	case unitSecond:
		v.Micros = to(v.Micros, microsPerSecond)
	case unitMinute:
		v.Micros = to(v.Micros, microsPerMinute)
	case unitHour:
		v.Micros = to(v.Micros, microsPerHour)
	case unitDay:
		v.Micros = 0
	default:
		size := map[int]int64{unitMonth: 1, unitQuarter: 3, unitYear: 12, unitDecade: 120, unitCentury: 1200, unitMillennium: 12000}[unit]
		v = Interval{Months: int32(to(months, size))}
	}
	return v, nil
}
