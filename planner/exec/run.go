package exec

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// run is the state of one execution of a statement. One goroutine drives it.
type run struct {
	env *Env
	st  *plan.Statement
	// params are the client's, the lifted literals and the Inits.
	params []types.Datum
	known  []bool // of the Inits: has a value
	ctx    expr.Context
	spend  types.Work // see work
	// copies are the contexts of those who need one of their own; see serve.
	copies []*expr.Context
	values shard.Values
	// mustDraw: a shard refused to answer at "newest", or the statement reads
	// more than once, so it needs a snapshot.
	mustDraw bool
	// wrote: a shard has been asked to write, so nothing can be tried again here.
	wrote bool
	// locked: a shard holds locks for a read of this statement. inner: it is
	// part of another statement.
	locked   atomic.Bool
	inner    bool
	affected int64
	ctes     []*cteState
	// replaced are rows that stand for what a Gather would read (re-checks).
	replaced map[*plan.Gather][]Row
	ledger   ledger
	// subqueries are those of expressions that have run: nobody else closes them.
	subqueries []*subquery
}

// work asks for what is long whether the statement goes on.
func (r *run) work() types.Work {
	if r.spend == nil {
		r.spend = r.ctx.Spend
	}
	return r.spend
}

// Row is a row of datums, by position of the node's columns.
type Row = []types.Datum

func instant(micros int64) time.Time { return types.TimestampTime(micros).UTC() }

func newRun(ctx context.Context, env *Env, st *plan.Statement, params, lifted []types.Datum) (*run, error) {
	r := &run{}
	return r, r.begin(ctx, env, st, params, lifted)
}

// begin makes r the run of a statement; ctx is the first request that it serves.
func (r *run) begin(ctx context.Context, env *Env, st *plan.Statement, params, lifted []types.Datum) error {
	facts, err := factsOf(st)
	if err != nil {
		return err
	}
	n := len(st.Params)
	all := make([]types.Datum, n+len(st.Lifted)+len(st.Inits))
	copy(all[:n], params)
	copy(all[n:n+len(st.Lifted)], lifted)
	*r = run{env: env, st: st, params: all, mustDraw: facts.gathers != 1}
	if len(st.Inits) > 0 {
		r.known = make([]bool, len(st.Inits))
	}
	if st.CTEs > 0 {
		r.ctes = make([]*cteState, st.CTEs+1)
	}
	r.values = shard.Values{
		Params: all, Types: facts.types, Env: env.Types,
		NowMicros: env.TransactionMicros, StatementMicros: env.StatementMicros,
	}
	r.ctx = expr.Context{
		Env: env.Types, Params: all, Session: env.Session,
		Running: ctx, StatementTime: instant(env.StatementMicros), TransactionTime: instant(env.TransactionMicros),
	}
	return nil
}

// endSubqueries closes the subqueries from the n-th on.
func (r *run) endSubqueries(n int) error {
	var err error
	for _, q := range r.subqueries[n:] {
		q.forget()
		if e := q.op.close(); err == nil {
			err = e
		}
	}
	r.subqueries = r.subqueries[:n]
	return err
}

// serve makes ctx the request that the run's evaluations serve: a portal's next
// rows are asked for under another one than its first.
func (r *run) serve(ctx context.Context) {
	r.ctx.Running = ctx
	for _, c := range r.copies {
		c.Running = ctx
	}
}

// ownContext is a copy of the run's context, for what changes more of it.
func (r *run) ownContext() *expr.Context {
	c := r.ctx
	r.copies = append(r.copies, &c)
	return &c
}

// facts are what running needs to know of a statement as a whole.
type facts struct {
	types []*types.Type // of all parameters
	// gathers counts how often shards are read: more than once needs a snapshot.
	gathers int
	// result are the positions of the result's columns in the root's rows; nil
	// is all in order.
	result []int
}

// factsKey is where the Memo has them.
type factsKey struct{}

func factsOf(st *plan.Statement) (*facts, error) {
	v, err := st.Memo.Derive(factsKey{}, func() (any, error) {
		f := &facts{}
		f.types = append(append(f.types, st.Params...), st.Lifted...)
		for _, init := range st.Inits {
			f.types = append(f.types, init.Type)
			f.countExpr(init.Expr)
		}
		f.count(st.Root)
		f.result = resultColumns(st)
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*facts), nil
}

// many is more than one read, however often the node runs.
const many = 2

func (f *facts) count(root plan.Node) {
	plan.Walk(root, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Gather:
			f.gathers++
		case *plan.Update:
			f.writes(n.OneTrip)
		case *plan.Delete:
			f.writes(n.OneTrip)
		case *plan.Merge:
			f.writes(nil)
		case *plan.Join:
			if n.Lateral {
				f.gathers += many
			}
		}
		plan.EachExpr(n, f.countExpr)
		return true
	})
}

func (f *facts) writes(t *plan.OneTrip) {
	if t != nil {
		f.gathers++
	} else {
		f.gathers += many // what was read must say at which snapshot
	}
}

func (f *facts) countExpr(e expr.Expr) {
	plan.EachSubplan(e, func(sub plan.Node) {
		before := f.gathers
		f.count(sub)
		if f.gathers > before {
			f.gathers += many
		}
	})
}

