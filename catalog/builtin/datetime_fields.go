package builtin

import (
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// A field is a unit of extract, date_part and date_trunc (manual 9.9.1).
type field uint8

// The fields, finest first as far as they have an order: date_trunc relies on it.
const (
	fieldUnknown field = iota
	fieldMicroseconds
	fieldMilliseconds
	fieldSecond
	fieldMinute
	fieldHour
	fieldDay
	fieldWeek
	fieldMonth
	fieldQuarter
	fieldYear
	fieldDecade
	fieldCentury
	fieldMillennium
	fieldEpoch
	fieldDow
	fieldISODow
	fieldDoy
	fieldISOYear
	fieldJulian
	fieldTimezone
	fieldTimezoneHour
	fieldTimezoneMinute
)

// fieldNames are the spellings of datetime.c, of which ten characters count.
var fieldNames = map[string]field{
	"us": fieldMicroseconds, "usec": fieldMicroseconds, "usecs": fieldMicroseconds, "useconds": fieldMicroseconds,
	"microsecon": fieldMicroseconds,
	"ms":         fieldMilliseconds, "msec": fieldMilliseconds, "msecs": fieldMilliseconds, "mseconds": fieldMilliseconds,
	"millisecon": fieldMilliseconds,
	"s":          fieldSecond, "sec": fieldSecond, "secs": fieldSecond, "second": fieldSecond, "seconds": fieldSecond,
	"m": fieldMinute, "min": fieldMinute, "mins": fieldMinute, "minute": fieldMinute, "minutes": fieldMinute,
	"h": fieldHour, "hr": fieldHour, "hrs": fieldHour, "hour": fieldHour, "hours": fieldHour,
	"d": fieldDay, "day": fieldDay, "days": fieldDay, "w": fieldWeek, "week": fieldWeek, "weeks": fieldWeek,
	"mon": fieldMonth, "mons": fieldMonth, "month": fieldMonth, "months": fieldMonth, "qtr": fieldQuarter, "quarter": fieldQuarter,
	"y": fieldYear, "yr": fieldYear, "yrs": fieldYear, "year": fieldYear, "years": fieldYear,
	"dec": fieldDecade, "decs": fieldDecade, "decade": fieldDecade, "decades": fieldDecade,
	"c": fieldCentury, "cent": fieldCentury, "century": fieldCentury, "centuries": fieldCentury,
	"mil": fieldMillennium, "mils": fieldMillennium, "millennia": fieldMillennium, "millennium": fieldMillennium,
	"epoch": fieldEpoch, "dow": fieldDow, "isodow": fieldISODow, "doy": fieldDoy, "isoyear": fieldISOYear,
	"julian": fieldJulian, "jd": fieldJulian, "j": fieldJulian,
	"timezone": fieldTimezone, "timezone_h": fieldTimezoneHour, "timezone_m": fieldTimezoneMinute,
}

// lowerIdentifier is downcase_truncate_identifier: ASCII alone, at most a name's length.
func lowerIdentifier(s string) string {
	return types.TruncateName(strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s))
}

// fieldNameLen is TOKMAXLEN (datetime.h).
const fieldNameLen = 10

func fieldNamed(name string) field {
	name = lowerIdentifier(name)
	return fieldNames[name[:min(len(name), fieldNameLen)]]
}

