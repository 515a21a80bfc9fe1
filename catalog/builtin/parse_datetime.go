package builtin

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// datetimeParseImpls are to_date and to_timestamp(text, text) (formatting.c).
var datetimeParseImpls = impls{
	"to_date": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		r, err := readDate(ctx, a[0].Text(), a[1].Text())
		if err != nil {
			return types.Null, err
		}
		c, err := r.date()
		if err != nil {
			return types.Null, err
		}
		d, err := types.MakeDate(int(noYearZero(c.Year)), c.Month, c.Day)
		if err != nil {
			return types.Null, pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range: \"%s\"", r.source)
		}
		return types.Int(d), nil
	},
	"to_timestamp": toTimestamp,
}

func toTimestamp(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	r, err := readDate(ctx, a[0].Text(), a[1].Text())
	if err != nil {
		return types.Null, err
	}
	c, err := r.date()
	if err != nil {
		return types.Null, err
	}
	t, err := c.Timestamp()
	if err != nil {
		return types.Null, err
	}
	if r.precision > 0 {
		t = types.RoundTimestamp(t, int32(r.precision))
	}
	if r.seen["TZH"] || r.seen["TZM"] {
		return types.Int(t + int64(r.westS())*microsPerSecond), nil
	}
	return intResult(types.TimestampToTZ(t, ctx.Env.Location))
}

// dateReader reads a text by a date format: the values of the patterns by name.
type dateReader struct {
	source   string
	in       string
	values   map[string]int
	seen     map[string]bool
	fx       bool
	extra    int // characters skipped beyond what the format has
	pm       int // 1 AM, 2 PM
	bc       bool
	zoneWest bool
	yearLen  int // digits of the year
	// precision is how many digits of a second FF1 to FF6 keep; 0 is all.
	precision int
	hour12    bool
	strict    bool // as SQL/JSON wants it: nothing may differ from the format, nor be left over
}

// westS is the zone's offset, in seconds west of UTC.
func (r *dateReader) westS() int32 {
	s := int32(r.values["TZH"]*60+r.values["TZM"]) * 60
	if r.zoneWest {
		return s
	}
	return -s
}

func readDate(ctx *expr.Context, source, format string) (*dateReader, error) {
	if len(format) > maxFormatBytes {
		return nil, errTooLarge()
	}
	nodes, err := parseDateFormat(ctx, format)
	if err != nil {
		return nil, err
	}
	r := newDateReader(source)
	return r, r.read(nodes)
}

func newDateReader(source string) *dateReader {
	return &dateReader{source: source, in: source, values: map[string]int{}, seen: map[string]bool{}}
}

// read reads the text by a format.
func (r *dateReader) read(nodes []dateNode) error {
	iso, gregorian := false, false
	for i, n := range nodes {
		if r.in == "" {
			if r.strict {
				return errDateText("input string is too short for datetime format")
			}
			break
		}
		r.skipBlanks(n, i == 0)
		if n.key == "" {
			if err := r.text(n); err != nil {
				return err
			}
			continue
		}
		if strings.HasPrefix(n.key, "I") {
			iso = true
		} else if strings.Contains(" YYYY YYY YY Y MM MON MONTH DD DDD WW W D CC Q J ", " "+n.key+" ") {
			gregorian = gregorian || n.key != "Q"
		}
		if iso && gregorian {
			return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid combination of date conventions").
				WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
		}
		if err := r.node(n, digitFollows(nodes[i+1:])); err != nil {
			return err
		}
		if !r.fx {
			r.extra = 0
			r.skipSpace()
		}
	}
	if r.skipSpace(); r.strict && r.in != "" {
		return errDateText("trailing characters remain in input string after datetime format")
	}
	return nil
}

// digitFollows reports whether the next node of the format is one of digits, so
// that a number must end where its pattern does.
func digitFollows(rest []dateNode) bool {
	if len(rest) == 0 {
		return false
	}
	n := rest[0]
	if n.key == "" {
		return len(n.text) == 1 && n.text[0] >= '0' && n.text[0] <= '9'
	}
	switch n.key {
	case "MONTH", "MON", "DAY", "DY", "AM", "PM", "A.M.", "P.M.", "AD", "BC", "A.D.", "B.C.", "RM", "TZ", "TZH", "OF", "FX":
		return false
	}
	return true
}

func (r *dateReader) skipSpace() {
	for r.in != "" && (isBlank(r.in[0]) || r.in[0] == '\v' || r.in[0] == '\f') {
		r.in = r.in[1:]
		r.extra++
	}
}

func (r *dateReader) skipBlanks(n dateNode, first bool) {
	if !r.fx && n.key != "FX" && (n.key != "" || first) {
		r.skipSpace()
	}
}

