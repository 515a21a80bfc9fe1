package textsearch

import (
	"math"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// ParseQuery reads the text form (tsqueryin): 42601 where it is none, 54000 and
// 54001 where it is too long or too deep.
func ParseQuery(text string, work Work) (*Query, error) {
	return parseQuery(text, standard, work, func(b *queryBuilder, word []byte, weights uint8, prefix bool) error {
		return b.operand(string(word), weights, prefix)
	})
}

// language is one of the ways in which queries are written.
type language int

// The languages: operators between words, words alone, and what people type
// into search engines.
const (
	standard language = iota
	plain
	web
)

// pushWord makes a word of the text into operands of b: one, or a whole
// expression, or a stop word.
type pushWord func(b *queryBuilder, word []byte, weights uint8, prefix bool) error

// parseQuery reads a text in a language (parse_tsquery).
func parseQuery(text string, in language, work Work, push pushWord) (*Query, error) {
	p := &queryParser{
		b: queryBuilder{all: text}, push: push, first: true, language: in,
		words: wordReader{in: text, all: text, query: true, web: in == web, work: work},
	}
	if err := p.expression(0); err != nil {
		return nil, err
	}
	switch len(p.b.stack) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, pgerr.Raised("findoprnd", "malformed tsquery: extra nodes")
	}
	if p.b.nodes > (maxItems(1)-queryHeaderBytes-p.b.wordBytes)/queryItemBytes {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "tsquery is too large")
	}
	q := p.b.stack[0].q
	if p.b.stops {
		q, _, _ = q.withoutStops()
	}
	return q, nil
}

// queryBuilder makes a tree of operands and operators that come operands first.
type queryBuilder struct {
	all       string // of what an error speaks
	stack     []built
	nodes     int
	wordBytes int
	stops     bool
}

// built is a finished part of the tree.
type built struct {
	q     *Query
	depth int
}

func (b *queryBuilder) operand(word string, weights uint8, prefix bool) error {
	switch {
	case len(word) >= MaxWordBytes:
		return pgerr.New(pgerr.ProgramLimitExceeded, "word is too long in tsquery: \"%s\"", b.all)
	case b.wordBytes >= MaxVectorBytes:
		return pgerr.New(pgerr.ProgramLimitExceeded, "value is too big in tsquery: \"%s\"", b.all)
	}
	b.wordBytes += len(word) + 1
	b.add(&Query{Word: word, Weights: weights, Prefix: prefix}, 0)
	return nil
}

func (b *queryBuilder) stopWord() {
	b.stops = true
	b.add(&Query{stop: true}, 0)
}

func (b *queryBuilder) add(q *Query, depth int) {
	b.nodes++
	b.stack = append(b.stack, built{q, depth})
}

// operator takes its operands off the stack.
func (b *queryBuilder) operator(op Op, distance int) error {
	q, depth := &Query{Op: op}, 0
	if op == Phrase {
		q.Distance = distance
	}
	pop := func() *Query {
		if len(b.stack) == 0 {
			return nil
		}
		top := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		depth = max(depth, top.depth+1)
		return top.q
	}
	q.Right = pop()
	if op != Not {
		q.Left = pop()
	}
	switch {
	case q.Right == nil || op != Not && q.Left == nil:
		return pgerr.Raised("findoprnd_recurse", "malformed tsquery: operand not found")
	case depth > maxDepth:
		return pgerr.TooDeep()
	}
	b.add(q, depth)
	return nil
}

// queryParser orders operators by their priority (makepol).
type queryParser struct {
	b        queryBuilder
	words    wordReader
	push     pushWord
	language language
	first    bool // no operand and no operator has been seen
	operator bool // an operator is due
	parens   int
}

// itemKind is what a text has next.
type itemKind int

const (
	itemEnd itemKind = iota
	itemBad
	itemWord
	itemOperator
	itemOpen
	itemClose
)

// item is what a text has next.
type item struct {
	kind     itemKind
	op       Op
	distance int
	word     []byte
	weights  uint8
	prefix   bool
}

// waiting is an operator whose right side is not read yet.
type waiting struct {
	op       Op
	distance int
}

// maxWaiting is how many there may be (STACKDEPTH).
const maxWaiting = 32

// expression reads up to the end or a closing parenthesis.
func (p *queryParser) expression(depth int) error {
	if depth > maxParens {
		return pgerr.TooDeep()
	}
	var stack []waiting
	settle := func(op Op) error {
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			if priority[op] > priority[top.op] || op == Not && priority[op] == priority[top.op] {
				return nil // NOT binds to the right
			}
			stack = stack[:len(stack)-1]
			if err := p.b.operator(top.op, top.distance); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		it, err := p.next()
		if err != nil {
			return err
		}
		switch it.kind {
		case itemEnd, itemClose:
			return settle(Or)
		case itemWord:
			err = p.push(&p.b, it.word, it.weights, it.prefix)
		case itemOperator:
			if err = settle(it.op); err == nil && len(stack) == maxWaiting {
				err = pgerr.Raised("pushOpStack", "tsquery stack too small")
			}
			stack = append(stack, waiting{it.op, it.distance})
		case itemOpen:
			err = p.expression(depth + 1)
		default:
			err = p.words.syntaxError()
		}
		if err != nil {
			return err
		}
	}
}

func (p *queryParser) next() (item, error) {
	switch p.language {
	case plain:
		return p.plainItem(), nil
	case web:
		return p.webItem()
	}
	return p.standardItem()
}

// plainItem is the whole text.
func (p *queryParser) plainItem() item {
	if p.words.at >= len(p.words.in) {
		return item{kind: itemEnd}
	}
	p.words.at = len(p.words.in)
	return item{kind: itemWord, word: []byte(p.words.in)}
}

