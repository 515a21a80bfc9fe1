package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// stages is what a fragment does to the fetched rows before they travel,
// compiled.
type stages struct {
	in     []column
	filter expr.Eval
	group  *grouping
	order  []orderKey
	out    []expr.Eval // nil: the columns as they are
	output []column
}

// orderKey is one ORDER BY item. What is compared are the values' types.Type.SortKey.
type orderKey struct {
	eval expr.Eval
	of   *types.Type
	types.Order
}

func compileStages(f *shard.Fragment, fetched []column) (*stages, error) {
	s := &stages{in: fetched}
	var err error
	if f.Filter != nil {
		if s.filter, err = expr.Compile(f.Filter, identity); err != nil {
			return nil, err
		}
	}
	s.output = fetched
	if f.Group != nil {
		if s.group, err = compileGrouping(f.Group); err != nil {
			return nil, err
		}
		s.output = s.group.columns
	}
	for _, k := range f.Order {
		eval, err := expr.Compile(k.Expr, identity)
		if err != nil {
			return nil, err
		}
		s.order = append(s.order, orderKey{
			eval, k.Expr.Type(), types.Order{Type: k.Expr.Type().SortKeyType(), Desc: k.Desc, NullsFirst: k.NullsFirst},
		})
	}
	if f.Output != nil {
		if s.out, err = expr.CompileAll(f.Output, identity); err != nil {
			return nil, err
		}
		s.output = nil
		for _, e := range f.Output {
			s.output = append(s.output, columnOf(e))
		}
	}
	return s, nil
}

// sorts reports whether the engine must sort: what SQLite returns is in order
// unless rows are dropped or grouped after it.
func (s *stages) sorts() bool { return len(s.order) > 0 && (s.filter != nil || s.group != nil) }

// plain reports whether pages of fetched rows travel as they are.
func (s *stages) plain() bool { return s.filter == nil && s.group == nil && s.out == nil && !s.sorts() }

// compare orders two rows' sort keys; work is asked whether to go on.
func (s *stages) compare(a, b []types.Datum, work types.Work) (int, error) {
	for i := range s.order {
		if c, err := s.order[i].Compare(a[i], b[i], work); c != 0 || err != nil {
			return c, err
		}
	}
	return 0, nil
}

func (s *stages) sortKeys(c *expr.Context, row []types.Datum) ([]types.Datum, error) {
	keys := make([]types.Datum, len(s.order))
	for i := range s.order {
		v, err := s.order[i].eval(c, row)
		if err != nil {
			return nil, err
		}
		if keys[i], err = s.order[i].of.SortKey(v, c.Spend); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// source gives packed rows page by page; a page without rows is the end.
type source interface {
	// next returns rows that are valid until the next call.
	next(ctx context.Context) (rows []byte, n int, err error)
}

// run puts the stages behind in. limit is -1 for none; files, when not nil, takes
// what does not fit into memory.
func (s *stages) run(in source, c *expr.Context, limit int64, files *sortFiles) source {
	if s.filter != nil || s.group == nil && !s.sorts() && s.out != nil {
		in = &mapper{stages: s, in: in, c: c, row: make([]types.Datum, len(s.in)), final: s.group == nil && !s.sorts()}
	}
	if s.group != nil {
		in = &grouper{grouping: s.group, in: in, c: c, columns: s.in, most: files.groupBytes()}
	}
	if s.sorts() {
		in = &sorter{stages: s, in: in, c: c, limit: limit, files: files}
	}
	if s.out != nil && (s.group != nil || s.sorts()) {
		columns := s.in
		if s.group != nil {
			columns = s.group.columns
		}
		in = &mapper{stages: &stages{in: columns, out: s.out, output: s.output}, in: in, c: c, row: make([]types.Datum, len(columns)), final: true}
	}
	if limit >= 0 {
		in = &limiter{in: in, left: limit}
	}
	return in
}

// mapper drops rows that the filter does not pass and, when final, computes
// the output columns.
type mapper struct {
	stages *stages
	in     source
	c      *expr.Context
	row    []types.Datum
	final  bool
	buf    []byte
}

func (m *mapper) next(ctx context.Context) ([]byte, int, error) {
	for {
		rows, n, err := m.in.next(ctx)
		if err != nil || n == 0 {
			return nil, 0, err
		}
		if n, err = m.page(rows); err != nil || n > 0 {
			return m.buf, n, err
		}
	}
}

func (m *mapper) page(rows []byte) (kept int, err error) {
	m.buf = m.buf[:0]
	for len(rows) > 0 {
		var packed []byte
		packed, rows = nextRow(rows)
		if err := decodeRow(m.row, m.stages.in, packed); err != nil {
			return 0, err
		}
		if m.stages.filter != nil {
			v, err := m.stages.filter(m.c, m.row)
			if err != nil {
				return 0, err
			}
			if !v.IsTrue() {
				continue
			}
		}
		kept++
		if !m.final || m.stages.out == nil {
			m.buf = appendRow(m.buf, packed)
			continue
		}
		if err := m.emit(); err != nil {
			return 0, err
		}
	}
	return kept, nil
}

// emit appends the output columns of the current row.
func (m *mapper) emit() error {
	start := len(m.buf)
	m.buf = append(m.buf, 0, 0, 0, 0)
	for i, eval := range m.stages.out {
		v, err := eval(m.c, m.row)
		if err != nil {
			return err
		}
		m.buf = appendDatum(m.buf, m.stages.output[i], v)
	}
	setLength(m.buf, start)
	return nil
}

// limiter ends after some rows.
type limiter struct {
	in   source
	left int64
}

func (l *limiter) next(ctx context.Context) ([]byte, int, error) {
	if l.left <= 0 {
		return nil, 0, nil
	}
	rows, n, err := l.in.next(ctx)
	if err != nil || int64(n) <= l.left {
		l.left -= int64(n)
		return rows, n, err
	}
	n = int(l.left)
	rest := rows
	for range n {
		_, rest = nextRow(rest)
	}
	l.left = 0
	return rows[:len(rows)-len(rest)], n, nil
}
