package types

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must be there on machines without a zone database

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// zoneByLowerName finds the spelling of a zone's name; names are matched
// whatever their case.
var zoneByLowerName = func() map[string]string {
	m := make(map[string]string, len(zoneNames))
	for _, n := range zoneNames {
		m[strings.ToLower(n)] = n
	}
	return m
}()

// loadedZones keeps what time.LoadLocation has read, by name: *time.Location.
// It is a cache of pure answers and at most as large as zoneNames.
var loadedZones sync.Map

// FindZone is pg_tzset: a zone of the database, its name in any case, or a
// POSIX specification ("EST5EDT,M3.2.0,M11.1.0", "<+03>-3"); nil if it is neither.
func FindZone(name string) *time.Location {
	switch {
	case strings.EqualFold(name, "UTC"):
		return time.UTC
	case strings.EqualFold(name, "posixrules"):
		name = "America/New_York"
	}
	canonical, ok := zoneByLowerName[strings.ToLower(name)]
	if !ok {
		return posixZone(name)
	}
	if loc, ok := loadedZones.Load(canonical); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(canonical)
	if err != nil {
		return nil
	}
	loadedZones.Store(canonical, loc)
	return loc
}

// FixedZone is the zone that SET TIME ZONE makes of a number or interval,
// named as PostgreSQL shows it: <+03>-03.
func FixedZone(eastS int) *time.Location {
	abs, here, there := eastS, byte('+'), byte('-')
	if eastS < 0 {
		abs, here, there = -eastS, '-', '+'
	}
	hms := fmt.Sprintf("%02d", abs/3600)
	if abs%3600 != 0 {
		hms += fmt.Sprintf(":%02d", abs/60%60)
	}
	if abs%60 != 0 {
		hms += fmt.Sprintf(":%02d", abs%60)
	}
	return posixZone(fmt.Sprintf("<%c%s>%c%s", here, hms, there, hms))
}

// posixDefaultRules are the rules of a zone that names a summer time and no
// rules for it: those of the USA since 2007.
const posixDefaultRules = ",M3.2.0,M11.1.0"

// posixRules is when summer time begins and ends.
var posixRules = regexp.MustCompile(`^(,(M\d{1,2}\.[1-5]\.[0-6]|J?\d{1,3})(/[+-]?\d{1,3}(:\d{2}(:\d{2})?)?)?){2}$`)

// posixZone makes a zone of a POSIX TZ string; nil if it is none.
func posixZone(spec string) *time.Location {
	spec = strings.ToUpper(spec)
	abbrev, rest, ok := posixAbbrev(spec)
	if !ok && rest != spec { // a zone may have no name: "+05:30"
		return nil
	}
	west, after, ok := posixOffset(rest)
	if !ok {
		return nil
	}
	// time.Location wants what is no plain word in <>
	tz := "<" + abbrev + ">" + rest[:len(rest)-len(after)]
	if after != "" {
		summer, ok := posixSummer(after)
		if !ok {
			return nil
		}
		tz += summer
	}
	loc, err := time.LoadLocationFromTZData(spec, zoneData(tz, abbrev, -west))
	if err != nil {
		return nil
	}
	return loc
}

// posixSummer reads a summer time's name, perhaps its offset and its rules.
func posixSummer(s string) (tz string, ok bool) {
	abbrev, rest, ok := posixAbbrev(s)
	if !ok {
		return "", false
	}
	after := rest
	if rest != "" && rest[0] != ',' {
		if _, after, ok = posixOffset(rest); !ok {
			return "", false
		}
	}
	tz = "<" + abbrev + ">" + rest
	if after == "" {
		tz += posixDefaultRules
	}
	return tz, after == "" || posixRules.MatchString(after)
}

// posixAbbrev cuts a zone abbreviation off: all up to a digit, sign or comma,
// or anything in <>.
func posixAbbrev(s string) (abbrev, rest string, ok bool) {
	if strings.HasPrefix(s, "<") {
		abbrev, rest, ok = strings.Cut(s[1:], ">")
		return abbrev, rest, ok && abbrev != ""
	}
	i := countWhile(s, func(c byte) bool { return !isDigit(c) && c != ',' && c != '-' && c != '+' })
	return s[:i], s[i:], i >= 1 && strings.IndexByte(s[:i], '>') < 0
}

// posixOffset cuts [+-]hh[:mm[:ss]] off: seconds west.
func posixOffset(s string) (west int, rest string, ok bool) {
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	limits := [...]int{167, 59, 59}
	units := [...]int{3600, 60, 1}
	for i := range units {
		v, n := 0, 0
		for n < len(s) && isDigit(s[n]) && v < 1000 {
			v = v*10 + int(s[n]-'0')
			n++
		}
		if n == 0 || v > limits[i] {
			return 0, "", false
		}
		west += v * units[i]
		if s = s[n:]; s == "" || s[0] != ':' {
			break
		}
		s = s[1:]
	}
	return west * sign, s, true
}

// zoneData is a zone file (RFC 8536) without transitions: one type of local
// time, and the TZ string as its footer, which time.Location evaluates.
func zoneData(tz, abbrev string, eastS int) []byte {
	header := func(types, chars byte) []byte {
		h := append([]byte("TZif2"), make([]byte, 15)...)
		return append(h, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, types, 0, 0, 0, chars)
	}
	body := appendInt32(nil, int32(eastS))
	body = append(body, 0, 0)
	body = append(append(body, abbrev...), 0)
	chars := byte(len(abbrev) + 1)
	data := append(header(1, chars), body...)
	data = append(append(data, header(1, chars)...), body...)
	return append(append(append(data, '\n'), tz...), '\n')
}

