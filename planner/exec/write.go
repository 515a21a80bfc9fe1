package exec

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// writing is what INSERT, UPDATE and DELETE share: the whole statement runs at
// the first next, and RETURNING's rows are kept until they are asked for.
type writing struct {
	run       *run
	node      plan.Node
	returning *scope // nil: none
	width     int
	// views are the CHECK OPTIONs of views over written rows of table; nil: none.
	views      *scope
	viewChecks []plan.ViewCheck
	table      *shard.Table
	out        *store
	reader     *storeReader
	execute    func(ctx context.Context) error
}

func (o *writing) next(ctx context.Context) ([]Row, error) {
	if o.reader == nil {
		if o.returning != nil {
			if err := o.returning.begin(ctx); err != nil {
				return nil, err
			}
		}
		if o.views != nil {
			if err := o.views.begin(ctx); err != nil {
				return nil, err
			}
		}
		if err := o.execute(ctx); err != nil {
			return nil, err
		}
		o.reader = o.out.reader()
	}
	return o.reader.next()
}

func (o *writing) close() error {
	o.reader = nil
	return o.out.close()
}

// returns prepares RETURNING over rows of cols.
func (o *writing) returns(list []expr.Expr, cols []plan.Column) (err error) {
	o.out = newStore(o.run, exprTypes(list))
	if list != nil {
		o.width = len(list)
		o.returning, err = o.run.scopeOf(o.node, "returning", cols, list...)
	}
	return err
}

// checks prepares the CHECK OPTIONs of views, over rows of a table.
func (o *writing) checks(list []plan.ViewCheck, t *shard.Table, cols []plan.Column) (err error) {
	if len(list) == 0 {
		return nil
	}
	conds := make([]expr.Expr, len(list))
	for i := range list {
		conds[i] = list[i].Cond
	}
	o.viewChecks, o.table = list, t
	o.views, err = o.run.scopeOf(o.node, "views", cols, conds...)
	return err
}

// gives reports whether somebody wants to see the rows that are written.
func (o *writing) gives() bool { return o.returning != nil || o.views != nil }

// meets refuses a written row, its image first, that the views it was written
// through do not show.
func (o *writing) meets(row Row) error {
	for i, c := range o.viewChecks {
		holds, err := o.views.holds(i, row)
		if err != nil {
			return err
		}
		if !holds {
			return shard.ViewViolation(o.table, c.View, row[:len(o.table.Columns)], o.run.env.Types)
		}
	}
	return nil
}

// give takes a row that was written: it has to meet the views' checks, and is
// what RETURNING answers about.
func (o *writing) give(row Row) error {
	if err := o.meets(row); err != nil {
		return err
	}
	if o.returning == nil {
		return nil
	}
	out := make(Row, o.width)
	if err := o.returning.row(out, 0, o.width, row); err != nil {
		return err
	}
	return o.out.add(out)
}

// newColumns are a table's columns under the given IDs, by position.
func newColumns(t *catalog.Table, ids []expr.ColumnID) []plan.Column {
	out := make([]plan.Column, len(ids))
	for i, id := range ids {
		c := &t.Columns[i]
		out[i] = plan.Column{ID: id, Name: c.Name, Type: c.Type, Typmod: c.Typmod}
	}
	return out
}

// portion is what goes to one shard of a list of rows.
type portion struct {
	id    shard.ID
	batch shard.Batch
	index []int // in the list
}

// portions parts rows by shard, in shard order. Rows keep their order.
func portions(columns []columnType, rows []Row, shardOf func(Row) shard.ID) []*portion {
	return portionsBy(columns, rows, func(i int) shard.ID { return shardOf(rows[i]) })
}

