package catalogshard

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// readDynamic reads a relation whose rows are made for this read alone. They
// are never committed, so an engine that was read is empty again.
func (s *Shard) readDynamic(ctx context.Context, view session.CatalogView, r *shard.ReadRequest) (shard.Rows, error) {
	t := view.Newest.Table(r.Fragment.Table.Relation)
	var rows [][]types.Datum
	err := view.Dynamic.DynamicRows(ctx, t.Name, func(values map[string]types.Datum) {
		rows = append(rows, s.catalog.Row(t, int64(len(rows)+1), values))
	})
	if err != nil {
		return nil, err
	}
	node, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	w := s.begin(node)
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

// read reads as the writing transaction sees the relation, at a snapshot of
// the read's own: a lookup of many keys is many looks. done is called when the
// rows are closed.
func (w *writing) read(ctx context.Context, r *shard.ReadRequest, done func()) (shard.Rows, error) {
	at, err := w.shard.time.Snapshot(ctx)
	if err != nil {
		done()
		return nil, err
	}
	release := func() {
		w.shard.time.Release(at)
		done()
	}
	c := *r
	c.Header = shard.Header{Snapshot: at}
	if w.incarnation != 0 {
		c.Header = w.header()
		c.Header.Snapshot = at
	}
	rows, err := w.node.Read(ctx, &c)
	if err != nil {
		release()
		return nil, err
	}
	return &closing{Rows: rows, done: release}, nil
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
