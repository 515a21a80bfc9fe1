package types

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// dateDecoder makes a moment of fields, as DecodeDateTime does, or with timeOnly
// a time of day, as DecodeTimeOnly. The fields may come in many orders: seen is
// the mask of those that have been there.
type dateDecoder struct {
	env      *Env
	fields   []dateField
	timeOnly bool

	c          Clock
	seen       int
	yday       int
	textMonth  bool
	julianDate bool
	twoDigits  bool // the year was given with at most two digits
	bc         bool
	meridian   int // 0 none, 1 AM, 2 PM
	label      int // the unit that a word before a number has named
	zone       *time.Location
	abbrev     string // a dynamic abbreviation, of the zone
	special    int    // reservedEpoch, reservedLate, reservedEarly; 0 for a date
	badZone    string
}

// decode runs over the fields.
func (p *dateDecoder) decode() dtErr {
	for i := range p.fields {
		mask, code := p.field(i)
		if code != dtOK {
			return code
		}
		if mask&p.seen != 0 {
			return dtBadFormat
		}
		p.seen |= mask
	}
	if code := p.validateDate(); code != dtOK {
		return code
	}
	if code := p.applyMeridian(); code != dtOK {
		return code
	}
	if p.timeOnly {
		return p.finishTime()
	}
	if p.special == 0 {
		return p.finishDate()
	}
	return dtOK
}

func (p *dateDecoder) applyMeridian() dtErr {
	switch {
	case p.meridian == 0:
	case p.c.Hour > 12:
		return dtFieldOverflow
	case p.meridian == 1 && p.c.Hour == 12:
		p.c.Hour = 0
	case p.meridian == 2 && p.c.Hour != 12:
		p.c.Hour += 12
	}
	return dtOK
}

func (p *dateDecoder) finishDate() dtErr {
	if p.seen&maskDate != maskDate {
		return dtBadFormat
	}
	switch {
	case p.zone != nil && p.seen&maskZoneMod != 0:
		return dtBadFormat
	case p.abbrev != "":
		p.c.ZoneWestS = abbrevOffset(&p.c, p.abbrev, p.zone)
	case p.zone != nil:
		p.c.ZoneWestS = localOffset(&p.c, p.zone)
	case p.seen&maskZone == 0:
		if p.seen&maskZoneMod != 0 {
			return dtBadFormat
		}
		p.c.ZoneWestS = localOffset(&p.c, p.env.Location)
	}
	return dtOK
}

func (p *dateDecoder) finishTime() dtErr {
	if timeOverflows(&p.c) {
		return dtFieldOverflow
	}
	if p.seen&maskTime != maskTime {
		return dtBadFormat
	}
	loc := p.zone
	if loc == nil {
		if p.seen&maskZone != 0 {
			return dtOK
		}
		loc = p.env.Location
	}
	if p.seen&maskZoneMod != 0 {
		return dtBadFormat
	}
	if p.zone != nil && p.abbrev == "" {
		if east, ok := fixedOffset(loc); ok {
			p.c.ZoneWestS = int32(-east)
			return dtOK
		}
	}
	at := p.c
	switch {
	case p.seen&maskDate == maskDate:
	case p.seen&maskDate == 0 && (p.zone == nil || p.abbrev != ""):
		today := p.now()
		at.Year, at.Month, at.Day = today.Year, today.Month, today.Day
	default:
		return dtBadFormat
	}
	if p.abbrev != "" {
		p.c.ZoneWestS = abbrevOffset(&at, p.abbrev, loc)
	} else {
		p.c.ZoneWestS = localOffset(&at, loc)
	}
	return dtOK
}

// timeOverflows lets 24:00:00 and a second of 60 pass.
func timeOverflows(c *Clock) bool {
	return c.Hour < 0 || c.Hour > 24 || c.Minute < 0 || c.Minute > 59 || c.Second < 0 || c.Second > 60 ||
		c.Micros < 0 || int64(c.Micros) > microsPerSecond || c.timeMicros() > microsPerDay
}

// now is the transaction's start in the session's zone.
func (p *dateDecoder) now() Clock {
	return TimestampTZClock(TimestampFromTime(p.env.Now), p.env.Location)
}