func isSeparator(s string) bool {
	c := s[0]
	return c > ' ' && c < 0x7f && !isWordByte(c) || c == '_'
}

// text matches a character of the format that is no pattern: a separator
// matches one or none, anything else takes the place of what was skipped.
func (r *dateReader) text(n dateNode) error {
	separator := !n.quoted && (isBlank(n.text[0]) || isSeparator(n.text))
	switch {
	case r.strict && !strings.HasPrefix(r.in, n.text):
		what := "character"
		if separator {
			what = "separator"
		}
		return errDateText("unmatched format %s \"%s\"", what, n.text)
	case r.fx:
		r.in = r.in[byteOffset(r.in, 1):]
	case separator:
		r.extra--
		if isBlank(r.in[0]) || isSeparator(r.in) {
			r.in = r.in[1:]
			r.extra++
		}
	case r.extra > 0:
		r.extra--
	default:
		r.in = r.in[byteOffset(r.in, 1):]
	}
	return nil
}

func errDateText(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InvalidDatetimeFormat, format, args...)
}

// dateDigits is how many digits a pattern has when another number follows.
var dateDigits = map[string]int{
	"HH": 2, "HH12": 2, "HH24": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "FF1": 1, "FF2": 2, "FF3": 3, "FF4": 4, "FF5": 5, "FF6": 6,
	"SSSS": 5, "SSSSS": 5, "MM": 2, "DD": 2, "DDD": 3, "IDDD": 3, "D": 1, "ID": 1, "WW": 2, "W": 1, "IW": 2, "Q": 1, "CC": 2,
	"YYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "IYYY": 4, "IYY": 3, "IY": 2, "I": 1, "J": 20, "TZH": 2, "TZM": 2,
}

func (r *dateReader) node(n dateNode, digitNext bool) error {
	switch n.key {
	case "FX":
		r.fx = true
		return nil
	case "AM", "PM", "A.M.", "P.M.", "AD", "BC", "A.D.", "B.C.":
		return r.marker(n)
	case "MONTH", "MON":
		return r.named(n, monthNames[:], "MM", 1)
	case "DAY", "DY":
		return r.named(n, dayNames[:], "D", 1)
	case "RM":
		return r.romanMonth(n)
	case "TZ", "OF":
		return pgerr.New(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.text)
	case "Y,YYY":
		return r.commaYear(n)
	case "TZH":
		// A minus sign may have been taken for a separator already.
		if r.in[0] == '+' || r.in[0] == '-' || r.in[0] == ' ' {
			r.zoneWest = r.in[0] == '-'
			r.in = r.in[1:]
		} else if at := len(r.source) - len(r.in); r.extra > 0 && at > 0 {
			r.zoneWest = r.source[at-1] == '-'
		}
	}
	v, used, err := r.number(n, dateDigits[n.key], digitNext)
	if err != nil {
		return err
	}
	return r.set(n, v, used)
}

// number reads an integer of at most width digits; all that come when nothing
// numeric follows in the format.
func (r *dateReader) number(n dateNode, width int, digitNext bool) (v, used int, err error) {
	r.in = strings.TrimLeft(r.in, " \t\n\r\v\f")
	s := r.in
	if !n.fill && digitNext && n.ordinal == "" {
		if len(s) < width {
			return 0, 0, errDateText("source string too short for \"%s\" formatting field", n.text).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(s)).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		s = s[:width]
	}
	digits := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		digits++
	}
	start := digits
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits == start {
		return 0, 0, errDateText("invalid value \"%s\" for \"%s\"", r.shown(width), n.text).
			WithDetail("Value must be an integer.")
	}
	if !n.fill && digitNext && n.ordinal == "" && digits < width {
		return 0, 0, errDateText("invalid value \"%s\" for \"%s\"", s, n.text).
			WithDetail("Field requires %d characters, but only %d could be parsed.", width, digits).
			WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
	}
	v, err = strconv.Atoi(s[:digits])
	if err != nil || v > math.MaxInt32 || v < math.MinInt32 {
		return 0, 0, pgerr.New(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.text).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	r.in = r.in[digits:]
	if n.ordinal != "" && len(r.in) >= 2 {
		r.in = r.in[2:]
	}
	return v, digits, nil
}

// shown is what a message quotes of the rest of the text.
func (r *dateReader) shown(width int) string {
	return r.in[:min(width, len(r.in))]
}

