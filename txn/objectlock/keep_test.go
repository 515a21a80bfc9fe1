package objectlock

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// keeper makes a session's Holder; its transaction has the same number.
func keeper(t *testing.T, l *Locks, node uint32, seq uint64) *Holder {
	t.Helper()
	h := l.Keep(txn.ID{Node: node, Seq: 1<<63 | seq}, func() txn.ID { return txn.ID{Node: node, Seq: seq} })
	t.Cleanup(h.Leave)
	return h
}

func advisory(number uint64, shared bool) lock.Request {
	r := lock.Request{Key: lock.AdvisoryKey(5, number, 1), Mode: lock.TableExclusive, Statement: 2}
	if shared {
		r.Mode, r.Statement = lock.TableShare, 1
	}
	return r
}

// TestKeepModes: what goes together, who holds may take again, and each mode is given back alone.
func TestKeepModes(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		w := newWorld(nodes)
		s := [2]*Holder{keeper(t, w.nodes[0], 0, 1), keeper(t, w.nodes[nodes-1], 2, 2)}
		try := func(who int, shared, want bool) {
			t.Helper()
			if got, err := s[who].Try(context.Background(), advisory(1, shared)); err != nil || got != want {
				t.Errorf("%d nodes: %v, %v", nodes, got, err)
			}
		}
		try(0, true, true)
		try(1, true, true)
		try(0, false, false)
		try(1, true, true)
		s[1].Yield(advisory(1, true))
		try(0, false, true)
		try(1, true, false)
		s[0].Yield(advisory(1, true))
		try(1, true, false)
		s[0].Yield(advisory(1, false))
		try(1, false, true)
	}
}

// TestKeepMindsQueues: who comes later does not pass who waits, not even without waiting.
func TestKeepMindsQueues(t *testing.T) {
	w := newWorld(2)
	reader, writer, late := keeper(t, w.nodes[0], 0, 1), keeper(t, w.nodes[1], 1, 2), keeper(t, w.nodes[1], 1, 3)
	if err := reader.Take(context.Background(), advisory(1, true), 0); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- writer.Take(context.Background(), advisory(1, false), 0) }()
	for waits := false; !waits; {
		for _, e := range w.nodes[1].List() {
			waits = waits || !e.Granted && e.Waiter == txn.ID{Node: 1, Seq: 2}
		}
	}
	if got, err := late.Try(context.Background(), advisory(1, true)); got || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	late.Yield(advisory(1, true))
	reader.Yield(advisory(1, true))
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestKeepNeedsEveryNode: what does not answer is not passed over as long as it
// lives, and nothing stays behind; nor does anybody get a lock who may be taken for dead.
func TestKeepNeedsEveryNode(t *testing.T) {
	w := newWorld(3)
	w.down[2].Store(true)
	s := keeper(t, w.nodes[0], 0, 1)
	if got, err := s.Try(context.Background(), advisory(1, false)); got || !pgerr.HasCode(err, pgerr.SystemError) {
		t.Errorf("%v, %v", got, err)
	}
	if err := s.Take(context.Background(), advisory(1, false), time.Millisecond); !pgerr.HasCode(err, pgerr.LockNotAvailable) {
		t.Errorf("lock_timeout: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Take(ctx, advisory(1, false), 0); !pgerr.HasCode(err, pgerr.QueryCanceled) {
		t.Errorf("canceled: %v", err)
	}
	for i, l := range w.nodes {
		if left := l.List(); len(left) > 0 {
			t.Errorf("node %d has %v", i, left)
		}
	}
	done := make(chan error, 1)
	go func() { done <- s.Take(context.Background(), advisory(1, false), 0) }()
	w.dead[2].Store(true)
	if err := <-done; err != nil {
		t.Errorf("beside a dead node: %v", err)
	}
	holder := keeper(t, w.nodes[1], 1, 2)
	if err := holder.Take(context.Background(), advisory(2, false), 0); err != nil {
		t.Fatal(err)
	}
	go func() { done <- s.Take(context.Background(), advisory(2, false), 0) }()
	for waits := false; !waits; {
		for _, e := range w.nodes[0].List() {
			waits = waits || !e.Granted
		}
	}
	w.lives.Add(1)
	holder.Yield(advisory(2, false))
	if err := <-done; !pgerr.HasCode(err, pgerr.SystemError) {
		t.Errorf("taken for dead while it waited: %v", err)
	}
	w.unsure.Store(true)
	if err := s.Take(context.Background(), advisory(2, false), 0); !errors.Is(err, errUnsure) {
		t.Errorf("%v", err)
	}
}

// TestKeptApartWithoutConnections: sessions of three nodes never have the same
// lock at once, whatever connections between them are lost meanwhile.
func TestKeptApartWithoutConnections(t *testing.T) {
	w := newWorld(3)
	w.breaks = true
	const locks, rounds = 2, 100
	var in [locks]atomic.Int32
	var all sync.WaitGroup
	var got atomic.Int32
	for seq := range uint64(6) {
		s := keeper(t, w.nodes[seq%3], uint32(seq%3), seq+1)
		rng := rand.New(rand.NewPCG(1, seq))
		all.Go(func() {
			for range rounds {
				at := rng.IntN(locks)
				r := advisory(uint64(at), false)
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // so that a circle ends
				ok, err := true, error(nil)
				if rng.IntN(2) == 0 {
					ok, err = s.Try(ctx, r)
				} else {
					err = s.Take(ctx, r, 0)
				}
				cancel()
				if err != nil && !pgerr.HasCode(err, pgerr.SystemError) {
					t.Error(err)
					return
				}
				if !ok || err != nil {
					continue
				}
				if n := in[at].Add(1); n != 1 {
					t.Errorf("%d have lock %d", n, at)
				}
				got.Add(1)
				if rng.IntN(4) == 0 {
					time.Sleep(2 * time.Millisecond) // longer than it takes to hear of a lost connection
				}
				if n := in[at].Add(-1); n != 0 {
					t.Errorf("%d have lock %d too", n, at)
				}
				s.Yield(r)
			}
		})
	}
	all.Wait()
	if got.Load() < rounds {
		t.Errorf("%d locks taken", got.Load())
	}
}
