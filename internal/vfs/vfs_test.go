package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/vfs"
)

// each runs a test against every implementation.
func each(t *testing.T, test func(t *testing.T, fs vfs.FS, dir string)) {
	t.Run("os", func(t *testing.T) { test(t, vfs.OS{}, t.TempDir()) })
	t.Run("mem", func(t *testing.T) { test(t, vfs.NewMem(), ".") })
	t.Run("injected", func(t *testing.T) {
		test(t, vfs.Inject(vfs.NewMem(), func(vfs.Op) error { return nil }), "/")
	})
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	each(t, func(t *testing.T, fsys vfs.FS, dir string) {
		name := filepath.Join(dir, "a")
		if _, err := fsys.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("open of an absent file: %v", err)
		}
		f := must(fsys.Create(name))(t)
		must(f.WriteAt([]byte("hello"), 3))(t)
		check(t, f.Sync())
		check(t, f.Preallocate(100))
		check(t, f.Preallocate(50))
		if size := must(f.Size())(t); size != 100 {
			t.Errorf("size after Preallocate(100): %d", size)
		}
		check(t, f.Truncate(6))
		check(t, f.Truncate(7))
		buf := make([]byte, 10)
		n, err := f.ReadAt(buf, 0)
		if n != 7 || err != io.EOF || !bytes.Equal(buf[:7], []byte("\x00\x00\x00hel\x00")) {
			t.Errorf("read %d %v %q", n, err, buf)
		}
		check(t, f.Close())
		if err := f.Sync(); err == nil {
			t.Error("sync of a closed file succeeded")
		}
		f = must(fsys.Create(name))(t)
		if size := must(f.Size())(t); size != 0 {
			t.Errorf("size after Create: %d", size)
		}
	})
}

func TestNames(t *testing.T) {
	each(t, func(t *testing.T, fsys vfs.FS, dir string) {
		sub := filepath.Join(dir, "x", "y")
		check(t, fsys.MkdirAll(sub))
		check(t, fsys.MkdirAll(sub))
		check(t, vfs.WriteFile(fsys, filepath.Join(sub, "b"), []byte("one")))
		check(t, vfs.WriteFile(fsys, filepath.Join(sub, "b"), []byte("two")))
		must(fsys.Create(filepath.Join(sub, "a")))(t)
		check(t, fsys.Rename(filepath.Join(sub, "a"), filepath.Join(sub, "c")))
		if names := must(fsys.List(sub))(t); !slices.Equal(names, []string{"b", "c"}) {
			t.Errorf("names %v", names)
		}
		if data := must(vfs.ReadFile(fsys, filepath.Join(sub, "b")))(t); string(data) != "two" {
			t.Errorf("read %q", data)
		}
		check(t, fsys.Remove(filepath.Join(sub, "b")))
		if err := fsys.Remove(filepath.Join(sub, "b")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("second remove: %v", err)
		}
		if err := fsys.MkdirAll(filepath.Join(sub, "c", "d")); !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("directory under a file: %v", err)
		}
	})
}

func TestLock(t *testing.T) {
	each(t, func(t *testing.T, fsys vfs.FS, dir string) {
		name := filepath.Join(dir, "lock")
		first := must(fsys.Lock(name))(t)
		if _, err := fsys.Lock(name); !errors.Is(err, vfs.ErrLocked) {
			t.Fatalf("second lock: %v", err)
		}
		check(t, first.Close())
		must(fsys.Lock(name))(t)
		if free := must(fsys.FreeBytes(dir))(t); free <= 0 {
			t.Errorf("free: %d", free)
		}
	})
}

func TestNoSpace(t *testing.T) {
	m := vfs.NewMem()
	m.SetCapacity(1000)
	f := must(m.Create("a"))(t)
	check(t, f.Preallocate(900))
	must(f.WriteAt(make([]byte, 900), 0))(t)
	if _, err := f.WriteAt(make([]byte, 200), 850); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write beyond the capacity: %v", err)
	}
	if free := must(m.FreeBytes("."))(t); free != 100 {
		t.Errorf("free %d", free)
	}
	check(t, m.Remove("a"))
	if used := m.UsedBytes(); used != 0 {
		t.Errorf("used %d after remove", used)
	}
}

func TestInjector(t *testing.T) {
	broken := errors.New("broken")
	m := vfs.NewMem()
	fsys := vfs.Inject(m, vfs.FailNth(2, broken, false, vfs.OpSync))
	f := must(fsys.Create("a"))(t)
	check(t, f.Sync())
	if err := f.Sync(); err != broken {
		t.Errorf("second sync: %v", err)
	}
	check(t, f.Sync())

	skipping := vfs.Inject(m, vfs.FailNth(1, vfs.ErrSkip, true, vfs.OpWrite))
	g := must(skipping.Create("b"))(t)
	if n := must(g.WriteAt([]byte("abc"), 0))(t); n != 3 {
		t.Errorf("skipped write says %d bytes", n)
	}
	if size := must(g.Size())(t); size != 0 {
		t.Errorf("skipped write wrote %d bytes", size)
	}
}
