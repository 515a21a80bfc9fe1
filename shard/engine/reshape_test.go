package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// widened is a table with one more column, of the type and missing value of
// want, and one more index.
func widened(acc *shard.Table, want types.Datum) *shard.Table {
	t := *acc
	t.Version++
	c := shard.Column{Name: "more", Type: types.TInt4, Typmod: -1, Missing: want}
	if want.Kind() == types.KindText {
		c.Type = types.TText
	}
	t.Columns = append(acc.Columns[:len(acc.Columns):len(acc.Columns)], c)
	t.Indexes = append(acc.Indexes[:len(acc.Indexes):len(acc.Indexes)], shard.Index{ID: 9, Name: "more_idx", Columns: []int{2}, Desc: []bool{false}})
	return &t
}

// reshapeCrash has two settled rows on each of two shards, in two logs.
func newReshapeCrash(t *testing.T) *loadCrash {
	c := newLoadCrash(t)
	tx := c.in.Begin(t, txn.ReadCommitted)
	for id := range shard.ID(2) {
		write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: c.acc, Rows: rowsOf(c.acc, 1, 3, 1)})
	}
	commit(t, tx)
	c.settle(t)
	return c
}

func (c *loadCrash) settle(t *testing.T) {
	t.Helper()
	for _, e := range c.in.Service.(*engine.Node).Engines() {
		if err := e.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// change locks the table and has its shards make a column and an index.
func (c *loadCrash) change(t *testing.T, tx *shardtest.Tx, wide *shard.Table) {
	t.Helper()
	for id := range shard.ID(2) {
		tx.LockTable(id, c.acc)
		if got := count(t, tx, id, shardtest.Fragment(wide)); got != 2 {
			t.Fatalf("%d rows", got)
		}
		h := tx.Header(id)
		control(t, c.in, &shard.ControlRequest{Header: h, Op: shard.ControlBuildIndex, Table: wide, Index: 9})
	}
}

// wantText reads the table in a form whose last column is text.
func (c *loadCrash) wantText(t *testing.T, wide *shard.Table, want string) {
	t.Helper()
	for id := range shard.ID(2) {
		rows, err := c.in.Begin(t, txn.ReadCommitted).Read(id, shardtest.Ordered(shardtest.Fragment(wide), 0, false))
		if got := strings.Join(rows, " "); err != nil || got != want {
			t.Fatalf("shard %d has %q, want %q: %v", id, got, want, err)
		}
	}
}

// TestReshapeTakenBack rolls a schema change back in every way, and crashes in
// the middle of it; the next change takes the place of its column.
func TestReshapeTakenBack(t *testing.T) {
	for _, how := range []string{"rollback", "cut", "abort", "crash", "crash when prepared", "crash when aborted"} {
		t.Run(how, func(t *testing.T) {
			c := newReshapeCrash(t)
			tx := c.in.Begin(t, txn.ReadCommitted)
			c.change(t, tx, widened(c.acc, types.Int(5)))
			switch how {
			case "rollback":
				tx.Rollback()
			case "cut":
				for id := range shard.ID(2) {
					h := tx.Header(id)
					if err := c.in.Service.Cut(t.Context(), &shard.CutRequest{Header: h, From: 1, Sent: h.Statement}); err != nil {
						t.Fatal(err)
					}
				}
				tx.Rollback()
			case "abort", "crash when aborted":
				c.until(t, tx, 1)
				for _, l := range tx.Logs() {
					p := c.in.Service.(*engine.Node).Participant(l)
					if err := p.Resolve(t.Context(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: txn.Outcome{State: txn.Aborted}}); err != nil {
						t.Fatal(err)
					}
				}
			case "crash when prepared":
				c.until(t, tx, 1)
			}
			if strings.HasPrefix(how, "crash") {
				c.powerCut(t, 1)
			}
			wide := widened(c.acc, types.Text("it's"))
			tx = c.in.Begin(t, txn.ReadCommitted)
			c.change(t, tx, wide)
			for id := range shard.ID(2) {
				row := shardtest.Row(wide, types.Int(3), types.Int(0), types.Int(1), types.Text("n"), types.Text("new"))
				write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: wide, Rows: shardtest.Batch(row)})
			}
			commit(t, tx)
			const want = "1|1|1|note 1|it's 2|2|1|note 2|it's 3|0|1|n|new"
			c.wantText(t, wide, want)
			c.settle(t)
			c.wantText(t, wide, want)
			c.powerCut(t, 1)
			c.wantText(t, wide, want)
			c.settle(t)
			c.wantText(t, wide, want)
		})
	}
}

// TestReshapeTakenBackBesideSettling: a settlement that has begun does not
// bring back what is rolled back before it comes to write.
func TestReshapeTakenBackBesideSettling(t *testing.T) {
	c := newLoadCrash(t)
	tx := c.in.Begin(t, txn.ReadCommitted)
	for id := range shard.ID(2) {
		write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: c.acc, Rows: rowsOf(c.acc, 1, 3, 1)})
	}
	commit(t, tx)
	for id, e := range c.in.Service.(*engine.Node).Engines() {
		tx := c.in.Begin(t, txn.ReadCommitted)
		tx.LockTable(shard.ID(id), c.acc)
		if got := count(t, tx, shard.ID(id), shardtest.Fragment(widened(c.acc, types.Int(5)))); got != 2 {
			t.Fatalf("%d rows", got)
		}
		if err := e.SettleAround(t.Context(), func() { tx.Rollback() }); err != nil {
			t.Fatal(err)
		}
	}
	wide := widened(c.acc, types.Text("it's"))
	tx = c.in.Begin(t, txn.ReadCommitted)
	c.change(t, tx, wide)
	commit(t, tx)
	c.wantText(t, wide, "1|1|1|note 1|it's 2|2|1|note 2|it's")
}

// TestReshapeKept: a schema change that is committed stays, wherever the power is cut.
func TestReshapeKept(t *testing.T) {
	for step := 2; step <= 5; step++ {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			c := newReshapeCrash(t)
			wide := widened(c.acc, types.Text("it's"))
			tx := c.in.Begin(t, txn.ReadCommitted)
			c.change(t, tx, wide)
			c.until(t, tx, step)
			c.powerCut(t, 1)
			c.wantText(t, wide, "1|1|1|note 1|it's 2|2|1|note 2|it's")
			for _, e := range c.in.Service.(*engine.Node).Engines() {
				if !e.HasIndex(1, 9) {
					t.Error("the index is gone")
				}
			}
		})
	}
}
