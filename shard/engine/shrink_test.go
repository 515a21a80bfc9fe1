package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// fullable is a disk whose free space can be made to seem less.
type fullable struct {
	vfs.FS
	full atomic.Bool
}

func (f *fullable) FreeBytes(dir string) (int64, error) {
	if f.full.Load() {
		return 16 << 20, nil
	}
	return f.FS.FreeBytes(dir)
}

// bytesOf adds the files of a pattern up.
func bytesOf(t *testing.T, pattern ...string) (sum int64) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if s, err := os.Stat(name); err == nil {
			sum += s.Size()
		}
	}
	return sum
}

// large commits write sets that lie in side files.
func large(t *testing.T, in *shardtest.Instance, acc *shard.Table) {
	t.Helper()
	for i := range int64(3) {
		wide(t, in, acc, i*1000, (i+1)*1000)
	}
}

// wide commits rows of 1000 bytes, and their index as well.
func wide(t *testing.T, in *shardtest.Instance, acc *shard.Table, from, to int64) {
	t.Helper()
	var rows [][]byte
	for i := from; i < to; i++ {
		rows = append(rows, shardtest.Account(acc, i, i%7, 1, strings.Repeat("x", 1000)+fmt.Sprint(i)))
	}
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(rows...)})
	commit(t, tx)
}

// Rule 27: what frees is never refused. While writers are, a checkpoint frees
// side files and WALs, and a dropped table's pages go back to the file system.
func TestRule27FreeingIsNotRefused(t *testing.T) {
	dir, disk := t.TempDir(), &fullable{FS: vfs.OS{}}
	cfg := config(dir, shardtest.NewOracle(), 2, 1)
	cfg.FS, cfg.WriteSetBytes, cfg.SettleEvery = disk, 256<<10, -1
	cfg.Log.MinFreeBytes = 32 << 20
	in := open(t, cfg)
	acc, kept := shardtest.Accounts(1), shardtest.Accounts(2)
	large(t, in, acc)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: kept, Rows: rowsOf(kept, 0, 100, 1)})
	commit(t, tx)
	disk.full.Store(true)
	n := in.Service.(*engine.Node)
	if err := n.CheckSpace(); !pgerr.HasCode(err, pgerr.DiskFull) {
		t.Fatalf("writers are not refused: %v", err)
	}
	if bytesOf(t, dir, "log", "0", "*.side") == 0 {
		t.Fatal("no side files")
	}
	everywhere := func(r shard.ControlRequest) {
		t.Helper()
		for id := range shard.ID(2) {
			r.Shard = id
			control(t, in, &r)
		}
	}
	everywhere(shard.ControlRequest{Op: shard.ControlSettle})
	if got := bytesOf(t, dir, "log", "0", "*.side"); got > 0 {
		t.Errorf("%d bytes of side files after a checkpoint", got)
	}
	if got := bytesOf(t, dir, "shards", "*-wal"); got > 0 {
		t.Errorf("%d bytes of WAL after a checkpoint", got)
	}
	before := bytesOf(t, dir, "shards", "*.db")
	everywhere(shard.ControlRequest{Op: shard.ControlDropTable, Physical: acc.Physical})
	everywhere(shard.ControlRequest{Op: shard.ControlShrink})
	if after := bytesOf(t, dir, "shards", "*"); after > before/4 {
		t.Errorf("%d bytes of %d are left", after, before)
	}
	disk.full.Store(false)
	if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(kept)); got != 100 {
		t.Errorf("%d rows of 100", got)
	}
}

// inFullLog is an engine whose log has no room for any commit. What first does
// is at its beginning; free ends it.
func inFullLog(t *testing.T, first func(*shardtest.Instance, *shard.Table)) (in *shardtest.Instance, acc *shard.Table, free func()) {
	t.Helper()
	files, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	fs := vfs.NewMem()
	cfg := config("data", shardtest.NewOracle(), 1, 1)
	cfg.FS, cfg.SQLite.VFS, cfg.Log, cfg.SettleEvery = fs, files.VFS(), log.Options{SegmentBytes: 1 << 15}, -1
	in, acc = open(t, cfg), shardtest.Accounts(1)
	first(in, acc)
	var open []*shardtest.Tx
	for i := range int64(160) { // the last are small: they fill what the others leave
		tx := in.Begin(t, txn.ReadCommitted)
		r := wideRow(acc, i)
		if i >= 120 {
			r.Rows = rowsOf(acc, i, i+1, 1)
		}
		write(t, tx, r)
		open = append(open, tx)
	}
	fs.SetCapacity(fs.UsedBytes())
	full := false
	for _, tx := range open {
		if _, err := tx.Commit(); err != nil {
			full = pgerr.HasCode(err, pgerr.DiskFull)
			tx.Rollback()
		} else {
			full = false
		}
	}
	if !full {
		t.Fatal("the log is not full")
	}
	return in, acc, func() { fs.SetCapacity(1 << 30) }
}

