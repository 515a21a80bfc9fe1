package engine

import (
	"context"

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
// change has replaced, perhaps while this statement waited for its lock. Who
// waits for nobody's rows does not wait here either for one who has locked the table instead of its
// rows. NOWAIT and SKIP LOCKED are barred then: all rows count as locked, and the table is not held.
func (e *Engine) holdTable(ctx context.Context, b *branch, number txn.Statement, t *shard.Table, mode lock.Mode, l shard.RowLock) (barred bool, err error) {
	how := locking{strength: shard.LockStrength(mode), timeoutMS: l.TimeoutMS, relation: t.Name}
	if l.Wait == shard.WaitTry {
		how.wait = l.Wait
	}
	how.rowless = l.Wait == shard.WaitError || l.Wait == shard.WaitSkip
	ok, err := e.locks.acquire(ctx, b, number, relationLock(t.Relation), how)
	if err != nil {
		return false, err
	}
	if !ok && !how.rowless {
		return false, shard.Refuse(shard.RefusedLocked)
	}
	if err := e.fences.check(t, 0); err != nil || !ok {
		return true, err
	}
	b.planned(usedPlan{relation: t.Relation, version: t.Version, statement: number})
	return false, nil
}

// lockTable takes the table's strongest lock for a schema change. What becomes
// of older descriptors, the prepare says (txn.Fence).
func (e *Engine) lockTable(ctx context.Context, r *shard.ControlRequest) error {
	if err := e.check(&r.Header, r.Table); err != nil {
		return err
	}
	b, err := e.branchOf(ctx, &r.Header, true)
	if err != nil {
		return err
	}
	under, err := b.begin(ctx, r.Statement)
	if err != nil {
		return err
	}
	e.table(r.Table) // reads of it wait once the change is prepared (fenced)
	if _, err = e.holdTable(under, b, r.Statement, r.Table, lock.TableAccessExclusive, shard.RowLock{}); err == nil {
		err = e.beginReshape(b, r.Table, r.Statement)
	}
	return b.finish(ctx, r.Statement, err)
}
