package types

import (
	"strings"
	"time"
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
