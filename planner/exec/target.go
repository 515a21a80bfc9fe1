package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// target is the table whose rows a write has read: where their columns stand
// in the source, and how to write and re-check them.
type target struct {
	run      *run
	node     plan.Node
	rel      *plan.Relation
	found    *plan.Gather
	source   plan.Node
	at       []int // table position → position in the source's rows; -1 is none
	keyTypes []columnType
	// seen are the keys written so far, where a join can find a row twice.
	seen *keySet
}

func newTarget(r *run, n plan.Node, rel *plan.Relation, scan *plan.Scan, found *plan.Gather, source plan.Node) (*target, error) {
	t := &target{run: r, node: n, rel: rel, found: found, source: source, at: make([]int, len(rel.Table.Columns))}
	layout := layoutOf(source.Columns())
	for i := range t.at {
		t.at[i] = -1
	}
	for i, p := range scan.Positions {
		t.at[p] = layout(scan.Cols[i].ID)
	}
	for _, k := range rel.Table.Key {
		c := &rel.Table.Columns[k]
		t.keyTypes = append(t.keyTypes, columnType{c.Type, c.Typmod})
		if t.at[k] < 0 {
			return nil, pgerr.Internal("key column %s of %s is not in the rows to write", c.Name, rel.Table.Name)
		}
	}
	if _, plain := source.(*plan.Gather); !plain {
		t.seen = newKeySet(r, t.keyTypes)
	}
	return t, nil
}

// image is the target's row in a source row; nil when it is not there (the
// NULL side of an outer join).
func (t *target) image(row Row) Row {
	out := make(Row, len(t.at))
	for i, p := range t.at {
		if p >= 0 {
			out[i] = row[p]
		}
	}
	for _, k := range t.rel.Table.Key {
		if out[k].IsNull() {
			return nil
		}
	}
	return out
}

// within is a source row with another image of the target's row in it.
func (t *target) within(row, image Row) Row {
	out := slices.Clone(row)
	for i, p := range t.at {
		if p >= 0 {
			out[p] = image[i]
		}
	}
	return out
}

func (t *target) key(image Row) Row {
	out := make(Row, len(t.rel.Table.Key))
	for i, k := range t.rel.Table.Key {
		out[i] = image[k]
	}
	return out
}

// fresh reports whether there is a row, that has not been met before.
func (t *target) fresh(image Row) (bool, error) {
	if image == nil || t.seen == nil {
		return image != nil, nil
	}
	return t.seen.add(t.key(image))
}

// clear forgets the rows that were met.
func (t *target) clear() error {
	if t.seen == nil {
		return nil
	}
	return t.seen.close()
}

func (t *target) sameKey(a, b Row) (bool, error) {
	return equalRows(t.keyTypes, t.key(a), t.key(b), t.run.work())
}

// outcome says what became of a list of rows: written, or stale, with the
// newest image (nil: deleted).
type outcome struct {
	stale  map[int]bool
	newest map[int]Row
}

func (o *outcome) ok(i int) bool { return !o.stale[i] }

// remove removes the old rows of changes that were read at a snapshot: by
// OpRemove, or by OpMove when their new rows come after.
func (t *target) remove(ctx context.Context, op shard.WriteOp, changes []change, at txn.Timestamp) (*outcome, error) {
	keys := make([]Row, len(changes))
	for i, c := range changes {
		keys[i] = t.key(c.old)
	}
	return t.write(ctx, op, shard.LockUpdate, t.keyTypes, keys, at, nil)
}

