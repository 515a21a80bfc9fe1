package types

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// ZoneState is what a zone, or an abbreviation of one, says of a moment.
type ZoneState struct {
	Name   string // a zone's; "" of an abbreviation
	Abbrev string
	EastS  int
	DST    bool
}

func zoneState(t time.Time) ZoneState {
	abbrev, east := t.Zone()
	return ZoneState{Abbrev: abbrev, EastS: east, DST: t.IsDST()}
}

// Zones are the zones of the database, by name (pg_timezone_names).
func Zones(at time.Time) (out []ZoneState) {
	for _, name := range zoneNames {
		if loc := FindZone(name); loc != nil {
			s := zoneState(at.In(loc))
			s.Name = name
			out = append(out, s)
		}
	}
	return out
}

// Abbreviations are those of timezone_abbreviations, in order (pg_timezone_abbrevs).
// One that is its zone's means what it does at the moment.
func Abbreviations(at time.Time) (out []ZoneState) {
	for _, abbrev := range slices.Sorted(maps.Keys(zoneAbbrevs)) {
		a := zoneAbbrevs[abbrev]
		s := ZoneState{EastS: int(a.eastS), DST: a.dst}
		if loc := FindZone(a.zone); a.zone != "" && loc != nil {
			t := at.In(loc)
			if use, ok := abbrevUse(t, abbrev); ok {
				t = use
			}
			s = zoneState(t)
		}
		s.Abbrev = strings.ToUpper(abbrev)
		out = append(out, s)
	}
	return out
}
