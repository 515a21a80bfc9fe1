package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
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

// A full log still takes the drop of a table (rule 27).
func TestRule27DropsInFullLog(t *testing.T) {
	files, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	fs := vfs.NewMem()
	cfg := config("data", shardtest.NewOracle(), 1, 1)
	cfg.FS, cfg.SQLite.VFS, cfg.Log, cfg.SettleEvery = fs, files.VFS(), log.Options{SegmentBytes: 1 << 14}, -1
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	var open []*shardtest.Tx
	for i := range int64(60) {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc,
			Rows: shardtest.Batch(shardtest.Account(acc, i, 1, 1, strings.Repeat("x", 1000)+fmt.Sprint(i)))})
		open = append(open, tx)
	}
	fs.SetCapacity(fs.UsedBytes())
	full := false
	for _, tx := range open {
		if _, err := tx.Commit(); err != nil {
			full = full || pgerr.HasCode(err, pgerr.DiskFull)
			tx.Rollback()
		}
	}
	if !full {
		t.Fatal("the log is not full")
	}
	control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: acc.Physical})
	fs.SetCapacity(1 << 30)
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
