package plan

import (
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
	Shards  int64 // shards asked, over all loops
	Trips   int64 // requests and batches
	Shipped int64 // rows that travelled
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
	have.Shards += m.Shards
	have.Trips += m.Trips
	have.Shipped += m.Shipped
	have.Bytes += m.Bytes
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
