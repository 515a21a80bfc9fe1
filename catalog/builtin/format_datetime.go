package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// datetimeFormatImpls are to_char of dates and intervals (formatting.c).
var datetimeFormatImpls = impls{
	"timestamp_to_char": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[1].Text() == "" || !types.IsFiniteTimestamp(a[0].Int()) {
			return types.Null, nil
		}
		return formatClock(ctx, &clockWriter{Clock: types.TimestampClock(a[0].Int()), noZone: true}, a[1].Text())
	},
	"timestamptz_to_char": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[1].Text() == "" || !types.IsFiniteTimestamp(a[0].Int()) {
			return types.Null, nil
		}
		return formatClock(ctx, &clockWriter{Clock: types.TimestampTZClock(a[0].Int(), ctx.Env.Location)}, a[1].Text())
	},
	"interval_to_char": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		if a[1].Text() == "" {
			return types.Null, nil
		}
		v := a[0].Interval()
		c := clockOfDay(v.Micros)
		c.Year, c.Month, c.Day = int(v.Months/12), int(v.Months%12), int(v.Days)
		return formatClock(ctx, &clockWriter{Clock: c, interval: true, noZone: true}, a[1].Text())
	},
}

// datetimeKeys are the patterns of dates, longer ones before their beginnings.
// All may be written in upper or lower case, names also capitalized.
var datetimeKeys = []string{
	"SSSSS", "MONTH", "A.D.", "A.M.", "B.C.", "P.M.", "HH12", "HH24", "IDDD", "IYYY", "SSSS", "Y,YYY", "YYYY",
	"DAY", "DDD", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "IYY", "MON", "TZH", "TZM", "YYY",
	"AD", "AM", "BC", "CC", "DD", "DY", "FX", "HH", "ID", "IW", "IY", "MI", "MM", "MS", "OF", "PM", "RM", "SS", "TZ", "US", "WW", "YY",
	"D", "I", "J", "Q", "W", "Y",
}

// dateNode is a piece of a date format: a pattern with its modifiers, or text.
type dateNode struct {
	key     string // in upper case; "" for text
	text    string // as written, or the text
	fill    bool   // FM
	ordinal string // TH or th
	quoted  bool   // text from within quotes: no separator
}

func parseDateFormat(ctx *expr.Context, format string) ([]dateNode, error) {
	var out []dateNode
	for format != "" {
		if err := ctx.Spend(formatWork); err != nil {
			return nil, err
		}
		n := dateNode{}
		rest := format
		for {
			switch {
			case hasKey2(rest, "FM"):
				n.fill, rest = true, rest[2:]
				continue
			case hasKey2(rest, "TM"):
				rest = rest[2:]
				continue
			}
			break
		}
		if key := dateKey(rest); key != "" {
			n.key, n.text = key, rest[:len(key)]
			format = rest[len(key):]
			if hasKey2(format, "TH") {
				n.ordinal, format = format[:2], format[2:]
			}
			out = append(out, n)
			continue
		}
		format = rest
		if format == "" {
			break
		}
		quoted := format[0] == '"' || strings.HasPrefix(format, `\"`)
		var text string
		text, format = formatText(format)
		for _, r := range text {
			out = append(out, dateNode{text: string(r), quoted: quoted})
		}
	}
	return out, nil
}

// hasKey2 reports whether s begins with a two-letter word in one case.
func hasKey2(s, word string) bool {
	return strings.HasPrefix(s, word) || strings.HasPrefix(s, strings.ToLower(word))
}

func dateKey(s string) string {
	for _, key := range datetimeKeys {
		if len(s) < len(key) || !strings.EqualFold(s[:len(key)], key) {
			continue
		}
		w := s[:len(key)]
		capitalized := w[:1] == key[:1] && w[1:] == strings.ToLower(key[1:])
		named := key == "DAY" || key == "DY" || key == "MONTH" || key == "MON"
		if w == key || w == strings.ToLower(key) || capitalized && named {
			return key
		}
	}
	return ""
}

// clockWriter prints a clock, or an interval taken apart.
type clockWriter struct {
	types.Clock
	interval bool
	noZone   bool // a timestamp has no zone to show
	out      []byte
}

