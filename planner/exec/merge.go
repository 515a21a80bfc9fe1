package exec

import (
	"context"
	"slices"
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// merge is the Merge node: for each row of its source it looks for the first
// action that fits. What a batch of rows asks for is then done kind by kind.
type merge struct {
	writing
	node    *plan.Merge
	source  operator
	target  *target
	columns []columnType
	// whens are the actions' conditions, values what they compute.
	whens, values []lateScope
	// on is the join's condition over the source's rows, which newer images of the
	// target's are asked; generated computes columns of new rows.
	on, generated lateScope
	// written are the keys of the rows that were updated or deleted.
	written *keySet
	rowID   int // see insert
	ids     rowIDs
}

// lateScope is a scope that is made ready with its first use: what no row needs
// is not computed.
type lateScope struct {
	*scope
	ready bool
}

func (s *lateScope) begin(ctx context.Context) error {
	if s.ready {
		return nil
	}
	s.ready = true
	return s.scope.begin(ctx)
}

func newMerge(r *run, n *plan.Merge) (operator, error) {
	o := &merge{node: n, columns: tableTypes(n.Relation.Table), rowID: hiddenKey(n.Relation.Table)}
	o.writing = writing{run: r, node: n}
	o.execute = o.mergeAll
	var err error
	if o.source, err = r.build(n.Source); err != nil {
		return nil, err
	}
	if o.target, err = newTarget(r, n, n.Relation, n.Target, n.Found, n.Source); err != nil {
		return nil, err
	}
	o.written = newKeySet(r, o.target.keyTypes)
	return o, o.compile()
}

// compile makes the scopes.
func (o *merge) compile() error {
	cols := o.node.Source.Columns()
	for i := range o.node.Actions {
		a := &o.node.Actions[i]
		values := slices.Clone(a.Image)
		for _, s := range a.Set {
			values = append(values, s.Expr)
		}
		when, err := o.run.scopeOf(o.node, "when "+strconv.Itoa(i), cols, a.When)
		if err != nil {
			return err
		}
		value, err := o.run.scopeOf(o.node, "values "+strconv.Itoa(i), cols, values...)
		if err != nil {
			return err
		}
		o.whens, o.values = append(o.whens, lateScope{scope: when}), append(o.values, lateScope{scope: value})
	}
	var generated []expr.Expr
	for _, g := range o.node.Generated {
		generated = append(generated, g.Expr)
	}
	var err error
	if o.on.scope, err = o.run.scopeOf(o.node, "on", cols, o.node.On); err != nil {
		return err
	}
	o.generated.scope, err = o.run.scopeOf(o.node, "generated", tableColumns(o.node.Relation.Table), generated...)
	if err != nil {
		return err
	}
	return o.returns(nil, nil)
}

func (o *merge) open(ctx context.Context) error { return o.source.open(ctx) }

// mergeAll decides about the source's rows, as many at a time as a write sends.
func (o *merge) mergeAll(ctx context.Context) error {
	at, err := o.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return err
	}
	return o.target.inLockOrder(ctx, o.source, func(rows []Row) error {
		var b mergeBatch
		for _, row := range rows {
			image := o.target.image(row)
			if err := o.decide(ctx, &b, row, image, true); err != nil {
				return err
			}
		}
		return o.apply(ctx, &b, at)
	})
}

// mergeBatch is what is to be done about a list of rows.
type mergeBatch struct {
	updates, deletes []change
	inserts          []Row
}

// decide finds the first action that fits a row of the source, with the
// target's row in it (nil: there is none). first: the target's row has not been
// tried before in this image.
func (o *merge) decide(ctx context.Context, b *mergeBatch, row, image Row, first bool) error {
	for i := range o.node.Actions {
		a := &o.node.Actions[i]
		if a.Matched != (image != nil) {
			continue
		}
		if err := o.whens[i].begin(ctx); err != nil {
			return err
		}
		fits, err := o.whens[i].holds(0, row)
		if err != nil {
			return err
		}
		if !fits {
			continue
		}
		if first && (a.Kind == plan.MergeUpdate || a.Kind == plan.MergeDelete) {
			if err := o.once(image); err != nil {
				return err
			}
		}
		return o.act(ctx, b, i, row, image)
	}
	return nil
}