// field decodes one field and returns the mask of what it gave.
func (p *dateDecoder) field(i int) (mask int, code dtErr) {
	f := p.fields[i]
	switch f.kind {
	case fieldDate:
		return p.dateField(i, f.text)
	case fieldTime:
		if p.label != 0 && !p.timeOnly {
			if p.label != unitTime {
				return 0, dtBadFormat
			}
			p.label = 0
		}
		if code := p.c.decodeTime(f.text); code != dtOK {
			return 0, code
		}
		if !p.timeOnly && timeOverflows(&p.c) {
			return 0, dtFieldOverflow
		}
		return maskTime, dtOK
	case fieldZone:
		west, code := decodeZoneOffset(f.text)
		p.c.ZoneWestS = west
		return maskZone, code
	case fieldNumber:
		if p.label != 0 {
			return p.labelled(f.text)
		}
		return p.number(i, f.text)
	}
	return p.word(i, f.text)
}

func (p *dateDecoder) dateField(i int, text string) (mask int, code dtErr) {
	if p.timeOnly {
		if n := len(p.fields); i == 0 && n >= 2 && (p.fields[n-1].kind == fieldDate || p.fields[1].kind == fieldTime) {
			return p.date(text)
		}
		return p.timeWithZone(text)
	}
	switch {
	case p.label == unitJulian:
		return p.julianWithZone(text)
	case p.label != 0 || p.seen&(maskMonth|maskDay) == maskMonth|maskDay:
		return p.timeWithZone(text)
	}
	return p.date(text)
}

func (p *dateDecoder) julianWithZone(text string) (int, dtErr) {
	n := countWhile(text, isDigit)
	jd, ok := atoi32(text[:n])
	if !ok {
		return 0, dtFieldOverflow
	}
	p.setJulian(jd)
	west, code := decodeZoneOffset(text[n:])
	p.c.ZoneWestS = west
	p.label = 0
	return maskDate | maskTime | maskZone, code
}

func (p *dateDecoder) setJulian(jd int) {
	p.c.Year, p.c.Month, p.c.Day = j2date(jd)
	p.julianDate = true
}

// timeWithZone is a time run together with a zone (040506-08), or a zone's name.
func (p *dateDecoder) timeWithZone(text string) (int, dtErr) {
	if !isDigit(text[0]) && p.label == 0 {
		return p.namedZone(text, true)
	}
	if p.label != 0 && p.label != unitTime {
		return 0, dtBadFormat
	}
	p.label = 0
	if p.seen&maskTime == maskTime {
		return 0, dtBadFormat
	}
	cut := strings.IndexByte(text, '-')
	if cut < 0 {
		return 0, dtBadFormat
	}
	west, code := decodeZoneOffset(text[cut:])
	if code != dtOK {
		return 0, code
	}
	p.c.ZoneWestS = west
	mask, code := p.numberField(text[:cut], p.dateSeen())
	return mask | maskZone, code
}

// dateSeen is what has been seen; times of day pretend to have had a date.
func (p *dateDecoder) dateSeen() int {
	if p.timeOnly {
		return p.seen | maskDate
	}
	return p.seen
}

func (p *dateDecoder) namedZone(text string, complain bool) (int, dtErr) {
	if p.zone = FindZone(text); p.zone == nil {
		if complain {
			p.badZone = text
			return 0, dtUnknownZone
		}
		return 0, dtBadFormat
	}
	p.abbrev = ""
	return maskZone, dtOK
}

// date takes a field like 1999-01-08 or 08-jan-1999 apart.
func (p *dateDecoder) date(text string) (mask int, code dtErr) {
	parts := splitDate(text)
	if parts == nil {
		return 0, dtBadFormat
	}
	seen := p.seen
	haveTextMonth := false
	for i, part := range parts {
		if part == "" || !isAlpha(part[0]) {
			continue
		}
		w := lookUpWord(dateWords, part)
		if w.kind == wordIgnored {
			continue
		}
		if w.kind != wordMonth || seen&maskMonth != 0 {
			return 0, dtBadFormat
		}
		p.c.Month, haveTextMonth = w.value, true
		seen |= maskMonth
		mask |= maskMonth
		parts[i] = ""
	}
	for _, part := range parts {
		if part == "" {
			continue
		}
		got, code := p.decodeNumber(part, haveTextMonth, seen)
		if code != dtOK {
			return 0, code
		}
		if seen&got != 0 {
			return 0, dtBadFormat
		}
		seen |= got
		mask |= got
	}
	if seen&^(maskDOY|maskZone) != maskDate {
		return 0, dtBadFormat
	}
	return mask, dtOK
}

