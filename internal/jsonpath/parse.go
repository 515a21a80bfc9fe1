package jsonpath

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/regex"
)

// maxDepth bounds how deep an expression may be nested.
const maxDepth = 2000

// Parse reads an expression (jsonpath_in): 42601 where it is none, 22P02 where
// it is empty or has a flag or an escape that there is not.
func Parse(text string) (*Path, error) {
	p := &parser{scanner: scanner{in: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", "jsonpath", text)
	}
	path := &Path{}
	if word := p.keyword(); word == "strict" || word == "lax" {
		path.Strict = word == "strict"
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	root, err := p.expression(true)
	if err == nil && p.tok.kind != tokenEnd {
		err = p.unexpected()
	}
	if err == nil {
		err = (&checker{}).item(root)
	}
	path.Root = root
	return path, err
}

// parser is a descent by precedence. The grammar has expressions, which are
// sequences of values, and predicates; what is in parentheses may be either.
type parser struct {
	scanner
	tok   token
	depth int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) unexpected() error { return errAt("syntax error", p.tok.raw) }

// is reports whether a symbol is next.
func (p *parser) is(symbol string) bool { return p.tok.kind == tokenSymbol && p.tok.text == symbol }

func (p *parser) expect(symbol string) error {
	if !p.is(symbol) {
		return p.unexpected()
	}
	return p.advance()
}

// keywords are the words with a meaning, in any case but for those of JSON.
var keywords = map[string]bool{
	"is": true, "to": true, "abs": true, "lax": true, "flag": true, "last": true, "null": true, "size": true, "true": true,
	"type": true, "with": true, "false": true, "floor": true, "double": true, "exists": true, "starts": true, "strict": true,
	"ceiling": true, "unknown": true, "datetime": true, "keyvalue": true, "like_regex": true,
}

// keyword is the word that is next, "" when it is none.
func (p *parser) keyword() string {
	if p.tok.kind != tokenName {
		return ""
	}
	word := strings.ToLower(p.tok.text)
	if !keywords[word] || word != p.tok.text && (word == "null" || word == "true" || word == "false") {
		return ""
	}
	return word
}

func (p *parser) expectWord(word string) error {
	if p.keyword() != word {
		return p.unexpected()
	}
	return p.advance()
}

// expression reads an expression or, where one may stand, a predicate.
func (p *parser) expression(predicates bool) (*Item, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { p.depth-- }()
	if !predicates {
		return p.values(additive)
	}
	return p.or()
}

// predicate reads what has to be one.
func (p *parser) predicate() (*Item, error) {
	i, err := p.expression(true)
	if err == nil && !isPredicate(i) {
		err = p.unexpected()
	}
	return i, err
}

// isPredicate reports whether an item is one as it stands; with an accessor
// behind it, it is a value.
func isPredicate(i *Item) bool { return i.Kind.Predicate() && i.Next == nil }

func (p *parser) or() (*Item, error) { return p.logical("||", Or, p.and) }

func (p *parser) and() (*Item, error) { return p.logical("&&", And, p.comparison) }

func (p *parser) logical(symbol string, kind Kind, operand func() (*Item, error)) (*Item, error) {
	left, err := operand()
	for err == nil && p.is(symbol) {
		if !isPredicate(left) {
			return nil, p.unexpected()
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		if !isPredicate(right) {
			return nil, p.unexpected()
		}
		left = &Item{Kind: kind, Left: left, Right: right}
	}
	return left, err
}

var comparisons = map[string]Kind{
	"==": Equal, "!=": NotEqual, "<>": NotEqual, "<": Less, ">": Greater, "<=": LessOrEqual, ">=": GreaterOrEqual,
}

// comparison reads a predicate without && and ||, or an expression.
func (p *parser) comparison() (*Item, error) {
	if p.is("!") {
		return p.not()
	}
	left, err := p.values(additive)
	if err != nil || isPredicate(left) {
		return left, err
	}
	if kind := comparisons[p.tok.text]; p.tok.kind == tokenSymbol && kind != 0 {
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.value(additive)
		return &Item{Kind: kind, Left: left, Right: right}, err
	}
	switch p.keyword() {
	case "starts":
		return p.startsWith(left)
	case "like_regex":
		return p.likeRegex(left)
	}
	return left, nil
}

// not reads ! and what is delimited: a predicate in parentheses, or exists.
func (p *parser) not() (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var operand *Item
	var err error
	switch {
	case p.is("("):
		if operand, err = p.parenthesis(p.predicate); err != nil {
			return nil, err
		}
	case p.keyword() == "exists":
		if operand, err = p.exists(); err != nil {
			return nil, err
		}
	default:
		return nil, p.unexpected()
	}
	return &Item{Kind: Not, Left: operand}, nil
}

func (p *parser) parenthesis(content func() (*Item, error)) (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	i, err := content()
	if err != nil {
		return nil, err
	}
	return i, p.expect(")")
}

func (p *parser) exists() (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is("(") {
		return nil, p.unexpected()
	}
	operand, err := p.parenthesis(func() (*Item, error) { return p.expression(false) })
	return &Item{Kind: Exists, Left: operand}, err
}

func (p *parser) startsWith(left *Item) (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expectWord("with"); err != nil {
		return nil, err
	}
	kind := String
	switch p.tok.kind {
	case tokenString:
	case tokenVariable:
		kind = Variable
	default:
		return nil, p.unexpected()
	}
	i := &Item{Kind: StartsWith, Left: left, Right: &Item{Kind: kind, Text: p.tok.text}}
	return i, p.advance()
}

func (p *parser) likeRegex(left *Item) (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenString {
		return nil, p.unexpected()
	}
	i := &Item{Kind: LikeRegex, Left: left, Text: p.tok.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.keyword() == "flag" {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokenString {
			return nil, p.unexpected()
		}
		flags, err := parseFlags(p.tok.text)
		if err != nil {
			return nil, err
		}
		i.Flags = flags
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	o, err := i.Flags.Options()
	if err == nil {
		_, err = regex.Compile(i.Text, o)
	}
	return i, err
}

func parseFlags(letters string) (f Flags, err error) {
	for i, c := range letters {
		switch c {
		case 'i':
			f |= FoldCase
		case 's':
			f |= DotAll
		case 'm':
			f |= MultiLine
		case 'x':
			f |= Whitespace
		case 'q':
			f |= Quote
		default:
			return 0, pgerr.New(pgerr.SyntaxError, "invalid input syntax for type %s", "jsonpath").
				WithDetail("Unrecognized flag character \"%s\" in LIKE_REGEX predicate.", letters[i:i+len(string(c))])
		}
	}
	return f, nil
}

// Options are the flags as PostgreSQL's regular expressions have them
// (jspConvertRegexFlags): in XQuery the dot matches no newline.
func (f Flags) Options() (o regex.Options, err error) {
	o.Fold = f&FoldCase != 0
	if f&Quote != 0 {
		o.Literal = true
		return o, nil
	}
	o.NewlineStop, o.NewlineLines = f&DotAll == 0, f&MultiLine != 0
	if f&Whitespace != 0 {
		return o, pgerr.New(pgerr.FeatureNotSupported, "XQuery \"x\" flag (expanded regular expressions) is not implemented")
	}
	return o, nil
}

// level is how tight arithmetic operators bind.
type level int

const (
	additive level = iota
	multiplicative
)

var arithmetic = [...]map[string]Kind{additive: {"+": Add, "-": Sub}, multiplicative: {"*": Mul, "/": Div, "%": Mod}}

// value is values where a predicate cannot stand.
func (p *parser) value(l level) (*Item, error) {
	i, err := p.values(l)
	if err == nil && isPredicate(i) {
		err = p.unexpected()
	}
	return i, err
}

// values reads operators of a level and above. What it returns may be a
// predicate in parentheses, when nothing else is there.
func (p *parser) values(l level) (*Item, error) {
	operand := p.sign
	if l == additive {
		operand = func() (*Item, error) { return p.values(multiplicative) }
	}
	left, err := operand()
	for err == nil && p.tok.kind == tokenSymbol && arithmetic[l][p.tok.text] != 0 {
		if isPredicate(left) {
			return nil, p.unexpected()
		}
		kind := arithmetic[l][p.tok.text]
		if err = p.advance(); err != nil {
			return nil, err
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		if isPredicate(right) {
			return nil, p.unexpected()
		}
		left = &Item{Kind: kind, Left: left, Right: right}
	}
	return left, err
}

// sign reads + and - before an operand.
func (p *parser) sign() (*Item, error) {
	kind := Plus
	switch {
	case p.is("-"):
		kind = Minus
	case !p.is("+"):
		return p.accessed()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	i, err := p.sign()
	switch {
	case err != nil:
		return nil, err
	case isPredicate(i):
		return nil, p.unexpected()
	case i.Kind == Number && i.Next == nil:
		if kind == Minus {
			i.Number = new(apd.Decimal).Neg(i.Number)
		}
		return i, nil
	}
	return &Item{Kind: kind, Left: i}, nil
}

// accessed reads an operand and the accessors behind it.
func (p *parser) accessed() (*Item, error) {
	i, err := p.operand()
	if err != nil {
		return nil, err
	}
	if isPredicate(i) && p.keyword() == "is" {
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &Item{Kind: IsUnknown, Left: i}, p.expectWord("unknown")
	}
	last := i
	for last.Next != nil {
		last = last.Next
	}
	for {
		accessor, err := p.accessor()
		if accessor == nil || err != nil {
			return i, err
		}
		last.Next, last = accessor, accessor
	}
}

// operand reads what stands without an operator.
func (p *parser) operand() (*Item, error) {
	i := &Item{Text: p.tok.text}
	switch p.tok.kind {
	case tokenString:
		i.Kind = String
	case tokenVariable:
		i.Kind = Variable
	case tokenInteger, tokenDecimal:
		n, err := number(p.tok.text)
		if err != nil {
			return nil, err
		}
		i = &Item{Kind: Number, Number: n}
	case tokenSymbol:
		switch p.tok.text {
		case "$":
			i = &Item{Kind: Root}
		case "@":
			i = &Item{Kind: Current}
		case "(":
			return p.parenthesis(func() (*Item, error) { return p.expression(true) })
		default:
			return nil, p.unexpected()
		}
	default:
		switch p.keyword() {
		case "null":
			i = &Item{Kind: Null}
		case "true", "false":
			i = &Item{Kind: Bool, Bool: p.keyword() == "true"}
		case "last":
			i = &Item{Kind: Last}
		case "exists":
			return p.exists()
		default:
			return nil, p.unexpected()
		}
	}
	return i, p.advance()
}

// maxExponent bounds a number's as numeric does, before and after the point.
const maxExponent = 131072

func number(text string) (*apd.Decimal, error) {
	n, _, err := apd.NewFromString(text)
	if err != nil || n.Exponent > maxExponent || n.Exponent < -maxExponent {
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
	}
	if n.IsZero() {
		n.Exponent = min(n.Exponent, 0)
	}
	return n, nil
}

// methods are the accessors that are written like calls without arguments.
var methods = map[string]Kind{
	"type": Type, "size": Size, "abs": Abs, "floor": Floor, "ceiling": Ceiling, "double": Double, "keyvalue": KeyValue,
}

// accessor reads one, nil when none follows.
func (p *parser) accessor() (*Item, error) {
	switch {
	case p.is("["):
		return p.subscripts()
	case p.is("?"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.is("(") {
			return nil, p.unexpected()
		}
		condition, err := p.parenthesis(p.predicate)
		return &Item{Kind: Filter, Left: condition}, err
	case !p.is("."):
		return nil, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case p.is("*"):
		return &Item{Kind: AnyKey}, p.advance()
	case p.is("**"):
		return p.levels()
	case p.tok.kind != tokenName && p.tok.kind != tokenString:
		return nil, p.unexpected()
	}
	key, word := p.tok.text, p.keyword()
	if err := p.advance(); err != nil {
		return nil, err
	}
	if kind := methods[word]; p.is("(") && (kind != 0 || word == "datetime") {
		if word == "datetime" {
			return p.datetime()
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &Item{Kind: kind}, p.expect(")")
	}
	return &Item{Kind: Key, Text: key}, nil
}

func (p *parser) datetime() (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	i := &Item{Kind: Datetime}
	if p.tok.kind == tokenString {
		i.Left = &Item{Kind: String, Text: p.tok.text}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return i, p.expect(")")
}

// subscripts reads [*] and lists of indexes and ranges.
func (p *parser) subscripts() (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is("*") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &Item{Kind: AnyArray}, p.expect("]")
	}
	i := &Item{Kind: IndexArray}
	for {
		from, err := p.subscript()
		if err != nil {
			return nil, err
		}
		s := Subscript{From: from}
		if p.keyword() == "to" {
			if err := p.advance(); err != nil {
				return nil, err
			}
			if s.To, err = p.subscript(); err != nil {
				return nil, err
			}
		}
		i.Subscripts = append(i.Subscripts, s)
		if !p.is(",") {
			return i, p.expect("]")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) subscript() (*Item, error) {
	i, err := p.expression(false)
	if err == nil && isPredicate(i) {
		err = p.unexpected()
	}
	return i, err
}

// levels reads ** and the levels that it goes through.
func (p *parser) levels() (*Item, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	i := &Item{Kind: Any, Last: DeepestLevel}
	if !p.is("{") {
		return i, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	first, err := p.level()
	if err != nil {
		return nil, err
	}
	i.First, i.Last = first, first
	if p.keyword() == "to" {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if i.Last, err = p.level(); err != nil {
			return nil, err
		}
	}
	return i, p.expect("}")
}

func (p *parser) level() (uint32, error) {
	if p.keyword() == "last" {
		return DeepestLevel, p.advance()
	}
	if p.tok.kind != tokenInteger {
		return 0, p.unexpected()
	}
	n, err := strconv.ParseInt(p.tok.text, 10, 32)
	if err != nil {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", p.tok.text, "integer")
	}
	return uint32(n), p.advance()
}