func formatClock(ctx *expr.Context, w *clockWriter, format string) (types.Datum, error) {
	if len(format) > maxFormatBytes {
		return types.Null, errTooLarge()
	}
	nodes, err := parseDateFormat(ctx, format)
	if err != nil {
		return types.Null, err
	}
	for _, n := range nodes {
		if err := ctx.Spend(formatWork); err != nil {
			return types.Null, err
		}
		if n.key == "" {
			w.out = append(w.out, n.text...)
			continue
		}
		if err := w.node(n); err != nil {
			return types.Null, err
		}
	}
	return types.Text(string(w.out)), nil
}

func errIntervalFormat() error {
	return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
		WithHint("Intervals are not tied to specific calendar dates.")
}

// needsDate are the patterns that an interval has no answer to.
const needsDate = " DAY DY D ID IW IYYY IYY IY I IDDD AD BC A.D. B.C. MON MONTH "

func (w *clockWriter) node(n dateNode) error {
	if w.interval && strings.Contains(needsDate, " "+n.key+" ") {
		return errIntervalFormat()
	}
	switch n.key {
	case "MONTH", "MON", "DAY", "DY":
		w.name(n)
	case "RM":
		w.romanMonth(n)
	case "AM", "PM", "A.M.", "P.M.", "AD", "BC", "A.D.", "B.C.":
		w.marker(n)
	case "TZ", "TZH", "TZM", "OF":
		return w.zone(n)
	case "FX":
	case "Y,YYY":
		year := w.adjustYear()
		s := fmt.Sprintf("%d,%03d", year/1000, year%1000)
		w.out = append(w.out, w.suffixed(s, n)...)
	default:
		v, width := w.number(n.key)
		w.digits(n, v, width)
	}
	return nil
}

// adjustYear is the year without a sign: BC has its own mark.
func (w *clockWriter) adjustYear() int {
	if w.interval {
		return w.Year
	}
	if w.Year <= 0 {
		return 1 - w.Year
	}
	return w.Year
}

// number is a numeric pattern's value and width.
func (w *clockWriter) number(key string) (v, width int) {
	switch key {
	case "HH", "HH12":
		return (w.Hour+11)%12 + 1, 2
	case "HH24":
		return w.Hour, 2
	case "MI":
		return w.Minute, 2
	case "SS":
		return w.Second, 2
	case "MS", "FF3":
		return w.Micros / 1000, 3
	case "US", "FF6":
		return w.Micros, 6
	case "FF1":
		return w.Micros / 100000, 1
	case "FF2":
		return w.Micros / 10000, 2
	case "FF4":
		return w.Micros / 100, 4
	case "FF5":
		return w.Micros / 10, 5
	case "SSSS", "SSSSS":
		return w.Hour*3600 + w.Minute*60 + w.Second, 0
	case "MM":
		return w.Month, 2
	case "DD":
		return w.Day, 2
	case "YYYY":
		return w.adjustYear(), 4
	case "YYY":
		return w.adjustYear() % 1000, 3
	case "YY":
		return w.adjustYear() % 100, 2
	case "Y":
		return w.adjustYear() % 10, 1
	}
	return w.dateNumber(key)
}

func (w *clockWriter) dateNumber(key string) (v, width int) {
	if w.interval {
		switch key {
		case "DDD":
			return (w.Year*12+w.Month)*30 + w.Day, 3
		case "CC":
			return w.Year / 100, 2
		case "Q":
			return (w.Month-1)/3 + 1, 1
		}
		return 0, 1
	}
	day := calendarDay(w.Clock)
	isoYear, week := day.ISOWeek()
	if isoYear <= 0 {
		isoYear = 1 - isoYear
	}
	weekday := int(day.Weekday())
	switch key {
	case "D":
		return weekday + 1, 1
	case "ID":
		return (weekday+6)%7 + 1, 1
	case "DDD":
		return day.YearDay(), 3
	case "IDDD":
		return (week-1)*7 + (weekday+6)%7 + 1, 3
	case "IW":
		return week, 2
	case "WW":
		return (day.YearDay()-1)/7 + 1, 2
	case "W":
		return (w.Day-1)/7 + 1, 1
	case "Q":
		return (w.Month-1)/3 + 1, 1
	case "CC":
		if w.Year > 0 {
			return (w.Year + 99) / 100, 2
		}
		return -(100 - w.Year) / 100, 2
	case "J":
		return int(julianDay(w.Clock)), 0
	case "IYYY":
		return isoYear, 4
	case "IYY":
		return isoYear % 1000, 3
	case "IY":
		return isoYear % 100, 2
	}
	return isoYear % 10, 1
}

