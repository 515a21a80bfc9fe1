package engine

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// fences are the oldest descriptors that a shard accepts (rule 21), by
// relation. They are part of the prepare and the resolve of the schema change
// that set them, and go into the file as the rows do.
//
// A statement is checked when it writes or locks, under its lock of the table,
// and again when its transaction commits or prepares; and when it reads: there after its snapshot is registered, so that a change
// which has not prepared yet commits above it. At a snapshot from before the
// change an older descriptor is right.
type fences struct {
	byRelation atomic.Pointer[map[types.OID]fence] // nil: none

	mu      sync.Mutex // held to change it; protects changed
	changed bool       // since the last store
}

// fence is one relation's: version is needed from at on.
type fence struct {
	version uint64
	at      txn.Timestamp
}

// check refuses a descriptor that has been replaced for who reads at s; 0 is the newest.
func (f *fences) check(t *shard.Table, s txn.Timestamp) error {
	all := f.byRelation.Load()
	if all == nil {
		return nil
	}
	if x := (*all)[t.Relation]; t.Version < x.version && (s == 0 || s >= x.at) {
		return shard.Refuse(shard.RefusedVersion)
	}
	return nil
}

// usedPlan is the descriptor that a branch's statement wrote or locked by.
type usedPlan struct {
	relation  types.OID
	version   uint64
	statement txn.Statement
}

// planned notes a descriptor that the branch holds from now on; the statement
// that writes calls it.
func (b *branch) planned(u usedPlan) {
	for _, old := range b.plans {
		if old.relation == u.relation && old.version <= u.version {
			return
		}
	}
	b.plans = append(b.plans, u)
}

// checkAll refuses to commit or prepare what was written by descriptors that
// have been replaced since. The locks of tables keep that from happening.
func (f *fences) checkAll(plans []usedPlan) error {
	all := f.byRelation.Load()
	if all == nil {
		return nil
	}
	for _, u := range plans {
		if u.version < (*all)[u.relation].version {
			return shard.Refuse(shard.RefusedVersion)
		}
	}
	return nil
}

// raise sets the fences of a schema change that has committed at at. It must
// run before the transaction's locks go, and may run again.
func (f *fences) raise(list []txn.Fence, at txn.Timestamp) {
	if len(list) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	next := map[types.OID]fence{}
	if all := f.byRelation.Load(); all != nil {
		next = maps.Clone(*all)
	}
	for _, x := range list {
		if next[types.OID(x.Relation)].version < x.Version {
			next[types.OID(x.Relation)] = fence{x.Version, at}
		}
	}
	f.byRelation.Store(&next)
	f.changed = true
}

func (f *fences) restore(all map[types.OID]fence) {
	if len(all) > 0 {
		f.byRelation.Store(&all)
	}
}

// store writes the fences into the file, inside the caller's transaction.
func (f *fences) store(conn *sqlite.Conn) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changed {
		return nil
	}
	for relation, x := range *f.byRelation.Load() {
		w := writer{}
		w.uint(x.version)
		w.int(int64(x.at))
		if err := putMeta(conn, numbered(metaFence, uint64(relation)), types.BlobValue(w.b)); err != nil {
			return err
		}
	}
	f.changed = false
	return nil
}

// gone reports whether the relation was dropped, fence and all.
func (f *fences) gone(relation types.OID) bool {
	all := f.byRelation.Load()
	return all != nil && (*all)[relation].version == txn.DroppedVersion
}

// lastOfRelation reports whether the shard has no other table of t's relation:
// one that a schema change has replaced may be swept before the dropped one.
func (e *Engine) lastOfRelation(t *table) bool {
	relation := t.shape.Load().relation
	for _, other := range *e.tables.Load() {
		if other != t && other.shape.Load().relation == relation {
			return false
		}
	}
	return true
}

// swept takes the fence of a dropped relation, whose last table goes, out of the file.
func (f *fences) swept(conn *sqlite.Conn, relation types.OID) error {
	if !f.gone(relation) {
		return nil
	}
	return deleteMeta(conn, numbered(metaFence, uint64(relation)))
}

// forget takes it out of memory, when that is committed.
func (f *fences) forget(relation types.OID) {
	if !f.gone(relation) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	next := maps.Clone(*f.byRelation.Load())
	delete(next, relation)
	f.byRelation.Store(&next)
}

// fenced are the physical tables of the relations that a schema change fences:
// while it is prepared, reads of them wait for its outcome.
func (e *Engine) fenced(list []txn.Fence) (physicals []uint64) {
	if len(list) == 0 {
		return nil
	}
	for _, t := range *e.tables.Load() {
		relation := uint32(t.shape.Load().relation)
		if slices.ContainsFunc(list, func(x txn.Fence) bool { return x.Relation == relation }) {
			physicals = append(physicals, t.physical)
		}
	}
	return physicals
}