// splitDate cuts at everything that is neither letter nor digit, and between
// letters and digits, where the byte after the cut is lost, as in PostgreSQL.
// nil when a separator comes last.
func splitDate(s string) []string {
	var parts []string
	for i := 0; i < len(s) && len(parts) < maxDateFields; {
		for i < len(s) && !isAlnum(s[i]) {
			i++
		}
		if i == len(s) {
			return nil
		}
		start := i
		if isDigit(s[i]) {
			i += countWhile(s[i:], isDigit)
		} else {
			i += countWhile(s[i:], isAlpha)
		}
		parts = append(parts, s[start:i])
		i++
	}
	return parts
}

// atoi32 is strtoint of digits with an optional sign.
func atoi32(s string) (int, bool) {
	v, err := strconv.ParseInt(s, 10, 32)
	return int(v), err == nil || s == ""
}

// fraction reads .ddd as a number; "." is 0.
func fraction(s string) (float64, bool) {
	if len(s) <= 1 {
		return 0, true
	}
	token, _, ok := scanFloat(s)
	if !ok || token != s {
		return 0, false
	}
	v, err := strconv.ParseFloat(token, 64)
	return v, err == nil
}

// fractionMicros reads .ddd of a second, rounded to microseconds.
func fractionMicros(s string) (int, dtErr) {
	v, ok := fraction(s)
	if !ok {
		return 0, dtBadFormat
	}
	return int(math.RoundToEven(v * 1e6)), dtOK
}

// number is a number without a label: part of a date, or run together.
func (p *dateDecoder) number(i int, text string) (mask int, code dtErr) {
	point := strings.IndexByte(text, '.')
	if p.timeOnly {
		switch {
		case point >= 0 && i == 0 && len(p.fields) >= 2 && p.fields[len(p.fields)-1].kind == fieldDate:
			return p.date(text)
		case point > 2 || point < 0 && len(text) > 4:
			return p.numberField(text, p.dateSeen())
		case point >= 0:
			return 0, dtBadFormat
		}
		return p.decodeNumber(text, false, p.dateSeen())
	}
	switch {
	case point >= 0 && p.seen&maskDate == 0:
		return p.date(text)
	case point > 2, len(text) >= 6 && (p.seen&maskDate == 0 || p.seen&maskTime == 0):
		return p.numberField(text, p.seen)
	}
	return p.decodeNumber(text, p.textMonth, p.seen)
}

// decodeNumber decides by what has been seen which part of a date a number is.
func (p *dateDecoder) decodeNumber(text string, textMonth bool, seen int) (mask int, code dtErr) {
	digits := countWhile(text, isDigit)
	val, ok := atoi32(text[:digits])
	if !ok {
		return 0, dtFieldOverflow
	}
	if digits == 0 {
		return 0, dtBadFormat
	}
	if digits < len(text) {
		if text[digits] != '.' {
			return 0, dtBadFormat
		}
		if digits > 2 {
			return p.numberField(text, seen|maskDate)
		}
		if p.c.Micros, code = fractionMicros(text[digits:]); code != dtOK {
			return 0, code
		}
	}
	if len(text) == 3 && seen&maskDate == maskYear && val >= 1 && val <= 366 {
		p.yday = val
		return maskDOY | maskMonth | maskDay, dtOK
	}
	if seen&maskDate == maskDate {
		return p.numberField(text, seen)
	}
	return p.datePart(val, len(text), textMonth, seen)
}

