package engine

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// merger merges two sources that are in the fragment's order.
type merger struct {
	stages *stages
	c      *expr.Context
	a, b   source
	heads  [2]cursor
	opened bool
	buf    []byte
}

// cursor stands on a row of a source.
type cursor struct {
	src  source
	rows []byte // from the current row on
	row  []byte
	keys []types.Datum
	all  []types.Datum
}

// newSorted makes an ordered source of an unordered one.
func newSorted(s *stages, in source, c *expr.Context) source {
	return &sorter{stages: &stages{in: s.in, order: s.order}, in: in, c: c, limit: -1}
}

func (m *merger) next(ctx context.Context) ([]byte, int, error) {
	if !m.opened {
		m.opened = true
		for i, src := range []source{m.a, m.b} {
			m.heads[i] = cursor{src: src, all: make([]types.Datum, len(m.stages.in))}
			if err := m.advance(ctx, &m.heads[i]); err != nil {
				return nil, 0, err
			}
		}
	}
	m.buf = m.buf[:0]
	n := 0
	for len(m.buf) < pageBytes {
		h, err := m.first()
		if err != nil {
			return nil, 0, err
		}
		if h == nil {
			break
		}
		m.buf = appendRow(m.buf, h.row)
		n++
		if err := m.advance(ctx, h); err != nil {
			return nil, 0, err
		}
	}
	return m.buf, n, nil
}

// first is the cursor whose row comes first, nil at the end.
func (m *merger) first() (*cursor, error) {
	a, b := &m.heads[0], &m.heads[1]
	switch {
	case a.row == nil && b.row == nil:
		return nil, nil
	case b.row == nil:
		return a, nil
	case a.row == nil:
		return b, nil
	}
	if n, err := m.stages.compare(b.keys, a.keys, m.c.Spend); n < 0 || err != nil {
		return b, err
	}
	return a, nil
}

// advance moves a cursor to its next row.
func (m *merger) advance(ctx context.Context, h *cursor) (err error) {
	if len(h.rows) == 0 {
		rows, n, err := h.src.next(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			h.row = nil
			return nil
		}
		h.rows = slices.Clone(rows)
	}
	h.row, h.rows = nextRow(h.rows)
	if h.row == nil {
		h.row = []byte{}
	}
	if err := decodeRow(h.all, m.stages.in, h.row); err != nil {
		return err
	}
	h.keys, err = m.stages.sortKeys(m.c, h.all)
	return err
}
