package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// A statement that writes or locks more rows than go at once holds the locks of
// some while it waits for others. So that two of them do not wait for each
// other in a circle, each goes through its rows by shard and key (rule 29):
// they are sorted first, on disk if they are many.

// inLockOrder calls f for the rows of an operator, as many at a time as a write
// sends or memory holds: as they come when that is all of them, else in the
// order in which the target's rows are locked.
func (t *target) inLockOrder(ctx context.Context, source operator, f func([]Row) error) error {
	rows, ended, err := gatherChunk(ctx, source, t.run.workMem())
	if err != nil {
		return err
	}
	if ended && len(rows) == 0 {
		return nil
	}
	if ended {
		return f(rows)
	}
	width := len(t.source.Columns())
	sorter := t.lockSorter(typesOf(t.source.Columns()))
	defer sorter.close()
	for len(rows) > 0 {
		for _, row := range rows {
			if err := sorter.add(append(row[:width:width], t.lockShard(row))); err != nil {
				return err
			}
		}
		if rows, err = source.next(ctx); err != nil {
			return err
		}
	}
	return eachChunk(ctx, sorter, t.run.workMem(), func(rows []Row) error {
		for i, row := range rows {
			rows[i] = row[:width:width]
		}
		return f(rows)
	})
}

// lockSorter sorts rows of the given columns, with their shards behind them, by
// shard and key.
func (t *target) lockSorter(columns []columnType) *rowSorter {
	orders := []order{rising(len(columns), types.TInt8)}
	for i, k := range t.rel.Table.Key {
		orders = append(orders, rising(t.at[k], t.keyTypes[i].t))
	}
	return newRowSorter(t.run, append(slices.Clone(columns), columnType{types.TInt8, -1}), orders)
}

// lockShard is the shard of the target's row in a source row; -1 if it is not there.
func (t *target) lockShard(row Row) types.Datum {
	image := t.image(row)
	if image == nil {
		return types.Int(-1)
	}
	return types.Int(int64(t.run.rowShard(t.rel, image)))
}

// gatherChunk takes rows from an operator until a write has enough of them.
func gatherChunk(ctx context.Context, source operator, bytes int64) (rows []Row, ended bool, err error) {
	var size int64
	for len(rows) < rowsAt && size < bytes {
		more, err := source.next(ctx)
		if err != nil || len(more) == 0 {
			return rows, true, err
		}
		for _, row := range more {
			size += rowBytes(row)
		}
		rows = append(rows, more...)
	}
	return rows, false, nil
}

// eachChunk calls f for sorted rows, as many at a time as a write sends or so
// many bytes hold.
func eachChunk(ctx context.Context, sorted *rowSorter, bytes int64, f func([]Row) error) error {
	for {
		var rows []Row
		var size int64
		for len(rows) < rowsAt && size < bytes {
			row, err := sorted.next()
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
			rows, size = append(rows, row), size+rowBytes(row)
		}
		if len(rows) == 0 {
			return ctx.Err()
		}
		if err := f(rows); err != nil {
			return err
		}
	}
}