func wideRow(acc *shard.Table, id int64) *shard.WriteRequest {
	return &shard.WriteRequest{Op: shard.OpInsert, Table: acc,
		Rows: shardtest.Batch(shardtest.Account(acc, id, 1, 1, strings.Repeat("x", 1000)+fmt.Sprint(id)))}
}

// A full log still takes the drop of a table (rule 27).
func TestRule27DropsInFullLog(t *testing.T) {
	in, acc, free := inFullLog(t, func(*shardtest.Instance, *shard.Table) {})
	defer free()
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: acc.Physical})
}

// A full log is cut, though what is in doubt is copied to its end (rule 27),
// and the outcome is found after that.
func TestRule27CutsOfFullLog(t *testing.T) {
	const doubtful = 1000
	var tx *shardtest.Tx
	var at txn.Timestamp
	in, acc, free := inFullLog(t, func(in *shardtest.Instance, acc *shard.Table) {
		tx = in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, doubtful, doubtful+1, 1)})
		at, _ = in.Oracle.Commit(t.Context())
		uuid, _ := in.Log(0)
		if _, err := tx.PrepareAt(uuid, []txn.LogID{{1}, uuid}, at); err != nil {
			t.Fatal(err)
		}
	})
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	next := in.Begin(t, txn.ReadCommitted)
	write(t, next, wideRow(acc, 2000))
	commit(t, next)
	free()
	in = in.Restart(t, false)
	_, p := in.Log(0)
	if err := p.Resolve(t.Context(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: txn.Outcome{State: txn.Committed, At: at}}); err != nil {
		t.Fatal(err)
	}
	rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0}), types.Int(doubtful))
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows of what was in doubt, %v", len(rows), err)
	}
}

// While writers wait for space, logs are cut and WALs emptied without being
// asked, as soon as that gives something.
func TestFullDiskCutsByItself(t *testing.T) {
	dir, disk := t.TempDir(), &fullable{FS: vfs.OS{}}
	cfg := config(dir, shardtest.NewOracle(), 1, 1)
	cfg.FS, cfg.WriteSetBytes, cfg.SettleEvery, cfg.Log.MinFreeBytes = disk, 256<<10, -1, 32<<20
	in := open(t, cfg)
	large(t, in, shardtest.Accounts(1))
	if bytesOf(t, dir, "log", "0", "*.side") == 0 {
		t.Fatal("no side files")
	}
	disk.full.Store(true)
	n := in.Service.(*engine.Node)
	if err := n.CheckSpace(); !pgerr.HasCode(err, pgerr.DiskFull) {
		t.Fatalf("writers are not refused: %v", err)
	}
	if err := n.Engines()[0].Maintain(); err != nil {
		t.Fatal(err)
	}
	if sides, wal := bytesOf(t, dir, "log", "0", "*.side"), bytesOf(t, dir, "shards", "*-wal"); sides > 0 || wal > 1<<20 {
		t.Errorf("%d bytes of side files, %d of WAL", sides, wal)
	}
}

// Side files count for when a log is cut, also those that a start has found.
func TestSideFilesMakeCutsDue(t *testing.T) {
	for _, restart := range []bool{false, true} {
		dir := t.TempDir()
		cfg := config(dir, shardtest.NewOracle(), 1, 1)
		cfg.WriteSetBytes, cfg.SettleEvery = 256<<10, -1
		if !restart {
			cfg.CutBytes = 1 << 20
		}
		in := open(t, cfg)
		large(t, in, shardtest.Accounts(1))
		n := in.Service.(*engine.Node)
		if restart {
			n.Kill()
			cfg.CutBytes = 1 << 20
			n = open(t, cfg).Service.(*engine.Node)
		}
		if err := n.Engines()[0].Maintain(); err != nil {
			t.Fatal(err)
		}
		if got := bytesOf(t, dir, "log", "0", "*.side"); got > 0 {
			t.Errorf("after a restart %t: %d bytes of side files", restart, got)
		}
	}
}

// A shard's file is written anew only when half of it is free, or when that is
// asked for.
func TestShrinkWhatIsWorthIt(t *testing.T) {
	dir := t.TempDir()
	cfg := config(dir, shardtest.NewOracle(), 1, 1)
	cfg.WriteSetBytes, cfg.SettleEvery = 256<<10, -1
	in := open(t, cfg)
	most, some := shardtest.Accounts(1), shardtest.Accounts(2)
	large(t, in, most)
	wide(t, in, some, 0, 1500)
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: some.Physical})
	control(t, in, &shard.ControlRequest{Op: shard.ControlShrink})
	before := bytesOf(t, dir, "shards", "*.db")
	if before < 8<<20 {
		t.Errorf("%d bytes: a file of which a third is free was written anew", before)
	}
	control(t, in, &shard.ControlRequest{Op: shard.ControlShrinkFull})
	if after := bytesOf(t, dir, "shards", "*.db"); after > before*3/4 {
		t.Errorf("%d bytes are %d with all free pages given back", before, after)
	}
	if got := count(t, in.Begin(t, txn.ReadCommitted), 0, shardtest.Fragment(most)); got != 3000 {
		t.Errorf("%d rows of 3000", got)
	}
}
