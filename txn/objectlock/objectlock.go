// Package objectlock keeps a node's locks on tables and other catalog objects:
// who uses a table, to the end of its transaction, and who changes it. They
// are taken before any shard is asked for anything, so a schema change that
// waits for a transaction has nothing yet that the transaction could wait for.
// Advisory locks are here as well.
//
//	objectlock.go  Locks, Holder: taking, waiting, giving back
//	elsewhere.go   strong locks, which every node of a cluster grants
//	keep.go        advisory locks, of sessions, which need every node's word
//	list.go        what is held and waited for
//
// Nearly all locks are weak: they go together with each other. A Holder notes
// those in an array of its own, which costs no shared memory and no allocation
// (PostgreSQL's fast path, lmgr/README). Who asks for a strong lock first
// raises a count that sends weak ones to the shared table from then on, and
// moves what the arrays have of its key there. In a cluster of several nodes a
// strong lock is one that every node's Locks has granted, weak ones stay
// where their transaction is.
//
// Nothing is wrong without the locks on objects, some of which go when a node or a
// connection does: the shards and the publication of schema changes refuse
// what contradicts each other (rule 21). With them it waits, as in PostgreSQL.
package objectlock

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Search looks for a deadlock through self. When self is its victim, leave is
// called, and 40P01 returned.
type Search func(ctx context.Context, self txn.ID, leave func()) error

// Locks are a node's. Its mu is taken before a Holder's.
type Locks struct {
	timeout   time.Duration // deadlock_timeout
	search    Search
	elsewhere Elsewhere // nil: there are no other nodes
	// strong counts who has asked for strong locks, by part of the keys.
	strong [parts]atomic.Int32

	mu      sync.Mutex // protects the rest, and every Holder's asked
	table   *lock.Table
	waiters map[*lock.Waiter]*Holder
	holders map[*Holder]struct{}
}

const (
	// parts is how many counts there are: few strong locks at a time meet few weak ones by chance.
	parts = 1024
	// quickLocks is how many weak locks a Holder notes itself (FP_LOCK_SLOTS_PER_BACKEND).
	quickLocks = 16
)

// New makes the locks of a node. search is asked when a lock has been waited
// for that long; elsewhere is nil where there are no other nodes.
func New(deadlockTimeout time.Duration, search Search, elsewhere Elsewhere) *Locks {
	return &Locks{
		timeout: deadlockTimeout, search: search, elsewhere: elsewhere,
		table: lock.New(), waiters: map[*lock.Waiter]*Holder{}, holders: map[*Holder]struct{}{},
	}
}

// Holder has the locks of a session's present transaction, or (Keep) of the
// session. It belongs to the session's goroutine.
type Holder struct {
	locks *Locks
	// transaction is who waits where the owner is a session.
	transaction func() txn.ID
	asked       []asked     // the strong locks
	guest       func(Entry) // of another node's transaction: hears of its waits
	farther     bool        // there may be something in branches or granted

	// away protects branches and granted; nobody waits for a lock under it. The
	// session's goroutine alone uses a branch that is among them.
	away     sync.Mutex
	branches map[uint32]Branch         // what it holds on other nodes
	granted  map[lock.Key]lock.Request // the strong locks that every node has granted

	mu     sync.Mutex // protects the rest
	owner  txn.ID
	quick  [quickLocks]quickLock
	n      int    // of quick
	shared bool   // the table has something of it
	waits  *Entry // what it waits for on another node
}

// quickLock is a weak lock of a table that only its holder knows of.
type quickLock struct {
	object    uint64
	statement txn.Statement
	mode      lock.Mode
}

// asked is a strong lock that was asked for.
type asked struct {
	part      int
	statement txn.Statement
}

// Join makes a session's Holder; Leave when it ends.
func (l *Locks) Join() *Holder {
	return l.enter(&Holder{locks: l})
}

// enter lists a Holder, so that others see what it has.
func (l *Locks) enter(h *Holder) *Holder {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders[h] = struct{}{}
	return h
}

// Leave gives everything back for good.
func (h *Holder) Leave() {
	h.Release()
	h.locks.mu.Lock()
	defer h.locks.mu.Unlock()
	delete(h.locks.holders, h)
}

// weak reports whether a lock is one that goes together with its like.
func weak(r *lock.Request) bool {
	return r.Key.Space == lock.Relation && r.Mode <= lock.TableRowExclusive
}

// part is where a key is counted. OIDs are dense, classes few.
func part(k lock.Key) int {
	h := k.Object ^ uint64(k.Space)<<7
	for i := range len(k.Bytes) {
		h = h*31 + uint64(k.Bytes[i])
	}
	return int(h % parts)
}

// Acquire takes a lock for the Holder's transaction, r.Owner, waiting for it
// until ctx ends (57014), timeout has passed (55P03; 0 is for ever) or a
// deadlock is found (40P01). It reports whether it had to wait, or asked other
// nodes: then what was known of the object may be old.
func (h *Holder) Acquire(ctx context.Context, r lock.Request, timeout time.Duration) (waited bool, err error) {
	switch {
	case !weak(&r):
		return h.AcquireAll(ctx, []lock.Request{r}, timeout)
	case h.note(&r):
		return false, nil
	}
	return h.here(ctx, r, timeout)
}

// here takes a lock on this node.
func (h *Holder) here(ctx context.Context, r lock.Request, timeout time.Duration) (waited bool, err error) {
	result, w := h.locks.acquire(h, r)
	switch {
	case result == lock.Busy:
		return false, pgerr.New(pgerr.LockNotAvailable, "could not obtain lock")
	case w == nil:
		return false, nil
	}
	if h.guest != nil {
		h.guest(h.locks.entry(h, w))
	}
	return true, h.locks.await(ctx, h, w, timeout)
}

// waiter is the transaction that waits.
func (h *Holder) waiter(w *lock.Waiter) txn.ID {
	if h.transaction != nil {
		return h.transaction()
	}
	return w.Owner
}

// note takes a weak lock if nobody has asked for a strong one.
func (h *Holder) note(r *lock.Request) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.quick[:h.n] {
		if q := &h.quick[i]; q.object == r.Key.Object && q.mode >= r.Mode {
			return true
		}
	}
	if h.n == quickLocks || h.locks.strong[part(r.Key)].Load() != 0 {
		return false
	}
	h.owner, h.quick[h.n] = r.Owner, quickLock{r.Key.Object, r.Statement, r.Mode}
	h.n++
	return true
}

// acquire asks the shared table; the waiter is nil when the lock is held, or (lock.Try) cannot be had.
func (l *Locks) acquire(h *Holder, r lock.Request) (lock.Result, *lock.Waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.mu.Lock()
	h.owner, h.shared = r.Owner, true
	h.mu.Unlock()
	if !weak(&r) && r.Key.Space != lock.Advisory {
		at := part(r.Key)
		h.asked = append(h.asked, asked{at, r.Statement})
		// Before the arrays are looked at: a weak lock comes before that, and
		// is moved, or sees the count.
		l.strong[at].Add(1)
		l.move(r.Key)
	}
	result, w := l.table.Acquire(r)
	if w != nil {
		w.Since = time.Now()
		l.waiters[w] = h
	}
	return result, w
}

// move brings the weak locks of a key from the arrays into the table. They are
// granted: a strong one that is in the table has brought all there before.
func (l *Locks) move(k lock.Key) {
	if k.Space != lock.Relation {
		return
	}
	for h := range l.holders {
		h.mu.Lock()
		kept := 0
		for _, q := range h.quick[:h.n] {
			if q.object != k.Object {
				h.quick[kept] = q
				kept++
				continue
			}
			h.shared = true
			l.table.Acquire(lock.Request{Owner: h.owner, Statement: q.statement, Key: k, Mode: q.mode})
		}
		h.n = kept
		h.mu.Unlock()
	}
}

// await waits until a lock is granted, or why not.
func (l *Locks) await(ctx context.Context, h *Holder, w *lock.Waiter, timeout time.Duration) error {
	deadlock := time.NewTimer(l.timeout)
	defer deadlock.Stop()
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	for {
		select {
		case <-w.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.waiters, w)
			if w.Result() != lock.Granted {
				// Who came back for its owner before a lost connection's end was known, which ends all of it.
				return pgerr.New(pgerr.ConnectionFailure, "the locks' connection is lost")
			}
			return nil
		case <-ctx.Done():
			l.giveUp(w)
			return pgerr.From(ctx.Err())
		case <-expired:
			l.giveUp(w)
			return lock.ErrTimeout()
		case <-deadlock.C:
			if err := l.search(ctx, h.waiter(w), func() { l.giveUp(w) }); err != nil {
				return err
			}
			deadlock.Reset(l.timeout)
		}
	}
}

// giveUp leaves the queue; a lock that was granted in the same moment goes with
// the statement.
func (l *Locks) giveUp(w *lock.Waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiters, w)
	l.table.Cancel(w)
}

// Release ends the transaction: it holds nothing any more.
func (h *Holder) Release() {
	h.releaseElsewhere()
	h.mu.Lock()
	owner, shared := h.owner, h.shared
	h.n, h.shared = 0, false
	h.mu.Unlock()
	if !shared {
		return
	}
	l := h.locks
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Release(owner)
	h.forget(0)
}

// Cut gives back what statements from number on have taken (ROLLBACK TO).
func (h *Holder) Cut(from txn.Statement) {
	h.cutElsewhere(from)
	h.mu.Lock()
	kept := 0
	for _, q := range h.quick[:h.n] {
		if q.statement < from {
			h.quick[kept] = q
			kept++
		}
	}
	h.n = kept
	owner, shared := h.owner, h.shared
	h.mu.Unlock()
	if !shared {
		return
	}
	l := h.locks
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Cut(owner, from, ^txn.Statement(0))
	h.forget(from)
}

// forget takes strong locks of statements from number on out of the counts. It
// must run after they are gone from the table.
func (h *Holder) forget(from txn.Statement) {
	kept := h.asked[:0]
	for _, a := range h.asked {
		if a.statement < from {
			kept = append(kept, a)
		} else {
			h.locks.strong[a.part].Add(-1)
		}
	}
	h.asked = kept
}
