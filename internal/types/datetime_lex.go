package types

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// fieldKind is what the lexer takes a field of a date/time text for (the DTK_
// codes that ParseDateTime hands out).
type fieldKind uint8

const (
	fieldNumber  fieldKind = iota
	fieldString            // letters
	fieldDate              // has delimiters in it; perhaps a zone's name
	fieldTime              // digits and colons
	fieldZone              // sign and digits: a zone, or a signed number
	fieldSpecial           // sign and letters
)

type dateField struct {
	kind fieldKind
	text string
}

// The limits of the input functions' buffers (datetime.h, timestamp.c).
const (
	maxDateFields    = 25
	dateBufLen       = 128 + 1
	timestampBufLen  = 128 + maxDateFields
	intervalBufLen   = 256
	dateTokenMaxLen  = 10
	maxZoneDispHours = 15
)

// dtErr is why a text is no date or time (the DTERR_ codes).
type dtErr uint8

const (
	dtOK dtErr = iota
	dtBadFormat
	dtFieldOverflow
	dtMDFieldOverflow
	dtIntervalOverflow
	dtZoneOverflow
	dtUnknownZone
)

// dateTimeError words a dtErr as DateTimeParseError does.
func dateTimeError(code dtErr, s, typeName, zone string) error {
	switch code {
	case dtFieldOverflow:
		return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
	case dtMDFieldOverflow:
		return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case dtIntervalOverflow:
		return pgerr.New(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case dtZoneOverflow:
		return pgerr.New(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", s)
	case dtUnknownZone:
		return errZone(zone)
	}
	return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, s)
}

// lexDateTime cuts a text into fields, in lower case but for what follows a
// digit; bufLen is the size of PostgreSQL's buffer, which a longer text overruns.
func lexDateTime(s string, bufLen int) ([]dateField, dtErr) {
	var fields []dateField
	used := 0
	for i := 0; i < len(s); {
		c := s[i]
		if isSpace(c) {
			i++
			continue
		}
		if len(fields) >= maxDateFields {
			return nil, dtBadFormat
		}
		var f dateField
		var n int
		switch {
		case isDigit(c):
			f, n = lexDigits(s[i:])
		case c == '.':
			n = 1 + countWhile(s[i+1:], isDigit)
			f = dateField{fieldNumber, s[i : i+n]}
		case isAlpha(c):
			f, n = lexWord(s[i:])
		case c == '+' || c == '-':
			var ok bool
			if f, n, ok = lexSigned(s[i:]); !ok {
				return nil, dtBadFormat
			}
		case isPunct(c):
			i++
			continue
		default:
			return nil, dtBadFormat
		}
		if used += len(f.text) + 1; used >= bufLen {
			return nil, dtBadFormat
		}
		fields = append(fields, f)
		i += n
	}
	return fields, dtOK
}

func countWhile(s string, ok func(byte) bool) int {
	n := 0
	for n < len(s) && ok(s[n]) {
		n++
	}
	return n
}

func isAlnum(c byte) bool { return isAlpha(c) || isDigit(c) }

func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isAlnum(c) }

// byteAt returns s[i], 0 behind the end.
func byteAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

