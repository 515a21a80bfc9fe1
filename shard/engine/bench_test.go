package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

func filled(b *testing.B, in *shardtest.Instance, acc *shard.Table, n int64) {
	b.Helper()
	tx := in.Begin(b, txn.ReadCommitted)
	var rows [][]byte
	for i := range n {
		rows = append(rows, shardtest.Account(acc, i, i%10, 100, ""))
	}
	if _, err := tx.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(rows...)}); err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	if _, err := in.Service.Control(context.Background(), &shard.ControlRequest{Op: shard.ControlSettle}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPointRead(b *testing.B) {
	in := open(b, config(b.TempDir(), shardtest.NewOracle(), 1, 1))
	acc := shardtest.Accounts(1)
	filled(b, in, acc, 10000)
	f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	env := types.DefaultEnv()
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := shard.ReadRequest{Fragment: f, Values: shard.Values{Params: []types.Datum{types.Int(int64(i % 10000))}, Env: env}}
		rows, err := in.Service.Read(ctx, &r)
		if err != nil {
			b.Fatal(err)
		}
		batch, err := rows.Next(ctx)
		if err != nil || batch == nil || batch.Count != 1 {
			b.Fatal(batch, err)
		}
		rows.Close()
	}
}

func BenchmarkUpdateCommit(b *testing.B) {
	for name, dir := range map[string]string{"Memory": "", "Log": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			cfg := config(dir, shardtest.NewOracle(), 1, 1)
			cfg.SettleEvery = 100 * time.Millisecond
			in := open(b, cfg)
			acc := shardtest.Accounts(1)
			filled(b, in, acc, 10000)
			f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
			update := shardtest.AddBalance(f)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				tx := in.Begin(b, txn.ReadCommitted)
				r := *update
				r.Params = []types.Datum{types.Int(int64(i*7919) % 10000), types.Int(1)}
				if _, err := tx.Write(&r); err != nil {
					b.Fatal(err)
				}
				if _, err := tx.Commit(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
