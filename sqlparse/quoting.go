package sqlparse

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Quoting is what a session's settings say of strings. The grammar knows no
// settings: it reads texts as the zero value says.
type Quoting struct {
	Backslashes      bool // '…' has escapes, as E'…' (standard_conforming_strings = off)
	Warn             bool // where it has some there is a warning (escape_string_warning)
	NoBackslashQuote bool // \' is refused (backslash_quote = off)
}

// Plain reports whether texts are as the grammar reads them.
func (q Quoting) Plain() bool { return !q.Backslashes && !q.NoBackslashQuote }

// Rewrite makes a text that the grammar reads as q says sql is to be read, and
// the warnings about it. A string with escapes becomes one without, as long as it was, so
// that places in the text stay what they are. What the grammar will refuse is left to it.
func (q Quoting) Rewrite(sql string) (string, []*pgerr.E, error) {
	r := &rewriter{Quoting: q, sql: sql}
	for i := 0; i < len(sql); {
		next, err := r.token(i)
		if err != nil {
			return "", nil, err
		}
		i = next
	}
	if r.done == 0 {
		return sql, nil, nil
	}
	r.out.WriteString(sql[r.done:])
	return r.out.String(), r.warnings, nil
}

// rewriter rewrites one text.
type rewriter struct {
	Quoting
	sql      string
	out      strings.Builder
	done     int // of sql, what out stands for
	warnings []*pgerr.E

	// begin is where the string began that has ended at end, warned whether it has been warned of.
	begin, end int
	warned     bool
}

// token passes over the token at i, rewriting it if it is a string, and returns where the next begins.
func (r *rewriter) token(i int) (next int, err error) {
	rest := r.sql[i:]
	end, ok := i+1, true
	switch c := rest[0]; {
	case c == '\'' && r.Backslashes:
		return r.escaped(i, i)
	case c == '\'' || c == '"':
		end, ok = quoteEnd(r.sql, i)
	case strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*"):
		end, ok = commentEnd(r.sql, i)
	case c == '$':
		end = r.dollar(i)
	case isIdentStart(c):
		return r.word(i)
	case isDigit(c):
		for end < len(r.sql) && (isIdent(r.sql[end]) || r.sql[end] == '.') {
			end++
		}
	}
	if !ok {
		end = len(r.sql)
	}
	return end, nil
}

// word passes over a name, or the letter of a string with what follows.
func (r *rewriter) word(i int) (next int, err error) {
	end := i + 1
	for end < len(r.sql) && isIdent(r.sql[end]) {
		end++
	}
	rest := r.sql[end:]
	if end-i > 1 || rest == "" {
		return end, nil
	}
	switch letter := r.sql[i] | 0x20; {
	case letter == 'e' && rest[0] == '\'':
		return r.escaped(i, end)
	case (letter == 'b' || letter == 'x') && rest[0] == '\'', letter == 'u' && strings.HasPrefix(rest, `&"`):
		from := end
		if letter == 'u' {
			from++
		}
		if closed, ok := quoteEnd(r.sql, from); ok {
			return closed, nil
		}
		return len(r.sql), nil
	case letter == 'u' && strings.HasPrefix(rest, `&'`):
		if r.Backslashes {
			return 0, pgerr.New(pgerr.FeatureNotSupported, "unsafe use of string constant with Unicode escapes").
				WithDetail("String constants with Unicode escapes cannot be used when %s is off.", "standard_conforming_strings").
				WithPosition(r.position(i))
		}
		if closed, ok := quoteEnd(r.sql, end+1); ok {
			return closed, nil
		}
		return len(r.sql), nil
	}
	return end, nil
}

func (r *rewriter) position(i int) int { return characters(r.sql[:i]) + 1 }

// dollar passes over a $ and, if it begins a string, that.
func (r *rewriter) dollar(i int) int {
	end := i + 1
	for end < len(r.sql) && isIdent(r.sql[end]) && r.sql[end] != '$' {
		end++
	}
	if end == len(r.sql) || r.sql[end] != '$' || end > i+1 && isDigit(r.sql[i+1]) {
		return end
	}
	tag := r.sql[i : end+1]
	if n := strings.Index(r.sql[end+1:], tag); n >= 0 {
		return end + 1 + n + len(tag)
	}
	return len(r.sql)
}

