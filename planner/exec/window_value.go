package exec

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// windowValue computes one call of a window.
type windowValue struct {
	of   *window
	call *expr.WindowCall
	args int // the first argument in the window's scope; the filter comes behind the last

	// function is a window function in the current partition.
	function func(v expr.WindowView) (types.Datum, error)

	// Of an aggregate: the state over the rows from one position to another, and
	// its value if nothing has been added since.
	state    expr.Accumulator
	from, to int64
	value    types.Datum
	fresh    bool
	// removes: rows can be taken out of the state again.
	removes bool
}

func newWindowValue(of *window, call *expr.WindowCall, args int) windowValue {
	w := windowValue{of: of, call: call, args: args}
	if call.Func == nil {
		_, w.removes = call.Agg.New(&of.run.ctx).(expr.Remover)
		w.removes = w.removes && !expr.HasVolatile(call) && !expr.HasSubquery(call)
	}
	return w
}

var _ expr.WindowView = (*windowValue)(nil)

// restart begins a partition.
func (w *windowValue) restart() {
	if w.call.Func != nil {
		w.function = w.call.Func.New()
	}
	w.state, w.value, w.fresh = nil, types.Null, false
}

func (w *windowValue) compute() (types.Datum, error) {
	if w.call.Func != nil {
		return w.function(w)
	}
	return w.aggregate()
}

// Position implements expr.WindowView.
func (w *windowValue) Position() (own, peers int64) { return w.of.frame.at, w.of.frame.peerFirst }

// PeersEnd implements expr.WindowView.
func (w *windowValue) PeersEnd() (int64, error) { return w.of.frame.peersEnd() }

// Size implements expr.WindowView.
func (w *windowValue) Size() (int64, error) { return w.of.size() }

// Arg implements expr.WindowView.
func (w *windowValue) Arg(arg int, at int64) (types.Datum, bool, error) {
	if at < 0 {
		return types.Null, false, nil
	}
	if there, err := w.of.has(at); err != nil || !there {
		return types.Null, false, err
	}
	row, err := w.of.rows.get(at)
	if err != nil {
		return types.Null, false, err
	}
	v, err := w.of.scope.value(w.args+arg, row)
	return v, true, err
}

// FrameRow implements expr.WindowView.
func (w *windowValue) FrameRow(n int64) (int64, error) { return w.of.frame.row(n) }

// aggregate is an aggregate over the frame.
func (w *windowValue) aggregate() (types.Datum, error) {
	f := &w.of.frame
	if f.Exclude != expr.ExcludeNothing && !w.removes {
		return w.overParts()
	}
	start, err := f.start()
	if err != nil {
		return types.Null, err
	}
	end, err := f.end()
	if err != nil {
		return types.Null, err
	}
	if err := w.move(start, max(start, end)); err != nil {
		return types.Null, err
	}
	if f.Exclude == expr.ExcludeNothing {
		return w.result()
	}
	return w.without()
}

// begin is a state over no rows, at a position.
func (w *windowValue) begin(at int64) {
	w.state, w.from, w.to, w.fresh = w.call.Agg.New(w.of.scope.ctx), at, at, false
}

// move brings the state from the frame of the row before to this one's: what
// came is added, and what went taken out, or all made anew.
func (w *windowValue) move(from, to int64) error {
	if w.state == nil || w.to > to || from < w.from {
		w.begin(from)
	}
	if w.from < from {
		if !w.removes || from-w.from > to-from {
			w.begin(from)
		} else if ok, err := w.add(w.from, from, w.remove); err != nil {
			return err
		} else if !ok {
			w.begin(from)
		}
	}
	_, err := w.add(w.to, to, w.take)
	w.from, w.to = from, to
	return err
}

// without is the value over the state's rows but those that the frame excludes.
func (w *windowValue) without() (types.Datum, error) {
	out, n, err := w.of.frame.excluded()
	if err != nil {
		return types.Null, err
	}
	for i := range n {
		ok, err := w.add(out[i][0], out[i][1], w.remove)
		if err != nil {
			return types.Null, err
		}
		if !ok {
			return w.overParts()
		}
	}
	v, err := w.result()
	for i := range n {
		if _, e := w.add(out[i][0], out[i][1], w.take); err == nil {
			err = e
		}
	}
	return v, err
}

// overParts computes the value from all rows of the frame, for this row alone.
func (w *windowValue) overParts() (types.Datum, error) {
	parts, n, err := w.of.frame.parts()
	if err != nil {
		return types.Null, err
	}
	w.begin(0)
	for i := range n {
		if _, err := w.add(parts[i][0], parts[i][1], w.take); err != nil {
			return types.Null, err
		}
	}
	v, err := w.result()
	w.state = nil
	return v, err
}

func (w *windowValue) result() (types.Datum, error) {
	if w.fresh {
		return w.value, nil
	}
	v, err := w.state.Result()
	if err != nil {
		return types.Null, err
	}
	if kind := v.Kind(); kind == types.KindText || kind == types.KindBytes {
		v = ownedDatum(v) // what is added next may be written where it lies
	}
	w.value, w.fresh = v, true
	return v, nil
}

func (w *windowValue) take(args Row) (bool, error) { return true, w.state.Add(owned(args)) }

func (w *windowValue) remove(args Row) (bool, error) { return w.state.(expr.Remover).Remove(args) }

// add hands the arguments of the rows from one position to another to f, until
// it answers false.
func (w *windowValue) add(from, to int64, f func(args Row) (bool, error)) (bool, error) {
	for at := from; at < to; at++ {
		w.fresh = false
		args, err := w.arguments(at)
		if err != nil {
			return false, err
		}
		if args == nil {
			continue
		}
		if ok, err := f(args); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// arguments are those of the row at a position, nil if the aggregate leaves it out.
func (w *windowValue) arguments(at int64) (Row, error) {
	scope := w.of.scope
	if err := scope.ctx.Spend(datumBytes); err != nil {
		return nil, err
	}
	row, err := w.of.rows.get(at)
	if err != nil {
		return nil, err
	}
	if ok, err := scope.holds(w.args+len(w.call.Args), row); err != nil || !ok {
		return nil, err
	}
	args := make(Row, len(w.call.Args))
	if err := scope.row(args, w.args, w.args+len(args), row); err != nil {
		return nil, err
	}
	if len(args) > 0 && w.call.Agg.Strict && anyNull(args) {
		return nil, nil
	}
	return args, nil
}

// needed is the first position that a later row's value may depend on.
func (w *windowValue) needed() int64 {
	f := &w.of.frame
	switch {
	case w.call.Func == nil && f.Start.Kind == expr.UnboundedPreceding && f.Exclude == expr.ExcludeNothing:
		return w.to
	case w.call.Func == nil || w.call.Func.Looks == expr.LooksInFrame:
		if f.headAt < 0 || f.Start.Kind == expr.UnboundedPreceding {
			return 0
		}
		return f.head
	case w.call.Func.Looks == expr.LooksAround:
		return w.lookBack()
	}
	return f.at
}

// lookBack is needed of a function that looks at rows at a distance.
func (w *windowValue) lookBack() int64 {
	distance := int64(1)
	if len(w.call.Args) > 1 {
		c, ok := w.call.Args[1].(*expr.Const)
		if !ok || c.Value.IsNull() {
			return 0
		}
		distance = max(c.Value.Int(), -c.Value.Int())
	}
	return w.of.frame.at + 1 - distance
}
