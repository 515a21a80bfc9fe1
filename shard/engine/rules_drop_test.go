package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

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
