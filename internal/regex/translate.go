// Package regex translates PostgreSQL's regular expressions to Go's.
//
//	translate.go  options, directors, quantifiers, errors
//	escape.go     escapes and bracket expressions
package regex

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Options are the flags of regexp_replace and its kin (manual table 9.24).
type Options struct {
	Global       bool // g: of all matches; for who calls
	Fold         bool // i
	Extended     bool // x
	Literal      bool // q
	NewlineStop  bool // n: . and [^…] do not match newlines
	NewlineLines bool // w: ^ and $ match at newlines
	Mixed        bool // greedy and non-greedy quantifiers together are meant as Go means them
}

// ParseFlags reads flags; g is allowed where who asks says so.
func ParseFlags(flags string) (o Options, err error) {
	for _, c := range flags {
		switch c {
		case 'g':
			o.Global = true
		case 'b':
			return o, pgerr.Unsupported("regular expression option \"b\"")
		case 'c':
			o.Fold = false
		case 'e':
		case 'i':
			o.Fold = true
		case 'm', 'n':
			o.NewlineStop, o.NewlineLines = true, true
		case 'p':
			o.NewlineStop, o.NewlineLines = true, false
		case 'q':
			o.Literal = true
		case 's':
			o.NewlineStop, o.NewlineLines = false, false
		case 't':
			o.Extended = false
		case 'w':
			o.NewlineStop, o.NewlineLines = false, true
		case 'x':
			o.Extended = true
		default:
			return o, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", c)
		}
	}
	return o, nil
}

// maxSource is how long an expression may be, in bytes as translated. Compiling
// is not interrupted: so it takes a second at most. PostgreSQL refuses what
// takes 100,000 states (regguts.h, REG_MAX_COMPILE_SPACE), which some fifty
// thousand characters in a row do.
const maxSource = 128 << 10

// maxRepeat is the largest repetition count (regguts.h, DUPMAX).
const maxRepeat = 255

// Translate translates a PostgreSQL regular expression (an ARE, manual
// 9.7.3) to Go's. What Go's engine lacks (back references, look-around) is
// 0A000, what is none 2201B. Matches are leftmost-longest (longest) unless the pattern's first quantifier is
// non-greedy, as a whole: mixed ones are refused.
func Translate(pattern string, o Options) (re *regexp.Regexp, longest bool, err error) {
	t := &areTranslator{in: pattern, o: o}
	if err := t.directors(); err != nil {
		return nil, false, err
	}
	if t.o.Literal {
		t.out.WriteString(regexp.QuoteMeta(t.in))
	} else if err := t.run(); err != nil {
		return nil, false, err
	}
	if t.greedy && t.lazy && !o.Mixed {
		return nil, false, pgerr.Unsupported("a regular expression with both greedy and non-greedy quantifiers")
	}
	flags := ""
	if t.o.Fold {
		flags += "i"
	}
	if !t.o.NewlineStop {
		flags += "s"
	}
	if t.o.NewlineLines {
		flags += "m"
	}
	if t.out.Len() > maxSource {
		return nil, false, errTooComplex()
	}
	source := t.out.String()
	if flags != "" {
		source = "(?" + flags + ")" + source
	}
	re, err = regexp.Compile(source)
	if err != nil {
		return nil, false, wording(err)
	}
	longest = !t.lazy && !o.Mixed
	if longest {
		re.Longest()
	}
	return re, longest, nil
}

func errInvalid(why string) error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: %s", why)
}

func errTooComplex() error { return errInvalid("regular expression is too complex") }

// wording words Go's complaints as PostgreSQL's regerror does.
func wording(err error) error {
	var code syntax.ErrorCode
	if e, ok := err.(*syntax.Error); ok {
		code = e.Code
	}
	switch code {
	case syntax.ErrMissingBracket:
		return errInvalid("brackets [] not balanced")
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return errInvalid("parentheses () not balanced")
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		return errInvalid("quantifier operand invalid")
	case syntax.ErrInvalidRepeatSize:
		return pgerr.Unsupported("a regular expression whose repetition counts multiply to more than 1000")
	case syntax.ErrInvalidCharRange:
		return errInvalid("invalid character range")
	case syntax.ErrInvalidEscape, syntax.ErrTrailingBackslash:
		return errInvalid("invalid escape \\ sequence")
	case syntax.ErrLarge:
		return errTooComplex()
	}
	return errInvalid("invalid character class")
}

