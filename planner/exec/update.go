package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// update is the Update node.
type update struct {
	modifying
	node    *plan.Update
	set     *scope
	columns []columnType
}

func newUpdate(r *run, n *plan.Update) (operator, error) {
	o := &update{node: n, columns: tableTypes(n.Relation.Table)}
	if err := o.prepare(r, n, &n.Physical, n.Target, n.Source); err != nil {
		return nil, err
	}
	written := newColumns(n.Table, n.New)
	if err := o.checks(n.ViewChecks, n.Relation.Table, written); err != nil {
		return nil, err
	}
	if o.once != nil {
		o.execute = o.updateOnce
		return o, o.returns(n.Returning, written)
	}
	o.execute = func(ctx context.Context) error { return o.each(ctx, o.change) }
	cols := n.Source.Columns()
	list := make([]expr.Expr, len(n.Set))
	for i, s := range n.Set {
		list[i] = s.Expr
	}
	var err error
	if o.set, err = r.scopeOf(n, "set", cols, list...); err != nil {
		return nil, err
	}
	return o, o.returns(n.Returning, append(written, cols...))
}

func (o *update) open(ctx context.Context) error {
	if o.set != nil {
		if err := o.set.begin(ctx); err != nil {
			return err
		}
	}
	return o.modifying.open(ctx)
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

// change is an applyFunc: it computes the new images and writes them.
func (o *update) change(ctx context.Context, changes []change, at txn.Timestamp) error {
	for k := range changes {
		c := &changes[k]
		c.new = slices.Clone(c.old)
		for i, s := range o.node.Set {
			v, err := o.set.value(i, c.source)
			if err != nil {
				return err
			}
			c.new[s.Position] = v
		}
	}
	done, err := o.target.replace(ctx, o.columns, changes, at, o.node.Checks)
	if err != nil {
		return err
	}
	return o.finish(ctx, changes, done)
}

// finish follows up changes: RETURNING of those that were written; rows that
// have changed meanwhile are looked at again.
func (o *update) finish(ctx context.Context, changes []change, done *outcome) error {
	for i, c := range changes {
		if !done.ok(i) {
			if err := o.again(ctx, done.newest[i], o.change); err != nil {
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
