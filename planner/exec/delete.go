package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// remove is the Delete node: one trip, or rows that the coordinator has read.
type remove struct {
	writing
	node   *plan.Delete
	rel    *plan.Relation
	source operator // nil: one trip
	target *target
	once   *onceWrite
	// at says for each column of RETURNING's input which position of the
	// table it is, in a one-trip delete.
	at []int
}

func newDelete(r *run, n *plan.Delete) (operator, error) {
	o := &remove{node: n, rel: n.Relation}
	o.writing = writing{run: r, node: n}
	var err error
	if n.OneTrip != nil {
		o.writing.execute = o.deleteOnce
		if o.once, err = newOnceWrite(r, n, n.Relation, n.OneTrip); err != nil {
			return nil, err
		}
		o.at = n.Target.Positions
		return o, o.returns(n.Returning, n.Target.Cols)
	}
	o.writing.execute = o.deleteAll
	if o.source, err = r.build(n.Source); err != nil {
		return nil, err
	}
	if o.target, err = newTarget(r, n, n.Relation, n.Target, n.Found, n.Source); err != nil {
		return nil, err
	}
	return o, o.returns(n.Returning, n.Source.Columns())
}

func (o *remove) open(ctx context.Context) error {
	if o.source == nil {
		return o.once.open(ctx)
	}
	return o.source.open(ctx)
}

// deleteOnce lets the shards do it all but the entries of unique indexes elsewhere.
func (o *remove) deleteOnce(ctx context.Context) error {
	var gone []Row
	flush := func() error {
		none := make([]Row, len(gone))
		err := o.run.changeEntries(ctx, o.node, o.rel, gone, none)
		gone = gone[:0]
		return err
	}
	err := o.once.write(ctx, shard.OpDelete, nil, func(back Row) error {
		image := make(Row, len(o.rel.Table.Columns))
		for i, p := range o.node.OneTrip.Back {
			image[p] = back[i]
		}
		if len(o.rel.Global) > 0 {
			if gone = append(gone, image); len(gone) >= rowsAt {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return o.giveImage(image)
	})
	if err != nil {
		return err
	}
	return flush()
}

func (o *remove) giveImage(image Row) error {
	if o.returning == nil {
		return nil
	}
	row := make(Row, len(o.at))
	for i, p := range o.at {
		row[i] = image[p]
	}
	return o.give(row)
}

func (o *remove) deleteAll(ctx context.Context) error {
	at, err := o.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return err
	}
	return inChunks(ctx, o.source, func(rows []Row) error {
		changes, err := o.fresh(rows)
		if err != nil {
			return err
		}
		return o.deleteRows(ctx, changes, at)
	})
}

// fresh pairs rows with their images, and leaves out those met before.
func (o *remove) fresh(rows []Row) ([]change, error) {
	var out []change
	for _, row := range rows {
		image := o.target.image(row)
		fresh, err := o.target.fresh(image)
		if err != nil {
			return nil, err
		}
		if fresh {
			out = append(out, change{source: row, old: image})
		}
	}
	return out, nil
}

func (o *remove) deleteRows(ctx context.Context, changes []change, at txn.Timestamp) error {
	keys := make([]Row, len(changes))
	for i, c := range changes {
		keys[i] = o.target.key(c.old)
	}
	done, err := o.target.write(ctx, shard.OpRemove, o.target.keyTypes, keys, at, nil)
	if err != nil {
		return err
	}
	var old []Row
	for i, c := range changes {
		if done.ok(i) {
			old = append(old, c.old)
			o.run.affected++
			if err := o.give(c.source); err != nil {
				return err
			}
		}
	}
	if err := o.run.changeEntries(ctx, o.node, o.rel, old, make([]Row, len(old))); err != nil {
		return err
	}
	for i := range changes {
		if done.ok(i) {
			continue
		}
		if err := o.again(ctx, done.newest[i]); err != nil {
			return err
		}
	}
	return nil
}

// again deletes a row whose newest image still satisfies the conditions.
func (o *remove) again(ctx context.Context, newest Row) error {
	rows, err := o.target.requalify(ctx, newest)
	if err != nil || len(rows) == 0 {
		return err
	}
	return o.deleteRows(ctx, []change{{source: rows[0], old: newest}}, 0)
}

func (o *remove) close() error {
	err := o.writing.close()
	if o.source != nil {
		if e := o.source.close(); err == nil {
			err = e
		}
	}
	return err
}
