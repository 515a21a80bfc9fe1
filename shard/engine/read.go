package engine

import (
	"context"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Read runs a fragment (shard.Service).
func (e *Engine) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	if err := e.check(&r.Header, r.Fragment.Table); err != nil {
		return nil, err
	}
	p, err := e.programs.of(r.Fragment, r.Lock != nil)
	if err != nil {
		return nil, err
	}
	own, err := e.branchOf(ctx, &r.Header, r.Lock != nil)
	if err != nil {
		return nil, err
	}
	c := evalContext(ctx, &r.Values)
	t := e.table(r.Fragment.Table)
	if err := e.widen(ctx, t, r.Fragment.Table); err != nil {
		return nil, err
	}
	v := viewOf(&r.Header, r.Fragment.Table, own)
	switch {
	case r.Fragment.Keys > 0:
		return e.lookup(ctx, r, p, t, v, c)
	case r.Lock != nil:
		return e.readLocking(ctx, r, p, t, own, c)
	case len(p.point) > 0:
		return e.readPoint(ctx, p, t, &v, c)
	}
	return e.scan(ctx, p, t, v, c)
}

// oneRow is the Rows of a read that has its whole answer.
type oneRow struct {
	batch shard.Batch
	param []byte
	given bool
}

var oneRows = sync.Pool{New: func() any { return new(oneRow) }}

// Next returns the answer, then nil.
func (r *oneRow) Next(context.Context) (*shard.Batch, error) {
	if r.given || r.batch.Count == 0 {
		return nil, nil
	}
	r.given = true
	return &r.batch, nil
}

// Close gives the memory back for the next read; a second Close must find
// nothing to give.
func (r *oneRow) Close() error {
	if r.batch.Data == nil {
		return nil
	}
	oneRows.Put(&oneRow{batch: shard.Batch{Data: r.batch.Data[:0]}, param: r.param[:0]})
	r.batch = shard.Batch{}
	return nil
}

// readPoint answers a read of at most one row, in one look under the latch.
func (e *Engine) readPoint(ctx context.Context, p *program, t *table, v *view, c *expr.Context) (shard.Rows, error) {
	var space [64]byte
	key, ok, err := p.appendPointKey(space[:0], c)
	if err != nil {
		return nil, err
	}
	out := oneRows.Get().(*oneRow)
	out.given = false
	if !ok {
		return out, nil
	}
	if out.param, err = p.appendBound(out.param[:0], c); err != nil {
		return nil, err
	}
	image, err := e.pointImage(ctx, p, t, v, key, out)
	if err != nil {
		return nil, err
	}
	if image != nil {
		if err := p.fetchImage(&out.batch, c, image); err != nil {
			return nil, err
		}
	}
	if p.stages.plain() && p.limit == nil || out.batch.Count == 0 {
		return out, nil
	}
	return p.finish(ctx, out, c)
}

