package objectlock

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

func table(oid uint64) lock.Key { return lock.Key{Space: lock.Relation, Object: oid} }

// actor is a transaction with its Holder.
type actor struct {
	*Holder
	t  *testing.T
	id txn.ID
}

func newActor(t *testing.T, l *Locks, seq uint64) *actor {
	return &actor{l.Join(), t, txn.ID{Node: 1, Boot: 1, Seq: seq}}
}

func (a *actor) request(statement txn.Statement, k lock.Key, m lock.Mode) lock.Request {
	return lock.Request{Owner: a.id, Statement: statement, Key: k, Mode: m}
}

// takes must get the lock at once.
func (a *actor) takes(statement txn.Statement, k lock.Key, m lock.Mode) {
	a.t.Helper()
	if waited, err := a.Acquire(context.Background(), a.request(statement, k, m), 0); waited || err != nil {
		a.t.Fatalf("%d on %v: waited %v, %v", a.id.Seq, k, waited, err)
	}
}

// asks waits for the lock in the background; it has queued when asks returns.
func (a *actor) asks(ctx context.Context, statement txn.Statement, k lock.Key, m lock.Mode) chan error {
	a.t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := a.Acquire(ctx, a.request(statement, k, m), 0)
		done <- err
	}()
	for !waiting(a.locks, a.id) {
		select {
		case err := <-done:
			a.t.Fatalf("%d did not wait: %v", a.id.Seq, err)
		default:
			runtime.Gosched()
		}
	}
	return done
}

func waiting(l *Locks, id txn.ID) bool {
	for _, e := range l.List() {
		if e.Owner == id && !e.Granted {
			return true
		}
	}
	return false
}

func patient() *Locks { return New(time.Hour, nil, nil) }

// TestStrongWaitsForAllWeak: also for those that nobody but their holder knew of.
func TestStrongWaitsForAllWeak(t *testing.T) {
	l := patient()
	reader, writer, ddl := newActor(t, l, 1), newActor(t, l, 2), newActor(t, l, 3)
	reader.takes(1, table(7), lock.TableAccessShare)
	writer.takes(1, table(7), lock.TableRowExclusive)
	reader.takes(1, table(8), lock.TableAccessShare)
	done := ddl.asks(context.Background(), 1, table(7), lock.TableAccessExclusive)
	// Who is there already goes on, in any mode.
	reader.takes(2, table(7), lock.TableRowExclusive)
	writer.takes(2, table(7), lock.TableAccessShare)
	reader.Release()
	if !waiting(l, ddl.id) {
		t.Fatal("granted beside a writer")
	}
	writer.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ddl.takes(2, table(7), lock.TableRowExclusive)
	ddl.Release()
	reader.takes(3, table(7), lock.TableAccessShare)
	if l.List()[0].Quick != true {
		t.Error("the way of weak locks stays closed after the strong one is gone")
	}
}

// TestWeakQueuesBehindStrong: new users of the table do not keep a schema change waiting for ever.
func TestWeakQueuesBehindStrong(t *testing.T) {
	l := patient()
	first, ddl, second := newActor(t, l, 1), newActor(t, l, 2), newActor(t, l, 3)
	first.takes(1, table(7), lock.TableAccessShare)
	strong := ddl.asks(context.Background(), 1, table(7), lock.TableAccessExclusive)
	weak := second.asks(context.Background(), 1, table(7), lock.TableAccessShare)
	first.Release()
	if err := <-strong; err != nil || !waiting(l, second.id) {
		t.Fatalf("%v, or the second reader was let in", err)
	}
	ddl.Release()
	if err := <-weak; err != nil {
		t.Fatal(err)
	}
}