func (p *dateDecoder) datePart(val, width int, textMonth bool, seen int) (mask int, code dtErr) {
	year := func() (int, dtErr) {
		p.c.Year, p.twoDigits = val, width <= 2
		return maskYear, dtOK
	}
	month := func() (int, dtErr) { p.c.Month = val; return maskMonth, dtOK }
	day := func() (int, dtErr) { p.c.Day = val; return maskDay, dtOK }
	yearFirst := width >= 3 || p.env.DateOrder == OrderYMD
	switch seen & maskDate {
	case 0:
		switch {
		case yearFirst:
			return year()
		case p.env.DateOrder == OrderDMY:
			return day()
		}
		return month()
	case maskYear, maskDay:
		return month()
	case maskMonth:
		if textMonth && yearFirst {
			return year()
		}
		return day()
	case maskYear | maskMonth:
		if textMonth && width >= 3 && p.twoDigits {
			// what was taken for the year was the day
			p.c.Day, p.c.Year, p.twoDigits = p.c.Year, val, false
			return maskDay, dtOK
		}
		return day()
	case maskMonth | maskDay:
		return year()
	}
	return 0, dtBadFormat
}

// numberField reads a date (yymmdd, yyyymmdd) or time (hhmm, hhmmss) run together.
func (p *dateDecoder) numberField(text string, seen int) (mask int, code dtErr) {
	num := func(s string) int {
		v, _ := strconv.ParseInt(s, 10, 64)
		return int(int32(v))
	}
	if point := strings.IndexByte(text, '.'); point >= 0 {
		v, ok := fraction(text[point:])
		if !ok {
			return 0, dtBadFormat
		}
		p.c.Micros = int(math.RoundToEven(v * 1e6))
		text = text[:point]
	} else if n := len(text); seen&maskDate != maskDate && n >= 6 {
		p.c.Day, p.c.Month, p.c.Year = num(text[n-2:]), num(text[n-4:n-2]), num(text[:n-4])
		if n-4 == 2 {
			p.twoDigits = true
		}
		return maskDate, dtOK
	}
	if seen&maskTime != maskTime {
		switch len(text) {
		case 6:
			p.c.Hour, p.c.Minute, p.c.Second = num(text[:2]), num(text[2:4]), num(text[4:])
			return maskTime, dtOK
		case 4:
			p.c.Hour, p.c.Minute, p.c.Second = num(text[:2]), num(text[2:]), 0
			return maskTime, dtOK
		}
	}
	return 0, dtBadFormat
}

// labelled is a number behind a unit's letter: y2001m02d04, J2451187, T040506.
func (p *dateDecoder) labelled(text string) (mask int, code dtErr) {
	label := p.label
	p.label, p.special = 0, 0
	digits := countWhile(text, isDigit)
	val, ok := atoi32(text[:digits])
	if !ok {
		return 0, dtFieldOverflow
	}
	rest := text[digits:]
	if rest != "" && (rest[0] != '.' || label != unitJulian && label != unitTime && label != unitSecond) {
		return 0, dtBadFormat
	}
	switch label {
	case unitYear:
		p.c.Year = val
		return maskYear, dtOK
	case unitMonth:
		if p.seen&maskMonth != 0 && p.seen&maskHour != 0 {
			p.c.Minute = val
			return maskMinute, dtOK
		}
		p.c.Month = val
		return maskMonth, dtOK
	case unitDay:
		p.c.Day = val
		return maskDay, dtOK
	case unitHour:
		p.c.Hour = val
		return maskHour, dtOK
	case unitMinute:
		p.c.Minute = val
		return maskMinute, dtOK
	case unitSecond:
		p.c.Second = val
		if rest == "" {
			return maskSecond, dtOK
		}
		p.c.Micros, code = fractionMicros(rest)
		return maskAllSeconds, code
	case unitJulian:
		return p.julian(val, rest)
	case unitTime:
		if mask, code = p.numberField(text, p.seen|maskDate); code == dtOK && mask != maskTime {
			code = dtBadFormat
		}
		return mask, code
	}
	return 0, dtBadFormat
}

func (p *dateDecoder) julian(jd int, rest string) (mask int, code dtErr) {
	p.setJulian(jd)
	if rest == "" {
		return maskDate, dtOK
	}
	v, ok := fraction(rest)
	if !ok {
		return 0, dtBadFormat
	}
	p.c.setTime(int64(v * float64(microsPerDay)))
	return maskDate | maskTime, dtOK
}

