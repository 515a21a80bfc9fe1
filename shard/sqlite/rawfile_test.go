package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// TestRawFile: bytes written to a file of its own are the database; on a real
// disk and on a simulated one, where the power goes after the sync.
func TestRawFile(t *testing.T) {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("os", func(t *testing.T) { rawFile(t, sqlite.Options{}, filepath.Join(t.TempDir(), "b.db"), func() {}) })
	t.Run("disk", func(t *testing.T) {
		rawFile(t, sqlite.Options{VFS: disk.VFS(), MmapBytes: -1}, "/b.db", func() { disk.PowerCut(3) })
	})
	if err := disk.Free(); err != nil {
		t.Fatal(err)
	}
}

func rawFile(t *testing.T, opts sqlite.Options, path string, cut func()) {
	from := openAt(t, filepath.Join(t.TempDir(), "a.db"))
	// More than is written at once, and a multiple of what SQLite masks sizes with.
	script(t, from, "CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'one'), (2, hex(randomblob(1500000)))")
	if err := sqlite.Remove(path, opts); err != nil { // there is none
		t.Fatal(err)
	}
	f, err := sqlite.OpenRaw(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	m, err := from.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, int(m.Pages())*sqlite.PageBytes)
	if err := m.Read(0, data); err != nil {
		t.Fatal(err)
	}
	m.Close()
	for _, step := range []func() error{
		func() error { _, err := f.WriteAt(make([]byte, 1000), int64(len(data))); return err },
		func() error { _, err := f.WriteAt(data[:1<<20], 0); return err },
		func() error { _, err := f.WriteAt(data[1<<20:], 1<<20); return err },
		func() error { return f.Truncate(int64(len(data))) },
		f.Sync,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	f.Close()
	cut()
	db, err := sqlite.Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	same(t, from, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Remove(path, opts); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("the file is still there")
	}
}
