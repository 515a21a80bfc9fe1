package regex

import "unicode/utf8"

// op is what a node is.
type op uint8

const (
	opEmpty  op = iota
	opSet       // a character of a set
	opCat       // one after the other
	opAlt       // one of several
	opRepeat    // min to max times
	opAssert    // a place of some kind; nothing is read
	opAround    // a place where something else does or does not match
)

// node is a part of an expression as a set of texts at places: whether it
// matches from here to there, not which match is meant. Nodes are shared, and
// never change once they are part of another.
type node struct {
	op       op
	set      int
	assert   assert
	around   int
	subs     []*node
	min, max int
	group    bool // an opCat of one, in parentheses
}

// unbounded is no upper limit of repetitions.
const unbounded = -1

// lookKind is how an assertion looks at the text.
type lookKind uint8

const (
	ahead lookKind = iota
	notAhead
	behind
	notBehind
	atStart // of the text
	atEnd
)

// assert is a condition on the character next to a place: ahead and behind say that
// there is one and that it is of the set, notAhead and notBehind the opposite.
type assert struct {
	kind lookKind
	set  int
}

var empty = &node{op: opEmpty}

// cat is nodes one after the other. Of two, the second may be long: it is not copied.
func cat(subs ...*node) *node {
	var kept []*node
	for _, s := range subs {
		if s.op != opEmpty {
			kept = append(kept, s)
		}
	}
	switch len(kept) {
	case 0:
		return empty
	case 1:
		return kept[0]
	}
	return &node{op: opCat, subs: kept}
}

func alt(subs ...*node) *node {
	if len(subs) == 1 {
		return subs[0]
	}
	return &node{op: opAlt, subs: subs}
}

func repeat(n *node, low, high int) *node {
	switch {
	case high == 0 || n.op == opEmpty:
		return empty
	case low == 1 && high == 1:
		return n
	}
	return &node{op: opRepeat, subs: []*node{n}, min: low, max: high}
}

func assertion(kind lookKind, set int) *node {
	return &node{op: opAssert, assert: assert{kind, set}}
}

// bare makes nodes without their conditions on places: what a back reference to
// them can match wherever it stands. It keeps what it has made: groups may be within each other.
type bare map[*node]*node

func (m bare) of(n *node) *node {
	if n.op == opAssert || n.op == opAround {
		return empty
	}
	if len(n.subs) == 0 {
		return n
	}
	if known, ok := m[n]; ok {
		return known
	}
	out, same := n, true
	subs := make([]*node, len(n.subs))
	for i, s := range n.subs {
		subs[i] = m.of(s)
		same = same && subs[i] == s
	}
	if !same {
		switch n.op {
		case opCat:
			out = cat(subs...)
		case opAlt:
			out = alt(subs...)
		default:
			out = repeat(subs[0], n.min, n.max)
		}
	}
	m[n] = out
	return out
}

// What an expression has at most. PostgreSQL's bounds are its stack, which is as
// deep as a path through its automaton is long, and the space for the automaton's arcs (regguts.h,
// REG_MAX_COMPILE_SPACE): the last two are where these end on a server with its default settings.
const (
	maxInstrs = 400_000
	maxPath   = 43_650
	maxArcs   = 1_188_000
)

// fits reports whether an expression is not too complex.
func (n *node) fits() bool {
	size := n.size(maxInstrs)
	return size <= maxInstrs && n.path(maxPath) <= maxPath && (size*size < maxArcs || programOf(n).arcs(maxArcs) <= maxArcs)
}

// groupPath is how many states parentheses add, and the branch in them.
const groupPath = 4

// path is how many states of PostgreSQL's automaton follow each other in a node, or any number above most.
func (n *node) path(most int) int {
	total := 0
	switch n.op {
	case opEmpty:
		return 0
	case opCat:
		if n.group {
			total = groupPath
		}
		for _, s := range n.subs {
			if total += s.path(most - total); total > most {
				break
			}
		}
		return total
	case opAlt:
		for _, s := range n.subs {
			total = max(total, s.path(most))
		}
		return total
	case opRepeat:
		times, more := n.max, 0
		if n.max == unbounded {
			times, more = max(n.min, 1), 2
		}
		return n.subs[0].path(most/times)*times + more
	}
	return 1
}

// size is how many instructions a node makes, or any number above most.
func (n *node) size(most int) int {
	total := 0
	switch n.op {
	case opEmpty:
		return 0
	case opCat, opAlt:
		for _, s := range n.subs {
			if total += 1 + s.size(most-total); total > most {
				break
			}
		}
		return total
	case opRepeat:
		times := n.max
		if n.max == unbounded {
			times = n.min + 1
		}
		one := n.subs[0].size(most/times) + 1
		return one * times
	}
	return 1
}

func validRune(r rune) bool { return r != utf8.RuneError && utf8.ValidRune(r) }
