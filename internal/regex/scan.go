package regex

import (
	"strings"
	"unicode/utf8"
)

// colorAt is the color of the character at a place, and its width in bytes.
func (s *Search) colorAt(at int) (color, int) {
	if at >= len(s.text) {
		return endOfText, 0
	}
	if b := s.text[at]; b < utf8.RuneSelf {
		return s.re.colors.of(rune(b)), 1
	}
	r, width := utf8.DecodeRuneInString(s.text[at:])
	return s.re.colors.of(r), width
}

// begin is an automaton's state at a place.
func (s *Search) begin(d *dfa, at int) *state {
	if at == 0 {
		return d.begin(startText)
	}
	if len(d.prog.behinds) == 0 {
		return d.begin(0)
	}
	r, _ := utf8.DecodeLastRuneInString(s.text[:at])
	return d.begin(d.seen(s.re.colors.of(r)))
}

// before is the place a character in front of at, after the one behind.
func (s *Search) before(at int) int {
	_, width := utf8.DecodeLastRuneInString(s.text[:at])
	return at - width
}

func (s *Search) after(at int) int {
	if at >= len(s.text) {
		return at + 1
	}
	if s.text[at] < utf8.RuneSelf {
		return at + 1
	}
	_, width := utf8.DecodeRuneInString(s.text[at:])
	return at + width
}

// run is an automaton on its way through a text.
type run struct {
	s  *Search
	d  *dfa
	st *state
	at int
}

func (s *Search) run(d *dfa, from int) run { return run{s, d, s.begin(d, from), from} }

// move goes over the next character and reports whether the automaton has
// matched in front of it; the state behind it is in next. At the end of the text, next may be nil.
func (r *run) move() (next *state, width int, matched bool, err error) {
	c, width := r.s.colorAt(r.at)
	switch {
	case width == 0 && !r.st.is(waits):
		return nil, 0, r.st.is(accepts), nil
	case width == 0:
		next = r.st.end
	case int(c) < len(r.st.next):
		next = r.st.next[c]
	}
	if next == nil {
		if next, err = r.d.step(r.s, r.st, c, r.at); err != nil {
			return nil, 0, false, err
		}
	}
	return next, width, r.st.is(accepts) || next.is(accepted), nil
}

// skip goes over characters of ASCII up to a place where something is to be decided: either
// state has one of the flags, or the next is not known.
func (r *run) skip(until int, here, there stateFlags) {
	text, colors, st, at := r.s.text[:until], &r.s.re.colors.ascii, r.st, r.at
	for at < len(text) && text[at] < utf8.RuneSelf {
		c := int(colors[text[at]])
		if c >= len(st.next) || st.flags&here != 0 {
			break
		}
		next := st.next[c]
		if next == nil || next.flags&there != 0 {
			break
		}
		st = next
		at++
	}
	r.st, r.at = st, at
}

// pieceBytes is how much of a text is run through between two notes of work.
const pieceBytes = 1 << 12

// worked notes that so many bytes have been read.
func (s *Search) worked(bytes int) error {
	s.read += bytes
	return s.spend(bytes + 1)
}

// longest is the last end, up to stop, of a match that begins at from; -1 when there is none.
func (s *Search) longest(d *dfa, from, stop int) (int, error) {
	r := s.run(d, from)
	for last := -1; ; {
		begin, until := r.at, min(stop, r.at+pieceBytes)
		for r.at < until {
			if last = r.skipLongest(until, last); r.at == until {
				break
			}
			next, width, matched, err := r.move()
			if err != nil {
				return -1, err
			}
			if matched {
				last = r.at
			}
			if next.is(dead) {
				return last, s.worked(r.at - begin)
			}
			r.st = next
			r.at += width
		}
		if err := s.worked(r.at - begin); err != nil {
			return -1, err
		}
		if r.at >= stop {
			_, _, matched, err := r.move()
			if matched {
				last = r.at
			}
			return last, err
		}
	}
}

// shortest is the first end, from least to stop, of a match that begins at from.
func (s *Search) shortest(d *dfa, from, least, stop int) (int, error) {
	r := s.run(d, from)
	return r.next(least, stop)
}

