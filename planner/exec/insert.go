package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// insert is the Insert node.
type insert struct {
	writing
	node    *plan.Insert
	rel     *plan.Relation
	source  operator
	image   *scope
	columns []columnType
	// back asks the shards for whole rows: only they know what DO UPDATE made.
	back []expr.Expr
	// rowID is the position of the hidden key, -1 without one; ids makes its values.
	rowID    int
	ids      rowIDs
	conflict *conflictRun // ON CONFLICT that the coordinator runs
}

func newInsert(r *run, n *plan.Insert) (operator, error) {
	o := &insert{node: n, rel: n.Relation, columns: tableTypes(n.Relation.Table), rowID: hiddenKey(n.Relation.Table)}
	o.writing = writing{run: r, node: n}
	o.writing.execute = o.insertAll
	var err error
	if o.source, err = r.build(n.Source); err != nil {
		return nil, err
	}
	if o.image, err = r.scopeOf(n, "image", n.Source.Columns(), n.Image...); err != nil {
		return nil, err
	}
	if n.Conflict != nil && n.Conflict.Update && (n.Returning != nil || len(n.ViewChecks) > 0 || len(n.Relation.Refers) > 0) {
		if o.back, err = r.wholeRow(n, n.Relation.Table); err != nil {
			return nil, err
		}
	}
	if n.OnConflict != nil && n.Conflict == nil {
		if o.conflict, err = newConflictRun(o); err != nil {
			return nil, err
		}
	}
	written := newColumns(n.Table, n.New)
	if err := o.checks(n.ViewChecks, n.Relation.Table, written); err != nil {
		return nil, err
	}
	return o, o.returns(n.Returning, written)
}

// wholeRow are a table's columns by position, one list per plan: shards know
// compiled expressions by it.
func (r *run) wholeRow(n plan.Node, t *shard.Table) ([]expr.Expr, error) {
	v, err := r.st.Memo.Derive(scopeKey{n, "whole"}, func() (any, error) {
		list := make([]expr.Expr, len(t.Columns))
		for i := range t.Columns {
			c := &t.Columns[i]
			list[i] = expr.NewColumn(expr.ColumnID(i), c.Name, c.Type, c.Typmod)
		}
		return list, nil
	})
	if err != nil {
		return nil, err
	}
	return v.([]expr.Expr), nil
}

func (o *insert) open(ctx context.Context) error {
	if err := o.run.prepare(ctx, o.node.Inits); err != nil {
		return err
	}
	if err := o.image.begin(ctx); err != nil {
		return err
	}
	return o.source.open(ctx)
}

// insertAll inserts the source's rows. They go to the shards many at a time,
// which a shard can put straight into its file (rule 23). What came before an
// error of the source is inserted first, as it may have an error of its own.
func (o *insert) insertAll(ctx context.Context) error {
	most := loadRows * len(o.run.env.Cluster.Shards(o.rel.Home))
	var ahead behind
	defer ahead.join()
	for {
		rows, ended, err := gatherRows(ctx, o.source, most)
		if len(rows) > 0 && ctx.Err() == nil {
			if e := o.insertRows(ctx, rows, &ahead); e != nil {
				return e
			}
		}
		if e := ctx.Err(); e != nil {
			return e
		}
		if err != nil || ended {
			return firstError(ahead.join(), err)
		}
	}
}

// behind is a write that goes on while the next rows are read from the client.
type behind struct {
	done chan struct{} // nil: there is none
	err  error         // after done
}

// start lets write go on when the one before has ended well.
func (b *behind) start(write func() error) error {
	if err := b.join(); err != nil {
		return err
	}
	b.done = make(chan struct{})
	go func() {
		defer close(b.done)
		b.err = write()
	}()
	return nil
}

