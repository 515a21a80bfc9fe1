package server

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// besidesBytes is memory for all but recent versions: caches, sessions, what
// operators keep, etcd.
const besidesBytes = 256 << 20

// groupLimitFile says how much memory the process's group may have (cgroup v2,
// as seen from within a container).
const groupLimitFile = "/sys/fs/cgroup/memory.max"

// limitMemory makes Go's collector work harder before memory is more than what
// the node was given. GOMEMLIMIT wins: Go has read it already.
func limitMemory(c *Config) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		group, _ := os.ReadFile(groupLimitFile) // elsewhere than on Linux there is none
		debug.SetMemoryLimit(memoryLimit(c, string(group)))
	}
}

// memoryLimit is Go's soft limit in bytes. A quarter of a group's memory is
// left to SQLite, which Go does not count.
func memoryLimit(c *Config, group string) int64 {
	limit := int64(c.MemoryMB)<<20 + besidesBytes
	if most, err := strconv.ParseInt(strings.TrimSpace(group), 10, 64); err == nil { // else "max"
		limit = min(limit, most/4*3)
	}
	return limit
}
