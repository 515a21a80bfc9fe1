package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Write runs a statement's writes (shard.Service). What it does to each row:
//
//	find → lock → newest, compared with what was found (rule 15) → new image
//	→ NOT NULL, CHECK → unique values: lock, then look (rule 17) → write set
func (e *Engine) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	if err := e.check(&r.Header, r.Table); err != nil {
		return nil, err
	}
	if err := e.memory.wait(ctx); err != nil {
		return nil, err
	}
	if err := e.participant.writable(); err != nil {
		return nil, err
	}
	b, err := e.branchOf(ctx, &r.Header, true)
	if err != nil {
		return nil, err
	}
	w, err := e.newWrite(ctx, r, b)
	if err != nil {
		b.abandon()
		return nil, err
	}
	under, err := b.begin(ctx, r.Statement)
	if err != nil {
		return nil, err
	}
	if w.barred, err = e.holdTable(under, b, r.Statement, r.Table, lock.TableRowExclusive, r.Lock); err == nil {
		err = w.run(under)
	}
	w.close()
	if err := b.finish(ctx, r.Statement, err); err != nil {
		return nil, err
	}
	return &w.reply, nil
}

// write is one WriteRequest under way.
type write struct {
	e     *Engine
	r     *shard.WriteRequest
	b     *branch
	t     *table
	shape *shape
	c     *expr.Context
	code  *writeProgram
	find  *program // of OpUpdate, OpDelete
	lock  locking
	fresh bool // the lock taken last was not held before
	// barred is that somebody holds the table instead of its rows, whom the statement does not wait for.
	barred bool
	// taken are the locks that inserting one row has taken, to give back if a
	// conflict leaves the row out.
	taken []lock.Key
	// ahead are those of them on values that are no arbiter's.
	ahead []lock.Key

	conn *sqlite.Conn // for looking at single rows; taken when first needed
	scan *sqlite.Conn // of the scan under way, whose read such looks share
	// at is the snapshot that rows were found at.
	at    txn.Timestamp
	pin   pin
	row   []types.Datum // decoded image, the old one in its first half or second half
	param []byte
	reply shard.WriteReply
}

func (e *Engine) newWrite(ctx context.Context, r *shard.WriteRequest, b *branch) (*write, error) {
	w := &write{e: e, r: r, b: b, t: e.table(r.Table), c: evalContext(ctx, &r.Values), at: r.Snapshot}
	w.shape = w.t.shape.Load()
	w.reply.Incarnation = e.incarnation
	var err error
	if w.code, err = e.programs.write(r); err != nil {
		return nil, err
	}
	if r.Find != nil {
		if w.find, err = e.program(r.Find); err != nil {
			return nil, err
		}
	}
	w.lock = locking{strength: r.Lock.Strength, wait: r.Lock.Wait, timeoutMS: r.Lock.TimeoutMS}
	if w.lock.strength == 0 {
		w.lock.strength = shard.LockUpdate
	}
	w.row = make([]types.Datum, 2*len(r.Table.Columns))
	if r.Rows != nil {
		return w, checkBatch(r.Rows)
	}
	return w, nil
}

func (w *write) close() {
	if w.conn != nil {
		w.conn.Release()
		w.conn = nil
	}
	w.e.unpin(&w.pin)
}

func (w *write) run(ctx context.Context) error {
	if err := w.clearLeft(); err != nil {
		return err
	}
	if w.barred && w.r.Op == shard.OpLock {
		return w.given(ctx)
	}
	if err := w.e.widen(ctx, w.t, w.r.Table); err != nil {
		return err
	}
	if w.lock.wait == shard.WaitOrdered {
		if err := w.lockInOrder(ctx); err != nil {
			return err
		}
	}
	switch w.r.Op {
	case shard.OpInsert:
		return w.insert(ctx)
	case shard.OpUpdate, shard.OpDelete:
		return w.search(ctx)
	case shard.OpPut, shard.OpRemove, shard.OpMove, shard.OpLock:
		return w.given(ctx)
	}
	return pgerr.Internal("unknown write operation %d", w.r.Op)
}

// newest is the row that a key has now: in the transaction's own write set,
// else the last committed. The key must be locked.
type newest struct {
	own bool // from the write set
	// committed is the newest committed version, which a write set's chain
	// begins with; At is 0 when SQLite has it.
	committed recent.Version
	version   recent.Version
	// lost is up to when the key may have changed although it has no chain.
	lost txn.Timestamp
}

