package regex

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// escapeClasses are the escapes that Go spells differently, or means ASCII by
// where PostgreSQL means the locale's (C.UTF-8 knows all of Unicode).
var escapeClasses = map[byte]string{
	'd': `[\p{Nd}]`, 's': `[\s\v\x{85}\p{Z}]`, 'w': `[\p{L}\p{Nd}\p{M}_]`,
	'D': `[^\p{Nd}]`, 'S': `[^\s\v\x{85}\p{Z}]`, 'W': `[^\p{L}\p{Nd}\p{M}_]`,
	'A': `\A`, 'Z': `\z`, 'y': `\b`, 'Y': `\B`,
	'a': `\a`, 'b': `\x08`, 'e': `\x1b`, 'f': `\f`, 'n': `\n`, 'r': `\r`, 't': `\t`, 'v': `\v`, 'B': `\\`,
}

// insideBrackets are the class escapes within […].
var insideBrackets = map[byte]string{'d': `\p{Nd}`, 's': `\s\v\x{85}\p{Z}`, 'w': `\p{L}\p{Nd}\p{M}_`}

// escape translates a backslash sequence outside of brackets (manual 9.7.3.3).
func (t *areTranslator) escape() error {
	if len(t.in) == 1 {
		return errInvalid("invalid escape \\ sequence")
	}
	c := t.in[1]
	if s, ok := escapeClasses[c]; ok {
		t.out.WriteString(s)
		t.in = t.in[2:]
		return nil
	}
	switch {
	case c == 'm' || c == 'M':
		return t.wordEdge(c)
	case c >= '1' && c <= '9':
		return pgerr.Unsupported("a back reference in a regular expression")
	case isWordByte(c):
		r, err := t.character()
		if err != nil {
			return err
		}
		t.out.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + `}`)
		return nil
	}
	_, n := utf8.DecodeRuneInString(t.in[1:])
	t.out.WriteString(quoteMeta(t.in[1 : 1+n]))
	t.in = t.in[1+n:]
	return nil
}

