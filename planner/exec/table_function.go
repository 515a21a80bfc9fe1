package exec

import (
	"context"
	"iter"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// tableFunction is functions in FROM; several (ROWS FROM) advance side by side.
type tableFunction struct {
	run   *run
	node  *plan.TableFunction
	calls []tableCall
	count int64
}

// tableCall is one of the functions. Its rows are drawn one by one: there may
// be more of them than memory holds.
type tableCall struct {
	setCall
	width   int            // how many columns it gives
	defined []types.Column // what its rows must be, by a column definition list
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
		t := tableCall{setCall: setCall{call: c, args: s}, width: max(1, len(c.RowColumns()))}
		if c.T.OID == types.TRecord.OID {
			t.defined = c.T.Columns()
		}
		o.calls = append(o.calls, t)
	}
	return o, nil
}

func (o *tableFunction) open(ctx context.Context) error {
	o.count = 0
	for i := range o.calls {
		c := &o.calls[i]
		if err := c.args.begin(ctx); err != nil {
			return err
		}
		if err := c.begin(nil); err != nil {
			return err
		}
	}
	return nil
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

// row is the next row without its number. A function that has ended before the
// others gives NULLs.
func (o *tableFunction) row() (Row, bool, error) {
	row := make(Row, 0, len(o.node.Cols))
	more := false
	for i := range o.calls {
		v, ok, err := o.calls[i].next()
		if err != nil {
			return nil, false, err
		}
		if err := o.calls[i].match(v); err != nil {
			return nil, false, err
		}
		row = spread(row, v, o.calls[i].width)
		more = more || ok
	}
	return row, more, nil
}

// match compares a row with the column definition list (tupledesc_match in execSRF.c).
func (c *tableCall) match(v types.Datum) error {
	if c.defined == nil || v.IsNull() {
		return nil
	}
	return MatchRow(v.Row(), c.defined)
}

// MatchRow fails for a row that has not the columns that were promised.
func MatchRow(row *types.Row, want []types.Column) error {
	mismatch := pgerr.New(pgerr.DatatypeMismatch, "function return row and query-specified return row do not match")
	returned := row.Types
	if len(returned) != len(want) {
		attributes := "attributes"
		if len(returned) == 1 {
			attributes = "attribute"
		}
		return mismatch.WithDetail("Returned row contains %d %s, but query expects %d.", len(returned), attributes, len(want))
	}
	for i, t := range returned {
		if want := want[i].Type; t != want {
			return mismatch.WithDetail("Returned type %s at ordinal position %d, but query expects %s.", t.SQLName, i+1, want.SQLName)
		}
	}
	return nil
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
	for i := range o.calls {
		o.calls[i].end()
	}
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
