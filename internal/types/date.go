package types

import (
	"cmp"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// ordinalCodec is the order and hash of the signed integer-like types.
type ordinalCodec struct{}

func (ordinalCodec) compare(_ *Type, a, b Datum) int { return cmp.Compare(a.Int(), b.Int()) }

func (ordinalCodec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, d.n) }

// dateCodec is date: days since 2000-01-01 (date.c).
type dateCodec struct{ ordinalCodec }

// decodeMoment reads a date, or a timestamp.
func decodeMoment(env *Env, s, typeName string, bufLen int) (*dateDecoder, error) {
	p := &dateDecoder{env: env}
	fields, code := lexDateTime(s, bufLen)
	if code == dtOK {
		p.fields = fields
		code = p.decode()
	}
	if code != dtOK {
		return nil, dateTimeError(code, s, typeName, p.badZone)
	}
	return p, nil
}

func (dateCodec) parse(env *Env, _ *Type, s string, _ int32) (Datum, error) {
	if c, _, ok := parseISO(s); ok {
		return Int(int64(c.julian() - postgresEpochJDate)), nil
	}
	p, err := decodeMoment(env, s, "date", dateBufLen)
	if err != nil {
		return Null, err
	}
	switch p.special {
	case reservedLate:
		return Int(DateInfinity), nil
	case reservedEarly:
		return Int(DateMinusInfinity), nil
	case reservedEpoch:
		return Int(unixEpochJDate - postgresEpochJDate), nil
	}
	if isValidJulian(p.c.Year, p.c.Month) {
		if d := int64(p.c.julian() - postgresEpochJDate); isValidDate(d) {
			return Int(d), nil
		}
	}
	return Null, pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range: \"%s\"", s)
}

func (dateCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	switch v := d.Int(); v {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateMinusInfinity:
		return append(dst, "-infinity"...)
	default:
		c := DateClock(v)
		return appendEra(appendNumericDate(dst, &c, env.DateStyle, env.DateOrder), c.Year)
	}
}

func (dateCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, 4); err != nil {
		return Null, err
	}
	v := int64(readInt32(b))
	if IsFiniteDate(v) && !isValidDate(v) {
		return Null, errDateRange()
	}
	return Int(v), nil
}

func (dateCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return appendInt32(dst, int32(d.Int()))
}

// DateToTimestamp is the cast to timestamp.
func DateToTimestamp(d int64) (int64, error) {
	switch {
	case d == DateInfinity:
		return TimestampInfinity, nil
	case d == DateMinusInfinity:
		return TimestampMinusInfinity, nil
	case d >= endTimestamp/microsPerDay:
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range for timestamp")
	}
	return d * microsPerDay, nil
}

// TimestampToDate is the cast to date.
func TimestampToDate(ts int64) int64 {
	switch ts {
	case TimestampInfinity:
		return DateInfinity
	case TimestampMinusInfinity:
		return DateMinusInfinity
	}
	return floorDiv(ts, microsPerDay)
}

// MakeDate is make_date: a negative year is BC.
func MakeDate(year, month, day int) (int64, error) {
	shown := yearInError(year)
	bad := func() error {
		return pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", shown, month, day)
	}
	c := Clock{Year: year, Month: month, Day: day}
	if year < 0 {
		c.Year = 1 + year
	}
	if year == 0 || year == math.MinInt32 || month < 1 || month > 12 || day < 1 || day > 31 || day > daysInMonth(c.Year, month) {
		return 0, bad()
	}
	if !isValidJulian(c.Year, month) || !isValidDate(int64(c.julian()-postgresEpochJDate)) {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range: %d-%02d-%02d", shown, month, day)
	}
	return int64(c.julian() - postgresEpochJDate), nil
}

// yearInError is make_date's year as its errors tell it: one before Christ is
// counted from 0 by then.
func yearInError(year int) int {
	if year < 0 && year != math.MinInt32 {
		return year + 1
	}
	return year
}

// DateAddDays is date + integer.
func DateAddDays(d int64, days int64) (int64, error) {
	if !IsFiniteDate(d) {
		return d, nil
	}
	if r := d + days; isValidDate(r) {
		return r, nil
	}
	return 0, errDateRange()
}

// DateDiff is date - date, in days.
func DateDiff(a, b int64) (int64, error) {
	if !IsFiniteDate(a) || !IsFiniteDate(b) {
		return 0, pgerr.New(pgerr.DatetimeValueOutOfRange, "cannot subtract infinite dates")
	}
	return a - b, nil
}