// errZone is what an unknown zone is answered with.
func errZone(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// secondsPerDayZone: zones change less often than every two days, so that a
// search that begins a day early finds the transition that matters.
const secondsPerDayZone = secondsPerDay

// localOffset finds the zone's offset, in seconds west of UTC, at a local time.
// A time that a transition skips is taken with the offset before it, one that
// occurs twice with the offset after it (DetermineTimeZoneOffset).
func localOffset(c *Clock, loc *time.Location) int32 {
	if !isValidJulian(c.Year, c.Month) {
		return 0
	}
	west, _ := localOffsetAt(c, loc)
	return west
}

// localOffsetAt also returns the moment, in Unix seconds.
func localOffsetAt(c *Clock, loc *time.Location) (westS int32, unix int64) {
	local := int64(c.julian()-unixEpochJDate)*secondsPerDay + int64(c.Hour*3600+c.Minute*60+c.Second)
	prev := time.Unix(local-secondsPerDayZone, 0).In(loc)
	_, before := prev.Zone()
	_, end := prev.ZoneBounds()
	if end.IsZero() {
		return int32(-before), local - int64(before)
	}
	_, after := end.Zone()
	boundary := end.Unix()
	beforeTime, afterTime := local-int64(before), local-int64(after)
	switch {
	case beforeTime < boundary && afterTime < boundary:
		return int32(-before), beforeTime
	case beforeTime > boundary && afterTime >= boundary:
		return int32(-after), afterTime
	case beforeTime > afterTime:
		return int32(-before), beforeTime
	}
	return int32(-after), afterTime
}

// abbrevOffset is the offset of a zone's abbreviation near a local time: the
// one in use then, else the last one before, else the first one after.
func abbrevOffset(c *Clock, abbrev string, loc *time.Location) int32 {
	west, unix := localOffsetAt(c, loc)
	if t, ok := abbrevUse(time.Unix(unix, 0).In(loc), abbrev); ok {
		_, east := t.Zone()
		return int32(-east)
	}
	return west
}

// abbrevUse is a moment at which a zone's abbreviation was in use: now, else the
// last one before, else the first one after.
func abbrevUse(now time.Time, abbrev string) (use time.Time, ok bool) {
	inUse := func(t time.Time) bool {
		name, _ := t.Zone()
		return strings.EqualFold(name, abbrev)
	}
	for t := now; ; {
		if inUse(t) {
			return t, true
		}
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			break
		}
		t = start.Add(-time.Second)
	}
	last := time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
	for t := now; ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.After(last) {
			return now, false
		}
		if t = end; inUse(t) {
			return t, true
		}
	}
}

// fixedOffset returns the offset, in seconds east, of a zone that has had only one.
func fixedOffset(loc *time.Location) (eastS int, ok bool) {
	t := time.Unix(0, 0).In(loc)
	start, end := t.ZoneBounds()
	_, eastS = t.Zone()
	return eastS, start.IsZero() && end.IsZero()
}

// TimestampTZClock takes a finite timestamptz apart in a zone.
func TimestampTZClock(ts int64, loc *time.Location) Clock {
	unix := floorDiv(ts, microsPerSecond) + unixEpochSeconds
	name, east := time.Unix(unix, 0).In(loc).Zone()
	local := unix + int64(east)
	days := floorDiv(local, secondsPerDay)
	c := Clock{ZoneWestS: int32(-east), Zone: name}
	c.Year, c.Month, c.Day = j2date(int(days) + unixEpochJDate)
	c.setTime((local-days*secondsPerDay)*microsPerSecond + (ts - floorDiv(ts, microsPerSecond)*microsPerSecond))
	return c
}

// Timestamptz puts a clock without a zone together in loc.
func (c Clock) Timestamptz(loc *time.Location) (int64, error) {
	c.ZoneWestS = localOffset(&c, loc)
	return c.Moment()
}

// Moment puts a clock together at its own offset.
func (c Clock) Moment() (int64, error) {
	ts, ok := c.timestampTZ()
	if !ok {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// TimestampFromTime is the timestamptz of a Go time, cut to microseconds.
func TimestampFromTime(t time.Time) int64 {
	return (t.Unix()-unixEpochSeconds)*microsPerSecond + int64(t.Nanosecond()/1000)
}

// TimestampTime is the Go time of a finite timestamptz.
func TimestampTime(ts int64) time.Time {
	sec := floorDiv(ts, microsPerSecond)
	return time.Unix(sec+unixEpochSeconds, (ts-sec*microsPerSecond)*1000)
}

// TimestampToTZ reads a timestamp as local time in loc: the cast to
// timestamptz, and timestamp AT TIME ZONE.
func TimestampToTZ(ts int64, loc *time.Location) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	return TimestampClock(ts).Timestamptz(loc)
}

// TimestamptzToLocal is the local time in loc: the cast to timestamp, and
// timestamptz AT TIME ZONE.
func TimestamptzToLocal(ts int64, loc *time.Location) (int64, error) {
	if !IsFiniteTimestamp(ts) {
		return ts, nil
	}
	local := LocalMicros(ts, loc)
	if !isValidTimestamp(local) {
		return 0, errTimestampRange()
	}
	return local, nil
}

// LocalMicros is the local time in loc, which may lie a day beyond the range of
// timestamps: enough for the date or the time of day. An infinite one stays.
func LocalMicros(ts int64, loc *time.Location) int64 {
	if !IsFiniteTimestamp(ts) {
		return ts
	}
	return ts - int64(TimestampTZClock(ts, loc).ZoneWestS)*microsPerSecond
}
