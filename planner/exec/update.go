package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// update is the Update node: one trip, or rows that the coordinator has read.
type update struct {
	writing
	node    *plan.Update
	rel     *plan.Relation
	source  operator // nil: one trip
	set     *scope
	target  *target
	once    *onceWrite
	columns []columnType
	width   int // of the source
}

func newUpdate(r *run, n *plan.Update) (operator, error) {
	o := &update{node: n, rel: n.Relation, columns: tableTypes(n.Relation.Table)}
	o.writing = writing{run: r, node: n}
	written := newColumns(n.Table, n.New)
	var err error
	if n.OneTrip != nil {
		o.writing.execute = o.updateOnce
		if o.once, err = newOnceWrite(r, n, n.Relation, n.OneTrip); err != nil {
			return nil, err
		}
		return o, o.returns(n.Returning, written)
	}
	o.writing.execute = o.updateAll
	if o.source, err = r.build(n.Source); err != nil {
		return nil, err
	}
	cols := n.Source.Columns()
	o.width = len(cols)
	list := make([]expr.Expr, len(n.Set))
	for i, s := range n.Set {
		list[i] = s.Expr
	}
	if o.set, err = r.scopeOf(n, "set", cols, list...); err != nil {
		return nil, err
	}
	if o.target, err = newTarget(r, n, n.Relation, n.Target, n.Found, n.Source); err != nil {
		return nil, err
	}
	return o, o.returns(n.Returning, append(written, cols...))
}

func (o *update) open(ctx context.Context) error {
	if o.source == nil {
		return o.once.open(ctx)
	}
	if err := o.set.begin(ctx); err != nil {
		return err
	}
	return o.source.open(ctx)
}

// updateOnce lets the shards do it all.
func (o *update) updateOnce(ctx context.Context) error {
	return o.once.write(ctx, shard.OpUpdate, o.node.Checks, func(back Row) error {
		row := make(Row, len(o.node.New))
		for i, p := range o.node.OneTrip.Back {
			row[p] = back[i]
		}
		return o.give(row)
	})
}

func (o *update) updateAll(ctx context.Context) error {
	at, err := o.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return err
	}
	return inChunks(ctx, o.source, func(rows []Row) error {
		changes, err := o.changes(rows, nil)
		if err != nil {
			return err
		}
		return o.apply(ctx, changes, at)
	})
}

// change is a row's way from its old image to a new one.
type change struct {
	source   Row
	old, new Row
}

// changes computes new images. Of rows that the join has found more than once
// the first counts. old, when given, is the one image that all rows are of.
func (o *update) changes(rows []Row, old Row) ([]change, error) {
	var out []change
	for _, row := range rows {
		image := old
		if image == nil {
			image = o.target.image(row)
			fresh, err := o.target.fresh(image)
			if err != nil {
				return nil, err
			}
			if !fresh {
				continue
			}
		}
		c := change{source: row, old: image, new: append(Row(nil), image...)}
		for i, s := range o.node.Set {
			v, err := o.set.value(i, row)
			if err != nil {
				return nil, err
			}
			c.new[s.Position] = v
		}
		out = append(out, c)
	}
	return out, nil
}

// apply writes changes of rows that were read at a snapshot; 0: rows that are
// locked and were looked at after that.
func (o *update) apply(ctx context.Context, changes []change, at txn.Timestamp) error {
	var stay, move []change
	for _, c := range changes {
		if o.target.sameKey(c.old, c.new) {
			stay = append(stay, c)
		} else {
			move = append(move, c)
		}
	}
	if err := o.putAll(ctx, stay, at); err != nil {
		return err
	}
	return o.moveAll(ctx, move, at)
}

// putAll writes new images of rows that keep their keys.
func (o *update) putAll(ctx context.Context, changes []change, at txn.Timestamp) error {
	images := make([]Row, len(changes))
	for i, c := range changes {
		images[i] = c.new
	}
	done, err := o.target.write(ctx, shard.OpPut, o.columns, images, at, o.node.Checks)
	if err != nil {
		return err
	}
	return o.finish(ctx, changes, done)
}

// moveAll gives rows new keys: the old rows go, then new ones come, on the
// shards of their keys.
func (o *update) moveAll(ctx context.Context, changes []change, at txn.Timestamp) error {
	if len(changes) == 0 {
		return nil
	}
	keys := make([]Row, len(changes))
	for i, c := range changes {
		keys[i] = o.target.key(c.old)
	}
	done, err := o.target.write(ctx, shard.OpRemove, o.target.keyTypes, keys, at, nil)
	if err != nil {
		return err
	}
	var images []Row
	for i, c := range changes {
		if done.ok(i) {
			images = append(images, c.new)
		}
	}
	if err := o.target.insert(ctx, o.columns, images, o.node.Checks); err != nil {
		return err
	}
	return o.finish(ctx, changes, done)
}

// finish follows up changes that were written: entries elsewhere, RETURNING;
// rows that have changed meanwhile are looked at again.
func (o *update) finish(ctx context.Context, changes []change, done *outcome) error {
	old, new := make([]Row, 0, len(changes)), make([]Row, 0, len(changes))
	for i, c := range changes {
		if done.ok(i) {
			old, new = append(old, c.old), append(new, c.new)
		}
	}
	if err := o.run.changeEntries(ctx, o.node, o.rel, old, new); err != nil {
		return err
	}
	for i, c := range changes {
		if !done.ok(i) {
			if err := o.again(ctx, done.newest[i]); err != nil {
				return err
			}
			continue
		}
		o.run.affected++
		if err := o.give(append(c.new[:len(c.new):len(c.new)], c.source...)); err != nil {
			return err
		}
	}
	return nil
}

// again puts a row's newest image through the statement's conditions, and
// changes it if they still hold. The row is locked now.
func (o *update) again(ctx context.Context, newest Row) error {
	rows, err := o.target.requalify(ctx, newest)
	if err != nil || len(rows) == 0 {
		return err
	}
	changes, err := o.changes(rows[:1], newest)
	if err != nil {
		return err
	}
	return o.apply(ctx, changes, 0)
}

func (o *update) close() error {
	err := o.writing.close()
	if o.source != nil {
		if e := o.source.close(); err == nil {
			err = e
		}
	}
	return err
}
