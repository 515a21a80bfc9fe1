package regex

import "math/bits"

// dfaOf is the automaton of a part.
func (s *Search) dfaOf(t *tree) (*dfa, error) {
	if t.dfa == nil {
		if s.re.instrs > maxAllInstrs {
			return nil, errTooComplex()
		}
		t.dfa = s.re.newDFA(t.node, false)
	}
	return t.dfa, nil
}

// maxAllInstrs is how many instructions the parts of an expression have together: each is a program
// of its own, so that many groups in a row take the square of their number.
const maxAllInstrs = 16 << 20

// forget makes the groups within a part have taken no part.
func (s *Search) forget(t *tree) {
	if !t.dissected() {
		return
	}
	if t.group > 0 {
		s.caps[2*t.group], s.caps[2*t.group+1] = -1, -1
	}
	for _, sub := range t.subs {
		s.forget(sub)
	}
}

// dissect finds what the groups of a part capture when it matches begin…end, as its
// automaton says it does: false when back references do not. The groups have been forgotten before, and are after false.
func (s *Search) dissect(t *tree, begin, end int) (ok bool, err error) {
	if !t.dissected() {
		return true, nil
	}
	if err := s.spend(missWork); err != nil {
		return false, err
	}
	switch t.part {
	case leaf:
		ok = true
	case joined:
		ok, err = s.join(t, begin, end)
	case choice:
		ok, err = s.choose(t, begin, end)
	case repeated:
		ok, err = s.iterate(t, begin, end)
	case inner:
		ok, err = s.dissect(t.subs[0], begin, end)
	case referred:
		ok = s.refersTo(t, begin, end)
	}
	if ok && t.group > 0 {
		s.caps[2*t.group], s.caps[2*t.group+1] = begin, end
	}
	return ok, err
}

// choose takes the first alternative that matches all of begin…end.
func (s *Search) choose(t *tree, begin, end int) (bool, error) {
	for _, sub := range t.subs {
		if ok, err := s.covers(sub, begin, end); err != nil {
			return false, err
		} else if !ok {
			continue
		}
		if ok, err := s.dissect(sub, begin, end); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// covers reports whether a part's automaton matches begin…end.
func (s *Search) covers(t *tree, begin, end int) (bool, error) {
	d, err := s.dfaOf(t)
	if err != nil {
		return false, err
	}
	return s.spans(d, begin, end)
}

// join divides begin…end between two parts, as the left one prefers.
func (s *Search) join(t *tree, begin, end int) (bool, error) {
	d, err := s.dfaOf(t.subs[0])
	if err != nil {
		return false, err
	}
	if t.subs[0].is(shorter) {
		return s.joinShort(t, d, begin, end)
	}
	mid, err := s.longest(d, begin, end)
	if mid < 0 || err != nil {
		return false, err
	}
	if ok, err := s.joinAt(t, begin, mid, end); ok || err != nil {
		return ok, err
	}
	return s.joinLong(t, d, begin, mid, end)
}

// joinAt tries one place to divide at.
func (s *Search) joinAt(t *tree, begin, mid, end int) (bool, error) {
	left, right := t.subs[0], t.subs[1]
	if ok, err := s.covers(right, mid, end); !ok || err != nil {
		return false, err
	}
	if ok, err := s.dissect(left, begin, mid); !ok || err != nil {
		return false, err
	}
	if ok, err := s.dissect(right, mid, end); ok || err != nil {
		return ok, err
	}
	s.forget(left)
	s.forget(right)
	return false, nil
}

// joinShort tries the places from the first on.
func (s *Search) joinShort(t *tree, d *dfa, begin, end int) (bool, error) {
	r := s.run(d, begin)
	for least := begin; least <= end; {
		mid, err := r.next(least, end)
		if mid < 0 || err != nil {
			return false, err
		}
		if ok, err := s.joinAt(t, begin, mid, end); ok || err != nil {
			return ok, err
		}
		least = s.after(mid)
	}
	return false, nil
}

// joinLong tries the places in front of mid, from the last on: one pass finds them all.
func (s *Search) joinLong(t *tree, d *dfa, begin, mid, end int) (bool, error) {
	if mid == begin {
		return false, nil
	}
	ends, err := s.ends(d, begin, s.before(mid))
	if err != nil {
		return false, err
	}
	for mid = ends.last(); mid >= 0; mid = ends.last() {
		ends.drop(mid)
		if ok, err := s.joinAt(t, begin+0, begin+mid, end); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// places is a set of places in a text, relative to where it begins.
type places struct {
	bits []uint64
	top  int // no word above has a bit
}

// ends are the ends, up to stop, of all matches that begin at from.
func (s *Search) ends(d *dfa, from, stop int) (*places, error) {
	p := &places{bits: make([]uint64, (stop-from)/64+1)}
	r := s.run(d, from)
	for least := from; least <= stop; {
		at, err := r.next(least, stop)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			break
		}
		p.bits[(at-from)/64] |= 1 << ((at - from) % 64)
		least = s.after(at)
	}
	p.top = len(p.bits)
	return p, nil
}

// last is the last place; -1 when there is none.
func (p *places) last() int {
	for ; p.top > 0; p.top-- {
		if w := p.bits[p.top-1]; w != 0 {
			return 64*(p.top-1) + bits.Len64(w) - 1
		}
	}
	return -1
}

func (p *places) drop(at int) { p.bits[at/64] &^= 1 << (at % 64) }
