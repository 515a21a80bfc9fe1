package regex

// Search is an expression over a text.
type Search struct {
	re    *Regex
	meter Meter
	text  string
	looks []lookMemo
	caps  []int
	read  int // bytes, since a beginning has been looked for
}

// In is the expression over a text, to find several matches.
func (re *Regex) In(m Meter, text string) *Search {
	s := &Search{}
	s.reset(re, m, text)
	return s
}

func (s *Search) reset(re *Regex, m Meter, text string) {
	s.re, s.meter, s.text = re, m, text
	for i := range s.looks {
		s.looks[i].forget()
	}
	if len(s.looks) < len(re.arounds) {
		s.looks = make([]lookMemo, len(re.arounds))
	}
}

// release lets go of the text.
func (s *Search) release() { s.text, s.meter = "", nil }

func (s *Search) spend(bytes int) error { return s.meter.Spend(bytes) }

func (re *Regex) searcher() *dfa {
	if re.searching == nil {
		re.searching = re.newDFA(re.tree.node, true)
	}
	return re.searching
}

func (re *Regex) matcher() *dfa {
	if re.matching == nil {
		re.matching = re.newDFA(re.tree.node, false)
	}
	return re.matching
}

// exists reports whether there is a match.
func (s *Search) exists() (bool, error) {
	if s.re.tree.is(refers) {
		found, err := s.Next(0, true)
		return found != nil, err
	}
	_, end, err := s.first(0)
	return end >= 0, err
}

// Next is the first match that begins at byte from or later, as First has it.
func (s *Search) Next(from int, groups bool) ([]int, error) {
	if s.re.tree.is(refers) {
		return s.nextReferring(from)
	}
	begin, end, err := s.place(from)
	if end < 0 || err != nil {
		return nil, err
	}
	if !groups || s.re.groups == 0 {
		return []int{begin, end}, nil
	}
	s.uncapture()
	ok, err := s.dissect(s.re.tree, begin, end)
	if err != nil || !ok {
		return nil, err
	}
	return s.found(begin, end), nil
}

// uncapture makes no group have taken part.
func (s *Search) uncapture() {
	if s.caps == nil {
		s.caps = make([]int, 2*s.re.groups+2)
	}
	for i := range s.caps {
		s.caps[i] = -1
	}
}

// found is the match with its groups; the caller's to keep.
func (s *Search) found(begin, end int) []int {
	m := append([]int(nil), s.caps...)
	m[0], m[1] = begin, end
	return m
}

// end is the end of the match that begins at a place, as the whole expression prefers it.
func (s *Search) end(begin, least, most int) (int, error) {
	if s.re.tree.is(shorter) {
		return s.shortest(s.re.matcher(), begin, least, most)
	}
	return s.longest(s.re.matcher(), begin, most)
}

// place finds the first match: from each place between cold and the first end of any, until one begins there.
func (s *Search) place(from int) (begin, end int, err error) {
	begin, close, err := s.first(from)
	if close < 0 || s.re.literal || err != nil {
		return begin, close, err
	}
	most := maxTried(close - begin)
	for s.read = 0; begin <= close; begin = s.after(begin) {
		if s.read > most {
			return s.abreast(begin)
		}
		if end, err = s.end(begin, begin, len(s.text)); end >= 0 || err != nil {
			return begin, end, err
		}
	}
	return 0, -1, nil
}

// nextReferring is Next of an expression with back references: an end that the automaton
// finds is one only if dissecting says so.
func (s *Search) nextReferring(from int) ([]int, error) {
	for {
		begin, close, err := s.first(from)
		if close < 0 || err != nil {
			return nil, err
		}
		for ; begin <= close; begin = s.after(begin) {
			end, err := s.verified(begin)
			if err != nil {
				return nil, err
			}
			if end >= 0 {
				return s.found(begin, end), nil
			}
		}
		if from = s.after(close); from >= len(s.text) {
			return nil, nil
		}
	}
}

// verified is the end of the first match, in the order of preference, that begins at a place and can be dissected.
func (s *Search) verified(begin int) (int, error) {
	least, most := begin, len(s.text)
	for {
		end, err := s.end(begin, least, most)
		if end < 0 || err != nil {
			return -1, err
		}
		s.uncapture()
		if ok, err := s.dissect(s.re.tree, begin, end); ok || err != nil {
			return end, err
		}
		if s.re.tree.is(shorter) {
			if end == most {
				return -1, nil
			}
			least = s.after(end)
			continue
		}
		if end == begin {
			return -1, nil
		}
		most = s.before(end)
	}
}
