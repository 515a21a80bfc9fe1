package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// How loads end: taken back, finished for a commit, committed, or found by a
// restart.

// dropLoad takes a load's table out of the file: it was taken back, or its
// transaction has ended without a commit.
func (e *Engine) dropLoad(l *load) error {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return err
	}
	defer conn.Release()
	if l.t.load.Load() != l {
		return nil
	}
	if l.made {
		if err := e.dropMarked(conn, l.t.physical); err != nil {
			return err
		}
		e.unmade(l.t)
	}
	l.branch.mu.Lock()
	delete(l.branch.loads, l.t.physical)
	l.branch.mu.Unlock()
	e.latch.Lock()
	defer e.latch.Unlock()
	l.t.columns.Store(0)
	l.t.load.Store(nil)
	return nil
}

// unmade notes that the file has nothing of a table any more. The caller has
// the writer.
func (e *Engine) unmade(t *table) {
	t.indexed = map[uint32]bool{}
	t.stored.Store(nil)
	e.participant.untold(t)
}

func (e *Engine) dropMarked(conn *sqlite.Conn, physical uint64) error {
	if err := conn.Begin(); err != nil {
		return err
	}
	err := conn.Script("DROP TABLE IF EXISTS " + shard.TableName(physical))
	for _, name := range []string{metaShape, metaLoad} {
		if err == nil {
			err = deleteMeta(conn, numbered(name, physical))
		}
	}
	if err != nil {
		conn.Rollback()
		return err
	}
	return conn.Commit()
}

// dropLoads takes back a branch's loads of statements between two numbers.
// What cannot be taken out of the file stays hidden.
func (b *branch) dropLoads(from, to txn.Statement) error {
	b.mu.RLock()
	var gone []*load
	for _, l := range b.loads {
		if from <= l.statement && l.statement <= to && l.t.load.Load() == l {
			gone = append(gone, l)
		}
	}
	b.mu.RUnlock()
	var errs []error
	for _, l := range gone {
		errs = append(errs, b.engine.dropLoad(l))
	}
	return errors.Join(errs...)
}

