package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Rule 24: what the sweep has taken stays gone when the shard's file loses it
// again, as it may when the power fails: the log has it.
func TestRule24DropsAreLogged(t *testing.T) {
	dir := t.TempDir()
	cfg := config(dir, shardtest.NewOracle(), 1, 1)
	in := open(t, cfg)
	kept, dropped := shardtest.Accounts(1), shardtest.Accounts(2)
	for _, table := range []*shard.Table{kept, dropped} {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: rowsOf(table, 0, 3, 1)})
		commit(t, tx)
	}
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	file := filepath.Join(dir, "shards", "0000.db")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: dropped.Physical})
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropIndex, Table: kept, Index: 1})
	in.Service.(*engine.Node).Kill()
	if err := os.WriteFile(file, before, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, beside := range []string{"-wal", "-shm"} {
		_ = os.Remove(file + beside)
	}
	if got := dropsIn(t, file, kept, dropped); got != "2" {
		t.Fatalf("%s of the two are in the file from before", got)
	}
	if err := open(t, cfg).Service.(*engine.Node).Close(); err != nil {
		t.Fatal(err)
	}
	if got := dropsIn(t, file, kept, dropped); got != "0" {
		t.Errorf("%s of the two are there again", got)
	}
}

// dropsIn counts what the test drops.
func dropsIn(t *testing.T, file string, kept, dropped *shard.Table) string {
	return readView(t, file, fmt.Sprintf(`SELECT count(*) FROM sqlite_schema WHERE name IN ('%s', '%s')`,
		shard.TableName(dropped.Physical), shard.IndexName(kept.Physical, 1)))
}

// Rule 24: a drop is done when the log has it durably, not before.
func TestRule24DropsAreSynced(t *testing.T) {
	in, acc, failing := ruledOnFailingLogs(t)
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	failing.Store(true)
	n := in.Service.(*engine.Node)
	if _, err := n.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlDropTable, Physical: acc.Physical}); err == nil {
		t.Error("the drop is acknowledged, its record is not synced")
	}
	if !n.Engines()[0].HasTable(acc.Physical) {
		t.Error("the table is gone, the drop's record is not synced")
	}
	n.Kill()
}

// Rule 21: the fence of a dropped relation stays as long as the shard has any
// table of it, then it goes for good: nothing is left of a relation.
func TestRule21FencesOfDropped(t *testing.T) {
	in, acc := ruled(t)
	replaced := shardtest.Accounts(2)
	dropped := *replaced
	dropped.Physical = 3
	tx := in.Begin(t, txn.ReadCommitted)
	for _, table := range []*shard.Table{replaced, &dropped} {
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: rowsOf(table, 0, 3, 1)})
	}
	commit(t, tx)
	change := in.Begin(t, txn.ReadCommitted)
	change.LockTable(0, replaced)
	out := prepareFor(t, in, change, append([]txn.LogID{metadata}, change.Logs()...),
		txn.Fence{Relation: uint32(dropped.Relation), Version: txn.DroppedVersion}, txn.Fence{Relation: uint32(acc.Relation), Version: acc.Version + 1})
	resolve(t, in, change, out)
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: replaced.Physical})
	wantRefusal(t, readAt(in, &dropped, 0, 0, txn.ReadCommitted, false), shard.RefusedVersion)
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: dropped.Physical})
	newer := *acc
	newer.Version++
	for _, clean := range []bool{false, true, true} {
		if got := in.Service.(*engine.Node).Engines()[0].Fenced(); !slices.Equal(got, []types.OID{acc.Relation}) {
			t.Errorf("fenced are %v, not %v alone", got, acc.Relation)
		}
		in = in.Restart(t, clean)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(&newer, 0, 1))
		commit(t, tx)
	}
}

// Rule 26: what setval says is what a start goes on from, also below the values
// that were logged ahead.
func TestRule26SetvalIsExact(t *testing.T) {
	in, _ := ruled(t)
	step := shard.SequenceStep{Physical: 50, Start: 1, Increment: 1, Min: 1, Max: 1000, Count: 1, Name: "s"}
	control(t, in, &shard.ControlRequest{Op: shard.ControlSequenceNext, Sequence: &step})
	set := step
	set.Value, set.Called = 5, true
	for range 2 {
		control(t, in, &shard.ControlRequest{Op: shard.ControlSequenceSet, Sequence: &set})
		control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		in = in.Restart(t, true)
		r, err := in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSequenceNext, Sequence: &step})
		if err != nil || r.Value != 6 {
			t.Errorf("after setval to 5: %v %v", r, err)
		}
	}
}
