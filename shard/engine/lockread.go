package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// readLocking is SELECT … FOR UPDATE and its kin over one table: rows are
// found, put in order, and then locked and re-checked one by one until the
// limit is reached.
func (e *Engine) readLocking(ctx context.Context, r *shard.ReadRequest, p *program, t *table, b *branch, c *expr.Context) (shard.Rows, error) {
	limit, err := p.limited(c)
	if err != nil {
		return nil, err
	}
	w := &write{e: e, b: b, t: t, shape: t.shape.Load(), c: c, at: r.Snapshot, find: p, code: &writeProgram{selects: map[selectKey]string{}},
		lock: locking{strength: r.Lock.Strength, wait: r.Lock.Wait, timeoutMS: r.Lock.TimeoutMS},
		r:    &shard.WriteRequest{Header: r.Header, Values: r.Values, Table: r.Fragment.Table, Op: shard.OpLock},
		row:  make([]types.Datum, 2*len(r.Fragment.Table.Columns))}
	under, err := b.begin(ctx, r.Statement)
	if err != nil {
		return nil, err
	}
	l := &lockingRead{w: w, limit: limit, out: &shard.Batch{}}
	w.barred, err = e.holdTable(under, b, r.Statement, w.r.Table, lock.TableRowShare, *r.Lock)
	if err == nil && (!w.barred || r.Lock.Wait != shard.WaitSkip) {
		err = l.run(under)
	}
	w.close()
	if err := b.finish(ctx, r.Statement, err); err != nil {
		return nil, err
	}
	return l.rows(ctx)
}

// lockingRead is the rows of a locking read, locked so far.
type lockingRead struct {
	w     *write
	limit int64
	out   *shard.Batch
}

func (l *lockingRead) run(ctx context.Context) error {
	w := l.w
	if w.lock.wait == shard.WaitOrdered {
		if err := w.lockInOrder(ctx); err != nil {
			return err
		}
	}
	v := w.view()
	v.pin = &w.pin
	s, err := w.e.openScan(ctx, w.find, w.t, &v, w.c)
	if err != nil {
		return err
	}
	s.keep = true
	w.at, w.scan = s.mem.at, s.conn
	defer w.stopSharing(s)
	st := *w.find.stages
	st.out, st.output = nil, st.in
	src := st.run(s, w.c, -1, &s.files)
	for {
		rows, n, err := src.next(ctx)
		if err != nil || n == 0 {
			return err
		}
		page := slices.Clone(rows)
		for len(page) > 0 {
			if l.limit >= 0 && int64(l.out.Count) >= l.limit {
				return nil
			}
			var image []byte
			image, page = nextRow(page)
			if err := l.take(ctx, image); err != nil {
				return err
			}
		}
	}
}

// take locks one row and adds its newest version, if that still matches.
func (l *lockingRead) take(ctx context.Context, image []byte) error {
	w := l.w
	key := w.shape.rowKey(image)
	ok, err := w.lockRow(ctx, key, w.lock.strength)
	if err != nil || !ok {
		return err
	}
	n, err := w.lookFound(ctx, key, image)
	if err != nil {
		return err
	}
	changed := n.changedSince(w.at)
	atSnapshot := w.r.Isolation != txn.ReadCommitted
	if changed && atSnapshot && (n.lost > w.at || !n.exists() || w.lock.strength != shard.LockKeyShare || !w.keepsKeys(image, n.version.Row)) {
		return errConcurrentUpdate() // also where it is gone, as in PostgreSQL (nodeLockRows.c)
	}
	if n.lost > w.at {
		return w.errLost()
	}
	if !n.exists() {
		return n.errMoved()
	}
	if changed && atSnapshot { // the key is locked, and the row is shown as the snapshot has it
		if match, err := w.matches(n.version.Row); err != nil || !match {
			return cmp.Or(err, errConcurrentUpdate())
		}
	} else if changed {
		match, err := w.matches(n.version.Row)
		if err != nil || !match {
			return err
		}
		image, err = w.shape.fill(owned(n.version.Row), n.version.Row, len(w.r.Table.Columns))
		if err != nil {
			return err
		}
	}
	addRow(l.out, image)
	return nil
}

