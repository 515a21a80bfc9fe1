package types

import (
	"math"
	"strconv"
	"strings"
)

// intervalSum adds up the fields of an interval's text (pg_itm_in). Its methods
// answer false when a part overflows.
type intervalSum struct {
	micros              int64
	days, months, years int32
}

func (v *intervalSum) interval() (Interval, bool) {
	months := int64(v.years)*monthsPerYear + int64(v.months)
	return Interval{Micros: v.micros, Days: v.days, Months: int32(months)}, months == int64(int32(months))
}

func addInt32(sum *int32, n int64) bool {
	if n != int64(int32(n)) {
		return false
	}
	r := int64(*sum) + n
	*sum = int32(r)
	return r == int64(int32(r))
}

func (v *intervalSum) addMicros(n int64) bool {
	r := v.micros + n
	ok := (r > v.micros) == (n > 0) || n == 0
	v.micros = r
	return ok
}

// addFractionMicros adds frac units of scale microseconds, rounded.
func (v *intervalSum) addFractionMicros(frac float64, scale int64) bool {
	frac *= float64(scale)
	n := int64(frac)
	if rest := frac - float64(n); rest > 0.5 {
		n++
	} else if rest < -0.5 {
		n--
	}
	return v.addMicros(n)
}

func (v *intervalSum) addUnits(n int64, frac float64, scale int64) bool {
	if n != 0 && (n*scale/scale != n || n > math.MaxInt64/scale || n < math.MinInt64/scale) {
		return false
	}
	return v.addMicros(n*scale) && v.addFractionMicros(frac, scale)
}

func (v *intervalSum) addDays(n, scale int64) bool {
	return n == int64(int32(n)) && addInt32(&v.days, n*scale)
}

// addFractionDays adds frac units of scale days; what is left of a day becomes time.
func (v *intervalSum) addFractionDays(frac float64, scale int64) bool {
	frac *= float64(scale)
	whole := int64(int32(frac))
	return addInt32(&v.days, whole) && v.addFractionMicros(frac-float64(whole), microsPerDay)
}

func (v *intervalSum) addMonths(n int64) bool { return addInt32(&v.months, n) }

func (v *intervalSum) addYears(n int64, frac float64, scale int64) bool {
	if n != int64(int32(n)) || !addInt32(&v.years, n*scale) {
		return false
	}
	return addInt32(&v.months, int64(math.RoundToEven(frac*float64(scale)*monthsPerYear)))
}

// intervalDecoder reads fields from right to left, so that units come before
// their numbers (DecodeInterval).
type intervalDecoder struct {
	fieldMask   int32 // what the typmod names
	sqlStandard bool

	v        intervalSum
	unit     int
	negative bool // a leading sign counts for all fields
	ago      bool
	seen     int
}

func (p *intervalDecoder) decode(fields []dateField) dtErr {
	if p.sqlStandard && len(fields) > 0 && fields[0].text[0] == '-' {
		p.negative = true
		for _, f := range fields[1:] {
			if f.text[0] == '-' || f.text[0] == '+' {
				p.negative = false
			}
		}
	}
	for i := len(fields) - 1; i >= 0; i-- {
		mask, code := p.field(fields[i])
		if code != dtOK {
			return code
		}
		if mask&p.seen != 0 {
			return dtBadFormat
		}
		p.seen |= mask
	}
	if p.seen == 0 {
		return dtBadFormat
	}
	if p.ago {
		return p.v.negate()
	}
	return dtOK
}

func (v *intervalSum) negate() dtErr {
	if v.micros == math.MinInt64 || v.days == math.MinInt32 || v.months == math.MinInt32 || v.years == math.MinInt32 {
		return dtFieldOverflow
	}
	v.micros, v.days, v.months, v.years = -v.micros, -v.days, -v.months, -v.years
	return dtOK
}

func (p *intervalDecoder) field(f dateField) (mask int, code dtErr) {
	switch f.kind {
	case fieldTime:
		return p.time(f.text, false)
	case fieldZone:
		if strings.IndexByte(f.text, ':') >= 0 {
			if mask, code = p.time(f.text[1:], f.text[0] == '-'); code == dtOK {
				return mask, code
			}
		}
		return p.number(f.text)
	case fieldDate, fieldNumber:
		return p.number(f.text)
	}
	return p.word(f.text)
}

func (p *intervalDecoder) time(text string, negative bool) (mask int, code dtErr) {
	t, code := scanTime(text, p.fieldMask)
	if code != dtOK {
		return 0, code
	}
	if t.hour > math.MaxInt64/microsPerHour {
		return 0, dtFieldOverflow
	}
	micros := t.hour * microsPerHour
	rest := int64(t.minute)*microsPerMinute + int64(t.second)*microsPerSecond + int64(t.micros)
	if micros > math.MaxInt64-rest {
		return 0, dtFieldOverflow
	}
	micros += rest
	if negative || p.negative {
		micros = -micros
	}
	p.v.micros = micros
	p.unit = unitDay
	return maskTime, dtOK
}

