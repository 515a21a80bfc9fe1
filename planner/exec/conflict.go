package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// conflictRun is an ON CONFLICT clause that the coordinator runs, because an
// arbiter does not lie beside the rows, or the update reaches beyond a shard:
// first the row is put in place, then the entries of arbiters elsewhere, as other
// statements come to them too (rule 29); whatever is in the way stays, or is
// locked and then updated by its key, and what was put in place is taken out again.
//
// No lock is kept on an entry that is in the way: who deletes a row holds the
// row and then wants its entries, and would wait for ever for one who holds the
// entry and wants the row. So the row is locked first and then asked whether it
// still has what stood in the way.
type conflictRun struct {
	insertOf *insert
	run      *run
	rel      *plan.Relation
	clause   *plan.OnConflict
	checks   *scope
	conflictForm
}

// conflictForm is what of the clause is the same for every execution.
type conflictForm struct {
	arbiters []*plan.GlobalIndex // those apart from the rows
	others   []*plan.GlobalIndex // whose conflicts are errors
	local    *shard.OnConflict   // arbiters beside the rows; nil: none
	entries  *shard.OnConflict   // for the arbiters' entries
	taken    [][]expr.Expr       // for each of arbiters: the key columns of its entries
	keys     []expr.Expr         // the key columns of the rows
	keyTypes []columnType
	values   [][]int // for each arbiter: positions of its columns
	strength shard.LockStrength
	// unique are the positions of each list of columns that must not be equal
	// in two rows.
	unique [][]int
}

