package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// conflictRun is an ON CONFLICT clause that the coordinator runs, row by row,
// because an arbiter does not lie beside the rows, or the update reaches
// beyond a shard: first the entries of arbiters elsewhere are taken, then the
// row is inserted; whatever is in the way is skipped or updated by its key.
type conflictRun struct {
	insertOf *insert
	run      *run
	rel      *plan.Relation
	clause   *plan.OnConflict
	arbiters []*plan.GlobalIndex // those apart from the rows
	others   []*plan.GlobalIndex // whose conflicts are errors
	local    *shard.OnConflict   // arbiters beside the rows; nil: none
	taken    [][]expr.Expr       // for each of arbiters: the key columns of its entries
}

func newConflictRun(o *insert) (*conflictRun, error) {
	c := &conflictRun{insertOf: o, run: o.run, rel: o.rel, clause: o.node.OnConflict}
	v, err := o.run.st.Memo.Derive(scopeKey{o.node, "conflict"}, func() (any, error) {
		p := *c
		return &p, p.prepare()
	})
	if err != nil {
		return nil, err
	}
	prepared := *v.(*conflictRun)
	prepared.insertOf, prepared.run = o, o.run
	return &prepared, nil
}

// prepare sorts the arbiters. What it makes is kept with the plan.
func (c *conflictRun) prepare() error {
	any := len(c.clause.Arbiters) == 0
	for _, g := range c.rel.Global {
		if any || slices.Contains(c.clause.Arbiters, g.Index) {
			c.arbiters = append(c.arbiters, g)
			c.taken = append(c.taken, entryKey(g))
		} else {
			c.others = append(c.others, g)
		}
	}
	c.local = &shard.OnConflict{}
	for _, oid := range c.clause.Arbiters {
		switch i := slices.Index(c.rel.Local, oid); {
		case oid == c.rel.Primary:
			c.local.Arbiters = append(c.local.Arbiters, -1)
		case i >= 0 && c.clause.Update:
			return pgerr.Unsupported("ON CONFLICT DO UPDATE over a unique index beside ones of other shard keys")
		case i >= 0:
			c.local.Arbiters = append(c.local.Arbiters, i)
		}
	}
	if !any && len(c.local.Arbiters) == 0 {
		c.local = nil
	}
	c.insertOf, c.run = nil, nil
	return nil
}

// entryKey are the columns of g's entries that hold the row's key.
func entryKey(g *plan.GlobalIndex) []expr.Expr {
	var out []expr.Expr
	for i := len(g.Columns); i < len(g.Table.Columns); i++ {
		col := &g.Table.Columns[i]
		out = append(out, expr.NewColumn(expr.ColumnID(i), col.Name, col.Type, col.Typmod))
	}
	return out
}

// insert inserts the rows, or does with them what the clause says.
func (c *conflictRun) insert(ctx context.Context, images []Row) error {
	for _, image := range images {
		if err := c.one(ctx, image); err != nil {
			return err
		}
	}
	return nil
}

// one inserts a row. A row in the way can be gone by the time that it is to be
// updated: then the whole is tried again, as PostgreSQL does. One that is still
// there and was not updated is one that WHERE leaves alone.
func (c *conflictRun) one(ctx context.Context, image Row) error {
	var left Row
	for {
		existing, err := c.try(ctx, image)
		if err != nil {
			return err
		}
		if existing == nil {
			return c.insertOf.give(image)
		}
		if !c.clause.Update || left != nil && equalRows(c.keyTypes(), left, existing) {
			return nil
		}
		updated, err := c.change(ctx, existing, image)
		if err != nil || updated {
			return err
		}
		left = existing
	}
}

func (c *conflictRun) keyTypes() []columnType {
	out := make([]columnType, len(c.rel.Table.Key))
	for i, k := range c.rel.Table.Key {
		out[i] = columnType{c.rel.Table.Columns[k].Type, c.rel.Table.Columns[k].Typmod}
	}
	return out
}

func (c *conflictRun) key(image Row) Row {
	out := make(Row, len(c.rel.Table.Key))
	for i, k := range c.rel.Table.Key {
		out[i] = image[k]
	}
	return out
}