// set stores a value; the same field must not get two.
func (r *dateReader) set(n dateNode, v, used int) error {
	key := n.key
	switch key {
	case "HH", "HH12":
		key, r.hour12 = "HH24", true
		if v < 1 || v > 12 {
			return r.hourError(n, v)
		}
	case "SSSSS":
		key = "SSSS"
	case "MS":
		key, v = "US", fraction(v, used, 3)*1000
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		r.precision = int(key[2] - '0')
		key, v = "US", fraction(v, used, 6)
	case "US":
		v = fraction(v, used, 6)
	case "YYY", "YY", "Y":
		key = "YYYY"
		r.yearLen = used
		if used < 4 {
			v = nearYear(v)
		}
	case "YYYY":
		r.yearLen = used
	case "IYY", "IY", "I":
		key = "IYYY"
		if used < 4 {
			v = nearYear(v)
		}
	}
	if r.seen[key] && r.values[key] != v {
		return errDateText("conflicting values for \"%s\" field in formatting string", n.text).
			WithDetail("This value contradicts a previous setting for the same field type.")
	}
	r.values[key], r.seen[key] = v, true
	return nil
}

// hourError is deferred by PostgreSQL until the whole text is read; which hour
// it was it does not say.
func (r *dateReader) hourError(_ dateNode, v int) error {
	return errDateText("hour \"%d\" is invalid for the 12-hour clock", v).
		WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
}

// fraction scales digits behind the point to a number of places. More than that are too much, which date finds.
func fraction(v, used, places int) int {
	for ; used < places; used++ {
		v *= 10
	}
	return v
}

// nearYear completes a year of one to three digits to the one nearest 2020.
func nearYear(v int) int {
	switch {
	case v < 70:
		return v + 2000
	case v < 100:
		return v + 1900
	case v < 520:
		return v + 2000
	case v < 1000:
		return v + 1000
	}
	return v
}

func (r *dateReader) commaYear(node dateNode) error {
	thousands, rest, ok := strings.Cut(r.in, ",")
	t, err := strconv.Atoi(thousands)
	n := 0
	for n < len(rest) && n < 3 && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	digits := rest[:n]
	if !ok || err != nil || digits == "" {
		return errDateText("invalid input string for \"Y,YYY\"")
	}
	low, _ := strconv.Atoi(digits)
	r.in = rest[len(digits):]
	if node.ordinal != "" && len(r.in) >= 2 {
		r.in = r.in[2:]
	}
	return r.set(dateNode{key: "YYYY", text: node.text}, t*1000+low, 4)
}

func (r *dateReader) marker(n dateNode) error {
	for _, m := range []string{"A.M.", "P.M.", "A.D.", "B.C.", "AM", "PM", "AD", "BC"} {
		if len(m) != len(n.key) || len(r.in) < len(m) || !strings.EqualFold(r.in[:len(m)], m) || (m[len(m)-1] == 'M' || strings.HasSuffix(m, "M.")) != strings.Contains(n.key, "M") {
			continue
		}
		switch m[0] {
		case 'A':
			if strings.Contains(m, "M") {
				r.pm = 1
			}
		case 'P':
			r.pm = 2
		case 'B':
			r.bc = true
		}
		r.hour12 = r.hour12 || strings.Contains(m, "M")
		r.in = r.in[len(m):]
		return nil
	}
	return r.errWord(n)
}

func (r *dateReader) errWord(n dateNode) error {
	word := r.in
	if i := strings.IndexAny(word, " \t\n"); i >= 0 {
		word = word[:i]
	}
	return errDateText("invalid value \"%s\" for \"%s\"", word, n.text).
		WithDetail("The given value did not match any of the allowed values for this field.")
}

// named reads a month's or day's name, whole or its first three letters as the
// pattern says.
func (r *dateReader) named(n dateNode, names []string, key string, first int) error {
	short := len(n.key) < 4 && n.key != "DAY"
	for i, name := range names {
		if short {
			name = name[:3]
		}
		if len(r.in) >= len(name) && strings.EqualFold(r.in[:len(name)], name) {
			r.in = r.in[len(name):]
			return r.set(dateNode{key: key, text: n.text}, i+first, 2)
		}
	}
	return r.errWord(n)
}

func (r *dateReader) romanMonth(n dateNode) error {
	best := -1
	for i, m := range romanMonths {
		if len(r.in) >= len(m) && strings.EqualFold(r.in[:len(m)], m) && (best < 0 || len(m) > len(romanMonths[best])) {
			best = i
		}
	}
	if best < 0 {
		return r.errWord(n)
	}
	r.in = r.in[len(romanMonths[best]):]
	return r.set(dateNode{key: "MM", text: n.text}, best+1, 2)
}

func (r *dateReader) errRange() error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", r.source)
}

