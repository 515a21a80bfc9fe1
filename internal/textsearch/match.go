package textsearch

import (
	"math"
	"slices"
)

// answer is whether something holds; it may where positions are not known.
type answer int

const (
	no answer = iota
	yes
	maybe
)

// spots are where something ends in a text: in the places listed or, if not is
// set, everywhere else. width is how many places it begins before.
type spots struct {
	places []int
	not    bool
	width  int
}

// words is where an operand may be looked for. places is nil when only whether
// it is there is asked.
type words interface {
	look(operand *Query, places *[]int) answer
}

// Matches reports whether the vector has what the query asks for (ts_match_vq).
func (v Vector) Matches(q *Query) bool { return q != nil && matches(q, v) }

// matches evaluates operators above phrases, which do not ask for places (TS_execute).
func matches(q *Query, in words) bool { return holds(q, in) != no }

func holds(q *Query, in words) answer {
	switch q.Op {
	case None:
		return in.look(q, nil)
	case Not:
		return yes - holds(q.Right, in) // above phrases nothing is maybe
	case And:
		if holds(q.Left, in) == no {
			return no
		}
		return holds(q.Right, in)
	case Or:
		if holds(q.Left, in) == yes {
			return yes
		}
		return holds(q.Right, in)
	}
	if a, _ := phrase(q, in); a == yes {
		return yes
	}
	return no // also where places are not known
}

// phrase evaluates what is under a phrase operator, for the places
// (TS_phrase_execute): with yes there are some, or not is set.
func phrase(q *Query, in words) (answer, spots) {
	switch q.Op {
	case None:
		var s spots
		return in.look(q, &s.places), s
	case Not:
		a, s := phrase(q.Right, in)
		switch {
		case a == no:
			return yes, spots{not: true, width: s.width}
		case a == yes && len(s.places) == 0: // everywhere
			return no, spots{width: s.width}
		case a == yes:
			s.not = !s.not
		}
		return a, s
	case Or:
		return either(q, in)
	}
	return both(q, in)
}

// both evaluates AND and phrases.
func both(q *Query, in words) (answer, spots) {
	la, l := phrase(q.Left, in)
	if la == no {
		return no, spots{}
	}
	ra, r := phrase(q.Right, in)
	switch {
	case ra == no:
		return no, spots{}
	case la == maybe || ra == maybe:
		return maybe, spots{}
	}
	var j join
	out := spots{}
	if q.Op == Phrase {
		j.left = q.Distance + r.width
		out.width = q.Distance + l.width + r.width
	} else {
		j, out.width = aligned(l, r)
	}
	switch {
	case l.not && r.not:
		j.onlyLeft, j.onlyRight, j.common, out.not = true, true, true, true
	case l.not:
		j.onlyRight = true
	case r.not:
		j.onlyLeft = true
	default:
		j.common = true
	}
	return j.answer(l, r, out)
}

// either evaluates OR. What is not matched by the narrower side is laid at the
// right end of the wider one.
func either(q *Query, in words) (answer, spots) {
	la, l := phrase(q.Left, in)
	ra, r := phrase(q.Right, in)
	switch {
	case la == no && ra == no:
		return no, spots{}
	case la == maybe || ra == maybe:
		return maybe, spots{}
	}
	if la == no {
		l = spots{}
	}
	if ra == no {
		r = spots{}
	}
	j, width := aligned(l, r)
	out := spots{width: width, not: l.not || r.not}
	switch {
	case l.not && r.not:
		j.common = true
	case l.not:
		j.onlyLeft = true
	case r.not:
		j.onlyRight = true
	default:
		j.onlyLeft, j.onlyRight, j.common = true, true, true
	}
	return j.answer(l, r, out)
}

// join merges two lists of places that are moved by left and right (TS_phrase_output).
type join struct {
	left, right                 int
	onlyLeft, onlyRight, common bool
}

func aligned(l, r spots) (join, int) {
	width := max(l.width, r.width)
	return join{left: width - l.width, right: width - r.width}, width
}

func (j join) answer(l, r, out spots) (answer, spots) {
	out.places = j.places(l.places, r.places)
	if len(out.places) == 0 && !out.not {
		return no, spots{width: out.width} // which a NOT above keeps
	}
	return yes, out
}

func (j join) places(l, r []int) (out []int) {
	for len(l) > 0 || len(r) > 0 {
		lp, rp := math.MaxInt, math.MaxInt
		if len(l) > 0 {
			lp = l[0] + j.left
		}
		if len(r) > 0 {
			rp = r[0] + j.right
		}
		place, wanted := min(lp, rp), j.common
		switch {
		case lp < rp:
			wanted = j.onlyLeft
		case lp > rp:
			wanted = j.onlyRight
		}
		if lp == place {
			l = l[1:]
		}
		if rp == place {
			r = r[1:]
		}
		if wanted && place > 0 {
			out = append(out, place)
		}
	}
	return out
}

// look finds an operand among the lexemes (checkcondition_str).
func (v Vector) look(o *Query, places *[]int) answer {
	i, found := v.find(o.Word)
	if !o.Prefix {
		if !found {
			return no
		}
		return v[i].look(o, places)
	}
	out := no
	for _, l := range v.withPrefix(o.Word) {
		switch a := l.look(o, places); {
		case a == maybe:
			*places = nil
			return maybe
		case a == yes && places == nil:
			return yes
		case a == yes:
			out = yes
		}
	}
	if places != nil {
		slices.Sort(*places)
		*places = slices.Compact(*places)
	}
	return out
}

// look adds the places of a lexeme that have a weight which the operand takes.
// What has no positions has every weight.
func (l Lexeme) look(o *Query, places *[]int) answer {
	switch {
	case len(l.Positions) == 0 && places != nil:
		return maybe
	case len(l.Positions) == 0:
		return yes
	case places == nil && o.Weights == 0:
		return yes
	}
	out := no
	for _, p := range l.Positions {
		if !o.takes(p) {
			continue
		}
		out = yes
		if places == nil {
			break
		}
		*places = append(*places, p.Place())
	}
	return out
}

// takes reports whether an operand may have a position's weight.
func (q *Query) takes(p Position) bool { return q.Weights == 0 || q.Weights&(1<<p.Weight()) != 0 }
