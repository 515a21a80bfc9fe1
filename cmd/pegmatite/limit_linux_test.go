package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

// limitFiles lets a process write no further than so many bytes into its files.
func limitFiles(t *testing.T, pid int, bytes uint64) {
	t.Helper()
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: bytes}, nil); err != nil {
		t.Fatal(err)
	}
}