// exists reports whether there is a row.
func (n *newest) exists() bool { return n.version.Kind == recent.Present }

// look finds the newest version of a locked key.
func (w *write) look(ctx context.Context, key string) (n newest, err error) {
	w.b.mu.RLock()
	own, err := w.b.versions(w.t.physical, key)
	w.b.mu.RUnlock()
	if err != nil {
		return n, err
	}
	if own != nil {
		return newest{own: true, version: own[len(own)-1], committed: own[0]}, nil
	}
	n.committed, n.lost, err = w.e.committed(ctx, w, key)
	n.version = n.committed
	if n.exists() && n.version.At == 0 {
		w.e.latch.RLock()
		n.version.At = w.t.born
		w.e.latch.RUnlock()
	}
	return n, err
}

// committed finds the newest committed version of a key: its chain's, or what
// SQLite has; then lost says up to when it may have changed.
func (e *Engine) committed(ctx context.Context, w *write, key string) (v recent.Version, lost txn.Timestamp, err error) {
	e.latch.RLock()
	if c := e.recent.Table(w.t.physical).Get(key); c != nil {
		v = *c.Newest()
		e.latch.RUnlock()
		return v, 0, nil
	}
	lost = e.lost(w.t)
	if w.t.columns.Load() == 0 {
		e.latch.RUnlock()
		return recent.Version{Kind: recent.Absent}, lost, nil
	}
	e.latch.RUnlock()
	// The key is locked: nobody changes it, and a chain that is gone since left
	// SQLite with its newest version.
	row, err := w.sqliteRow(ctx, key)
	if err != nil || row == nil {
		return recent.Version{Kind: recent.Absent}, lost, err
	}
	return recent.Version{Kind: recent.Present, Row: row}, lost, nil
}

// lost is the highest commit to a table of which no chain may tell any more: a
// snapshot in use is below it only if a large commit, or a start, has ended it. The caller
// holds the latch.
func (e *Engine) lost(t *table) txn.Timestamp {
	return max(e.began, t.large, e.recent.Table(t.physical).Dropped())
}

// sqliteRow reads SQLite's image of a key; nil if there is none.
func (w *write) sqliteRow(ctx context.Context, key string) ([]byte, error) {
	conn, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	w.param = packedKey(w.param[:0], key)
	return w.oneRow(ctx, conn, w.code.selectRow(w.shape, int(w.t.columns.Load())), w.param)
}

// connect is where to look at single rows: the read of the scan under way, since
// what changed later has a chain. Where that is not so any more it is a
// connection beside it, if there is one: to wait for it with the scan's in hand
// would be to wait for others who do the same.
func (w *write) connect(ctx context.Context) (*sqlite.Conn, error) {
	if w.scan != nil {
		w.e.latch.RLock()
		lost := w.e.lost(w.t)
		w.e.latch.RUnlock()
		if lost <= w.at {
			return w.scan, nil
		}
	}
	var err error
	switch {
	case w.conn != nil:
	case w.scan == nil:
		w.conn, err = w.e.db.Reader(ctx)
	default:
		if w.conn, err = w.e.db.SpareReader(); err == nil && w.conn == nil {
			err = w.errLost()
		}
	}
	return w.conn, err
}

// park keeps connections to SQLite for others while a lock is waited for: who has
// it may need one to go on, and without that all could be in the hands of those who wait.
func (w *write) park() (resume func()) {
	if w.conn != nil {
		w.conn.Release()
		w.conn = nil
	}
	if w.scan != nil {
		return w.scan.Park()
	}
	return func() {}
}

// oneRow runs a query of at most one row and returns it in memory of its own.
func (w *write) oneRow(ctx context.Context, conn *sqlite.Conn, sql string, params []byte) ([]byte, error) {
	st, err := conn.Prepare(sql)
	if err != nil {
		return nil, err
	}
	defer st.Done()
	page, err := st.Query(ctx, make([]byte, 0, 256), params)
	if err != nil || page.N == 0 {
		return nil, err
	}
	row, _ := nextRow(page.Rows)
	return row, nil
}

