package engine

import (
	"context"
	"os"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Control runs a control operation (shard.Service).
func (e *Engine) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	if e.sealed.Load() {
		return nil, shard.Refuse(shard.RefusedEpoch)
	}
	if changesShard(r.Op) {
		leave, err := e.visit(ctx, &r.Header)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	reply := &shard.ControlReply{Incarnation: e.incarnation}
	switch r.Op {
	case shard.ControlBuildIndex:
		return reply, e.buildIndex(ctx, r)
	case shard.ControlDropTable:
		return reply, e.drop(ctx, &drop{shard: e.id, physical: r.Physical})
	case shard.ControlDropIndex:
		if r.Table == nil {
			return nil, pgerr.Internal("dropping an index without its table")
		}
		return reply, e.drop(ctx, &drop{shard: e.id, physical: r.Table.Physical, index: r.Index + 1})
	case shard.ControlStats:
		e.stats(r.Table, reply)
		return reply, nil
	case shard.ControlSettle:
		if err := e.Settle(ctx); err != nil {
			return nil, err
		}
		if err := e.emptyWAL(ctx); err != nil {
			return nil, err
		}
		return reply, e.participant.cutNow(ctx)
	case shard.ControlShrink, shard.ControlShrinkFull:
		return reply, e.shrink(ctx, r.Op == shard.ControlShrinkFull)
	case shard.ControlSequenceNext, shard.ControlSequenceSet, shard.ControlSequenceRead:
		return e.sequenceControl(ctx, r)
	case shard.ControlTransactions:
		reply.Transactions = e.transactions()
		return reply, nil
	case shard.ControlLockTable:
		return reply, e.lockTable(ctx, r)
	case shard.ControlViews:
		return reply, e.writeViews(ctx, r.Tables)
	}
	return nil, pgerr.Internal("unknown control operation %d", r.Op)
}

// changesShard reports whether an operation changes the shard beside any
// transaction's write set. (Locking a table makes a branch; views are written
// when the node stops, and a file with them can go elsewhere.)
func changesShard(op shard.ControlOp) bool {
	switch op {
	case shard.ControlStats, shard.ControlTransactions, shard.ControlSequenceRead, shard.ControlLockTable, shard.ControlViews:
		return false
	}
	return true
}

func (e *Engine) sequenceControl(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	switch {
	case r.Sequence == nil:
		return nil, pgerr.Internal("a sequence operation without a sequence")
	case r.Op == shard.ControlSequenceNext:
		return e.sequenceNext(ctx, r.Sequence)
	case r.Op == shard.ControlSequenceSet:
		return e.sequenceSet(r.Sequence)
	}
	return e.sequenceRead(r.Sequence)
}

// stats answers from counters: of a table, or of all.
func (e *Engine) stats(t *shard.Table, reply *shard.ControlReply) {
	e.latch.RLock()
	defer e.latch.RUnlock()
	reply.State = "serving"
	if e.moving.Load() {
		reply.State = "moving"
	}
	tables := *e.tables.Load()
	if t != nil {
		if tab := tables[t.Physical]; tab != nil {
			reply.Rows, reply.Bytes = tab.rows, tab.rows*tab.width()
		}
		return
	}
	for _, tab := range tables {
		reply.Rows += tab.rows
		reply.Bytes += tab.rows * tab.width()
	}
	if size, err := e.fileBytes(); err == nil {
		reply.Bytes = size
	}
}

// fileBytes is the size of the shard's file and its WAL.
func (e *Engine) fileBytes() (int64, error) {
	if e.cfg.Dir == "" {
		return e.recent.Usage().Bytes, nil
	}
	f, err := os.Stat(e.db.Path())
	if err != nil {
		return 0, err
	}
	return f.Size() + e.db.WALSize(), nil
}

// transactions lists what is open here and what waits.
func (e *Engine) transactions() []shard.TransactionInfo {
	e.branchMu.RLock()
	branches := make([]*branch, 0, len(e.branches))
	for _, b := range e.branches {
		branches = append(branches, b)
	}
	e.branchMu.RUnlock()
	out := make([]shard.TransactionInfo, 0, len(branches))
	for _, b := range branches {
		info := shard.TransactionInfo{Txn: b.id, State: txn.Active}
		b.mu.RLock()
		info.Bytes = b.set.Usage().Bytes
		b.mu.RUnlock()
		e.locks.describe(&info)
		e.participant.describe(&info)
		out = append(out, info)
	}
	if e.participant.engines()[0] == e {
		out = append(out, e.participant.decisions()...)
	}
	return out
}

// decisions are those that the log keeps for participants which may not know
// them; its first shard tells of them.
func (p *Participant) decisions() (list []shard.TransactionInfo) {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	for _, d := range p.two.ledger.Doubts() {
		if !d.Undecided() {
			list = append(list, shard.TransactionInfo{Txn: d.Txn, State: d.Outcome.State, At: d.Outcome.At, Participants: d.Participants})
		}
	}
	return list
}

// describe adds what is known of a prepared transaction.
func (p *Participant) describe(info *shard.TransactionInfo) {
	p.two.mu.Lock()
	defer p.two.mu.Unlock()
	if st := p.two.prepared[info.Txn]; st != nil {
		info.State, info.At, info.Participants = txn.Prepared, st.rec.at, st.rec.participants
	}
}

// drop logs and applies the end of a physical table or index. Both are
// if-exists: a shard may never have had it.
func (e *Engine) drop(ctx context.Context, c *drop) error {
	if (*e.tables.Load())[c.physical] == nil {
		return nil
	}
	p := e.participant
	pos, ticket, err := p.append(true, c.encode()) // it frees space (rule 27)
	if err != nil {
		return err
	}
	if err := ticket.Wait(); err != nil {
		return err
	}
	err = e.applyDrop(ctx, c)
	p.done(pos)
	return err
}

// applyDrop takes the object out of memory and out of the file.
func (e *Engine) applyDrop(ctx context.Context, c *drop) error {
	t := (*e.tables.Load())[c.physical]
	if t == nil {
		return nil
	}
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := conn.Begin(); err != nil {
		return err
	}
	if c.index != 0 {
		return e.dropIndex(conn, t, c.index-1)
	}
	return e.dropTable(conn, t)
}

func (e *Engine) dropIndex(conn *sqlite.Conn, t *table, id uint32) error {
	if err := conn.Script("DROP INDEX IF EXISTS " + shard.IndexName(t.physical, id)); err != nil {
		return err
	}
	s := t.shape.Load().without(id)
	if err := e.storeShape(conn, t, s); err != nil {
		return err
	}
	if err := conn.Commit(); err != nil {
		return err
	}
	delete(t.indexed, id)
	e.latch.Lock()
	defer e.latch.Unlock()
	t.shape.Store(s)
	t.asked.Store(nil)
	t.stored.Store(s)
	if chains := e.recent.Table(t.physical); chains != nil {
		chains.RemoveIndex(id)
	}
	return nil
}

func (e *Engine) dropTable(conn *sqlite.Conn, t *table) error {
	if err := conn.Script("DROP TABLE IF EXISTS " + shard.TableName(t.physical)); err != nil {
		return err
	}
	for _, name := range []string{metaShape, metaRows, metaWidth, metaLoad, metaReshape} {
		if err := deleteMeta(conn, numbered(name, t.physical)); err != nil {
			return err
		}
	}
	relation, last := t.shape.Load().relation, e.lastOfRelation(t)
	if last {
		if err := e.fences.swept(conn, relation); err != nil {
			return err
		}
	}
	t.gone.Store(true)
	if err := conn.Commit(); err != nil {
		t.gone.Store(false)
		return err
	}
	e.latch.Lock()
	defer e.latch.Unlock()
	tables := map[uint64]*table{}
	for physical, other := range *e.tables.Load() {
		if other != t {
			tables[physical] = other
		}
	}
	e.tables.Store(&tables)
	if last {
		e.fences.forget(relation)
	}
	e.recent.Remove(t.physical)
	e.noteMemory()
	return nil
}

// buildIndex makes an index from what is there: everything is settled first,
// what comes later settles into it. A unique one is checked for duplicates
// under the coordinator's table lock.
func (e *Engine) buildIndex(ctx context.Context, r *shard.ControlRequest) error {
	if r.Table == nil {
		return pgerr.Internal("building an index without its table")
	}
	if err := ctx.Err(); err != nil {
		return pgerr.From(err)
	}
	t := e.table(r.Table)
	e.learn(shapeOf(r.Table))
	if err := e.widen(ctx, t, r.Table); err != nil { // the checks read the file's columns
		return err
	}
	var built *shard.Index
	for i := range r.Table.Indexes {
		if ix := &r.Table.Indexes[i]; ix.ID == r.Index {
			built = ix
		}
	}
	if built != nil && built.Unique {
		if err := e.checkUnique(ctx, r, t, built); err != nil {
			return err
		}
	}
	e.latch.RLock()
	empty := !e.holds(t)
	e.latch.RUnlock()
	if empty {
		return nil // made with the table; many may be made in one transaction
	}
	if err := e.Settle(ctx); err != nil {
		return err
	}
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	stop := conn.Watch(ctx)
	defer stop()
	s := t.shape.Load()
	if t.columns.Load() == 0 {
		return nil // made with the table
	}
	if built != nil {
		if err := checkWidths(ctx, conn, r.Table, built); err != nil {
			return err
		}
	}
	return e.remake(conn, t, s)
}
