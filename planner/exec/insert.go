package exec

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
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
	if n.Returning != nil && n.Conflict != nil && n.Conflict.Update {
		if o.back, err = r.wholeRow(n, n.Relation.Table); err != nil {
			return nil, err
		}
	}
	if n.OnConflict != nil && n.Conflict == nil {
		if o.conflict, err = newConflictRun(o); err != nil {
			return nil, err
		}
	}
	return o, o.returns(n.Returning, newColumns(n.Table, n.New))
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

func (o *insert) insertAll(ctx context.Context) error {
	for {
		rows, err := o.source.next(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := chunks(rows, func(rows []Row) error { return o.insertRows(ctx, rows) }); err != nil {
			return err
		}
	}
}

func (o *insert) insertRows(ctx context.Context, rows []Row) error {
	images := make([]Row, len(rows))
	for i, row := range rows {
		images[i] = make(Row, len(o.image.evals))
		if err := o.image.row(images[i], 0, len(images[i]), row); err != nil {
			return err
		}
		if o.rowID >= 0 && images[i][o.rowID].IsNull() {
			id, err := o.ids.next(ctx, o.run)
			if err != nil {
				return err
			}
			images[i][o.rowID] = id
		}
	}
	if o.conflict != nil {
		return o.conflict.insert(ctx, images)
	}
	written, err := o.put(ctx, images, o.node.Conflict)
	if err != nil {
		return err
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

// rowIDs hands out row ids: those of one drawn timestamp after the other, so
// that they are unique for ever and rise, which is how a table is loaded fastest.
type rowIDs struct{ at, end int64 }

func (ids *rowIDs) next(ctx context.Context, r *run) (types.Datum, error) {
	if ids.at == ids.end {
		t, err := r.env.Draw(ctx)
		if err != nil {
			return types.Null, err
		}
		ids.at, ids.end = int64(t), int64(t+txn.TimestampStep)
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
	return written, o.run.addEntriesOf(ctx, o.node, o.rel, o.rel.Global, written)
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
		return nil, err
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
