package session

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// Advisory locks (manual 13.3.5) are the session's, in the whole cluster
// (objectlock.Holder.Take), once for each mode; how often it has taken them,
// and what its transaction gives back, only it knows.

// advisory is a session's advisory locks.
type advisory struct {
	any   atomic.Bool            // holds are not empty
	life  atomic.Uint64          // the node's (objectlock.Elsewhere.Alive) when the first of them was taken
	owner atomic.Pointer[txn.ID] // what the cluster's locks call the session; nil before its first

	mu     sync.Mutex         // protects the rest
	holder *objectlock.Holder // nil before the first
	holds  []advisoryHold     // in the order taken
	taken  uint64             // how many there ever were
}

// advisoryHold is one time that a lock was taken.
type advisoryHold struct {
	key    lock.Key
	shared bool
	// transaction: released with it, and not by unlock.
	transaction bool
	number      uint64 // advisory.taken
}

// The statements that hold a lock's modes in the lock table, where each can be
// given back without the other.
const (
	advisoryShared    txn.Statement = 1
	advisoryExclusive txn.Statement = 2
)

// request asks for a lock in its mode.
func (h *advisoryHold) request() lock.Request {
	if h.shared {
		return lock.Request{Key: h.key, Mode: lock.TableShare, Statement: advisoryShared}
	}
	return lock.Request{Key: h.key, Mode: lock.TableExclusive, Statement: advisoryExclusive}
}

// has reports whether a lock is held in a mode.
func (a *advisory) has(key lock.Key, shared bool) bool {
	return slices.ContainsFunc(a.holds, func(h advisoryHold) bool { return h.key == key && h.shared == shared })
}

// takeAdvisory takes a lock, or (try) reports that somebody is in the way.
func (s *Session) takeAdvisory(ctx context.Context, h advisoryHold, try bool) (got bool, err error) {
	a := &s.advisory
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holder == nil {
		owner := s.node.Txns.Session()
		a.owner.Store(&owner)
		a.holder = s.node.Locks.Keep(owner, s.transactionNow)
	}
	life, err := s.node.Locks.Alive()
	if err != nil {
		return false, err
	}
	switch {
	case a.has(h.key, h.shared):
		got = true
	case try:
		got, err = a.holder.Try(ctx, h.request())
	default:
		err = a.holder.Take(ctx, h.request(), duration(s.derived().lockTimeoutMS))
		got = err == nil
	}
	if got {
		if !a.any.Load() {
			a.life.Store(life)
		}
		a.taken++
		h.number = a.taken
		a.holds = append(a.holds, h)
		a.any.Store(true)
	}
	return got, err
}

// transactionNow is the session's present transaction; any goroutine may ask.
func (s *Session) transactionNow() txn.ID {
	if t := s.activity.transaction.Load(); t != nil {
		return t.txn.ID()
	}
	return txn.ID{}
}

// release gives back the holds that match, at most limit of them. It returns
// how many there were.
func (a *advisory) release(limit int, match func(*advisoryHold) bool) int {
	if !a.any.Load() {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var freed []advisoryHold
	a.holds = slices.DeleteFunc(a.holds, func(h advisoryHold) bool {
		if len(freed) == limit || !match(&h) {
			return false
		}
		freed = append(freed, h)
		return true
	})
	a.any.Store(len(a.holds) > 0)
	var over []lock.Request
	for i, h := range freed {
		again := slices.ContainsFunc(freed[:i], func(x advisoryHold) bool { return x.key == h.key && x.shared == h.shared })
		if !again && !a.has(h.key, h.shared) {
			over = append(over, h.request())
		}
	}
	if len(over) > 0 {
		a.holder.Yield(over...)
	}
	return len(freed)
}

// everyHold is no limit to release.
const everyHold = -1

func ofSession(h *advisoryHold) bool { return !h.transaction }

// releaseAdvisory gives back what ends with the transaction, or what it has
// taken since a savepoint (advisory.taken; 0 is all).
func (s *Session) releaseAdvisory(since uint64) {
	s.advisory.release(everyHold, func(h *advisoryHold) bool { return h.transaction && h.number > since })
}

// close ends the session's locks.
func (a *advisory) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holder != nil {
		a.holder.Leave()
	}
}

// is reports whether the cluster's locks call the session so.
func (a *advisory) is(owner txn.ID) bool {
	own := a.owner.Load()
	return own != nil && *own == owner
}

// errUnsure ends a session whose locks others may have by now.
var errUnsure = pgerr.New(pgerr.SystemError, "terminating connection because its advisory locks may be lost").
	WithDetail("The metadata store has not confirmed for some seconds that this node lives, and other nodes may take it for dead.").
	WithSeverity(pgerr.SeverityFatal)

// checkAdvisory is errUnsure when that is so.
func (s *Session) checkAdvisory() error {
	if !s.advisory.any.Load() {
		return nil
	}
	if life, err := s.node.Locks.Alive(); err != nil || life != s.advisory.life.Load() {
		s.client.Interrupts.Terminate(errUnsure)
		return errUnsure
	}
	return nil
}

// EndUnsure ends the sessions that have advisory locks, when others may have them by now.
func (n *Node) EndUnsure() {
	for _, s := range n.sessions.list() {
		if s.checkAdvisory() != nil {
			n.Log.Warn("ended a session whose advisory locks may be lost", "pid", s.pid())
		}
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
		s.advisory.release(everyHold, ofSession)
		return void, nil
	},
}

// advisoryKey reads a bigint, or two integers. Each kind has locks of its own,
// which pg_locks tells apart by objsubid (adt/lockfuncs.c).
func (s *Session) advisoryKey(args []types.Datum) lock.Key {
	number := uint64(args[0].Int())
	if len(args) == 2 {
		number = number<<32 | uint64(uint32(args[1].Int()))
	}
	return lock.AdvisoryKey(uint32(s.database), number, len(args))
}

func advisoryLock(shared, transaction bool) function {
	return func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		_, err := s.takeAdvisory(ctx, advisoryHold{key: s.advisoryKey(args), shared: shared, transaction: transaction}, false)
		return void, err
	}
}

func advisoryTry(shared, transaction bool) function {
	return func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		got, err := s.takeAdvisory(ctx, advisoryHold{key: s.advisoryKey(args), shared: shared, transaction: transaction}, true)
		return types.Bool(got), err
	}
}

func advisoryUnlock(shared bool, mode string) function {
	return func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		key := s.advisoryKey(args)
		n := s.advisory.release(1, func(h *advisoryHold) bool { return h.key == key && h.shared == shared && !h.transaction })
		if n == 0 {
			s.Notice(pgerr.New(pgerr.Warning, "you don't own a lock of type %s", mode).WithSeverity(pgerr.SeverityWarning))
		}
		return types.Bool(n > 0), nil
	}
}
