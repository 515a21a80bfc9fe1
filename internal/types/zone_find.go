package types

import (
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// FindZoneOrAbbrev is what AT TIME ZONE takes: an abbreviation of
// timezone_abbreviations, else a zone as FindZone does; nil for neither. An
// abbreviation that has meant several offsets is its zone.
func FindZoneOrAbbrev(name string) *time.Location {
	a, ok := zoneAbbrevs[strings.ToLower(name)]
	switch {
	case !ok:
		return FindZone(name)
	case a.zone != "":
		return FindZone(a.zone)
	}
	return time.FixedZone(strings.ToUpper(name), int(a.eastS))
}

// AbbrevAt is the offset that an abbreviation had at a moment, if it has meant several
// (DetermineTimeZoneAbbrevOffset): of a timestamp, which is local, or a timestamptz.
func AbbrevAt(name string, ts int64, local bool) (loc *time.Location, ok bool) {
	a := zoneAbbrevs[strings.ToLower(name)]
	if a.zone == "" || !IsFiniteTimestamp(ts) {
		return nil, false
	}
	zone := FindZone(a.zone)
	if zone == nil {
		return nil, false
	}
	if local {
		c := TimestampClock(ts)
		return time.FixedZone(name, int(-abbrevOffset(&c, name, zone))), true
	}
	now := TimestampTime(ts).In(zone)
	if use, was := abbrevUse(now, name); was {
		now = use
	}
	_, eastS := now.Zone()
	return time.FixedZone(name, eastS), true
}

// SaneZone is the zone that make_timestamptz is given (parse_sane_timezone): a
// number of hours east, an abbreviation or a name. ts is a timestamp there.
func SaneZone(name string, ts int64) (*time.Location, error) {
	if name != "" && isDigit(name[0]) {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid input syntax for type %s: \"%s\"", "numeric time zone", name).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	}
	switch westS, code := decodeZoneOffset(name); code {
	case dtOK:
		return time.FixedZone("", int(-westS)), nil
	case dtZoneOverflow:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "numeric time zone \"%s\" out of range", name)
	}
	if loc, ok := AbbrevAt(name, ts, true); ok {
		return loc, nil
	}
	if loc := FindZoneOrAbbrev(name); loc != nil {
		return loc, nil
	}
	return nil, errZone(name)
}
