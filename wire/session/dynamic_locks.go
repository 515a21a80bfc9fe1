package session

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// lockRows makes pg_locks: advisory locks, those of relations and other catalog
// objects, and transactions that hold something on a shard or wait there for each
// other, as PostgreSQL shows waits for a row by the transaction that has it. Row
// locks have no rows there either.
func (s *Session) lockRows(ctx context.Context, emit func(row)) error {
	others, silent := s.node.Others.Locks(ctx)
	s.warnOfSilent("locks", silent)
	for _, l := range append(s.node.SessionLocks(), others...) {
		emit(sessionLockRow(s.snapshot(), &l))
	}
	open := s.coordinated(ctx)
	held := map[string]bool{}
	return s.openOnShards(ctx, func(_ shard.ID, t *shard.TransactionInfo) {
		if t.State == txn.Committed {
			return // it locks nothing any more
		}
		o := open[t.Txn]
		lock := func(seq uint64, mode string, granted bool) {
			emit(row{
				"locktype": types.Text("transactionid"), "transactionid": types.Int(shortTransactionNumber(seq)),
				"virtualtransaction": types.Text(t.Txn.String()), "pid": processOf(o), "mode": types.Text(mode),
				"granted": types.Bool(granted), "fastpath": types.False,
			})
		}
		if !held[t.Txn.String()] {
			held[t.Txn.String()] = true
			lock(t.Txn.Seq, "ExclusiveLock", true)
		}
		for _, w := range t.Waiting {
			lock(w.Seq, "ShareLock", false)
		}
	})
}

// SessionLock is a lock that no shard has, of a session of the node that tells of it.
type SessionLock struct {
	Process int32
	objectlock.Entry
}

// SessionLocks are those of this node's sessions, in the order of their process
// ids. What they hold on other nodes as well is listed once.
func (n *Node) SessionLocks() []SessionLock {
	processes := map[txn.ID]int32{}
	for _, o := range n.sessions.list() {
		if t := o.transactionNow(); !t.IsZero() {
			processes[t] = o.pid()
		}
		if owner := o.advisory.owner.Load(); owner != nil {
			processes[*owner] = o.pid()
		}
	}
	var out []SessionLock
	for _, e := range n.Locks.List() {
		if !e.Guest {
			out = append(out, SessionLock{processes[e.Owner], e})
		}
	}
	slices.SortFunc(out, func(x, y SessionLock) int { return int(x.Process) - int(y.Process) })
	return out
}

// sessionLockRow is a lock on a relation, on another object's or a name's row in
// its catalog, or an advisory one.
func sessionLockRow(snap *catalog.Snapshot, l *SessionLock) row {
	r := row{
		"locktype": types.Text("object"), "database": types.Int(int64(l.Key.Object >> 32)), "virtualtransaction": types.Text(l.Owner.String()),
		"pid": types.Null, "mode": types.Text(l.Mode.String()), "granted": types.Bool(l.Granted), "fastpath": types.Bool(l.Quick),
	}
	if l.Process != 0 {
		r["pid"] = types.Int(int64(l.Process))
	}
	if !l.Granted {
		r["waitstart"] = types.Int(types.TimestampFromTime(l.Since))
	}
	oid := types.Int(int64(uint32(l.Key.Object)))
	switch l.Key.Space {
	case lock.Relation:
		r["locktype"], r["relation"] = types.Text("relation"), oid
		if rel := snap.RelationByOID(catalog.OID(l.Key.Object)); rel != nil {
			r["database"] = types.Int(int64(rel.Ref().Database))
		}
	case lock.Advisory:
		db, parts := l.Key.Advisory()
		r["locktype"], r["database"], r["objsubid"] = types.Text("advisory"), types.Int(int64(db)), types.Int(int64(parts))
		r["classid"], r["objid"] = types.Int(int64(l.Key.Object>>32)), oid
	default:
		r["objid"], r["objsubid"] = oid, types.Int(0)
	}
	return r
}
