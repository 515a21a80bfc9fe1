package regex

import "unicode"

// character is a node of a character, or of its cases.
func (p *parser) character(c rune) *node {
	var one set
	p.addChar(&one, c)
	return &node{op: opSet, set: p.sets.of(one)}
}

// addChar adds a character; where case does not count its lower and its upper
// case, which a title case is not among.
func (p *parser) addChar(s *set, c rune) {
	if p.flags&fold == 0 {
		s.add(c, c)
		return
	}
	low, high := toLower(c, p.flags&ascii != 0), toUpper(c, p.flags&ascii != 0)
	s.add(low, low)
	if high != low {
		s.add(high, high)
	}
}

func (p *parser) addClass(s *set, c class, complement bool) {
	if p.flags&fold != 0 && (c == lower || c == upper) {
		c = alpha
	}
	if complement {
		s.out |= 1 << c
		return
	}
	s.in |= 1 << c
}

// bracketSet parses what stands in brackets, up to the closing one.
func (p *parser) bracketSet(complement bool) set {
	s := set{negated: complement, ascii: p.flags&ascii != 0}
	p.next()
	for p.kind != bracketEnd && p.kind != end {
		p.bracketItem(&s)
	}
	if complement && p.flags&newlineStop != 0 {
		s.add('\n', '\n')
	}
	return s
}

// bracketItem parses a character, range or class.
func (p *parser) bracketItem(s *set) {
	var first rune
	switch p.kind {
	case rangeDash:
		p.fail(badRange)
		return
	case plain:
		first = p.value
		p.next()
		if p.kind != rangeDash {
			if p.err == nil {
				p.addChar(s, first)
			}
			return
		}
	case collating:
		first = p.collating()
	case equivalent:
		if c := p.collating(); p.err == nil {
			p.addChar(s, c)
		}
		return
	case className:
		p.namedClass(s)
		return
	default: // \d, \D
		p.addClass(s, class(p.value), p.kind == classOut)
		p.next()
		return
	}
	last := first
	if p.err == nil && p.kind == rangeDash {
		last = p.rangeEnd()
	}
	if p.err == nil {
		p.addRange(s, first, last)
	}
}

// rangeEnd parses what follows the dash of a range.
func (p *parser) rangeEnd() rune {
	p.next()
	switch p.kind {
	case plain, rangeDash:
		c := p.value
		p.next()
		return c
	case collating:
		return p.collating()
	}
	p.fail(badRange)
	return 0
}

// name reads what stands between [. and .] and the like, and what ends it.
func (p *parser) name() string {
	from := p.at
	until := from
	for p.next(); p.kind == plain; p.next() {
		until = p.at
	}
	name := p.in[from:until]
	p.next()
	return name
}

func (p *parser) collating() rune {
	name := p.name()
	if p.err != nil {
		return 0
	}
	c, ok := element(name)
	if name == "" || !ok {
		p.fail(badCollate)
	}
	return c
}

func (p *parser) namedClass(s *set) {
	name := p.name()
	if p.err != nil {
		return
	}
	c, ok := classNames[name]
	if !ok {
		p.fail(badClass)
		return
	}
	p.addClass(s, c, false)
}

// maxCases is how many characters outside of a range its other cases may be (regc_locale.c).
const maxCases = 100_000

// addRange adds a range, and the cases of its characters.
func (p *parser) addRange(s *set, first, last rune) {
	if first > last {
		p.fail(badRange)
		return
	}
	s.add(first, last)
	if p.flags&fold == 0 {
		return
	}
	inASCII, room := p.flags&ascii != 0, min(int(last-first)+1, maxCases)
	for _, cased := range unicode.CaseRanges {
		for c := max(first, rune(cased.Lo)); c <= min(last, rune(cased.Hi)); c++ {
			for _, other := range [2]rune{toLower(c, inASCII), toUpper(c, inASCII)} {
				if other >= first && other <= last {
					continue
				}
				if room--; room < 0 {
					p.fail(tooComplex)
					return
				}
				s.add(other, other)
			}
		}
	}
}
