package builtin

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// regexOptions are the flags of regexp_replace and its kin (manual table 9.24).
type regexOptions struct {
	global       bool
	fold         bool // i
	extended     bool // x
	literal      bool // q
	newlineStop  bool // n: . and [^…] do not match newlines
	newlineLines bool // w: ^ and $ match at newlines
	mixed        bool // greedy and non-greedy quantifiers together are meant as Go means them
}

// parseRegexFlags reads flags; g is allowed where who asks says so.
func parseRegexFlags(flags string) (o regexOptions, err error) {
	for _, c := range flags {
		switch c {
		case 'g':
			o.global = true
		case 'b':
			return o, pgerr.Unsupported("regular expression option \"b\"")
		case 'c':
			o.fold = false
		case 'e':
		case 'i':
			o.fold = true
		case 'm', 'n':
			o.newlineStop, o.newlineLines = true, true
		case 'p':
			o.newlineStop, o.newlineLines = true, false
		case 'q':
			o.literal = true
		case 's':
			o.newlineStop, o.newlineLines = false, false
		case 't':
			o.extended = false
		case 'w':
			o.newlineStop, o.newlineLines = false, true
		case 'x':
			o.extended = true
		default:
			return o, pgerr.New(pgerr.InvalidParameterValue, "invalid regular expression option: \"%c\"", c)
		}
	}
	return o, nil
}

// regexKey is what a compiled regular expression is remembered by.
type regexKey struct {
	pattern string
	o       regexOptions
}

// compileRegex is the compiled form of a pattern, remembered in ctx.
func compileRegex(ctx *expr.Context, pattern string, o regexOptions) (*regex, error) {
	o.global = false
	re, err := ctx.Memo(regexKey{pattern, o}, func() (any, error) { return translateRegex(pattern, o) })
	if err != nil {
		return nil, err
	}
	return re.(*regex), nil
}

// translateRegex translates a PostgreSQL regular expression (an ARE, manual
// 9.7.3) to Go's. What Go's engine lacks (back references, look-around) is
// 0A000. Matches are leftmost-longest unless the pattern's first quantifier is
// non-greedy, as a whole: mixed ones are refused.
func translateRegex(pattern string, o regexOptions) (*regex, error) {
	t := &areTranslator{in: pattern, o: o}
	if err := t.directors(); err != nil {
		return nil, err
	}
	if t.o.literal {
		t.out.WriteString(regexp.QuoteMeta(t.in))
	} else if err := t.run(); err != nil {
		return nil, err
	}
	if t.greedy && t.lazy && !o.mixed {
		return nil, pgerr.Unsupported("a regular expression with both greedy and non-greedy quantifiers")
	}
	flags := ""
	if t.o.fold {
		flags += "i"
	}
	if !t.o.newlineStop {
		flags += "s"
	}
	if t.o.newlineLines {
		flags += "m"
	}
	source := t.out.String()
	if flags != "" {
		source = "(?" + flags + ")" + source
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, regexError(err)
	}
	longest := !t.lazy && !o.mixed
	if longest {
		re.Longest()
	}
	return &regex{Regexp: re, longest: longest}, nil
}

func errRegex(why string) error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: %s", why)
}

// regexError words Go's complaints as PostgreSQL's regerror does.
func regexError(err error) error {
	var code syntax.ErrorCode
	if e, ok := err.(*syntax.Error); ok {
		code = e.Code
	}
	switch code {
	case syntax.ErrMissingBracket:
		return errRegex("brackets [] not balanced")
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return errRegex("parentheses () not balanced")
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
		return errRegex("quantifier operand invalid")
	case syntax.ErrInvalidRepeatSize:
		return errRegex("invalid repetition count(s)")
	case syntax.ErrInvalidCharRange:
		return errRegex("invalid character range")
	case syntax.ErrInvalidEscape, syntax.ErrTrailingBackslash:
		return errRegex("invalid escape \\ sequence")
	case syntax.ErrLarge:
		return errRegex("regular expression is too complex")
	}
	return errRegex("invalid character class")
}

// areTranslator rewrites one pattern.
type areTranslator struct {
	in, start    string
	o            regexOptions
	out          strings.Builder
	greedy, lazy bool // kinds of quantifiers seen
}

// directors reads ***: and ***= and embedded options (?xyz).
func (t *areTranslator) directors() error {
	if rest, ok := strings.CutPrefix(t.in, "***="); ok {
		t.in, t.o.literal = rest, true
		return nil
	}
	t.in = strings.TrimPrefix(t.in, "***:")
	if !strings.HasPrefix(t.in, "(?") || t.o.literal {
		return nil
	}
	end := strings.IndexByte(t.in, ')')
	if end < 0 || strings.Trim(t.in[2:end], "bceimnpqstwx") != "" || end == 2 {
		return nil
	}
	for _, c := range t.in[2:end] {
		more, err := parseRegexFlags(string(c))
		if err != nil {
			return err
		}
		t.merge(byte(c), more)
	}
	t.in = t.in[end+1:]
	return nil
}

// merge applies one embedded option to those of the call.
func (t *areTranslator) merge(c byte, more regexOptions) {
	switch c {
	case 'i', 'c':
		t.o.fold = more.fold
	case 'x', 't':
		t.o.extended = more.extended
	case 'q':
		t.o.literal = true
	case 'm', 'n', 'p', 's', 'w':
		t.o.newlineStop, t.o.newlineLines = more.newlineStop, more.newlineLines
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
	case !t.o.extended:
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
		return errRegex("quantifier operand invalid")
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
		return errRegex("braces {} not balanced")
	}
	if strings.Trim(t.in[1:end], "0123456789,") != "" {
		return errRegex("invalid repetition count(s)")
	}
	exact := !strings.Contains(t.in[:end], ",")
	greedy, lazy := t.greedy, t.lazy
	t.quantifier(end + 1)
	if exact {
		t.greedy, t.lazy = greedy, lazy // {m} prefers nothing
	}
	return nil
}
