package exec

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/txn"
)

// RowIDs hands out the row ids of tables without a primary key: those of one drawn
// timestamp after the other, so that they are unique for ever. They rise but for what
// statements beside each other take, which is how a table is loaded fastest. A node's
// statements share one, whose zero value is ready: for each to draw would cost an
// INSERT a trip to the oracle.
type RowIDs struct {
	mu      sync.Mutex // protects the fields below
	at, end int64      // the ids that are left
}

// take returns how many ids there are from the first on, of the many that are wanted.
func (ids *RowIDs) take(ctx context.Context, want int64, draw func(context.Context) (txn.Timestamp, error)) (first, n int64, err error) {
	if first, n = ids.left(want); n > 0 {
		return first, n, nil
	}
	t, err := draw(ctx)
	if err != nil {
		return 0, 0, err
	}
	first, n = int64(t), min(want, int64(txn.TimestampStep))
	ids.keep(first+n, int64(t+txn.TimestampStep))
	return first, n, nil
}

func (ids *RowIDs) left(want int64) (first, n int64) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	first, n = ids.at, min(want, ids.end-ids.at)
	ids.at += n
	return first, n
}

// keep adds ids for those who come later. Whoever has drawn meanwhile has left more
// than enough: one of the two remainders goes.
func (ids *RowIDs) keep(at, end int64) {
	ids.mu.Lock()
	defer ids.mu.Unlock()
	if end-at > ids.end-ids.at {
		ids.at, ids.end = at, end
	}
}