// try inserts the row with its entries. existing is the key of the row in the
// way, if there is one; then nothing of the new row is left.
func (c *conflictRun) try(ctx context.Context, image Row) (existing Row, err error) {
	var added []*plan.GlobalIndex
	for i, g := range c.arbiters {
		e := entry(g, image)
		if e == nil {
			continue
		}
		if existing, err = c.take(ctx, i, e, c.key(image)); err != nil {
			return nil, err
		}
		if existing != nil {
			return existing, c.undo(ctx, added, image)
		}
		added = append(added, g)
	}
	inserted, err := c.insertRow(ctx, image)
	if err != nil {
		return nil, err
	}
	if !inserted {
		return c.key(image), c.undo(ctx, added, image)
	}
	for _, g := range c.others {
		if e := entry(g, image); e != nil {
			if _, err := c.run.putEntries(ctx, c.insertOf.node, c.rel, g, []Row{e}, nil); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// take puts an entry into an arbiter. The key in the entry that is there
// afterwards says whose it is.
func (c *conflictRun) take(ctx context.Context, i int, e, key Row) (existing Row, err error) {
	g := c.arbiters[i]
	at, err := c.run.writeSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	values := c.run.requestValues()
	q := c.run.request(shard.OpInsert, g.Table, c.run.entryShard(c.rel, g, e), at, &values)
	q.Rows = &shard.Batch{}
	appendRow(q.Rows, tableTypes(g.Table), e)
	q.OnConflict = &shard.OnConflict{Arbiters: []int{-1}, Update: c.clause.Update}
	if c.clause.Update {
		q.Returning = c.taken[i]
	}
	replies, err := c.run.write(ctx, c.insertOf.node, c.rel.Home, []*shard.WriteRequest{q})
	if err != nil {
		return nil, err
	}
	if !c.clause.Update {
		if len(replies[0].Skipped) > 0 {
			return key, nil
		}
		return nil, nil
	}
	rows, err := decodeBatch(exprTypes(c.taken[i]), replies[0].Returning)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, errPacked()
	}
	if equalRows(c.keyTypes(), rows[0], key) {
		return nil, nil
	}
	return rows[0], nil
}

// undo takes back the entries of a row that is not inserted after all.
func (c *conflictRun) undo(ctx context.Context, added []*plan.GlobalIndex, image Row) error {
	for _, g := range added {
		if err := c.run.removeEntries(ctx, c.insertOf.node, c.rel, g, []Row{entry(g, image)}); err != nil {
			return err
		}
	}
	return nil
}

func (c *conflictRun) insertRow(ctx context.Context, image Row) (bool, error) {
	at, err := c.run.writeSnapshot(ctx)
	if err != nil {
		return false, err
	}
	values := c.run.requestValues()
	q := c.run.request(shard.OpInsert, c.rel.Table, c.run.rowShard(c.rel, image), at, &values)
	q.Rows, q.Checks, q.OnConflict = &shard.Batch{}, c.insertOf.node.Checks, c.local
	appendRow(q.Rows, c.insertOf.columns, image)
	replies, err := c.run.write(ctx, c.insertOf.node, c.rel.Home, []*shard.WriteRequest{q})
	if err != nil {
		return false, err
	}
	c.run.affected += replies[0].Count
	return len(replies[0].Skipped) == 0, nil
}

// change runs DO UPDATE on the row with the key. updated is false when there
// is none, or none for which WHERE holds.
func (c *conflictRun) change(ctx context.Context, key, image Row) (updated bool, err error) {
	v, err := c.run.st.Memo.Derive(scopeKey{c.insertOf.node, "update"}, func() (any, error) {
		return distribute.ConflictUpdate(c.run.st, c.insertOf.node)
	})
	if err != nil {
		return false, err
	}
	st := v.(*plan.Statement)
	params := slices.Concat(c.run.params, []types.Datum(key), []types.Datum(image))
	env, err := c.latest(ctx)
	if err != nil {
		return false, err
	}
	r, err := newRun(env, st, params, nil)
	if err != nil {
		return false, err
	}
	op, err := r.build(st.Root)
	if err != nil {
		return false, err
	}
	err = drain(ctx, op, func(rows []Row) error {
		updated = true
		for _, row := range rows {
			if err := c.insertOf.give(row); err != nil {
				return err
			}
		}
		return nil
	})
	c.run.affected += r.affected
	return updated, err
}

// latest is the run's environment with, under READ COMMITTED, a snapshot of
// its own: the row in the way can be newer than the statement's.
func (c *conflictRun) latest(ctx context.Context) (*Env, error) {
	if c.run.env.Txn.Isolation() != txn.ReadCommitted {
		return c.run.env, nil
	}
	at, err := c.run.env.Draw(ctx)
	env := *c.run.env
	env.Snapshots = latest(at)
	return &env, err
}

// latest is a timestamp that was drawn just now, to read at once. Nothing
// holds its versions: a shard that has dropped them meanwhile refuses the read.
type latest txn.Timestamp

// Snapshot implements Snapshots.
func (s latest) Snapshot(context.Context) (txn.Timestamp, error) { return txn.Timestamp(s), nil }

// Redraw implements Snapshots.
func (s latest) Redraw() bool { return false }
