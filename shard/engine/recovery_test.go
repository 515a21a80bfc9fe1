package engine_test

import (
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestReplayInLittleMemory: a log with more than fits into memory is settled on the way.
func TestReplayInLittleMemory(t *testing.T) {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config("data", shardtest.NewOracle(), 1, 1)
	cfg.FS, cfg.SQLite.VFS, cfg.SettleEvery = vfs.NewMem(), disk.VFS(), -1
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	const batches, rows = 40, 50
	for i := range int64(batches) {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, i*rows, (i+1)*rows, 1)})
		commit(t, tx)
		if i == batches/2 {
			control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		}
	}
	in.Service.(*engine.Node).Kill()
	cfg.MemoryBytes = 16 << 10
	in = open(t, cfg)
	for range 2 {
		in = in.Restart(t, false)
		if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(acc)); got != batches*rows {
			t.Fatalf("%d rows, want %d", got, batches*rows)
		}
	}
}

// TestOldSnapshotSpills: a snapshot held open through many updates stays right
// while its images lie in the scratch file.
func TestOldSnapshotSpills(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.SettleEvery, cfg.MemoryBytes = time.Millisecond, 32<<10
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, 100, 1)})
	commit(t, tx)
	old := in.Begin(t, txn.RepeatableRead)
	want, err := old.Read(0, shardtest.Ordered(shardtest.Fragment(acc), 0, false))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1)))
		commit(t, tx)
		got, err := old.Read(0, shardtest.Ordered(shardtest.Fragment(acc), 0, false))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("row %q became %q", want[i], got[i])
			}
		}
	}
	if spilled(t, in) == 0 {
		t.Fatal("nothing was spilled")
	}
}

// TestOldSnapshotEnds: when the scratch file has become too large, the snapshots
// that it is for are ended, and its space is given back.
func TestOldSnapshotEnds(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.SettleEvery, cfg.MemoryBytes, cfg.ScratchBytes = -1, 4<<10, 1
	in := open(t, cfg)
	n := in.Service.(*engine.Node)
	acc := shardtest.Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, 100, 1)})
	commit(t, tx)
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	old := in.Begin(t, txn.RepeatableRead)
	count(t, old, 0, shardtest.Fragment(acc))
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1)))
	commit(t, tx)
	for round, want := range []int{1, 0} { // spilled, then ended
		if err := n.Engines()[0].Maintain(); err != nil {
			t.Fatal(err)
		}
		if got := n.ScratchFiles(); got != want {
			t.Fatalf("%d scratch files after round %d", got, round)
		}
	}
	_, err := old.Read(0, shardtest.Fragment(acc))
	wantCode(t, err, pgerr.SnapshotTooOld)
	if got := count(t, in.Begin(t, txn.RepeatableRead), 0, shardtest.Fragment(acc)); got != 100 {
		t.Errorf("a new snapshot has %d rows of 100", got)
	}
}

// spilled waits for the settler to have moved old images out of memory.
func spilled(t *testing.T, in *shardtest.Instance) int64 {
	n := in.Service.(*engine.Node)
	for range 2000 {
		if v := n.Metrics().Spilled.Load(); v > 0 {
			return v
		}
		control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		time.Sleep(time.Millisecond)
	}
	return 0
}
