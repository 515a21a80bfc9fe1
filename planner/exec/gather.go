package exec

import (
	"context"
	"slices"
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// gather brings a fragment's rows from the shards together.
type gather struct {
	*gatherPlan
	run     *run
	node    *plan.Gather
	home    catalog.Home
	router  router
	merging *merger // nil: as they come
	streams []*stream
	// from is the stream that is read now, when there is no merge.
	from   int
	shards []shard.ID
	values shard.Values
	// recheck stands for the shards when a row's newest image is re-checked.
	recheck *recheck
	// Of a gather from one shard, the commonest, so that it is one allocation.
	oneStream stream
	oneOfThem [1]*stream
	oneShard  [1]shard.ID
}

// gatherPlan is what is the same in every execution.
type gatherPlan struct {
	columns []columnType
	merge   *sortKeys // nil: rows as they come
	keys    *routeKeys
}

func newGather(r *run, n *plan.Gather) (*gather, error) {
	o := &gather{run: r, node: n, home: n.Table.Home}
	o.shards = o.oneShard[:0]
	v, err := r.st.Memo.Derive(n, func() (any, error) { return planGather(r.st, n) })
	if err != nil {
		return nil, err
	}
	o.gatherPlan = v.(*gatherPlan)
	if rows, ok := r.replaced[n]; ok {
		o.recheck, err = newRecheck(r, n, rows)
		return o, err
	}
	if o.merge != nil {
		o.merging = &merger{keys: o.merge, work: r.work()}
	}
	o.router = router{run: r, home: o.home, keys: o.keys}
	return o, nil
}

func planGather(st *plan.Statement, n *plan.Gather) (*gatherPlan, error) {
	p := &gatherPlan{columns: typesOf(n.Cols)}
	if len(n.Merge) > 0 {
		orders, err := columnOrders(n.Cols, n.Merge)
		if err != nil {
			return nil, err
		}
		p.merge = newSortKeys(p.columns, orders)
	}
	var err error
	if n.Route.Keys != nil {
		p.keys, err = compileRoute(st, n.Route)
	}
	return p, err
}

func (o *gather) open(ctx context.Context) error {
	if o.recheck != nil {
		return o.recheck.open(ctx)
	}
	if err := o.run.prepare(ctx, o.node.Inits); err != nil {
		return err
	}
	var err error
	if o.shards, err = o.router.shards(o.shards[:0]); err != nil {
		return err
	}
	return o.start(ctx)
}

// start asks the shards, all at once when there are several.
func (o *gather) start(ctx context.Context) error {
	at, err := o.run.snapshot(ctx, len(o.shards))
	if err != nil {
		return err
	}
	o.from, o.values = 0, o.run.requestValues()
	if len(o.shards) == 1 {
		o.oneStream = stream{gather: o, id: o.shards[0]}
		o.oneOfThem[0] = &o.oneStream
		o.streams = o.oneOfThem[:]
		return o.oneStream.read(ctx, at)
	}
	o.streams = make([]*stream, len(o.shards))
	for i, id := range o.shards {
		o.streams[i] = &stream{gather: o, id: id}
	}
	if l := o.node.Lock; l != nil && l.Wait == shard.WaitBlock {
		if err := o.lockAll(ctx, at); err != nil {
			return err
		}
	} else {
		for _, s := range o.streams {
			s.begin(ctx, at)
		}
	}
	if o.merging != nil {
		return o.merging.start(ctx, o.streams)
	}
	return nil
}

func (o *gather) request(id shard.ID, at txn.Timestamp) *shard.ReadRequest {
	return &shard.ReadRequest{
		Header: o.run.header(id, at), Values: o.values,
		Fragment: o.node.Fragment, Lock: o.run.rowLock(o.node.Lock),
	}
}

func (o *gather) next(ctx context.Context) ([]Row, error) {
	if o.recheck != nil {
		return o.recheck.next(ctx)
	}
	if o.merging != nil && len(o.streams) > 1 {
		return o.merging.next(ctx)
	}
	for o.from < len(o.streams) {
		rows, err := o.streams[o.from].rows(ctx)
		if err != nil || len(rows) > 0 {
			return rows, err
		}
		o.from++
	}
	return nil, nil
}

// packed returns the next batch as it came, nil at the end; it is good until
// the next call. Only without a merge.
func (o *gather) packed(ctx context.Context) (*shard.Batch, error) {
	for o.from < len(o.streams) {
		b, err := o.streams[o.from].batch(ctx)
		if err != nil || b != nil {
			return b, err
		}
		o.from++
	}
	return nil, nil
}

func (o *gather) close() error {
	for _, s := range o.streams {
		s.stop()
	}
	var err error
	for _, s := range o.streams {
		if e := s.close(); err == nil {
			err = e
		}
	}
	o.streams = nil
	return err
}

// stream is one shard's rows: read in place when it is the only one, else
// fetched ahead by a goroutine of its own.
type stream struct {
	gather *gather
	id     shard.ID
	source shard.Rows
	// Of a stream that is fetched ahead:
	ahead  chan fetched
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// fetched is a batch, copied, or why there is none.
type fetched struct {
	batch *shard.Batch
	err   error
}

// aheadBatches is how many batches of each shard wait for the coordinator.
const aheadBatches = 2

func (s *stream) read(ctx context.Context, at txn.Timestamp) error {
	return s.ask(ctx, s.gather.request(s.id, at))
}

func (s *stream) ask(ctx context.Context, request *shard.ReadRequest) error {
	o := s.gather
	rows, err := o.run.read(ctx, o.node, o.home, request)
	if err != nil {
		return err
	}
	s.source = rows
	return nil
}

// begin starts fetching ahead.
func (s *stream) begin(ctx context.Context, at txn.Timestamp) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.ahead = make(chan fetched, aheadBatches)
	request := s.gather.request(s.id, at)
	s.done.Add(1)
	go s.run(ctx, request)
}

// run is the goroutine: it ends at the last batch, an error, or stop.
func (s *stream) run(ctx context.Context, request *shard.ReadRequest) {
	defer s.done.Done()
	defer close(s.ahead)
	rows, err := s.gather.run.read(ctx, s.gather.node, s.gather.home, request)
	if err != nil {
		s.send(ctx, fetched{err: err})
		return
	}
	s.source = rows
	for {
		b, err := rows.Next(ctx)
		if b != nil {
			b = &shard.Batch{Count: b.Count, Data: slices.Clone(b.Data)}
		}
		if !s.send(ctx, fetched{b, err}) || err != nil || b == nil {
			return
		}
	}
}

func (s *stream) send(ctx context.Context, f fetched) bool {
	select {
	case s.ahead <- f:
		return true
	case <-ctx.Done():
		return false
	}
}

// batch returns the next batch, nil at the end.
func (s *stream) batch(ctx context.Context) (*shard.Batch, error) {
	b, err := s.take(ctx)
	s.gather.run.gets(s.gather.node, b)
	return b, err
}

func (s *stream) take(ctx context.Context) (*shard.Batch, error) {
	if s.ahead == nil {
		return s.source.Next(ctx)
	}
	select {
	case f, ok := <-s.ahead:
		if !ok {
			return nil, ctx.Err()
		}
		return f.batch, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rows returns the next batch's rows, which live on their own.
func (s *stream) rows(ctx context.Context) ([]Row, error) {
	b, err := s.batch(ctx)
	if b == nil || err != nil {
		return nil, err
	}
	if s.ahead == nil {
		b = &shard.Batch{Count: b.Count, Data: slices.Clone(b.Data)}
	}
	return decodeBatch(s.gather.columns, b)
}

// stop tells the goroutine to end, without waiting.
func (s *stream) stop() {
	if s.cancel != nil {
		s.cancel()
	}
}

func (s *stream) close() error {
	s.stop()
	s.done.Wait()
	return s.drop()
}

// merger merges streams by sort keys.
type merger struct {
	keys    *sortKeys
	work    types.Work
	streams []*head
}

// head is a stream with the rows of it that have not been taken.
type head struct {
	stream *stream
	rows   []Row
	first  Row // of rows, with its keys
}

func (m *merger) start(ctx context.Context, streams []*stream) error {
	m.streams = m.streams[:0]
	for _, s := range streams {
		h := &head{stream: s}
		if err := m.fill(ctx, h); err != nil {
			return err
		}
		if len(h.rows) > 0 {
			m.streams = append(m.streams, h)
		}
	}
	return nil
}

// fill makes a head stand on its next row, if there is one.
func (m *merger) fill(ctx context.Context, h *head) (err error) {
	if len(h.rows) == 0 {
		if h.rows, err = h.stream.rows(ctx); err != nil || len(h.rows) == 0 {
			return err
		}
	}
	h.first, err = m.keys.with(h.rows[0], m.work)
	return err
}

// next takes the smallest heads: with as many streams as shards a linear
// search is as good as a heap.
func (m *merger) next(ctx context.Context) ([]Row, error) {
	var out []Row
	for len(out) < batchRows && len(m.streams) > 0 {
		least := 0
		for i := 1; i < len(m.streams); i++ {
			c, err := compareRows(m.keys.orders, m.streams[i].first, m.streams[least].first, m.work)
			if err != nil {
				return nil, err
			}
			if c < 0 {
				least = i
			}
		}
		h := m.streams[least]
		out, h.rows = append(out, h.rows[0]), h.rows[1:]
		if err := m.fill(ctx, h); err != nil {
			return nil, err
		}
		if len(h.rows) == 0 {
			m.streams = slices.Delete(m.streams, least, least+1)
		}
	}
	return out, nil
}