// takeOut takes back what a branch's statements between two numbers have done
// to the file itself, and what earlier calls could not; with more, the
// transaction goes on. As long as something is left, it can only be rolled back.
func (b *branch) takeOut(from, to txn.Statement, more bool) error {
	b.mu.Lock()
	if len(b.loads) == 0 && len(b.reshapes) == 0 {
		b.left = nil
		b.mu.Unlock()
		return nil // as nearly always
	}
	ranges := append(b.left, cutRange{from: from, to: to})
	b.mu.Unlock()
	var errs []error
	var left []cutRange
	for _, r := range ranges {
		if err := errors.Join(b.dropLoads(r.from, r.to), b.undoReshapes(r.from, r.to, more)); err != nil {
			errs, left = append(errs, err), append(left, r)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = left
	if len(errs) > 0 {
		return pgerr.From(errors.Join(errs...))
	}
	return nil
}

// retakeLeft tries again to take out of the file what ended branches have left
// there. Until then it is hidden, whoever writes to its table tries first, and
// a start takes it out in any case.
func (e *Engine) retakeLeft() error {
	if !e.left.Swap(false) {
		return nil
	}
	var errs []error
	for _, t := range *e.tables.Load() {
		if l := t.load.Load(); l != nil && l.branch.ended() {
			errs = append(errs, e.dropLoad(l))
		}
		if x := t.reshape.Load(); x != nil && x.branch.ended() {
			errs = append(errs, e.undoReshape(x, false))
		}
	}
	err := errors.Join(errs...)
	if err != nil {
		e.left.Store(true)
	}
	return err
}

// clearLeft removes what an ended transaction could not take out of a table
// that is to be written now.
func (w *write) clearLeft() error {
	if l := w.t.load.Load(); l != nil && l.branch != w.b {
		if err := w.e.dropLoad(l); err != nil {
			return err
		}
	}
	if x := w.t.reshape.Load(); x != nil && x.branch != w.b {
		return w.e.undoReshape(x, false)
	}
	return nil
}

// finishLoads makes what a transaction has done to the files itself, loads and
// schema changes, ready for its record: indexed and durable, on all shards at a time.
func (p *Participant) finishLoads(branches []*branch) error {
	errs := make([]error, len(branches))
	var running sync.WaitGroup
	for i, b := range branches {
		if b.inFile() {
			running.Go(func() { errs[i] = b.engine.finishLoads(b) })
		}
	}
	running.Wait()
	return errors.Join(errs...)
}

func (b *branch) inFile() bool {
	if len(b.loads) > 0 {
		return true
	}
	for _, x := range b.reshapes {
		if x.made.Load() {
			return true
		}
	}
	return false
}

func (e *Engine) finishLoads(b *branch) error {
	for _, l := range b.loads {
		if err := e.indexLoad(l.t); err != nil {
			return err
		}
	}
	return e.db.SyncWAL()
}

// indexLoad makes the indexes of a loaded table.
func (e *Engine) indexLoad(t *table) error {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return err
	}
	defer conn.Release()
	s := t.shape.Load()
	if err := conn.Begin(); err != nil {
		return err
	}
	err = t.makeTable(conn, s)
	if err == nil {
		err = e.storeShape(conn, t, s)
	}
	if err != nil {
		conn.Rollback()
		return err
	}
	if err := conn.Commit(); err != nil {
		return err
	}
	t.stored.Store(s)
	e.made(t, s)
	return nil
}

// applyLoads makes a branch's loads visible from its commit's timestamp on.
func (b *branch) applyLoads(at txn.Timestamp, pos log.Position) {
	e := b.engine
	e.latch.Lock()
	defer e.latch.Unlock()
	for _, l := range b.loads {
		t := l.t
		t.born = at
		t.count(pos, l.rows)
		t.imaged(l.rows, l.bytes)
		t.unmark.Store(true)
		t.load.Store(nil)
		e.maxCommit = max(e.maxCommit, at)
	}
}

// noteLoaded removes a table's marks, in the transaction that notes the position
// of its load's or schema change's record, or an earlier one: a start that does
// not read the record any more must not find the mark.
func (e *Engine) noteLoaded(conn *sqlite.Conn, t *table) error {
	if x := t.reshape.Load(); x == nil || !x.made.Load() { // else the next change has written it anew
		if err := deleteMeta(conn, numbered(metaReshape, t.physical)); err != nil {
			return err
		}
	}
	return deleteMeta(conn, numbered(metaLoad, t.physical))
}

// loadsOf are the loads of branches, for their record.
func loadsOf(branches []*branch) (out []loaded) {
	for _, b := range branches {
		for physical, l := range b.loads {
			out = append(out, loaded{b.engine.id, physical, l.rows, l.bytes})
		}
	}
	return out
}

// replayLoads makes committed loads count after a restart.
func (p *Participant) replayLoads(pos log.Position, loads []loaded, at txn.Timestamp) error {
	for _, l := range loads {
		e := p.engine(l.shard)
		if e == nil {
			if err := p.replayAway(l.shard); err != nil {
				return err
			}
			continue
		}
		e.maxCommit = max(e.maxCommit, at)
		e.recent.Raise(at)
		t := (*e.tables.Load())[l.physical]
		if pos <= e.applied || t == nil {
			continue
		}
		delete(e.marks, l.physical)
		t.count(pos, l.rows)
		t.imaged(l.rows, l.bytes)
		t.unmark.Store(true)
	}
	return nil
}

// restoreLoads hides the loads of a transaction that is in doubt.
func (st *prepared) restoreLoads() {
	for _, l := range st.rec.changes.loads {
		for _, b := range st.branches {
			t := (*b.engine.tables.Load())[l.physical]
			if b.engine.id != l.shard || t == nil {
				continue
			}
			hidden := &load{t: t, branch: b, statement: restoredStatement, rows: l.rows, bytes: l.bytes, made: true}
			if b.loads == nil {
				b.loads = map[uint64]*load{}
			}
			b.loads[l.physical] = hidden
			t.load.Store(hidden)
			delete(b.engine.marks, l.physical)
		}
	}
}

// dropLost takes out of the file what loads have left that never committed.
func (e *Engine) dropLost() error {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return err
	}
	defer conn.Release()
	for physical := range e.marks {
		if err := e.dropMarked(conn, physical); err != nil {
			return err
		}
		if t := (*e.tables.Load())[physical]; t != nil {
			e.unmade(t)
			t.columns.Store(0)
		}
	}
	e.marks = nil
	return nil
}
