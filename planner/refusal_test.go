package planner_test

import (
	"context"
	"sync"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// refusing is a service whose shard refuses the first reads.
type refusing struct {
	shard.Service
	mu        sync.Mutex // protects the rest; a statement reads several shards at a time
	left      int
	reason    shard.RefusalReason
	snapshots []txn.Timestamp // of the reads that came
}

// Read implements shard.Service.
func (r *refusing) Read(ctx context.Context, q *shard.ReadRequest) (shard.Rows, error) {
	r.mu.Lock()
	r.snapshots = append(r.snapshots, q.Snapshot)
	r.left--
	refused := r.left >= 0
	r.mu.Unlock()
	if refused {
		return nil, shard.Refuse(r.reason)
	}
	return r.Service.Read(ctx, q)
}

// cluster is world with another service.
type cluster struct {
	*world
	service shard.Service
}

func (c cluster) Service(catalog.Home, shard.ID) shard.Service { return c.service }

func TestRefusedReadsAreBegunAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		sql    string
		reason shard.RefusalReason
		level  txn.Isolation
		reads  int
		fails  bool
	}{
		{"newest", "SELECT abalance FROM accounts WHERE aid = 1", shard.RefusedNewest, txn.ReadCommitted, 2, false},
		{"floor of a statement", "SELECT abalance FROM accounts WHERE aid = 1", shard.RefusedFloor, txn.ReadCommitted, 2, false},
		{"floor of a transaction", "SELECT abalance FROM accounts WHERE aid = 1", shard.RefusedFloor, txn.RepeatableRead, 1, true},
		{"version", "SELECT abalance FROM accounts WHERE aid = 1", shard.RefusedVersion, txn.ReadCommitted, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 1, 1)
			schema(w)
			w.must("INSERT INTO accounts VALUES (1, 1, 100, 'a')")
			r := &refusing{Service: w.node, left: 1, reason: c.reason}
			st, lifted, err := w.plan(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			run := w.manager.Begin(c.level).Run()
			defer run.Close()
			env := w.execEnv(run)
			env.Cluster = cluster{w, r}
			cursor, err := exec.Run(ctx, env, st, nil, lifted)
			if err != nil {
				t.Fatal(err)
			}
			defer cursor.Close()
			row, err := cursor.Next(ctx)
			if reason, refused := shard.IsRefusal(err); refused != c.fails || refused && reason != c.reason {
				t.Fatalf("row %v, error %v", row, err)
			}
			if !c.fails && (len(row) != 1 || row[0] != types.Int(100)) {
				t.Errorf("row %v", row)
			}
			if len(r.snapshots) != c.reads {
				t.Fatalf("%d reads at %v", len(r.snapshots), r.snapshots)
			}
			if c.reads == 2 && (r.snapshots[0] != 0 || r.snapshots[1] == 0) {
				t.Errorf("reads at %v: want newest, then a snapshot", r.snapshots)
			}
		})
	}
}

// TestRefusedSnapshotsAreDrawnAgain: a statement that has drawn its snapshot
// draws a newer one when that is below a floor (rule 20).
func TestRefusedSnapshotsAreDrawnAgain(t *testing.T) {
	w := newWorld(t, 2, 1)
	schema(w)
	w.must("INSERT INTO accounts SELECT g, 1, 100, 'a' FROM generate_series(1, 20) g")
	r := &refusing{Service: w.node, left: 1, reason: shard.RefusedFloor}
	st, lifted, err := w.plan("SELECT sum(abalance) FROM accounts")
	if err != nil {
		t.Fatal(err)
	}
	run := w.manager.Begin(txn.ReadCommitted).Run()
	defer run.Close()
	env := w.execEnv(run)
	env.Cluster = cluster{w, r}
	cursor, err := exec.Run(t.Context(), env, st, nil, lifted)
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close()
	if row, err := cursor.Next(t.Context()); err != nil || row[0] != types.Int(2000) {
		t.Errorf("row %v, error %v", row, err)
	}
	first, last := r.snapshots[0], r.snapshots[len(r.snapshots)-1]
	if first == 0 || last <= first {
		t.Errorf("reads at %v: want a snapshot, then a newer one", r.snapshots)
	}
}
