package engine

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// readLocking is SELECT … FOR UPDATE and its kin over one table: rows are
// found, put in order, and then locked and re-checked one by one until the
// limit is reached. Fetch must be all of the table's columns by position.
func (e *Engine) readLocking(ctx context.Context, r *shard.ReadRequest, p *program, t *table, b *branch, c *expr.Context) (shard.Rows, error) {
	if !p.whole || p.stages.group != nil {
		return nil, pgerr.Internal("a locking read must fetch whole rows")
	}
	limit, err := p.limited(c)
	if err != nil {
		return nil, err
	}
	w := &write{e: e, b: b, t: t, shape: t.shape.Load(), c: c, at: r.Snapshot, find: p, code: &writeProgram{selects: map[selectKey]string{}},
		lock: locking{strength: r.Lock.Strength, wait: r.Lock.Wait, timeoutMS: r.Lock.TimeoutMS},
		r:    &shard.WriteRequest{Header: r.Header, Values: r.Values, Table: r.Fragment.Table, Op: shard.OpLock},
		row:  make([]types.Datum, 2*len(r.Fragment.Table.Columns))}
	ctx, err = b.begin(ctx, r.Statement)
	if err != nil {
		return nil, err
	}
	l := &lockingRead{w: w, limit: limit, out: &shard.Batch{}}
	err = l.run(ctx)
	w.close()
	b.finish(r.Statement, err != nil)
	if err != nil {
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
	v := viewOf(&w.r.Header, w.b)
	v.pin = &w.pin
	s, err := w.e.openScan(ctx, w.find, w.t, &v, w.c)
	if err != nil {
		return err
	}
	s.keep = true
	w.at, w.conn = s.mem.at, s.conn
	defer func() {
		w.conn = nil
		s.close()
	}()
	st := *w.find.stages
	st.out, st.output = nil, st.in
	src := st.run(s, w.c, -1)
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
	for {
		ok, err := w.lockRow(ctx, key, w.lock.strength)
		if err != nil || !ok {
			return err
		}
		n, err := w.lookFound(ctx, key, image)
		if err != nil {
			return err
		}
		changed := n.changedSince(w.at)
		if changed && w.r.Isolation != txn.ReadCommitted {
			return n.errChanged()
		}
		if !n.exists() {
			next, moved, err := n.movedTo()
			if err != nil || !moved {
				return err
			}
			key, image = next, nil
			continue
		}
		if changed || image == nil {
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
}

// rows puts the locked rows through what is left of the stages.
func (l *lockingRead) rows(ctx context.Context) (shard.Rows, error) {
	st := l.w.find.stages
	out := &lockedRows{oneRow{batch: *l.out}, l.w.e.incarnation}
	if st.out == nil {
		return out, nil
	}
	src := (&stages{in: st.in, out: st.out, output: st.output}).run(&pageOnce{rows: l.out.Data, n: l.out.Count}, l.w.c, -1)
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
