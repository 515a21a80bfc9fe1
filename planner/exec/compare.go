package exec

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// order is how to compare the values at one position of two rows.
type order struct {
	position int
	types.Order
}

// rising orders by a position, NULLs last.
func rising(position int, t *types.Type) order { return order{position, types.Order{Type: t}} }

// orderOf orders by a position as k says.
func orderOf(position int, k expr.SortKey) order {
	return order{position, types.Order{Type: k.Expr.Type(), Desc: k.Desc, NullsFirst: k.NullsFirst}}
}

// compareRows orders rows; as all that compares, it asks work whether to go on.
func compareRows(orders []order, a, b Row, work types.Work) (int, error) {
	for i := range orders {
		o := &orders[i]
		if c, err := o.Compare(a[o.position], b[o.position], work); c != 0 || err != nil {
			return c, err
		}
	}
	return 0, nil
}

// columnOrders are the orders of keys that are all plain columns.
func columnOrders(cols []plan.Column, keys []expr.SortKey) ([]order, error) {
	layout := layoutOf(cols)
	orders := make([]order, len(keys))
	for i, k := range keys {
		c, ok := k.Expr.(*expr.Column)
		if !ok || layout(c.ID) < 0 {
			return nil, pgerr.Internal("merge key is no column of the input")
		}
		orders[i] = orderOf(layout(c.ID), k)
	}
	return orders, nil
}

// hashRow hashes values so that equal ones (NULL equal to NULL) hash equal.
func hashRow(columns []columnType, row Row, work types.Work) (h uint64, err error) {
	for i, d := range row {
		if h, err = columns[i].t.HashLong(h, d, work); err != nil {
			return 0, err
		}
	}
	return h, nil
}

// equalRows compares values as IS NOT DISTINCT FROM does.
func equalRows(columns []columnType, a, b Row, work types.Work) (bool, error) {
	for i := range a {
		if a[i].IsNull() != b[i].IsNull() {
			return false, nil
		}
		if c, err := columns[i].t.CompareLong(a[i], b[i], work); c != 0 || err != nil {
			return false, err
		}
	}
	return true, nil
}