// skip passes over n bytes.
func (p *queryParser) skip(n int) { p.words.at += n }

func (p *queryParser) standardItem() (item, error) {
	for {
		if err := p.words.tell(); err != nil {
			return item{}, err
		}
		c, size := p.words.char()
		switch {
		case isSpace(c):
			p.skip(size)
		case p.operator:
			return p.standardOperator(c)
		case c == '!':
			p.skip(1)
			p.first = false
			return item{kind: itemOperator, op: Not}, nil
		case c == '(':
			p.skip(1)
			p.first = false
			p.parens++
			return item{kind: itemOpen}, nil
		case c == ':':
			return item{}, p.words.syntaxError()
		default:
			return p.standardOperand()
		}
	}
}

func (p *queryParser) standardOperand() (item, error) {
	word, _, found, err := p.words.next()
	switch {
	case err != nil:
		return item{}, err
	case found:
		p.operator, p.first = true, false
		it := item{kind: itemWord, word: word}
		it.weights, it.prefix = p.modifiers()
		return it, nil
	case p.first:
		return item{kind: itemEnd}, nil
	}
	return item{}, pgerr.New(pgerr.SyntaxError, "no operand in tsquery: \"%s\"", p.words.all)
}

// modifiers reads weights and the sign of a prefix behind a word.
func (p *queryParser) modifiers() (weights uint8, prefix bool) {
	if c, _ := p.words.char(); c != ':' {
		return 0, false
	}
	for {
		p.skip(1)
		c, _ := p.words.char()
		if c == '*' {
			prefix = true
			continue
		}
		w, ok := weightMark(c)
		if !ok {
			return weights, prefix
		}
		weights |= 1 << w
	}
}

func (p *queryParser) standardOperator(c rune) (item, error) {
	op, distance := None, 0
	switch c {
	case '&':
		op = And
	case '|':
		op = Or
	case ')':
		p.skip(1)
		if p.parens--; p.parens < 0 {
			return item{kind: itemBad}, nil
		}
		return item{kind: itemClose}, nil
	case 0:
		if p.parens != 0 {
			return item{kind: itemBad}, nil
		}
		return item{kind: itemEnd}, nil
	case '<':
		d, n, err := phraseOperator(p.words.in[p.words.at:])
		if err != nil || n == 0 {
			return item{kind: itemBad}, err
		}
		op, distance = Phrase, d
		p.skip(n - 1)
	default:
		return item{kind: itemBad}, nil
	}
	p.skip(1)
	p.operator = false
	return item{kind: itemOperator, op: op, distance: distance}, nil
}

// phraseOperator reads <-> and <n>; n is how long it is, 0 when it is none. At
// the end of a text it is none either.
func phraseOperator(s string) (distance, n int, err error) {
	rest := s[1:]
	distance = 1
	if after, ok := strings.CutPrefix(rest, "-"); ok {
		rest = after
	} else {
		digits := 0
		for digits < len(rest) && isDigit(rune(rest[digits])) {
			digits++
		}
		if digits == 0 {
			return 0, 0, nil
		}
		d, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			d = math.MaxInt64
		}
		if d > MaxPlace {
			return 0, 0, errDistance("distance in phrase operator must be an integer value between zero and %d inclusive")
		}
		distance, rest = int(d), rest[digits:]
	}
	if len(rest) < 2 || rest[0] != '>' {
		return 0, 0, nil
	}
	return distance, len(s) - len(rest) + 1, nil
}

func errDistance(format string) error {
	return pgerr.New(pgerr.InvalidParameterValue, format, MaxPlace)
}

func (p *queryParser) webItem() (item, error) {
	for {
		if err := p.words.tell(); err != nil {
			return item{}, err
		}
		c, size := p.words.char()
		switch {
		case p.operator && c == 0:
			return item{kind: itemEnd}, nil
		case isSpace(c), p.operator && isOperator(c): // operators of the other language say nothing
			p.skip(size)
		case p.operator:
			p.operator = false
			if c != '"' && p.orOperator() {
				return item{kind: itemOperator, op: Or}, nil
			}
			return item{kind: itemOperator, op: And}, nil // between what just stands side by side
		case c == '-':
			p.skip(1)
			p.first = false
			return item{kind: itemOperator, op: Not}, nil
		case c == '"':
			return p.quoted(), nil
		case isOperator(c):
			p.skip(1)
			p.first = false
		default:
			return p.webOperand()
		}
	}
}

func (p *queryParser) webOperand() (item, error) {
	word, _, found, err := p.words.next()
	switch {
	case err != nil:
		return item{}, err
	case found:
		p.operator, p.first = true, false
		return item{kind: itemWord, word: word}, nil
	case !p.first: // an operator needs something on its right side
		p.b.stopWord()
	}
	return item{kind: itemEnd}, nil
}

// quoted reads up to the closing quote, or the end.
func (p *queryParser) quoted() item {
	p.skip(1)
	text, _, _ := strings.Cut(p.words.in[p.words.at:], `"`)
	p.skip(len(text))
	if p.words.at < len(p.words.in) {
		p.skip(1)
	}
	p.operator, p.first = true, false
	return item{kind: itemWord, word: []byte(text)}
}

// orOperator takes the word OR, if it is a word, with something behind it.
func (p *queryParser) orOperator() bool {
	s := p.words.in[p.words.at:]
	if len(s) < 2 || !strings.EqualFold(s[:2], "or") {
		return false
	}
	r := wordReader{in: s, at: 2}
	c, size := r.char()
	if c == 0 || c == '-' || c == '_' || isAlpha(c) || isDigit(c) {
		return false
	}
	for {
		r.at += size
		if c, size = r.char(); c == 0 {
			return false
		}
		if !isSpace(c) {
			p.skip(2)
			return true
		}
	}
}
