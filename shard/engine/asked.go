package engine

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Unasked waits until no log of the node is asking for a decision that all of
// them follow. Afterwards it can be forgotten: nobody asks again, and who had
// been asking for one that is gone would have had another made.
func (n *Node) Unasked(ctx context.Context, id txn.ID) error { return n.asked.wait(ctx, id) }

// asked are the transactions whose homes are being asked at the moment.
type asked struct {
	mu   sync.Mutex               // protects open
	open map[chan struct{}]txn.ID // closed when the answer has been followed
}

func (a *asked) begin(id txn.ID) (end func()) {
	answered := make(chan struct{})
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[chan struct{}]txn.ID{}
	}
	a.open[answered] = id
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.open, answered)
		close(answered)
	}
}

// wait waits for those who had begun before it.
func (a *asked) wait(ctx context.Context, id txn.ID) error {
	for _, answered := range a.of(id) {
		select {
		case <-answered:
		case <-ctx.Done():
			return pgerr.From(ctx.Err())
		}
	}
	return nil
}

func (a *asked) of(id txn.ID) (open []chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for answered, of := range a.open {
		if of == id {
			open = append(open, answered)
		}
	}
	return open
}