// escaped passes over the string with escapes that begins at start, with its
// quote at i: another place where an E stands in front.
func (r *rewriter) escaped(start, i int) (next int, err error) {
	value := []byte{'\''}
	readable, first := true, byte(0)
	for j := i + 1; j < len(r.sql); j++ {
		c := r.sql[j]
		switch {
		case c == '\'' && j+1 < len(r.sql) && r.sql[j+1] == '\'':
			value = append(value, "''"...)
			j++
		case c == '\'':
			if start == i {
				r.ended(i, j+1, append(value, '\''), readable && CheckText(string(value)) == nil, first)
			}
			return j + 1, nil
		case c == '\\' && j+1 < len(r.sql):
			if c = r.sql[j+1]; c == '\'' && r.NoBackslashQuote {
				return 0, pgerr.New(pgerr.NonstandardUseOfEscapeCharacter, "unsafe use of \\' in a string literal").
					WithHint("Use '' to write quotes in strings. \\' is insecure in client-only encodings.").WithPosition(r.position(start))
			}
			if first == 0 {
				first = c
			}
			var width int
			value, width = appendEscape(value, r.sql[j+1:])
			readable = readable && width > 0
			j += max(width, 1)
		default:
			value = append(value, c)
		}
	}
	if start == i && first != 0 {
		// It does not end, which the grammar says.
		r.replace(i, len(r.sql), nil, false)
	}
	return len(r.sql), nil
}

// simpleEscapes are those of letters that stand for other characters.
var simpleEscapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// appendEscape appends what a backslash with rest is, within a string without escapes, and says how
// much of rest that is: 0 for what is no escape.
func appendEscape(value []byte, rest string) ([]byte, int) {
	c := rest[0]
	switch {
	case c == '\'':
		return append(value, "''"...), 1
	case c >= '0' && c <= '7':
		digits := digitsOf(rest, 3, "01234567")
		n, _ := strconv.ParseUint(digits, 8, 16)
		return append(value, quotedByte(byte(n))...), len(digits)
	case c == 'x' && len(rest) > 1 && digitsOf(rest[1:], 1, hexDigits) != "":
		digits := digitsOf(rest[1:], 2, hexDigits)
		n, _ := strconv.ParseUint(digits, 16, 8)
		return append(value, quotedByte(byte(n))...), 1 + len(digits)
	case c == 'u' || c == 'U':
		most := 4
		if c == 'U' {
			most = 8
		}
		digits := digitsOf(rest[1:], most, hexDigits)
		n, _ := strconv.ParseUint(digits, 16, 32)
		if len(digits) < most || n == '\'' || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return value, 0
		}
		return utf8.AppendRune(value, rune(n)), 1 + most
	}
	if e, ok := simpleEscapes[c]; ok {
		c = e
	}
	return append(value, c), 1
}

const hexDigits = "0123456789abcdefABCDEF"

// digitsOf are the first characters of s, most at most, that are of a set.
func digitsOf(s string, most int, set string) string {
	n := 0
	for n < len(s) && n < most && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return s[:n]
}

// quotedByte is a byte within a string without escapes.
func quotedByte(b byte) []byte {
	if b == '\'' {
		return []byte("''")
	}
	return []byte{b}
}

// ended is called for each string that has ended: it stands from…to, and may go on in another behind a line break.
func (r *rewriter) ended(from, to int, value []byte, readable bool, first byte) {
	if next, ok := skipBlank(r.sql, r.end); r.end == 0 || !ok || next != from || !strings.ContainsAny(r.sql[r.end:from], "\n\r") {
		r.begin, r.warned = from, false
	}
	r.end = to
	if first == 0 {
		return
	}
	r.replace(from, to, value, readable)
	if r.Warn && !r.warned {
		r.warned = true
		r.warnings = append(r.warnings, escapeWarning(first).WithPosition(r.position(r.begin)))
	}
}

// replace puts a string without escapes in the place of one with them, or an E in front of what cannot be said so.
func (r *rewriter) replace(from, to int, value []byte, readable bool) {
	r.out.WriteString(r.sql[r.done:from])
	r.done = to
	if readable {
		r.out.Write(value)
		r.out.WriteString(strings.Repeat(" ", to-from-len(value)))
		return
	}
	if from > 0 && isIdent(r.sql[from-1]) {
		r.out.WriteByte(' ')
	}
	r.out.WriteString("E" + r.sql[from:to])
}

// escapeWarning is the warning of a string whose first escape is a backslash with c (scan.l).
func escapeWarning(c byte) *pgerr.E {
	what, hint := "escape", `Use the escape string syntax for escapes, e.g., E'\r\n'.`
	switch c {
	case '\'':
		what, hint = `\'`, `Use '' to write quotes in strings, or use the escape string syntax (E'...').`
	case '\\':
		what, hint = `\\`, `Use the escape string syntax for backslashes, e.g., E'\\'.`
	}
	return pgerr.New(pgerr.NonstandardUseOfEscapeCharacter, "nonstandard use of %s in a string literal", what).
		WithSeverity(pgerr.SeverityWarning).WithHint("%s", hint)
}
