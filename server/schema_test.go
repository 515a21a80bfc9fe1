package server

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestSchemaCommitsAreNotInterrupted: a cancel that meets the commit of a
// schema change comes too late, and the transaction's snapshot goes with it.
func TestSchemaCommitsAreNotInterrupted(t *testing.T) {
	n := startForTest(t, io.Discard, nil)
	c := client.Connect(t, n.Address())
	defer n.Stop()
	defer c.Close(context.Background())
	if _, err := c.Exec(context.Background(), "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 9)"); err != nil {
		t.Fatal(err)
	}
	sessions := n.sessions.Load()
	db := sessions.Catalog.Snapshot().Database("postgres")
	tx := sessions.Txns.Begin(txn.RepeatableRead)
	snapshot, err := tx.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	change := catalog.NewChange(sessions.Catalog.Snapshot())
	change.Put(&catalog.Schema{OID: 99999, Database: db.OID, Name: "late", Owner: db.Owner})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := sessions.Schema.Commit(ctx, tx, change); err != nil {
		t.Errorf("cancelled in its commit: %v", err)
	}
	if sessions.Catalog.Snapshot().Schema(db.OID, "late") == nil {
		t.Error("not published")
	}
	if used, _ := n.oracle.InUse(nil); slices.Contains(used, snapshot) {
		t.Error("the snapshot is kept for ever")
	}
}
