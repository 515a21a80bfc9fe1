package textsearch

// withoutStops takes the stop words out (clean_stopword_intree). What they took
// of a phrase's length is added to the phrase operators beside them: left and
// right are what is still to be added to those above.
func (q *Query) withoutStops() (out *Query, left, right int) {
	switch {
	case q.stop:
		return nil, 0, 0
	case q.Op == None:
		return q, 0, 0
	case q.Op == Not:
		r, left, right := q.Right.withoutStops()
		if r == nil {
			return nil, 0, 0
		}
		return &Query{Op: Not, Right: r}, left, right
	}
	l, ll, lr := q.Left.withoutStops()
	r, rl, rr := q.Right.withoutStops()
	phrase := q.Op == Phrase
	switch {
	case l == nil && r == nil && phrase:
		n := ll + q.Distance + rl
		return nil, n, n
	case l == nil && r == nil:
		n := max(ll, rl)
		return nil, n, n
	case l == nil && phrase:
		return r, ll + q.Distance + rl, rr
	case l == nil:
		return r, rl, rr
	case r == nil && phrase:
		return l, ll, lr + q.Distance + rr
	case r == nil:
		return l, ll, lr
	case phrase:
		return &Query{Op: Phrase, Left: l, Right: r, Distance: q.Distance + lr + rl}, ll, rr
	}
	return &Query{Op: q.Op, Left: l, Right: r}, 0, 0
}

// Positive is the query without what NOT is said of; nil when nothing has to be
// there (clean_NOT).
func (q *Query) Positive() *Query {
	switch {
	case q == nil || q.Op == None:
		return q
	case q.Op == Not:
		return nil
	}
	l, r := q.Left.Positive(), q.Right.Positive()
	switch {
	case l != nil && r != nil:
		return &Query{Op: q.Op, Left: l, Right: r, Distance: q.Distance}
	case q.Op == Or:
		return nil
	case l != nil:
		return l
	}
	return r
}
