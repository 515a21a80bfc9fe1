package wire

import (
	"crypto/rand"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
)

// registry knows the open connections by the key that a CancelRequest names.
type registry struct {
	base  uint32      // of the node's process ids
	mu    *sync.Mutex // protects the fields below
	next  *uint32
	conns map[uint32]*conn
	early map[*conn]bool // those that have not started up yet
}

func newRegistry(base uint32) registry {
	return registry{base: base, mu: new(sync.Mutex), next: new(uint32), conns: map[uint32]*conn{}, early: map[*conn]bool{}}
}

// Processes is how many process ids a node has: those of different nodes
// differ, so that a CancelRequest that reaches any node finds its session's.
const Processes = 1 << 20

// own reports whether a process id is one of this node's.
func (r registry) own(pid uint32) bool { return pid-r.base < Processes }

// open notes a connection that is about to start up; opened, that it has, or
// failed to. It reports false, and notes nothing, when limit others are about to.
func (r registry) open(c *conn, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.early) >= limit {
		return false
	}
	r.early[c] = true
	return true
}

func (r registry) opened(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.early, c)
}

// opening returns those that start up now.
func (r registry) opening() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.early))
}

// add registers c under a fresh process id and secret. It reports false when
// limit connections are open already.
func (r registry) add(c *conn, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.conns) >= limit {
		return false
	}
	for *r.next++; *r.next%Processes == 0 || r.conns[r.base+*r.next%Processes] != nil; *r.next++ {
	}
	c.pid, c.secret = r.base+*r.next%Processes, newSecret()
	r.conns[c.pid] = c
	return true
}

func (r registry) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns[c.pid] == c {
		delete(r.conns, c.pid)
	}
}

func (r registry) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}

func (r registry) all() []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	cs := make([]*conn, 0, len(r.conns))
	for _, c := range r.conns {
		cs = append(cs, c)
	}
	return cs
}

// find returns the connection that the key belongs to, or nil.
func (r registry) find(pid, secret uint32) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.conns[pid]; c != nil && c.secret == secret {
		return c
	}
	return nil
}

// newSecret draws a cancel key that cannot be guessed.
func newSecret() uint32 {
	var b [4]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}
