package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// sorter is the Sort node; with a bound only the rows below it are kept.
type sorter struct {
	input operator
	keys  *scope // the keys that are no columns, then the bound
	width int
	made  int        // how many keys are no columns
	rows  *rowSorter // with these keys behind them
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
	types, layout := typesOf(cols), layoutOf(cols)
	var orders []order
	for _, k := range n.Keys {
		position := len(types)
		if c, ok := k.Expr.(*expr.Column); ok && layout(c.ID) >= 0 {
			position = layout(c.ID)
		} else {
			list = append(list, k.Expr)
			types = append(types, columnType{k.Expr.Type(), -1})
		}
		orders = append(orders, orderOf(position, k))
	}
	o.made = len(list)
	o.rows = newRowSorter(r, types, orders)
	o.rows.quick = n.Quick
	o.keys, err = r.scopeOf(n, "sort", cols, append(list, n.Top)...)
	return o, err
}

func (o *sorter) open(ctx context.Context) error {
	o.rows.close()
	o.done, o.rows.top = false, -1
	if err := o.keys.begin(ctx); err != nil {
		return err
	}
	if o.keys.evals[o.made] != nil {
		v, err := o.keys.value(o.made, nil)
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
			if o.made > 0 {
				wide := make(Row, o.width+o.made)
				copy(wide, row)
				if err := o.keys.row(wide[o.width:], 0, o.made, row); err != nil {
					return err
				}
				row = wide
			}
			if err := o.rows.add(row); err != nil {
				return err
			}
		}
	}
}

func (o *sorter) close() error {
	o.rows.close()
	return o.input.close()
}
