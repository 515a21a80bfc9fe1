package regex

import "unicode/utf8"

// maxTried is how many bytes may be read in vain for beginnings in a range of a
// text before all of them are tried abreast.
func maxTried(bytes int) int { return 16*bytes + 1<<14 }

// thread is an instruction that a match which began somewhere has come to.
type thread struct {
	pc    int32
	begin int
}

// abreast finds the match that begins first, at from or later, in one pass, however many
// beginnings lead nowhere: an instruction is kept for the first beginning that comes to it.
func (s *Search) abreast(from int) (begin, end int, err error) {
	d := s.re.matcher()
	short := s.re.tree.is(shorter)
	behind := uint64(startText)
	if from > 0 {
		r, _ := utf8.DecodeLastRuneInString(s.text[:from])
		behind = d.seen(s.re.colors.of(r))
	}
	var now, next []thread // by beginning
	begin, end = 0, -1
	for at := from; ; {
		c, width := s.colorAt(at)
		if end < 0 {
			now = append(now, thread{d.prog.start, at})
		}
		if err := s.spend(missWork * (d.met + len(now) + 1)); err != nil {
			return 0, -1, err
		}
		d.met = 0
		ahead, err := s.aheadAt(c, at)
		if err != nil {
			return 0, -1, err
		}
		d.clear()
		next = next[:0]
		for _, t := range now {
			if end >= 0 && (t.begin > begin || short && t.begin == begin) {
				break
			}
			met := len(d.list)
			d.follow(t.pc, behind, ahead)
			for _, pc := range d.list[met:] {
				in := &d.prog.instrs[pc]
				switch {
				case in.op == opAccept:
					begin, end = t.begin, at
				case c != endOfText && d.re.colors.has(c, in.arg):
					next = append(next, thread{in.out, t.begin})
				}
			}
		}
		if width == 0 || end >= 0 && len(next) == 0 {
			return begin, end, nil
		}
		now, next = next, now
		behind = d.seen(c)
		at += width
	}
}

// aheadAt is what follows a place; all constraints are asked for there.
func (s *Search) aheadAt(c color, at int) (*aheadOf, error) {
	for no := range s.re.arounds {
		if _, err := s.look(int32(no), at); err != nil {
			return nil, err
		}
	}
	return &aheadOf{color: c, holds: func(look int32) bool { return s.looked(look, at) }}, nil
}
