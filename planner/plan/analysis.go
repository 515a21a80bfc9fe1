package plan

import (
	"fmt"
	"sync"
	"time"
)

// Analysis is what EXPLAIN ANALYZE collects beside the plan. Its methods may
// be called on nil, and from several goroutines.
type Analysis struct {
	mu    sync.Mutex // protects nodes and their contents
	nodes map[Node]*Measured
	// SQL time in all.
	Total time.Duration
}

// Measured is what one node did in one execution.
type Measured struct {
	Loops   int64
	Rows    int64         // that it gave to its parent, over all loops
	Elapsed time.Duration // spent in it and below
	// Of a node that talks to shards:
	Trips   int64 // requests, each of which waits for a shard's answer
	Away    int64 // those of them that went to other nodes
	Shipped int64 // rows that travelled, to shards and from them
	Bytes   int64 // packed, of those rows
}

// NewAnalysis makes an empty one.
func NewAnalysis() *Analysis { return &Analysis{nodes: map[Node]*Measured{}} }

// Add adds what m says to what is known of n.
func (a *Analysis) Add(n Node, m Measured) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	have := a.nodes[n]
	if have == nil {
		have = &Measured{}
		a.nodes[n] = have
	}
	have.Loops += m.Loops
	have.Rows += m.Rows
	have.Elapsed += m.Elapsed
	have.Trips += m.Trips
	have.Away += m.Away
	have.Shipped += m.Shipped
	have.Bytes += m.Bytes
}

// Sent is what all nodes together have sent and got.
func (a *Analysis) Sent() (all Measured) {
	if a == nil {
		return Measured{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.nodes {
		all.Trips += m.Trips
		all.Away += m.Away
		all.Shipped += m.Shipped
		all.Bytes += m.Bytes
	}
	return all
}

// String is how EXPLAIN ANALYZE prints what was sent and got.
func (m Measured) String() string {
	text := fmt.Sprintf("rows=%d bytes=%d  Round Trips: %d", m.Shipped, m.Bytes, m.Trips)
	if m.Away > 0 {
		text += fmt.Sprintf(" (%d to other nodes)", m.Away)
	}
	return text
}

// Of returns what n did.
func (a *Analysis) Of(n Node) (Measured, bool) {
	if a == nil {
		return Measured{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m, ok := a.nodes[n]
	if !ok {
		return Measured{}, false
	}
	return *m, true
}