// defaultUnit is what a number without a unit counts, by the typmod's last field.
func (p *intervalDecoder) defaultUnit() int {
	switch {
	case p.fieldMask == intervalFullRange || p.fieldMask&maskSecond != 0:
		return unitSecond
	case p.fieldMask&maskMinute != 0:
		return unitMinute
	case p.fieldMask&maskHour != 0:
		return unitHour
	case p.fieldMask&maskDay != 0:
		return unitDay
	case p.fieldMask&maskMonth != 0:
		return unitMonth
	}
	return unitYear
}

// number is a number, or SQL's years-months.
func (p *intervalDecoder) number(text string) (mask int, code dtErr) {
	if p.unit == unitNone {
		p.unit = p.defaultUnit()
	}
	n := 0
	if text[0] == '-' || text[0] == '+' {
		n = 1
	}
	digits := n + countWhile(text[n:], isDigit)
	val, err := strconv.ParseInt(text[:digits], 10, 64)
	if err != nil && digits > n {
		return 0, dtFieldOverflow
	}
	frac := 0.0
	switch rest := text[digits:]; {
	case rest == "":
	case rest[0] == '-':
		months, ok := atoi32(rest[1 : 1+countWhile(rest[1:], isDigit)])
		if !ok || months >= monthsPerYear {
			return 0, dtFieldOverflow
		}
		if len(rest) != 1+countWhile(rest[1:], isDigit) {
			return 0, dtBadFormat
		}
		p.unit = unitMonth
		if text[0] == '-' {
			months = -months
		}
		if val > math.MaxInt64/monthsPerYear-1 || val < math.MinInt64/monthsPerYear+1 {
			return 0, dtFieldOverflow
		}
		val = val*monthsPerYear + int64(months)
	case rest[0] == '.':
		var ok bool
		if frac, ok = fraction(rest); !ok {
			return 0, dtBadFormat
		}
		if text[0] == '-' {
			frac = -frac
		}
	default:
		return 0, dtBadFormat
	}
	if p.negative {
		val, frac = -max(val, -val), -math.Abs(frac)
	}
	return p.add(val, frac)
}

// add adds a number of the current unit.
func (p *intervalDecoder) add(val int64, frac float64) (mask int, code dtErr) {
	v, ok := &p.v, false
	switch p.unit {
	case unitMicrosecond:
		mask, ok = maskMicrosecond, v.addUnits(val, frac, 1)
	case unitMillisecond:
		mask, ok = maskMillisecond, v.addUnits(val, frac, 1000)
	case unitSecond:
		mask, ok = maskSecond, v.addUnits(val, frac, microsPerSecond)
		if frac != 0 {
			mask = maskAllSeconds
		}
	case unitMinute:
		mask, ok = maskMinute, v.addUnits(val, frac, microsPerMinute)
	case unitHour:
		mask, ok = maskHour, v.addUnits(val, frac, microsPerHour)
		p.unit = unitDay
	case unitDay:
		mask, ok = maskDay, v.addDays(val, 1) && v.addFractionMicros(frac, microsPerDay)
	case unitWeek:
		mask, ok = maskWeek, v.addDays(val, 7) && v.addFractionDays(frac, 7)
	case unitMonth:
		mask, ok = maskMonth, v.addMonths(val) && v.addFractionDays(frac, daysPerMonth)
	case unitYear:
		mask, ok = maskYear, v.addYears(val, frac, 1)
	case unitDecade:
		mask, ok = maskDecade, v.addYears(val, frac, 10)
	case unitCentury:
		mask, ok = maskCentury, v.addYears(val, frac, 100)
	case unitMillennium:
		mask, ok = maskMillennium, v.addYears(val, frac, 1000)
	default:
		return 0, dtBadFormat
	}
	if !ok {
		return 0, dtFieldOverflow
	}
	return mask, dtOK
}

func (p *intervalDecoder) word(text string) (mask int, code dtErr) {
	switch w := lookUpWord(intervalWords, text); w.kind {
	case wordUnit:
		p.unit = w.value
		return 0, dtOK
	case wordAgo:
		p.ago, p.unit = true, unitAgo
		return 0, dtOK
	}
	return 0, dtBadFormat
}

// decodeISO8601 reads P1Y2M3DT4H5M6S, P0001-02-03T04:05:06 and P00010203T040506
// (ISO 8601 section 4.4.3, both alternative formats).
func (v *intervalSum) decodeISO8601(s string) dtErr {
	if len(s) < 2 || s[0] != 'P' {
		return dtBadFormat
	}
	p := isoInterval{v: v, rest: s[1:], datePart: true}
	for p.rest != "" && !p.done {
		if p.rest[0] == 'T' {
			p.rest, p.datePart, p.haveField = p.rest[1:], false, false
			continue
		}
		width := countWhile(strings.TrimPrefix(p.rest, "-"), isDigit)
		n, frac, code := p.number()
		if code != dtOK {
			return code
		}
		unit := byteAt(p.rest, 0)
		if p.rest != "" {
			p.rest = p.rest[1:]
		}
		if p.datePart {
			code = p.date(n, frac, unit, width)
		} else {
			code = p.time(n, frac, unit, width)
		}
		if code != dtOK {
			return code
		}
	}
	return dtOK
}

