package engine_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// away are waits on other nodes: what is there each time one looks.
type away struct {
	seen  [][]lock.Edge
	looks int
}

func (a *away) Waits(context.Context) []lock.Edge {
	a.looks++
	return a.seen[min(a.looks, len(a.seen))-1]
}
func (a *away) Jump(context.Context, txn.ID) bool { return false }
func (a *away) Party(_ context.Context, id txn.ID) lock.Party {
	return lock.Party{Process: 7, Number: id.Seq}
}

// Rule 29: a circle over several nodes ends the youngest of it, when it was
// there each time of two.
func TestRule29CircleOverNodes(t *testing.T) {
	nodes := &away{seen: [][]lock.Edge{nil}}
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout, cfg.Elsewhere = time.Hour, nodes })
	for _, waiterIsYounger := range []bool{true, false} {
		holder, waiter := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
		if !waiterIsYounger {
			holder, waiter = waiter, holder
		}
		write(t, holder, add(acc, 0, 1))
		done, update := make(chan error), waiter.Together(add(acc, 0, 1))[0]
		go func() {
			_, err := in.Service.Write(context.Background(), update)
			done <- err
		}()
		n := in.Service.(*engine.Node)
		waits(t, in, waiter.ID())
		circle := []lock.Edge{{Waiter: holder.ID(), Blocker: waiter.ID()}}
		for _, c := range []struct {
			name   string
			seen   [][]lock.Edge
			victim bool
		}{
			{"nothing elsewhere", [][]lock.Edge{nil}, false},
			{"seen once", [][]lock.Edge{circle, nil}, false},
			{"seen twice", [][]lock.Edge{circle}, waiterIsYounger},
		} {
			nodes.seen, nodes.looks = c.seen, 0
			err := n.Search(t.Context(), waiter.ID(), func() {})
			if c.victim {
				wantCode(t, err, pgerr.TRDeadlockDetected)
			} else if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		holder.Rollback()
		if err := <-done; (err != nil) != (waiterIsYounger) {
			t.Errorf("the waiter's statement: %v", err)
		}
		waiter.Rollback()
	}
}

// silent is another node that answers nothing until whoever asks gives up.
type silent struct{ asked chan struct{} }

func (s silent) Waits(ctx context.Context) []lock.Edge {
	s.asked <- struct{}{}
	<-ctx.Done()
	return nil
}
func (s silent) Jump(context.Context, txn.ID) bool             { return false }
func (s silent) Party(_ context.Context, id txn.ID) lock.Party { return lock.Party{Number: id.Seq} }

// Rule 29: while another node is asked, deadlocks of this one are broken.
func TestRule29NobodyWaitsForAnotherNode(t *testing.T) {
	nodes := silent{make(chan struct{})}
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout, cfg.Elsewhere = time.Hour, nodes })
	n := in.Service.(*engine.Node)
	ctx, cancel := context.WithCancel(t.Context())
	looked := make(chan error, 1)
	go func() { looked <- n.Search(ctx, txn.ID{Node: 9}, func() {}) }()
	<-nodes.asked
	a, b := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	write(t, a, add(acc, 0, 1))
	write(t, b, add(acc, 1, 1))
	ends := make(chan error, 2)
	for i, tx := range []*shardtest.Tx{a, b} {
		go func() {
			_, err := tx.Write(add(acc, int64(1-i), 1))
			ends <- err
		}()
		for n.Waits(tx.ID()) == 0 {
			runtime.Gosched()
		}
	}
	wantCode(t, n.Search(ctx, a.ID(), func() {}), pgerr.TRDeadlockDetected)
	wantCode(t, <-ends, pgerr.TRDeadlockDetected)
	a.Rollback()
	if err := <-ends; err != nil {
		t.Error(err)
	}
	b.Rollback()
	cancel()
	if err := <-looked; err != nil {
		t.Errorf("who looked until its statement ended: %v", err)
	}
}