// next is the first end of a match from where the run is on, between least and stop; -1 when there
// is none. A run can go on behind it.
func (r *run) next(least, stop int) (int, error) {
	for {
		begin, until := r.at, min(stop, r.at+pieceBytes)
		for r.at < until {
			if r.at < least {
				r.skip(min(until, least), 0, dead)
			} else {
				r.skip(until, accepts, accepted|dead)
			}
			if r.at == until {
				break
			}
			next, width, matched, err := r.move()
			if err != nil {
				return -1, err
			}
			if matched && r.at >= least {
				return r.at, r.s.worked(r.at - begin)
			}
			if next.is(dead) {
				return -1, r.s.worked(r.at - begin)
			}
			r.st = next
			r.at += width
		}
		if err := r.s.worked(r.at - begin); err != nil {
			return -1, err
		}
		if r.at >= stop {
			_, _, matched, err := r.move()
			if err != nil || !matched || r.at < least {
				return -1, err
			}
			return r.at, nil
		}
	}
}

// spans reports whether from…to is a match.
func (s *Search) spans(d *dfa, from, to int) (bool, error) {
	r := s.run(d, from)
	if from < to {
		// Most of what is asked about fails at once.
		if b := s.text[from]; b < utf8.RuneSelf {
			if c := int(s.re.colors.ascii[b]); c < len(r.st.next) && r.st.next[c] != nil && r.st.next[c].is(dead) {
				return false, nil
			}
		}
	}
	end, err := r.next(to, to)
	return end == to, err
}

// first finds the first end of any match that begins at from or later, and a place, cold, that none
// begins before. end is -1 when there is none.
func (s *Search) first(from int) (cold, end int, err error) {
	if s.re.literal {
		at, err := s.index(from)
		if at < 0 {
			return 0, -1, err
		}
		return at, at + len(s.re.prefix), err
	}
	r := s.run(s.re.searcher(), from)
	for cold = from; ; {
		begin := r.at
		for until := min(r.at+pieceBytes, len(s.text)); ; {
			if cold = r.skipFresh(until, cold); r.st.is(fresh) {
				if cold, err = s.toPrefix(&r); cold < 0 || err != nil {
					return 0, -1, err
				}
			}
			next, width, matched, err := r.move()
			if err != nil {
				return 0, -1, err
			}
			if matched {
				return cold, r.at, s.spend(r.at - begin + 1)
			}
			if width == 0 || next.is(dead) {
				return 0, -1, s.spend(r.at - begin + 1)
			}
			r.st = next
			if r.at += width; r.at >= until {
				break
			}
		}
		if err := s.spend(r.at - begin); err != nil {
			return 0, -1, err
		}
	}
}

// toPrefix goes from a place where nothing has begun to where the expression's prefix stands; -1 when there is none.
func (s *Search) toPrefix(r *run) (int, error) {
	if s.re.prefix == "" {
		return r.at, nil
	}
	at, err := s.index(r.at)
	if at > r.at {
		*r = s.run(r.d, at)
	}
	return at, err
}

// skipFresh is skip for a search, and notes in cold where nothing has begun.
func (r *run) skipFresh(until, cold int) int {
	text, colors, st, at := r.s.text[:until], &r.s.re.colors.ascii, r.st, r.at
	stops := accepts
	if r.s.re.prefix != "" {
		stops |= fresh
	}
	for at < len(text) && text[at] < utf8.RuneSelf {
		c := int(colors[text[at]])
		if c >= len(st.next) || st.flags&stops != 0 {
			break
		}
		next := st.next[c]
		if next == nil || next.flags&(accepted|dead) != 0 {
			break
		}
		if st.flags&fresh != 0 {
			cold = at
		}
		st = next
		at++
	}
	r.st, r.at = st, at
	return cold
}

// skipLongest is skip for the longest match, and notes the last end in last.
func (r *run) skipLongest(until, last int) int {
	text, colors, st, at := r.s.text[:until], &r.s.re.colors.ascii, r.st, r.at
	for at < len(text) && text[at] < utf8.RuneSelf {
		c := int(colors[text[at]])
		if c >= len(st.next) {
			break
		}
		next := st.next[c]
		if next == nil || next.flags&(accepted|dead) != 0 {
			break
		}
		if st.flags&accepts != 0 {
			last = at
		}
		st = next
		at++
	}
	r.st, r.at = st, at
	return last
}

// indexBytes is how much of a text is looked through for the prefix at a time.
const indexBytes = 1 << 16

// index is the next place from which the text goes on with the prefix.
func (s *Search) index(from int) (int, error) {
	for {
		until := min(len(s.text), from+indexBytes+len(s.re.prefix))
		i := strings.Index(s.text[from:until], s.re.prefix)
		if i >= 0 {
			return from + i, s.spend(i / indexWork)
		}
		if until == len(s.text) {
			return -1, s.spend((until - from) / indexWork)
		}
		if err := s.spend(indexBytes / indexWork); err != nil {
			return -1, err
		}
		from = until - len(s.re.prefix) + 1
	}
}

// indexWork is how many bytes are looked through for the prefix while one is read otherwise.
const indexWork = 4