// word is a field of letters.
func (p *dateDecoder) word(i int, text string) (mask int, code dtErr) {
	w, zone := lookUpDateWord(text)
	switch w.kind {
	case wordIgnored:
		return 0, dtOK
	case wordReserved:
		return p.reserved(w.value)
	case wordMonth:
		if p.timeOnly {
			return 0, dtBadFormat
		}
		return p.monthName(w.value), dtOK
	case wordZoneMod:
		p.c.ZoneWestS -= int32(w.value)
		return maskZoneMod | maskDST, dtOK
	case wordZoneDST:
		p.c.ZoneWestS = int32(-w.value)
		return maskZone | maskDST, dtOK
	case wordZone:
		p.c.ZoneWestS = int32(-w.value)
		return maskZone, dtOK
	case wordZoneDynamic:
		p.zone, p.abbrev = FindZone(zone), text
		return maskZone, dtOK
	case wordMeridian:
		p.meridian = w.value + 1
		return maskMeridian, dtOK
	case wordEra:
		p.bc = w.value == 1
		return maskEra, dtOK
	case wordWeekday:
		if p.timeOnly {
			return 0, dtBadFormat
		}
		return maskWeekday, dtOK
	case wordUnit:
		p.label = w.value
		return 0, dtOK
	case wordISOTime:
		if !p.timeOnly && p.seen&maskDate != maskDate || !p.timeFollows(i) {
			return 0, dtBadFormat
		}
		p.label = w.value
		return 0, dtOK
	}
	return p.namedZone(text, false)
}

// lookUpDateWord finds a word of dates; zone abbreviations come first.
func lookUpDateWord(text string) (w dateWord, zone string) {
	if a, ok := zoneAbbrevs[text[:min(len(text), dateTokenMaxLen)]]; ok {
		switch {
		case a.zone != "":
			return dateWord{kind: wordZoneDynamic}, a.zone
		case a.dst:
			return dateWord{wordZoneDST, int(a.eastS)}, ""
		}
		return dateWord{wordZone, int(a.eastS)}, ""
	}
	return lookUpWord(dateWords, text), ""
}

func (p *dateDecoder) timeFollows(i int) bool {
	if i+1 >= len(p.fields) {
		return false
	}
	switch p.fields[i+1].kind {
	case fieldNumber, fieldTime, fieldDate:
		return true
	}
	return false
}

// monthName takes a month's name; a number that was taken for the month before
// becomes the day.
func (p *dateDecoder) monthName(month int) (mask int) {
	mask = maskMonth
	if p.seen&maskMonth != 0 && !p.textMonth && p.seen&maskDay == 0 && p.c.Month >= 1 && p.c.Month <= 31 {
		p.c.Day = p.c.Month
		mask = maskDay
	}
	p.textMonth = true
	p.c.Month = month
	return mask
}

func (p *dateDecoder) reserved(value int) (mask int, code dtErr) {
	switch {
	case value == reservedNow:
		now := p.now()
		if p.timeOnly {
			p.c.setTime(now.timeMicros())
			return maskTime, dtOK
		}
		p.c = now
		return maskDate | maskTime | maskZone, dtOK
	case value == reservedZulu:
		p.c.setTime(0)
		p.c.ZoneWestS = 0
		return maskTime | maskZone, dtOK
	case p.timeOnly:
		return 0, dtBadFormat
	case value == reservedYesterday || value == reservedToday || value == reservedTomorrow:
		now := p.now()
		p.c.Year, p.c.Month, p.c.Day = j2date(now.julian() + value - reservedToday)
		return maskDate, dtOK
	}
	p.special = value
	return maskReserved, dtOK
}

