package etcd

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFileHasItsSpace: etcd's file has its place on the disk before it needs it.
func TestFileHasItsSpace(t *testing.T) {
	dir := t.TempDir()
	probe := filepath.Join(dir, "probe")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reserve(probe, 1); err != nil {
		t.Skipf("the file system of %s has no fallocate: %v", dir, err)
	}
	s, err := Embed(t.Context(), filepath.Join(dir, "etcd"), true, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var info syscall.Stat_t
	if err := syscall.Stat(filepath.Join(dir, "etcd", "member", "snap", "db"), &info); err != nil {
		t.Fatal(err)
	}
	if got := info.Blocks * 512; got < reservedBytes {
		t.Fatalf("%d bytes are there for it, not %d", got, reservedBytes)
	}
}
