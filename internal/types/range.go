package types

import (
	"cmp"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// RangeFamily is what a range type and its multirange type share. Values of
// both are ordered by Subtype's order.
type RangeFamily struct {
	Subtype    *Type
	Range      *Type
	Multirange *Type

	constructor, multirangeConstructor RangeConstructor

	// next is the value behind another one, where values are discrete: ranges
	// are [a,b) then. nil elsewhere.
	next func(Datum) (Datum, error)
}

// Range is a value of a range type.
type Range struct {
	Lower, Upper Bound
	Empty        bool // then the bounds are the zero Bound
}

// Bound is one end of a range.
type Bound struct {
	Value     Datum // NULL when Infinite
	Infinite  bool
	Inclusive bool // never when Infinite
}

// Ranges returns the family of a range or multirange type, also of a domain
// over one; nil for every other type.
func (t *Type) Ranges() *RangeFamily { return t.Base().family }

// IsRange reports whether values of t, or of what a domain stands on, are ranges.
func (t *Type) IsRange() bool { return t.Datum == KindRange }

// IsMultirange reports the same of multiranges.
func (t *Type) IsMultirange() bool { return t.Datum == KindMultirange }

// Constructor is the function that makes values of t, of which this is the
// family; the zero RangeConstructor for a built-in type.
func (f *RangeFamily) Constructor(t *Type) RangeConstructor {
	if t.IsMultirange() {
		return f.multirangeConstructor
	}
	return f.constructor
}

func errRangeOrder() error {
	return pgerr.New(pgerr.DataException, "range lower bound must be less than or equal to range upper bound")
}

// Make makes a range of two bounds, as canonical as the type wants it: 22000
// for a lower one above the upper one, 22003 or 22008 where a discrete one has no successor.
func (f *RangeFamily) Make(lower, upper Bound) (*Range, error) {
	r, err := f.plain(lower, upper)
	if err != nil || r.Empty || f.next == nil {
		return r, err
	}
	if !r.Lower.Infinite && !r.Lower.Inclusive {
		if r.Lower, err = f.step(r.Lower); err != nil {
			return nil, err
		}
	}
	if r.Upper.Inclusive {
		if r.Upper, err = f.step(r.Upper); err != nil {
			return nil, err
		}
	}
	return f.plain(r.Lower, r.Upper)
}

// step moves a bound behind its value, and turns what it includes. What has no
// successor, an infinite date, stays.
func (f *RangeFamily) step(b Bound) (Bound, error) {
	v, err := f.next(b.Value)
	if err != nil || f.Subtype.Compare(v, b.Value) == 0 {
		return b, err
	}
	return Bound{Value: v, Inclusive: !b.Inclusive}, nil
}

// plain is Make without the canonical form.
func (f *RangeFamily) plain(lower, upper Bound) (*Range, error) {
	c := f.compareValues(lower, false, upper, true)
	switch {
	case c > 0:
		return nil, errRangeOrder()
	case c == 0 && !(lower.Inclusive && upper.Inclusive):
		return &Range{Empty: true}, nil
	}
	return &Range{Lower: lower.settled(), Upper: upper.settled()}, nil
}

// settled takes out of an infinite bound what it does not have.
func (b Bound) settled() Bound {
	if b.Infinite {
		return Bound{Infinite: true}
	}
	return b
}

// side is where a bound that is infinite lies: -1, 1, and 0 for all others.
func (b Bound) side(upper bool) int {
	switch {
	case !b.Infinite:
		return 0
	case upper:
		return 1
	}
	return -1
}

// compareValues orders two bounds by their values alone (range_cmp_bound_values).
func (f *RangeFamily) compareValues(a Bound, aUpper bool, b Bound, bUpper bool) int {
	if a.Infinite || b.Infinite {
		return cmp.Compare(a.side(aUpper), b.side(bUpper))
	}
	return f.Subtype.Compare(a.Value, b.Value)
}

// compareBounds orders two bounds: a lower one that excludes its value begins
// behind it, an upper one ends in front of it (range_cmp_bounds).
func (f *RangeFamily) compareBounds(a Bound, aUpper bool, b Bound, bUpper bool) int {
	if c := f.compareValues(a, aUpper, b, bUpper); c != 0 || a.Infinite {
		return c
	}
	return cmp.Compare(a.shift(aUpper), b.shift(bUpper))
}

// shift is on which side of its value a bound lies.
func (b Bound) shift(upper bool) int {
	switch {
	case b.Inclusive:
		return 0
	case upper:
		return -1
	}
	return 1
}

func (f *RangeFamily) lowers(a, b *Range) int { return f.compareBounds(a.Lower, false, b.Lower, false) }

func (f *RangeFamily) uppers(a, b *Range) int { return f.compareBounds(a.Upper, true, b.Upper, true) }

// across orders a's lower bound and b's upper bound.
func (f *RangeFamily) across(a, b *Range) int { return f.compareBounds(a.Lower, false, b.Upper, true) }

// Compare is the default order: empty ranges first, then by lower, then by upper bound.
func (f *RangeFamily) Compare(a, b *Range) int {
	if a.Empty || b.Empty {
		return cmp.Compare(emptyRank(a), emptyRank(b))
	}
	if c := f.lowers(a, b); c != 0 {
		return c
	}
	return f.uppers(a, b)
}

func emptyRank(r *Range) int {
	if r.Empty {
		return 0
	}
	return 1
}

// Overlaps reports whether two ranges have values in common (&&).
func (f *RangeFamily) Overlaps(a, b *Range) bool {
	return !a.Empty && !b.Empty && f.across(a, b) <= 0 && f.across(b, a) <= 0
}

// Contains reports whether a has all values of b (@>).
func (f *RangeFamily) Contains(a, b *Range) bool {
	if a.Empty || b.Empty {
		return b.Empty
	}
	return f.lowers(a, b) <= 0 && f.uppers(a, b) >= 0
}

// Has reports whether a range has a value.
func (f *RangeFamily) Has(r *Range, v Datum) bool { return !r.Empty && f.place(r, v) == 0 }

// place is on which side of a range that is not empty a value lies.
func (f *RangeFamily) place(r *Range, v Datum) int {
	if !r.Lower.Infinite {
		if c := f.Subtype.Compare(r.Lower.Value, v); c > 0 || c == 0 && !r.Lower.Inclusive {
			return -1
		}
	}
	if !r.Upper.Infinite {
		if c := f.Subtype.Compare(r.Upper.Value, v); c < 0 || c == 0 && !r.Upper.Inclusive {
			return 1
		}
	}
	return 0
}

// Before reports whether a ends before b begins (<<).
func (f *RangeFamily) Before(a, b *Range) bool { return !a.Empty && !b.Empty && f.across(b, a) > 0 }

// NotBeyond reports whether a does not extend to the right of b (&<).
func (f *RangeFamily) NotBeyond(a, b *Range) bool {
	return !a.Empty && !b.Empty && f.uppers(a, b) <= 0
}

// NotBelow reports whether a does not extend to the left of b (&>).
func (f *RangeFamily) NotBelow(a, b *Range) bool { return !a.Empty && !b.Empty && f.lowers(a, b) >= 0 }

// Adjacent reports whether one ends where the other begins (-|-).
func (f *RangeFamily) Adjacent(a, b *Range) bool {
	return !a.Empty && !b.Empty && (f.meets(a.Upper, b.Lower) || f.meets(b.Upper, a.Lower))
}

// meets reports whether nothing lies between an upper and a lower bound, which
// do not overlap either (bounds_adjacent).
func (f *RangeFamily) meets(upper, lower Bound) bool {
	c := f.compareValues(upper, true, lower, false)
	if c != 0 {
		return c < 0 && f.next != nil && f.nothingBetween(upper, lower)
	}
	return upper.Inclusive != lower.Inclusive
}

// nothingBetween makes a range of what lies between two bounds of a discrete type.
func (f *RangeFamily) nothingBetween(upper, lower Bound) bool {
	upper.Inclusive, lower.Inclusive = !upper.Inclusive, !lower.Inclusive
	r, err := f.Make(upper, lower)
	return err == nil && r.Empty
}

// Union is what two ranges have together: 22000 when that is no range (+).
func (f *RangeFamily) Union(a, b *Range) (*Range, error) {
	if !a.Empty && !b.Empty && !f.Overlaps(a, b) && !f.Adjacent(a, b) {
		return nil, pgerr.New(pgerr.DataException, "result of range union would not be contiguous")
	}
	return f.Merge(a, b)
}

// Merge is the smallest range that has both (range_merge).
func (f *RangeFamily) Merge(a, b *Range) (*Range, error) {
	switch {
	case a.Empty:
		return b, nil
	case b.Empty:
		return a, nil
	}
	lower, upper := b.Lower, b.Upper
	if f.lowers(a, b) < 0 {
		lower = a.Lower
	}
	if f.uppers(a, b) > 0 {
		upper = a.Upper
	}
	return f.Make(lower, upper)
}

// Intersect is what two ranges have in common (*).
func (f *RangeFamily) Intersect(a, b *Range) (*Range, error) {
	if !f.Overlaps(a, b) {
		return &Range{Empty: true}, nil
	}
	lower, upper := b.Lower, b.Upper
	if f.lowers(a, b) >= 0 {
		lower = a.Lower
	}
	if f.uppers(a, b) <= 0 {
		upper = a.Upper
	}
	return f.Make(lower, upper)
}

// Minus is what a has and b has not: 22000 when that is no range (-).
func (f *RangeFamily) Minus(a, b *Range) (*Range, error) {
	if !f.Overlaps(a, b) {
		return a, nil
	}
	left, right := f.lowers(a, b), f.uppers(a, b)
	switch {
	case left < 0 && right > 0:
		return nil, pgerr.New(pgerr.DataException, "result of range difference would not be contiguous")
	case left >= 0 && right <= 0:
		return &Range{Empty: true}, nil
	case left < 0:
		return f.Make(a.Lower, b.Lower.turned())
	}
	return f.Make(b.Upper.turned(), a.Upper)
}

// split is a without b where b leaves something on both sides of itself.
func (f *RangeFamily) split(a, b *Range) (left, right *Range, ok bool, err error) {
	if f.lowers(a, b) >= 0 || f.uppers(a, b) <= 0 {
		return nil, nil, false, nil
	}
	if left, err = f.Make(a.Lower, b.Lower.turned()); err == nil {
		right, err = f.Make(b.Upper.turned(), a.Upper)
	}
	return left, right, true, err
}

// turned is the bound of what lies on the other side.
func (b Bound) turned() Bound {
	b.Inclusive = !b.Inclusive
	return b
}

// nextInteger is the successor of an integer of that many bits.
func nextInteger(last int64, errRange func() error) func(Datum) (Datum, error) {
	return func(d Datum) (Datum, error) {
		if d.Int() == last {
			return Null, errRange()
		}
		return Int(d.Int() + 1), nil
	}
}

func nextDate(d Datum) (Datum, error) {
	v, err := DateAddDays(d.Int(), 1)
	return Int(v), err
}

// RangeInclusions reads the third argument of a range's constructor: 42601
// unless it is two brackets or parentheses.
func RangeInclusions(s string) (lower, upper bool, err error) {
	if len(s) != 2 || !strings.Contains("[(", s[:1]) || !strings.Contains("])", s[1:]) {
		return false, false, pgerr.New(pgerr.SyntaxError, "invalid range bound flags").
			WithHint("Valid values are \"[]\", \"[)\", \"(]\", and \"()\".")
	}
	return s[0] == '[', s[1] == ']', nil
}
