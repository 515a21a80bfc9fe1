package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// locks is a shard's lock table with what waiting needs: a mutex, time, and
// somebody who looks for deadlocks.
type locks struct {
	// search returns 40P01 if self is the victim of a deadlock; then its waits are over.
	search  func(ctx context.Context, self txn.ID) error
	timeout time.Duration // deadlock_timeout

	mu      sync.Mutex // protects the rest
	table   *lock.Table
	waiters map[*lock.Waiter]error // why one was made to give up; nil while it was not
}

func newLocks(timeout time.Duration, search func(context.Context, txn.ID) error) *locks {
	return &locks{search: search, timeout: timeout, table: lock.New(), waiters: map[*lock.Waiter]error{}}
}

// locking is how a statement takes its locks.
type locking struct {
	strength  shard.LockStrength
	wait      shard.LockWait
	timeoutMS int64
	relation  string // for messages
	rowless   bool   // of a table: not had where somebody has it instead of its rows (lock.NoRows)
	// fresh, when not nil, is told whether the lock was not held before.
	fresh *bool
	// by, when not nil, has connections that others are to have while it waits.
	by *write
}

// rowLock names the lock of a row.
func rowLock(t *shard.Table, key string) lock.Key {
	return lock.Key{Space: lock.Row, Object: uint64(t.Relation), Bytes: key}
}

// valueLock names the lock of a unique value.
func valueLock(t *shard.Table, index uint32, value string) lock.Key {
	return lock.Key{Space: lock.Unique, Object: uint64(t.Relation)<<32 | uint64(index), Bytes: value}
}

// acquire takes a lock, waiting for it as asked. ok is false when SKIP LOCKED
// leaves the row out.
func (l *locks) acquire(ctx context.Context, b *branch, number txn.Statement, key lock.Key, how locking) (ok bool, err error) {
	policy := [...]lock.Policy{shard.WaitBlock: lock.Block, shard.WaitSkip: lock.Skip, shard.WaitError: lock.NoWait, shard.WaitTry: lock.Try, shard.WaitOrdered: lock.Block}[how.wait]
	if how.rowless {
		policy = lock.NoRows
	}
	l.mu.Lock()
	if how.fresh != nil {
		*how.fresh = !l.table.Holds(b.id, key, lock.Mode(how.strength))
	}
	result, w := l.table.Acquire(lock.Request{
		Owner: b.id, Statement: number, Key: key, Mode: lock.Mode(how.strength), Policy: policy,
	})
	if w != nil {
		w.Since = time.Now()
		l.waiters[w] = nil
	}
	l.mu.Unlock()
	if result == lock.Waiting {
		if how.by != nil {
			defer how.by.park()()
		}
		if result, err = l.await(ctx, w, how); err != nil {
			return false, err
		}
	}
	switch {
	case result == lock.Granted:
		return true, nil
	case result == lock.Busy && (how.rowless || how.wait == shard.WaitSkip || how.wait == shard.WaitTry):
		return false, nil
	case result == lock.Busy:
		return false, errRowLocked(how.relation)
	}
	return false, errLateStatement()
}

func errRowLocked(relation string) error {
	return pgerr.New(pgerr.LockNotAvailable, "could not obtain lock on row in relation \"%s\"", relation)
}

// await waits until a waiter's waiting is over, lock_timeout or the statement ends.
func (l *locks) await(ctx context.Context, w *lock.Waiter, how locking) (lock.Result, error) {
	deadlock := time.NewTimer(l.timeout)
	defer deadlock.Stop()
	var expired <-chan time.Time
	if how.timeoutMS > 0 {
		timer := time.NewTimer(time.Duration(how.timeoutMS) * time.Millisecond)
		defer timer.Stop()
		expired = timer.C
	}
	for {
		select {
		case <-w.Done():
			l.mu.Lock()
			defer l.mu.Unlock()
			err := l.waiters[w]
			delete(l.waiters, w)
			return w.Result(), err
		case <-ctx.Done():
			return l.giveUp(w, pgerr.From(ctx.Err()))
		case <-expired:
			return l.giveUp(w, lock.ErrTimeout())
		case <-deadlock.C:
			if err := l.search(ctx, w.Owner); err != nil {
				return l.giveUp(w, err)
			}
			deadlock.Reset(l.timeout)
		}
	}
}

// fail makes every wait of a transaction end with an error: a deadlock's victim
// that still waited elsewhere would close the circle for the next who looks.
func (l *locks) fail(id txn.ID, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.waiters {
		if w.Owner == id && w.Result() == lock.Waiting {
			l.waiters[w] = err
			l.table.Cancel(w)
		}
	}
}

// giveUp leaves the queue; a lock that was granted in the same moment goes with
// the statement.
func (l *locks) giveUp(w *lock.Waiter, err error) (lock.Result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiters, w)
	l.table.Cancel(w)
	return lock.Canceled, err
}

// yield gives back a lock that a statement has taken on something which is not there.
func (l *locks) yield(id txn.ID, key lock.Key, number txn.Statement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Yield(id, key, number)
}

func (l *locks) release(id txn.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Release(id)
}

// takeBack gives back what the statements between two numbers have taken.
func (l *locks) takeBack(id txn.ID, from, to txn.Statement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Cut(id, from, to)
}

// prepared makes everybody wait for a transaction's locks, and returns them.
func (l *locks) prepared(id txn.ID) []lock.Holding {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Prepare(id)
	return l.table.Holdings(id)
}

// restore gives a prepared transaction its locks back after a restart.
func (l *locks) restore(id txn.ID, holdings []lock.Holding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.table.Restore(id, holdings)
}

func (l *locks) edges() []lock.Edge {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.table.Edges()
}

// describe says what a transaction holds, what it waits for and for whom.
func (l *locks) describe(info *shard.TransactionInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	info.Locks, info.Waiting = l.table.Count(info.Txn), l.table.WaitsFor(info.Txn)
	if w := l.table.Waiting(info.Txn); w != nil {
		info.Wait = &shard.Wait{Key: lock.Key{Space: w.Key.Space, Object: w.Key.Object}, Mode: w.Mode, Since: w.Since}
	}
}

// jump grants what only the fairness of a queue holds up (see lock.FindCycle).
func (l *locks) jump(waiter txn.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.waiters {
		if w.Owner == waiter && l.table.Jump(w) {
			return true
		}
	}
	return false
}
