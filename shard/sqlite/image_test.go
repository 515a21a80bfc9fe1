package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// copyOf writes an image to a file of its own and opens it.
func copyOf(t *testing.T, db *sqlite.DB) *sqlite.DB {
	t.Helper()
	m, err := db.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	data := make([]byte, int(m.Pages())*sqlite.PageBytes)
	for page := uint32(0); page < m.Pages(); page += 3 {
		n := min(3, m.Pages()-page)
		if err := m.Read(page, data[page*sqlite.PageBytes:(page+n)*sqlite.PageBytes]); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

func openAt(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func script(t *testing.T, db *sqlite.DB, sql string) {
	t.Helper()
	c, err := db.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	if err := c.Script(sql); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, a, b *sqlite.DB) {
	t.Helper()
	const all = `SELECT count(*), sum(k), sum(length(v)), max(v), (SELECT integrity_check FROM pragma_integrity_check) FROM t`
	if x, y := answer(t, a, all), answer(t, b, all); !bytes.Equal(x, y) {
		t.Fatalf("the copy says %q, the database %q", y, x)
	}
}

func answer(t *testing.T, db *sqlite.DB, sql string) []byte {
	t.Helper()
	c, err := db.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	st, err := c.Prepare(sql)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Done()
	page, err := st.Query(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(page.Rows)
}

// TestImage: an image is the database after the last commit, wherever the pages
// lie: in the file, in the WAL, in a WAL that was begun anew over a longer one,
// beside what a transaction that was rolled back has left, and while a reader
// keeps the WAL from being copied.
func TestImage(t *testing.T) {
	db := openAt(t, filepath.Join(t.TempDir(), "a.db"))
	const fill = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i < 5000) INSERT INTO t SELECT i + (SELECT coalesce(max(k), 0) FROM t), hex(randomblob(50)) FROM n`
	script(t, db, "CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT)")
	same(t, db, copyOf(t, db))
	script(t, db, fill)
	same(t, db, copyOf(t, db))
	if _, err := db.Checkpoint(sqlite.Passive); err != nil {
		t.Fatal(err)
	}
	same(t, db, copyOf(t, db))
	script(t, db, "UPDATE t SET v = 'short' WHERE k % 3 = 0") // over the start of the old WAL
	same(t, db, copyOf(t, db))
	script(t, db, "PRAGMA cache_size=5; BEGIN; UPDATE t SET v = hex(randomblob(60)); ROLLBACK") // spills into the WAL
	same(t, db, copyOf(t, db))
	c, err := db.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.BeginRead(); err != nil {
		t.Fatal(err)
	}
	script(t, db, "DELETE FROM t WHERE k > 2000; "+fill)
	if _, err := db.Checkpoint(sqlite.Passive); err != nil {
		t.Fatal(err)
	}
	same(t, db, copyOf(t, db))
	c.EndRead()
	c.Release()
	script(t, db, "DELETE FROM t WHERE k > 10; VACUUM")
	same(t, db, copyOf(t, db))
	if _, err := db.Checkpoint(sqlite.Truncate); err != nil {
		t.Fatal(err)
	}
	same(t, db, copyOf(t, db))
}

// TestHeldFile: while the file is held nothing is written to it, by whichever
// checkpoint; what is newer lies in the WAL.
func TestHeldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := openAt(t, path)
	script(t, db, "CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
	if _, err := db.Checkpoint(sqlite.Passive); err != nil {
		t.Fatal(err)
	}
	read := func() []byte {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	db.HoldFile()
	before := read()
	for range 3 {
		script(t, db, `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE i < 2000) INSERT INTO t SELECT i + (SELECT max(k) FROM t), hex(randomblob(50)) FROM n`)
		script(t, db, "UPDATE t SET v = 'other' WHERE k < 5")
		for _, mode := range []sqlite.CheckpointMode{sqlite.Passive, sqlite.TryTruncate, sqlite.Truncate} {
			if c, err := db.Checkpoint(mode); err != nil || c.Copied >= c.LogFrames {
				t.Fatalf("%+v, %v: it says that all is copied", c, err)
			}
		}
		if !bytes.Equal(read(), before) {
			t.Fatal("the file was written")
		}
		if err := db.SyncWAL(); err != nil {
			t.Fatal(err)
		}
	}
	m, err := db.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if pages := m.InWAL(); len(pages) < 10 || int(m.Pages()) <= len(before)/sqlite.PageBytes {
		t.Errorf("%d pages in the WAL, of %d", len(pages), m.Pages())
	}
	m.Close()
	same(t, db, copyOf(t, db))
	db.ReleaseFile()
	if c, err := db.Checkpoint(sqlite.Truncate); err != nil || c.Copied != c.LogFrames {
		t.Errorf("%+v, %v", c, err)
	}
	if bytes.Equal(read(), before) {
		t.Error("the file was not written")
	}
}