func lexDigits(s string) (dateField, int) {
	n := countWhile(s, isDigit)
	switch delim := byteAt(s, n); delim {
	case ':':
		n += countWhile(s[n:], func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return dateField{fieldTime, s[:n]}, n
	case '-', '/', '.':
		n++
		if !isDigit(byteAt(s, n)) {
			n += countWhile(s[n:], func(c byte) bool { return isAlnum(c) || c == delim })
			return dateField{fieldDate, strings.ToLower(s[:n])}, n
		}
		kind := fieldDate
		if delim == '.' {
			kind = fieldNumber
		}
		n += countWhile(s[n:], isDigit)
		if byteAt(s, n) == delim {
			kind = fieldDate
			n += countWhile(s[n:], func(c byte) bool { return isDigit(c) || c == delim })
		}
		return dateField{kind, s[:n]}, n
	}
	return dateField{fieldNumber, s[:n]}, n
}

// lexWord takes letters; with punctuation behind them that makes a date
// (Jan-08) or the name of a zone (America/New_York).
func lexWord(s string) (dateField, int) {
	n := countWhile(s, isAlpha)
	c := byteAt(s, n)
	isDate := c == '-' || c == '/' || c == '.'
	if c == '+' || isDigit(c) {
		_, known := dateWords[strings.ToLower(s[:n])]
		isDate = !known
	}
	if !isDate {
		return dateField{fieldString, strings.ToLower(s[:n])}, n
	}
	n += countWhile(s[n:], func(c byte) bool { return isAlnum(c) || strings.IndexByte("+-/_.:", c) >= 0 })
	return dateField{fieldDate, strings.ToLower(s[:n])}, n
}

func lexSigned(s string) (f dateField, n int, ok bool) {
	start := 1 + countWhile(s[1:], isSpace)
	switch c := byteAt(s, start); {
	case isDigit(c):
		n = start + countWhile(s[start:], func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
		f.kind = fieldZone
	case isAlpha(c):
		n = start + countWhile(s[start:], isAlpha)
		f.kind = fieldSpecial
	default:
		return f, 0, false
	}
	f.text = s[:1] + strings.ToLower(s[start:n])
	return f, n, true
}

// The masks of fields seen (datetime.h); those of intervals' typmods are beside
// TypmodIn.
const (
	maskReserved    = 1 << 0
	maskZone        = 1 << 5
	maskDST         = 1 << 6
	maskMillisecond = 1 << 13
	maskMicrosecond = 1 << 14
	maskDOY         = 1 << 15
	maskWeek        = 1 << 24
	maskDecade      = 1 << 25
	maskCentury     = 1 << 26
	maskMillennium  = 1 << 27
	maskZoneMod     = 1 << 28
	maskMeridian    = 1 << 9
	maskWeekday     = 1 << 16
	maskEra         = 1 << 18

	maskAllSeconds = maskSecond | maskMillisecond | maskMicrosecond
	maskDate       = maskYear | maskMonth | maskDay
	maskTime       = maskHour | maskMinute | maskAllSeconds
)

// wordKind is what a word in a date is.
type wordKind uint8

const (
	wordUnknown wordKind = iota
	wordIgnored
	wordReserved // value is one of the reserved… below
	wordMonth
	wordWeekday
	wordMeridian // value 0 AM, 1 PM
	wordEra      // value 0 AD, 1 BC
	wordUnit     // value is a unit below
	wordISOTime
	wordZoneMod // DST
	wordZone    // value is seconds east
	wordZoneDST
	wordZoneDynamic
	wordAgo
)

const (
	reservedNow = iota
	reservedYesterday
	reservedToday
	reservedTomorrow
	reservedZulu
	reservedEpoch
	reservedLate
	reservedEarly
)

// The units that words name.
const (
	unitNone = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitJulian
	unitDOW
	unitDOY
	unitISODOW
	unitISOYear
	unitEpoch
	unitZone
	unitZoneHour
	unitZoneMinute
	unitTime // what follows a "t"
	unitAgo  // no unit: a number before "ago" has none
)

type dateWord struct {
	kind  wordKind
	value int
}

// dateWords are the words of dates and times (datetktbl).
var dateWords = map[string]dateWord{
	"-infinity": {wordReserved, reservedEarly},
	"ad":        {wordEra, 0},
	"allballs":  {wordReserved, reservedZulu},
	"am":        {wordMeridian, 0},
	"apr":       {wordMonth, 4},
	"april":     {wordMonth, 4},
	"at":        {wordIgnored, 0},
	"aug":       {wordMonth, 8},
	"august":    {wordMonth, 8},
	"bc":        {wordEra, 1},
	"d":         {wordUnit, unitDay},
	"dec":       {wordMonth, 12},
	"december":  {wordMonth, 12},
	"dow":       {wordUnit, unitDOW},
	"doy":       {wordUnit, unitDOY},
	"dst":       {wordZoneMod, 3600},
	"epoch":     {wordReserved, reservedEpoch},
	"feb":       {wordMonth, 2},
	"february":  {wordMonth, 2},
	"fri":       {wordWeekday, 5},
	"friday":    {wordWeekday, 5},
	"h":         {wordUnit, unitHour},
	"infinity":  {wordReserved, reservedLate},
	"isodow":    {wordUnit, unitISODOW},
	"isoyear":   {wordUnit, unitISOYear},
	"j":         {wordUnit, unitJulian},
	"jan":       {wordMonth, 1},
	"january":   {wordMonth, 1},
	"jd":        {wordUnit, unitJulian},
	"jul":       {wordMonth, 7},
	"julian":    {wordUnit, unitJulian},
	"july":      {wordMonth, 7},
	"jun":       {wordMonth, 6},
	"june":      {wordMonth, 6},
	"m":         {wordUnit, unitMonth},
	"mar":       {wordMonth, 3},
	"march":     {wordMonth, 3},
	"may":       {wordMonth, 5},
	"mm":        {wordUnit, unitMinute},
	"mon":       {wordWeekday, 1},
	"monday":    {wordWeekday, 1},
	"nov":       {wordMonth, 11},
	"november":  {wordMonth, 11},
	"now":       {wordReserved, reservedNow},
	"oct":       {wordMonth, 10},
	"october":   {wordMonth, 10},
	"on":        {wordIgnored, 0},
	"pm":        {wordMeridian, 1},
	"s":         {wordUnit, unitSecond},
	"sat":       {wordWeekday, 6},
	"saturday":  {wordWeekday, 6},
	"sep":       {wordMonth, 9},
	"sept":      {wordMonth, 9},
	"september": {wordMonth, 9},
	"sun":       {wordWeekday, 0},
	"sunday":    {wordWeekday, 0},
	"t":         {wordISOTime, unitTime},
	"thu":       {wordWeekday, 4},
	"thur":      {wordWeekday, 4},
	"thurs":     {wordWeekday, 4},
	"thursday":  {wordWeekday, 4},
	"today":     {wordReserved, reservedToday},
	"tomorrow":  {wordReserved, reservedTomorrow},
	"tue":       {wordWeekday, 2},
	"tues":      {wordWeekday, 2},
	"tuesday":   {wordWeekday, 2},
	"wed":       {wordWeekday, 3},
	"wednesday": {wordWeekday, 3},
	"weds":      {wordWeekday, 3},
	"y":         {wordUnit, unitYear},
	"yesterday": {wordReserved, reservedYesterday},
}

// intervalWords are the words of intervals, and of extract and date_trunc
// (deltatktbl); longer ones are cut to dateTokenMaxLen.
var intervalWords = map[string]dateWord{
	"ago":        {wordAgo, unitNone},
	"c":          {wordUnit, unitCentury},
	"cent":       {wordUnit, unitCentury},
	"centuries":  {wordUnit, unitCentury},
	"century":    {wordUnit, unitCentury},
	"d":          {wordUnit, unitDay},
	"day":        {wordUnit, unitDay},
	"days":       {wordUnit, unitDay},
	"dec":        {wordUnit, unitDecade},
	"decade":     {wordUnit, unitDecade},
	"decades":    {wordUnit, unitDecade},
	"decs":       {wordUnit, unitDecade},
	"h":          {wordUnit, unitHour},
	"hour":       {wordUnit, unitHour},
	"hours":      {wordUnit, unitHour},
	"hr":         {wordUnit, unitHour},
	"hrs":        {wordUnit, unitHour},
	"m":          {wordUnit, unitMinute},
	"microsecon": {wordUnit, unitMicrosecond},
	"mil":        {wordUnit, unitMillennium},
	"millennia":  {wordUnit, unitMillennium},
	"millennium": {wordUnit, unitMillennium},
	"millisecon": {wordUnit, unitMillisecond},
	"mils":       {wordUnit, unitMillennium},
	"min":        {wordUnit, unitMinute},
	"mins":       {wordUnit, unitMinute},
	"minute":     {wordUnit, unitMinute},
	"minutes":    {wordUnit, unitMinute},
	"mon":        {wordUnit, unitMonth},
	"mons":       {wordUnit, unitMonth},
	"month":      {wordUnit, unitMonth},
	"months":     {wordUnit, unitMonth},
	"ms":         {wordUnit, unitMillisecond},
	"msec":       {wordUnit, unitMillisecond},
	"msecond":    {wordUnit, unitMillisecond},
	"mseconds":   {wordUnit, unitMillisecond},
	"msecs":      {wordUnit, unitMillisecond},
	"qtr":        {wordUnit, unitQuarter},
	"quarter":    {wordUnit, unitQuarter},
	"s":          {wordUnit, unitSecond},
	"sec":        {wordUnit, unitSecond},
	"second":     {wordUnit, unitSecond},
	"seconds":    {wordUnit, unitSecond},
	"secs":       {wordUnit, unitSecond},
	"timezone":   {wordUnit, unitZone},
	"timezone_h": {wordUnit, unitZoneHour},
	"timezone_m": {wordUnit, unitZoneMinute},
	"us":         {wordUnit, unitMicrosecond},
	"usec":       {wordUnit, unitMicrosecond},
	"usecond":    {wordUnit, unitMicrosecond},
	"useconds":   {wordUnit, unitMicrosecond},
	"usecs":      {wordUnit, unitMicrosecond},
	"w":          {wordUnit, unitWeek},
	"week":       {wordUnit, unitWeek},
	"weeks":      {wordUnit, unitWeek},
	"y":          {wordUnit, unitYear},
	"year":       {wordUnit, unitYear},
	"years":      {wordUnit, unitYear},
	"yr":         {wordUnit, unitYear},
	"yrs":        {wordUnit, unitYear},
}

// lookUpWord finds a word, of which only the first ten bytes count.
func lookUpWord(words map[string]dateWord, s string) dateWord {
	return words[s[:min(len(s), dateTokenMaxLen)]]
}