// write sends rows (images or keys) that were read at a snapshot.
func (t *target) write(ctx context.Context, op shard.WriteOp, strength shard.LockStrength, columns []columnType, rows []Row, at txn.Timestamp, checks []shard.Check) (*outcome, error) {
	out := &outcome{stale: map[int]bool{}, newest: map[int]Row{}}
	if len(rows) == 0 {
		return out, nil
	}
	parts := portions(columns, rows, func(row Row) shard.ID { return t.shardOf(op, row) })
	values := t.run.requestValues()
	requests := make([]*shard.WriteRequest, len(parts))
	snapshot, err := t.run.env.Snapshots.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		q := t.run.request(op, t.rel.Table, p.id, snapshot, &values)
		q.Rows, q.Checks, q.Seen, q.Lock.Strength = &p.batch, checks, anyVersion(len(p.index)), strength
		for k := range q.Seen {
			q.Seen[k] = at
		}
		requests[i] = q
	}
	replies, err := t.run.write(ctx, t.node, t.rel.Home, requests)
	if err != nil {
		return nil, err
	}
	for i, reply := range replies {
		if err := t.stale(out, parts[i], reply); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// anyVersion is Seen for rows whose version does not matter.
func anyVersion(n int) []txn.Timestamp { return make([]txn.Timestamp, n) }

// shardOf is the shard of an image, or of a key.
func (t *target) shardOf(op shard.WriteOp, row Row) shard.ID {
	if op == shard.OpPut {
		return t.run.rowShard(t.rel, row)
	}
	image := make(Row, len(t.rel.Table.Columns))
	for i, k := range t.rel.Table.Key {
		image[k] = row[i]
	}
	return t.run.rowShard(t.rel, image)
}

func (t *target) stale(out *outcome, p *portion, reply *shard.WriteReply) error {
	if len(reply.Stale) == 0 {
		return nil
	}
	data := reply.Newest.Data
	columns := tableTypes(t.rel.Table)
	for _, k := range reply.Stale {
		packed, rest, err := nextRow(data)
		if err != nil {
			return err
		}
		data = rest
		out.stale[p.index[k]] = true
		if len(packed) == 0 {
			continue
		}
		image := make(Row, len(columns))
		if err := decode(image, columns, packed); err != nil {
			return err
		}
		out.newest[p.index[k]] = image
	}
	return nil
}

// insert puts rows under new keys.
func (t *target) insert(ctx context.Context, columns []columnType, images []Row, checks []shard.Check) error {
	if len(images) == 0 {
		return nil
	}
	at, err := t.run.writeSnapshot(ctx)
	if err != nil {
		return err
	}
	values := t.run.requestValues()
	parts := portions(columns, images, func(row Row) shard.ID { return t.run.rowShard(t.rel, row) })
	requests := make([]*shard.WriteRequest, len(parts))
	for i, p := range parts {
		requests[i] = t.run.request(shard.OpInsert, t.rel.Table, p.id, at, &values)
		requests[i].Rows, requests[i].Checks = &p.batch, checks
	}
	_, err = t.run.write(ctx, t.node, t.rel.Home, requests)
	return err
}

// requalify runs the source again with the target's rows replaced by one
// image; nil images have no rows.
func (t *target) requalify(ctx context.Context, image Row) ([]Row, error) {
	if image == nil {
		return nil, nil
	}
	before := t.run.replaced
	defer func() { t.run.replaced = before }()
	t.run.replaced = map[*plan.Gather][]Row{t.found: {image}}
	defer t.run.endSubqueries(len(t.run.subqueries))
	op, err := t.run.build(t.source)
	if err != nil {
		return nil, err
	}
	var out []Row
	err = drain(ctx, op, func(rows []Row) error {
		out = append(out, rows...)
		return nil
	})
	return out, err
}

// onceWrite is a write that the shards do alone.
type onceWrite struct {
	run    *run
	node   plan.Node
	rel    *plan.Relation
	trip   *plan.OneTrip
	router router
	back   []expr.Expr
	types  []columnType // of back
}

func newOnceWrite(r *run, n plan.Node, rel *plan.Relation, trip *plan.OneTrip) (*onceWrite, error) {
	o := &onceWrite{run: r, node: n, rel: rel, trip: trip}
	var err error
	if o.router, err = r.router(n, rel.Home, trip.Route); err != nil {
		return nil, err
	}
	if len(trip.Back) == 0 {
		return o, nil
	}
	v, err := r.st.Memo.Derive(scopeKey{n, "back"}, func() (any, error) {
		var list []expr.Expr
		for _, p := range trip.Back {
			c := &rel.Table.Columns[p]
			list = append(list, expr.NewColumn(expr.ColumnID(p), c.Name, c.Type, c.Typmod))
		}
		return list, nil
	})
	if err != nil {
		return nil, err
	}
	o.back = v.([]expr.Expr)
	o.types = exprTypes(o.back)
	return o, nil
}

func (o *onceWrite) open(ctx context.Context) error { return o.run.prepare(ctx, o.trip.Inits) }

// write runs the trip; give gets the columns that come back for each row, which
// is used again for the next.
func (o *onceWrite) write(ctx context.Context, op shard.WriteOp, checks []shard.Check, give func(Row) error) error {
	var space [4]shard.ID
	ids, err := o.router.shards(space[:0])
	if err != nil || len(ids) == 0 {
		return err
	}
	at, err := o.run.snapshot(ctx, len(ids))
	if err != nil {
		return err
	}
	values := o.run.requestValues()
	requests := make([]*shard.WriteRequest, len(ids))
	for i, id := range ids {
		q := o.run.request(op, o.rel.Table, id, at, &values)
		q.Find, q.Set, q.Checks, q.Returning = o.trip.Find, o.trip.Set, checks, o.back
		q.Lock.Strength = o.trip.Lock
		requests[i] = q
	}
	replies, err := o.run.write(ctx, o.node, o.rel.Home, requests)
	if err != nil {
		return err
	}
	for i, reply := range replies {
		o.run.affected += reply.Count
		if err := o.given(reply, give); err != nil {
			return err
		}
		replies[i] = nil // what it holds has been given, and may be much
	}
	return nil
}

func (o *onceWrite) given(reply *shard.WriteReply, give func(Row) error) error {
	if o.trip.Back == nil {
		return nil
	}
	if len(o.types) == 0 { // RETURNING without columns of the row
		for range reply.Count {
			if err := give(nil); err != nil {
				return err
			}
		}
		return nil
	}
	if reply.Returning == nil {
		return nil
	}
	return eachRow(o.types, reply.Returning, give)
}
