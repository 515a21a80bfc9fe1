// Package regex is PostgreSQL's regular expressions (manual 9.7.3): their syntax,
// which match of several is meant, and what their parentheses capture.
//
//	regex.go       the contract: compiling, matching, errors
//	options.go     flags
//	lex.go         tokens of advanced and extended expressions
//	lex_prefix.go  what stands before an expression
//	lex_basic.go   tokens of basic ones
//	lex_bracket.go tokens within brackets
//	lex_escape.go  backslashes
//	parse.go       branches
//	parse_atom.go  atoms and their quantifiers
//	bracket.go     […]
//	set.go         sets of characters
//	class.go       classes and cases of characters
//	collate.go     names of collating elements
//	node.go        what is matched, without preferences
//	tree.go        preferences, captures, back references
//	color.go       characters that no set tells apart
//	program.go     a node as an automaton
//	dfa.go         the automaton's states, made as texts need them
//	scan.go        running through a text
//	around.go      constraints that look around
//	search.go      where the first match is
//	abreast.go     the same in one pass
//	dissect.go     what each parenthesis captures
//	iterate.go     dissecting repetitions
//	backref.go     back references
//
// An expression prefers long or short matches as a whole, and each of its parts
// within what is left to it (manual 9.7.3.5). So matching has two steps, as in
// Henry Spencer's library, which PostgreSQL's is (src/backend/regex): an
// automaton without memory of captures finds where the whole match begins and
// ends; then the match is dissected from the outside inwards: a concatenation
// divides what it was given between its two sides by the preference of its left
// one, and so on. Where nothing is captured or referred to, the second step has nothing to do.
package regex

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Meter hears how much work is done, in about the bytes that could be read
// meanwhile; its error ends the work.
type Meter interface {
	Spend(bytes int) error
}

// Regex is a compiled regular expression. It keeps what it learns about texts,
// and so belongs to one goroutine at a time.
type Regex struct {
	tree    *tree
	groups  int
	fold    bool // case does not count
	ascii   bool // collation C
	colors  *colors
	arounds []*around
	prefix  string // what every match begins with
	literal bool   // and nothing else is in any, nor captured

	searching, matching *dfa // of the tree with anything before it; of the tree
	states              int  // bytes that states of all automata take
	instrs              int  // instructions of all programs

	one Search // for calls of one search
}

// Compile compiles a pattern. What is none is 2201B.
func Compile(pattern string, o Options) (*Regex, error) {
	p := newParser(pattern, o)
	t, err := p.parse()
	if err != nil {
		return nil, err
	}
	re := &Regex{
		tree: t, groups: p.groups, fold: p.flags&fold != 0, ascii: p.flags&ascii != 0, colors: newColors(p.sets), arounds: p.arounds,
	}
	if !t.node.fits() {
		return nil, errTooComplex()
	}
	for _, a := range re.arounds {
		if !a.node.fits() {
			return nil, errTooComplex()
		}
	}
	re.prefix, re.literal = p.sets.literal(t.node)
	re.literal = re.literal && re.prefix != "" && re.groups == 0
	return re, nil
}

// Groups is how many capturing parentheses the expression has.
func (re *Regex) Groups() int { return re.groups }

// Matches reports whether s has a match.
func (re *Regex) Matches(m Meter, s string) (bool, error) {
	re.one.reset(re, m, s)
	found, err := re.one.exists()
	re.one.release()
	return found, err
}

// First is the place of the first match and of each group in it, -1 for one
// that took no part: pairs of byte offsets; nil when there is none. Without groups,
// only the match's own place is found.
func (re *Regex) First(m Meter, s string, groups bool) ([]int, error) {
	re.one.reset(re, m, s)
	found, err := re.one.Next(0, groups)
	re.one.release()
	return found, err
}

func errInvalid(why string) error {
	return pgerr.New(pgerr.InvalidRegularExpression, "invalid regular expression: %s", why)
}

func errTooComplex() error { return errInvalid(tooComplex) }

// What is wrong with a pattern, in the words of regerrs.h.
const (
	badPattern = "invalid regexp (reg version 0.8)"
	badCollate = "invalid collating element"
	badClass   = "invalid character class"
	badEscape  = "invalid escape \\ sequence"
	badBackref = "invalid backreference number"
	badBracket = "brackets [] not balanced"
	badParen   = "parentheses () not balanced"
	badBrace   = "braces {} not balanced"
	badCount   = "invalid repetition count(s)"
	badRange   = "invalid character range"
	badOperand = "quantifier operand invalid"
	badOption  = "invalid embedded option"
	tooComplex = "regular expression is too complex"
)