func (w *clockWriter) digits(n dateNode, v, width int) {
	if n.fill && !strings.HasPrefix(n.key, "FF") && n.key != "MS" && n.key != "US" {
		width = 0
	}
	if n.key == "MS" && n.fill {
		width = 0
	}
	s := strconv.Itoa(v)
	if v < 0 {
		s = "-" + strings.Repeat("0", max(width-len(s)+1, 0)) + s[1:]
	} else {
		s = strings.Repeat("0", max(width-len(s), 0)) + s
	}
	w.out = append(w.out, w.suffixed(s, n)...)
}

func (w *clockWriter) suffixed(s string, n dateNode) string {
	if n.ordinal == "" {
		return s
	}
	th := ordinalSuffix(s)
	if n.ordinal == "TH" {
		th = strings.ToUpper(th)
	}
	return s + th
}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
var dayNames = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// name prints a month or day in the case in which its pattern is written; full
// ones are as wide as the longest.
func (w *clockWriter) name(n dateNode) {
	var s string
	if n.key[0] == 'M' {
		if w.Month == 0 {
			return
		}
		s = monthNames[(w.Month+11)%12]
	} else {
		s = dayNames[calendarDay(w.Clock).Weekday()]
	}
	full := n.key == "MONTH" || n.key == "DAY"
	if !full {
		s = s[:3]
	}
	switch n.text {
	case strings.ToUpper(n.text):
		s = strings.ToUpper(s)
	case strings.ToLower(n.text):
		s = strings.ToLower(s)
	}
	if full && !n.fill {
		s += strings.Repeat(" ", 9-len(s))
	}
	w.out = append(w.out, s...)
}

var romanMonths = [...]string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}

func (w *clockWriter) romanMonth(n dateNode) {
	if w.Month == 0 && w.Year == 0 {
		return
	}
	// Months before the first count down from December (DCH_RM in formatting.c).
	month := w.Month
	switch {
	case month < 0:
		month += 13
	case month == 0 && w.Year >= 0:
		month = 12
	case month == 0:
		month = 1
	}
	s := romanMonths[month-1]
	if n.text == "rm" {
		s = strings.ToLower(s)
	}
	if !n.fill {
		s += strings.Repeat(" ", 4-len(s))
	}
	w.out = append(w.out, s...)
}

// marker prints AM, PM, AD or BC in the manner of its pattern.
func (w *clockWriter) marker(n dateNode) {
	s := "AM"
	if n.key[len(n.key)-1] == 'M' || strings.HasSuffix(n.key, "M.") {
		if w.Hour%24 >= 12 {
			s = "PM"
		}
	} else if s = "AD"; w.Year <= 0 {
		s = "BC"
	}
	if strings.Contains(n.key, ".") {
		s = s[:1] + "." + s[1:] + "."
	}
	if n.text == strings.ToLower(n.text) {
		s = strings.ToLower(s)
	}
	w.out = append(w.out, s...)
}

func (w *clockWriter) zone(n dateNode) error {
	if w.interval {
		return errIntervalFormat()
	}
	east := -int(w.ZoneWestS)
	sign, abs := byte('+'), east
	if east < 0 {
		sign, abs = '-', -east
	}
	switch n.key {
	case "TZ":
		s := w.Zone
		if n.text == "tz" {
			s = strings.ToLower(s)
		}
		if !w.noZone {
			w.out = append(w.out, s...)
		}
	case "TZH":
		w.out = fmt.Appendf(w.out, "%c%02d", sign, abs/3600)
	case "TZM":
		w.out = fmt.Appendf(w.out, "%02d", abs%3600/60)
	case "OF":
		width := 2
		if n.fill {
			width = 0
		}
		w.out = fmt.Appendf(w.out, "%c%0*d", sign, width, abs/3600)
		if abs%3600 != 0 {
			w.out = fmt.Appendf(w.out, ":%02d", abs%3600/60)
		}
	}
	return nil
}