// date puts together what was read (do_to_timestamp).
func (r *dateReader) date() (c types.Clock, err error) {
	v := r.values
	c = types.Clock{Year: 0, Month: 1, Day: 1, Hour: v["HH24"], Minute: v["MI"], Second: v["SS"], Micros: v["US"]}
	if r.seen["SSSS"] {
		s := v["SSSS"]
		c.Hour, c.Minute, c.Second = s/3600, s%3600/60, s%60
	}
	if r.hour12 {
		if r.seen["HH24"] && (c.Hour < 1 || c.Hour > 12) {
			return c, r.hourError(dateNode{}, c.Hour)
		}
		if r.pm == 2 && c.Hour < 12 {
			c.Hour += 12
		} else if r.pm == 1 && c.Hour == 12 {
			c.Hour = 0
		}
	}
	c.Year = r.year()
	if err := r.day(&c); err != nil {
		return c, err
	}
	if c.Hour < 0 || c.Hour > 23 || c.Minute < 0 || c.Minute > 59 || c.Second < 0 || c.Second > 59 || c.Micros < 0 || c.Micros > 999999 {
		return c, r.errRange()
	}
	return c, nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// year is the calendar's year, 0 for 1 BC, of what was given of year and century.
func (r *dateReader) year() int {
	v := r.values
	given := v["YYYY"]
	if given == 0 {
		given = v["IYYY"]
	}
	century := v["CC"]
	if r.bc {
		century = -century
	}
	switch {
	case given != 0 && century != 0 && r.yearLen <= 2:
		return yearOfCentury(century, given%100)
	case given != 0:
		if r.bc {
			given = -given
		}
		if given < 0 {
			given++
		}
		return given
	case century > 0:
		return century*100 - 99
	case century < 0:
		return century*100 + 1
	}
	return 0
}

// yearOfCentury is a year by its last two digits; the first century BC is -1.
func yearOfCentury(century, year int) int {
	switch {
	case century > 0 && year != 0:
		return (century-1)*100 + year
	case century > 0:
		return century * 100
	case year != 0:
		return (century+1)*100 - year + 1
	}
	return century*100 + 1
}

// day finds month and day by whichever way they were given. A field that is
// zero counts as one that was not given.
func (r *dateReader) day(c *types.Clock) error {
	v := r.values
	day, month := v["DD"], v["MM"]
	ofYear := max(v["DDD"], v["IDDD"])
	use := func(t time.Time) { c.Year, c.Month, c.Day = t.Year(), int(t.Month()), t.Day() }
	switch {
	case v["J"] != 0:
		const epoch = 2440588
		use(time.Unix(0, 0).UTC().AddDate(0, 0, v["J"]-epoch))
	case v["IW"] != 0:
		use(isoWeekStart(c.Year).AddDate(0, 0, (v["IW"]-1)*7+r.isoWeekday()))
	case v["WW"] != 0:
		ofYear = (v["WW"]-1)*7 + 1
	}
	if v["W"] != 0 {
		day = (v["W"]-1)*7 + 1
	}
	if month != 0 {
		c.Month = month
	}
	if day != 0 {
		c.Day = day
	}
	if ofYear != 0 && (c.Month <= 1 || c.Day <= 1) {
		if c.Year == 0 && !r.bc {
			return errDateText("cannot calculate day of year without year information")
		}
		r.useDayOfYear(c, ofYear)
	}
	if c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Day > daysIn(c.Year, c.Month) {
		return r.errRange()
	}
	return nil
}

// isoWeekday is how many days after Monday, 0 when no day was given; what is no day is a Sunday.
func (r *dateReader) isoWeekday() int {
	switch {
	case r.seen["ID"] && (r.values["ID"] < 1 || r.values["ID"] > 6):
		return 6
	case r.seen["ID"]:
		return r.values["ID"] - 1
	case r.values["D"] == 1:
		return 6
	case r.values["D"] > 1:
		return r.values["D"] - 2
	}
	return 0
}

// useDayOfYear gives month and day, where they are not given, by the day of the year.
func (r *dateReader) useDayOfYear(c *types.Clock, day int) {
	if r.seen["IDDD"] {
		t := isoWeekStart(c.Year).AddDate(0, 0, day-1)
		c.Year, c.Month, c.Day = t.Year(), int(t.Month()), t.Day()
		return
	}
	month := 1
	for ; month <= 12 && day > daysIn(c.Year, month); month++ {
		day -= daysIn(c.Year, month)
	}
	if c.Month <= 1 {
		c.Month = month
	}
	if c.Day <= 1 {
		c.Day = day
	}
}

// isoWeekStart is the Monday of an ISO year's first week, that with January 4.
func isoWeekStart(year int) time.Time {
	t := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}
