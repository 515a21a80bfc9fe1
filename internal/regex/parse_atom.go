package regex

import "slices"

// quantified is an atom with its quantifier.
type quantified struct {
	node       *node
	tree       *tree // nil of a simple atom
	apart      bool  // it stands by itself whatever its traits are: it captures or refers
	reference  bool  // it is a back reference
	min, max   int
	prefers    trait // what the quantifier prefers
	atomTraits trait
}

// condition parses what reads nothing; nil when there is something else.
func (p *parser) condition(within bool) *node {
	var n *node
	switch p.kind {
	case caret:
		n = p.lineEdge(assertion(atStart, 0), behind)
	case dollar:
		n = p.lineEdge(assertion(atEnd, 0), ahead)
	case textStart:
		n = assertion(atStart, 0)
	case textEnd:
		n = assertion(atEnd, 0)
	case wordStart:
		n = cat(p.word(notBehind), p.word(ahead))
	case wordEnd:
		n = cat(p.word(behind), p.word(notAhead))
	case wordEdge:
		n = alt(cat(p.word(notBehind), p.word(ahead)), cat(p.word(behind), p.word(notAhead)))
	case noWordEdge:
		n = alt(cat(p.word(behind), p.word(ahead)), cat(p.word(notBehind), p.word(notAhead)))
	case lookaround:
		return p.around(lookKind(p.value))
	default:
		return nil
	}
	p.next()
	return n
}

// lineEdge is the edge of a line where lines count, of the text where not.
func (p *parser) lineEdge(ofText *node, kind lookKind) *node {
	if p.flags&newlineLines == 0 {
		return ofText
	}
	if p.lineSet < 0 {
		p.lineSet = p.sets.of(set{ranges: []rune{'\n', '\n'}})
		p.behind(p.lineSet)
	}
	return alt(ofText, assertion(kind, p.lineSet))
}

func (p *parser) word(kind lookKind) *node {
	if p.wordSet < 0 {
		p.wordSet = p.sets.of(set{in: 1 << word, ascii: p.flags&ascii != 0})
		p.behind(p.wordSet)
	}
	return assertion(kind, p.wordSet)
}

// around parses a constraint; one of a single character is an assertion.
func (p *parser) around(kind lookKind) *node {
	p.next()
	t := p.alternatives(closing, true)
	if p.err != nil {
		return empty
	}
	p.next()
	if t.node.op == opSet && (kind == ahead || kind == notAhead || p.behind(t.node.set)) {
		return assertion(kind, t.node.set)
	}
	p.arounds = append(p.arounds, &around{kind: kind, node: t.node})
	return &node{op: opAround, around: len(p.arounds) - 1}
}

// maxBehind is how many sets automata look for behind a place: a bit each; words and lines
// may come on top, and the text's start.
const maxBehind = 61

// behind notes that a set is looked for behind a place; false when there are too many.
func (p *parser) behind(set int) bool {
	if !slices.Contains(p.behinds, set) {
		if len(p.behinds) >= maxBehind && set != p.wordSet && set != p.lineSet {
			return false
		}
		p.behinds = append(p.behinds, set)
	}
	return true
}

// quantified parses an atom and its quantifier; false after an error.
func (p *parser) quantified(within bool) (*quantified, bool) {
	a := &quantified{}
	p.atom(a, within)
	if p.err != nil || !p.quantifier(a) {
		return nil, false
	}
	if a.max == 0 {
		// Nothing is left of the atom, though back references to its groups are allowed.
		return &quantified{node: empty, min: 1, max: 1}, true
	}
	if a.tree != nil {
		a.atomTraits = a.tree.traits
	}
	return a, true
}

// atom parses an atom.
func (p *parser) atom(a *quantified, within bool) {
	switch p.kind {
	case plain:
		a.node = p.character(p.value)
		p.next()
	case closing:
		// A parenthesis that closes nothing is a character in extended expressions.
		if p.flags&(extended|advanced) != extended {
			p.fail(badParen)
			return
		}
		a.node = p.character(p.value)
		p.next()
	case dot:
		all := set{negated: true}
		if p.flags&newlineStop != 0 {
			all.add('\n', '\n')
		}
		a.node = &node{op: opSet, set: p.sets.of(all)}
		p.next()
	case bracket:
		one := p.bracketSet(p.value == 0)
		if p.err != nil {
			return
		}
		a.node = &node{op: opSet, set: p.sets.of(one)}
		p.next()
	case classIn, classOut:
		one := set{ascii: p.flags&ascii != 0}
		p.addClass(&one, class(p.value), p.kind == classOut)
		a.node = &node{op: opSet, set: p.sets.of(one)}
		p.next()
	case open:
		p.parenthesis(a, within)
	case backref:
		p.backref(a, within)
	default: // a quantifier
		p.fail(badOperand)
	}
}

