package engine

import (
	"bytes"
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/txn"
)

// search is OpUpdate and OpDelete: the shard finds the rows itself.
func (w *write) search(ctx context.Context) error {
	if w.find == nil {
		return pgerr.Internal("an update without a fragment that finds its rows")
	}
	if len(w.find.point) > 0 {
		return w.searchPoint(ctx)
	}
	return w.searchScan(ctx)
}

// searchPoint locks the one key that can match before it looks: what it finds
// is the newest, and no read is spent on a row that changes before it is locked.
// Where somebody else has the lock, a row that is only coming is not waited for.
func (w *write) searchPoint(ctx context.Context) error {
	var space [64]byte
	name, ok, err := w.find.appendPointKey(space[:0], w.c)
	if err != nil || !ok {
		return err
	}
	key := string(name)
	if w.at != 0 {
		// At a snapshot the row must have been there then.
		seen, err := w.visible(ctx, key)
		if err != nil || !seen {
			return err
		}
	}
	if w.lock.wait != shard.WaitBlock {
		return w.found(ctx, key, nil, false)
	}
	w.lock.wait = shard.WaitTry
	locked, err := w.lockRow(ctx, key, w.lock.strength)
	w.lock.wait = shard.WaitBlock
	if reason, _ := shard.IsRefusal(err); reason == shard.RefusedLocked {
		coming, err := w.coming(ctx, key)
		if err != nil || coming {
			return err
		}
	} else if err != nil {
		return err
	}
	return w.found(ctx, key, nil, locked)
}

// coming reports whether no row of a key that somebody else has locked can be
// one of the statement's: there is none but, maybe, one that is not committed. Of
// what has prepared nobody knows: it may have been acknowledged (rule 16).
func (w *write) coming(ctx context.Context, key string) (bool, error) {
	v := w.view()
	w.e.latch.RLock()
	_, blockAt := w.e.admit(&v)
	prepared := w.t.blocking(blockAt, w.b, key, nil) != nil
	w.e.latch.RUnlock()
	if prepared {
		return false, nil
	}
	n, err := w.look(ctx, key)
	return err == nil && !n.own && !n.exists() && (w.at == 0 || !n.changedSince(w.at)), err
}

// visible reports whether the row of a key is one that the statement's snapshot
// sees and its conditions hold for.
func (w *write) visible(ctx context.Context, key string) (bool, error) {
	v := w.view()
	if own, found, err := w.e.ownImage(&v, w.t, key); found || err != nil {
		return own != nil, err
	}
	for {
		w.e.latch.RLock()
		s, blockAt := w.e.admit(&v)
		blocker := w.t.blocking(blockAt, w.b, key, nil)
		var seen *recent.Version
		if c := w.e.recent.Table(w.t.physical).Get(key); c != nil {
			seen = c.Visible(s)
		}
		hidden := w.t.hides(&v, s) && (seen == nil || seen.At == 0)
		low := s < w.e.recent.Floor()
		w.e.latch.RUnlock()
		switch {
		case low:
			return false, v.errFloor()
		case blocker != nil:
			if err := v.meet(ctx, blocker); err != nil {
				return false, err
			}
			continue
		case hidden:
			return false, nil
		case seen == nil:
			return true, nil // without a chain it is the same for all: looked at after the lock
		case seen.Kind != recent.Present:
			return false, nil
		}
		row, err := w.e.rowOf(seen)
		if err != nil {
			return false, err
		}
		return w.matches(row)
	}
}

// searchScan writes the rows that match at the statement's snapshot.
func (w *write) searchScan(ctx context.Context) error {
	return w.scanImages(ctx, func(image []byte) error { return w.found(ctx, w.shape.rowKey(image), image, false) })
}

// scanImages goes through the rows that match at the statement's snapshot.
func (w *write) scanImages(ctx context.Context, each func(image []byte) error) error {
	v := w.view()
	v.pin = &w.pin
	s, err := w.e.openScan(ctx, w.find, w.t, &v, w.c)
	if err != nil {
		return err
	}
	s.keep = true
	w.at = s.mem.at
	w.scan = s.conn
	defer w.stopSharing(s)
	for {
		rows, n, err := s.next(ctx)
		if err != nil || n == 0 {
			return err
		}
		page := owned(rows)
		for len(page) > 0 {
			var image []byte
			image, page = nextRow(page)
			ok, err := w.filtered(image)
			if err == nil && ok {
				err = each(image)
			}
			if err != nil {
				return err
			}
		}
	}
}

// stopSharing ends a scan whose connection single rows were looked at by.
func (w *write) stopSharing(s *scan) {
	w.scan = nil
	s.close()
}

// view is what the statement sees.
func (w *write) view() view {
	v := viewOf(&w.r.Header, w.r.Table, w.b)
	v.writes = true
	return v
}

// filtered reports whether a row that SQL's WHERE let through passes the rest
// of the conditions.
func (w *write) filtered(image []byte) (bool, error) {
	if w.find.stages.filter == nil {
		return true, nil
	}
	if err := decodeImage(w.row, w.r.Table, image, nil); err != nil {
		return false, err
	}
	v, err := w.find.stages.filter(w.c, w.row)
	return v.IsTrue(), err
}

