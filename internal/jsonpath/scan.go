package jsonpath

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// token is a word of an expression.
type token struct {
	kind tokenKind
	text string // with escapes resolved
	raw  string // as it was last read: what errors name
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenSymbol
	tokenString
	tokenVariable
	tokenName // a keyword, too
	tokenInteger
	tokenDecimal
)

// special are the characters that end a name (jsonpath_scan.l).
const special = `?%$.[]{}()|&!=<>@#,*:-+/`

// blanks are the characters between words.
const blanks = " \t\n\r\f"

// isOther reports whether a byte is part of a name without more ado.
func isOther(c byte) bool {
	return !strings.ContainsRune(special+blanks+`\"`, rune(c)) || c >= utf8.RuneSelf
}

// scanner takes an expression apart.
type scanner struct {
	in  string
	pos int
}

// symbols of two characters; all else that is special stands alone.
var symbols = []string{"&&", "||", "**", "<=", "==", "<>", "!=", ">="}

// next is the next word.
func (s *scanner) next() (token, error) {
	if err := s.skip(); err != nil {
		return token{}, err
	}
	rest := s.in[s.pos:]
	if rest == "" {
		return token{}, nil
	}
	for _, symbol := range symbols {
		if strings.HasPrefix(rest, symbol) {
			s.pos += len(symbol)
			return token{tokenSymbol, symbol, symbol}, nil
		}
	}
	switch c := rest[0]; {
	case c == '"':
		s.pos++
		text, err := s.quoted()
		return token{tokenString, text, `"`}, err
	case c == '$' && strings.HasPrefix(rest, `$"`):
		s.pos += 2
		text, err := s.quoted()
		return token{tokenVariable, text, `"`}, err
	case c == '$' && len(rest) > 1 && isOther(rest[1]):
		n := 1
		for n < len(rest) && isOther(rest[n]) {
			n++
		}
		s.pos += n
		return token{tokenVariable, rest[1:n], rest[:n]}, nil
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return s.number()
	case c == '\\' || isOther(c):
		return s.name()
	default:
		s.pos++
		return token{tokenSymbol, rest[:1], rest[:1]}, nil
	}
}

// skip passes over blanks and comments.
func (s *scanner) skip() error {
	for s.pos < len(s.in) {
		switch rest := s.in[s.pos:]; {
		case strings.IndexByte(blanks, rest[0]) >= 0:
			s.pos++
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				s.pos = len(s.in)
				return errAt("unexpected end of comment", "")
			}
			s.pos += end + 4
		default:
			return nil
		}
	}
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// number reads an integer, a decimal, or one with an exponent. What is part of a
// name may not follow.
func (s *scanner) number() (token, error) {
	rest, kind := s.in[s.pos:], tokenInteger
	n := digits(rest)
	if n > 1 && rest[0] == '0' {
		n = 1 // no leading zeros
	}
	if n < len(rest) && rest[n] == '.' {
		kind = tokenDecimal
		n += 1 + digits(rest[n+1:])
	}
	if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		e := n + 1
		signed := e < len(rest) && (rest[e] == '+' || rest[e] == '-')
		if signed {
			e++
		}
		switch d := digits(rest[e:]); {
		case d > 0:
			n, kind = e+d, tokenDecimal
		case signed:
			return token{}, errAt("invalid numeric literal", rest[:e])
		}
	}
	if n < len(rest) && isOther(rest[n]) {
		run := 0
		for run < len(rest) && isOther(rest[run]) {
			run++
		}
		if run > n+1 { // the longest match is a name
			return s.name()
		}
		return token{}, errAt("trailing junk after numeric literal", rest[:n+1])
	}
	s.pos += n
	return token{kind, rest[:n], rest[:n]}, nil
}

// quoted reads to the quote that ends a string.
func (s *scanner) quoted() (string, error) {
	var b strings.Builder
	for s.pos < len(s.in) {
		switch c := s.in[s.pos]; c {
		case '"':
			s.pos++
			return b.String(), nil
		case '\\':
			if err := s.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			s.pos++
		}
	}
	return "", errAt("unexpected end of quoted string", "")
}