// lockRow takes the row lock of a key. ok is false when SKIP LOCKED leaves it out.
func (w *write) lockRow(ctx context.Context, key string, strength shard.LockStrength) (ok bool, err error) {
	if w.fresh = false; w.b.wholeTable(w.r.Table) {
		return true, nil
	}
	if w.barred && w.lock.wait == shard.WaitSkip {
		return false, nil
	}
	if w.barred {
		return false, errRowLocked(w.r.Table.Name)
	}
	if err := w.tryWholeTable(ctx); err != nil {
		return false, err
	}
	l := w.lock
	l.strength = strength
	l.relation = w.r.Table.Name
	l.fresh, l.by = &w.fresh, w
	return w.granted(w.e.locks.acquire(ctx, w.b, w.r.Statement, rowLock(w.r.Table, key), l))
}

// granted makes a refusal of a lock that a WaitTry did not get.
func (w *write) granted(ok bool, err error) (bool, error) {
	if !ok && err == nil && w.lock.wait == shard.WaitTry {
		return false, shard.Refuse(shard.RefusedLocked)
	}
	return ok, err
}

// lockValue takes the lock of a unique value.
func (w *write) lockValue(ctx context.Context, ix *shard.Index, value string) error {
	if w.fresh = false; w.b.wholeTable(w.r.Table) {
		return nil
	}
	l := locking{strength: shard.LockUpdate, timeoutMS: w.lock.timeoutMS, relation: w.r.Table.Name, fresh: &w.fresh, by: w}
	if w.lock.wait == shard.WaitTry {
		l.wait = shard.WaitTry
	}
	_, err := w.granted(w.e.locks.acquire(ctx, w.b, w.r.Statement, valueLock(w.r.Table, ix.ID, value), l))
	return err
}

// tryWholeTable locks the table instead of its rows once many are locked, if
// nobody is in the way.
func (w *write) tryWholeTable(ctx context.Context) error {
	if w.b.rowLocks++; w.b.rowLocks < exclusiveFrom {
		return nil
	}
	w.b.rowLocks = 0
	how := locking{strength: shard.LockStrength(lock.TableExclusive), wait: shard.WaitTry, relation: w.r.Table.Name}
	ok, err := w.e.locks.acquire(ctx, w.b, w.r.Statement, relationLock(w.r.Table.Relation), how)
	if ok {
		w.b.holdWhole(w.r.Table)
	}
	return err
}

// put puts a version into the write set.
func (w *write) put(key string, base, v recent.Version) error {
	v.At = txn.Timestamp(w.r.Statement)
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	own := w.b.setFor(w.t)
	if err := w.b.promote(own, key); err != nil {
		return err
	}
	own.Put(key, base, v)
	return w.b.spillIfLarge()
}

// changedSince is rule 15 for a locked row that was found at snapshot at: what
// nobody knows to be unchanged has changed.
func (n *newest) changedSince(at txn.Timestamp) bool {
	return !n.own && max(n.version.At, n.lost) > at
}

// errLost refuses a statement that has found a row at a snapshot which a large
// commit has ended since. What became of the row, nobody knows: it may have
// changed, gone, or have another key now, with another row in its place. So the
// statement begins again, or is 40001 (rules 14, 15).
func (w *write) errLost() error {
	if w.r.Isolation == txn.ReadCommitted {
		return shard.Refuse(shard.RefusedMoved)
	}
	return errConcurrentUpdate()
}

func errConcurrentUpdate() error { return shard.ConcurrentUpdate() }

func errConcurrentDelete() error {
	return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access due to concurrent delete")
}

// errChanged is what a snapshot that cannot be moved gets.
func (n *newest) errChanged() error {
	if n.exists() || len(n.version.Row) > 0 || n.lost > 0 {
		return errConcurrentUpdate()
	}
	return errConcurrentDelete()
}

// returning evaluates RETURNING over w.row.
func (w *write) returning() error {
	if w.code.returning == nil {
		return nil
	}
	if w.reply.Returning == nil {
		w.reply.Returning = &shard.Batch{}
	}
	out := w.reply.Returning
	start := len(out.Data)
	out.Data = append(out.Data, 0, 0, 0, 0)
	for i, eval := range w.code.returning {
		v, err := eval(w.c, w.row)
		if err != nil {
			return err
		}
		out.Data = appendDatum(out.Data, w.code.returned[i], v)
	}
	setLength(out.Data, start)
	out.Count++
	return nil
}
