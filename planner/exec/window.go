package exec

import (
	"context"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// window is the Window node. Of a partition as many rows are read as the values
// at the current row depend on, and those are kept that a later row may look back at.
type window struct {
	run   *run
	node  *plan.Window
	input operator
	scope *scope // what the calls need of each row, see windowValue
	// offsets are the frame's, which have one value for all rows.
	offsets   *scope
	partition []order
	order     []order
	values    []windowValue
	width     int

	// more reads another row of the partition.
	more     func() error
	batch    []Row // of the input, not read yet
	upcoming Row   // the first row of the next partition
	head     Row   // the first row of this one
	rows     *rowArray
	count    int64 // rows of the partition that have been read
	whole    bool  // these are all
	done     bool  // the input has been read to its end
	frame    frame
}

func newWindow(r *run, n *plan.Window) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	layout := layoutOf(cols)
	o := &window{run: r, node: n, input: input, width: len(cols), rows: newRowArray(r, typesOf(cols))}
	position := func(e expr.Expr) (int, error) {
		if c, ok := e.(*expr.Column); ok && layout(c.ID) >= 0 {
			return layout(c.ID), nil
		}
		return 0, pgerr.Internal("a window's key is no column of its input")
	}
	for _, e := range n.Partition {
		at, err := position(e)
		if err != nil {
			return nil, err
		}
		o.partition = append(o.partition, rising(at, e.Type()))
	}
	for _, k := range n.Order {
		at, err := position(k.Expr)
		if err != nil {
			return nil, err
		}
		o.order = append(o.order, orderOf(at, k))
	}
	var list []expr.Expr
	for _, call := range n.Calls {
		o.values = append(o.values, newWindowValue(o, call, len(list)))
		list = append(append(list, call.Args...), call.Filter)
	}
	if o.scope, err = r.scopeOf(n, "window", cols, list...); err != nil {
		return nil, err
	}
	o.frame = frame{of: o, Frame: &n.Frame}
	o.offsets, err = r.scopeOf(n, "frame", nil, n.Frame.Start.Offset, n.Frame.End.Offset)
	return o, err
}

func (o *window) open(ctx context.Context) error {
	o.batch, o.upcoming, o.done = nil, nil, false
	for _, s := range []*scope{o.scope, o.offsets} {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	o.frame.known = false
	if err := o.begin(nil); err != nil {
		return err
	}
	o.whole = true // the partition before the first
	return o.input.open(ctx)
}

// begin starts the partition of a row; nil is an empty one.
func (o *window) begin(first Row) error {
	if err := o.rows.clear(); err != nil {
		return err
	}
	o.head, o.upcoming, o.count, o.whole = first, nil, 0, false
	o.frame.restart()
	for i := range o.values {
		o.values[i].restart()
	}
	if first == nil {
		return nil
	}
	o.count = 1
	return o.rows.add(first)
}

func (o *window) next(ctx context.Context) ([]Row, error) {
	o.more = func() error { return o.read(ctx) }
	var out []Row
	for bytes := int64(0); len(out) < batchRows && bytes < batchBytes; {
		row, err := o.step(ctx)
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
		out, bytes = append(out, row), bytes+rowBytes(row)
	}
	return out, ctx.Err()
}

// step returns the next row, nil at the end.
func (o *window) step(ctx context.Context) (Row, error) {
	there, err := o.has(o.frame.at + 1)
	if err != nil {
		return nil, err
	}
	if !there {
		if o.upcoming, err = o.firstOfNext(ctx); err != nil || o.upcoming == nil {
			return nil, err
		}
		if err := o.begin(owned(o.upcoming)); err != nil {
			return nil, err
		}
	}
	if err := o.frame.advance(); err != nil {
		return nil, err
	}
	in, err := o.rows.get(o.frame.at)
	if err != nil {
		return nil, err
	}
	out := make(Row, o.width, o.width+len(o.values))
	copy(out, in)
	for i := range o.values {
		v, err := o.values[i].compute()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	o.rows.forget(o.needed())
	return out, nil
}

// firstOfNext is the first row behind the partition, nil at the input's end.
func (o *window) firstOfNext(ctx context.Context) (Row, error) {
	if o.upcoming != nil {
		return o.upcoming, nil
	}
	return o.take(ctx)
}

// take reads a row of the input, nil at its end.
func (o *window) take(ctx context.Context) (Row, error) {
	for len(o.batch) == 0 {
		if o.done {
			return nil, nil
		}
		var err error
		if o.batch, err = o.input.next(ctx); err != nil {
			return nil, err
		}
		o.done = len(o.batch) == 0
	}
	row := o.batch[0]
	o.batch = o.batch[1:]
	return row, nil
}

// read reads the next row of the partition, or finds its end.
func (o *window) read(ctx context.Context) error {
	row, err := o.take(ctx)
	if err != nil {
		return err
	}
	if row == nil {
		o.whole = true
		return nil
	}
	c, err := compareRows(o.partition, o.head, row, o.run.work())
	if err != nil {
		return err
	}
	if c != 0 {
		o.whole, o.upcoming = true, row
		return nil
	}
	o.count++
	return o.rows.add(row)
}

// has reports whether the partition has a row at a position.
func (o *window) has(at int64) (bool, error) {
	for at >= o.count && !o.whole {
		if err := o.more(); err != nil {
			return false, err
		}
	}
	return at < o.count, nil
}

// size is how many rows the partition has.
func (o *window) size() (int64, error) {
	_, err := o.has(math.MaxInt64)
	return o.count, err
}

// needed is the first position that a later row may look back at.
func (o *window) needed() int64 {
	least := o.frame.needed()
	for i := range o.values {
		least = min(least, o.values[i].needed())
	}
	return least
}

// peers reports whether ORDER BY does not tell the rows at two positions apart.
func (o *window) peers(a, b int64) (bool, error) {
	if len(o.order) == 0 {
		return true, nil
	}
	x, err := o.rows.get(a)
	if err != nil {
		return false, err
	}
	y, err := o.rows.get(b)
	if err != nil {
		return false, err
	}
	c, err := compareRows(o.order, x, y, o.run.work())
	return c == 0, err
}

func (o *window) close() error {
	o.batch, o.upcoming, o.head = nil, nil, nil
	err := o.rows.clear()
	for i := range o.values {
		o.values[i].restart()
	}
	if e := o.input.close(); err == nil {
		err = e
	}
	return err
}
