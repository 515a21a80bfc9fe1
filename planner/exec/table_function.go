package exec

import (
	"context"
	"iter"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// tableFunction is functions in FROM. A single one streams; several (ROWS FROM) advance side
// by side over what each has given in whole.
type tableFunction struct {
	run    *run
	node   *plan.TableFunction
	args   []*scope
	widths []int // how many columns each call gives
	pull   func() (types.Datum, bool, error)
	stop   func()
	rows   [][]types.Datum
	count  int64
	at     int
}

func newTableFunction(r *run, n *plan.TableFunction) (operator, error) {
	o := &tableFunction{run: r, node: n}
	for _, c := range n.Calls {
		if c.Func.ReturnsSet && c.Func.Rows == nil && c.Func.Bind == nil {
			return nil, pgerr.Unsupported("function %s", expr.Signature(c.Func.Name, c.Func.Args))
		}
		s, err := r.scope(nil, c.Args...)
		if err != nil {
			return nil, err
		}
		o.args = append(o.args, s)
	}
	o.widths = functionWidths(n)
	return o, nil
}

// functionWidths: a function that returns a record gives as many columns as it
// declares (one alone gives all there are); others give one.
func functionWidths(n *plan.TableFunction) []int {
	total := len(n.Cols)
	if n.Ordinality {
		total--
	}
	widths := make([]int, len(n.Calls))
	for i, c := range n.Calls {
		switch {
		case len(n.Calls) == 1:
			widths[i] = total
		case len(c.Func.Columns) > 1:
			widths[i] = len(c.Func.Columns)
		default:
			widths[i] = 1
		}
	}
	return widths
}

func (o *tableFunction) open(ctx context.Context) error {
	o.count, o.at, o.rows = 0, 0, nil
	for i, c := range o.node.Calls {
		if err := o.args[i].begin(ctx); err != nil {
			return err
		}
		args := make([]types.Datum, len(c.Args))
		if err := o.args[i].row(args, 0, len(args), nil); err != nil {
			return err
		}
		if len(o.node.Calls) == 1 && c.Func.ReturnsSet {
			o.pull, o.stop = pullRows(o.args[i].ctx, c.Func, args)
			return nil
		}
		rows, err := o.all(o.args[i].ctx, c, args)
		if err != nil {
			return err
		}
		o.rows = append(o.rows, rows)
	}
	return nil
}

// all is everything a call gives: of a plain function its one value.
func (o *tableFunction) all(ctx *expr.Context, c *expr.Call, args []types.Datum) ([]types.Datum, error) {
	if c.Func.ReturnsSet {
		return callRows(ctx, c.Func, args)
	}
	v, err := expr.Apply(ctx, c.Func, args...)
	return []types.Datum{v}, err
}

func (o *tableFunction) next(ctx context.Context) ([]Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []Row
	for len(out) < batchRows {
		row, ok, err := o.row()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		o.count++
		if o.node.Ordinality {
			row = append(row, types.Int(o.count))
		}
		out = append(out, row)
	}
	return out, nil
}

// row is the next row without its number.
func (o *tableFunction) row() (Row, bool, error) {
	if o.pull != nil {
		v, ok, err := o.pull()
		if !ok || err != nil {
			return nil, false, err
		}
		return spread(make(Row, 0, len(o.node.Cols)), v, o.widths[0]), true, nil
	}
	row := make(Row, 0, len(o.node.Cols))
	more := false
	for i, values := range o.rows {
		v := types.Null
		if o.at < len(values) {
			v, more = values[o.at], true
		}
		row = spread(row, v, o.widths[i])
	}
	o.at++
	return row, more, nil
}

// spread appends a value's columns: the fields of a record, or itself.
func spread(row Row, v types.Datum, width int) Row {
	if v.Kind() == types.KindRow && (width != 1 || len(v.Row().Fields) == 1) {
		fields := v.Row().Fields
		row = append(row, fields[:min(width, len(fields))]...)
		for i := len(fields); i < width; i++ {
			row = append(row, types.Null)
		}
		return row
	}
	row = append(row, v)
	for i := 1; i < width; i++ {
		row = append(row, types.Null)
	}
	return row
}

func (o *tableFunction) close() error {
	if o.stop != nil {
		o.stop()
	}
	o.pull, o.stop, o.rows = nil, nil, nil
	return nil
}

// pullRows turns a function that calls back for each row into one that is
// asked for the next row. ok is false at the end.
func pullRows(ctx *expr.Context, f *expr.Function, args []types.Datum) (next func() (v types.Datum, ok bool, err error), stop func()) {
	if f.Strict && anyNull(args) {
		return func() (types.Datum, bool, error) { return types.Null, false, nil }, func() {}
	}
	if f.Rows == nil {
		unsupported := func() (types.Datum, bool, error) {
			return types.Null, false, pgerr.Unsupported("function %s", f.Name)
		}
		return unsupported, func() {}
	}
	var failed error
	pull, stop := iter.Pull(func(yield func(types.Datum) bool) {
		failed = f.Rows(ctx, args, yield)
	})
	return func() (types.Datum, bool, error) {
		v, ok := pull()
		return v, ok, failed
	}, stop
}
