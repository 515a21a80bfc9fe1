// Package tree is what rebuilding immutable trees has in common, whatever
// their nodes are: expressions and plans.
package tree

import "slices"

// Mapper maps the parts of one node. After an error nothing is mapped any more.
type Mapper[T comparable] struct {
	f       func(T) (T, error)
	changed bool
	err     error
}

// NewMapper maps parts with f.
func NewMapper[T comparable](f func(T) (T, error)) *Mapper[T] { return &Mapper[T]{f: f} }

// One maps a part; the zero T, no part, stays.
func (m *Mapper[T]) One(part T) T {
	var none T
	if m.err != nil || part == none {
		return part
	}
	r, err := m.f(part)
	if err != nil {
		m.err = err
		return part
	}
	m.changed = m.changed || r != part
	return r
}

// List maps a list of parts; it returns in itself when none changes.
func (m *Mapper[T]) List(in []T) []T {
	out := in
	for i, part := range in {
		r := m.One(part)
		if r == part {
			continue
		}
		if &out[0] == &in[0] {
			out = slices.Clone(in)
		}
		out[i] = r
	}
	return out
}

// Result is what became of a node whose parts m has mapped: rebuilt, or the
// node itself when none of them changed.
func Result[T comparable, N any](m *Mapper[T], node, rebuilt N) (N, error) {
	switch {
	case m.err != nil:
		var none N
		return none, m.err
	case !m.changed:
		return node, nil
	}
	return rebuilt, nil
}