// once refuses a second change of one row.
func (o *merge) once(image Row) error {
	fresh, err := o.written.add(o.target.key(image))
	if err == nil && !fresh {
		return shard.MergedTwice()
	}
	return err
}

// act computes what an action does.
func (o *merge) act(ctx context.Context, b *mergeBatch, action int, row, image Row) error {
	a, values := &o.node.Actions[action], &o.values[action]
	if err := values.begin(ctx); err != nil {
		return err
	}
	switch a.Kind {
	case plan.MergeDelete:
		b.deletes = append(b.deletes, change{source: row, old: image})
	case plan.MergeUpdate:
		c := change{source: row, old: image, new: slices.Clone(image)}
		for i, s := range a.Set {
			v, err := values.value(i, row)
			if err != nil {
				return err
			}
			c.new[s.Position] = v
		}
		b.updates = append(b.updates, c)
		return o.generate(ctx, c.new)
	case plan.MergeInsert:
		added := make(Row, len(a.Image))
		if err := values.row(added, 0, len(added), row); err != nil {
			return err
		}
		if o.rowID >= 0 {
			id, err := o.ids.next(ctx, o.run, 1)
			if err != nil {
				return err
			}
			added[o.rowID] = id
		}
		b.inserts = append(b.inserts, added)
		return o.generate(ctx, added)
	}
	return nil
}

// generate fills in what is generated from the rest of a new row.
func (o *merge) generate(ctx context.Context, image Row) error {
	if err := o.generated.begin(ctx); err != nil {
		return err
	}
	values := make(Row, len(o.node.Generated))
	if err := o.generated.row(values, 0, len(values), image); err != nil {
		return err
	}
	for i, g := range o.node.Generated {
		image[g.Position] = values[i]
	}
	return nil
}

// apply does what a batch says. Rows that have changed since they were read are
// locked then, and decided about once more.
func (o *merge) apply(ctx context.Context, b *mergeBatch, at txn.Timestamp) error {
	var again mergeBatch
	done, err := o.target.drop(ctx, b.deletes, at)
	if err != nil {
		return err
	}
	if err := o.followUp(ctx, &again, b.deletes, done); err != nil {
		return err
	}
	if done, err = o.target.replace(ctx, o.columns, b.updates, at, o.node.Checks); err != nil {
		return err
	}
	if err := o.followUp(ctx, &again, b.updates, done); err != nil {
		return err
	}
	if err := o.insert(ctx, b.inserts); err != nil {
		return err
	}
	if len(again.deletes)+len(again.updates)+len(again.inserts) == 0 {
		return nil
	}
	return o.apply(ctx, &again, 0)
}

// followUp counts the changes that were made, and decides again about the rows
// that were not as they had been read (ExecMergeMatched): a row that is gone, or
// no longer joins, is one that does not match.
func (o *merge) followUp(ctx context.Context, again *mergeBatch, changes []change, done *outcome) error {
	for i, c := range changes {
		if done.ok(i) {
			o.run.affected++
			continue
		}
		row, image := c.source, done.newest[i]
		if image != nil {
			row = o.target.within(row, image)
			if err := o.on.begin(ctx); err != nil {
				return err
			}
			joins, err := o.on.holds(0, row)
			if err != nil {
				return err
			}
			if !joins {
				image = nil
			}
		}
		if err := o.decide(ctx, again, row, image, false); err != nil {
			return err
		}
	}
	return nil
}

// insert puts new rows and their entries in place.
func (o *merge) insert(ctx context.Context, images []Row) error {
	if err := o.target.insert(ctx, o.columns, images, o.node.Checks); err != nil {
		return err
	}
	o.run.affected += int64(len(images))
	if err := o.run.addEntriesOf(ctx, o.node, o.node.Relation, o.node.Relation.Global, images); err != nil {
		return err
	}
	return o.run.env.Keys.came(ctx, o.node.Relation, images)
}

func (o *merge) close() error {
	err := o.writing.close()
	for _, f := range []func() error{o.written.close, o.target.clear, o.source.close} {
		if e := f(); err == nil {
			err = e
		}
	}
	return err
}
