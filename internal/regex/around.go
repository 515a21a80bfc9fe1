package regex

// around is a constraint that looks at more than a character.
type around struct {
	kind lookKind
	node *node
	dfa  *dfa
}

// lookMemo is what is known of a constraint at the places of a text.
type lookMemo struct {
	asked, holds []uint64
	run          run // of one that looks behind: how far it has come
	running      bool
}

// forget is for another text.
func (m *lookMemo) forget() {
	clear(m.asked)
	clear(m.holds)
	m.running = false
	m.run = run{}
}

func (m *lookMemo) get(at int) (holds, known bool) {
	w, bit := at/64, uint64(1)<<(at%64)
	if w >= len(m.asked) || m.asked[w]&bit == 0 {
		return false, false
	}
	return m.holds[w]&bit != 0, true
}

func (m *lookMemo) put(at int, holds bool) {
	w, bit := at/64, uint64(1)<<(at%64)
	if w >= len(m.asked) {
		more := w + 1 - len(m.asked) + len(m.asked)/2
		m.asked = append(m.asked, make([]uint64, more)...)
		m.holds = append(m.holds, make([]uint64, more)...)
	}
	m.asked[w] |= bit
	if holds {
		m.holds[w] |= bit
	}
}

// look reports whether a constraint holds at a place.
func (s *Search) look(no int32, at int) (bool, error) {
	a, m := s.re.arounds[no], &s.looks[no]
	if holds, known := m.get(at); known {
		return holds, nil
	}
	matches, err := false, error(nil)
	if a.kind == ahead || a.kind == notAhead {
		var end int
		end, err = s.shortest(a.automaton(s.re), at, at, len(s.text))
		matches = end >= 0
	} else {
		matches, err = s.lookBehind(a, m, at)
	}
	if err != nil {
		return false, err
	}
	holds := matches == (a.kind == ahead || a.kind == behind)
	m.put(at, holds)
	return holds, nil
}

// looked is what look has answered just before.
func (s *Search) looked(no int32, at int) bool {
	holds, _ := s.looks[no].get(at)
	return holds
}

func (a *around) automaton(re *Regex) *dfa {
	if a.dfa == nil {
		a.dfa = re.newDFA(a.node, a.kind == behind || a.kind == notBehind)
	}
	return a.dfa
}

// lookBehind reports whether something that ends at a place matches. Its automaton runs from the text's start to
// there once, and goes on when it is asked about a later place.
func (s *Search) lookBehind(a *around, m *lookMemo, at int) (bool, error) {
	if !m.running || m.run.at > at {
		m.run, m.running = s.run(a.automaton(s.re), 0), true
	}
	r := m.run
	for {
		next, width, matched, err := r.move()
		if err != nil {
			return false, err
		}
		if r.at == at {
			m.run = r
			return matched, nil
		}
		if next.is(dead) {
			// It cannot match at a later place either.
			m.run = run{s: s, d: r.d, st: next, at: at}
			return false, nil
		}
		if r.at%pieceBytes == 0 {
			if err := s.spend(pieceBytes); err != nil {
				return false, err
			}
		}
		r.st = next
		r.at += width
	}
}
