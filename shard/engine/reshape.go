package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// reshape is what a shard knew of a table before a schema change that is not
// decided. The change's own transaction may have columns and indexes made, in
// memory and in SQLite; if it is rolled back they go, since the next change
// gives their places to others.
//
//	lock     the strong table lock notes the shape as it is
//	make     the SQLite transaction that adds something marks the table, with
//	         the shape before
//	record   carries the shape before, for a restart
//	commit   settling removes the mark, as a load's
//	end      without a commit, or a cut: back to the shape before; a start does
//	         the same with marked tables whose commit it does not find
type reshape struct {
	t      *table
	branch *branch
	before *shape
	// statements are those of the transaction that have changed the table.
	statements []txn.Statement
	made       atomic.Bool // something of it is in the file
}

// reshaped is what a record says of a reshape.
type reshaped struct {
	shard  shard.ID
	before *shape
}

// beginReshape notes a table's shape before a schema change under the strong
// lock, which the branch has.
func (e *Engine) beginReshape(b *branch, want *shard.Table, number txn.Statement) error {
	t := e.table(want)
	if x := t.reshape.Load(); x != nil && x.branch != b {
		if err := e.undoReshape(x, false); err != nil {
			return err
		}
	}
	e.latch.Lock()
	defer e.latch.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.reshapes[t.physical]
	if x == nil {
		x = &reshape{t: t, branch: b, before: t.shape.Load()}
		if b.reshapes == nil {
			b.reshapes = map[uint64]*reshape{}
		}
		b.reshapes[t.physical] = x
		t.reshape.Store(x)
	}
	x.statements = append(x.statements, number)
	return nil
}

// markReshape notes in the file, inside the caller's transaction, what an
// undecided change began with.
func (t *table) markReshape(conn *sqlite.Conn, s *shape) error {
	x := t.reshape.Load()
	if x == nil || x.before == s {
		return nil
	}
	x.made.Store(true)
	return putMeta(conn, numbered(metaReshape, t.physical), types.BlobValue(x.before.append(nil)))
}

// undoReshape brings a table back to what it was. With more, the transaction
// goes on and may change it again.
func (e *Engine) undoReshape(x *reshape, more bool) error {
	if x.t.reshape.Load() != x {
		return nil // committed
	}
	t := x.t
	if t.shape.Load() != x.before {
		if err := e.restore(x); err != nil {
			return err
		}
	}
	if more {
		return nil
	}
	x.branch.mu.Lock()
	delete(x.branch.reshapes, t.physical)
	x.branch.mu.Unlock()
	t.reshape.CompareAndSwap(x, nil)
	return nil
}

func (e *Engine) restore(x *reshape) error {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return err
	}
	defer conn.Release()
	if x.t.reshape.Load() != x {
		return nil
	}
	return e.restoreShape(conn, x.t, x.before)
}

// restoreShape takes what a table has beyond a shape out of the file and out
// of memory. The caller has the writer.
func (e *Engine) restoreShape(conn *sqlite.Conn, t *table, before *shape) error {
	now := t.shape.Load()
	indexed := maps.Clone(t.indexed)
	maps.DeleteFunc(indexed, func(id uint32, _ bool) bool { return before.index(id) == nil })
	if err := e.dropBeyond(conn, t, before); err != nil {
		return err
	}
	t.indexed = indexed
	t.stored.Store(before)
	e.participant.untold(t)
	e.latch.Lock()
	defer e.latch.Unlock()
	t.shape.Store(before)
	t.asked.Store(nil)
	t.columns.Store(min(t.columns.Load(), int32(len(before.columns))))
	if chains := e.recent.Table(t.physical); chains != nil {
		for i := range now.indexes {
			if id := now.indexes[i].id; before.index(id) == nil {
				chains.RemoveIndex(id)
			}
		}
	}
	return nil
}

func (e *Engine) dropBeyond(conn *sqlite.Conn, t *table, before *shape) error {
	if err := conn.Begin(); err != nil {
		return err
	}
	err := func() error {
		for id := range t.indexed {
			if before.index(id) == nil {
				if err := conn.Script("DROP INDEX IF EXISTS " + shard.IndexName(t.physical, id)); err != nil {
					return err
				}
			}
		}
		for i := int(t.columns.Load()); i > len(before.columns); i-- {
			if err := conn.Script("ALTER TABLE " + shard.TableName(t.physical) + " DROP COLUMN " + shard.ColumnName(i-1)); err != nil {
				return err
			}
		}
		if err := e.storeShape(conn, t, before); err != nil {
			return err
		}
		return deleteMeta(conn, numbered(metaReshape, t.physical))
	}()
	if err != nil {
		conn.Rollback()
		return err
	}
	return conn.Commit()
}

// undoReshapes takes back a branch's schema changes of the statements between
// two numbers; with more, the transaction goes on. A change that was made before
// them, too, is made again when it is next asked for.
func (b *branch) undoReshapes(from, to txn.Statement, more bool) error {
	b.mu.RLock()
	var list []*reshape
	for _, x := range b.reshapes {
		if !more || slices.ContainsFunc(x.statements, func(n txn.Statement) bool { return n >= from && n <= to }) {
			list = append(list, x)
		}
	}
	b.mu.RUnlock()
	var errs []error
	for _, x := range list {
		errs = append(errs, b.engine.undoReshape(x, more))
	}
	return errors.Join(errs...)
}

// applyReshapes has the marks of a committed branch's schema changes removed.
func (b *branch) applyReshapes() {
	for _, x := range b.reshapes {
		x.t.unmark.Store(true)
		x.t.reshape.CompareAndSwap(x, nil)
	}
}

// reshapesOf are the schema changes of branches, for their record.
func reshapesOf(branches []*branch) (out []reshaped) {
	for _, b := range branches {
		for _, x := range b.reshapes {
			out = append(out, reshaped{b.engine.id, x.before})
		}
	}
	return out
}

// replayReshapes makes schema changes count, or not, after a restart.
func (p *Participant) replayReshapes(pos log.Position, list []reshaped, committed bool) {
	for _, r := range list {
		e := p.engine(r.shard)
		if e == nil || pos <= e.applied {
			continue
		}
		t := (*e.tables.Load())[r.before.physical]
		switch {
		case t == nil:
		case committed:
			delete(e.reshapes, t.physical)
			t.unmark.Store(true)
		case e.reshapes[t.physical] == nil:
			e.reshapes[t.physical] = r.before
		}
	}
}

// restoreReshapes notes what a transaction in doubt began with.
func (st *prepared) restoreReshapes() {
	for _, r := range st.rec.changes.reshapes {
		for _, b := range st.branches {
			t := (*b.engine.tables.Load())[r.before.physical]
			if b.engine.id != r.shard || t == nil {
				continue
			}
			x := &reshape{t: t, branch: b, before: r.before}
			if b.reshapes == nil {
				b.reshapes = map[uint64]*reshape{}
			}
			b.reshapes[t.physical] = x
			t.reshape.Store(x)
			delete(b.engine.reshapes, t.physical)
		}
	}
}

// undoLost brings tables back whose schema changes never committed.
func (e *Engine) undoLost() error {
	conn, err := e.db.Writer(context.Background())
	if err != nil {
		return err
	}
	defer conn.Release()
	for physical, before := range e.reshapes {
		if t := (*e.tables.Load())[physical]; t != nil {
			if err := e.restoreShape(conn, t, before); err != nil {
				return err
			}
		}
	}
	e.reshapes = nil
	return nil
}
