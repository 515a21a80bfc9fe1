package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// A load is a statement's many rows on their way straight into SQLite, past
// write set, log and chains (rule 23). It begins only where no row has ever
// been: in a physical table that has no SQLite table here, locked as a whole.
//
//	begin    under the latch: nobody else's read counts SQLite's rows from now on
//	chunks   one SQLite transaction for each request, in key order; the first
//	         one makes the table, without indexes, and marks it as being loaded
//	finish   indexes, then an fsync of the file, before the record is appended
//	record   names the table only
//	commit   under the latch: SQLite's rows count for snapshots from the
//	         commit's timestamp on; settling removes the mark, in the transaction
//	         that notes the record's position
//
// A load that is taken back takes its table out of the file. A start does the
// same with marked tables whose record it does not find.
type load struct {
	t         *table
	branch    *branch
	statement txn.Statement // earlier ones of the transaction see an empty table
	rows      int64
	bytes     int64
	made      bool // the writer's: SQLite has the table, with the mark
}

// loaded is what a record says of a load.
type loaded struct {
	shard    shard.ID
	physical uint64
	rows     int64
	bytes    int64
}

// loadFrom is from how many rows in a request on a load begins: fewer are not
// worth that other writers wait for the whole table.
const loadFrom = 1024

// restoredStatement is the statement of a load that a restart has found: no
// read of its transaction comes any more.
const restoredStatement = ^txn.Statement(0)

// hides reports whether SQLite's rows do not count for a read at s; the caller
// holds the latch.
func (t *table) hides(v *view, s txn.Timestamp) bool {
	if l := t.load.Load(); l != nil {
		return v.own != l.branch || v.statement <= l.statement
	}
	return s < t.born
}

// loading returns the load that an insert's rows belong to; nil if they go into
// the write set.
func (w *write) loading(ctx context.Context) (*load, error) {
	if l := w.b.loads[w.t.physical]; l != nil && l.statement == w.r.Statement {
		return l, nil
	}
	if !w.loadable() {
		return nil, nil
	}
	how := locking{strength: shard.LockStrength(lock.TableExclusive), wait: shard.WaitTry, relation: w.r.Table.Name}
	ok, err := w.e.locks.acquire(ctx, w.b, w.r.Statement, relationLock(w.r.Table.Relation), how)
	if err != nil || !ok {
		return nil, err
	}
	w.b.holdWhole(w.r.Table)
	return w.e.beginLoad(w.b, w.t, w.r.Statement), nil
}

// loadable reports whether an insert asks for nothing that a load cannot do.
func (w *write) loadable() bool {
	r := w.r
	return w.e.cfg.Dir != "" && r.Rows.Count >= loadFrom && r.OnConflict == nil && len(r.Returning) == 0 &&
		w.lock.wait != shard.WaitOrdered && w.t.columns.Load() == 0 &&
		!slices.ContainsFunc(w.shape.indexes, func(ix indexShape) bool { return ix.unique })
}

// holdWhole notes that the branch holds a table exclusively; the statement
// that writes calls it.
func (b *branch) holdWhole(t *shard.Table) {
	if b.exclusive == nil {
		b.exclusive = map[uint64]bool{}
	}
	b.exclusive[uint64(t.Relation)] = true
}

// beginLoad starts a load if there is nothing of the table yet, neither
// committed nor in the transaction's write set. Of others nothing is under way:
// the table is locked.
func (e *Engine) beginLoad(b *branch, t *table, number txn.Statement) *load {
	e.latch.Lock()
	defer e.latch.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.columns.Load() != 0 || t.load.Load() != nil || t.gone.Load() ||
		e.recent.Table(t.physical).Len() > 0 || b.set.Table(t.physical).Len() > 0 || b.runs[t.physical] != nil {
		return nil
	}
	l := &load{t: t, branch: b, statement: number}
	t.load.Store(l)
	if b.loads == nil {
		b.loads = map[uint64]*load{}
	}
	b.loads[t.physical] = l
	return l
}

// loadRow is a row of a chunk.
type loadRow struct {
	key   string
	image []byte
	index int // in the request
}