// pointImage looks for the key in memory, whose image it returns, else lets
// SQLite run the fragment's SQL into out.
func (e *Engine) pointImage(ctx context.Context, p *program, t *table, v *view, key []byte, out *oneRow) ([]byte, error) {
	name := unsafeString(key)
	if own, found, err := e.ownImage(v, t, name); found || err != nil {
		return own, err
	}
	conn, err := e.db.Reader(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	for {
		e.latch.RLock()
		if t.narrower(v.table) {
			e.latch.RUnlock()
			if err := e.widen(ctx, t, v.table); err != nil {
				return nil, err
			}
			continue
		}
		s, blockAt := e.admit(v)
		if blocker := t.blocking(blockAt, v.own, name, nil); blocker != nil {
			e.latch.RUnlock()
			if err := v.meet(ctx, blocker); err != nil {
				return nil, err
			}
			continue
		}
		image, err := e.pointLatched(ctx, conn, p, t, v, s, name, out)
		if err == nil && v.at != 0 && s < e.recent.Floor() {
			err = v.errFloor()
		}
		if err == nil {
			err = e.fences.check(v.table, v.at)
		}
		e.latch.RUnlock()
		return image, err
	}
}

func (e *Engine) pointLatched(ctx context.Context, conn *sqlite.Conn, p *program, t *table, v *view, s txn.Timestamp, name string, out *oneRow) ([]byte, error) {
	if ch := e.recent.Table(t.physical).Get(name); ch != nil {
		seen := ch.Visible(s)
		if seen.Kind != recent.Present || seen.At == 0 && t.hides(v, s) {
			return nil, nil
		}
		return e.rowOf(seen)
	}
	if t.columns.Load() == 0 || t.hides(v, s) {
		return nil, nil
	}
	st, err := conn.Prepare(p.fragment.SQL)
	if err != nil {
		return nil, err
	}
	defer st.Done()
	page, err := st.Query(ctx, out.batch.Data[:0], out.param)
	if err != nil {
		return nil, err
	}
	out.batch.Data, out.batch.Count = page.Rows, page.N
	return nil, nil
}

// ownImage looks for the key in the reader's write set.
func (e *Engine) ownImage(v *view, t *table, key string) (image []byte, found bool, err error) {
	if v.own == nil {
		return nil, false, nil
	}
	v.own.mu.RLock()
	defer v.own.mu.RUnlock()
	own, err := v.own.versions(t.physical, key)
	if err != nil {
		return nil, false, err
	}
	seen := seenIn(own, v.statement)
	if seen == nil || seen.Kind != recent.Present {
		return nil, seen != nil, nil
	}
	return seen.Row, true, nil
}

// fetchImage appends the fetched columns of an image to b, if Where holds.
func (p *program) fetchImage(b *shard.Batch, c *expr.Context, image []byte) error {
	row := make([]types.Datum, len(p.table.Columns))
	if err := decodeImage(row, p.table, image, p.needed); err != nil {
		return err
	}
	ok, err := pass(c, p.where, row)
	if err != nil || !ok {
		return err
	}
	start := len(b.Data)
	b.Data = append(b.Data, 0, 0, 0, 0)
	if b.Data, err = p.appendFetched(b.Data, c, row); err != nil {
		return err
	}
	setLength(b.Data, start)
	b.Count++
	return nil
}

// finish puts a point read's one row through the stages.
func (p *program) finish(ctx context.Context, in *oneRow, c *expr.Context) (shard.Rows, error) {
	limit, err := p.limited(c)
	if err != nil {
		return nil, err
	}
	src := p.stages.run(&pageOnce{rows: in.batch.Data, n: in.batch.Count}, c, limit, nil)
	out := &oneRow{}
	for {
		rows, n, err := src.next(ctx)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			in.Close()
			return out, nil
		}
		out.batch.Data = append(out.batch.Data, rows...)
		out.batch.Count += n
	}
}

// pageOnce is a source of one page.
type pageOnce struct {
	rows []byte
	n    int
}

func (s *pageOnce) next(context.Context) ([]byte, int, error) {
	rows, n := s.rows, s.n
	s.rows, s.n = nil, 0
	return rows, n, nil
}

// program returns a fragment compiled, from the cache if it is there.
func (e *Engine) program(f *shard.Fragment) (*program, error) {
	return e.programs.of(f, false)
}

// programs caches compiled fragments by identity: the pointer in process, the
// hash for those that arrive over the network.
type programs struct {
	mu     sync.RWMutex // protects the rest
	byPtr  map[programKey]*program
	writes map[writeKey]*writeProgram
}

// programKey is a fragment and whether it is to lock what it finds.
type programKey struct {
	fragment *shard.Fragment
	locking  bool
}

// maxPrograms bounds the cache; beyond it all are forgotten, since fragments
// live in plan caches that hold fewer.
const maxPrograms = 8192

func (ps *programs) of(f *shard.Fragment, locking bool) (*program, error) {
	if f == nil {
		return nil, pgerr.Internal("a request without a fragment")
	}
	key := programKey{f, locking}
	ps.mu.RLock()
	p := ps.byPtr[key]
	ps.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	var err error
	if locking {
		if f, err = lockingFragment(f); err != nil {
			return nil, err
		}
	}
	if p, err = compileFragment(f); err != nil {
		return nil, err
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.byPtr == nil || len(ps.byPtr) >= maxPrograms {
		ps.byPtr = map[programKey]*program{}
	}
	ps.byPtr[key] = p
	return p, nil
}
