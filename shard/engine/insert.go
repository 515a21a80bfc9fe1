package engine

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// insert is OpInsert.
func (w *write) insert(ctx context.Context) error {
	if l, err := w.loading(ctx); l != nil || err != nil {
		if err == nil {
			err = w.load(ctx, l)
		}
		return err
	}
	n := len(w.r.Table.Columns)
	row := make([]types.Datum, n)
	rows := slices.Clone(w.r.Rows.Data) // images outlive the request
	for i := 0; len(rows) > 0; i++ {
		var image []byte
		image, rows = nextRow(rows)
		if err := decodeImage(row, w.r.Table, image, nil); err != nil {
			return err
		}
		if err := w.constrain(row); err != nil {
			return shard.AtRow(err, i)
		}
		if err := w.checkWidth(image); err != nil {
			return shard.AtRow(err, i)
		}
		done, err := w.insertRow(ctx, image, row)
		if err != nil {
			return shard.AtRow(err, i)
		}
		if !done {
			w.reply.Skipped = append(w.reply.Skipped, i)
			continue
		}
		w.reply.Count++
	}
	return nil
}

// maxConflictTries bounds how often a conflicting row may vanish while it is
// being locked.
const maxConflictTries = 100

// insertRow puts one row in; done is false when ON CONFLICT left it out.
func (w *write) insertRow(ctx context.Context, image []byte, row []types.Datum) (done bool, err error) {
	key := w.shape.rowKey(image)
	w.taken = w.taken[:0]
	for range maxConflictTries {
		base, hit, err := w.obstacle(ctx, key, image)
		if err != nil {
			return false, err
		}
		if hit == nil {
			if err := w.put(key, base, recent.Version{Kind: recent.Present, Row: image}); err != nil {
				return false, err
			}
			copy(w.row, row)
			return true, w.returning()
		}
		if !w.arbitrates(hit.arbiter) {
			return false, w.errConflict(hit, row)
		}
		done, vanished, err := w.resolve(ctx, hit, row)
		if err != nil || !vanished {
			if err == nil && !done && w.r.Isolation != txn.Serializable {
				w.giveBack() // SERIALIZABLE: the lock keeps what was looked at
			}
			return done, err
		}
	}
	return false, errConcurrentUpdate()
}

// took notes the lock just taken, if it was not held before.
func (w *write) took(key lock.Key) {
	if w.fresh && w.r.OnConflict != nil {
		w.taken = append(w.taken, key)
	}
}

// giveBack releases what was locked for a row that is left out: nobody has to
// wait for a row that was in the way and stays as it is.
func (w *write) giveBack() { w.yieldAll(w.taken) }

func (w *write) yieldAll(keys []lock.Key) {
	for _, key := range keys {
		w.e.locks.yield(w.b.id, key, w.r.Statement)
	}
}

// obstacle locks a new row's key and values and looks for the first row that
// stands in the way; base is the newest committed version under the key.
func (w *write) obstacle(ctx context.Context, key string, image []byte) (base recent.Version, hit *conflict, err error) {
	if _, err := w.lockRow(ctx, key, shard.LockUpdate); err != nil {
		return base, nil, err
	}
	w.took(rowLock(w.r.Table, key))
	n, err := w.look(ctx, key)
	if err != nil {
		return base, nil, err
	}
	there := &conflict{arbiter: -1, key: key}
	if n.exists() && (w.r.OnConflict == nil || w.arbitrates(-1)) {
		return base, there, nil
	}
	if err := w.lockValuesAhead(ctx, image); err != nil {
		return base, nil, err
	}
	if hit, err = w.arbiter(ctx, image); hit != nil || err != nil {
		return base, hit, err
	}
	if n.exists() {
		return base, there, nil
	}
	hit, err = w.unique(ctx, key, image, nil)
	return n.committed, hit, err
}

