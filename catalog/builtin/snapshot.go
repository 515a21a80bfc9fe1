package builtin

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// snapshotImpls look into values of pg_snapshot (xid8funcs.c). Which snapshot is
// the present one nobody tells: transactions of all nodes would have to be known.
var snapshotImpls = impls{
	"xid_age":  callSession("xid_age"),
	"mxid_age": multixactAge,
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

// multixactAge is mxid_age: of these there has been none yet, the next is 1.
func multixactAge(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].Int() == 0 {
		return types.Int(math.MaxInt32), nil
	}
	return types.Int(int64(int32(1 - uint32(a[0].Int())))), nil
}