// join waits for the write.
func (b *behind) join() error {
	if b.done != nil {
		<-b.done
		b.done = nil
	}
	return b.err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// fedBy is what the caller says of an error about a row that it has fed.
func (o *insert) fedBy(err error, rows []Row) error {
	var e *pgerr.E
	if o.run.env.FeedError == nil || !errors.As(err, &e) || e.Row == 0 {
		return err
	}
	return o.run.env.FeedError(err, rows[e.Row-1])
}

// loadRows is how many rows of an INSERT go to a shard at a time, on average.
const loadRows = 2048

// gatherBytes bounds the memory of the rows that are gathered, about.
const gatherBytes = 8 << 20

// gatherRows takes rows from an operator until there are enough of them.
func gatherRows(ctx context.Context, source operator, most int) (rows []Row, ended bool, err error) {
	var bytes int64
	for len(rows) < most && bytes < gatherBytes {
		more, err := source.next(ctx)
		if err != nil || len(more) == 0 {
			return rows, true, err
		}
		for _, row := range more {
			bytes += rowBytes(row)
		}
		rows = append(rows, more...)
	}
	return rows, false, nil
}

// insertRows inserts a list of rows; those of a feed without waiting for the end.
func (o *insert) insertRows(ctx context.Context, rows []Row, ahead *behind) error {
	images, err := o.images(ctx, rows)
	if err != nil {
		return firstError(ahead.join(), o.fedBy(err, rows))
	}
	if o.conflict != nil {
		return o.conflict.insert(ctx, images)
	}
	if isFeed(o.node.Source) && !o.gives() {
		return ahead.start(func() error {
			_, err := o.put(ctx, images, o.node.Conflict)
			return o.fedBy(err, rows)
		})
	}
	written, err := o.put(ctx, images, o.node.Conflict)
	if err != nil {
		return o.fedBy(err, rows)
	}
	for _, row := range written {
		if row == nil {
			continue
		}
		if err := o.give(row); err != nil {
			return err
		}
	}
	return nil
}

// images are the new rows, defaults and row ids filled in.
func (o *insert) images(ctx context.Context, rows []Row) ([]Row, error) {
	images := make([]Row, len(rows))
	width := len(o.image.evals)
	slab := make(Row, len(rows)*width)
	for i, row := range rows {
		images[i], slab = slab[:width:width], slab[width:]
		if err := o.image.row(images[i], 0, width, row); err != nil {
			return nil, shard.AtRow(err, i)
		}
		if o.rowID >= 0 && images[i][o.rowID].IsNull() {
			id, err := o.ids.next(ctx, o.run, len(rows)-i)
			if err != nil {
				return nil, err
			}
			images[i][o.rowID] = id
		}
	}
	return images, nil
}

// hiddenKey is the position of the row id of a table without primary key; -1
// if it has one.
func hiddenKey(t *shard.Table) int {
	for _, k := range t.Key {
		if t.Columns[k].Hidden {
			return k
		}
	}
	return -1
}

// rowIDs are the ids that the statement has of its node's.
type rowIDs struct{ at, end int64 }

// next takes one; want is how many rows there are that have none.
func (ids *rowIDs) next(ctx context.Context, r *run, want int) (types.Datum, error) {
	if ids.at == ids.end {
		first, n, err := r.env.RowIDs.take(ctx, int64(want), r.env.Draw)
		if err != nil {
			return types.Null, err
		}
		ids.at, ids.end = first, first+n
	}
	ids.at++
	return types.Int(ids.at - 1), nil
}

// put inserts rows and their entries in unique indexes elsewhere. It returns
// them in order as they were written; nil for those that a conflict left out.
func (o *insert) put(ctx context.Context, images []Row, conflict *shard.OnConflict) ([]Row, error) {
	written, err := o.putRows(ctx, images, conflict)
	if err != nil {
		return nil, err
	}
	if err := o.run.addEntriesOf(ctx, o.node, o.rel, o.rel.Global, written); err != nil {
		return nil, err
	}
	return written, o.run.env.Keys.came(ctx, o.rel, written)
}

// putRows is put without the entries.
func (o *insert) putRows(ctx context.Context, images []Row, conflict *shard.OnConflict) ([]Row, error) {
	at, err := o.run.writeSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	values := o.run.requestValues()
	parts := portions(o.columns, images, func(row Row) shard.ID { return o.run.rowShard(o.rel, row) })
	requests := make([]*shard.WriteRequest, len(parts))
	for i, p := range parts {
		q := o.run.request(shard.OpInsert, o.rel.Table, p.id, at, &values)
		q.Rows, q.Checks, q.OnConflict, q.Returning = &p.batch, o.node.Checks, conflict, o.back
		requests[i] = q
	}
	replies, err := o.run.write(ctx, o.node, o.rel.Home, requests)
	if err != nil {
		return nil, rowIn(err, parts)
	}
	written := slices.Clone(images)
	for i, reply := range replies {
		o.run.affected += reply.Count
		if err := o.apply(written, parts[i], reply); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// rowIn makes the number of the row that a shard's error is about count in the
// list that was parted.
func rowIn(err error, parts []*portion) error {
	var e *failedRequest
	if !errors.As(err, &e) {
		return err
	}
	out := *pgerr.From(e.error)
	out.Row = parts[e.request].index[out.Row-1] + 1
	return &out
}

// apply notes what a shard answered.
func (o *insert) apply(written []Row, p *portion, reply *shard.WriteReply) error {
	for _, k := range reply.Skipped {
		written[p.index[k]] = nil
	}
	if o.back == nil {
		return nil
	}
	rows, err := decodeBatch(o.columns, reply.Returning)
	if err != nil {
		return err
	}
	for _, k := range p.index {
		if written[k] == nil {
			continue
		}
		if len(rows) == 0 {
			return errPacked()
		}
		written[k], rows = rows[0], rows[1:]
	}
	return nil
}

func (o *insert) close() error {
	err := o.source.close()
	if e := o.writing.close(); err == nil {
		err = e
	}
	return err
}
