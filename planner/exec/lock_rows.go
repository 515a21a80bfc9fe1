package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// lockRows locks rows by key after they have been read (SELECT … FOR UPDATE
// over a join, or with a LIMIT over several shards). A row that has changed
// since is looked at again, as an UPDATE does.
type lockRows struct {
	run     *run
	node    *plan.LockRows
	input   operator
	targets []*target
	// wanted is how many more rows are taken of a lazy node; pending are rows
	// that have been read but not tried. held are those that are locked: the first is given
	// when all are, since a row that has moved makes the statement begin again.
	wanted  int64
	bounded bool // it is known
	pending []Row
	held    *store
	holding *storeReader
	// locked are the rows of another node when they are more than go at once: all
	// are locked before the first is given. taken: the input has been read.
	locked *rowSorter
	taken  bool
}

func newLockRows(r *run, n *plan.LockRows) (operator, error) {
	o := &lockRows{run: r, node: n, wanted: 1}
	var err error
	if o.input, err = r.build(n.Input); err != nil {
		return nil, err
	}
	for _, m := range n.Marks {
		t, err := newTarget(r, n, m.Relation, m.Target, m.Found, n.Input)
		if err != nil {
			return nil, err
		}
		o.targets = append(o.targets, t)
	}
	return o, nil
}

func (o *lockRows) open(ctx context.Context) error {
	o.run.mustDraw = true
	o.forget()
	return o.input.open(ctx)
}

func (o *lockRows) forget() {
	if o.locked != nil {
		o.locked.close()
	}
	if o.held != nil {
		o.held.close()
	}
	o.pending, o.locked, o.taken, o.held, o.holding = nil, nil, false, nil, nil
}

// wants says how many rows will be taken at most: none beyond them is locked.
func (o *lockRows) wants(rows int64) { o.wanted, o.bounded = rows, true }

func (o *lockRows) next(ctx context.Context) ([]Row, error) {
	if !o.bounded {
		return o.some(ctx)
	}
	if o.held == nil {
		if err := o.hold(ctx); err != nil {
			return nil, err
		}
	}
	return o.holding.next()
}

// hold locks all rows that will be taken.
func (o *lockRows) hold(ctx context.Context) error {
	o.held = newStore(o.run, typesOf(o.node.Columns()))
	o.holding = o.held.reader()
	for o.wanted > 0 {
		rows, err := o.some(ctx)
		if err == nil {
			err = o.held.add(rows...)
		}
		if err != nil || len(rows) == 0 {
			return err
		}
		o.wanted -= int64(len(rows))
	}
	return nil
}

// some are the next rows that are locked.
func (o *lockRows) some(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.candidates(ctx)
		if o.locked != nil && err == nil {
			return o.given()
		}
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		at, err := o.run.env.Snapshots.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		rows = slices.Clone(rows)
		for i, t := range o.targets {
			if rows, err = o.lock(ctx, t, &o.node.Marks[i].Lock, rows, at); err != nil {
				return nil, err
			}
		}
		if len(rows) > 0 {
			return rows, nil
		}
	}
}

// candidates are the next rows to try: of a lazy node no more than are wanted,
// so that each of them is one that PostgreSQL would lock too.
func (o *lockRows) candidates(ctx context.Context) ([]Row, error) {
	if !o.node.Lazy {
		return o.all(ctx)
	}
	if len(o.pending) == 0 {
		rows, err := o.input.next(ctx)
		if err != nil {
			return nil, err
		}
		o.pending = slices.Clone(rows)
	}
	n := min(int64(len(o.pending)), max(1, min(o.wanted, rowsAt)))
	rows := o.pending[:n]
	o.pending = o.pending[n:]
	return rows, nil
}

// lock locks one table's rows. It returns those that are still there.
func (o *lockRows) lock(ctx context.Context, t *target, lock *shard.RowLock, rows []Row, at txn.Timestamp) ([]Row, error) {
	var keys []Row
	var index []int
	for i, row := range rows {
		if image := t.image(row); image != nil {
			keys, index = append(keys, t.key(image)), append(index, i)
		}
	}
	if len(keys) == 0 {
		return rows, nil
	}
	parts := portions(t.keyTypes, keys, func(key Row) shard.ID { return t.shardOf(shard.OpLock, key) })
	values := o.run.requestValues()
	requests := make([]*shard.WriteRequest, len(parts))
	for i, p := range parts {
		q := o.run.request(shard.OpLock, t.rel.Table, p.id, at, &values)
		q.Rows, q.Lock, q.Seen = &p.batch, *o.run.rowLock(lock), anyVersion(len(p.index))
		for k := range q.Seen {
			q.Seen[k] = at
		}
		requests[i] = q
	}
	replies, err := o.run.write(ctx, o.node, t.rel.Home, requests)
	if err != nil {
		return nil, err
	}
	gone := map[int]bool{}
	for i, reply := range replies {
		for _, k := range reply.Skipped {
			gone[index[parts[i].index[k]]] = true
		}
		stale := &outcome{stale: map[int]bool{}, newest: map[int]Row{}}
		if err := t.stale(stale, parts[i], reply); err != nil {
			return nil, err
		}
		for k := range stale.stale {
			again, err := t.requalify(ctx, stale.newest[k])
			if err != nil {
				return nil, err
			}
			switch {
			case o.run.env.Txn.Isolation() != txn.ReadCommitted: // it is FOR KEY SHARE: the row stays as the snapshot shows it
				if len(again) == 0 {
					return nil, shard.ConcurrentUpdate()
				}
			case len(again) == 0:
				gone[index[k]] = true
			default:
				n := len(again[0])
				rows[index[k]] = append(again[0][:n:n], rows[index[k]][n:]...)
			}
		}
	}
	out := rows[:0]
	for i, row := range rows {
		if !gone[i] {
			out = append(out, row)
		}
	}
	return out, nil
}

func (o *lockRows) close() error {
	o.forget()
	return o.input.close()
}
