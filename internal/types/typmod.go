package types

import (
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// typmodHeader is VARHDRSZ: the typmods of varchar, char(n) and numeric carry
// it, so that a valid one is never below 4.
const typmodHeader = 4

// The limits of typmods: MaxAttrSize (htup_details.h), NUMERIC_MAX_PRECISION
// and the scales (numeric.h), MAX_TIMESTAMP_PRECISION (timestamp.h).
const (
	maxAttrSize         = 10 * 1024 * 1024
	maxNumericPrecision = 1000
	minNumericScale     = -1000
	maxNumericScale     = 1000
	maxTimePrecision    = 6
)

// TypmodIn encodes the modifiers written behind a type's name, numeric(10,2),
// as the typmodin functions do. For interval the first one is the mask of
// fields (the grammar's constant), the second the precision. Warnings that
// PostgreSQL gives while it reduces a precision come with TypmodWarning.
func TypmodIn(t *Type, mods []int32) (int32, error) {
	if t.Elem != nil {
		t = t.Elem
	}
	switch t {
	case TVarchar:
		return charTypmodIn("varchar", mods)
	case TBpchar:
		return charTypmodIn("char", mods)
	case TNumeric:
		return numericTypmodIn(mods)
	case TBit, TVarbit:
		return bitTypmodIn(t.Name, mods)
	case TTime, TTimeTZ, TTimestamp, TTimestamptz:
		return timeTypmodIn(t, mods)
	case TInterval:
		return intervalTypmodIn(mods)
	}
	if !t.Supported() {
		return -1, pgerr.Unsupported("type %s", t.SQLName)
	}
	return -1, pgerr.New(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", t.Name)
}

func errTypmod(format string, args ...any) error {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func charTypmodIn(name string, mods []int32) (int32, error) {
	switch {
	case len(mods) != 1:
		return -1, errTypmod("invalid type modifier")
	case mods[0] < 1:
		return -1, errTypmod("length for type %s must be at least 1", name)
	case mods[0] > maxAttrSize:
		return -1, errTypmod("length for type %s cannot exceed %d", name, maxAttrSize)
	}
	return mods[0] + typmodHeader, nil
}

func bitTypmodIn(name string, mods []int32) (int32, error) {
	switch {
	case len(mods) != 1:
		return -1, errTypmod("invalid type modifier")
	case mods[0] < 1:
		return -1, errTypmod("length for type %s must be at least 1", name)
	case mods[0] > MaxBits:
		return -1, errTypmod("length for type %s cannot exceed %d", name, MaxBits)
	}
	return mods[0], nil
}

func numericTypmodIn(mods []int32) (int32, error) {
	if len(mods) != 1 && len(mods) != 2 {
		return -1, errTypmod("invalid NUMERIC type modifier")
	}
	p, s := mods[0], int32(0)
	if p < 1 || p > maxNumericPrecision {
		return -1, errTypmod("NUMERIC precision %d must be between 1 and %d", p, maxNumericPrecision)
	}
	if len(mods) == 2 {
		s = mods[1]
		if s < minNumericScale || s > maxNumericScale {
			return -1, errTypmod("NUMERIC scale %d must be between %d and %d", s, minNumericScale, maxNumericScale)
		}
	}
	return NumericTypmod(p, s), nil
}

// NumericTypmod packs a precision and a scale, which must be valid.
func NumericTypmod(precision, scale int32) int32 {
	return precision<<16 | scale&0x7ff + typmodHeader
}

// NumericPrecision unpacks a numeric's typmod; ok is false when it has none.
func NumericPrecision(typmod int32) (precision, scale int32, ok bool) {
	if typmod < typmodHeader {
		return 0, 0, false
	}
	typmod -= typmodHeader
	return typmod >> 16 & 0xffff, (typmod&0x7ff ^ 1024) - 1024, true
}

// sqlTimeName is the name that the time types' modifiers are complained of by.
func sqlTimeName(t *Type) (name, zone string) {
	switch t {
	case TTime:
		return "TIME", ""
	case TTimeTZ:
		return "TIME", " WITH TIME ZONE"
	case TTimestamp:
		return "TIMESTAMP", ""
	}
	return "TIMESTAMP", " WITH TIME ZONE"
}

func timeTypmodIn(t *Type, mods []int32) (int32, error) {
	if len(mods) != 1 {
		return -1, errTypmod("invalid type modifier")
	}
	if mods[0] < 0 {
		name, zone := sqlTimeName(t)
		return -1, errTypmod("%s(%d)%s precision must not be negative", name, mods[0], zone)
	}
	return min(mods[0], maxTimePrecision), nil
}

// TypmodWarning is the WARNING that TypmodIn's reduction of a precision comes
// with, or nil.
func TypmodWarning(t *Type, mods []int32) *pgerr.E {
	if t.Elem != nil {
		t = t.Elem
	}
	var e *pgerr.E
	switch {
	case (t == TTime || t == TTimeTZ || t == TTimestamp || t == TTimestamptz) && len(mods) == 1 && mods[0] > maxTimePrecision:
		name, zone := sqlTimeName(t)
		e = pgerr.New(pgerr.InvalidParameterValue, "%s(%d)%s precision reduced to maximum allowed, %d", name, mods[0], zone, maxTimePrecision)
	case t == TInterval && len(mods) == 2 && mods[1] > maxTimePrecision:
		e = pgerr.New(pgerr.InvalidParameterValue, "INTERVAL(%d) precision reduced to maximum allowed, %d", mods[1], maxTimePrecision)
	default:
		return nil
	}
	return e.WithSeverity(pgerr.SeverityWarning)
}

// Interval's typmod: the mask of fields in the upper half, the precision in
// the lower (timestamp.h); the bits are those of datetime.h.
const (
	intervalFullRange     = 0x7fff
	intervalFullPrecision = 0xffff

	maskMonth  = 1 << 1
	maskYear   = 1 << 2
	maskDay    = 1 << 3
	maskHour   = 1 << 10
	maskMinute = 1 << 11
	maskSecond = 1 << 12
)

// intervalRanges are the masks that the grammar can make.
var intervalRanges = []struct {
	mask int32
	name string
}{
	{maskYear, " year"},
	{maskMonth, " month"},
	{maskDay, " day"},
	{maskHour, " hour"},
	{maskMinute, " minute"},
	{maskSecond, " second"},
	{maskYear | maskMonth, " year to month"},
	{maskDay | maskHour, " day to hour"},
	{maskDay | maskHour | maskMinute, " day to minute"},
	{maskDay | maskHour | maskMinute | maskSecond, " day to second"},
	{maskHour | maskMinute, " hour to minute"},
	{maskHour | maskMinute | maskSecond, " hour to second"},
	{maskMinute | maskSecond, " minute to second"},
	{intervalFullRange, ""},
}

// intervalRangeName is " day to second" and its like; ok is false for a mask
// that the grammar cannot make.
func intervalRangeName(mask int32) (name string, ok bool) {
	for _, r := range intervalRanges {
		if r.mask == mask {
			return r.name, true
		}
	}
	return "", false
}

func intervalTypmodIn(mods []int32) (int32, error) {
	if len(mods) == 0 || len(mods) > 2 {
		return -1, errTypmod("invalid INTERVAL type modifier")
	}
	if _, ok := intervalRangeName(mods[0]); !ok {
		return -1, errTypmod("invalid INTERVAL type modifier")
	}
	if len(mods) == 1 {
		if mods[0] == intervalFullRange {
			return -1, nil
		}
		return mods[0]<<16 | intervalFullPrecision, nil
	}
	if mods[1] < 0 {
		return -1, errTypmod("INTERVAL(%d) precision must not be negative", mods[1])
	}
	return mods[0]<<16 | min(mods[1], maxTimePrecision), nil
}

// CharLength is n of char(n) and varchar(n), in characters; not ok without one.
func CharLength(typmod int32) (n int, ok bool) {
	return int(typmod - typmodHeader), typmod >= typmodHeader
}

// TypmodOut is the typmodout function: "(10,2)"; "" for no typmod.
func TypmodOut(t *Type, typmod int32) string {
	if typmod < 0 {
		return ""
	}
	switch t {
	case TVarchar, TBpchar:
		if typmod > typmodHeader {
			return "(" + strconv.Itoa(int(typmod-typmodHeader)) + ")"
		}
	case TNumeric:
		if p, s, ok := NumericPrecision(typmod); ok {
			return "(" + strconv.Itoa(int(p)) + "," + strconv.Itoa(int(s)) + ")"
		}
	case TTime, TTimestamp:
		return "(" + strconv.Itoa(int(typmod)) + ") without time zone"
	case TTimeTZ, TTimestamptz:
		return "(" + strconv.Itoa(int(typmod)) + ") with time zone"
	case TInterval:
		name, _ := intervalRangeName(typmod >> 16 & intervalFullRange)
		if p := typmod & 0xffff; p != intervalFullPrecision {
			name += "(" + strconv.Itoa(int(p)) + ")"
		}
		return name
	default:
		return "(" + strconv.Itoa(int(typmod)) + ")"
	}
	return ""
}

// FormatType is format_type(oid, typmod) with a typmod that is given: a char
// without length is "bpchar" then. Without one (NULL) it is Type.SQLName.
func FormatType(t *Type, typmod int32) string {
	if t.isArray() {
		return FormatType(t.Elem, typmod) + "[]"
	}
	if typmod < 0 {
		switch t.OID {
		case 1042:
			return "bpchar"
		case 1560:
			return `"bit"`
		}
		return t.SQLName
	}
	switch t {
	case TTime, TTimeTZ:
		return "time" + TypmodOut(t, typmod)
	case TTimestamp, TTimestamptz:
		return "timestamp" + TypmodOut(t, typmod)
	}
	return t.SQLName + TypmodOut(t, typmod)
}
