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
