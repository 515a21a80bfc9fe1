package catalogshard

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// readOverlaid reads a relation with what the session's own transaction has
// changed: the differences are the write set of a transaction that ends with the read.
func (db *database) readOverlaid(ctx context.Context, view session.CatalogView, r *shard.ReadRequest) (shard.Rows, error) {
	w := db.begin()
	for _, c := range db.shard.catalog.Diff(db.oid, view.Base, view.Own) {
		if c.Relation.OID != r.Fragment.Table.Relation {
			continue
		}
		if err := w.replace(ctx, c); err != nil {
			w.rollback()
			return nil, err
		}
	}
	return w.read(ctx, r, w.rollback)
}

// readDynamic reads a relation whose rows are made for this read alone. They
// are never committed, so an engine that was read is empty again.
func (s *Shard) readDynamic(ctx context.Context, view session.CatalogView, r *shard.ReadRequest) (shard.Rows, error) {
	t := view.Newest.Table(r.Fragment.Table.Relation)
	var rows [][]types.Datum
	err := view.Dynamic.DynamicRows(ctx, t.Name, func(values map[string]types.Datum) {
		row := make([]types.Datum, len(t.Columns))
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Hidden {
				row[i] = types.Int(int64(len(rows) + 1))
			} else {
				row[i] = values[c.Name]
			}
		}
		rows = append(rows, row)
	})
	if err != nil {
		return nil, err
	}
	node, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	w := newWriting(node, s.transaction())
	done := func() {
		w.rollback()
		s.give(node)
	}
	if err := w.insert(ctx, t, rows); err != nil {
		done()
		return nil, err
	}
	return w.read(ctx, r, done)
}

// take returns an empty engine for one read.
func (s *Shard) take(ctx context.Context) (*engine.Node, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		node := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return node, nil
	}
	s.mu.Unlock()
	return s.open(ctx)
}

func (s *Shard) give(n *engine.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, n)
}

// read reads as the writing transaction sees the relation; done is called when
// the rows are closed.
func (w *writing) read(ctx context.Context, r *shard.ReadRequest, done func()) (shard.Rows, error) {
	c := alone(r)
	if w.incarnation != 0 {
		c.Header = w.header()
		c.Header.Isolation = txn.ReadCommitted
	}
	rows, err := w.node.Read(ctx, c)
	if err != nil {
		done()
		return nil, err
	}
	return &closing{Rows: rows, done: done}, nil
}

// closing calls done once when its rows are closed.
type closing struct {
	shard.Rows
	done func()
}

// Close implements shard.Rows.
func (c *closing) Close() error {
	err := c.Rows.Close()
	if c.done != nil {
		c.done()
		c.done = nil
	}
	return err
}