// keepsKeys reports whether two versions of a row have the same values in its unique indexes.
func (w *write) keepsKeys(a, b []byte) bool {
	for i := range w.r.Table.Indexes {
		ix := &w.r.Table.Indexes[i]
		if ix.Unique && string(w.shape.keyOf(nil, a, ix.Columns)) != string(w.shape.keyOf(nil, b, ix.Columns)) {
			return false
		}
	}
	return true
}

// rows puts the locked rows through what is left of the stages.
func (l *lockingRead) rows(ctx context.Context) (shard.Rows, error) {
	st := l.w.find.stages
	out := &lockedRows{oneRow{batch: *l.out}, l.w.e.incarnation}
	if st.out == nil {
		return out, nil
	}
	src := (&stages{in: st.in, out: st.out, output: st.output}).run(&pageOnce{rows: l.out.Data, n: l.out.Count}, l.w.c, -1, nil)
	out.batch = shard.Batch{}
	for {
		rows, n, err := src.next(ctx)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return out, nil
		}
		out.batch.Data = append(out.batch.Data, rows...)
		out.batch.Count += n
	}
}

// lockedRows are rows that are locked (shard.Enlisted).
type lockedRows struct {
	oneRow
	incarnation txn.Incarnation
}

// Incarnation implements shard.Enlisted.
func (r *lockedRows) Incarnation() txn.Incarnation { return r.incarnation }

// lockingFragment is f as a locking read runs it: Fetch is the whole row, by
// which a row is locked and re-checked, and what f fetched moves into the stages.
func lockingFragment(f *shard.Fragment) (*shard.Fragment, error) {
	if f.Group != nil {
		return nil, pgerr.Unsupported("locking the rows of a grouped query")
	}
	g := *f
	whole := wholeTableFragment(f.Table)
	g.Fetch = whole.Fetch
	over := func(e expr.Expr) expr.Expr {
		return expr.Replace(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return f.Fetch[c.ID]
			}
			return nil
		})
	}
	if f.Filter != nil {
		g.Filter = over(f.Filter)
	}
	g.Order = slices.Clone(f.Order)
	for i := range g.Order {
		g.Order[i].Expr = over(g.Order[i].Expr)
	}
	g.Output = f.Fetch
	if f.Output != nil {
		g.Output = make([]expr.Expr, len(f.Output))
		for i, e := range f.Output {
			g.Output[i] = over(e)
		}
	}
	g.SQL, g.SQLRecent = wholeRows(f, f.SQL), wholeRows(f, f.SQLRecent)
	if g.SQL == "" || g.SQLRecent == "" {
		// Parameters stand in what is selected: the engine evaluates Where itself.
		g.SQL, g.SQLRecent, g.Bound = whole.SQL, whole.SQLRecent, nil
		g.Filter = conjunction(append(slices.Clone(f.Where), g.Filter))
	}
	return &g, nil
}

// wholeRows is a SELECT with its list replaced by all columns; "" if that
// cannot be done without renumbering parameters.
func wholeRows(f *shard.Fragment, sql string) string {
	list, rest, ok := strings.Cut(sql, " FROM "+shard.TableName(f.Table.Physical))
	if !ok || strings.Contains(list, "?") {
		return ""
	}
	return "SELECT " + columnList(len(f.Table.Columns)) + " FROM " + shard.TableName(f.Table.Physical) + rest
}

func conjunction(list []expr.Expr) expr.Expr {
	list = slices.DeleteFunc(list, func(e expr.Expr) bool { return e == nil })
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &expr.Logic{Op: expr.And, Args: list}
}
