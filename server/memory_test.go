package server

import (
	"math"
	"runtime/debug"
	"testing"
)

// TestMemoryLimit: what the node was given bounds Go's memory, its group more so.
func TestMemoryLimit(t *testing.T) {
	c := Default()
	for group, want := range map[string]int64{"": 512 << 20, "max\n": 512 << 20, "1073741824\n": 512 << 20, "268435456\n": 192 << 20} {
		if got := memoryLimit(&c, group); got != want {
			t.Errorf("%q: %d bytes, want %d", group, got, want)
		}
	}
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	debug.SetMemoryLimit(math.MaxInt64)
	limitMemory(&c)
	if got := debug.SetMemoryLimit(-1); got > 512<<20 {
		t.Errorf("the limit is %d", got)
	}
	debug.SetMemoryLimit(1 << 40) // as by GOMEMLIMIT
	limitMemory(&c)
	if got := debug.SetMemoryLimit(-1); got != 1<<40 {
		t.Errorf("a limit that was given has become %d", got)
	}
}
