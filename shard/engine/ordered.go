package engine

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/shard"
)

// lockInOrder takes the locks of all rows that the request is about, in the
// order of their keys (rule 29): statements that do so, and go through shards
// in order, cannot wait for each other in a circle.
func (w *write) lockInOrder(ctx context.Context) error {
	w.lock.wait = shard.WaitBlock
	keys, err := w.keys(ctx)
	if err != nil {
		return err
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if _, err := w.lockRow(ctx, key, w.lock.strength); err != nil {
			return err
		}
	}
	return nil
}

// keys are those of the rows that the request names or finds.
func (w *write) keys(ctx context.Context) (keys []string, err error) {
	if w.r.Rows == nil {
		if w.find == nil || len(w.find.point) > 0 {
			return nil, nil // one row, which is locked before it is looked at
		}
		err = w.scanImages(ctx, func(image []byte) error {
			keys = append(keys, w.shape.rowKey(image))
			return nil
		})
		w.e.unpin(&w.pin)
		return keys, err
	}
	for rows := w.r.Rows.Data; len(rows) > 0; {
		var row []byte
		row, rows = nextRow(rows)
		if w.r.Op == shard.OpInsert {
			keys = append(keys, w.shape.rowKey(row))
		} else {
			keys = append(keys, w.givenKey(row))
		}
	}
	return keys, nil
}
