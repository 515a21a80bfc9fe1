package sqlite

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

func openMemory(t testing.TB) *DB {
	t.Helper()
	db, err := Open(":memory:", Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestMemoryIsSharedByConnectionsAndPrivateToTheDB(t *testing.T) {
	one, two := openMemory(t), openMemory(t)
	script(t, one, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1), (2)")
	c := reader(t, one)
	defer c.Release()
	if got := query(t, c, "SELECT count(*) FROM t"); got != "2" {
		t.Error(got)
	}
	other := reader(t, two)
	defer other.Release()
	if _, err := tryQuery(t, other, "SELECT count(*) FROM t"); err == nil {
		t.Error("two databases in memory are one")
	}
}

func TestMemoryReadersKeepTheirSnapshotBesideTheWriter(t *testing.T) {
	db := openMemory(t)
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB) STRICT; INSERT INTO t VALUES (0, NULL)")
	old := reader(t, db)
	if err := old.BeginRead(); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 50; i++ {
		script(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d, randomblob(10000))", i))
		if _, err := db.Checkpoint(Passive); err != nil {
			t.Fatal(err)
		}
	}
	if got := query(t, old, "SELECT count(*) FROM t"); got != "1" {
		t.Errorf("the open read sees %s rows", got)
	}
	old.Release()
	c := reader(t, db)
	defer c.Release()
	if got := query(t, c, "SELECT count(*), sum(length(b)) FROM t"); got != "51|500000" {
		t.Error(got)
	}
	if got := query(t, c, "PRAGMA integrity_check"); got != `"ok"` {
		t.Error(got)
	}
}

// Two accounts whose sum never changes, one writer, several readers.
func TestMemoryUnderConcurrency(t *testing.T) {
	db := openMemory(t)
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER) STRICT; INSERT INTO t SELECT value, 100 FROM json_each('[0,1,2,3,4,5,6,7]')")
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				c, err := db.Reader(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := tryQuery(t, c, "SELECT sum(v) FROM t")
				c.Release()
				if got != "800" || err != nil {
					t.Error(got, err)
					return
				}
			}
		}()
	}
	for i := range 500 {
		script(t, db, fmt.Sprintf("BEGIN; UPDATE t SET v = v - 7 WHERE id = %d; UPDATE t SET v = v + 7 WHERE id = %d; COMMIT", i%8, (i*3+1)%8))
		if i%50 == 49 {
			if _, err := db.Checkpoint(Passive); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	wg.Wait()
}

func openOn(t testing.TB, d *Disk, opts Options) *DB {
	t.Helper()
	opts.VFS = d.VFS()
	db, err := Open("/shard.db", opts)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func newTestDisk(t testing.TB) *Disk {
	t.Helper()
	d, err := NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Free(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestDiskKeepsFiles(t *testing.T) {
	d := newTestDisk(t)
	db := openOn(t, d, Options{})
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (5)")
	if err := d.Free(); err == nil {
		t.Fatal("a disk in use was freed")
	}
	db.Close()
	db = openOn(t, d, Options{})
	c := reader(t, db)
	if got := query(t, c, "SELECT id FROM t"); got != "5" {
		t.Error(got)
	}
	c.Release()
	db.Close()
}

// workload commits rows 1, 2, 3 … each with its own page, one transaction a
// row, until something fails; it returns the highest number committed and the
// highest that a SyncWAL or checkpoint after it made durable.
func workload(db *DB, rng *rand.Rand) (committed, durable int, err error) {
	c, err := db.Writer(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer c.Release()
	if err := c.Script("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, b BLOB) STRICT"); err != nil {
		return 0, 0, err
	}
	for i := 1; i <= 60; i++ {
		if err := c.Script(fmt.Sprintf("INSERT INTO t VALUES (%d, randomblob(%d))", i, rng.IntN(6000))); err != nil {
			return committed, durable, err
		}
		committed = i
		switch rng.IntN(12) {
		case 0:
			err = db.SyncWAL()
		case 1:
			var cp Checkpointed
			cp, err = db.Checkpoint(Passive)
			if err == nil && cp.Copied != cp.LogFrames {
				continue
			}
		case 2:
			_, err = db.Checkpoint(Truncate)
		default:
			continue
		}
		if err != nil {
			return committed, durable, err
		}
		durable = i
	}
	return committed, durable, nil
}

// survivors opens the database after a power cut and returns how many rows are
// there, which must be the first ones.
func survivors(t *testing.T, d *Disk) int {
	t.Helper()
	db := openOn(t, d, Options{})
	defer db.Close()
	c := reader(t, db)
	defer c.Release()
	if got := query(t, c, "PRAGMA integrity_check"); got != `"ok"` {
		t.Fatalf("damaged: %s", got)
	}
	if query(t, c, "SELECT count(*) FROM sqlite_schema") == "0" {
		return 0
	}
	var count, highest int
	if _, err := fmt.Sscanf(strings.ReplaceAll(query(t, c, "SELECT count(*), ifnull(max(id), 0) FROM t"), "|", " "), "%d %d", &count, &highest); err != nil {
		t.Fatal(err)
	}
	if count != highest {
		t.Fatalf("%d rows, up to %d: not a prefix of the commits", count, highest)
	}
	return count
}

func TestPowerCutLeavesAPrefixOfCommits(t *testing.T) {
	lost := 0
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 1))
		d := newTestDisk(t)
		d.Inject(Faults{StopAfter: int64(rng.IntN(600))})
		committed, durable := 0, 0
		db, err := Open("/shard.db", Options{VFS: d.VFS()})
		if err == nil {
			committed, durable, _ = workload(db, rng)
		}
		d.PowerCut(seed)
		if err == nil {
			db.Close() // fails, or not: nothing that it does may reach the disk
		}
		kept := survivors(t, d)
		if kept < durable || kept > committed+1 {
			t.Fatalf("seed %d: %d rows kept of %d committed, %d of them durable", seed, kept, committed, durable)
		}
		lost += max(committed-kept, 0)
	}
	if lost == 0 {
		t.Error("no power cut lost a commit: the disk loses nothing")
	}
}

// The test above must be able to fail: without syncs, it finds damage or loss.
func TestPowerCutFindsMissingSyncs(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 2))
		d := newTestDisk(t)
		d.Inject(Faults{StopAfter: -1, IgnoreSyncs: AllSyncs})
		db := openOn(t, d, Options{})
		_, durable, err := workload(db, rng)
		if err != nil {
			t.Fatal(err)
		}
		d.PowerCut(seed)
		db.Close()
		d.Inject(Faults{StopAfter: -1})
		if db, err = Open("/shard.db", Options{VFS: d.VFS()}); err != nil {
			return
		}
		c := reader(t, db)
		got, err := tryQuery(t, c, "SELECT count(*) FROM t")
		check, err2 := tryQuery(t, c, "PRAGMA integrity_check")
		c.Release()
		db.Close()
		if err != nil || err2 != nil || check != `"ok"` || got != fmt.Sprint(60) && durable > 0 {
			return
		}
	}
	t.Error("a disk that ignores syncs never lost anything")
}

func TestFailedSyncIsReported(t *testing.T) {
	d := newTestDisk(t)
	db := openOn(t, d, Options{})
	defer db.Close()
	script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT")
	d.Inject(Faults{StopAfter: -1, FailSync: 1})
	if err := db.SyncWAL(); !pgerr.HasCode(err, pgerr.IOError) {
		t.Errorf("SyncWAL: %v", err)
	}
	d.Inject(Faults{StopAfter: -1, FailSync: 1})
	if _, err := db.Checkpoint(Passive); !pgerr.HasCode(err, pgerr.IOError) {
		t.Errorf("Checkpoint: %v", err)
	}
}

func TestFullSyncsEveryCommit(t *testing.T) {
	for seed := range uint64(20) {
		d := newTestDisk(t)
		db := openOn(t, d, Options{Synchronous: Full})
		script(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT")
		for i := range 5 {
			script(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d)", i+1))
		}
		d.PowerCut(seed)
		db.Close()
		if kept := survivors(t, d); kept != 5 {
			t.Fatalf("seed %d: %d of 5 rows kept", seed, kept)
		}
	}
}