// lockValuesAhead locks the values of the unique indexes in front of an arbiter
// that obstacle looks at before them: every statement locks a row's values in the
// order of the indexes (rule 29).
func (w *write) lockValuesAhead(ctx context.Context, image []byte) error {
	w.ahead = w.ahead[:0]
	if w.r.OnConflict == nil || len(w.r.OnConflict.Arbiters) == 0 {
		return nil
	}
	for i := range max(0, slices.Max(w.r.OnConflict.Arbiters)) {
		ix := &w.r.Table.Indexes[i]
		if !ix.Unique {
			continue
		}
		value := string(w.shape.keyOf(nil, image, ix.Columns))
		if recent.HasNull(value) {
			continue
		}
		if err := w.lockValue(ctx, ix, value); err != nil {
			return err
		}
		if w.fresh && !w.arbitrates(i) {
			w.ahead = append(w.ahead, valueLock(w.r.Table, ix.ID, value))
		}
		w.took(valueLock(w.r.Table, ix.ID, value))
	}
	return nil
}

// arbiter looks for a row in the way by the indexes that ON CONFLICT names:
// they come before others, whose conflicts are errors.
func (w *write) arbiter(ctx context.Context, image []byte) (*conflict, error) {
	if w.r.OnConflict == nil {
		return nil, nil
	}
	for _, i := range w.r.OnConflict.Arbiters {
		if i < 0 {
			continue
		}
		ix := &w.r.Table.Indexes[i]
		value := string(w.shape.keyOf(nil, image, ix.Columns))
		if recent.HasNull(value) {
			continue
		}
		other, found, err := w.holderOf(ctx, ix, value, "")
		if err != nil {
			return nil, err
		}
		if found {
			return &conflict{arbiter: i, key: other}, nil
		}
	}
	return nil, nil
}

// arbitrates reports whether ON CONFLICT is about this index.
func (w *write) arbitrates(index int) bool {
	oc := w.r.OnConflict
	return oc != nil && (len(oc.Arbiters) == 0 || slices.Contains(oc.Arbiters, index))
}

func (w *write) errConflict(hit *conflict, row []types.Datum) error {
	t := w.r.Table
	if hit.arbiter < 0 {
		return w.errDuplicate(t.KeyName, t.Key, row)
	}
	ix := &t.Indexes[hit.arbiter]
	return w.errDuplicate(ix.Name, ix.Columns, row)
}

// resolve does what ON CONFLICT says about a conflicting row. vanished: it was
// deleted meanwhile, the insert is to be tried again.
func (w *write) resolve(ctx context.Context, hit *conflict, proposed []types.Datum) (done, vanished bool, err error) {
	if len(w.r.OnConflict.Set) > 0 {
		w.yieldAll(w.ahead)
		w.taken, w.ahead = w.taken[:0], w.ahead[:0] // the row is locked whatever becomes of it
		if _, err := w.lockRow(ctx, hit.key, w.lock.strength); err != nil {
			return false, false, err
		}
	}
	n, err := w.look(ctx, hit.key)
	if err != nil {
		return false, false, err
	}
	if !n.exists() {
		return false, true, nil
	}
	if w.r.Isolation != txn.ReadCommitted && w.at != 0 && n.changedSince(w.at) {
		return false, false, errConcurrentUpdate()
	}
	if !w.r.OnConflict.Update {
		return false, false, nil
	}
	if n.own && n.version.At == txn.Timestamp(w.r.Statement) {
		return false, false, shard.SecondTime()
	}
	if len(w.r.OnConflict.Set) == 0 {
		return false, false, w.showConflicting(&n)
	}
	done, err = w.updateConflicting(ctx, hit.key, &n, proposed)
	return done, false, err
}

// showConflicting answers with the row in the way.
func (w *write) showConflicting(n *newest) error {
	if err := decodeImage(w.row[:len(w.r.Table.Columns)], w.r.Table, n.version.Row, nil); err != nil {
		return err
	}
	return w.returning()
}

// updateConflicting is DO UPDATE over the locked row n.
func (w *write) updateConflicting(ctx context.Context, key string, n *newest, proposed []types.Datum) (bool, error) {
	columns := len(w.r.Table.Columns)
	old := make([]types.Datum, columns)
	if err := decodeImage(old, w.r.Table, n.version.Row, nil); err != nil {
		return false, err
	}
	copy(w.row, old)
	copy(w.row[columns:], proposed)
	if w.code.where != nil {
		v, err := w.code.where(w.c, w.row)
		if err != nil || !v.IsTrue() {
			return false, err
		}
	}
	next := make([]types.Datum, columns)
	if err := w.assignTo(next, w.code.conflict); err != nil {
		return false, err
	}
	return true, w.replace(ctx, key, n, old, next)
}