// snapshot is what to read at on so many shards: 0, the newest, when the
// statement reads once and on one shard.
func (r *run) snapshot(ctx context.Context, shards int) (txn.Timestamp, error) {
	if shards > 1 {
		r.mustDraw = true
	}
	if !r.mustDraw && r.env.Txn.Isolation() == txn.ReadCommitted {
		return 0, nil
	}
	return r.env.Snapshots.Snapshot(ctx)
}

// header is a request's for one shard.
func (r *run) header(id shard.ID, at txn.Timestamp) shard.Header {
	return shard.Header{
		Shard: id, Epoch: r.env.Cluster.Epoch(),
		Txn: r.env.Txn.ID(), Statement: r.env.Txn.Statement(),
		Incarnation: r.env.Txn.Incarnation(uint32(id)),
		Isolation:   r.env.Txn.Isolation(), Snapshot: at,
	}
}

// workMem is how many bytes one operator may keep in memory.
func (r *run) workMem() int64 {
	if r.env.WorkMemBytes > 0 {
		return r.env.WorkMemBytes
	}
	return DefaultWorkMemBytes
}

// firstInit is the index of the parameter of Inits[0].
func (r *run) firstInit() int { return len(r.st.Params) + len(r.st.Lifted) }

// prepare fills the parameters that the run itself computes, as far as the list asks for them.
func (r *run) prepare(ctx context.Context, indexes []int) error {
	for _, i := range indexes {
		if i < r.firstInit() {
			continue // a parameter of the statement that this run is part of
		}
		if err := r.init(ctx, i-r.firstInit()); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) init(ctx context.Context, i int) error {
	if r.known[i] {
		return nil
	}
	init := &r.st.Inits[i]
	v, err := r.once(ctx, init.Expr)
	if err != nil {
		return err
	}
	if init.Plus != nil {
		plus, err := r.once(ctx, init.Plus)
		if err != nil {
			return err
		}
		v = addRows(v, plus)
	}
	r.params[r.firstInit()+i], r.known[i] = v, true
	return nil
}

// addRows adds LIMIT and OFFSET; no limit, or one that cannot be reached, is NULL.
func addRows(count, offset types.Datum) types.Datum {
	if count.IsNull() || offset.IsNull() {
		return count
	}
	sum := count.Int() + offset.Int()
	if count.Int() < 0 || offset.Int() < 0 || sum < 0 {
		return types.Null
	}
	return types.Int(sum)
}

// once evaluates an expression that needs no row.
func (r *run) once(ctx context.Context, e expr.Expr) (types.Datum, error) {
	s, err := r.scope(nil, e)
	if err != nil {
		return types.Null, err
	}
	if err := s.begin(ctx); err != nil {
		return types.Null, err
	}
	return s.evals[0](s.ctx, nil)
}

// requestValues are the parameters as they are now: those that change while
// the statement runs must not change under a request.
func (r *run) requestValues() shard.Values {
	v := r.values
	if len(r.st.Inits) > 0 {
		v.Params = slices.Clone(r.params)
	}
	return v
}

// setParam puts a value that changes while the statement runs into its parameter.
func (r *run) setParam(index int, v types.Datum) { r.params[index] = v }

// rowLock is a plan's row lock with the session's lock_timeout.
func (r *run) rowLock(l *shard.RowLock) *shard.RowLock {
	if l == nil || r.env.LockTimeoutMS == 0 {
		return l
	}
	bounded := *l
	bounded.TimeoutMS = r.env.LockTimeoutMS
	return &bounded
}

// read asks a shard for a fragment's rows. Goroutines of gathers call it too.
func (r *run) read(ctx context.Context, n plan.Node, home catalog.Home, request *shard.ReadRequest) (shard.Rows, error) {
	r.sends(n, home, request.Shard, request.Keys)
	rows, err := r.env.Cluster.Service(home, request.Shard).Read(ctx, request)
	if err != nil {
		if request.Lock != nil {
			r.lost(request.Shard, err)
		}
		return nil, err
	}
	r.enlist(request, rows)
	return rows, nil
}

// sends counts a request to a shard, and the rows that go along.
func (r *run) sends(n plan.Node, home catalog.Home, id shard.ID, rows *shard.Batch) {
	if r.env.Analyze == nil {
		return
	}
	m := plan.Measured{Trips: 1}
	if r.env.Cluster.Away(home, id) {
		m.Away = 1
	}
	r.env.Analyze.Add(n, m)
	r.gets(n, rows)
}

// gets counts rows that have come from a shard.
func (r *run) gets(n plan.Node, rows *shard.Batch) {
	if r.env.Analyze != nil && rows != nil {
		r.env.Analyze.Add(n, plan.Measured{Shipped: int64(rows.Count), Bytes: int64(len(rows.Data))})
	}
}

// enlist counts a shard in that holds locks for a read, if it was asked for
// any.
func (r *run) enlist(request *shard.ReadRequest, rows shard.Rows) {
	if request.Lock == nil {
		return
	}
	if e, ok := rows.(shard.Enlisted); ok {
		r.locked.Store(true)
		r.env.Txn.Touched(uint32(request.Shard), e.Incarnation())
	}
}
