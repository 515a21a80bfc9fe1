package regex

import (
	"encoding/binary"
	"math/bits"
)

// set is a set of characters: those of ranges and classes, and those that are
// not of the classes in out; or, when negated, all others.
type set struct {
	ranges  []rune // pairs: first and last
	in, out uint16 // bits by class
	negated bool
	ascii   bool // see inClassOf
}

func (s *set) add(first, last rune) { s.ranges = append(s.ranges, first, last) }

func (s *set) has(r rune) bool { return s.listed(r) != s.negated }

func (s *set) listed(r rune) bool {
	for i := 0; i < len(s.ranges); i += 2 {
		if s.ranges[i] <= r && r <= s.ranges[i+1] {
			return true
		}
	}
	for b := s.in; b != 0; b &= b - 1 {
		if inClassOf(class(bits.TrailingZeros16(b)), r, s.ascii) {
			return true
		}
	}
	for b := s.out; b != 0; b &= b - 1 {
		if !inClassOf(class(bits.TrailingZeros16(b)), r, s.ascii) {
			return true
		}
	}
	return false
}

// single is the only character of a set.
func (s *set) single() (r rune, ok bool) {
	if len(s.ranges) != 2 || s.ranges[0] != s.ranges[1] || s.in|s.out != 0 || s.negated {
		return 0, false
	}
	return s.ranges[0], true
}

func (s *set) key() string {
	b := make([]byte, 0, 6+4*len(s.ranges))
	b = binary.BigEndian.AppendUint16(b, s.in)
	b = binary.BigEndian.AppendUint16(b, s.out)
	if s.negated {
		b = append(b, 1)
	}
	for _, r := range s.ranges {
		b = binary.BigEndian.AppendUint32(b, uint32(r))
	}
	return string(b)
}

// sets are the sets of one expression, each by its number.
type sets struct {
	list    []set
	numbers map[string]int // of those of several characters, by key
	singles map[rune]int   // of those of one
	several []int          // the numbers of those of several
}

// of is a set's number.
func (s *sets) of(one set) int {
	if r, ok := one.single(); ok {
		n, known := s.singles[r]
		if !known {
			n = len(s.list)
			if s.singles == nil {
				s.singles = map[rune]int{}
			}
			s.singles[r] = n
			s.list = append(s.list, one)
		}
		return n
	}
	key := one.key()
	n, known := s.numbers[key]
	if !known {
		n = len(s.list)
		if s.numbers == nil {
			s.numbers = map[string]int{}
		}
		s.numbers[key] = n
		s.several = append(s.several, n)
		s.list = append(s.list, one)
	}
	return n
}

// literal is what a node's texts begin with; complete: they are nothing else.
func (s *sets) literal(n *node) (prefix string, complete bool) {
	switch n.op {
	case opEmpty:
		return "", true
	case opSet:
		if r, ok := s.list[n.set].single(); ok && validRune(r) {
			return string(r), true
		}
	case opCat:
		var b []byte
		for _, sub := range n.subs {
			p, whole := s.literal(sub)
			b = append(b, p...)
			if !whole {
				return string(b), false
			}
		}
		return string(b), true
	case opRepeat:
		if n.min > 0 {
			p, whole := s.literal(n.subs[0])
			return p, whole && n.min == 1 && n.max == 1
		}
	}
	return "", false
}
