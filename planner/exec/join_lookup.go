package exec

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// lookupJoin turns batches of left rows into keys, and asks the right side's
// shards for the rows with these.
type lookupJoin struct {
	run     *run
	node    *plan.Join
	gather  *plan.Gather
	left    operator
	keys    *scope
	pairing *pairing
	router  router
	types   []columnType // of the keys
	columns []columnType // of the rows that travel, the tuple's number in front
	recheck *recheck     // stands for the shards, see gather
}

// lookupRows is how many left rows are looked up in one round.
const lookupRows = 512

func newLookupJoin(r *run, n *plan.Join) (operator, error) {
	g, ok := n.Right.(*plan.Gather)
	if !ok {
		return nil, pgerr.Internal("right side of a lookup join is %T", n.Right)
	}
	var err error
	o := &lookupJoin{run: r, node: n, gather: g, types: exprTypes(n.HashLeft)}
	o.columns = append([]columnType{{types.TInt8, -1}}, typesOf(g.Cols)...)
	if o.left, err = r.build(n.Left); err != nil {
		return nil, err
	}
	if o.keys, err = r.scopeOf(n, "left", n.Left.Columns(), n.HashLeft...); err != nil {
		return nil, err
	}
	if rows, ok := r.replaced[g]; ok {
		if o.recheck, err = newRecheck(r, g, rows); err != nil {
			return nil, err
		}
	} else if o.router, err = r.router(g, g.Table.Home, g.Route); err != nil {
		return nil, err
	}
	if o.router.keys != nil {
		// Routing sees one key after the other; requests that are under way
		// must not see it change their parameters.
		own := *r.ctx
		own.Params = slices.Clone(own.Params)
		o.router.ctx = &own
	}
	o.pairing, err = newPairing(r, n, n.Rest)
	return o, err
}

func (o *lookupJoin) open(ctx context.Context) error {
	if err := o.keys.begin(ctx); err != nil {
		return err
	}
	if err := o.pairing.begin(ctx); err != nil {
		return err
	}
	if err := o.run.prepare(ctx, o.gather.Inits); err != nil {
		return err
	}
	if o.router.ctx != nil {
		copy(o.router.ctx.Params, o.run.params)
	}
	return o.left.open(ctx)
}

func (o *lookupJoin) next(ctx context.Context) ([]Row, error) {
	for {
		rows, err := o.left.next(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		for len(rows) > 0 {
			n := min(len(rows), lookupRows)
			if err := o.round(ctx, rows[:n]); err != nil {
				return nil, err
			}
			rows = rows[n:]
		}
		if out := o.pairing.take(); len(out) > 0 {
			return out, nil
		}
	}
}

// round joins some left rows.
func (o *lookupJoin) round(ctx context.Context, left []Row) error {
	found, err := o.find(ctx, left)
	if err != nil {
		return err
	}
	for i, row := range left {
		any := false
		for _, right := range found[i] {
			ok, enough, err := o.pairing.try(row, right)
			if err != nil {
				return err
			}
			any = any || ok
			if enough {
				break
			}
		}
		if !any {
			o.pairing.unmatched(row)
		}
	}
	return nil
}

// asked is what one shard is asked for: tuples, and whose rows they are.
type asked struct {
	id   shard.ID
	keys shard.Batch
	from []int
	rows []Row
}

// find returns, for each left row, the right rows with its key.
func (o *lookupJoin) find(ctx context.Context, left []Row) ([][]Row, error) {
	found := make([][]Row, len(left))
	if o.recheck != nil {
		return found, o.recheck.lookup(ctx, o, left, found)
	}
	requests := map[shard.ID]*asked{}
	var order []*asked
	for i, row := range left {
		key, ok, err := keysOf(o.keys, row)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		ids, err := o.shards(key)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			a := requests[id]
			if a == nil {
				a = &asked{id: id}
				requests[id] = a
				order = append(order, a)
			}
			appendRow(&a.keys, o.types, key)
			a.from = append(a.from, i)
		}
	}
	if err := o.ask(ctx, order); err != nil {
		return nil, err
	}
	for _, a := range order {
		for _, row := range a.rows {
			n := row[0].Int()
			if n < 0 || n >= int64(len(a.from)) {
				return nil, errPacked()
			}
			found[a.from[n]] = append(found[a.from[n]], row[1:])
		}
	}
	return found, nil
}

// shards are where rows with a key can be.
func (o *lookupJoin) shards(key Row) ([]shard.ID, error) {
	if o.router.ctx != nil {
		copy(o.router.ctx.Params[o.gather.Fragment.KeyParam:], key)
	}
	return o.router.shards(nil)
}

// ask asks all shards at once.
func (o *lookupJoin) ask(ctx context.Context, list []*asked) error {
	if len(list) == 0 {
		return nil
	}
	o.run.mustDraw = true
	at, err := o.run.snapshot(ctx, len(list))
	if err != nil {
		return err
	}
	values := o.run.requestValues()
	group, ctx := errgroup.WithContext(ctx)
	for _, a := range list {
		request := &shard.ReadRequest{
			Header: o.run.header(a.id, at), Values: values,
			Fragment: o.gather.Fragment, Keys: &a.keys, Lock: o.run.rowLock(o.gather.Lock),
		}
		group.Go(func() error { return o.read(ctx, a, request) })
	}
	return group.Wait()
}

func (o *lookupJoin) read(ctx context.Context, a *asked, request *shard.ReadRequest) (err error) {
	rows, err := o.run.env.Cluster.Service(o.gather.Table.Home, a.id).Read(ctx, request)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	o.run.enlist(request, rows)
	m := plan.Measured{Shards: 1, Trips: 1}
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		b = &shard.Batch{Count: b.Count, Data: slices.Clone(b.Data)}
		decoded, err := decodeBatch(o.columns, b)
		if err != nil {
			return err
		}
		a.rows = append(a.rows, decoded...)
		m.Shipped += int64(b.Count)
		m.Bytes += int64(len(b.Data))
	}
	o.run.env.Analyze.Add(o.gather, m)
	return nil
}

func (o *lookupJoin) close() error { return o.left.close() }