func TestCut(t *testing.T) {
	l := patient()
	a, b := newActor(t, l, 1), newActor(t, l, 2)
	a.takes(1, table(7), lock.TableAccessShare)
	a.takes(5, table(8), lock.TableAccessShare)
	a.takes(5, table(9), lock.TableAccessExclusive)
	a.Cut(5)
	b.takes(1, table(8), lock.TableAccessExclusive)
	b.takes(1, table(9), lock.TableAccessExclusive)
	done := b.asks(context.Background(), 1, table(7), lock.TableAccessExclusive)
	a.Cut(2) // the lock has been moved to the table, and stays
	if !waiting(l, b.id) {
		t.Fatal("what came before the cut is gone")
	}
	a.Cut(1)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestWaitingEnds(t *testing.T) {
	l := patient()
	a, b := newActor(t, l, 1), newActor(t, l, 2)
	a.takes(1, table(7), lock.TableAccessShare)
	ctx, cancel := context.WithCancel(context.Background())
	done := b.asks(ctx, 1, table(7), lock.TableAccessExclusive)
	cancel()
	if err := <-done; !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := b.Acquire(context.Background(), b.request(1, table(7), lock.TableAccessExclusive), 1); !pgerr.HasCode(err, pgerr.LockNotAvailable) {
		t.Errorf("lock_timeout: %v", err)
	}
	b.Release()
	c := newActor(t, l, 3)
	c.takes(1, table(7), lock.TableRowExclusive)
}

func TestDeadlockEndsWaiting(t *testing.T) {
	victim := pgerr.New(pgerr.TRDeadlockDetected, "deadlock detected")
	l := New(1, func(_ context.Context, _ txn.ID, leave func()) error {
		leave()
		return victim
	}, nil)
	a, b := newActor(t, l, 1), newActor(t, l, 2)
	a.takes(1, table(7), lock.TableAccessShare)
	_, err := b.Acquire(context.Background(), b.request(1, table(7), lock.TableAccessExclusive), 0)
	if err != error(victim) || waiting(l, b.id) {
		t.Errorf("%v", err)
	}
}

// TestMoreThanFit: the array's end is not the end.
func TestMoreThanFit(t *testing.T) {
	l := patient()
	a, b := newActor(t, l, 1), newActor(t, l, 2)
	for oid := range uint64(3 * quickLocks) {
		a.takes(1, table(oid), lock.TableAccessShare)
	}
	if n := len(l.List()); n != 3*quickLocks {
		t.Errorf("%d locks", n)
	}
	done := b.asks(context.Background(), 1, table(3*quickLocks-1), lock.TableAccessExclusive)
	a.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestNobodyBesideStrong runs weak and strong lockers of a few tables against
// each other: no two that conflict are ever in at once.
func TestNobodyBesideStrong(t *testing.T) {
	l := patient()
	const tables, rounds = 3, 400
	var weakIn, strongIn [tables]atomic.Int32
	var all sync.WaitGroup
	for seq := range uint64(6) {
		a := newActor(t, l, seq+1)
		strong := seq < 2
		all.Go(func() {
			for i := range rounds {
				at := (i + int(seq)) % tables
				mode, mine, theirs := lock.TableRowExclusive, &weakIn[at], &strongIn[at]
				if strong {
					mode, mine, theirs = lock.TableAccessExclusive, &strongIn[at], &weakIn[at]
				}
				if _, err := a.Acquire(context.Background(), a.request(1, table(uint64(at)), mode), 0); err != nil {
					t.Error(err)
				}
				if n := mine.Add(1); theirs.Load() != 0 || strong && n != 1 {
					t.Errorf("strong %v beside %d and %d", strong, n, theirs.Load())
				}
				mine.Add(-1)
				a.Release()
			}
		})
	}
	all.Wait()
}

func TestWeakLocksAllocateNothing(t *testing.T) {
	l := patient()
	a := newActor(t, l, 1)
	if n := testing.AllocsPerRun(100, func() {
		a.takes(1, table(7), lock.TableAccessShare)
		a.takes(2, table(8), lock.TableRowExclusive)
		a.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
