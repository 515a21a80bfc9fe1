package regex

import "github.com/pegmatitedb/pegmatite/internal/pgerr"

// Options are the flags of regexp_replace and its kin (manual table 9.24). The
// zero value is an advanced expression in which case counts.
type Options struct {
	Global       bool // g: of all matches; for who calls
	Fold         bool // i
	Extended     bool // x
	Literal      bool // q
	Basic        bool // b, e: a basic expression
	NewlineStop  bool // n: . and [^…] do not match newlines
	NewlineLines bool // w: ^ and $ match at newlines
	ASCII        bool // collation C: no other characters have classes or cases
}

// ParseFlags reads flags (regexp.c, parse_re_flags).
func ParseFlags(flags string) (o Options, err error) {
	for _, c := range flags {
		switch c {
		case 'g':
			o.Global = true
		case 'b', 'e':
			// PostgreSQL makes a basic expression of e, too.
			o.Basic, o.Literal = true, false
		case 'c':
			o.Fold = false
		case 'i':
			o.Fold = true
		case 'm', 'n':
			o.NewlineStop, o.NewlineLines = true, true
		case 'p':
			o.NewlineStop, o.NewlineLines = true, false
		case 'q':
			o.Basic, o.Literal = false, true
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

// flags are what the lexer and the parser go by: an expression is advanced,
// extended, basic (neither bit) or a literal.
type flags uint16

const (
	extended flags = 1 << iota
	advanced       // always with extended
	literal
	fold
	expanded
	newlineStop
	newlineLines
	ascii
)

// flags are those that a pattern begins with; a literal and other options do not go together.
func (o Options) flags() (f flags, err error) {
	for i, set := range [...]bool{o.Fold, o.Extended, o.NewlineStop, o.NewlineLines, o.ASCII} {
		if set {
			f |= fold << i
		}
	}
	switch {
	case o.Literal:
		if f&(expanded|newlineStop|newlineLines) != 0 {
			return 0, errInvalid("invalid argument to regex function")
		}
		f |= literal
	case !o.Basic:
		f |= extended | advanced
	}
	return f, nil
}
