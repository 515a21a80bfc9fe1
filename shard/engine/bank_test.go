package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestBank moves money between rows on several shards and logs from several
// goroutines, settling all the time: at every snapshot the sum is the same.
func TestBank(t *testing.T) {
	const shards, rows, each = 3, 9, 60
	cfg := config(t.TempDir(), shardtest.NewOracle(), shards, 2)
	cfg.SettleEvery = time.Millisecond
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	for id := range shard.ID(shards) {
		tx := in.Begin(t, txn.ReadCommitted)
		var batch [][]byte
		for i := int64(id); i < rows; i += shards {
			batch = append(batch, shardtest.Account(acc, i, i%2, 100, ""))
		}
		write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(batch...)})
		commit(t, tx)
	}
	var writers, readers sync.WaitGroup
	var done atomic.Bool
	for g := range uint64(4) {
		writers.Go(func() { transfers(t, in, acc, rand.New(rand.NewPCG(g, 1)), shards, rows, each) })
	}
	for range 2 {
		readers.Go(func() {
			for !done.Load() {
				sumAtSnapshot(t, in, acc, shards, rows*100)
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
	sumAtSnapshot(t, in, acc, shards, rows*100)
}

func transfers(t *testing.T, in *shardtest.Instance, acc *shard.Table, rng *rand.Rand, shards, rows int64, n int) {
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	for range n {
		a, b := rng.Int64N(rows), rng.Int64N(rows)
		if a > b {
			a, b = b, a // one order: no deadlocks
		}
		if a == b {
			continue
		}
		tx := in.Begin(t, txn.ReadCommitted)
		var err error
		for _, part := range []struct{ id, by int64 }{{a, -1}, {b, 1}} {
			r := shardtest.AddBalance(byID, types.Int(part.id), types.Int(part.by))
			r.Shard = shard.ID(part.id % shards)
			if _, err = tx.Write(r); err != nil {
				break
			}
		}
		if err == nil {
			_, err = tx.Commit()
		} else {
			tx.Rollback()
		}
		if err != nil && !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			t.Errorf("transfer: %v", err)
		}
	}
}

func sumAtSnapshot(t *testing.T, in *shardtest.Instance, acc *shard.Table, shards, want int64) {
	s, err := in.Oracle.Snapshot(context.Background())
	if err != nil {
		t.Error(err)
		return
	}
	defer in.Oracle.Release(s)
	total := int64(0)
	for id := range shard.ID(shards) {
		tx := in.Begin(t, txn.ReadCommitted)
		h := tx.Header(id)
		h.Snapshot = s
		rows, err := tx.ReadRequest(&shard.ReadRequest{Header: h, Fragment: shardtest.Fragment(acc)})
		if err != nil {
			t.Error(err)
			return
		}
		for _, row := range rows {
			var id, branch, balance int64
			fmt.Sscanf(row, "%d|%d|%d|", &id, &branch, &balance)
			total += balance
		}
	}
	if total != want {
		t.Errorf("sum %d at snapshot %d, want %d", total, s, want)
	}
}