// validateDate completes the year and checks the parts of the date.
func (p *dateDecoder) validateDate() dtErr {
	c := &p.c
	if p.seen&maskYear != 0 && !p.julianDate {
		switch {
		case p.bc:
			if c.Year <= 0 {
				return dtFieldOverflow
			}
			c.Year = 1 - c.Year
		case p.twoDigits:
			if c.Year < 70 {
				c.Year += 2000
			} else if c.Year < 100 {
				c.Year += 1900
			}
		case c.Year <= 0:
			return dtFieldOverflow
		}
	}
	if p.seen&maskDOY != 0 {
		c.Year, c.Month, c.Day = j2date(date2j(c.Year, 1, 1) + p.yday - 1)
	}
	if p.seen&maskMonth != 0 && (c.Month < 1 || c.Month > 12) {
		return dtMDFieldOverflow
	}
	if p.seen&maskDay != 0 && (c.Day < 1 || c.Day > 31) {
		return dtMDFieldOverflow
	}
	if p.seen&maskDate == maskDate && c.Day > daysInMonth(c.Year, c.Month) {
		return dtFieldOverflow
	}
	return dtOK
}

// decodeTime reads hh:mm[:ss[.fff]], or mm:ss.fff.
func (c *Clock) decodeTime(s string) dtErr {
	t, code := scanTime(s, intervalFullRange)
	if code == dtOK && t.hour > math.MaxInt32 {
		code = dtFieldOverflow
	}
	c.Hour, c.Minute, c.Second, c.Micros = int(t.hour), t.minute, t.second, t.micros
	return code
}

// clockText is a time of day as written; the hour may be anything.
type clockText struct {
	hour                   int64
	minute, second, micros int
}

// scanTime reads a time; for the fields MINUTE TO SECOND two numbers are mm:ss.
func scanTime(s string, fields int32) (t clockText, code dtErr) {
	n := countWhile(s, isDigit)
	hour, err := strconv.ParseInt(s[:n], 10, 64)
	switch {
	case n > 0 && err != nil:
		return t, dtFieldOverflow
	case byteAt(s, n) != ':':
		return t, dtBadFormat
	}
	t.hour = hour
	s = s[n+1:]
	n = countWhile(s, isDigit)
	var ok bool
	if t.minute, ok = atoi32(s[:n]); !ok {
		return t, dtFieldOverflow
	}
	s = s[n:]
	asMinutes := s == "" && fields == maskMinute|maskSecond
	switch {
	case s == "":
	case s[0] == '.':
		asMinutes = true
		if t.micros, code = fractionMicros(s); code != dtOK {
			return t, code
		}
	default:
		s = s[1:]
		n = countWhile(s, isDigit)
		if t.second, ok = atoi32(s[:n]); !ok {
			return t, dtFieldOverflow
		}
		if s = s[n:]; s != "" {
			if s[0] != '.' {
				return t, dtBadFormat
			}
			if t.micros, code = fractionMicros(s); code != dtOK {
				return t, code
			}
		}
	}
	if asMinutes {
		if t.hour > math.MaxInt32 {
			return t, dtFieldOverflow
		}
		t.hour, t.minute, t.second = 0, int(t.hour), t.minute
	}
	if t.minute > 59 || t.second > 60 || int64(t.micros) > microsPerSecond {
		return t, dtFieldOverflow
	}
	return t, dtOK
}

// decodeZoneOffset reads +hh[:mm[:ss]] or +hhmm as seconds west.
func decodeZoneOffset(s string) (westS int32, code dtErr) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, dtBadFormat
	}
	rest := s[1:]
	var parts [3]int
	count := 0
	for ; count < 3; count++ {
		n := countWhile(rest, isDigit)
		v, ok := atoi32(rest[:n])
		if !ok {
			return 0, dtZoneOverflow
		}
		parts[count] = v
		if rest = rest[n:]; rest == "" || rest[0] != ':' || count == 2 {
			break
		}
		rest = rest[1:]
	}
	if count == 0 && rest == "" && len(s) > 3 {
		parts[0], parts[1] = parts[0]/100, parts[0]%100
	}
	if parts[0] > maxZoneDispHours || parts[1] > 59 || parts[2] > 59 {
		return 0, dtZoneOverflow
	}
	west := int32(parts[0]*3600 + parts[1]*60 + parts[2])
	if s[0] == '+' {
		west = -west
	}
	if rest != "" {
		return west, dtBadFormat
	}
	return west, dtOK
}
