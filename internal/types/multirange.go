package types

import (
	"cmp"
	"slices"
	"sort"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Multirange is a value of a multirange type: ranges that are not empty, in
// order, of which none overlaps or touches another.
type Multirange []*Range

// maxMultirangeItems is as many ranges as fit into a value.
const maxMultirangeItems = MaxValueBytes / rangeBytes

// rangeBytes is about what a range takes in memory.
const rangeBytes = 80

// rangeWork is about what looking at a range costs, in bytes read.
const rangeWork = 48

// MultirangeOf sorts and joins ranges, which it keeps; 54000 for more than a value holds.
func (f *RangeFamily) MultirangeOf(list []*Range, work Work) (Multirange, error) {
	if err := checkMultirange(list); err != nil {
		return nil, err
	}
	err := SortLong(list, func(a, b *Range) (int, error) {
		return f.Compare(a, b), work.spend(rangeWork)
	})
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for _, r := range list {
		if err := work.spend(rangeWork); err != nil {
			return nil, err
		}
		last := len(out) - 1
		switch {
		case r.Empty:
		case last < 0 || f.Before(out[last], r) && !f.Adjacent(out[last], r):
			out = append(out, r)
		default:
			if out[last], err = f.Merge(out[last], r); err != nil {
				return nil, err
			}
		}
	}
	return out[:len(out):len(out)], nil
}

func checkMultirange(list []*Range) error {
	if len(list) > maxMultirangeItems {
		return pgerr.New(pgerr.ProgramLimitExceeded, "multirange size exceeds the maximum allowed (%d)", maxMultirangeItems)
	}
	n := 0
	for _, r := range list {
		if n += r.byteLen(); n > MaxValueBytes {
			return pgerr.New(pgerr.ProgramLimitExceeded, "multirange size exceeds the maximum allowed (%d)", MaxValueBytes)
		}
	}
	return nil
}

// Span is the smallest range that has all of m (range_merge).
func (f *RangeFamily) Span(m Multirange) *Range {
	switch len(m) {
	case 0:
		return &Range{Empty: true}
	case 1:
		return m[0]
	}
	return &Range{Lower: m[0].Lower, Upper: m[len(m)-1].Upper}
}

// CompareMultiranges orders by the first range that differs; the shorter one is less.
func (f *RangeFamily) CompareMultiranges(a, b Multirange, work Work) (int, error) {
	for i := 0; i < len(a) && i < len(b); i++ {
		if err := work.spend(rangeWork); err != nil {
			return 0, err
		}
		if c := f.Compare(a[i], b[i]); c != 0 {
			return c, nil
		}
	}
	return cmp.Compare(len(a), len(b)), nil
}

// UnionMultiranges is what two multiranges have together (+).
func (f *RangeFamily) UnionMultiranges(a, b Multirange, work Work) (Multirange, error) {
	switch {
	case len(a) == 0:
		return b, nil
	case len(b) == 0:
		return a, nil
	}
	return f.MultirangeOf(slices.Concat(a, b), work)
}

// MinusMultiranges is what a has and b has not (-).
func (f *RangeFamily) MinusMultiranges(a, b Multirange, work Work) (Multirange, error) {
	var out []*Range
	for _, r := range a {
		for len(b) > 0 && f.Before(b[0], r) {
			b = b[1:]
			if err := work.spend(rangeWork); err != nil {
				return nil, err
			}
		}
		parts, rest, err := f.without(r, b, work)
		if err != nil {
			return nil, err
		}
		out, b = append(out, parts...), rest
	}
	return f.MultirangeOf(out, work)
}

// without cuts out of a range what others have of it, and returns those that
// may have something of the ranges behind it.
func (f *RangeFamily) without(r *Range, cuts []*Range, work Work) (out, rest []*Range, err error) {
	for ; len(cuts) > 0 && f.Overlaps(r, cuts[0]); cuts = cuts[1:] {
		if err := work.spend(rangeWork); err != nil {
			return nil, nil, err
		}
		left, right, inside, err := f.split(r, cuts[0])
		if err == nil && !inside {
			right, err = f.Minus(r, cuts[0])
		}
		if err != nil {
			return nil, nil, err
		}
		if inside {
			out = append(out, left)
		}
		if r = right; r.Empty || f.Before(r, cuts[0]) {
			break
		}
	}
	return append(out, r), cuts, nil
}

// IntersectMultiranges is what two multiranges have in common (*).
func (f *RangeFamily) IntersectMultiranges(a, b Multirange, work Work) (Multirange, error) {
	var out []*Range
	for len(a) > 0 && len(b) > 0 {
		if err := work.spend(rangeWork); err != nil {
			return nil, err
		}
		if f.Overlaps(a[0], b[0]) {
			r, err := f.Intersect(a[0], b[0])
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		if f.uppers(b[0], a[0]) <= 0 {
			b = b[1:]
		} else {
			a = a[1:]
		}
	}
	return f.MultirangeOf(out, work)
}

// MultirangeHas reports whether a multirange has a value.
func (f *RangeFamily) MultirangeHas(m Multirange, v Datum) bool {
	i := sort.Search(len(m), func(i int) bool { return f.place(m[i], v) <= 0 })
	return i < len(m) && f.Has(m[i], v)
}

// near is the first of a multirange's ranges that does not end before r begins; nil is none.
func (f *RangeFamily) near(m Multirange, r *Range) *Range {
	if i := sort.Search(len(m), func(i int) bool { return f.across(r, m[i]) <= 0 }); i < len(m) {
		return m[i]
	}
	return nil
}

// MultirangeContains reports whether m has all values of a range; all have an empty one's.
func (f *RangeFamily) MultirangeContains(m Multirange, r *Range) bool {
	if r.Empty {
		return true
	}
	at := f.near(m, r)
	return at != nil && f.Contains(at, r)
}

// MultirangeContainsAll reports whether a has all values of b.
func (f *RangeFamily) MultirangeContainsAll(a, b Multirange, work Work) (bool, error) {
	for _, r := range b {
		for len(a) > 0 && f.Before(a[0], r) {
			a = a[1:]
			if err := work.spend(rangeWork); err != nil {
				return false, err
			}
		}
		if len(a) == 0 || !f.Contains(a[0], r) {
			return false, nil
		}
		if err := work.spend(rangeWork); err != nil {
			return false, err
		}
	}
	return true, nil
}

// MultirangeOverlaps reports whether m and a range have values in common.
func (f *RangeFamily) MultirangeOverlaps(m Multirange, r *Range) bool {
	if r.Empty {
		return false
	}
	at := f.near(m, r)
	return at != nil && f.Overlaps(at, r)
}

// MultirangesOverlap reports whether two multiranges have values in common.
func (f *RangeFamily) MultirangesOverlap(a, b Multirange, work Work) (bool, error) {
	for len(a) > 0 && len(b) > 0 {
		if err := work.spend(rangeWork); err != nil {
			return false, err
		}
		switch {
		case f.Overlaps(a[0], b[0]):
			return true, nil
		case f.Before(a[0], b[0]):
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false, nil
}
