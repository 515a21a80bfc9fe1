package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/txn"
)

// modifying is what UPDATE and DELETE share: one trip that the shards do alone,
// or a source of rows that the coordinator reads and then writes.
type modifying struct {
	writing
	rel    *plan.Relation
	source operator // nil: one trip
	target *target
	once   *onceWrite
}

// change is a row's way from its old image to a new one.
type change struct {
	source   Row
	old, new Row
}

// applyFunc writes changes of rows that were read at a snapshot; 0: rows that
// are locked and were looked at after that.
type applyFunc func(ctx context.Context, changes []change, at txn.Timestamp) error

// prepare makes the parts of node n. of is n's source, scan its target there.
func (o *modifying) prepare(r *run, n plan.Node, p *plan.Physical, scan *plan.Scan, of plan.Node) (err error) {
	o.writing = writing{run: r, node: n}
	o.rel = p.Relation
	if p.OneTrip != nil {
		o.once, err = newOnceWrite(r, n, p.Relation, p.OneTrip)
		return err
	}
	if o.source, err = r.build(of); err != nil {
		return err
	}
	o.target, err = newTarget(r, n, p.Relation, scan, p.Found, of)
	return err
}

func (o *modifying) open(ctx context.Context) error {
	if o.source == nil {
		return o.once.open(ctx)
	}
	if err := o.target.clear(); err != nil {
		return err
	}
	return o.source.open(ctx)
}

// each applies the changes of all rows of the source.
func (o *modifying) each(ctx context.Context, apply applyFunc) error {
	at, err := o.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return err
	}
	return o.target.inLockOrder(ctx, o.source, func(rows []Row) error {
		changes, err := o.fresh(rows)
		if err != nil {
			return err
		}
		return apply(ctx, changes, at)
	})
}

// fresh pairs rows with their images. Of rows that a join has found more than
// once the first counts.
func (o *modifying) fresh(rows []Row) ([]change, error) {
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

// again puts a row's newest image through the statement's conditions, and
// applies the change if they still hold. The row is locked now.
func (o *modifying) again(ctx context.Context, newest Row, apply applyFunc) error {
	rows, err := o.target.requalify(ctx, newest)
	if err != nil || len(rows) == 0 {
		return err
	}
	return apply(ctx, []change{{source: rows[0], old: newest}}, 0)
}

func (o *modifying) close() error {
	err := o.writing.close()
	if o.source == nil {
		return err
	}
	if e := o.target.clear(); err == nil {
		err = e
	}
	if e := o.source.close(); err == nil {
		err = e
	}
	return err
}
