package planner_test

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// prepared plans a statement whose parameters are all int4.
func (w *world) prepared(sql string) *plan.Statement {
	w.t.Helper()
	list, err := sqlparse.Parse(sql)
	if err != nil {
		w.t.Fatal(err)
	}
	st, err := w.plans.Plan(w.env(), list[0], nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

func benchWorld(b *testing.B) *world {
	w := newWorld(b, 8, 1)
	schema(w)
	w.must("INSERT INTO accounts SELECT g, g % 100, 0, 'f' FROM generate_series(1, 10000) g")
	return w
}

func BenchmarkPointSelect(b *testing.B) {
	w := benchWorld(b)
	st := w.prepared("SELECT abalance FROM accounts WHERE aid = $1")
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		run := w.manager.Begin(0).Run()
		c, err := exec.Run(ctx, w.execEnv(run), st, []types.Datum{types.Int(int64(i%10000 + 1))}, nil)
		if err != nil {
			b.Fatal(err)
		}
		row, err := c.NextPacked(ctx)
		if err != nil || row == nil {
			b.Fatal(row, err)
		}
		if row, err = c.NextPacked(ctx); row != nil || err != nil {
			b.Fatal(err)
		}
		c.Close()
		run.Close()
	}
}

func BenchmarkPointUpdate(b *testing.B) {
	w := benchWorld(b)
	st := w.prepared("UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2")
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tx := w.manager.Begin(0)
		run := tx.Run()
		c, err := exec.Run(ctx, w.execEnv(run), st, []types.Datum{types.Int(1), types.Int(int64(i%10000 + 1))}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Next(ctx); err != nil || c.Affected() != 1 {
			b.Fatal(err)
		}
		c.Close()
		run.Close()
		if err := tx.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