func errField(name string, f field, t *types.Type) *pgerr.E {
	name = lowerIdentifier(name)
	if f == fieldUnknown {
		return pgerr.New(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", name, t.SQLName)
	}
	return pgerr.New(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", name, t.SQLName)
}

// part is a field's value: n, or n / 10^scale; or infinite, or none.
type part struct {
	n        int64
	scale    int32
	infinite int   // sign
	none     bool  // NULL
	day      int64 // of a Julian date: n microseconds of the day follow
	julian   bool
	// whole seconds come on top of n microseconds, where one number would overflow.
	seconds int64
}

// calendarDay is a clock's day for the questions that package time answers.
func calendarDay(c types.Clock) time.Time {
	return time.Date(c.Year, time.Month(c.Month), c.Day, 0, 0, 0, 0, time.UTC)
}

// julianDay is the Julian day of a clock.
func julianDay(c types.Clock) int64 {
	const unixEpoch = 2440588
	seconds := calendarDay(c).Unix()
	days := seconds / 86400
	if seconds%86400 < 0 {
		days--
	}
	return days + unixEpoch
}

// noYearZero turns the calendar's year 0 into -1, for 1 BC.
func noYearZero(year int) int64 {
	if year <= 0 {
		year--
	}
	return int64(year)
}

// yearGroup numbers a year's decade, century or millennium: of the years BC they count backwards.
func yearGroup(year, size int) int64 {
	if year > 0 {
		return int64((year + size - 1) / size)
	}
	return -int64((size - 1 - (year - 1)) / size)
}

func decade(year int) int64 {
	if year >= 0 {
		return int64(year / 10)
	}
	return -int64((8 - (year - 1)) / 10)
}

// dateField is a field of a clock's date; ok is false for one that is none.
func dateField(c types.Clock, f field) (n int64, ok bool) {
	switch f {
	case fieldDay:
		return int64(c.Day), true
	case fieldMonth:
		return int64(c.Month), true
	case fieldQuarter:
		return int64((c.Month-1)/3 + 1), true
	case fieldWeek:
		_, w := calendarDay(c).ISOWeek()
		return int64(w), true
	case fieldYear:
		return noYearZero(c.Year), true
	case fieldDecade:
		return decade(c.Year), true
	case fieldCentury:
		return yearGroup(c.Year, 100), true
	case fieldMillennium:
		return yearGroup(c.Year, 1000), true
	case fieldISOYear:
		y, _ := calendarDay(c).ISOWeek()
		return noYearZero(y), true
	case fieldDow:
		return int64(calendarDay(c).Weekday()), true
	case fieldISODow:
		return (int64(calendarDay(c).Weekday())+6)%7 + 1, true
	case fieldDoy:
		return int64(calendarDay(c).YearDay()), true
	}
	return 0, false
}

// timeField is a field of a clock's time of day.
func timeField(c types.Clock, f field) (p part, ok bool) {
	micros := int64(c.Second)*microsPerSecond + int64(c.Micros)
	switch f {
	case fieldMicroseconds:
		return part{n: micros}, true
	case fieldMilliseconds:
		return part{n: micros, scale: 3}, true
	case fieldSecond:
		return part{n: micros, scale: 6}, true
	case fieldMinute:
		return part{n: int64(c.Minute)}, true
	case fieldHour:
		return part{n: int64(c.Hour)}, true
	}
	return part{}, false
}

func microsOfDay(c types.Clock) int64 {
	return (int64(c.Hour)*3600+int64(c.Minute)*60+int64(c.Second))*microsPerSecond + int64(c.Micros)
}

// zoneField is a field of an offset.
func zoneField(westS int32, f field) (n int64, ok bool) {
	switch f {
	case fieldTimezone:
		return -int64(westS), true
	case fieldTimezoneHour:
		return -int64(westS) / 3600, true
	case fieldTimezoneMinute:
		return -int64(westS) % 3600 / 60, true
	}
	return 0, false
}

// infinitePart: fields that only grow are infinite for an infinite moment,
// those that come round again are NULL.
func infinitePart(f field, negative bool) (part, bool) {
	sign := 1
	if negative {
		sign = -1
	}
	switch f {
	case fieldYear, fieldDecade, fieldCentury, fieldMillennium, fieldJulian, fieldISOYear, fieldEpoch:
		return part{infinite: sign}, true
	case fieldUnknown:
		return part{}, false
	}
	return part{none: true}, true
}

// unixEpochMicros is 1970-01-01 as a timestamp.
const unixEpochMicros = -946684800 * microsPerSecond

// timestampPart is a field of a timestamp; ok is false when it has none such.
func timestampPart(ts int64, f field) (part, bool) {
	if !types.IsFiniteTimestamp(ts) {
		return infinitePart(f, ts < 0) // also a zone's, which is asked for of finite ones only
	}
	return clockPart(types.TimestampClock(ts), ts, f)
}

// clockPart is a field of a moment, of which ts is the epoch's side.
func clockPart(c types.Clock, ts int64, f field) (part, bool) {
	switch f {
	case fieldEpoch:
		return part{n: ts, seconds: -unixEpochMicros / microsPerSecond, scale: 6}, true
	case fieldJulian:
		return part{julian: true, day: julianDay(c), n: microsOfDay(c)}, true
	}
	if p, ok := timeField(c, f); ok {
		return p, true
	}
	n, ok := dateField(c, f)
	return part{n: n}, ok
}

func timestamptzPart(ts int64, f field, loc *time.Location) (part, bool) {
	if !types.IsFiniteTimestamp(ts) {
		return infinitePart(f, ts < 0)
	}
	c := types.TimestampTZClock(ts, loc)
	if n, ok := zoneField(c.ZoneWestS, f); ok {
		return part{n: n}, true
	}
	return clockPart(c, ts, f)
}

// datePart is a field of a date: it has no time of day.
func datePart(d int64, f field) (part, bool) {
	if f <= fieldHour && f != fieldUnknown || f >= fieldTimezone {
		return part{}, false
	}
	if !types.IsFiniteDate(d) {
		return infinitePart(f, d < 0)
	}
	c := types.DateClock(d)
	switch f {
	case fieldEpoch:
		return part{n: d*86400 - unixEpochMicros/microsPerSecond}, true
	case fieldJulian:
		return part{n: julianDay(c)}, true
	}
	n, ok := dateField(c, f)
	return part{n: n}, ok
}

func timePart(micros int64, f field) (part, bool) {
	if f == fieldEpoch {
		return part{n: micros, scale: 6}, true
	}
	return timeField(clockOfDay(micros), f)
}

// clockOfDay takes a time of day apart; 24:00:00 is hour 24.
func clockOfDay(micros int64) types.Clock {
	return types.Clock{
		Hour: int(micros / (3600 * microsPerSecond)), Minute: int(micros / (60 * microsPerSecond) % 60),
		Second: int(micros / microsPerSecond % 60), Micros: int(micros % microsPerSecond),
	}
}

func timetzPart(t types.TimeTZ, f field) (part, bool) {
	if n, ok := zoneField(t.ZoneWestS, f); ok {
		return part{n: n}, true
	}
	if f == fieldEpoch {
		return part{n: t.Micros + int64(t.ZoneWestS)*microsPerSecond, scale: 6}, true
	}
	return timePart(t.Micros, f)
}

func intervalPart(v types.Interval, f field) (part, bool) {
	year, month := int64(v.Months/12), int64(v.Months%12)
	switch f {
	case fieldDay:
		return part{n: int64(v.Days)}, true
	case fieldMonth:
		return part{n: month}, true
	case fieldQuarter:
		return part{n: month/3 + 1}, true
	case fieldYear:
		return part{n: year}, true
	case fieldDecade:
		return part{n: year / 10}, true
	case fieldCentury:
		return part{n: year / 100}, true
	case fieldMillennium:
		return part{n: year / 1000}, true
	case fieldEpoch:
		// A year is 365.25 days here, a month 30.
		quarterDays := year*1461 + month*120 + int64(v.Days)*4
		return part{n: v.Micros, seconds: quarterDays * (86400 / 4), scale: 6}, true
	}
	return timeField(clockOfDay(v.Micros), f)
}