func newConflictRun(o *insert) (*conflictRun, error) {
	c := &conflictRun{insertOf: o, run: o.run, rel: o.rel, clause: o.node.OnConflict}
	v, err := o.run.st.Memo.Derive(scopeKey{o.node, "conflict"}, func() (any, error) {
		f := &conflictForm{}
		f.prepare(o.rel, o.node.OnConflict)
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	c.conflictForm = *v.(*conflictForm)
	list := make([]expr.Expr, len(o.node.Checks))
	for i := range list {
		list[i] = o.node.Checks[i].Expr
	}
	c.checks, err = o.run.scopeOf(o.node, "checks", tableColumns(o.rel.Table), list...)
	return c, err
}

// prepare sorts the arbiters.
func (f *conflictForm) prepare(rel *plan.Relation, clause *plan.OnConflict) {
	any := len(clause.Arbiters) == 0
	f.entries = &shard.OnConflict{Arbiters: []int{-1}, Update: clause.Update}
	f.unique = append(f.unique, rel.Table.Key)
	for _, g := range rel.Global {
		f.unique = append(f.unique, g.Columns)
		if any || slices.Contains(clause.Arbiters, g.Index) {
			f.arbiters = append(f.arbiters, g)
			f.taken = append(f.taken, entryKey(g))
			f.values = append(f.values, g.Columns)
		} else {
			f.others = append(f.others, g)
		}
	}
	f.local = &shard.OnConflict{Update: clause.Update}
	for i := range rel.Table.Indexes {
		if rel.Table.Indexes[i].Unique {
			f.unique = append(f.unique, rel.Table.Indexes[i].Columns)
		}
	}
	for _, oid := range clause.Arbiters {
		switch i := slices.Index(rel.Local, oid); {
		case oid == rel.Primary:
			f.local.Arbiters = append(f.local.Arbiters, -1)
			f.values = append(f.values, rel.Table.Key)
		case i >= 0:
			f.local.Arbiters = append(f.local.Arbiters, i)
			f.values = append(f.values, rel.Table.Indexes[i].Columns)
		}
	}
	if !any && len(f.local.Arbiters) == 0 {
		f.local = nil
	}
	for _, k := range rel.Table.Key {
		c := &rel.Table.Columns[k]
		f.keys = append(f.keys, expr.NewColumn(expr.ColumnID(k), c.Name, c.Type, c.Typmod))
		f.keyTypes = append(f.keyTypes, columnType{c.Type, c.Typmod})
	}
	f.strength = shard.LockNoKeyUpdate
	for _, s := range clause.Set {
		if slices.ContainsFunc(f.unique, func(columns []int) bool { return slices.Contains(columns, s.Position) }) {
			f.strength = shard.LockUpdate // ExecUpdateLockMode
		}
	}
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
	if err := c.checks.begin(ctx); err != nil {
		return err
	}
	for _, image := range images {
		if err := c.constrain(image); err != nil {
			return err
		}
	}
	if !c.clause.Update {
		return c.insertNew(ctx, images)
	}
	for _, image := range images {
		if err := c.one(ctx, image); err != nil {
			return err
		}
	}
	return nil
}

// constrain checks a proposed row before anybody looks what is in its way, as
// PostgreSQL does.
func (c *conflictRun) constrain(image Row) error {
	t := c.rel.Table
	for i := range t.Columns {
		if col := &t.Columns[i]; col.NotNull && !col.Dropped && image[i].IsNull() {
			return shard.NotNullViolation(t, i, image, c.run.env.Types)
		}
	}
	for i := range c.insertOf.node.Checks {
		v, err := c.checks.value(i, image)
		if err != nil {
			return err
		}
		if !v.IsNull() && !v.IsTrue() {
			return shard.CheckViolation(t, c.insertOf.node.Checks[i].Name, image, c.run.env.Types)
		}
	}
	return nil
}

// one inserts a row, or updates the one in its way. That can be gone, or have
// other values, by the time that it is locked: then the whole is tried again,
// as PostgreSQL does.
func (c *conflictRun) one(ctx context.Context, image Row) error {
	for {
		existing, err := c.try(ctx, image)
		if err != nil {
			return err
		}
		if existing == nil {
			return c.insertOf.give(image)
		}
		locked, err := c.lock(ctx, existing, image)
		if err != nil {
			return err
		}
		if locked {
			return c.change(ctx, existing, image)
		}
	}
}

func (c *conflictRun) key(image Row) Row { return pick(image, c.rel.Table.Key) }

// pick are the columns of a row at some positions.
func pick(row Row, positions []int) Row {
	out := make(Row, len(positions))
	for i, p := range positions {
		out[i] = row[p]
	}
	return out
}

// try inserts the row with its entries. existing is the key of the row in the
// way, if there is one; then nothing of the new row is left.
func (c *conflictRun) try(ctx context.Context, image Row) (existing Row, err error) {
	inserted := true
	if c.local != nil {
		existing, err = c.put(ctx, c.rel.Table, c.run.rowShard(c.rel, image), image, c.local, c.keys)
	} else {
		inserted, err = c.insertPlain(ctx, image, &shard.OnConflict{})
	}
	if err != nil || existing != nil {
		return existing, err
	}
	var added []*plan.GlobalIndex
	for i, g := range c.arbiters {
		e := entry(g, image)
		if e == nil {
			continue
		}
		id := c.run.entryShard(c.rel, g, e)
		if existing, err = c.put(ctx, g.Table, id, e, c.entries, c.taken[i]); err != nil {
			return nil, err
		}
		if existing != nil {
			return existing, c.takeOut(ctx, added, inserted, image)
		}
		added = append(added, g)
	}
	if !inserted { // what is in the way is no arbiter's: an error, or gone by now
		if _, err = c.insertPlain(ctx, image, nil); err != nil {
			return nil, err
		}
	}
	c.run.affected++
	if err := c.run.addEntriesOf(ctx, c.insertOf.node, c.rel, c.others, []Row{image}); err != nil {
		return nil, err
	}
	return nil, c.run.env.Keys.came(ctx, c.rel, []Row{image})
}

// insertPlain inserts the row alone; inserted is false when the clause has left it out.
func (c *conflictRun) insertPlain(ctx context.Context, image Row, oc *shard.OnConflict) (inserted bool, err error) {
	reply, err := c.send(ctx, c.rel.Table, c.run.rowShard(c.rel, image), image, oc, nil)
	return err == nil && len(reply.Skipped) == 0, err
}

// takeOut takes a row that is not inserted after all out again, with its entries.
func (c *conflictRun) takeOut(ctx context.Context, added []*plan.GlobalIndex, inserted bool, image Row) error {
	if err := c.undo(ctx, added, []Row{image}); err != nil || !inserted {
		return err
	}
	return c.removeRows(ctx, []Row{image})
}

// put inserts one row, of the table or of an arbiter. existing is the key of
// the row in the way.
func (c *conflictRun) put(ctx context.Context, t *shard.Table, id shard.ID, row Row, oc *shard.OnConflict, key []expr.Expr) (existing Row, err error) {
	reply, err := c.send(ctx, t, id, row, oc, key)
	if err != nil || len(reply.Skipped) == 0 {
		return nil, err
	}
	rows, err := decodeBatch(exprTypes(key), reply.Returning)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, errPacked()
	}
	return rows[0], nil
}

// send asks a shard to insert one row.
func (c *conflictRun) send(ctx context.Context, t *shard.Table, id shard.ID, row Row, oc *shard.OnConflict, key []expr.Expr) (*shard.WriteReply, error) {
	at, err := c.run.writeSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	values := c.run.requestValues()
	q := c.run.request(shard.OpInsert, t, id, at, &values)
	q.Rows, q.OnConflict, q.Returning = &shard.Batch{}, oc, key
	appendRow(q.Rows, tableTypes(t), row)
	replies, err := c.run.write(ctx, c.insertOf.node, c.rel.Home, []*shard.WriteRequest{q})
	if err != nil {
		return nil, err
	}
	return replies[0], nil
}

// undo takes back the entries of rows that are not inserted after all.
func (c *conflictRun) undo(ctx context.Context, added []*plan.GlobalIndex, images []Row) error {
	for _, g := range added {
		var entries []Row
		for _, image := range images {
			if e := entry(g, image); e != nil {
				entries = append(entries, e)
			}
		}
		if err := c.run.removeEntries(ctx, c.insertOf.node, c.rel, g, entries); err != nil {
			return err
		}
	}
	return nil
}

// removeRows takes back rows that are not inserted after all.
func (c *conflictRun) removeRows(ctx context.Context, images []Row) error {
	at, err := c.run.writeSnapshot(ctx)
	if err != nil {
		return err
	}
	values := c.run.requestValues()
	keys := make([]Row, len(images))
	for i, image := range images {
		keys[i] = c.key(image)
	}
	on := func(i int) shard.ID { return c.run.rowShard(c.rel, images[i]) }
	parts := portionsBy(c.keyTypes, keys, on)
	requests := make([]*shard.WriteRequest, len(parts))
	for i, p := range parts {
		requests[i] = c.run.request(shard.OpRemove, c.rel.Table, p.id, at, &values)
		requests[i].Rows, requests[i].Seen = &p.batch, anyVersion(len(p.index))
	}
	_, err = c.run.write(ctx, c.insertOf.node, c.rel.Home, requests)
	return err
}

// lock locks the row with the key. locked is false when there is none any
// more, or it is no longer in the way of image.
func (c *conflictRun) lock(ctx context.Context, key, image Row) (locked bool, err error) {
	at, err := c.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	there := make(Row, len(c.rel.Table.Columns))
	for i, k := range c.rel.Table.Key {
		there[k] = key[i]
	}
	values := c.run.requestValues()
	q := c.run.request(shard.OpLock, c.rel.Table, c.run.rowShard(c.rel, there), at, &values)
	q.Rows, q.Seen, q.Lock.Strength = &shard.Batch{}, []txn.Timestamp{at}, c.strength
	appendRow(q.Rows, c.keyTypes, key)
	replies, err := c.run.write(ctx, c.insertOf.node, c.rel.Home, []*shard.WriteRequest{q})
	if err != nil {
		return false, err
	}
	switch reply := replies[0]; {
	case len(reply.Skipped) > 0:
		return false, shard.SecondTime()
	case len(reply.Stale) == 0:
		return true, nil
	default:
		return c.stillInTheWay(key, image, reply.Newest)
	}
}

// stillInTheWay looks at a row that has changed before it was locked.
func (c *conflictRun) stillInTheWay(key, image Row, newest *shard.Batch) (bool, error) {
	packed, _, err := nextRow(newest.Data)
	if err != nil || len(packed) == 0 {
		return false, err
	}
	columns := tableTypes(c.rel.Table)
	row := make(Row, len(columns))
	if err := decode(row, columns, packed); err != nil {
		return false, err
	}
	if same, err := equalRows(c.keyTypes, c.key(row), key, c.run.work()); !same || err != nil {
		return false, err
	}
	for _, positions := range c.values {
		if same, err := c.collides(columns, positions, row, image); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// collides reports whether two rows have equal values, none of them NULL, at the positions.
func (c *conflictRun) collides(columns []columnType, positions []int, a, b Row) (bool, error) {
	for _, p := range positions {
		if a[p].IsNull() || b[p].IsNull() {
			return false, nil
		}
		if n, err := columns[p].t.CompareLong(a[p], b[p], c.run.work()); n != 0 || err != nil {
			return false, err
		}
	}
	return true, nil
}

// change runs DO UPDATE on the locked row with the key. WHERE may leave it alone.
func (c *conflictRun) change(ctx context.Context, key, image Row) error {
	v, err := c.run.st.Memo.Derive(scopeKey{c.insertOf.node, "update"}, func() (any, error) {
		return distribute.ConflictUpdate(c.run.st, c.insertOf.node)
	})
	if err != nil {
		return err
	}
	for i := range c.run.st.Inits {
		if c.run.st.Inits[i].Expr != nil {
			if err := c.run.init(ctx, i); err != nil {
				return err
			}
		}
	}
	params := slices.Concat(c.run.params, []types.Datum(key), []types.Datum(image))
	for try := 0; ; try++ {
		wrote, err := c.update(ctx, v.(*plan.Statement), params)
		if _, refused := shard.IsRefusal(err); !refused || wrote || try == maxRetries || c.run.env.Txn.Isolation() != txn.ReadCommitted {
			return err
		}
	}
}

// update runs the statement that ConflictUpdate has made, once.
func (c *conflictRun) update(ctx context.Context, st *plan.Statement, params []types.Datum) (wrote bool, err error) {
	env, err := c.latest(ctx)
	if err != nil {
		return false, err
	}
	r, err := newRun(ctx, env, st, params, nil)
	if err != nil {
		return false, err
	}
	r.ctes, r.inner = c.run.ctes, true
	defer r.endSubqueries(0)
	op, err := r.build(st.Root)
	if err != nil {
		return false, err
	}
	err = drain(ctx, op, func(rows []Row) error {
		for _, row := range rows {
			if err := c.insertOf.give(row); err != nil {
				return err
			}
		}
		return nil
	})
	c.run.affected += r.affected
	return r.wrote, err
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