// areTranslator rewrites one pattern.
type areTranslator struct {
	in, start    string
	o            Options
	out          strings.Builder
	greedy, lazy bool // kinds of quantifiers seen
}

// directors reads ***: and ***= and embedded options (?xyz).
func (t *areTranslator) directors() error {
	if rest, ok := strings.CutPrefix(t.in, "***="); ok {
		t.in, t.o.Literal = rest, true
		return nil
	}
	t.in = strings.TrimPrefix(t.in, "***:")
	if !strings.HasPrefix(t.in, "(?") || t.o.Literal {
		return nil
	}
	end := strings.IndexByte(t.in, ')')
	if end < 0 || strings.Trim(t.in[2:end], "bceimnpqstwx") != "" || end == 2 {
		return nil
	}
	for _, c := range t.in[2:end] {
		more, err := ParseFlags(string(c))
		if err != nil {
			return err
		}
		t.merge(byte(c), more)
	}
	t.in = t.in[end+1:]
	return nil
}

// merge applies one embedded option to those of the call.
func (t *areTranslator) merge(c byte, more Options) {
	switch c {
	case 'i', 'c':
		t.o.Fold = more.Fold
	case 'x', 't':
		t.o.Extended = more.Extended
	case 'q':
		t.o.Literal = true
	case 'm', 'n', 'p', 's', 'w':
		t.o.NewlineStop, t.o.NewlineLines = more.NewlineStop, more.NewlineLines
	}
}

func (t *areTranslator) run() error {
	t.start = t.in
	for t.in != "" {
		if err := t.element(); err != nil {
			return err
		}
	}
	return nil
}

// element translates what stands at the front of in.
func (t *areTranslator) element() error {
	c := t.in[0]
	switch c {
	case '\\':
		return t.escape()
	case '[':
		return t.bracket()
	case '(':
		return t.group()
	case '*', '+', '?':
		t.quantifier(1)
	case '{':
		return t.bound()
	case ' ', '\t', '\n', '\r', '\f', '\v', '#':
		t.blank(c)
	case '$':
		// Without w it is the very end, which Go's $ is without m; with w both are at lines.
		t.copy(1)
	default:
		t.copy(1)
	}
	return nil
}

func (t *areTranslator) copy(n int) {
	t.out.WriteString(t.in[:n])
	t.in = t.in[n:]
}

// blank drops white space and comments in extended syntax.
func (t *areTranslator) blank(c byte) {
	switch {
	case !t.o.Extended:
		t.copy(1)
	case c == '#':
		_, t.in, _ = strings.Cut(t.in, "\n")
	default:
		t.in = t.in[1:]
	}
}

func (t *areTranslator) group() error {
	switch {
	case strings.HasPrefix(t.in, "(?:"):
		t.copy(3)
	case strings.HasPrefix(t.in, "(?#"):
		_, t.in, _ = strings.Cut(t.in, ")")
	case strings.HasPrefix(t.in, "(?=") || strings.HasPrefix(t.in, "(?!") || strings.HasPrefix(t.in, "(?<"):
		return pgerr.Unsupported("look-around in a regular expression")
	case strings.HasPrefix(t.in, "(?"):
		return errInvalid("quantifier operand invalid")
	default:
		t.copy(1)
	}
	return nil
}

// quantifier copies a quantifier of n bytes and notes whether it is greedy.
func (t *areTranslator) quantifier(n int) {
	t.copy(n)
	if t.in != "" && t.in[0] == '?' {
		t.copy(1)
		t.lazy = true
		return
	}
	t.greedy = true
}

// bound is {m}, {m,} or {m,n}; a { that no digit follows is itself.
func (t *areTranslator) bound() error {
	if len(t.in) < 2 || t.in[1] < '0' || t.in[1] > '9' {
		t.out.WriteString(`\{`)
		t.in = t.in[1:]
		return nil
	}
	end := strings.IndexByte(t.in, '}')
	if end < 0 {
		return errInvalid("braces {} not balanced")
	}
	least, most, several := strings.Cut(t.in[1:end], ",")
	if !several || most == "" {
		most = least
	}
	m, errLeast := strconv.ParseUint(least, 10, 16)
	n, errMost := strconv.ParseUint(most, 10, 16)
	if errLeast != nil || errMost != nil || m > n || n > maxRepeat {
		return errInvalid("invalid repetition count(s)")
	}
	exact := !several
	greedy, lazy := t.greedy, t.lazy
	t.quantifier(end + 1)
	if exact {
		t.greedy, t.lazy = greedy, lazy // {m} prefers nothing
	}
	return nil
}
