package tso

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/txn"
)

// registry is the set of snapshots in use. It has no lock on the way of a
// snapshot, for every statement draws one.
//
// HAZARD: oldest and InUse must look at announcements first and at slots after that,
// and a snapshot must enter its slot before its announcement goes. Looked at
// in the other order, a snapshot that moves from the one to the other between
// the looks is seen in neither, and what it reads is dropped.
type registry struct {
	announced [announcements]struct {
		atomic.Int64
		_ [7]int64 // a cache line each
	}
	slots [slots]atomic.Int64

	mu       sync.Mutex // protects overflow
	overflow map[int64]struct{}
	spilled  atomic.Int64 // len(overflow), to leave mu alone when it is empty
}

const (
	free = 0 // a place with nobody in it

	// announcements bounds how many snapshots can be drawn at the very same
	// time without waiting: more than there are cores.
	announcements = 64

	// slots is some times the number of sessions that a node serves; oldest
	// reads them all.
	slots = 2048

	// probes is how far from its place a snapshot looks for a free slot.
	probes = 16
)

// announce takes a place that says: a snapshot at or above low is on its way.
func (r *registry) announce(low int64) *atomic.Int64 {
	for i := rand.Uint32(); ; i++ {
		place := &r.announced[i%announcements].Int64
		if place.CompareAndSwap(free, low) {
			return place
		}
		if i%announcements == 0 {
			runtime.Gosched()
		}
	}
}

// home is where a snapshot's slots begin; neighbours in time are not
// neighbours there.
func home(s int64) uint64 { return (uint64(s) >> incrementBits) * 0x9e3779b97f4a7c15 >> 32 }

func (r *registry) add(s int64) {
	for i := range uint64(probes) {
		if r.slots[(home(s)+i)%slots].CompareAndSwap(free, s) {
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.overflow == nil {
		r.overflow = map[int64]struct{}{}
	}
	r.overflow[s] = struct{}{}
	r.spilled.Store(int64(len(r.overflow)))
}

func (r *registry) remove(s int64) {
	for i := range uint64(probes) {
		if r.slots[(home(s)+i)%slots].CompareAndSwap(s, free) {
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.overflow, s)
	r.spilled.Store(int64(len(r.overflow)))
}

// announcedBelow is at or below every snapshot on its way, and at most bound,
// which the caller has read before.
func (r *registry) announcedBelow(bound int64) int64 {
	for i := range r.announced {
		if low := r.announced[i].Load(); low != free {
			bound = min(bound, low)
		}
	}
	return bound
}

// append appends the snapshots that have arrived.
func (r *registry) append(dst []txn.Timestamp) []txn.Timestamp {
	for i := range r.slots {
		if s := r.slots[i].Load(); s != free {
			dst = append(dst, txn.Timestamp(s))
		}
	}
	if r.spilled.Load() > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		for s := range r.overflow {
			dst = append(dst, txn.Timestamp(s))
		}
	}
	return dst
}

// oldest is at or below every registered snapshot, and at most bound, which
// the caller has read before.
func (r *registry) oldest(bound int64) int64 {
	bound = r.announcedBelow(bound)
	for i := range r.slots {
		if s := r.slots[i].Load(); s != free {
			bound = min(bound, s)
		}
	}
	if r.spilled.Load() > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		for s := range r.overflow {
			bound = min(bound, s)
		}
	}
	return bound
}

func (r *registry) count() int {
	n := int(r.spilled.Load())
	for i := range r.slots {
		if r.slots[i].Load() != free {
			n++
		}
	}
	return n
}
