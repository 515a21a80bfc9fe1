package regex

// parser makes a tree of tokens by recursive descent. It decides what is a part
// by itself and what stands together as PostgreSQL does (regcomp.c), since what
// is dissected together decides which of several matches is meant.
type parser struct {
	lexer
	sets    sets
	arounds []*around
	parts   map[int]*tree // what each group is, once it is closed
	wordSet int           // \w; -1 when it has not been needed
	lineSet int           // the newline
	behinds []int         // sets that are looked for behind a place
	bare    bare
	depth   int
}

func newParser(pattern string, o Options) *parser {
	p := &parser{parts: map[int]*tree{}, wordSet: -1, lineSet: -1, bare: bare{}}
	p.in = pattern
	f, err := o.flags()
	p.flags, p.err = f, err
	return p
}

// maxDepth is how deep parentheses nest, as deep as PostgreSQL's stack lets them by default.
const maxDepth = 8150

// maxPattern is how long a pattern may be, in bytes: a longer one has too many
// states in PostgreSQL, too (REG_MAX_COMPILE_SPACE).
const maxPattern = 1 << 20

func (p *parser) parse() (*tree, error) {
	if p.err != nil {
		return nil, p.err
	}
	if len(p.in) > maxPattern {
		return nil, errTooComplex()
	}
	p.begin()
	var t *tree
	if p.err == nil {
		t = p.alternatives(end, false)
	}
	if p.err != nil {
		return nil, p.err
	}
	return t, nil
}

// alternatives parses branches up to a closing parenthesis or the end. Within a constraint
// (around), nothing captures. It returns nil after an error, as all below it.
func (p *parser) alternatives(stop kind, around bool) *tree {
	if p.depth++; p.depth > maxDepth {
		p.fail(tooComplex)
	}
	defer func() { p.depth-- }()
	all := &tree{part: choice, traits: longer}
	var nodes []*node
	for more := true; more; {
		t := p.branch(stop, around)
		if p.err != nil {
			return nil
		}
		all.subs = append(all.subs, t)
		nodes = append(nodes, t.node)
		all.traits |= up(all.traits | t.traits)
		if more = p.kind == bar; more {
			p.next()
		}
	}
	if p.kind != stop {
		p.fail(badParen)
		return nil
	}
	if len(all.subs) == 1 {
		return all.subs[0]
	}
	all.node = alt(nodes...)
	if all.traits&messy == 0 {
		all.part, all.subs = leaf, nil
	}
	return all
}

// over reports whether a branch ends here.
func (p *parser) over(stop kind) bool { return p.kind == bar || p.kind == stop || p.kind == end }

// branch parses what stands one after the other. What has nothing to decide
// becomes one leaf; the first part that does takes the rest of the branch as a
// branch of its own.
func (p *parser) branch(stop kind, around bool) *tree {
	b := &tree{part: leaf}
	var before []*node
	for !p.over(stop) {
		if n := p.condition(around); n != nil {
			before = append(before, n)
			continue
		}
		a, ok := p.quantified(around)
		if !ok {
			return nil
		}
		traits := b.traits | a.prefers
		if a.tree != nil {
			traits |= a.tree.traits
		}
		if !a.apart && up(traits)&messy == 0 {
			b.traits = traits
			before = append(before, repeat(a.node, a.min, a.max))
			continue
		}
		return p.rest(b, before, a, stop, around)
	}
	if p.err != nil {
		return nil
	}
	b.node = cat(before...)
	return b
}

// rest puts a branch together around an atom that has something to decide: what
// stands before it, the atom, and what follows.
func (p *parser) rest(b *tree, before []*node, a *quantified, stop kind, around bool) *tree {
	atom := a.repeated()
	b.node = cat(before...)
	first := len(before) == 0
	if p.over(stop) {
		if p.err != nil {
			return nil
		}
		if first {
			return atom
		}
		front := &tree{part: leaf, traits: b.traits, node: b.node}
		return &tree{
			part: joined, traits: b.traits | combine(b.traits, atom.traits), subs: []*tree{front, atom}, node: cat(front.node, atom.node),
		}
	}
	follows := p.branch(stop, around)
	if p.err != nil {
		return nil
	}
	t := &tree{part: joined, subs: []*tree{atom, follows}, node: cat(atom.node, follows.node)}
	t.traits = combine(a.prefers, a.atomTraits)
	t.traits |= combine(t.traits, follows.traits)
	whole := b.traits | combine(b.traits, t.traits)
	if first {
		t.traits = whole
		return t
	}
	if atom.part == leaf && follows.part == leaf && up(atom.traits|follows.traits)&messy == 0 {
		t = &tree{part: leaf, traits: combine(atom.traits, follows.traits), node: t.node}
	}
	front := &tree{part: leaf, traits: b.traits, node: b.node}
	return &tree{part: joined, traits: whole, subs: []*tree{front, t}, node: cat(front.node, t.node)}
}
