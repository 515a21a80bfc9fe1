package shardtest

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/txn"
)

// Oracle is a timestamp oracle in memory. It outlives the services that use
// it, as the real one outlives a restart by its persisted bound.
type Oracle struct {
	mu    sync.Mutex // protects the rest
	last  txn.Timestamp
	inUse map[txn.Timestamp]int
}

var _ txn.Oracle = (*Oracle)(nil)

// NewOracle makes an oracle that has drawn nothing.
func NewOracle() *Oracle { return &Oracle{inUse: map[txn.Timestamp]int{}} }

func (o *Oracle) draw() txn.Timestamp {
	o.last += txn.TimestampStep
	return o.last
}

// Snapshot implements txn.Oracle.
func (o *Oracle) Snapshot(context.Context) (txn.Timestamp, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.draw()
	o.inUse[s]++
	return s, nil
}

// Release implements txn.Oracle.
func (o *Oracle) Release(s txn.Timestamp) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inUse[s]--; o.inUse[s] <= 0 {
		delete(o.inUse, s)
	}
}

// Commit implements txn.Oracle.
func (o *Oracle) Commit(context.Context) (txn.Timestamp, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.draw(), nil
}

// InUse implements txn.Oracle.
func (o *Oracle) InUse(dst []txn.Timestamp) ([]txn.Timestamp, txn.Timestamp) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for s := range o.inUse {
		dst = append(dst, s)
	}
	return dst, o.last
}

// Oldest implements txn.Oracle.
func (o *Oracle) Oldest() txn.Timestamp {
	o.mu.Lock()
	defer o.mu.Unlock()
	oldest := o.last
	for s := range o.inUse {
		oldest = min(oldest, s)
	}
	return oldest
}
