package regex

import "unicode/utf8"

// iteration is a repetition over a part of a text on its way to being divided.
type iteration struct {
	s          *Search
	t          *tree // what is repeated
	d          *dfa
	begin, end int
	min, max   int
	anyCount   bool  // how many there are does not matter
	ends       []int // of the repetitions so far, behind begin
	verified   int   // how many of them have been dissected
	hopeless   map[place]struct{}
}

// place is what a repetition can begin with: how many there were before, and where.
type place struct{ before, at int }

// maxHopeless is how many places are kept that lead nowhere.
const maxHopeless = 1 << 18

// iterate divides begin…end into repetitions: first so that the automaton of what is
// repeated matches each, then so that they can be dissected. When that fails, the last is given another end.
// Repetitions are not empty, but where that is needed to have enough.
func (s *Search) iterate(t *tree, begin, end int) (bool, error) {
	if begin == end && t.min <= 0 {
		return s.iterateEmpty(t.subs[0], begin)
	}
	least := max(t.min, 1)
	most := utf8.RuneCountInString(s.text[begin:end])
	if t.max != unbounded {
		most = min(most, t.max)
	}
	d, err := s.dfaOf(t.subs[0])
	if err != nil {
		return false, err
	}
	i := &iteration{s: s, t: t.subs[0], d: d, begin: begin, end: end, min: least, max: max(most, least), anyCount: least == 1 && t.max == unbounded, ends: []int{begin}}
	if i.t.is(shorter) {
		return i.short()
	}
	return i.long()
}

// iterateEmpty divides nothing: into no repetition when short ones are preferred,
// else into one that captures nothing if that is possible.
func (s *Search) iterateEmpty(t *tree, at int) (bool, error) {
	if t.is(shorter) {
		return true, nil
	}
	if ok, err := s.covers(t, at, at); !ok || err != nil {
		return err == nil, err
	}
	_, err := s.dissect(t, at, at)
	return err == nil, err
}

// needsEmpty reports whether repetition k (from 1) must be empty at a place to have enough in all.
func (i *iteration) needsEmpty(k, at int) bool {
	return k < i.min && i.min-k >= utf8.RuneCountInString(i.s.text[at:i.end])
}

// set makes at the end of repetition k, the last.
func (i *iteration) set(k, at int) {
	i.ends = append(i.ends[:k], at)
	i.verified = min(i.verified, k-1)
}

// long divides by the longest repetitions first.
func (i *iteration) long() (bool, error) {
	limit := i.end
	for k := 1; k > 0; {
		at := -1
		if !i.leadsNowhere(k) {
			var err error
			if at, err = i.s.longest(i.d, i.ends[k-1], limit); err != nil {
				return false, err
			}
		}
		switch {
		case at < 0:
			i.noHope(k)
			k--
		case at != i.end && k >= i.max:
			i.set(k, at)
			k--
		case at != i.end && (at != i.ends[k-1] || i.needsEmpty(k, at)):
			i.set(k, at)
			k++
			limit = i.end
			continue
		case at == i.end && k >= i.min:
			i.set(k, at)
			if ok, err := i.verify(k); ok || err != nil {
				return ok, err
			}
		default:
			i.set(k, at)
		}
		k, limit = i.shorten(k)
	}
	return false, nil
}

// shorten finds the last repetition up to k that can end earlier, and its limit; 0 when there is none.
func (i *iteration) shorten(k int) (int, int) {
	for ; k > 0; k-- {
		if before := i.ends[k-1]; i.ends[k] > before {
			limit := i.s.before(i.ends[k])
			if limit > before || i.needsEmpty(k, before) {
				return k, limit
			}
		}
		i.noHope(k)
	}
	return 0, 0
}

// short divides by the shortest repetitions first.
func (i *iteration) short() (bool, error) {
	limit := i.begin
	for k := 1; k > 0; {
		from := i.ends[k-1]
		if limit == from && limit != i.end && !i.needsEmpty(k, limit) {
			limit = i.s.after(limit)
		}
		if k >= i.max {
			// The last one must reach the end.
			limit = i.end
		}
		at := -1
		if !i.leadsNowhere(k) {
			var err error
			if at, err = i.s.shortest(i.d, from, limit, i.end); err != nil {
				return false, err
			}
		}
		switch {
		case at < 0:
			i.noHope(k)
			k--
		case at != i.end && k >= i.max:
			i.set(k, at)
			k--
		case at != i.end:
			i.set(k, at)
			k++
			limit = at
			continue
		case k >= i.min:
			i.set(k, at)
			if ok, err := i.verify(k); ok || err != nil {
				return ok, err
			}
		default:
			i.set(k, at)
		}
		k, limit = i.lengthen(k)
	}
	return false, nil
}

// lengthen finds the last repetition up to k that can end later, and from where on; 0 when there is none.
func (i *iteration) lengthen(k int) (int, int) {
	for ; k > 0; k-- {
		if i.ends[k] < i.end {
			return k, i.s.after(i.ends[k])
		}
		i.noHope(k)
	}
	return 0, 0
}

// verify dissects the repetitions that have not been since they were set. Groups
// are the last one's: without back references, only that is looked at.
func (i *iteration) verify(k int) (bool, error) {
	from := i.verified + 1
	if !i.t.is(refers) {
		from = k
	}
	for n := from; n <= k; n++ {
		i.s.forget(i.t)
		if ok, err := i.s.dissect(i.t, i.ends[n-1], i.ends[n]); !ok || err != nil {
			return false, err
		}
		i.verified = n
	}
	return true, nil
}

// key is what decides how repetition k and those behind it can be: where counts
// do not matter, only where it begins.
func (i *iteration) key(k int) place {
	if i.anyCount {
		return place{0, i.ends[k-1]}
	}
	return place{k, i.ends[k-1]}
}

// noHope notes that from the beginning of repetition k on nothing leads to the end. With back
// references, what was captured before matters as well.
func (i *iteration) noHope(k int) {
	if i.t.is(refers) || k == 0 || len(i.hopeless) >= maxHopeless {
		return
	}
	if i.hopeless == nil {
		i.hopeless = map[place]struct{}{}
	}
	i.hopeless[i.key(k)] = struct{}{}
}

// leadsNowhere reports whether repetition k is known to lead nowhere.
func (i *iteration) leadsNowhere(k int) bool {
	if i.hopeless == nil {
		return false
	}
	_, ok := i.hopeless[i.key(k)]
	return ok
}
