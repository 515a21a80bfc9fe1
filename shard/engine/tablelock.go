package engine

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// relationLock names the lock of a table.
func relationLock(relation types.OID) lock.Key {
	return lock.Key{Space: lock.Relation, Object: uint64(relation)}
}

// holdTable takes the weak table lock of a statement that writes or locks rows,
// to the transaction's end (rule 21), and refuses a descriptor that a schema
// change has replaced, perhaps while this statement waited for its lock.
func (e *Engine) holdTable(ctx context.Context, b *branch, number txn.Statement, t *shard.Table, mode lock.Mode, timeoutMS int64) error {
	how := locking{strength: shard.LockStrength(mode), timeoutMS: timeoutMS, relation: t.Name}
	if _, err := e.locks.acquire(ctx, b, number, relationLock(t.Relation), how); err != nil {
		return err
	}
	return e.versions.check(t)
}

// lockTable takes the table's strongest lock for a schema change. When the
// transaction commits, descriptors of the version that it changed are refused.
func (e *Engine) lockTable(ctx context.Context, r *shard.ControlRequest) error {
	if err := e.check(&r.Header, r.Table); err != nil {
		return err
	}
	b, err := e.branchOf(&r.Header, true)
	if err != nil {
		return err
	}
	if ctx, err = b.begin(ctx, r.Statement); err != nil {
		return err
	}
	err = e.holdTable(ctx, b, r.Statement, r.Table, lock.TableAccessExclusive, 0)
	b.finish(r.Statement, err != nil)
	if err == nil {
		e.versions.replacing(b.id, r.Table)
	}
	return err
}

// versions are the oldest descriptors that a shard accepts, by relation.
type versions struct {
	mu sync.Mutex // protects the rest
	// oldest is what statements must have been planned with.
	oldest map[types.OID]uint64
	// pending is what becomes so when a transaction commits.
	pending map[txn.ID]map[types.OID]uint64
}

// check refuses a table whose descriptor has been replaced.
func (v *versions) check(t *shard.Table) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t.Version < v.oldest[t.Relation] {
		return shard.Refuse(shard.RefusedVersion)
	}
	return nil
}

// replacing notes that a transaction replaces the descriptor of t.
func (v *versions) replacing(id txn.ID, t *shard.Table) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pending == nil {
		v.pending = map[txn.ID]map[types.OID]uint64{}
	}
	if v.pending[id] == nil {
		v.pending[id] = map[types.OID]uint64{}
	}
	if _, first := v.pending[id][t.Relation]; !first {
		v.pending[id][t.Relation] = t.Version + 1
	}
}

// end applies or drops what a transaction was replacing. It must run before
// the transaction's locks go.
func (v *versions) end(id txn.ID, committed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.pending) == 0 {
		return
	}
	if committed && v.oldest == nil {
		v.oldest = map[types.OID]uint64{}
	}
	for relation, version := range v.pending[id] {
		if committed {
			v.oldest[relation] = max(v.oldest[relation], version)
		}
	}
	delete(v.pending, id)
}