// portionsBy is portions by the rows' numbers.
func portionsBy(columns []columnType, rows []Row, shardOf func(i int) shard.ID) []*portion {
	var out []*portion
	at := map[shard.ID]*portion{}
	for i, row := range rows {
		id := shardOf(i)
		p := at[id]
		if p == nil {
			p = &portion{id: id}
			at[id] = p
			out = append(out, p)
		}
		appendRow(&p.batch, columns, row)
		p.index = append(p.index, i)
	}
	slices.SortFunc(out, func(a, b *portion) int { return int(a.id) - int(b.id) })
	return out
}

// request is a write's for one shard, without what it writes.
func (r *run) request(op shard.WriteOp, t *shard.Table, id shard.ID, at txn.Timestamp, values *shard.Values) *shard.WriteRequest {
	return &shard.WriteRequest{
		Header: r.header(id, at), Values: *values, Op: op, Table: t,
		Lock: shard.RowLock{Strength: shard.LockUpdate, TimeoutMS: r.env.LockTimeoutMS},
	}
}

// write sends requests to their shards: all at once, or, where rows that are
// there already must be waited for with locks in hand, in order (rule 29). After
// an error some of them may have been done: the session takes the statement back.
func (r *run) write(ctx context.Context, n plan.Node, home catalog.Home, requests []*shard.WriteRequest) ([]*shard.WriteReply, error) {
	first := !r.wrote && !r.inner && !r.locked.Load()
	r.wrote = true
	replies := make([]*shard.WriteReply, len(requests))
	if len(requests) == 1 {
		if q := requests[0]; q.Rows != nil && q.Rows.Count > 1 && q.Op != shard.OpInsert {
			waitInOrder(q)
		}
		var err error
		replies[0], err = r.writeOne(ctx, n, home, requests[0])
		return replies, atRequest(err, 0)
	}
	if first && r.env.TakeBack != nil {
		return replies, r.writeFirst(ctx, n, home, requests, replies)
	}
	if requests[0].Op != shard.OpInsert {
		return replies, r.writeInOrder(ctx, n, home, requests, replies)
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, request := range requests {
		group.Go(func() (err error) {
			replies[i], err = r.writeOne(ctx, n, home, request)
			return atRequest(err, i)
		})
	}
	return replies, group.Wait()
}

// failedRequest says which of the requests that were sent together an error
// about one of its rows comes from.
type failedRequest struct {
	error
	request int
}

// Unwrap returns the shard's error.
func (e *failedRequest) Unwrap() error { return e.error }

func atRequest(err error, request int) error {
	var e *pgerr.E
	if errors.As(err, &e) && e.Row > 0 {
		return &failedRequest{e, request}
	}
	return err
}

func (r *run) writeOne(ctx context.Context, n plan.Node, home catalog.Home, request *shard.WriteRequest) (*shard.WriteReply, error) {
	r.sends(n, home, request.Shard, request.Rows)
	reply, err := r.env.Cluster.Service(home, request.Shard).Write(ctx, request)
	if err != nil {
		r.lost(request.Shard, err)
		return nil, err
	}
	r.env.Txn.Touched(uint32(request.Shard), reply.Incarnation)
	r.gets(n, reply.Returning)
	r.gets(n, reply.Newest)
	return reply, nil
}

// lost notes that a shard may have written or locked although there is only an
// error for an answer: rollback has to reach it. Other errors than these say
// that nothing was done.
func (r *run) lost(id shard.ID, err error) {
	if _, refused := shard.IsRefusal(err); refused {
		return
	}
	switch pgerr.From(err).Code[:2] {
	case "08", "57", "58", "XX":
		r.env.Txn.Touched(uint32(id), 0)
	}
}

// writeSnapshot is what a write that finds its rows elsewhere than at a
// snapshot carries: the transaction's own above READ COMMITTED, so that what
// it cannot see is 40001; else none.
func (r *run) writeSnapshot(ctx context.Context) (txn.Timestamp, error) {
	if r.env.Txn.Isolation() == txn.ReadCommitted {
		return 0, nil
	}
	return r.env.Snapshots.Snapshot(ctx)
}

// rowsAt is how many rows a write sends at once.
const rowsAt = 4096
