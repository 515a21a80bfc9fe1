package exec

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// order is how to compare the values at one position of two rows.
type order struct {
	position   int
	t          *types.Type
	desc       bool
	nullsFirst bool
}

func (o *order) compare(a, b types.Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		if o.nullsFirst {
			return -1
		}
		return 1
	case b.IsNull():
		if o.nullsFirst {
			return 1
		}
		return -1
	}
	c := o.t.Compare(a, b)
	if o.desc {
		return -c
	}
	return c
}

func compareRows(orders []order, a, b Row) int {
	for i := range orders {
		o := &orders[i]
		if c := o.compare(a[o.position], b[o.position]); c != 0 {
			return c
		}
	}
	return 0
}

// comparePositions compares rows by keys that are all plain columns.
func comparePositions(cols []plan.Column, keys []expr.SortKey) (func(a, b Row) int, error) {
	layout := layoutOf(cols)
	orders := make([]order, len(keys))
	for i, k := range keys {
		c, ok := k.Expr.(*expr.Column)
		if !ok || layout(c.ID) < 0 {
			return nil, pgerr.Internal("merge key is no column of the input")
		}
		orders[i] = order{layout(c.ID), c.T, k.Desc, k.NullsFirst}
	}
	return func(a, b Row) int { return compareRows(orders, a, b) }, nil
}

// hashRow hashes values so that equal ones (NULL equal to NULL) hash equal.
func hashRow(columns []columnType, row Row) uint64 {
	var h uint64
	for i, d := range row {
		h = columns[i].t.Hash(h, d)
	}
	return h
}

// equalRows compares values as IS NOT DISTINCT FROM does.
func equalRows(columns []columnType, a, b Row) bool {
	for i := range a {
		if a[i].IsNull() != b[i].IsNull() || !a[i].IsNull() && columns[i].t.Compare(a[i], b[i]) != 0 {
			return false
		}
	}
	return true
}
