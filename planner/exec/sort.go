package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// sorter is the Sort node: all rows in memory, or sorted runs in temporary
// files that are merged; with a bound only the rows below it are kept.
type sorter struct {
	run    *run
	input  operator
	keys   *scope // the keys, then the bound
	orders []order
	types  []columnType // of the rows with their keys behind them
	width  int

	rows   []Row // with keys
	bytes  int64
	top    int64 // -1 is none
	files  []*spillFile
	heads  []*runHead
	sorted bool
}

// runHead is a sorted run with its first row not taken yet.
type runHead struct {
	file *spillReader
	row  Row
}

func newSort(r *run, n *plan.Sort) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	o := &sorter{run: r, input: input, width: len(cols), types: typesOf(cols)}
	list := make([]expr.Expr, 0, len(n.Keys)+1)
	for i, k := range n.Keys {
		list = append(list, k.Expr)
		o.orders = append(o.orders, order{len(cols) + i, k.Expr.Type(), k.Desc, k.NullsFirst})
		o.types = append(o.types, columnType{k.Expr.Type(), -1})
	}
	o.keys, err = r.scopeOf(n, "sort", cols, append(list, n.Top)...)
	return o, err
}

func (o *sorter) open(ctx context.Context) error {
	o.sorted, o.top = false, -1
	if err := o.keys.begin(ctx); err != nil {
		return err
	}
	if n := len(o.orders); o.keys.evals[n] != nil {
		v, err := o.keys.value(n, nil)
		if err != nil {
			return err
		}
		if !v.IsNull() && v.Int() >= 0 {
			o.top = v.Int()
		}
	}
	return o.input.open(ctx)
}

func (o *sorter) next(ctx context.Context) ([]Row, error) {
	if !o.sorted {
		if err := o.collect(ctx); err != nil {
			return nil, err
		}
		o.sorted = true
	}
	if len(o.heads) > 0 {
		return o.merge()
	}
	n := min(batchRows, len(o.rows))
	out := make([]Row, n)
	for i := range out {
		out[i] = o.rows[i][:o.width:o.width]
	}
	o.rows = o.rows[n:]
	return out, nil
}

// collect reads the whole input.
func (o *sorter) collect(ctx context.Context) error {
	for {
		rows, err := o.input.next(ctx)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			if err := o.add(row); err != nil {
				return err
			}
		}
	}
	if len(o.files) == 0 {
		o.sortMemory()
		return nil
	}
	if err := o.spill(); err != nil {
		return err
	}
	return o.openRuns()
}

func (o *sorter) add(row Row) error {
	wide := make(Row, o.width+len(o.orders))
	copy(wide, row)
	if err := o.keys.row(wide[o.width:], 0, len(o.orders), row); err != nil {
		return err
	}
	o.rows = append(o.rows, wide)
	o.bytes += rowBytes(wide)
	switch {
	case o.top >= 0 && o.top < 1<<20 && int64(len(o.rows)) >= 2*o.top+batchRows:
		o.sortMemory()
	case o.bytes > o.run.workMem():
		return o.spill()
	}
	return nil
}

// sortMemory sorts what is in memory, and drops what lies beyond the bound.
func (o *sorter) sortMemory() {
	slices.SortStableFunc(o.rows, func(a, b Row) int { return compareRows(o.orders, a, b) })
	if o.top >= 0 && int64(len(o.rows)) > o.top {
		clear(o.rows[o.top:])
		o.rows = o.rows[:o.top]
		o.bytes = 0
		for _, row := range o.rows {
			o.bytes += rowBytes(row)
		}
	}
}

// spill writes what is in memory as one sorted run.
func (o *sorter) spill() error {
	o.sortMemory()
	f, err := newSpill(o.run.env.TempDir, o.types)
	if err != nil {
		return err
	}
	o.files = append(o.files, f)
	for _, row := range o.rows {
		if err := f.add(row); err != nil {
			return err
		}
	}
	o.rows, o.bytes = nil, 0
	if len(o.files) < maxRuns {
		return nil
	}
	return o.compact()
}

// maxRuns is how many sorted runs are merged at once: each keeps a buffer and a file.
const maxRuns = 64

// compact merges all runs into one.
func (o *sorter) compact() error {
	merged, err := newSpill(o.run.env.TempDir, o.types)
	if err != nil {
		return err
	}
	if err := o.openRuns(); err != nil {
		return err
	}
	for len(o.heads) > 0 {
		row, err := o.take()
		if err != nil {
			return err
		}
		if err := merged.add(row); err != nil {
			return err
		}
	}
	o.closeFiles()
	o.files = []*spillFile{merged}
	return nil
}

func (o *sorter) openRuns() error {
	o.heads = nil
	for _, f := range o.files {
		r, err := f.rows()
		if err != nil {
			return err
		}
		h := &runHead{file: r}
		if h.row, err = r.next(); err != nil {
			return err
		}
		if h.row != nil {
			o.heads = append(o.heads, h)
		}
	}
	return nil
}

// take returns the smallest row of all runs; of equal ones the earliest run's,
// so that the sort stays stable.
func (o *sorter) take() (Row, error) {
	least := 0
	for i := 1; i < len(o.heads); i++ {
		if compareRows(o.orders, o.heads[i].row, o.heads[least].row) < 0 {
			least = i
		}
	}
	h := o.heads[least]
	row := h.row
	var err error
	if h.row, err = h.file.next(); err != nil {
		return nil, err
	}
	if h.row == nil {
		o.heads = slices.Delete(o.heads, least, least+1)
	}
	return row, nil
}

func (o *sorter) merge() ([]Row, error) {
	var out []Row
	for len(out) < batchRows && len(o.heads) > 0 {
		row, err := o.take()
		if err != nil {
			return nil, err
		}
		out = append(out, row[:o.width:o.width])
	}
	return out, nil
}

func (o *sorter) closeFiles() {
	for _, f := range o.files {
		f.close()
	}
	o.files, o.heads = nil, nil
}

func (o *sorter) close() error {
	o.closeFiles()
	o.rows, o.bytes = nil, 0
	return o.input.close()
}
