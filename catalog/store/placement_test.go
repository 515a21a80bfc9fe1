package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
)

// forgetful is a metadata store whose commits may be done without an answer, or not at all.
type forgetful struct {
	metakv.Store
	lose, fail atomic.Int32 // so many
}

func (f *forgetful) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if f.fail.Load() > 0 {
		f.fail.Add(-1)
		return metakv.Result{}, errors.New("no answer")
	}
	r, err := f.Store.Commit(ctx, t)
	if f.lose.Load() > 0 {
		f.lose.Add(-1)
		return metakv.Result{}, errors.New("no answer")
	}
	return r, err
}

// TestClaims: a claim gives the shard to the node once, whatever answers are
// lost; not when the move was given up, nor when the node has started again.
func TestClaims(t *testing.T) {
	kv := &forgetful{Store: memory.New()}
	s := open(t, kv)
	_, unchanged, err := s.Placement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := placement.New(8, []ring.Member{{Node: 1, Weight: 1}})
	if err == nil {
		err = s.SetPlacement(t.Context(), m, unchanged)
	}
	if err != nil {
		t.Fatal(err)
	}
	boot, err := s.NextBoot(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(shard, moves, boot uint32, want uint64) {
		t.Helper()
		epoch, err := s.Claim(t.Context(), store.Claim{Shard: shard, Moves: moves, Node: 2, Boot: boot})
		if err != nil || epoch != want {
			t.Fatalf("shard %d: epoch %d %v, want %d", shard, epoch, err, want)
		}
	}
	claim(3, 0, boot, 2)
	claim(3, 0, boot, 2) // again
	claim(9, 0, boot, 0) // none
	kv.lose.Store(1)
	claim(4, 0, boot, 3)
	kv.fail.Store(1)
	claim(5, 0, boot, 4)
	giveUp := func(shard, owner uint32, epoch uint64) {
		t.Helper()
		m, err := s.GiveUp(t.Context(), shard, 1)
		if err != nil || m.Node(shard) != owner || m.Epoch() != epoch {
			t.Fatalf("given up: %v %s, want epoch %d", err, m.Encode(), epoch)
		}
	}
	giveUp(6, 1, 5)
	claim(6, 0, boot, 0) // the move was given up
	claim(6, 1, boot, 6) // another one
	giveUp(6, 2, 6)      // too late
	if _, err := s.NextBoot(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	claim(7, 0, boot, 0)
	claim(7, 0, boot+1, 7)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	kv.fail.Store(100)
	if epoch, err := s.Claim(ctx, store.Claim{Shard: 1, Node: 2, Boot: boot + 1}); err == nil || epoch != 0 {
		t.Fatalf("epoch %d %v of a store that does not answer", epoch, err)
	}
}
