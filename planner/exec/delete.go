package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// remove is the Delete node.
type remove struct {
	modifying
	node *plan.Delete
	// at says for each column of RETURNING's input which position of the
	// table it is, in a one-trip delete.
	at []int
}

func newDelete(r *run, n *plan.Delete) (operator, error) {
	o := &remove{node: n}
	if err := o.prepare(r, n, &n.Physical, n.Target, n.Source); err != nil {
		return nil, err
	}
	if o.once != nil {
		o.at, o.execute = n.Target.Positions, o.deleteOnce
		return o, o.returns(n.Returning, n.Target.Cols)
	}
	o.execute = func(ctx context.Context) error { return o.each(ctx, o.deleteRows) }
	return o, o.returns(n.Returning, n.Source.Columns())
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
		if len(o.rel.Global)+len(o.rel.Referenced) > 0 {
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

// deleteRows is an applyFunc: the changes have no new images.
func (o *remove) deleteRows(ctx context.Context, changes []change, at txn.Timestamp) error {
	done, err := o.target.drop(ctx, changes, at)
	if err != nil {
		return err
	}
	for i, c := range changes {
		if done.ok(i) {
			o.run.affected++
			if err := o.give(c.source); err != nil {
				return err
			}
		}
	}
	for i := range changes {
		if done.ok(i) {
			continue
		}
		if err := o.again(ctx, done.newest[i], o.deleteRows); err != nil {
			return err
		}
	}
	return nil
}
