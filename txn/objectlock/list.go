package objectlock

import (
	"time"

	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Entry is one lock that a transaction holds or waits for.
type Entry struct {
	Owner   txn.ID
	Key     lock.Key
	Mode    lock.Mode
	Granted bool
	Quick   bool // only its holder knows of it
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
				out = append(out, Entry{Owner: h.owner, Key: x.Key, Mode: x.Mode, Granted: true})
			}
		}
		if h.away != nil {
			out = append(out, *h.away)
		}
		h.mu.Unlock()
	}
	for w := range l.waiters {
		if w.Result() == lock.Waiting {
			out = append(out, l.waiting(w))
		}
	}
	return out
}

// waiting is a lock that is waited for.
func (l *Locks) waiting(w *lock.Waiter) Entry {
	return Entry{Owner: w.Owner, Key: w.Key, Mode: w.Mode, Since: w.Since, Blockers: l.table.WaitsFor(w.Owner)}
}

// entry is waiting for who does not have the mutex.
func (l *Locks) entry(w *lock.Waiter) Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting(w)
}

// Edges are the waits, for who looks for deadlocks.
func (l *Locks) Edges() []lock.Edge {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.Edges()
}

// Jump grants what only the fairness of a queue holds up (see lock.FindCycle).
func (l *Locks) Jump(waiter txn.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.waiters {
		if w.Owner == waiter && l.table.Jump(w) {
			return true
		}
	}
	return false
}
