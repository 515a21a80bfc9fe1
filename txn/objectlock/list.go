package objectlock

import (
	"time"

	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Entry is one lock that a transaction, or a session, holds or waits for.
type Entry struct {
	Owner   txn.ID
	Waiter  txn.ID // the transaction that waits
	Key     lock.Key
	Mode    lock.Mode
	Granted bool
	Quick   bool // only its holder knows of it
	Guest   bool // the owner is another node's, which lists it too
	// Of what is waited for: since when, and who is in the way.
	Since    time.Time
	Blockers []txn.ID
}

// List returns all locks, by owner in no particular order.
func (l *Locks) List() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Entry
	for h := range l.holders {
		h.mu.Lock()
		for _, q := range h.quick[:h.n] {
			out = append(out, Entry{Owner: h.owner, Key: lock.Key{Space: lock.Relation, Object: q.object}, Mode: q.mode, Granted: true, Quick: true})
		}
		if h.shared {
			for _, x := range l.table.Holdings(h.owner) {
				out = append(out, Entry{Owner: h.owner, Key: x.Key, Mode: x.Mode, Granted: true, Guest: h.guest != nil})
			}
		}
		if h.waits != nil {
			out = append(out, *h.waits)
		}
		h.mu.Unlock()
	}
	for w, h := range l.waiters {
		if w.Result() == lock.Waiting {
			out = append(out, l.waiting(h, w))
		}
	}
	return out
}

// waiting is a lock that is waited for.
func (l *Locks) waiting(h *Holder, w *lock.Waiter) Entry {
	return Entry{
		Owner: w.Owner, Waiter: h.waiter(w), Key: w.Key, Mode: w.Mode, Guest: h.guest != nil, Since: w.Since, Blockers: l.table.WaitsFor(w.Owner),
	}
}

// entry is waiting for who does not have the mutex.
func (l *Locks) entry(h *Holder, w *lock.Waiter) Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting(h, w)
}

// Edges are the waits, for who looks for deadlocks. Where a session has been
// asked for a lock its transaction waits; what it holds already it gives back
// when its transaction goes on, at the earliest.
func (l *Locks) Edges() []lock.Edge {
	l.mu.Lock()
	defer l.mu.Unlock()
	edges := l.table.Edges()
	waiters := map[txn.ID]txn.ID{} // of sessions
	for w, h := range l.waiters {
		if w.Owner.IsSession() {
			waiters[w.Owner] = h.waiter(w)
		}
	}
	for i := range edges {
		if e := &edges[i]; e.Waiter.IsSession() {
			e.Waiter = waiters[e.Waiter]
		}
	}
	for h := range l.holders {
		if h.guest != nil || h.transaction == nil {
			continue
		}
		if t := h.transaction(); !t.IsZero() {
			edges = append(edges, lock.Edge{Waiter: h.owner, Blocker: t})
		}
	}
	return edges
}

// Jump grants what only the fairness of a queue holds up (see lock.FindCycle).
func (l *Locks) Jump(waiter txn.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w, h := range l.waiters {
		if h.waiter(w) == waiter && l.table.Jump(w) {
			return true
		}
	}
	return false
}
