package session

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// fixedCatalog is one that nobody changes.
type fixedCatalog struct{ snapshot *catalog.Snapshot }

func (c fixedCatalog) Snapshot() *catalog.Snapshot   { return c.snapshot }
func (c fixedCatalog) Confirm(context.Context) error { return nil }

func retrying(level txn.Isolation) *Session {
	n := &Node{Catalog: fixedCatalog{new(catalog.Snapshot)}, Txns: txn.NewManager(1, 1, nil, nil, nil, nil)}
	return &Session{node: n, tx: &transaction{txn: n.Txns.Begin(level)}}
}

// TestFollowingHasNoEnd of its own: who follows a row goes on as long as it
// moves, however long each wait for its lock takes.
func TestFollowingHasNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		_, err := retrying(txn.ReadCommitted).persist(t.Context(), func() (*result, error) {
			if tries++; tries > 2*fruitless {
				return done("UPDATE 1"), nil
			}
			time.Sleep(time.Minute)
			return nil, shard.Refuse(shard.RefusedMoved)
		})
		if err != nil {
			t.Errorf("after %d tries: %v", tries, err)
		}
	})
}

// TestFollowingIsCancelled: it ends with its context.
func TestFollowingIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := retrying(txn.ReadCommitted).persist(ctx, func() (*result, error) {
			time.Sleep(time.Minute)
			return nil, shard.Refuse(shard.RefusedMoved)
		})
		if !pgerr.HasCode(err, pgerr.QueryCanceled) {
			t.Error(err)
		}
	})
}

// TestFruitlessTriesEnd: what no other try can help is told after a while,
// which waits for locks are no part of; what the client has seen of is told at once.
func TestFruitlessTriesEnd(t *testing.T) {
	for _, c := range []struct {
		level txn.Isolation
		err   error
		tries int
	}{
		{txn.ReadCommitted, shard.Refuse(shard.RefusedVersion), fruitless},
		{txn.ReadCommitted, shard.Refuse(shard.RefusedRestart), fruitless},
		{txn.RepeatableRead, shard.Refuse(shard.RefusedMoved), fruitless},
		{txn.ReadCommitted, shown{shard.Refuse(shard.RefusedMoved)}, 1},
		{txn.ReadCommitted, pgerr.New(pgerr.DivisionByZero, "division by zero"), 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			_, err := retrying(c.level).persist(t.Context(), func() (*result, error) {
				tries++
				time.Sleep(time.Minute)
				return nil, c.err
			})
			if !errors.Is(err, c.err) || tries != c.tries {
				t.Errorf("%v: %d tries, then %v", c.err, tries, err)
			}
		})
	}
}
