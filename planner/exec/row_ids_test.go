package exec

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/txn"
)

// TestRowIDs: no id comes twice, whoever takes some beside others, and thousands
// of statements with a row each cost one timestamp.
func TestRowIDs(t *testing.T) {
	var ids RowIDs
	var drawn atomic.Int64
	draw := func(context.Context) (txn.Timestamp, error) {
		return txn.Timestamp(drawn.Add(1)) * txn.TimestampStep, nil
	}
	for i := range int64(txn.TimestampStep) {
		if first, n, err := ids.take(t.Context(), 1, draw); first != int64(txn.TimestampStep)+i || n != 1 || err != nil {
			t.Fatalf("the %d-th: %d of them from %d on, %v", i, n, first, err)
		}
	}
	if drawn.Load() != 1 {
		t.Errorf("%d timestamps", drawn.Load())
	}
	var mu sync.Mutex
	seen := map[int64]bool{}
	var takers sync.WaitGroup
	for want := int64(1); want < 3*int64(txn.TimestampStep); want += 1000 {
		takers.Go(func() {
			for range 20 {
				first, n, err := ids.take(t.Context(), want, draw)
				if err != nil || n < 1 || n > want {
					t.Errorf("%d of %d: %v", n, want, err)
				}
				mu.Lock()
				for id := first; id < first+n; id++ {
					if seen[id] || id <= 2*int64(txn.TimestampStep)-1 {
						t.Errorf("%d comes again", id)
					}
					seen[id] = true
				}
				mu.Unlock()
			}
		})
	}
	takers.Wait()
}