// found locks a row that matches at the snapshot and writes its newest
// version, if that still matches. image is what was found, nil if it is yet to
// be looked at; the lock may be there already.
func (w *write) found(ctx context.Context, key string, image []byte, locked bool) error {
	if !locked {
		if ok, err := w.lockRow(ctx, key, w.lock.strength); err != nil || !ok {
			return err
		}
	}
	n, err := w.lookFound(ctx, key, image)
	if err != nil {
		return err
	}
	if n.own && n.version.At == txn.Timestamp(w.r.Statement) {
		return nil // this statement has written it already
	}
	if err := w.errTriggered(&n); err != nil {
		return err
	}
	changed := w.at != 0 && n.changedSince(w.at)
	if changed && w.r.Isolation != txn.ReadCommitted {
		return n.errChanged()
	}
	if changed && image != nil && n.lost > w.at { // an image of a key that was named needs none
		return w.errLost()
	}
	if !n.exists() {
		if w.fresh {
			w.e.locks.yield(w.b.id, rowLock(w.r.Table, key), w.r.Statement)
		}
		return n.errMoved()
	}
	if changed || image == nil {
		match, err := w.matches(n.version.Row)
		if err != nil || !match {
			return err
		}
	}
	return w.act(ctx, key, &n)
}

// errTriggered refuses a row that a statement has written which this one has called
// a function for (ExecUpdate and ExecDelete in nodeModifyTable.c, TM_SelfModified).
func (w *write) errTriggered(n *newest) error {
	if !n.own || n.version.At <= txn.Timestamp(w.r.Statement) || w.r.Op == shard.OpLock {
		return nil
	}
	what := "updated"
	if w.r.Op == shard.OpDelete || w.r.Op == shard.OpRemove {
		what = "deleted"
	}
	return pgerr.New(pgerr.TriggeredDataChangeViolation, "tuple to be %s was already modified by an operation triggered by the current command", what).
		WithHint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate changes to other rows.")
}

// lookFound is look, knowing the image that a scan has found.
func (w *write) lookFound(ctx context.Context, key string, image []byte) (newest, error) {
	if image == nil {
		return w.look(ctx, key)
	}
	w.b.mu.RLock()
	own, err := w.b.versions(w.t.physical, key)
	w.b.mu.RUnlock()
	if err != nil {
		return newest{}, err
	}
	if own != nil {
		return newest{own: true, version: own[len(own)-1], committed: own[0]}, nil
	}
	w.e.latch.RLock()
	v := recent.Version{Kind: recent.Present, Row: image}
	c := w.e.recent.Table(w.t.physical).Get(key)
	if c != nil {
		v = *c.Newest()
	}
	lost := w.e.lost(w.t)
	w.e.latch.RUnlock()
	if c == nil && lost > w.at {
		return w.lookAgain(ctx, key, image)
	}
	return newest{committed: v, version: v}, nil
}

// lookAgain is for a row that was found at a snapshot which a large commit has
// ended since: without a chain it may have changed all the same. Under READ
// COMMITTED a row that is as it was found is as good as unchanged.
func (w *write) lookAgain(ctx context.Context, key string, image []byte) (newest, error) {
	n, err := w.look(ctx, key)
	if w.r.Isolation == txn.ReadCommitted && n.exists() && bytes.Equal(n.version.Row, image) {
		n.lost, n.version.At = 0, 0
	}
	return n, err
}

// movedAway is the row of a deletion that is half of a move: another request
// inserts it under its new key, maybe on another shard.
const movedAway = "\x00"

// errMoved refuses a statement that has waited for a row which was moved: it
// begins again with a snapshot that sees where the row is.
func (n *newest) errMoved() error {
	if len(n.version.Row) == 0 || n.own {
		return nil
	}
	return shard.Refuse(shard.RefusedMoved)
}

// matches evaluates the statement's conditions over an image.
func (w *write) matches(image []byte) (bool, error) {
	if err := decodeImage(w.row, w.r.Table, image, nil); err != nil {
		return false, err
	}
	ok, err := pass(w.c, w.find.where, w.row)
	if err != nil || !ok || w.find.stages.filter == nil {
		return ok, err
	}
	v, err := w.find.stages.filter(w.c, w.row)
	return v.IsTrue(), err
}

// act updates or deletes a locked row.
func (w *write) act(ctx context.Context, key string, n *newest) error {
	columns := len(w.r.Table.Columns)
	old := make([]types.Datum, columns)
	if err := decodeImage(old, w.r.Table, n.version.Row, nil); err != nil {
		return err
	}
	w.reply.Count++
	if w.r.Op == shard.OpDelete {
		return w.remove(ctx, key, n, old)
	}
	copy(w.row, old)
	next := make([]types.Datum, columns)
	if err := w.assignTo(next, w.code.set); err != nil {
		return err
	}
	return w.replace(ctx, key, n, old, next)
}

// remove deletes a locked row.
func (w *write) remove(ctx context.Context, key string, n *newest, old []types.Datum) error {
	if err := w.lockOldValues(ctx, n.version.Row); err != nil {
		return err
	}
	gone := recent.Version{Kind: recent.Absent}
	if w.r.Op == shard.OpMove {
		gone.Row = []byte(movedAway)
	}
	if err := w.put(key, n.committed, gone); err != nil {
		return err
	}
	copy(w.row, old)
	return w.returning()
}

// replace writes a new image over a locked row.
func (w *write) replace(ctx context.Context, key string, n *newest, old, next []types.Datum) error {
	if err := w.constrain(next); err != nil {
		return err
	}
	image := appendImage(make([]byte, 0, len(n.version.Row)+16), w.r.Table, next)
	if err := w.checkWidth(image); err != nil {
		return err
	}
	copy(w.row[len(old):], old)
	hit, err := w.unique(ctx, key, image, n.version.Row)
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
