//go:build !linux

package main

import "testing"

// limitFiles needs prlimit.
func limitFiles(t *testing.T, _ int, _ uint64) {
	t.Helper()
	t.Skip("only Linux can limit another process")
}
