package objectlock

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Advisory locks are all that keeps their holders apart, and no shard looks
// behind them. So no node is passed over. Two of them never have what goes not
// together, because
//
//   - what a node's own sessions hold stands in its own table, whatever becomes
//     of connections;
//   - who wants a lock needs it in the tables of all nodes that live, its own
//     and the other one's among them, and in the other ones once its own has it;
//   - a node lets in a session of another one only while it knows that to live,
//     so it asks that node itself from then on;
//   - a node counts as dead only when its lease is over, and its sessions have
//     ended by then (Elsewhere.Alive).
const (
	// absence bounds the wait for a node that does not answer: longer than it
	// takes until it counts as dead.
	absence = 15 * time.Second
	// tryAbsence is that of who does not wait for locks: a connection that breaks,
	// as when a node comes back, is there again within less.
	tryAbsence = time.Second
	// askAgain is how long the next try waits.
	askAgain = 50 * time.Millisecond
)

// Keep makes the Holder of a session, owner, for Take, Try and Yield. Leave when
// it ends. transaction is the session's present one, none if that is zero; any
// goroutine asks.
func (l *Locks) Keep(owner txn.ID, transaction func() txn.ID) *Holder {
	return l.enter(&Holder{locks: l, owner: owner, transaction: transaction})
}

// Alive is Elsewhere.Alive.
func (l *Locks) Alive() (life uint64, err error) {
	if l.elsewhere == nil {
		return 0, nil
	}
	return l.elsewhere.Alive()
}

// Take takes a lock for a session, in the whole cluster, waiting for it as
// Acquire does. 58000: whether others have it cannot be known.
func (h *Holder) Take(ctx context.Context, r lock.Request, timeout time.Duration) error {
	life, err := h.locks.Alive()
	if err != nil {
		return err
	}
	some, err := h.inOrder(ctx, &r, timeout)
	if err == nil { // it may have been waited for
		var now uint64
		if now, err = h.locks.Alive(); err == nil && now != life {
			err = pgerr.New(pgerr.SystemError, "the advisory lock is lost: other nodes have taken this one for dead")
		}
	}
	if err != nil && (some || r.Policy != lock.Try) {
		h.Yield(r)
	}
	return err
}

// Try is Take for who does not wait; it reports whether the lock is there.
func (h *Holder) Try(ctx context.Context, r lock.Request) (bool, error) {
	r.Policy = lock.Try
	err := h.Take(ctx, r, 0)
	if pgerr.HasCode(err, pgerr.LockNotAvailable) {
		return false, nil
	}
	return err == nil, err
}

// inOrder takes a lock on one node after the other. On an error some of them
// may have granted it.
func (h *Holder) inOrder(ctx context.Context, r *lock.Request, timeout time.Duration) (some bool, err error) {
	r.Owner = h.owner
	if h.locks.Alone() {
		_, err := h.here(ctx, *r, timeout)
		return err == nil, err
	}
	began := time.Now()
	for {
		var asked []uint32
		for node, ok := h.next(asked); ok; node, ok = h.next(asked) {
			left := timeout
			if timeout > 0 {
				left = max(timeout-time.Since(began), 1)
			}
			if err := h.keepAt(ctx, node, r, left); err != nil {
				return len(asked) > 0, err
			}
			asked = append(asked, node)
		}
		if h.still(ctx, r, asked) {
			return true, nil
		}
		h.Yield(*r)
	}
}

// still reports whether nodes that were asked before this one have the lock for
// the session now that this one has: who has come there since then, where a
// connection was lost, has not found the session here.
func (h *Holder) still(ctx context.Context, r *lock.Request, asked []uint32) bool {
	again := *r
	again.Policy = lock.Try
	e := h.locks.elsewhere
	var asking sync.WaitGroup
	var gone atomic.Bool
	for _, node := range asked[:slices.Index(asked, e.Self())] {
		b := h.branches[node]
		asking.Go(func() {
			held := b != nil && b.Acquire(ctx, []lock.Request{again}, 0, func(Entry) {}) == nil
			if !held && slices.Contains(e.Nodes(), node) {
				gone.Store(true)
			}
		})
	}
	asking.Wait()
	return !gone.Load()
}

// keepAt takes a lock on one node, or waits until that does not live any more.
func (h *Holder) keepAt(ctx context.Context, node uint32, r *lock.Request, timeout time.Duration) error {
	e := h.locks.elsewhere
	if node == e.Self() {
		_, err := h.here(ctx, *r, timeout)
		return err
	}
	for began := time.Now(); ; {
		old := h.branches[node] != nil
		err := h.ask(ctx, node, []lock.Request{*r}, timeout)
		silent := time.Since(began)
		switch {
		case !pgerr.HasCode(err, pgerr.ConnectionFailure):
			return err
		case !slices.Contains(e.Nodes(), node):
			return nil
		case old:
			continue // the connection was another one's
		case silent > absence, r.Policy == lock.Try && silent > tryAbsence:
			return pgerr.New(pgerr.SystemError, "advisory locks are not available: node %d does not answer", node).WithCause(err)
		case timeout > 0 && silent > timeout:
			return lock.ErrTimeout()
		}
		if pause.For(ctx, askAgain) != nil {
			return pgerr.From(ctx.Err())
		}
	}
}

// Yield gives back on every node what Take or Try took, if they did.
func (h *Holder) Yield(rs ...lock.Request) {
	if h.farther {
		h.eachBranch(func(b Branch) { b.Yield(rs) })
	}
	l := h.locks
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range rs {
		l.table.Yield(h.owner, rs[i].Key, rs[i].Statement)
	}
}
