package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// numberFormatImpls are to_char of numbers and to_number (formatting.c).
var numberFormatImpls = impls{
	"numeric_to_char": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return numberToChar(ctx, numericNumber{a[0].Decimal()}, a[1].Text())
	},
	"int4_to_char": intToText, "int8_to_char": bigintToText,
	"float4_to_char": floatToText(6), "float8_to_char": floatToText(15),
	"numeric_to_number": numberFromText,
}

// numberKeys are the patterns of numbers, longer ones before their beginnings.
var numberKeys = []string{"EEEE", "FM", "MI", "PL", "PR", "RN", "SG", "SP", "TH", ",", ".", "0", "9", "B", "C", "D", "G", "L", "S", "V"}

// formatWork is about what it costs to find or use a piece of a format, in bytes read.
const formatWork = 64

// formatNode is a piece of a format: a pattern, or text to copy.
type formatNode struct {
	key  string // in upper case; "" for text
	text string // as written
}

// parseNumberFormat cuts a format into nodes; "quoted" text is copied, a
// backslash in it escapes.
func parseNumberFormat(ctx *expr.Context, format string) ([]formatNode, error) {
	var out []formatNode
	for format != "" {
		if err := ctx.Spend(formatWork); err != nil {
			return nil, err
		}
		if key := numberKey(format); key != "" {
			out = append(out, formatNode{key: key, text: format[:len(key)]})
			format = format[len(key):]
			continue
		}
		text, rest := formatText(format)
		for _, r := range text {
			out = append(out, formatNode{text: string(r)})
		}
		format = rest
	}
	return out, nil
}

func numberKey(s string) string {
	for _, key := range numberKeys {
		if len(s) >= len(key) && (s[:len(key)] == key || s[:len(key)] == strings.ToLower(key)) {
			return key
		}
	}
	return ""
}

// formatText reads one piece of text: a quoted string, an escaped quote, or a character.
func formatText(s string) (text, rest string) {
	switch {
	case s[0] == '"':
		var b strings.Builder
		for s = s[1:]; s != "" && s[0] != '"'; {
			if s[0] == '\\' && len(s) > 1 {
				s = s[1:]
			}
			n := byteOffset(s, 1)
			b.WriteString(s[:n])
			s = s[n:]
		}
		return b.String(), strings.TrimPrefix(s, `"`)
	case strings.HasPrefix(s, `\"`):
		return `"`, s[2:]
	}
	n := byteOffset(s, 1)
	return s[:n], s[n:]
}

// numberShape is what a format says as a whole (NUMDesc).
type numberShape struct {
	pre, post, multi           int
	zeroStart, zeroEnd         int
	preSign                    int // digits in front of a leading S
	signBefore, signAfter      bool
	fill, decimal, zero, plus  bool
	minus, bracket, roman      bool
	blank, multiplied, science bool
}

func (s *numberShape) localSign() bool { return s.signBefore || s.signAfter }

func errFormatSyntax(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.SyntaxError, format, args...)
}

