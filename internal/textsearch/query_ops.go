package textsearch

import (
	"slices"
	"strings"
)

// Joined is two queries under an operator; of And, Or and Phrase with an empty
// one it is the other.
func Joined(op Op, a, b *Query, distance int) *Query {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	q := &Query{Op: op, Left: a, Right: b}
	if op == Phrase {
		q.Distance = distance
	}
	return q
}

// Negated is what does not match q; of the empty query it is that itself.
func (q *Query) Negated() *Query {
	if q == nil {
		return nil
	}
	return &Query{Op: Not, Right: q}
}

// CheckDistance is 22023 of a distance that a phrase cannot have.
func CheckDistance(distance int64) error {
	if distance < 0 || distance > MaxPlace {
		return errDistance("distance in phrase operator must be an integer value between zero and %d inclusive")
	}
	return nil
}

// wordsOf are the words of the operands, each once, in order.
func (q *Query) wordsOf() []string {
	var words []string
	q.Operands(func(o *Query) { words = append(words, o.Word) })
	slices.Sort(words)
	return slices.Compact(words)
}

// Contains reports whether every word of b is in q (tsq_mcontains).
func (q *Query) Contains(b *Query) bool {
	have := q.wordsOf()
	for _, w := range b.wordsOf() {
		if _, found := slices.BinarySearchFunc(have, w, strings.Compare); !found {
			return false
		}
	}
	return true
}
