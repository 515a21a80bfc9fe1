package exec

import (
	"math"

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

// aggregate is an aggregate over the frame. As long as that only grows, its
// state goes on from the row before.
func (w *windowValue) aggregate() (types.Datum, error) {
	parts, n, err := w.of.frame.parts()
	if err != nil {
		return types.Null, err
	}
	from, to := int64(0), int64(0)
	if n > 0 {
		from, to = parts[0][0], parts[0][1]
	}
	if w.state == nil || w.from != from || w.to > to {
		w.state, w.from, w.to, w.fresh = w.call.Agg.New(w.of.scope.ctx), from, from, false
	}
	if err := w.add(w.to, to); err != nil {
		return types.Null, err
	}
	w.to = to
	for i := 1; i < n; i++ {
		if err := w.add(parts[i][0], parts[i][1]); err != nil {
			return types.Null, err
		}
		w.to = math.MaxInt64 // not one range: the next row begins anew
	}
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

// add adds the rows from one position to another.
func (w *windowValue) add(from, to int64) error {
	ctx, scope := w.of.scope.ctx, w.of.scope
	for at := from; at < to; at++ {
		if err := ctx.Spend(datumBytes); err != nil {
			return err
		}
		row, err := w.of.rows.get(at)
		if err != nil {
			return err
		}
		w.fresh = false
		if ok, err := scope.holds(w.args+len(w.call.Args), row); err != nil {
			return err
		} else if !ok {
			continue
		}
		args := make(Row, len(w.call.Args))
		if err := scope.row(args, w.args, w.args+len(args), row); err != nil {
			return err
		}
		if len(args) > 0 && w.call.Agg.Strict && anyNull(args) {
			continue
		}
		if err := w.state.Add(owned(args)); err != nil {
			return err
		}
	}
	return nil
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
