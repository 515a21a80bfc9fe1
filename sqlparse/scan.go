package sqlparse

import (
	"strings"
	"sync"
)

// scan is one pass over a statement's text that finds its literals. It knows
// just enough of PostgreSQL's scanner (scan.l) to be sure where strings,
// numbers, names and comments begin and end; at anything unusual it gives up,
// and the text is parsed as it is.
type scan struct {
	// key is the text with every literal replaced by a mark and its kind.
	key      []byte
	literals []Literal
}

// The marks in a key. No byte below ' ' but white space gets into a key otherwise.
const (
	markLiteral byte = 1 // then the kind
	markFixed   byte = 2 // then the values that stayed in the tree
)

var scans = sync.Pool{New: func() any { return new(scan) }}

func (s *scan) release() {
	s.key, s.literals = s.key[:0], nil
	scans.Put(s)
}

// run scans text; false means that it gave up. After true, key and literals
// are those of the text without surrounding white space and a final semicolon.
func (s *scan) run(text string) bool {
	i := 0
	for i < len(text) {
		next, ok := s.token(text, i)
		if !ok {
			return false
		}
		if next < 0 {
			break
		}
		i = next
	}
	for n := len(s.key); n > 0 && isSpace(s.key[n-1]); n-- {
		s.key = s.key[:n-1]
	}
	return true
}

// token takes the token at i and returns where the next begins; -1 is the end.
func (s *scan) token(text string, i int) (next int, ok bool) {
	c := text[i]
	switch {
	case isSpace(c):
		if len(s.key) > 0 {
			s.key = append(s.key, c)
		}
		return i + 1, true
	case isIdentStart(c):
		return s.name(text, i)
	case isDigit(c) || c == '.' && i+1 < len(text) && isDigit(text[i+1]):
		return s.number(text, i)
	case c == '\'':
		return s.quoted(text, i)
	case c == '"':
		end, ok := quoteEnd(text, i)
		return s.copyTo(text, i, max(end, i)), ok
	case c == '$':
		return s.param(text, i)
	case strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*"):
		end, ok := commentEnd(text, i)
		return s.copyTo(text, i, max(end, i)), ok
	case c == ';':
		end, ok := skipBlank(text, i+1)
		return -1, ok && end == len(text)
	case c < ' ' || c == 0x7f:
		return 0, false
	}
	s.key = append(s.key, c)
	return i + 1, true
}

func (s *scan) copyTo(text string, from, to int) int {
	s.key = append(s.key, text[from:to]...)
	return to
}

// name takes an identifier or keyword. B”, E”, N”, U&” and X” strings are left to the grammar.
func (s *scan) name(text string, i int) (int, bool) {
	end := i + 1
	for end < len(text) && isIdent(text[end]) {
		end++
	}
	if end-i == 1 && end < len(text) {
		rest := text[end:]
		switch text[i] | 0x20 {
		case 'b', 'e', 'n', 'x':
			if rest[0] == '\'' {
				return 0, false
			}
		case 'u':
			if rest[0] == '&' && len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"') {
				return 0, false
			}
		}
	}
	return s.copyTo(text, i, end), true
}

// param takes $1; dollar quotes are left to the grammar.
func (s *scan) param(text string, i int) (int, bool) {
	end := i + 1
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	if end == i+1 || end < len(text) && (isIdentStart(text[end]) || text[end] == '$') {
		return 0, false
	}
	return s.copyTo(text, i, end), true
}

// quoted takes a plain string.
func (s *scan) quoted(text string, i int) (int, bool) {
	end, ok := quoteEnd(text, i)
	if !ok {
		return 0, false
	}
	// Another string after a line break would continue this one.
	if next, ok := skipBlank(text, end); !ok || next < len(text) && text[next] == '\'' {
		return 0, false
	}
	value := text[i+1 : end-1]
	if strings.IndexByte(value, '\'') >= 0 {
		value = strings.ReplaceAll(value, "''", "'")
	}
	s.add(Literal{Kind: LiteralString, Text: value, start: i, end: end})
	return end, true
}

// number takes an integer or decimal literal.
func (s *scan) number(text string, i int) (int, bool) {
	end, integer := numberEnd(text, i)
	if end < len(text) && (isIdent(text[end]) || text[end] == '.') {
		return 0, false
	}
	digits := text[i:end]
	kind := LiteralNumeric
	if integer {
		var edge bool
		if kind, edge = integerKind(digits); edge {
			return s.copyTo(text, i, end), true
		}
	}
	s.add(Literal{Kind: kind, Text: digits, start: i, end: end})
	return end, true
}

func (s *scan) add(l Literal) {
	s.key = append(s.key, markLiteral, l.Kind.mark())
	s.literals = append(s.literals, l)
}

// numberEnd finds the end of the number at i, and whether it is all digits.
func numberEnd(text string, i int) (end int, integer bool) {
	end, integer = digitsEnd(text, i), true
	if end < len(text) && text[end] == '.' && !(end+1 < len(text) && text[end+1] == '.') {
		end, integer = digitsEnd(text, end+1), false
	}
	if end < len(text) && text[end]|0x20 == 'e' {
		exp := end + 1
		if exp < len(text) && (text[exp] == '+' || text[exp] == '-') {
			exp++
		}
		if e := digitsEnd(text, exp); e > exp {
			end, integer = e, false
		}
	}
	return end, integer
}

func digitsEnd(text string, i int) int {
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	return i
}

// integerKind is the type that make_const gives the digits. An edge is a
// number whose type a minus sign before it changes; it is never lifted.
func integerKind(digits string) (kind LiteralKind, edge bool) {
	d := strings.TrimLeft(digits, "0")
	const above4, above8 = "2147483648", "9223372036854775808"
	switch {
	case len(d) < len(above4) || len(d) == len(above4) && d < above4:
		return LiteralInt4, false
	case len(d) < len(above8) || len(d) == len(above8) && d < above8:
		return LiteralInt8, d == above4
	}
	return LiteralNumeric, d == above8
}

// quoteEnd finds the byte after the string or quoted name that begins at i.
func quoteEnd(text string, i int) (int, bool) {
	q := text[i]
	for j := i + 1; j < len(text); j++ {
		if text[j] != q {
			continue
		}
		if j+1 < len(text) && text[j+1] == q {
			j++
			continue
		}
		return j + 1, true
	}
	return 0, false
}

// skipBlank finds the end of white space and comments.
func skipBlank(text string, i int) (int, bool) {
	for i < len(text) {
		switch {
		case isSpace(text[i]):
			i++
		case strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*"):
			end, ok := commentEnd(text, i)
			if !ok {
				return 0, false
			}
			i = end
		default:
			return i, true
		}
	}
	return i, true
}

// commentEnd finds the end of the comment at i; comments of the second kind nest.
func commentEnd(text string, i int) (int, bool) {
	if text[i] == '-' {
		if n := strings.IndexAny(text[i:], "\n\r"); n >= 0 {
			return i + n, true
		}
		return len(text), true
	}
	depth := 0
	for j := i; j+1 < len(text); j++ {
		switch text[j : j+2] {
		case "/*":
			depth++
			j++
		case "*/":
			depth--
			j++
			if depth == 0 {
				return j + 1, true
			}
		}
	}
	return 0, false
}

func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func isIdent(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }
