package session

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Advisory locks (manual 13.3.5) are a table of the node's: one process has
// all sessions of a cluster of one node.

// advisoryKey is what a lock is on: one bigint, or two integers, in a database.
type advisoryKey struct {
	database catalog.OID
	key      int64
	pair     bool // key is two integers: another space than single bigints
}

// advisoryHold is one time that a session took a lock.
type advisoryHold struct {
	key    advisoryKey
	shared bool
	// transaction: released with it, and not by unlock.
	transaction bool
}

// advisory is the node's advisory locks. The zero value is none.
type advisory struct {
	mu      sync.Mutex                 // protects the rest, and every session's advisoryHolds
	holders map[advisoryKey][]*Session // once for each time taken
	waiting map[*Session]*advisoryWait
	arrived uint64
}

// advisoryWait is a session that waits; granted is closed when it holds the lock.
type advisoryWait struct {
	hold    advisoryHold
	order   uint64
	since   time.Time
	granted chan struct{}
}

// conflicts are the sessions that keep s from a lock: holders in a mode that
// does not go together with it, and those that have waited for one longer.
func (a *advisory) conflicts(s *Session, h advisoryHold, order uint64) []*Session {
	var out []*Session
	holdsAny := false
	for _, other := range a.holders[h.key] {
		if other == s {
			holdsAny = true
		} else if !h.shared || other.holdsExclusive(h.key) {
			out = append(out, other)
		}
	}
	if holdsAny {
		return out // who holds it already need not queue behind those who wait for him
	}
	for other, w := range a.waiting {
		if other != s && w.hold.key == h.key && w.order < order && (!h.shared || !w.hold.shared) {
			out = append(out, other)
		}
	}
	return out
}

func (s *Session) holdsExclusive(key advisoryKey) bool {
	return slices.ContainsFunc(s.advisoryHolds, func(h advisoryHold) bool { return h.key == key && !h.shared })
}

func (a *advisory) grant(s *Session, h advisoryHold) {
	if a.holders == nil {
		a.holders = map[advisoryKey][]*Session{}
	}
	a.holders[h.key] = append(a.holders[h.key], s)
	s.advisoryHolds = append(s.advisoryHolds, h)
}

// try takes a lock if nobody is in the way.
func (a *advisory) try(s *Session, h advisoryHold) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.conflicts(s, h, a.arrived+1)) > 0 {
		return false
	}
	a.grant(s, h)
	return true
}

// lock takes a lock, waiting for it until ctx ends or lock_timeout has passed.
func (a *advisory) lock(ctx context.Context, s *Session, h advisoryHold, timeout time.Duration) error {
	w, err := a.enqueue(s, h)
	if w == nil {
		return err
	}
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		err = pgerr.From(context.Cause(ctx))
	case <-expired:
		err = pgerr.New(pgerr.LockNotAvailable, "canceling statement due to lock timeout")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting[s] != w {
		return nil // granted meanwhile
	}
	delete(a.waiting, s)
	a.wake(h.key)
	return err
}

// enqueue takes the lock (nil, nil), or makes the session wait for it; 40P01
// when the wait would be for itself.
func (a *advisory) enqueue(s *Session, h advisoryHold) (*advisoryWait, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arrived++
	if len(a.conflicts(s, h, a.arrived)) == 0 {
		a.grant(s, h)
		return nil, nil
	}
	w := &advisoryWait{hold: h, order: a.arrived, since: time.Now(), granted: make(chan struct{})}
	if a.waiting == nil {
		a.waiting = map[*Session]*advisoryWait{}
	}
	a.waiting[s] = w
	if a.waitsFor(s, s, map[*Session]bool{}) {
		delete(a.waiting, s)
		return nil, pgerr.New(pgerr.TRDeadlockDetected, "deadlock detected")
	}
	return w, nil
}

// waitsFor follows the edges of the wait-for graph from s to the target.
func (a *advisory) waitsFor(s, target *Session, seen map[*Session]bool) bool {
	w := a.waiting[s]
	if w == nil || seen[s] {
		return false
	}
	seen[s] = true
	for _, other := range a.conflicts(s, w.hold, w.order) {
		if other == target || a.waitsFor(other, target, seen) {
			return true
		}
	}
	return false
}

// wake grants a lock to those who wait for it and can have it, in the order
// that they came.
func (a *advisory) wake(key advisoryKey) {
	var queue []*Session
	for s, w := range a.waiting {
		if w.hold.key == key {
			queue = append(queue, s)
		}
	}
	slices.SortFunc(queue, func(x, y *Session) int { return int(int64(a.waiting[x].order) - int64(a.waiting[y].order)) })
	for _, s := range queue {
		w := a.waiting[s]
		if len(a.conflicts(s, w.hold, w.order)) > 0 {
			continue
		}
		delete(a.waiting, s)
		a.grant(s, w.hold)
		close(w.granted)
	}
}

