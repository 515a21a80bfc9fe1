package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestFullDisk fills a small disk beside a server that runs under load:
// writers get 53100, reads go on, what was acknowledged stays, and when there
// is space again writers go on without a restart.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "384m")
	dir := filepath.Join(disk, "data")
	p := start(t, dir)
	c := p.connect(t)
	makeBank(t, c)
	run(t, c, `CREATE TABLE a (k int PRIMARY KEY)`, `CREATE TABLE b (k int)`, `CREATE INDEX i ON b (k)`, `INSERT INTO b VALUES (1)`,
		`CREATE DATABASE d`, `CREATE SCHEMA s CREATE TABLE t (k int)`)
	book := newLedger()
	w := book.begin(p.dsn(), "before", 4, *seed)
	book.until(p, 50, 20*time.Second)
	w.end(t)

	ballast := filepath.Join(disk, "ballast")
	fill(t, disk, ballast, 16<<20)
	refused := eventually(t, c, func(err error) bool { return client.Code(err) == "53100" })
	if !refused {
		t.Fatal("a writer is not refused while the disk is full")
	}
	book.audit(t, c)
	if err := checkStatement(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	run(t, c, `TRUNCATE b`, `DROP INDEX i`, `DROP SCHEMA s CASCADE`) // what frees is not refused
	// What is left is used up too: reads go on, schema changes are refused, and
	// neither they nor a start need more. For drops there is the reserve.
	fill(t, disk, filepath.Join(disk, "more"), 0)
	book.audit(t, c)
	for _, change := range []string{`CREATE TABLE late (a int)`, `TRUNCATE pgbench_branches`, `ANALYZE pgbench_branches`,
		`ALTER TABLE pgbench_tellers ADD COLUMN late int`, `CREATE ROLE late`} {
		if _, err := c.Exec(t.Context(), change); client.Code(err) != "53100" {
			t.Errorf("%s on a full disk: %v", change, err)
		}
	}
	run(t, c, `DROP TABLE a`, `DROP DATABASE d`, `BEGIN; TRUNCATE b; DROP TABLE b; COMMIT`)
	fill(t, disk, filepath.Join(disk, "rest"), 10<<20)
	p.kill()
	p = start(t, dir)
	c = p.connect(t)
	book.audit(t, c)
	if _, err := c.Exec(t.Context(), `CREATE TABLE late (a int)`); client.Code(err) != "53100" {
		t.Errorf("CREATE TABLE after a start on a full disk: %v", err)
	}
	for _, f := range []string{ballast, filepath.Join(disk, "more"), filepath.Join(disk, "rest")} {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if !eventually(t, c, func(err error) bool { return err == nil }) {
		t.Fatal("writers are refused although there is space again")
	}
	w = book.begin(p.dsn(), "after", 4, *seed+1)
	book.until(p, 50, 20*time.Second)
	w.end(t)
	book.audit(t, c)
	p.kill()
	p = start(t, dir)
	book.audit(t, p.connect(t))
	p.stop(t)
}

// TestFullDiskIsFreed: on a disk that is too full for writers, VACUUM gives the
// file system what a truncated table had in shards, WALs and logs, and writers
// go on, without a restart.
func TestFullDiskIsFreed(t *testing.T) {
	disk := smallDisk(t, "640m")
	p := start(t, filepath.Join(disk, "data"))
	c := p.connect(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`CREATE TABLE big (a int PRIMARY KEY, b text)`)
	for i := range 3 {
		exec(fmt.Sprintf(`INSERT INTO big SELECT i, repeat('x', 1000) FROM generate_series(%d, %d) i`, i*20000, i*20000+19999))
	}
	exec(`TRUNCATE big`)
	fill(t, disk, filepath.Join(disk, "ballast"), 24<<20)
	insert := func() error {
		_, err := c.Exec(t.Context(), `INSERT INTO big VALUES (-1, 'again') ON CONFLICT (a) DO UPDATE SET b = excluded.b`)
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); client.Code(insert()) != "53100"; {
		if time.Now().After(deadline) {
			t.Fatal("a writer is not refused while the disk is full")
		}
	}
	exec(`VACUUM`)
	if err := insert(); err != nil {
		t.Errorf("after VACUUM: %v", err)
	}
	p.stop(t)
}

// smallDisk mounts a file system of its own, which needs root on Linux.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file so large that only so many bytes are left.
func fill(t *testing.T, disk, name string, left int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		var s syscall.Statfs_t
		if err := syscall.Statfs(disk, &s); err != nil {
			t.Fatal(err)
		}
		n := int64(s.Bavail)*s.Bsize - left
		if n <= 0 {
			return
		}
		// The server uses the disk too: what was free may be so no more.
		if err := syscall.Fallocate(int(f.Fd()), 0, 0, n); err != syscall.ENOSPC {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
	}
}

// eventually writes until the outcome is as wanted, for a while; an outcome
// that is neither success nor 53100 ends the test.
func eventually(t *testing.T, c *pgx.Conn, want func(error) bool) bool {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		_, err := c.Exec(context.Background(), `UPDATE pgbench_accounts SET filler = 'full' WHERE aid = 1`)
		if want(err) {
			return true
		}
		if err != nil && client.Code(err) != "53100" {
			t.Fatal(err)
		}
	}
	return false
}
