package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/txn"
)

// all are the rows of a node that is not lazy, if they go at once. More are
// locked here, one table's after the other's and each table's by shard and key
// (rule 29), and wait in the order in which they were read.
func (o *lockRows) all(ctx context.Context) ([]Row, error) {
	if o.taken {
		return nil, nil
	}
	o.taken = true
	rows, ended, err := gatherChunk(ctx, o.input, o.run.workMem())
	if err != nil || ended {
		return rows, err
	}
	at, err := o.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	in, err := o.numbered(ctx, rows)
	for i := 0; i < len(o.targets) && err == nil; i++ {
		in, err = o.lockSorted(ctx, i, in, at, o.sorterOf(i+1))
	}
	o.locked = in
	return nil, err
}

// numbered are all rows with a number behind them, sorted for the first target.
func (o *lockRows) numbered(ctx context.Context, rows []Row) (*rowSorter, error) {
	out := o.sorterOf(0)
	for n := int64(0); len(rows) > 0; {
		for _, row := range rows {
			if err := o.add(out, 0, append(row[:len(row):len(row)], types.Int(n))); err != nil {
				return out, err
			}
			n++
		}
		var err error
		if rows, err = o.input.next(ctx); err != nil {
			return out, err
		}
	}
	return out, nil
}

// sorterOf sorts numbered rows for the i-th target; behind the last one, by their numbers.
func (o *lockRows) sorterOf(i int) *rowSorter {
	columns := append(typesOf(o.node.Columns()), columnType{types.TInt8, -1})
	if i < len(o.targets) {
		return o.targets[i].lockSorter(columns)
	}
	return newRowSorter(o.run, columns, []order{rising(len(columns)-1, types.TInt8)})
}

// add adds a numbered row to the sorter of the i-th target.
func (o *lockRows) add(s *rowSorter, i int, row Row) error {
	if i < len(o.targets) {
		row = append(row[:len(row):len(row)], o.targets[i].lockShard(row))
	}
	return s.add(row)
}

// lockSorted locks the i-th target's rows in their order, and sorts those that
// are left for what comes next.
func (o *lockRows) lockSorted(ctx context.Context, i int, in *rowSorter, at txn.Timestamp, out *rowSorter) (*rowSorter, error) {
	defer in.close()
	width := len(o.node.Columns()) + 1
	return out, eachChunk(ctx, in, o.run.workMem(), func(rows []Row) error {
		rows, err := o.lock(ctx, o.targets[i], &o.node.Marks[i].Lock, rows, at)
		for _, row := range rows {
			if err != nil {
				break
			}
			err = o.add(out, i+1, row[:width:width])
		}
		return err
	})
}

// given are the next of the rows that are locked.
func (o *lockRows) given() ([]Row, error) {
	width := len(o.node.Columns())
	var out []Row
	for len(out) < batchRows {
		row, err := o.locked.next()
		if err != nil || row == nil {
			return out, err
		}
		out = append(out, row[:width:width])
	}
	return out, nil
}
