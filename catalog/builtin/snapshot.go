package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// snapshotImpls look into values of pg_snapshot (xid8funcs.c). Which snapshot is
// the present one nobody tells: transactions of all nodes would have to be known.
var snapshotImpls = impls{
	"pg_snapshot_xmin": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(types.TxnSnapshotOf(a[0]).Xmin)), nil
	},
	"pg_snapshot_xmax": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(types.TxnSnapshotOf(a[0]).Xmax)), nil
	},
	"pg_visible_in_snapshot": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(types.TxnSnapshotOf(a[1]).Visible(uint64(a[0].Int()))), nil
	},
}

var snapshotRows = rowsImpls{
	"pg_snapshot_xip": func(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		for _, r := range types.TxnSnapshotOf(a[0]).Running {
			if !yield(types.Int(int64(r))) {
				break
			}
		}
		return nil
	},
}
