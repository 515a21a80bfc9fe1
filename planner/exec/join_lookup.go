package exec

import (
	"context"
	"slices"
	"sync"

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

	more []Row // left rows for later rounds
	// round are the left rows of the round, at the one that is joined now, found
	// the right rows, by left row, of which head is the first not taken yet.
	round   []Row
	at      int
	found   *rowSorter
	head    Row
	matched bool       // the left row has found one
	mu      sync.Mutex // protects found while the shards answer
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
	o.found = newRowSorter(r, append(o.columns[:len(o.columns):len(o.columns)], columnType{types.TInt8, -1}),
		[]order{rising(0, types.TInt8), rising(len(o.columns), types.TInt8)})
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
		o.router.ctx = r.ownContext()
		o.router.ctx.Params = slices.Clone(o.router.ctx.Params)
	}
	o.pairing, err = newPairing(r, n, n.Rest)
	return o, err
}

func (o *lookupJoin) open(ctx context.Context) error {
	o.clear()
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
	for len(o.pairing.out) < batchRows {
		var err error
		switch {
		case o.at < len(o.round):
			err = o.advance()
		case len(o.pairing.out) > 0:
			return o.pairing.take(), nil // before more is asked for
		case len(o.more) > 0:
			n := min(len(o.more), lookupRows)
			o.round, o.more, o.at = o.more[:n], o.more[n:], 0
			err = o.find(ctx)
		default:
			if o.more, err = o.left.next(ctx); err == nil && len(o.more) == 0 {
				return nil, nil
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return o.pairing.take(), nil
}

// advance joins the present left row with the next of its right rows.
func (o *lookupJoin) advance() (err error) {
	if o.head == nil {
		if o.head, err = o.found.next(); err != nil {
			return err
		}
	}
	left := o.round[o.at]
	if o.head != nil && o.head[0].Int() == int64(o.at) {
		n := len(o.columns)
		found, enough, err := o.pairing.try(left, o.head[1:n:n])
		if err != nil {
			return err
		}
		o.head, o.matched = nil, o.matched || found
		if !enough {
			return nil
		}
		if err := o.skip(); err != nil {
			return err
		}
	}
	if !o.matched {
		o.pairing.unmatched(left)
	}
	o.at, o.matched = o.at+1, false
	return nil
}

// skip passes the right rows that the present left row does not need.
func (o *lookupJoin) skip() (err error) {
	for err == nil && (o.head == nil || o.head[0].Int() == int64(o.at)) {
		if o.head, err = o.found.next(); o.head == nil {
			return err
		}
	}
	return err
}

// clear forgets the round.
func (o *lookupJoin) clear() {
	o.found.close()
	o.round, o.more, o.at, o.head, o.matched = nil, nil, 0, nil, false
}

// asked is what one shard is asked for: tuples, and whose rows they are.
type asked struct {
	id    shard.ID
	order int // among those that are asked
	keys  shard.Batch
	from  []int
}

// find gets the right rows with the keys of the round's left rows.
func (o *lookupJoin) find(ctx context.Context) error {
	o.found.close()
	o.head, o.matched = nil, false
	if o.recheck != nil {
		return o.recheck.lookup(ctx, o)
	}
	requests := map[shard.ID]*asked{}
	var order []*asked
	for i, row := range o.round {
		key, ok, err := keysOf(o.keys, row)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		ids, err := o.shards(key)
		if err != nil {
			return err
		}
		for _, id := range ids {
			a := requests[id]
			if a == nil {
				a = &asked{id: id, order: len(order)}
				requests[id] = a
				order = append(order, a)
			}
			appendRow(&a.keys, o.types, key)
			a.from = append(a.from, i)
		}
	}
	return o.ask(ctx, order)
}

// keep takes right rows, tuples' numbers in front, that a shard has found.
func (o *lookupJoin) keep(a *asked, rows []Row) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, row := range rows {
		n := row[0].Int()
		if n < 0 || n >= int64(len(a.from)) {
			return errPacked()
		}
		wide := make(Row, len(row)+1)
		copy(wide, row)
		wide[0], wide[len(row)] = types.Int(int64(a.from[n])), types.Int(int64(a.order))
		if err := o.found.add(wide); err != nil {
			return err
		}
	}
	return nil
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
	rows, err := o.run.read(ctx, o.gather, o.gather.Table.Home, request)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for {
		b, err := rows.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		decoded, err := decodeBatch(o.columns, b)
		if err != nil {
			return err
		}
		if err := o.keep(a, decoded); err != nil {
			return err
		}
		o.run.gets(o.gather, b)
	}
	return nil
}

func (o *lookupJoin) close() error {
	o.clear()
	return o.left.close()
}
