// Package tso is the timestamp oracle: strictly increasing timestamps, and
// which of them are snapshots in use.
//
//	tso.go       Oracle: drawing
//	registry.go  the snapshots in use, and the oldest of them
//	leader.go    Leader: an Oracle that serves a cluster, as long as it is elected
//	client.go    Client: a node's way to the cluster's oracle
//
// A timestamp's bits, from the top:
//
//	0 | epoch: 20 | draw: 31 | increment: 12
//
// An epoch is one oracle's: whoever becomes the oracle begins a new one, and
// has persisted its end before it draws from it. So no two oracles ever draw
// the same timestamp, a later one draws only larger ones, and shards can tell
// a deposed one's by Epoch. An oracle that has drawn 2^31 times goes on into
// the next epoch.
//
// An Oracle is that of one process. A Leader stands before it and answers
// nodes' batches by it; Bound is where it makes sure that it still may.
package tso

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

const (
	incrementBits = 12
	drawBits      = 31
	epochBits     = 20

	epochSize txn.Timestamp = 1 << (incrementBits + drawBits)
	lastEpoch               = 1<<epochBits - 1
)

// Epoch is the epoch that a timestamp was drawn in.
func Epoch(t txn.Timestamp) uint32 { return uint32(t / epochSize) }

// Bound is the persisted promise that no timestamp at or above it has been drawn.
type Bound interface {
	// Load returns the bound; 0 when there was none yet.
	Load(ctx context.Context) (txn.Timestamp, error)
	// Extend raises the bound from one value to another, durably. It fails when
	// the bound is not from any more: somebody else is the oracle.
	Extend(ctx context.Context, from, to txn.Timestamp) error
}

// Oracle draws timestamps from memory and persists only their bound. Its
// methods may be called from several goroutines.
type Oracle struct {
	last  atomic.Int64 // drawn
	limit atomic.Int64 // persisted; only what is below is given out

	bound     Bound
	extending sync.Mutex // held while limit is raised

	registry registry
}

var _ txn.Oracle = (*Oracle)(nil)

// Open begins a new epoch: above the bound, and above floor, the highest
// timestamp in any log (a bound that was restored from a backup can be lower).
func Open(ctx context.Context, bound Bound, floor txn.Timestamp) (*Oracle, error) {
	before, err := bound.Load(ctx)
	if err != nil {
		return nil, err
	}
	epoch := Epoch(max(before-1, floor)) + 1 // 1 when there was nothing
	if epoch >= lastEpoch {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "the timestamp oracle has used up its %d epochs", lastEpoch)
	}
	start := txn.Timestamp(epoch) * epochSize
	if err := bound.Extend(ctx, before, start+epochSize); err != nil {
		return nil, err
	}
	o := &Oracle{bound: bound}
	o.last.Store(int64(start))
	o.limit.Store(int64(start + epochSize))
	return o, nil
}

// Snapshot implements txn.Oracle. A drawn snapshot is registered before
// anybody can miss it: its place is announced, at or below what will be
// drawn, before it is drawn.
func (o *Oracle) Snapshot(ctx context.Context) (txn.Timestamp, error) {
	announced := o.registry.announce(o.last.Load())
	defer announced.Store(free)
	s, err := o.draw(ctx)
	if err != nil {
		return 0, err
	}
	o.registry.add(int64(s))
	return s, nil
}

// Release implements txn.Oracle.
func (o *Oracle) Release(s txn.Timestamp) { o.registry.remove(int64(s)) }

// Commit implements txn.Oracle.
func (o *Oracle) Commit(ctx context.Context) (txn.Timestamp, error) { return o.draw(ctx) }

// Oldest implements txn.Oracle.
func (o *Oracle) Oldest() txn.Timestamp {
	return txn.Timestamp(o.registry.oldest(o.last.Load()))
}

// InUse implements txn.Oracle: all but those that are being drawn right now.
func (o *Oracle) InUse(dst []txn.Timestamp) ([]txn.Timestamp, txn.Timestamp) {
	known := o.registry.announcedBelow(o.last.Load())
	return o.registry.append(dst), txn.Timestamp(known)
}

// Registered is how many snapshots are in use.
func (o *Oracle) Registered() int { return o.registry.count() }

// Epoch is the epoch of the next timestamp.
func (o *Oracle) Epoch() uint32 { return Epoch(txn.Timestamp(o.last.Load())) }

// LastEpoch is the last epoch of which the oracle may hand out timestamps without extending its bound.
func (o *Oracle) LastEpoch() uint32 { return Epoch(txn.Timestamp(o.limit.Load() - 1)) }

func (o *Oracle) draw(ctx context.Context) (txn.Timestamp, error) { return o.drawMany(ctx, 1) }

// drawMany draws n timestamps and returns the first; with n = 0 one that is
// below all that will be drawn.
func (o *Oracle) drawMany(ctx context.Context, n int) (txn.Timestamp, error) {
	t := o.last.Add(int64(n) * int64(txn.TimestampStep))
	first := txn.Timestamp(t) - txn.Timestamp(max(n-1, 0))*txn.TimestampStep
	if t < o.limit.Load() {
		return first, nil
	}
	return first, o.extend(ctx, t)
}

// extend raises the limit above t.
func (o *Oracle) extend(ctx context.Context, t int64) error {
	o.extending.Lock()
	defer o.extending.Unlock()
	for limit := o.limit.Load(); t >= limit; limit = o.limit.Load() {
		if Epoch(txn.Timestamp(limit)) >= lastEpoch {
			return pgerr.New(pgerr.ProgramLimitExceeded, "the timestamp oracle has used up its %d epochs", lastEpoch)
		}
		to := txn.Timestamp(limit) + epochSize
		if err := o.bound.Extend(ctx, txn.Timestamp(limit), to); err != nil {
			return err
		}
		o.limit.Store(int64(to))
	}
	return nil
}