type isoInterval struct {
	v         *intervalSum
	rest      string
	datePart  bool
	haveField bool
	done      bool
}

// isoNumberLimit is where ParseISO8601Number sees an overflow.
const isoNumberLimit = 1e15

func (p *isoInterval) number() (n int64, frac float64, code dtErr) {
	if c := byteAt(p.rest, 0); !isDigit(c) && c != '-' && c != '.' {
		return 0, 0, dtBadFormat
	}
	token, special, ok := scanFloat(p.rest)
	if !ok {
		return 0, 0, dtBadFormat
	}
	if special != 0 {
		return 0, 0, dtFieldOverflow
	}
	p.rest = p.rest[len(token):]
	v, err := strconv.ParseFloat(token, 64)
	if err != nil {
		return 0, 0, dtBadFormat
	}
	if math.Abs(v) > isoNumberLimit {
		return 0, 0, dtFieldOverflow
	}
	whole := math.Trunc(v)
	return int64(whole), v - whole, dtOK
}

func overflowUnless(ok bool) dtErr {
	if ok {
		return dtOK
	}
	return dtFieldOverflow
}

func (p *isoInterval) date(n int64, frac float64, unit byte, width int) dtErr {
	v := p.v
	first := !p.haveField
	p.haveField = true
	switch unit {
	case 'Y':
		return overflowUnless(v.addYears(n, frac, 1))
	case 'M':
		return overflowUnless(v.addMonths(n) && v.addFractionDays(frac, daysPerMonth))
	case 'W':
		return overflowUnless(v.addDays(n, 7) && v.addFractionDays(frac, 7))
	case 'D':
		return overflowUnless(v.addDays(n, 1) && v.addFractionMicros(frac, microsPerDay))
	case 'T', 0:
		if width == 8 && first {
			p.endDate(unit)
			return overflowUnless(v.addYears(n/10000, 0, 1) && v.addMonths(n/100%100) &&
				v.addDays(n%100, 1) && v.addFractionMicros(frac, microsPerDay))
		}
	case '-':
	default:
		return dtBadFormat
	}
	if !first {
		return dtBadFormat
	}
	if !v.addYears(n, frac, 1) {
		return dtFieldOverflow
	}
	if unit != '-' {
		p.endDate(unit)
		return dtOK
	}
	return p.extendedDate()
}

// endDate is for the end of the date part: T, or of the text.
func (p *isoInterval) endDate(unit byte) {
	p.done = unit == 0
	p.datePart, p.haveField = false, false
}

// extendedDate reads month-day behind year-.
func (p *isoInterval) extendedDate() dtErr {
	n, frac, code := p.number()
	if code != dtOK {
		return code
	}
	if !p.v.addMonths(n) || !p.v.addFractionDays(frac, daysPerMonth) {
		return dtFieldOverflow
	}
	if p.rest != "" && p.rest[0] == '-' {
		p.rest = p.rest[1:]
		if n, frac, code = p.number(); code != dtOK {
			return code
		}
		if !p.v.addDays(n, 1) || !p.v.addFractionMicros(frac, microsPerDay) {
			return dtFieldOverflow
		}
	}
	switch byteAt(p.rest, 0) {
	case 0:
		p.done = true
	case 'T':
		p.endDate('T')
		p.rest = p.rest[1:]
	default:
		return dtBadFormat
	}
	return dtOK
}

func (p *isoInterval) time(n int64, frac float64, unit byte, width int) dtErr {
	v := p.v
	first := !p.haveField
	p.haveField = true
	switch unit {
	case 'H':
		return overflowUnless(v.addUnits(n, frac, microsPerHour))
	case 'M':
		return overflowUnless(v.addUnits(n, frac, microsPerMinute))
	case 'S':
		return overflowUnless(v.addUnits(n, frac, microsPerSecond))
	case 0:
		if width == 6 && first {
			p.done = true
			return overflowUnless(v.addUnits(n/10000, 0, microsPerHour) && v.addUnits(n/100%100, 0, microsPerMinute) &&
				v.addUnits(n%100, 0, microsPerSecond) && v.addFractionMicros(frac, 1))
		}
	case ':':
	default:
		return dtBadFormat
	}
	if !first {
		return dtBadFormat
	}
	if !v.addUnits(n, frac, microsPerHour) {
		return dtFieldOverflow
	}
	p.done = true
	if unit == 0 {
		return dtOK
	}
	for i, scale := range [...]int64{microsPerMinute, microsPerSecond} {
		if i > 0 {
			if p.rest == "" {
				return dtOK
			}
			if p.rest[0] != ':' {
				return dtBadFormat
			}
			p.rest = p.rest[1:]
		}
		n, frac, code := p.number()
		if code != dtOK {
			return code
		}
		if !v.addUnits(n, frac, scale) {
			return dtFieldOverflow
		}
	}
	if p.rest != "" {
		return dtBadFormat
	}
	return dtOK
}
