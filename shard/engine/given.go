package engine

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// given is OpPut, OpRemove, OpMove and OpLock: the coordinator has read the rows.
func (w *write) given(ctx context.Context) error {
	rows := slices.Clone(w.r.Rows.Data)
	for i := 0; len(rows) > 0; i++ {
		var row []byte
		row, rows = nextRow(rows)
		key, image := w.givenKey(row), row
		if w.r.Op != shard.OpPut {
			image = nil
		}
		if err := w.givenRow(ctx, i, key, image); err != nil {
			return err
		}
	}
	return nil
}

// givenKey is the ordered key of a given image, or of given key columns.
func (w *write) givenKey(row []byte) string {
	if w.r.Op == shard.OpPut {
		return w.shape.rowKey(row)
	}
	var key []byte
	for _, k := range w.shape.key {
		v, rest, _ := types.NextPacked(row)
		key, row = recent.AppendKey(key, w.shape.keyPart(k, v)), rest
	}
	return string(key)
}

func (w *write) givenRow(ctx context.Context, i int, key string, image []byte) error {
	ok, err := w.lockRow(ctx, key, w.lock.strength)
	if err != nil {
		return err
	}
	if !ok {
		w.reply.Skipped = append(w.reply.Skipped, i)
		return nil
	}
	n, err := w.look(ctx, key)
	if err != nil {
		return err
	}
	if w.r.Op == shard.OpLock && n.own && n.version.At == txn.Timestamp(w.r.Statement) {
		w.reply.Skipped = append(w.reply.Skipped, i) // as heap_lock_tuple's TM_SelfModified
		return nil
	}
	if err := w.errTriggered(&n); err != nil {
		return err
	}
	if seen := w.seen(i); seen != 0 && (n.changedSince(seen) || !n.exists()) {
		keyShare := w.r.Op == shard.OpLock && w.lock.strength == shard.LockKeyShare
		if w.r.Isolation != txn.ReadCommitted && n.changedSince(seen) && !(keyShare && n.exists() && n.lost <= seen) {
			if keyShare {
				return errConcurrentUpdate()
			}
			return n.errChanged()
		}
		if !n.own && n.lost > seen {
			return w.errLost()
		}
		return w.stale(i, &n)
	}
	w.reply.Count++
	switch {
	case w.r.Op == shard.OpLock:
		return nil
	case w.r.Op == shard.OpPut:
		return w.putGiven(ctx, key, &n, image)
	case !n.exists():
		w.reply.Count--
		return nil
	}
	old := make([]types.Datum, len(w.r.Table.Columns))
	if err := decodeImage(old, w.r.Table, n.version.Row, nil); err != nil {
		return err
	}
	return w.remove(ctx, key, &n, old)
}

func (w *write) seen(i int) txn.Timestamp {
	if i < len(w.r.Seen) {
		return w.r.Seen[i]
	}
	return 0
}

// stale reports a row whose version is no longer the one that the coordinator
// read, with what it is now: an empty row when it is gone.
func (w *write) stale(i int, n *newest) error {
	if !n.exists() {
		if err := n.errMoved(); err != nil {
			return err
		}
	}
	if w.reply.Newest == nil {
		w.reply.Newest = &shard.Batch{}
	}
	w.reply.Stale = append(w.reply.Stale, i)
	if n.exists() {
		row, err := w.shape.fill(owned(n.version.Row), n.version.Row, len(w.r.Table.Columns))
		if err != nil {
			return err
		}
		addRow(w.reply.Newest, row)
	} else {
		addRow(w.reply.Newest, nil)
	}
	return nil
}

// putGiven writes a given image, over a row or where there is none.
func (w *write) putGiven(ctx context.Context, key string, n *newest, image []byte) error {
	next := make([]types.Datum, len(w.r.Table.Columns))
	if err := decodeImage(next, w.r.Table, image, nil); err != nil {
		return err
	}
	if n.exists() {
		old := make([]types.Datum, len(next))
		if err := decodeImage(old, w.r.Table, n.version.Row, nil); err != nil {
			return err
		}
		return w.replace(ctx, key, n, old, next)
	}
	if err := w.constrain(next); err != nil {
		return err
	}
	if err := w.checkWidth(image); err != nil {
		return err
	}
	hit, err := w.unique(ctx, key, image, nil)
	if err != nil {
		return err
	}
	if hit != nil {
		return w.errConflict(hit, next)
	}
	if err := w.put(key, n.committed, recent.Version{Kind: recent.Present, Row: image}); err != nil {
		return err
	}
	return w.returning()
}
