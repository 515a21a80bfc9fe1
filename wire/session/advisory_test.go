package session

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

func advisorySessions(n int) []*Session {
	out := make([]*Session, n)
	for i := range out {
		out[i] = &Session{client: Client{PID: int32(i + 1)}}
	}
	return out
}

func held(key int64, shared bool) advisoryHold {
	return advisoryHold{key: advisoryKey{key: key}, shared: shared}
}

// waitFor blocks until s waits in a.
func waitFor(t *testing.T, a *advisory, s *Session) {
	t.Helper()
	for !a.waiters()[s] {
		time.Sleep(time.Millisecond)
	}
}

// TestAdvisoryModes: what goes together, and who holds may take again.
func TestAdvisoryModes(t *testing.T) {
	var a advisory
	s := advisorySessions(2)
	steps := []struct {
		session int
		shared  bool
		want    bool
	}{{0, true, true}, {1, true, true}, {0, false, false}, {1, true, true}}
	for i, step := range steps {
		if got := a.try(s[step.session], held(1, step.shared)); got != step.want {
			t.Fatalf("step %d: %v", i, got)
		}
	}
	if n := a.release(s[1], 0, everyHold, ofSession); n != 2 {
		t.Fatalf("%d holds given back, not 2", n)
	}
	if !a.try(s[0], held(1, false)) || a.try(s[1], held(1, true)) {
		t.Fatal("the only holder takes it exclusively, and keeps others out")
	}
}

// TestAdvisoryQueue: waiters get the lock in the order that they came; a later
// reader does not pass a waiting writer.
func TestAdvisoryQueue(t *testing.T) {
	var a advisory
	s := advisorySessions(3)
	a.try(s[0], held(1, true))
	got := make(chan int, 2)
	wait := func(i int, shared bool) {
		go func() {
			if err := a.lock(context.Background(), s[i], held(1, shared), 0); err != nil {
				t.Error(err)
			}
			got <- i
		}()
		waitFor(t, &a, s[i])
	}
	wait(1, false)
	wait(2, true)
	a.release(s[0], 0, everyHold, ofSession)
	if i := <-got; i != 1 {
		t.Fatalf("session %d came first", i)
	}
	a.release(s[1], 0, everyHold, ofSession)
	if i := <-got; i != 2 {
		t.Fatalf("session %d came second", i)
	}
}

// TestAdvisoryEnds: a wait ends with a deadlock, a timeout and the statement,
// and leaves nothing behind.
func TestAdvisoryEnds(t *testing.T) {
	var a advisory
	s := advisorySessions(2)
	a.try(s[0], held(1, false))
	a.try(s[1], held(2, false))
	if err := a.lock(context.Background(), s[0], held(2, false), time.Millisecond); !pgerr.HasCode(err, pgerr.LockNotAvailable) {
		t.Fatalf("lock_timeout: %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
	done := make(chan error)
	go func() { done <- a.lock(ctx, s[0], held(2, false), 0) }()
	waitFor(t, &a, s[0])
	if err := a.lock(context.Background(), s[1], held(1, false), 0); !pgerr.HasCode(err, pgerr.TRDeadlockDetected) {
		t.Fatalf("deadlock: %v", err)
	}
	cancel(reason)
	if err := <-done; !errors.Is(err, reason) {
		t.Fatalf("interrupted: %v", err)
	}
	if len(a.waiting) != 0 || len(a.rows()) != 2 {
		t.Fatalf("%d wait, %d hold", len(a.waiting), len(a.rows()))
	}
}