// release gives back the holds of a session, from the one at from on, that
// match; at most limit of them. It returns how many there were.
func (a *advisory) release(s *Session, from, limit int, match func(advisoryHold) bool) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	kept := s.advisoryHolds[:from:from]
	var freed []advisoryKey
	for _, h := range s.advisoryHolds[from:] {
		if n == limit || !match(h) {
			kept = append(kept, h)
			continue
		}
		n++
		freed = append(freed, h.key)
		list := a.holders[h.key]
		at := slices.Index(list, s)
		if list = slices.Delete(list, at, at+1); len(list) == 0 {
			delete(a.holders, h.key)
		} else {
			a.holders[h.key] = list
		}
	}
	s.advisoryHolds = kept
	for _, key := range freed {
		a.wake(key)
	}
	return n
}

// everyHold is no limit to release.
const everyHold = -1

func ofTransaction(h advisoryHold) bool { return h.transaction }
func ofSession(h advisoryHold) bool     { return !h.transaction }

// releaseAdvisory gives back what ends with the transaction, or since a savepoint.
func (s *Session) releaseAdvisory(from int) {
	if len(s.advisoryHolds) > from {
		s.node.advisory.release(s, from, everyHold, ofTransaction)
	}
}

// advisoryFunctions are manual table 9.98.
var advisoryFunctions = map[string]function{
	"pg_advisory_lock":                 advisoryLock(false, false),
	"pg_advisory_lock_shared":          advisoryLock(true, false),
	"pg_advisory_xact_lock":            advisoryLock(false, true),
	"pg_advisory_xact_lock_shared":     advisoryLock(true, true),
	"pg_try_advisory_lock":             advisoryTry(false, false),
	"pg_try_advisory_lock_shared":      advisoryTry(true, false),
	"pg_try_advisory_xact_lock":        advisoryTry(false, true),
	"pg_try_advisory_xact_lock_shared": advisoryTry(true, true),
	"pg_advisory_unlock":               advisoryUnlock(false, "ExclusiveLock"),
	"pg_advisory_unlock_shared":        advisoryUnlock(true, "ShareLock"),
	"pg_advisory_unlock_all": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		s.node.advisory.release(s, 0, everyHold, ofSession)
		return void, nil
	},
}

// advisoryKeyOf reads a bigint, or two integers.
func (s *Session) advisoryKeyOf(args []types.Datum) advisoryKey {
	if len(args) == 1 {
		return advisoryKey{s.database, args[0].Int(), false}
	}
	return advisoryKey{s.database, args[0].Int()<<32 | int64(uint32(args[1].Int())), true}
}

func advisoryLock(shared, transaction bool) function {
	return func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		h := advisoryHold{s.advisoryKeyOf(args), shared, transaction}
		timeout := time.Duration(s.number("lock_timeout")) * time.Millisecond
		return void, s.node.advisory.lock(ctx, s, h, timeout)
	}
}

func advisoryTry(shared, transaction bool) function {
	return func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		return types.Bool(s.node.advisory.try(s, advisoryHold{s.advisoryKeyOf(args), shared, transaction})), nil
	}
}

func advisoryUnlock(shared bool, mode string) function {
	return func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		wanted := advisoryHold{key: s.advisoryKeyOf(args), shared: shared}
		n := s.node.advisory.release(s, 0, 1, func(h advisoryHold) bool { return h == wanted })
		if n == 0 {
			s.Notice(pgerr.New(pgerr.Warning, "you don't own a lock of type %s", mode).WithSeverity(pgerr.SeverityWarning))
		}
		return types.Bool(n > 0), nil
	}
}

// waiters are the sessions that wait for an advisory lock.
func (a *advisory) waiters() map[*Session]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[*Session]bool{}
	for s := range a.waiting {
		out[s] = true
	}
	return out
}

// advisoryRow is one line of pg_locks.
type advisoryRow struct {
	session *Session
	hold    advisoryHold
	since   time.Time // of a wait; zero: it is held
}

// rows lists what is held and waited for.
func (a *advisory) rows() []advisoryRow {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []advisoryRow
	listed := map[*Session]bool{}
	for _, list := range a.holders {
		for _, s := range list {
			if listed[s] {
				continue
			}
			listed[s] = true
			seen := map[advisoryHold]bool{}
			for _, h := range s.advisoryHolds {
				one := advisoryHold{key: h.key, shared: h.shared} // several times is one line
				if !seen[one] {
					seen[one] = true
					out = append(out, advisoryRow{session: s, hold: one})
				}
			}
		}
	}
	for s, w := range a.waiting {
		out = append(out, advisoryRow{s, w.hold, w.since})
	}
	slices.SortFunc(out, func(x, y advisoryRow) int { return int(x.session.pid()) - int(y.session.pid()) })
	return out
}