func shapeOf(nodes []formatNode) (*numberShape, error) {
	s := &numberShape{}
	for _, n := range nodes {
		if n.key == "" {
			continue
		}
		if s.science && n.key != "E" {
			return nil, errFormatSyntax("\"EEEE\" must be the last pattern used")
		}
		if err := s.take(n.key); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *numberShape) take(key string) error {
	switch key {
	case "9", "0":
		return s.takeDigit(key)
	case "B":
		s.blank = s.blank || s.pre == 0 && s.post == 0 && !s.zero
	case "D", ".":
		if s.decimal {
			return errFormatSyntax("multiple decimal points")
		}
		if s.multiplied {
			return errFormatSyntax("cannot use \"V\" and decimal point together")
		}
		s.decimal = true
	case "FM":
		s.fill = true
	case "S":
		return s.takeSign()
	case "MI", "PL", "SG", "PR":
		return s.takeMark(key)
	case "RN":
		s.roman = true
	case "V":
		if s.decimal {
			return errFormatSyntax("cannot use \"V\" and decimal point together")
		}
		s.multiplied = true
	case "EEEE":
		if s.fill || s.localSign() || s.bracket || s.minus || s.plus || s.roman || s.multiplied {
			return errFormatSyntax("\"EEEE\" is incompatible with other formats").
				WithDetail("\"EEEE\" may only be used together with digit and decimal point patterns.")
		}
		s.science = true
	}
	return nil
}

func (s *numberShape) takeDigit(key string) error {
	switch {
	case s.bracket:
		return errFormatSyntax("\"%s\" must be ahead of \"PR\"", key)
	case key == "9" && s.multiplied:
		s.multi++
		return nil
	case key == "0" && !s.zero && !s.decimal:
		s.zero, s.zeroStart = true, s.pre+1
	}
	if s.decimal {
		s.post++
	} else {
		s.pre++
	}
	if key == "0" {
		s.zeroEnd = s.pre + s.post
	}
	return nil
}

func (s *numberShape) takeSign() error {
	if s.localSign() {
		return errFormatSyntax("cannot use \"S\" twice")
	}
	if s.plus || s.minus || s.bracket {
		return errFormatSyntax("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
	}
	if s.decimal {
		s.signAfter = true
	} else {
		s.signBefore, s.preSign = true, s.pre
	}
	return nil
}

func (s *numberShape) takeMark(key string) error {
	if s.localSign() {
		return errFormatSyntax("cannot use \"S\" and \"%s\" together", key)
	}
	if key == "PR" && (s.plus || s.minus) {
		return errFormatSyntax("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
	}
	s.minus = s.minus || key == "MI" || key == "SG"
	s.plus = s.plus || key == "PL" || key == "SG"
	s.bracket = s.bracket || key == "PR"
	return nil
}

// maxFormatBytes bounds the formats of to_char and its inverses, which are taken
// apart into pieces of a few dozen bytes for each character.
const maxFormatBytes = 4 << 20

// number is a value of any of the types that to_char takes. The types differ in
// how they round, and in what they do when a number does not fit.
type number interface {
	// integer is the value as an int4, for Roman numerals.
	integer() (int64, error)
	// scientific is the form with an exponent, without a blank for a plus sign.
	scientific(places int) string
	// decimal is the plain form of the value times 10^multi. Fewer places than
	// asked for are answered when the type has no more digits.
	decimal(pre, places, multi int) (text string, shown int, err error)
	finite() bool
}

func numberToChar(ctx *expr.Context, v number, format string) (types.Datum, error) {
	if len(format) > maxFormatBytes {
		return types.Null, errTooLarge()
	}
	nodes, err := parseNumberFormat(ctx, format)
	if err != nil {
		return types.Null, err
	}
	s, err := shapeOf(nodes)
	if err != nil {
		return types.Null, err
	}
	w := &numberWriter{numberShape: *s, sign: '+'}
	switch {
	case s.roman:
		n, err := v.integer()
		if err != nil {
			return types.Null, err
		}
		w.number = romanOf(n)
	case s.science:
		return types.Text(scientific(v, s)), nil
	default:
		if err := w.prepare(v); err != nil {
			return types.Null, err
		}
	}
	err = w.run(ctx, nodes)
	if w.ended {
		w.out = w.out[:w.end]
	}
	return types.Text(string(w.out)), err
}

// scientific is the EEEE form; NaN and infinity are number signs.
func scientific(v number, s *numberShape) string {
	if !v.finite() {
		return " " + strings.Repeat("#", s.pre) + "." + strings.Repeat("#", s.post) + "####"
	}
	text := v.scientific(s.post)
	if text[0] != '-' {
		text = " " + text
	}
	return text
}

func romanOf(n int64) string {
	if n < 1 || n > 3999 {
		return strings.Repeat("#", 15)
	}
	var b strings.Builder
	for _, r := range []struct {
		n int64
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= r.n; n -= r.n {
			b.WriteString(r.s)
		}
	}
	return b.String()
}

// numberWriter puts a number's digits into a format (NUMProc).
type numberWriter struct {
	numberShape
	number   string // digits and point, without sign
	at       int    // in number
	sign     byte
	signDone bool
	inNumber bool
	spaces   int // places in front of the number
	count    int
	current  int
	relevant int // last digit to show of FM; -1 for all
	out      []byte
	ended    bool // a digit behind the last was asked for: PostgreSQL writes the number's zero byte there
	end      int  // where that was, and its text ends
}

// prepare takes the digits of the value and pads them, or shows that they do not fit.
func (w *numberWriter) prepare(v number) error {
	text, places, err := v.decimal(w.pre, w.post, w.multi)
	if err != nil {
		return err
	}
	w.post, w.pre = places, w.pre+w.multi
	if text[0] == '-' {
		w.sign, text = '-', text[1:]
	}
	whole, _, _ := strings.Cut(text, ".")
	switch {
	case len(whole) < w.pre:
		w.spaces = w.pre - len(whole)
	case len(whole) > w.pre:
		text = strings.Repeat("#", w.pre) + "." + strings.Repeat("#", w.post)
	}
	w.number = text
	return nil
}

func (w *numberWriter) run(ctx *expr.Context, nodes []formatNode) error {
	if w.zeroStart > 0 {
		w.zeroStart--
	}
	w.prepareSign()
	w.count = w.post + w.pre - 1
	w.relevant = -1
	if w.fill && w.decimal {
		w.findRelevant()
	}
	if !w.signDone && w.spaces == 0 {
		w.count++
	}
	for _, n := range nodes {
		if err := ctx.Spend(formatWork); err != nil {
			return err
		}
		if n.key == "" {
			w.out = append(w.out, n.text...)
			continue
		}
		if err := w.node(n); err != nil {
			return err
		}
	}
	return nil
}

func (w *numberWriter) prepareSign() {
	if w.plus || w.minus {
		w.signDone = !(w.plus && !w.minus)
		return
	}
	if w.sign != '-' && w.bracket && w.fill {
		w.bracket = false
	}
	w.signDone = w.sign == '+' && w.fill && !w.localSign()
	if w.signBefore && w.pre == w.preSign {
		w.signBefore, w.signAfter = false, true
	}
}

// findRelevant finds the last digit that is not a trailing zero; 0 patterns keep theirs.
func (w *numberWriter) findRelevant() {
	point := strings.IndexByte(w.number, '.')
	if point < 0 {
		return
	}
	w.relevant = len(strings.TrimRight(w.number, "0")) - 1
	if w.zeroEnd > w.spaces {
		w.relevant = max(w.relevant, min(len(w.number)-1, w.zeroEnd-w.spaces))
	}
}

func (w *numberWriter) node(n formatNode) error {
	switch n.key {
	case "9", "0", ".", "D":
		w.digit(n.key)
	case ",", "G":
		if w.inNumber {
			w.out = append(w.out, ',')
		} else if !w.fill {
			w.out = append(w.out, ' ')
		}
	case "L":
		w.out = append(w.out, ' ')
	case "RN":
		s := w.number
		if !w.fill {
			s = strings.Repeat(" ", max(15-len(s), 0)) + s
		}
		if n.text == "rn" {
			s = strings.ToLower(s)
		}
		w.out = append(w.out, s...)
	case "TH":
		if !w.roman && w.number[0] != '#' && w.sign != '-' && !w.decimal {
			if last := w.number[len(w.number)-1]; last < '0' || last > '9' {
				return pgerr.New(pgerr.InvalidTextRepresentation, "\"%s\" is not a number", w.number)
			}
			th := ordinalSuffix(w.number)
			if n.text[0] == 'T' {
				th = strings.ToUpper(th)
			}
			w.out = append(w.out, th...)
		}
	case "MI", "PL", "SG":
		w.mark(n.key)
	}
	return nil
}

func (w *numberWriter) mark(key string) {
	wanted := map[string]byte{"MI": '-', "PL": '+', "SG": w.sign}[key]
	switch {
	case w.sign == wanted:
		w.out = append(w.out, wanted)
	case !w.fill:
		w.out = append(w.out, ' ')
	}
}

// noLeadingZero: 0.1 under 9.9 is " .1".
func (w *numberWriter) noLeadingZero() bool {
	return !w.zero && w.at == 0 && w.number != "" && w.number[0] == '0' && w.post != 0
}

func (w *numberWriter) relevantIsPoint() bool {
	return w.relevant >= 0 && w.number[w.relevant] == '.'
}

func (w *numberWriter) digit(key string) {
	if w.roman {
		return
	}
	w.inNumber = false
	if !w.signDone && (w.current >= w.spaces || w.zero && w.zeroStart == w.current) && (!w.noLeadingZero() || w.relevantIsPoint()) {
		w.leadingSign()
	}
	switch {
	case w.current < w.spaces && (w.zeroStart > w.current || !w.zero):
		if !w.fill {
			w.out = append(w.out, ' ')
		}
	case w.current < w.spaces:
		w.out = append(w.out, '0')
		w.inNumber = true
	default:
		w.realDigit(key)
		if w.at < len(w.number) {
			w.at++
		}
	}
	w.trailingSign()
	w.current++
}

func (w *numberWriter) leadingSign() {
	switch {
	case w.localSign():
		if !w.signBefore {
			return
		}
		w.out = append(w.out, w.sign)
	case w.bracket:
		w.out = append(w.out, map[byte]byte{'+': ' ', '-': '<'}[w.sign])
	case w.sign == '-':
		w.out = append(w.out, '-')
	case !w.fill:
		w.out = append(w.out, ' ')
	}
	w.signDone = true
}

func (w *numberWriter) realDigit(key string) {
	if w.at >= len(w.number) {
		if !w.ended && (w.relevant < 0 || key == "0") {
			w.ended, w.end = true, len(w.out)
		}
		return
	}
	switch c := w.number[w.at]; {
	case c == '.':
		w.out = append(w.out, '.')
	case w.relevant >= 0 && w.at > w.relevant && key != "0":
	case w.noLeadingZero():
		if !w.fill {
			w.out = append(w.out, ' ')
		} else if w.relevantIsPoint() {
			w.out = append(w.out, '0')
		}
	default:
		w.out = append(w.out, c)
		w.inNumber = true
	}
}

// trailingSign closes a bracket, or writes a sign behind the number, at its end.
func (w *numberWriter) trailingSign() {
	end := w.count
	if w.spaces > 0 {
		end++
	}
	if w.decimal {
		end++
	}
	if w.relevant >= 0 && w.relevant == w.at {
		end = w.current
	}
	if w.current+1 != end {
		return
	}
	switch {
	case w.signDone && w.bracket:
		w.out = append(w.out, map[byte]byte{'+': ' ', '-': '>'}[w.sign])
	case w.signAfter:
		w.out = append(w.out, w.sign)
	}
}

// ordinalSuffix is st, nd, rd or th of a number's digits.
func ordinalSuffix(number string) string {
	last := number[len(number)-1]
	if len(number) > 1 && number[len(number)-2] == '1' {
		return "th"
	}
	switch last {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}
