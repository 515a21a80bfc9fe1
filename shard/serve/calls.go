package serve

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// keptCalls is how many requests are remembered: some seconds of a busy node.
const keptCalls = 1 << 16

// calls are the requests that have a number: those under way, which Cancel ends,
// and those that have been. They say what is to be done, not what is to be so,
// and a copy that the network makes of one must not have it done again.
type calls struct {
	mu      sync.Mutex // protects the rest
	running map[uint64]context.CancelFunc
	seen    map[uint64]struct{}
	order   []uint64 // those of seen, a ring
	next    int
}

func newCalls() calls {
	return calls{running: map[uint64]context.CancelFunc{}, seen: map[uint64]struct{}{}}
}

// begin lets a call in that has not been here before; the caller calls end.
// Number 0 is none: it can neither be cancelled nor told from a copy.
func (c *calls) begin(ctx context.Context, call uint64) (_ context.Context, end func(), err error) {
	if call == 0 {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.seen[call]; again {
		cancel()
		// What the first has come to, its answer says.
		return nil, nil, pgerr.New(pgerr.ConnectionFailure, "a request has come twice")
	}
	c.remember(call)
	c.running[call] = cancel
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, call)
	}, nil
}

// remember forgets the oldest call in exchange; the caller holds mu.
func (c *calls) remember(call uint64) {
	if len(c.order) < keptCalls {
		c.order = append(c.order, call)
	} else {
		delete(c.seen, c.order[c.next])
		c.order[c.next] = call
		c.next = (c.next + 1) % keptCalls
	}
	c.seen[call] = struct{}{}
}

// cancel ends a call; it reports false when none of that number is under way (yet).
func (c *calls) cancel(call uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := c.running[call]
	if end != nil {
		end()
	}
	return end != nil
}
