package builtin

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// candidate is a function or operator that could be meant, with the argument
// types that it has for this call (variadic ones repeated, defaults left out).
type candidate[T any] struct {
	what T
	args []*types.Type
}

// matchArguments keeps the candidates whose arguments the input types can be
// coerced to implicitly (func_match_argtypes).
func matchArguments[T any](l *Library, input []*types.Type, list []candidate[T]) []candidate[T] {
	var out []candidate[T]
	for _, c := range list {
		if l.canCoerceAll(input, c.args, Implicit) {
			out = append(out, c)
		}
	}
	return out
}

// keepBest keeps the candidates with the highest score; all when none scores.
func keepBest[T any](list []candidate[T], score func([]*types.Type) int) []candidate[T] {
	best := 0
	var out []candidate[T]
	for _, c := range list {
		switch n := score(c.args); {
		case n > best || len(out) == 0:
			best, out = n, []candidate[T]{c}
		case n == best:
			out = append(out, c)
		}
	}
	return out
}

// selectCandidate chooses among several candidates that all could be called
// (func_select_candidate, manual 10.2 steps 3 and 10.3 step 4); nil when the
// choice is ambiguous.
func selectCandidate[T any](l *Library, input []*types.Type, list []candidate[T]) *candidate[T] {
	base := make([]*types.Type, len(input))
	unknowns := 0
	for i, t := range input {
		base[i] = t.Base()
		if t == types.TUnknown {
			unknowns++
		}
	}
	list = keepBest(list, func(args []*types.Type) int { return exactMatches(base, args) })
	if len(list) == 1 {
		return &list[0]
	}
	list = keepBest(list, func(args []*types.Type) int { return preferredMatches(base, args) })
	if len(list) == 1 {
		return &list[0]
	}
	if unknowns == 0 {
		return nil
	}
	if narrowed, ok := byUnknownCategories(base, list); ok {
		list = narrowed
	}
	if len(list) == 1 {
		return &list[0]
	}
	return byKnownType(l, base, unknowns, list)
}

func exactMatches(base, args []*types.Type) (n int) {
	for i, t := range args {
		if base[i] != types.TUnknown && t == base[i] {
			n++
		}
	}
	return n
}

func preferredMatches(base, args []*types.Type) (n int) {
	for i, t := range args {
		if base[i] != types.TUnknown && (t == base[i] || t.Preferred && t.Category == base[i].Category) {
			n++
		}
	}
	return n
}

// slot is what the candidates want of one argument that is an unknown literal.
type slot struct {
	category  types.Category
	preferred bool
}

// byUnknownCategories gives each unknown literal the category that the
// candidates agree on (string wins) and keeps those that take it; ok is false
// when they disagree.
func byUnknownCategories[T any](base []*types.Type, list []candidate[T]) ([]candidate[T], bool) {
	slots := map[int]slot{}
	for i, t := range base {
		if t != types.TUnknown {
			continue
		}
		s, ok := slotOf(i, list)
		if !ok {
			return nil, false
		}
		slots[i] = s
	}
	var out []candidate[T]
	for _, c := range list {
		fits := true
		for i, s := range slots {
			t := c.args[i]
			fits = fits && t.Category == s.category && (t.Preferred || !s.preferred)
		}
		if fits {
			out = append(out, c)
		}
	}
	return out, len(out) > 0
}

func slotOf[T any](i int, list []candidate[T]) (s slot, ok bool) {
	conflict := false
	for n, c := range list {
		t := c.args[i]
		switch {
		case n == 0:
			s = slot{t.Category, t.Preferred}
		case t.Category == s.category:
			s.preferred = s.preferred || t.Preferred
		case t.Category == types.CategoryString:
			s = slot{t.Category, t.Preferred}
		default:
			conflict = true
		}
	}
	return s, !conflict || s.category == types.CategoryString
}

// byKnownType assumes that the unknown literals have the type that all known
// arguments share, and takes the one candidate that this leaves.
func byKnownType[T any](l *Library, base []*types.Type, unknowns int, list []candidate[T]) *candidate[T] {
	if unknowns == len(base) {
		return nil
	}
	var known *types.Type
	for _, t := range base {
		if t == types.TUnknown {
			continue
		}
		if known != nil && known != t {
			return nil
		}
		known = t
	}
	assumed := slices.Repeat([]*types.Type{known}, len(base))
	var found *candidate[T]
	for i := range list {
		if l.canCoerceAll(assumed, list[i].args, Implicit) {
			if found != nil {
				return nil
			}
			found = &list[i]
		}
	}
	return found
}