// name reads a name or a keyword.
func (s *scanner) name() (token, error) {
	var b strings.Builder
	for s.pos < len(s.in) {
		switch c := s.in[s.pos]; {
		case c == '\\':
			if err := s.escape(&b); err != nil {
				return token{}, err
			}
		case isOther(c):
			b.WriteByte(c)
			s.pos++
		default:
			// PostgreSQL's scanner has read on when it knows a name, and says so.
			rest := s.in[s.pos:]
			return token{tokenName, b.String(), rest[:len(rest)-len(strings.TrimLeft(rest, blanks))]}, nil
		}
	}
	return token{kind: tokenName, text: b.String()}, nil
}

// simpleEscapes are those of one letter.
var simpleEscapes = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// escape reads what begins with a backslash.
func (s *scanner) escape(b *strings.Builder) error {
	rest := s.in[s.pos:]
	if len(rest) == 1 {
		s.pos++
		return errAt("unexpected end after backslash", `\`)
	}
	switch c := rest[1]; c {
	case 'u':
		return s.unicode(b)
	case 'x':
		if len(rest) < 4 || !isHex(rest[2:4]) {
			return errAt("invalid hex character sequence", rest[:min(len(rest), 2+hexDigits(rest[2:], 1))])
		}
		n, _ := strconv.ParseUint(rest[2:4], 16, 8)
		s.pos += 4
		if n == 0 {
			return errZero()
		}
		b.WriteRune(rune(n))
	default:
		if plain, ok := simpleEscapes[c]; ok {
			b.WriteByte(plain)
			s.pos += 2
			return nil
		}
		_, width := utf8.DecodeRuneInString(rest[1:])
		b.WriteString(rest[1 : 1+width])
		s.pos += 1 + width
	}
	return nil
}

func isHex(s string) bool { return hexDigits(s, len(s)) == len(s) }

// hexDigits is how many of them a text begins with, up to most.
func hexDigits(s string, most int) int {
	n := 0
	for n < len(s) && n < most && strings.IndexByte("0123456789abcdefABCDEF", s[n]) >= 0 {
		n++
	}
	return n
}

// unicode reads \u with four digits, or up to six in braces, and of surrogates both
// halves (parseUnicode).
func (s *scanner) unicode(b *strings.Builder) error {
	high := rune(0)
	for strings.HasPrefix(s.in[s.pos:], `\u`) {
		r, err := s.codePoint()
		switch {
		case err != nil:
			return err
		case r >= 0xD800 && r < 0xDC00:
			if high != 0 {
				return errUnicode("Unicode high surrogate must not follow a high surrogate.")
			}
			high = r
			continue
		case r >= 0xDC00 && r < 0xE000:
			if high == 0 {
				return errLow()
			}
			r, high = (high-0xD800)<<10+(r-0xDC00)+0x10000, 0
		case high != 0:
			return errLow()
		}
		if r == 0 {
			return errZero()
		}
		b.WriteRune(r)
	}
	if high != 0 {
		return errLow()
	}
	return nil
}

func (s *scanner) codePoint() (rune, error) {
	rest := s.in[s.pos+2:]
	hex, n := rest[:hexDigits(rest, 4)], 4
	if braces := strings.HasPrefix(rest, "{"); braces {
		hex = rest[1 : 1+hexDigits(rest[1:], 6)]
		n = len(hex) + 2
		if hex == "" || !strings.HasPrefix(rest[n-1:], "}") {
			return 0, errAt("invalid unicode sequence", s.in[s.pos:s.pos+2+min(len(rest), n-1)])
		}
	} else if len(hex) < 4 {
		return 0, errAt("invalid unicode sequence", s.in[s.pos:s.pos+2+len(hex)])
	}
	v, _ := strconv.ParseUint(hex, 16, 32)
	if v > utf8.MaxRune {
		return 0, pgerr.New(pgerr.SyntaxError, "invalid Unicode code point")
	}
	s.pos += 2 + n
	return rune(v), nil
}

// errAt is an error of the scanner or the grammar (jsonpath_yyerror).
func errAt(what, at string) *pgerr.E {
	if at == "" {
		return pgerr.New(pgerr.SyntaxError, "%s at end of jsonpath input", what)
	}
	return pgerr.New(pgerr.SyntaxError, "%s at or near \"%s\" of jsonpath input", what, at)
}

func errUnicode(detail string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s", "jsonpath").WithDetail("%s", detail)
}

func errLow() error { return errUnicode("Unicode low surrogate must follow a high surrogate.") }

func errZero() error {
	return pgerr.New(pgerr.UntranslatableCharacter, "unsupported Unicode escape sequence").WithDetail(`\u0000 cannot be converted to text.`)
}
