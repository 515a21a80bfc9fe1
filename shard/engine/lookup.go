package engine

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// lookup runs a fragment once for each key tuple; rows travel with the tuple's
// number in front.
func (e *Engine) lookup(ctx context.Context, r *shard.ReadRequest, p *program, t *table, v view, c *expr.Context) (shard.Rows, error) {
	if r.Keys == nil {
		return &oneRow{}, nil
	}
	if err := checkBatch(r.Keys); err != nil {
		return nil, err
	}
	if v.at == 0 && r.Keys.Count > 1 && r.Lock == nil {
		return nil, pgerr.Internal("several lookups at the newest")
	}
	l := &lookups{e: e, p: p, t: t, v: v, tuples: owned(r.Keys.Data), r: r}
	for _, k := range p.fragment.KeyTypes {
		l.columns = append(l.columns, column{k.Type, k.Typmod})
	}
	if r.Lock != nil {
		// The coordinator counts the shard in whether a row is found or not.
		if _, err := v.own.begin(ctx, r.Statement); err != nil {
			return nil, err
		}
		if err := v.own.finish(ctx, r.Statement, nil); err != nil {
			return nil, err
		}
	}
	l.c = *c
	l.c.Params = make([]types.Datum, max(len(c.Params), p.fragment.KeyParam+p.fragment.Keys))
	copy(l.c.Params, c.Params)
	return l, nil
}

// lookups is the Rows of a lookup.
type lookups struct {
	e       *Engine
	p       *program
	t       *table
	v       view
	c       expr.Context
	columns []column
	tuples  []byte
	number  int64
	current shard.Rows
	out     shard.Batch
	r       *shard.ReadRequest
}

// Incarnation implements shard.Enlisted, for lookups that lock.
func (l *lookups) Incarnation() txn.Incarnation {
	return l.e.incarnation
}

// Next gathers rows of as many tuples as fill a page.
func (l *lookups) Next(ctx context.Context) (*shard.Batch, error) {
	l.out = shard.Batch{Data: l.out.Data[:0]}
	for len(l.out.Data) < pageBytes {
		if l.current == nil {
			if len(l.tuples) == 0 {
				break
			}
			if err := l.open(ctx); err != nil {
				return nil, err
			}
		}
		b, err := l.current.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			l.current.Close()
			l.current = nil
			l.number++
			continue
		}
		l.take(b)
	}
	if l.out.Count == 0 {
		return nil, nil
	}
	return &l.out, nil
}

// open starts the read of the next tuple.
func (l *lookups) open(ctx context.Context) (err error) {
	var tuple []byte
	tuple, l.tuples = nextRow(l.tuples)
	at := l.p.fragment.KeyParam
	if err := decodeRow(l.c.Params[at:at+len(l.columns)], l.columns, tuple); err != nil {
		return err
	}
	if l.r.Lock != nil {
		l.current, err = l.e.readLocking(ctx, l.r, l.p, l.t, l.v.own, &l.c)
	} else if len(l.p.point) > 0 {
		l.current, err = l.e.readPoint(ctx, l.p, l.t, &l.v, &l.c)
	} else {
		l.current, err = l.e.scan(ctx, l.p, l.t, l.v, &l.c)
	}
	return err
}

func (l *lookups) take(b *shard.Batch) {
	for rows := b.Data; len(rows) > 0; {
		var row []byte
		row, rows = nextRow(rows)
		start := len(l.out.Data)
		l.out.Data = append(l.out.Data, 0, 0, 0, 0)
		l.out.Data = types.IntValue(l.number).AppendPacked(l.out.Data)
		l.out.Data = append(l.out.Data, row...)
		setLength(l.out.Data, start)
		l.out.Count++
	}
}

// Close ends the read that is under way.
func (l *lookups) Close() error {
	l.tuples = nil
	if l.current != nil {
		l.current.Close()
		l.current = nil
	}
	return nil
}
