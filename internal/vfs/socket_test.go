package vfs

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClearSocket: a dead socket goes, everything else stays and is said.
func TestClearSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "pegmatite") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	if err := ClearSocket(path); err != nil {
		t.Errorf("nothing there: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if err := ClearSocket(path); err != nil {
		t.Errorf("a dead socket: %v", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("a dead socket is left")
	}
	for name, make := range map[string]func() error{
		"a file":      func() error { return os.WriteFile(path, []byte("letter"), 0o600) },
		"a directory": func() error { return os.Mkdir(path, 0o700) },
		"a link":      func() error { return os.Symlink(dir, path) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if err := ClearSocket(path); err == nil || !strings.Contains(err.Error(), path+" is in the way of a socket and not one") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone", name)
		}
		os.Remove(path)
	}
	for n, ok := range map[int]bool{maxSocketPath: true, maxSocketPath + 1: false} {
		path := dir + "/" + strings.Repeat("x", n-len(dir)-1)
		err := ClearSocket(path)
		if ok != (err == nil) || !ok && !strings.Contains(err.Error(), "is too long (maximum ") {
			t.Errorf("%d bytes: %v", n, err)
		}
		l, err := net.Listen("unix", path)
		if ok != (err == nil) {
			t.Errorf("%d bytes, listening: %v", n, err)
		}
		if err == nil {
			l.Close()
		}
	}
}