// quoteMeta quotes one character.
func quoteMeta(s string) string {
	if len(s) == 1 && strings.Contains(`\.+*?()|[]{}^$`, s) {
		return `\` + s
	}
	return s
}

// wordEdge is \m and \M, a word's beginning and end. Go has only \b; in front of
// or behind a word character they are the same, elsewhere they cannot be said.
func (t *areTranslator) wordEdge(c byte) error {
	rest := t.in[2:]
	before := t.start[:len(t.start)-len(t.in)]
	atWord := c == 'm' && startsWithWord(rest) || c == 'M' && endsWithWord(before)
	if !atWord {
		return pgerr.Unsupported("\\%c in a regular expression", c)
	}
	t.out.WriteString(`\b`)
	t.in = rest
	return nil
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func startsWithWord(s string) bool {
	return s != "" && isWordByte(s[0]) || strings.HasPrefix(s, `\w`) || strings.HasPrefix(s, `\d`) || strings.HasPrefix(s, "[[:alpha:]]")
}

func endsWithWord(s string) bool {
	s = strings.TrimRight(s, "+")
	return strings.HasSuffix(s, `\w`) || strings.HasSuffix(s, `\d`) || s != "" && isWordByte(s[len(s)-1]) && !strings.HasSuffix(s[:len(s)-1], `\`)
}

// character reads a character escape that is a letter or digit: \cX, \uwxyz,
// \Ustuvwxyz, \xhhh, \0, octal.
func (t *areTranslator) character() (rune, error) {
	c := t.in[1]
	digits, base := "", 16
	switch c {
	case 'c':
		if len(t.in) < 3 {
			return 0, errInvalid("invalid escape \\ sequence")
		}
		r := rune(t.in[2] & 0x1f)
		t.in = t.in[3:]
		return r, nil
	case 'u':
		digits = prefixOf(t.in[2:], 4, "0123456789abcdefABCDEF")
		if len(digits) != 4 {
			return 0, errInvalid("invalid escape \\ sequence")
		}
	case 'U':
		digits = prefixOf(t.in[2:], 8, "0123456789abcdefABCDEF")
		if len(digits) != 8 {
			return 0, errInvalid("invalid escape \\ sequence")
		}
	case 'x':
		digits = prefixOf(t.in[2:], 255, "0123456789abcdefABCDEF")
	case '0':
		digits, base = prefixOf(t.in[2:], 2, "01234567"), 8
		t.in = t.in[2+len(digits):]
		return parseRune("0"+digits, base)
	default:
		return 0, errInvalid("invalid escape \\ sequence")
	}
	t.in = t.in[2+len(digits):]
	return parseRune(digits, base)
}

func parseRune(digits string, base int) (rune, error) {
	v, err := strconv.ParseInt(digits, base, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, errInvalid("invalid escape \\ sequence")
	}
	return rune(v), nil
}

func prefixOf(s string, most int, set string) string {
	n := 0
	for n < len(s) && n < most && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return s[:n]
}

// bracket translates […] (manual 9.7.3.2).
func (t *areTranslator) bracket() error {
	if rest, ok := strings.CutPrefix(t.in, "[[:<:]]"); ok && startsWithWord(rest) {
		t.out.WriteString(`\b`)
		t.in = rest
		return nil
	}
	if rest, ok := strings.CutPrefix(t.in, "[[:>:]]"); ok {
		t.in = `\M` + rest
		return t.wordEdge('M')
	}
	negated := strings.HasPrefix(t.in, "[^")
	t.copy(1)
	if negated {
		t.copy(1)
		if t.o.NewlineStop {
			t.out.WriteString(`\n`)
		}
	}
	for first := true; ; first = false {
		if t.in == "" {
			return errInvalid("brackets [] not balanced")
		}
		if t.in[0] == ']' && !first {
			t.copy(1)
			return nil
		}
		if err := t.bracketItem(); err != nil {
			return err
		}
	}
}

func (t *areTranslator) bracketItem() error {
	c := t.in[0]
	switch {
	case strings.HasPrefix(t.in, "[:"):
		return t.namedClass()
	case strings.HasPrefix(t.in, "[.") || strings.HasPrefix(t.in, "[="):
		return t.collating(t.in[1])
	case c == '\\':
		return t.bracketEscape()
	case c == '[' || c == ']' || c == '^' || c == '&' || c == '~':
		t.out.WriteString(`\` + t.in[:1])
		t.in = t.in[1:]
	default:
		t.copy(1)
	}
	return nil
}

func (t *areTranslator) bracketEscape() error {
	if len(t.in) == 1 {
		return errInvalid("invalid escape \\ sequence")
	}
	c := t.in[1]
	if s, ok := insideBrackets[c]; ok {
		t.out.WriteString(s)
		t.in = t.in[2:]
		return nil
	}
	if s, ok := escapeClasses[c]; ok && !strings.ContainsRune("DSWAZyY", rune(c)) {
		t.out.WriteString(s)
		t.in = t.in[2:]
		return nil
	}
	if isWordByte(c) {
		r, err := t.character()
		if err != nil {
			return err
		}
		t.out.WriteString(`\x{` + strconv.FormatInt(int64(r), 16) + `}`)
		return nil
	}
	_, n := utf8.DecodeRuneInString(t.in[1:])
	if n == 1 {
		t.out.WriteString(`\`)
	}
	t.out.WriteString(t.in[1 : 1+n])
	t.in = t.in[1+n:]
	return nil
}

// namedClasses are [:name:], over Unicode.
var namedClasses = map[string]string{
	"alpha": `\p{L}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"space": `\s\v\x{85}\p{Z}`, "blank": ` \t`, "punct": `\p{P}\p{S}`, "cntrl": `\p{Cc}`, "xdigit": `0-9A-Fa-f`,
	"graph": `\p{L}\p{M}\p{N}\p{P}\p{S}`, "print": `\p{L}\p{M}\p{N}\p{P}\p{S} `, "ascii": `\x00-\x7f`, "word": `\p{L}\p{Nd}\p{M}_`,
}

func (t *areTranslator) namedClass() error {
	name, rest, ok := strings.Cut(t.in[2:], ":]")
	class, known := namedClasses[name]
	if !ok {
		return errInvalid("brackets [] not balanced")
	}
	if !known {
		return errInvalid("invalid character class")
	}
	t.out.WriteString(class)
	t.in = rest
	return nil
}

// collating is [.x.] and [=x=] of a single character.
func (t *areTranslator) collating(kind byte) error {
	name, rest, ok := strings.Cut(t.in[2:], string(kind)+"]")
	if !ok || utf8.RuneCountInString(name) != 1 {
		return errInvalid("invalid collating element")
	}
	t.out.WriteString(`\` + name)
	t.in = rest
	return nil
}
