package regex

import "unicode/utf8"

// refersTo reports whether begin…end is what the group has captured, as often as allowed.
func (s *Search) refersTo(t *tree, begin, end int) bool {
	from, to := s.caps[2*t.backref], s.caps[2*t.backref+1]
	if from < 0 {
		return false
	}
	switch {
	case from == to:
		// Nothing is there any number of times.
		return begin == end
	case begin == end:
		return t.min == 0
	}
	n := 0
	for ; begin < end; n++ {
		if begin = s.repeats(from, to, begin, end); begin < 0 {
			return false
		}
	}
	return n >= t.min && (t.max == unbounded || n <= t.max)
}

// repeats is where from…to, which stands again at a place, ends there; -1 if it does not.
func (s *Search) repeats(from, to, at, end int) int {
	if !s.re.fold {
		if n := to - from; at+n <= end && s.text[at:at+n] == s.text[from:to] {
			return at + n
		}
		return -1
	}
	for from < to {
		if at >= end {
			return -1
		}
		a, width := utf8.DecodeRuneInString(s.text[from:])
		b, other := utf8.DecodeRuneInString(s.text[at:])
		if a != b && toLower(a, s.re.ascii) != toLower(b, s.re.ascii) {
			return -1
		}
		from += width
		at += other
	}
	return at
}