func (p *parser) parenthesis(a *quantified, within bool) {
	group := 0
	if p.value == 1 && !within {
		p.groups++
		group = p.groups
	}
	p.next()
	t := p.alternatives(closing, within)
	if p.err != nil {
		return
	}
	p.next()
	if p.err != nil {
		return
	}
	t.node = &node{op: opCat, subs: []*node{t.node}, group: true}
	if group > 0 {
		if t.group != 0 {
			t = &tree{part: inner, traits: t.traits, subs: []*tree{t}, node: t.node}
		}
		t.traits |= captures
		t.group = group
		p.parts[group] = t
		a.apart = true
	}
	a.tree, a.node = t, t.node
}

func (p *parser) backref(a *quantified, within bool) {
	of := p.parts[int(p.value)]
	if within || of == nil {
		p.fail(badBackref)
		return
	}
	a.tree = &tree{part: referred, traits: refers, backref: int(p.value), node: p.bare.of(of.node), min: 1, max: 1}
	a.node = a.tree.node
	a.apart, a.reference = true, true
	p.next()
}

// quantifier parses what may follow an atom; false after an error.
func (p *parser) quantifier(a *quantified) bool {
	greedy := longer
	if p.value == 0 {
		greedy = shorter
	}
	a.min, a.max = 1, 1
	switch p.kind {
	case star:
		a.min, a.max, a.prefers = 0, unbounded, greedy
	case plus:
		a.min, a.max, a.prefers = 1, unbounded, greedy
	case question:
		a.min, a.max, a.prefers = 0, 1, greedy
	case bound:
		return p.bounds(a)
	default:
		return true
	}
	p.next()
	return p.err == nil
}

// maxRepeat is the largest repetition count (regguts.h, DUPMAX).
const maxRepeat = 255

// bounds parses {m}, {m,} and {m,n}; {m} prefers what its atom does.
func (p *parser) bounds(a *quantified) bool {
	p.next()
	a.min = p.count()
	a.max = a.min
	both := p.err == nil && p.kind == comma
	if both {
		p.next()
		a.max = unbounded
		if p.kind == digit {
			a.max = p.count()
		}
		if a.max != unbounded && a.min > a.max {
			p.fail(badCount)
			return false
		}
	}
	if p.kind != boundEnd {
		p.fail(badCount)
		return false
	}
	if both {
		if a.prefers = longer; p.value == 0 {
			a.prefers = shorter
		}
	}
	p.next()
	return p.err == nil
}

func (p *parser) count() int {
	n := 0
	for p.kind == digit && n < maxRepeat {
		n = n*10 + int(p.value)
		p.next()
	}
	if p.kind == digit || n > maxRepeat {
		p.fail(badCount)
		return 0
	}
	return n
}

// repeated is an atom that stands apart, with its quantifier.
func (a *quantified) repeated() *tree {
	t := a.tree
	if t == nil {
		t = &tree{part: leaf, node: a.node}
	}
	traits := combine(a.prefers, t.traits)
	switch own := t.traits & (preference | mixed); {
	case a.reference:
		// A back reference knows how often it is repeated.
		t.min, t.max = a.min, a.max
		t.traits |= traits
		t.node = repeat(t.node, a.min, a.max)
		return t
	case a.min == 1 && a.max == 1 && (a.prefers == 0 || own == 0 || a.prefers == own):
		return t
	case !t.is(captures | refers):
		return &tree{part: leaf, traits: traits, node: repeat(t.node, a.min, a.max)}
	case a.min > 0 && !t.is(refers):
		// Captures are the last repetition's: all the others need no dissection.
		most := a.max
		if most != unbounded {
			most--
		}
		front := &tree{part: leaf, traits: traits & preference, node: repeat(t.node, a.min-1, most)}
		return &tree{part: joined, traits: traits, subs: []*tree{front, t}, node: cat(front.node, t.node)}
	}
	return &tree{part: repeated, traits: traits, min: a.min, max: a.max, subs: []*tree{t}, node: repeat(t.node, a.min, a.max)}
}
