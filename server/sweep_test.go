package server

import (
	"fmt"
	"io"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire"
)

// Rule 24: what counts is when the drop was committed, as far as its
// transaction tells, else a moment after the drop, always the same one; and what
// is swept is gone, and forgotten.
func TestSweepByTheDropsTime(t *testing.T) {
	n := startForTest(t, io.Discard, nil)
	defer n.Stop()
	ctx, conn := t.Context(), client.Connect(t, n.Address())
	snapshot := func() txn.Timestamp {
		t.Helper()
		s, err := n.oracle.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, decided := range []bool{false, true} {
		if _, err := conn.Exec(ctx, "CREATE TABLE gone (a int PRIMARY KEY); INSERT INTO gone SELECT generate_series(1, 20)"); err != nil {
			t.Fatal(err)
		}
		now := n.store.Snapshot()
		db := now.Database("postgres")
		gone := now.Relation(db.OID, catalog.PublicOID, "gone").(*catalog.Table)
		old := snapshot()
		at, err := n.oracle.Commit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		change, d := catalog.NewChange(now), store.Decision{}
		change.Delete(gone)
		if decided {
			id := txn.ID{Node: 9, Boot: 9, Seq: 9}
			d = store.Decision{Txn: id.String(), Value: encodeOutcome(txn.Outcome{State: txn.Committed, At: at})}
		}
		newer := txn.Timestamp(0)
		if _, err := n.store.Publish(ctx, change, d); err != nil {
			t.Fatal(err)
		}
		if decided {
			newer = snapshot()
		}
		sweep := func(want int, rows int64) {
			t.Helper()
			if left, err := n.sweeper.Sweep(ctx); err != nil || left != want {
				t.Errorf("decided %t: %d drops have to wait (%v), want %d", decided, left, err, want)
			}
			if got := rowsOnShards(t, n, gone.Physical); got != rows {
				t.Errorf("decided %t: %d rows, want %d", decided, got, rows)
			}
		}
		sweep(1, 20)
		if !decided {
			newer = snapshot()
		}
		n.oracle.Release(old)
		sweep(0, 0)
		if left, err := n.store.Dropped(ctx); err != nil || len(left) > 0 {
			t.Errorf("decided %t: not forgotten: %v %v", decided, left, err)
		}
		n.oracle.Release(newer)
	}
}

// rowsOnShards counts the rows of a physical table.
func rowsOnShards(t *testing.T, n *Node, physical uint64) (rows int64) {
	t.Helper()
	for _, id := range n.sweeper.cluster.Shards(catalog.HomeShards) {
		r, err := n.engine.Control(t.Context(), &shard.ControlRequest{
			Header: shard.Header{Shard: id}, Op: shard.ControlStats, Table: &shard.Table{Physical: physical}})
		if err != nil {
			t.Fatal(err)
		}
		rows += r.Rows
	}
	return rows
}

// TestSweepOfTemporaryObjects: what belongs to no session that lives goes, of
// this node and of one that is no more.
func TestSweepOfTemporaryObjects(t *testing.T) {
	n := startForTest(t, io.Discard, nil)
	defer n.Stop()
	ctx, conn := t.Context(), client.Connect(t, n.Address())
	client.Exec(t, conn, "CREATE TEMP TABLE kept (a int)")
	now := n.store.Snapshot()
	change := catalog.NewChange(now)
	for i, backend := range []int32{12345, 98*wire.Processes + 1} {
		sc := &catalog.Schema{Database: catalog.PostgresOID, OID: catalog.OID(40000 + i), Name: fmt.Sprint("pg_temp_", backend), Owner: catalog.SuperuserOID, Backend: backend}
		change.Put(sc)
		change.Put(&catalog.View{Database: sc.Database, Schema: sc.OID, OID: catalog.OID(50000 + i), Name: "v", Owner: catalog.SuperuserOID, Temporary: true, Query: "SELECT 1"})
	}
	if _, err := n.store.Publish(ctx, change, store.Decision{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.sweeper.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	left := n.store.Snapshot().Temporary()
	if len(left) != 1 || left[0].Backend == 12345 || n.store.Snapshot().RelationByOID(50001) != nil {
		t.Errorf("%d schemas are left", len(left))
	}
	client.Exec(t, conn, "INSERT INTO kept VALUES (1)")
}
