package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// sorter is the Sort node; with a bound only the rows below it are kept.
type sorter struct {
	input operator
	keys  *scope // the keys, then the bound
	width int
	rows  *rowSorter // with their keys behind them
	done  bool       // all rows are in
}

func newSort(r *run, n *plan.Sort) (operator, error) {
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	cols := n.Input.Columns()
	o := &sorter{input: input, width: len(cols)}
	list := make([]expr.Expr, 0, len(n.Keys)+1)
	types := typesOf(cols)
	var orders []order
	for i, k := range n.Keys {
		list = append(list, k.Expr)
		orders = append(orders, order{len(cols) + i, k.Expr.Type(), k.Desc, k.NullsFirst})
		types = append(types, columnType{k.Expr.Type(), -1})
	}
	o.rows = newRowSorter(r, types, orders)
	o.keys, err = r.scopeOf(n, "sort", cols, append(list, n.Top)...)
	return o, err
}

func (o *sorter) open(ctx context.Context) error {
	o.rows.close()
	o.done, o.rows.top = false, -1
	if err := o.keys.begin(ctx); err != nil {
		return err
	}
	if n := len(o.rows.orders); o.keys.evals[n] != nil {
		v, err := o.keys.value(n, nil)
		if err != nil {
			return err
		}
		if !v.IsNull() && v.Int() >= 0 {
			o.rows.top = v.Int()
		}
	}
	return o.input.open(ctx)
}

func (o *sorter) next(ctx context.Context) ([]Row, error) {
	if !o.done {
		if err := o.collect(ctx); err != nil {
			return nil, err
		}
		o.done = true
	}
	var out []Row
	for len(out) < batchRows {
		row, err := o.rows.next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			break
		}
		out = append(out, row[:o.width:o.width])
	}
	return out, ctx.Err()
}

// collect reads the whole input.
func (o *sorter) collect(ctx context.Context) error {
	for {
		rows, err := o.input.next(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			wide := make(Row, o.width+len(o.rows.orders))
			copy(wide, row)
			if err := o.keys.row(wide[o.width:], 0, len(o.rows.orders), row); err != nil {
				return err
			}
			if err := o.rows.add(wide); err != nil {
				return err
			}
		}
	}
}

func (o *sorter) close() error {
	o.rows.close()
	return o.input.close()
}
