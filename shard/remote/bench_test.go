package remote_test

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

const benchRows = 10000

// filled is a node in memory with accounts in it.
func filled(b *testing.B) (*shardtest.Instance, *shard.Table) {
	b.Helper()
	in, acc := open(b, config("", 1, 1)), shardtest.Accounts(1)
	tx := in.Begin(b, txn.ReadCommitted)
	var rows [][]byte
	for i := range int64(benchRows) {
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
	return in, acc
}

func pointRead(ctx context.Context, in *shardtest.Instance, f *shard.Fragment, env *types.Env, id int) error {
	r := shard.ReadRequest{Fragment: f, Values: shard.Values{Params: []types.Datum{types.Int(int64(id % benchRows))}, Env: env}}
	rows, err := in.Service.Read(ctx, &r)
	if err != nil {
		return err
	}
	for {
		if batch, err := rows.Next(ctx); err != nil || batch == nil {
			rows.Close()
			return err
		}
	}
}

// A point read over loopback: one at a time, under a context that can be cancelled.
func BenchmarkPointRead(b *testing.B) {
	in, acc := filled(b)
	f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	env := types.DefaultEnv()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := pointRead(ctx, in, f, env, i); err != nil {
			b.Fatal(err)
		}
	}
}

// Point reads by many sessions over one connection.
func BenchmarkPointReadParallel(b *testing.B) {
	in, acc := filled(b)
	f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	env := types.DefaultEnv()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := pointRead(context.Background(), in, f, env, i); err != nil {
				b.Error(err)
			}
		}
	})
}

// An update and its commit over loopback.
func BenchmarkUpdateCommit(b *testing.B) {
	in, acc := filled(b)
	f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	update := shardtest.AddBalance(f)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tx := in.Begin(b, txn.ReadCommitted)
		r := *update
		r.Params = []types.Datum{types.Int(int64(i*7919) % benchRows), types.Int(1)}
		if _, err := tx.Write(&r); err != nil {
			b.Fatal(err)
		}
		if _, err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

// A scan of all rows over loopback.
func BenchmarkScan(b *testing.B) {
	in, acc := filled(b)
	f := shardtest.Fragment(acc)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		rows, err := in.Service.Read(ctx, &shard.ReadRequest{Fragment: f, Values: shard.Values{Env: types.DefaultEnv()}})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for {
			batch, err := rows.Next(ctx)
			if err != nil {
				b.Fatal(err)
			}
			if batch == nil {
				break
			}
			n += batch.Count
		}
		if n != benchRows {
			b.Fatalf("%d rows", n)
		}
		rows.Close()
	}
}