// load puts the request's rows into SQLite.
func (w *write) load(ctx context.Context, l *load) error {
	rows, err := w.sorted()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	columns := len(w.shape.columns)
	puts := make([]byte, 0, len(w.r.Rows.Data)+16)
	for i := range rows {
		if puts, err = w.shape.appendPut(puts, rows[i].image, columns); err != nil {
			return err
		}
	}
	n, err := w.e.writeLoad(ctx, l, w.shape, puts)
	if sqlite.IsConstraint(err) && n < len(rows) {
		return w.errLoaded(rows[n])
	}
	if err != nil {
		return err
	}
	l.rows += int64(len(rows))
	l.bytes += int64(len(w.r.Rows.Data))
	w.reply.Count += int64(len(rows))
	return nil
}

// sorted are the request's rows, checked, in key order.
func (w *write) sorted() ([]loadRow, error) {
	rows := make([]loadRow, 0, w.r.Rows.Count)
	ascending := true
	decoded := make([]types.Datum, len(w.r.Table.Columns))
	for data, i := w.r.Rows.Data, 0; len(data) > 0; i++ {
		var image []byte
		image, data = nextRow(data)
		if len(w.code.checks) > 0 || w.lacks(image) {
			if err := decodeImage(decoded, w.r.Table, image, nil); err != nil {
				return nil, err
			}
			if err := w.constrain(decoded); err != nil {
				return nil, shard.AtRow(err, i)
			}
		}
		if err := w.checkWidth(image); err != nil {
			return nil, shard.AtRow(err, i)
		}
		rows = append(rows, loadRow{w.shape.rowKey(image), image, i})
		ascending = ascending && (i == 0 || rows[i-1].key < rows[i].key)
	}
	if ascending {
		return rows, nil
	}
	slices.SortStableFunc(rows, func(a, b loadRow) int { return strings.Compare(a.key, b.key) })
	twice := -1
	for i := 1; i < len(rows); i++ {
		if rows[i].key == rows[i-1].key && (twice < 0 || rows[i].index < rows[twice].index) {
			twice = i
		}
	}
	if twice >= 0 {
		return nil, w.errLoaded(rows[twice])
	}
	return rows, nil
}

// lacks reports whether a column that is NOT NULL may be NULL in an image.
func (w *write) lacks(image []byte) bool {
	for i := range w.r.Table.Columns {
		v, rest, ok := types.NextPacked(image)
		if !ok || v.Tag == types.TagNull && w.r.Table.Columns[i].NotNull {
			return true
		}
		image = rest
	}
	return false
}

// errLoaded is 23505 of a row's key.
func (w *write) errLoaded(r loadRow) error {
	row := make([]types.Datum, len(w.r.Table.Columns))
	if err := decodeImage(row, w.r.Table, r.image, nil); err != nil {
		return err
	}
	return shard.AtRow(w.errDuplicate(w.r.Table.KeyName, w.r.Table.Key, row), r.index)
}

// writeLoad commits one chunk, all of it or (with how many rows went in
// before the error) nothing.
func (e *Engine) writeLoad(ctx context.Context, l *load, s *shape, puts []byte) (int, error) {
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if err := conn.Begin(); err != nil {
		return 0, err
	}
	n, err := e.writeChunkOf(conn, l, s, puts)
	if err != nil {
		conn.Rollback()
		return n, err
	}
	if err := conn.Commit(); err != nil {
		return 0, err
	}
	if !l.made {
		l.made = true
		l.t.stored.Store(s)
		e.latch.Lock()
		l.t.columns.Store(int32(len(s.columns)))
		e.latch.Unlock()
	}
	e.wake() // the WAL grows
	return n, nil
}

func (e *Engine) writeChunkOf(conn *sqlite.Conn, l *load, s *shape, puts []byte) (int, error) {
	if !l.made {
		if err := conn.Script(s.createTable()); err != nil {
			return 0, err
		}
		if err := e.storeShape(conn, l.t, s); err != nil {
			return 0, err
		}
		if err := putMeta(conn, numbered(metaLoad, s.physical), types.TextValue(l.branch.id.String())); err != nil {
			return 0, err
		}
	}
	st, err := conn.Prepare(s.loadRow(len(s.columns)))
	if err != nil {
		return 0, err
	}
	defer st.Done()
	return st.ExecMany(puts)
}
