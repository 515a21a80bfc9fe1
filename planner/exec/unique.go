package exec

import (
	"context"
	"errors"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// entry is a row's entry in a unique index that is a relation of its own: the
// indexed columns, then the row's key. nil: one of the indexed columns is NULL.
func entry(g *plan.GlobalIndex, image Row) Row {
	e := make(Row, 0, len(g.Columns)+len(g.Key))
	for _, p := range g.Columns {
		if image[p].IsNull() {
			return nil
		}
		e = append(e, image[p])
	}
	for _, p := range g.Key {
		e = append(e, image[p])
	}
	return e
}

// entryShard is the shard of an entry: that of the indexed columns' hash.
func (r *run) entryShard(rel *plan.Relation, g *plan.GlobalIndex, e Row) shard.ID {
	return r.shardOf(rel.Home, hashKey(len(g.Columns), func(i int) (*types.Type, types.Datum) {
		return g.Table.Columns[i].Type, e[i]
	}))
}

// addEntriesOf adds the entries of new rows (nil rows have none) in some of the
// table's unique indexes. A value that is taken is 23505.
func (r *run) addEntriesOf(ctx context.Context, n plan.Node, rel *plan.Relation, indexes []*plan.GlobalIndex, images []Row) error {
	for _, g := range indexes {
		var entries []Row
		var from []int
		for i, image := range images {
			if e := entryOf(g, image); e != nil {
				entries, from = append(entries, e), append(from, i)
			}
		}
		if _, err := r.putEntries(ctx, n, rel, g, entries, nil); err != nil {
			return ofImage(err, from)
		}
	}
	return nil
}

// ofImage makes the number of the entry that an error is about the number of
// its image.
func ofImage(err error, from []int) error {
	var e *pgerr.E
	if !errors.As(err, &e) || e.Row == 0 {
		return err
	}
	out := *e
	out.Row = from[e.Row-1] + 1
	return &out
}

// putEntries inserts entries. With a conflict clause (DO NOTHING), skipped has
// the numbers of those whose value is taken.
func (r *run) putEntries(ctx context.Context, n plan.Node, rel *plan.Relation, g *plan.GlobalIndex, entries []Row, oc *shard.OnConflict) (skipped []int, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	at, err := r.writeSnapshot(ctx)
	if err != nil {
		return nil, err
	}
	values := r.requestValues()
	parts := portions(tableTypes(g.Table), entries, func(e Row) shard.ID { return r.entryShard(rel, g, e) })
	requests := make([]*shard.WriteRequest, len(parts))
	for i, p := range parts {
		requests[i] = r.request(shard.OpInsert, g.Table, p.id, at, &values)
		requests[i].Rows, requests[i].OnConflict = &p.batch, oc
	}
	replies, err := r.write(ctx, n, rel.Home, requests)
	if err != nil {
		return nil, asTableError(rowIn(err, parts), rel, g)
	}
	for i, reply := range replies {
		for _, k := range reply.Skipped {
			skipped = append(skipped, parts[i].index[k])
		}
	}
	return skipped, nil
}

// asTableError makes an index relation's 23505 one of the table it belongs to.
func asTableError(err error, rel *plan.Relation, g *plan.GlobalIndex) error {
	var e *pgerr.E
	if !errors.As(err, &e) || e.Code != pgerr.UniqueViolation {
		return err
	}
	out := *e
	out.Schema, out.Table, out.Constraint = rel.Table.Schema, rel.Table.Name, g.Name
	return &out
}

// removeEntries takes out the entries of rows that go or change.
func (r *run) removeEntries(ctx context.Context, n plan.Node, rel *plan.Relation, g *plan.GlobalIndex, entries []Row) error {
	if len(entries) == 0 {
		return nil
	}
	at, err := r.writeSnapshot(ctx)
	if err != nil {
		return err
	}
	values := r.requestValues()
	keys := tableTypes(g.Table)[:len(g.Columns)]
	narrow := make([]Row, len(entries))
	for i, e := range entries {
		narrow[i] = e[:len(g.Columns)]
	}
	parts := portions(keys, narrow, func(e Row) shard.ID { return r.entryShard(rel, g, e) })
	requests := make([]*shard.WriteRequest, len(parts))
	for i, p := range parts {
		requests[i] = r.request(shard.OpRemove, g.Table, p.id, at, &values)
		requests[i].Rows, requests[i].Seen = &p.batch, anyVersion(len(p.index))
	}
	_, err = r.write(ctx, n, rel.Home, requests)
	return err
}

// changeEntries moves entries from old images to new ones, index by index:
// first all old ones go, so that values may pass from row to row. Either list
// may have nil rows, which have none. What it does to foreign keys is noted.
func (r *run) changeEntries(ctx context.Context, n plan.Node, rel *plan.Relation, old, new []Row) error {
	if err := r.env.Keys.changed(ctx, rel, old, new); err != nil {
		return err
	}
	for _, g := range rel.Global {
		columns := tableTypes(g.Table)
		var gone, come []Row
		for i := range old {
			before, after := entryOf(g, old[i]), entryOf(g, new[i])
			if before != nil && after != nil {
				same, err := equalRows(columns, before, after, r.work())
				if err != nil {
					return err
				}
				if same {
					continue
				}
			}
			if before != nil {
				gone = append(gone, before)
			}
			if after != nil {
				come = append(come, after)
			}
		}
		if err := r.removeEntries(ctx, n, rel, g, gone); err != nil {
			return err
		}
		if _, err := r.putEntries(ctx, n, rel, g, come, nil); err != nil {
			return err
		}
	}
	return nil
}

func entryOf(g *plan.GlobalIndex, image Row) Row {
	if image == nil {
		return nil
	}
	return entry(g, image)
}
