package types

import (
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// jsonCodec is json: text that has been found well-formed (json.c).
type jsonCodec struct{ textCodec }

func (c jsonCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	d, err := c.textCodec.parse(env, t, s, typmod)
	if err != nil {
		return Null, err
	}
	return d, parseJSON(env, s, false, nil, nil)
}

func (c jsonCodec) parseLong(env *Env, t *Type, s string, typmod int32, work Work) (Datum, error) {
	d, err := c.textCodec.parseLong(env, t, s, -1, work)
	if err != nil {
		return Null, err
	}
	return d, parseJSON(env, s, false, nil, work)
}

func (c jsonCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	return c.parse(env, t, string(b), typmod)
}

// ValidateJSON answers text that is no JSON with 22P02, DETAIL and CONTEXT as
// json_in does.
func ValidateJSON(s string) error {
	return parseJSON(nil, s, false, nil, nil)
}

// maxJSONDepth is about what PostgreSQL's stack reaches at max_stack_depth's
// default: 12,700 objects within each other, 14,100 arrays.
const maxJSONDepth = 12_500

const (
	// defaultStackKB is max_stack_depth's default.
	defaultStackKB = 2048
	// StackLimitKB is the most that it can be: PostgreSQL's with a stack of 8 MB. A
	// document that needs more than the gigabyte of a goroutine ends the process.
	StackLimitKB = 7680
)

// jsonDepth is how deep a document may be nested, and the setting that says so.
func (e *Env) jsonDepth() (levels, stackKB int) {
	if e == nil || e.MaxStackKB == 0 {
		return maxJSONDepth, defaultStackKB
	}
	return int(int64(maxJSONDepth) * int64(e.MaxStackKB) / defaultStackKB), e.MaxStackKB
}

// jsonToken is a token's kind (jsonapi.h).
type jsonToken uint8

const (
	jsonEnd jsonToken = iota
	jsonString
	jsonNumber
	jsonObjectStart
	jsonObjectEnd
	jsonArrayStart
	jsonArrayEnd
	jsonComma
	jsonColon
	jsonTrue
	jsonFalse
	jsonNull
)

// CheckJSONEscapes fails for a json value of which an escape means nothing, or a
// character that texts do not have: what has to be read before parts are taken out.
func CheckJSONEscapes(env *Env, s string, work Work) error {
	if !strings.Contains(s, `\u`) {
		return nil
	}
	return parseJSON(env, s, true, nil, work)
}

// jsonEvents is told what a document holds, in order.
type jsonEvents interface {
	scalar(tok jsonToken, text string) error // text is unescaped, numbers as written
	key(text string) error
	open(tok jsonToken) error // jsonObjectStart, jsonArrayStart
	close(tok jsonToken) error
}

// parseJSON reads a whole document. unescape checks what \u escapes mean, which
// json does not and jsonb does; ev may be nil, and env, whose settings bound the depth.
func parseJSON(env *Env, s string, unescape bool, ev jsonEvents, work Work) error {
	p := jsonParser{lex: jsonLexer{src: s, line: 1, unescape: unescape || ev != nil, progress: progress{work: work}}, ev: ev}
	p.deepest, p.stackKB = env.jsonDepth()
	if err := p.next(); err != nil {
		return err
	}
	if err := p.value(0); err != nil {
		return err
	}
	if p.tok != jsonEnd {
		return p.unexpected("Expected end of input, but found \"%s\".")
	}
	return nil
}

type jsonParser struct {
	lex jsonLexer
	tok jsonToken
	ev  jsonEvents

	deepest, stackKB int
}

func (p *jsonParser) next() (err error) {
	if err := p.lex.progress.at(p.lex.end); err != nil {
		return err
	}
	p.tok, err = p.lex.next()
	return err
}

// unexpected complains of the token; at the end of the text only of that.
func (p *jsonParser) unexpected(detail string) error {
	if p.tok == jsonEnd {
		return p.lex.fail("The input string ended unexpectedly.")
	}
	return p.lex.fail(detail, p.lex.token())
}

func (p *jsonParser) value(depth int) error {
	if depth > p.deepest {
		return pgerr.TooDeepAt(p.stackKB)
	}
	switch p.tok {
	case jsonObjectStart:
		return p.object(depth)
	case jsonArrayStart:
		return p.array(depth)
	case jsonString, jsonNumber, jsonTrue, jsonFalse, jsonNull:
		if p.ev != nil {
			if err := p.ev.scalar(p.tok, p.lex.text()); err != nil {
				return err
			}
		}
		return p.next()
	}
	return p.unexpected("Expected JSON value, but found \"%s\".")
}

func (p *jsonParser) event(f func(jsonEvents) error) error {
	if p.ev == nil {
		return nil
	}
	return f(p.ev)
}

func (p *jsonParser) object(depth int) error {
	if err := p.event(func(e jsonEvents) error { return e.open(jsonObjectStart) }); err != nil {
		return err
	}
	if err := p.next(); err != nil {
		return err
	}
	if p.tok != jsonObjectEnd && p.tok != jsonString {
		return p.unexpected("Expected string or \"}\", but found \"%s\".")
	}
	for p.tok != jsonObjectEnd {
		if err := p.field(depth); err != nil {
			return err
		}
		if p.tok == jsonObjectEnd {
			break
		}
		if p.tok != jsonComma {
			return p.unexpected("Expected \",\" or \"}\", but found \"%s\".")
		}
		if err := p.next(); err != nil {
			return err
		}
		if p.tok == jsonObjectEnd {
			return p.unexpected("Expected string, but found \"%s\".")
		}
	}
	if err := p.event(func(e jsonEvents) error { return e.close(jsonObjectEnd) }); err != nil {
		return err
	}
	return p.next()
}

func (p *jsonParser) field(depth int) error {
	if p.tok != jsonString {
		return p.unexpected("Expected string, but found \"%s\".")
	}
	if err := p.event(func(e jsonEvents) error { return e.key(p.lex.text()) }); err != nil {
		return err
	}
	if err := p.next(); err != nil {
		return err
	}
	if p.tok != jsonColon {
		return p.unexpected("Expected \":\", but found \"%s\".")
	}
	if err := p.next(); err != nil {
		return err
	}
	return p.value(depth + 1)
}

func (p *jsonParser) array(depth int) error {
	if err := p.event(func(e jsonEvents) error { return e.open(jsonArrayStart) }); err != nil {
		return err
	}
	if err := p.next(); err != nil {
		return err
	}
	for first := true; p.tok != jsonArrayEnd || !first; first = false {
		if err := p.value(depth + 1); err != nil {
			return err
		}
		if p.tok == jsonArrayEnd {
			break
		}
		if p.tok != jsonComma {
			return p.unexpected("Expected \",\" or \"]\", but found \"%s\".")
		}
		if err := p.next(); err != nil {
			return err
		}
	}
	if err := p.event(func(e jsonEvents) error { return e.close(jsonArrayEnd) }); err != nil {
		return err
	}
	return p.next()
}

// jsonLexer cuts the text into tokens.
type jsonLexer struct {
	src       string
	start     int // of the token
	end       int // behind the token; in errors, behind what is shown
	line      int
	lineStart int
	unescape  bool
	buf       strings.Builder // the last string, unescaped
	isString  bool
	atEnd     bool
	progress  progress
}

func (l *jsonLexer) token() string { return l.src[l.start:l.end] }

// text is the token's value: a string's unescaped, anything else as written.
func (l *jsonLexer) text() string {
	if l.isString {
		return l.buf.String()
	}
	return l.token()
}

func (l *jsonLexer) next() (jsonToken, error) {
	i := l.end
	for i < len(l.src) && (l.src[i] == ' ' || l.src[i] == '\t' || l.src[i] == '\n' || l.src[i] == '\r') {
		i++
		if l.src[i-1] == '\n' {
			l.line++
			l.lineStart = i
		}
	}
	l.start, l.end, l.isString, l.atEnd = i, i, false, false
	if i == len(l.src) {
		l.atEnd = true
		return jsonEnd, nil
	}
	l.end = i + 1
	switch c := l.src[i]; {
	case c == '{':
		return jsonObjectStart, nil
	case c == '}':
		return jsonObjectEnd, nil
	case c == '[':
		return jsonArrayStart, nil
	case c == ']':
		return jsonArrayEnd, nil
	case c == ',':
		return jsonComma, nil
	case c == ':':
		return jsonColon, nil
	case c == '"':
		return jsonString, l.str()
	case c == '-' || isDigit(c):
		return jsonNumber, l.number()
	}
	return l.word()
}

// isWordByte is JSON_ALPHANUMERIC_CHAR.
func isWordByte(c byte) bool { return isAlpha(c) || isDigit(c) || c == '_' || c >= 0x80 }

func (l *jsonLexer) word() (jsonToken, error) {
	end := l.start
	for end < len(l.src) && isWordByte(l.src[end]) {
		end++
	}
	if end == l.start {
		return 0, l.invalidToken()
	}
	l.end = end
	switch l.token() {
	case "true":
		return jsonTrue, nil
	case "false":
		return jsonFalse, nil
	case "null":
		return jsonNull, nil
	}
	return 0, l.invalidToken()
}

func (l *jsonLexer) invalidToken() error { return l.fail("Token \"%s\" is invalid.", l.token()) }

func (l *jsonLexer) number() error {
	i, bad := l.start, false
	at := func() byte {
		if i < len(l.src) {
			return l.src[i]
		}
		return 0
	}
	digits := func() {
		bad = bad || !isDigit(at())
		for isDigit(at()) {
			i++
		}
	}
	if at() == '-' {
		i++
	}
	if at() == '0' {
		i++
	} else {
		digits()
	}
	if at() == '.' && !bad {
		i++
		digits()
	}
	if at()|0x20 == 'e' && !bad {
		i++
		if at() == '+' || at() == '-' {
			i++
		}
		digits()
	}
	for i < len(l.src) && isWordByte(l.src[i]) {
		i, bad = i+1, true
	}
	l.end = i
	if bad {
		return l.invalidToken()
	}
	return nil
}

func (l *jsonLexer) str() error {
	l.isString = true
	l.buf.Reset()
	high := rune(0) // a surrogate that waits for its other half
	for i := l.start + 1; ; i++ {
		if i >= len(l.src) {
			l.end = len(l.src)
			return l.fail("Token \"%s\" is invalid.", l.token())
		}
		if err := l.progress.at(i); err != nil {
			return err
		}
		c := l.src[i]
		if c == '\\' && i+1 < len(l.src) && l.src[i+1] == 'u' {
			n, err := l.unicode(i, &high)
			if err != nil {
				return err
			}
			i += n
			continue
		}
		if high != 0 {
			if c == '\\' && i+1 < len(l.src) {
				i++
			}
			return l.surrogate(i+runePrefix(l.src[i:], 1), "Unicode low surrogate must follow a high surrogate.")
		}
		switch {
		case c == '"':
			l.end = i + 1
			return nil
		case c < ' ':
			l.end = i
			return l.fail("Character with value 0x%02x must be escaped.", c)
		case c == '\\':
			if i++; i >= len(l.src) {
				l.end = len(l.src)
				return l.fail("Token \"%s\" is invalid.", l.token())
			}
			if err := l.escape(i); err != nil {
				return err
			}
		default:
			l.buf.WriteByte(c)
		}
	}
}

func (l *jsonLexer) escape(i int) error {
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if k := strings.IndexByte(from, l.src[i]); k >= 0 {
		l.buf.WriteByte(to[k])
		return nil
	}
	l.end = i + runePrefix(l.src[i:], 1)
	return l.fail("Escape sequence \"\\%s\" is invalid.", l.src[i:l.end])
}

// unicode reads \uXXXX at i and returns how many bytes follow the backslash.
func (l *jsonLexer) unicode(i int, high *rune) (int, error) {
	r := rune(0)
	for k := i + 2; k < i+6; k++ {
		if k >= len(l.src) {
			l.end = len(l.src)
			return 0, l.fail("Token \"%s\" is invalid.", l.token())
		}
		if digitValue(l.src[k]) > 15 {
			l.end = k + runePrefix(l.src[k:], 1)
			return 0, l.fail("\"\\u\" must be followed by four hexadecimal digits.")
		}
		r = r<<4 | rune(digitValue(l.src[k]))
	}
	if !l.unescape {
		return 5, nil
	}
	isHigh, isLow := r >= 0xd800 && r < 0xdc00, r >= 0xdc00 && r < 0xe000
	switch {
	case r == 0:
		l.end = i + 6
		return 0, l.failWith(pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").
			WithDetail("\\u0000 cannot be converted to text."))
	case isHigh && *high != 0:
		return 0, l.surrogate(i+6, "Unicode high surrogate must not follow a high surrogate.")
	case isHigh:
		*high = r
		return 5, nil
	case isLow == (*high == 0):
		return 0, l.surrogate(i+6, "Unicode low surrogate must follow a high surrogate.")
	case isLow:
		r = 0x10000 + (*high-0xd800)<<10 + (r - 0xdc00)
		*high = 0
	}
	l.buf.WriteString(string(r))
	return 5, nil
}

func (l *jsonLexer) surrogate(end int, detail string) error {
	l.end = end
	return l.fail("%s", detail)
}

func (l *jsonLexer) fail(detail string, args ...any) error {
	return l.failWith(pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type json").WithDetail(detail, args...))
}

// jsonContextBytes is how much of a line the CONTEXT shows.
const jsonContextBytes = 50

// failWith adds the CONTEXT line: the line's text up to the end of the token.
func (l *jsonLexer) failWith(e *pgerr.E) error {
	start := l.lineStart
	for l.end-start >= jsonContextBytes {
		_, n := utf8.DecodeRuneInString(l.src[start:])
		start += n
	}
	prefix, suffix := "...", "..."
	if start-l.lineStart <= 3 {
		start, prefix = l.lineStart, ""
	}
	if l.atEnd || l.end >= len(l.src) || l.src[l.end] == '\n' || l.src[l.end] == '\r' {
		suffix = ""
	}
	e.Where = "JSON data, line " + itoa(l.line) + ": " + prefix + l.src[start:l.end] + suffix
	return e
}
