package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

var errBroken = errors.New("broken")

// input is an operator of given rows, in batches of some.
type input struct {
	rows  []Row
	batch int
	// failAt is before which row it fails, stopAt where it cancels; -1 is never.
	failAt, stopAt int
	cancel         context.CancelFunc

	at             int
	isOpen         bool
	opened, closed int
}

func inputOf(rows []Row) *input { return &input{rows: rows, batch: 100, failAt: -1, stopAt: -1} }

func (o *input) open(context.Context) error {
	o.at, o.isOpen = 0, true
	o.opened++
	return nil
}

func (o *input) next(ctx context.Context) ([]Row, error) {
	if !o.isOpen {
		return nil, errors.New("not open")
	}
	if o.failAt >= 0 && o.at >= o.failAt {
		return nil, errBroken
	}
	if o.stopAt >= 0 && o.at >= o.stopAt {
		o.cancel()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := min(o.batch, len(o.rows)-o.at)
	out := o.rows[o.at : o.at+n]
	o.at += n
	return out, nil
}

func (o *input) close() error {
	if o.isOpen {
		o.closed++
	}
	o.isOpen = false
	return nil
}

// fakeTxn is a transaction and its snapshots.
type fakeTxn struct {
	mu      sync.Mutex
	touched []string
	redraws int
}

func (f *fakeTxn) ID() txn.ID                         { return txn.ID{Node: 1, Boot: 1, Seq: 1} }
func (f *fakeTxn) Isolation() txn.Isolation           { return txn.ReadCommitted }
func (f *fakeTxn) Statement() txn.Statement           { return 1 }
func (f *fakeTxn) Incarnation(uint32) txn.Incarnation { return 7 }

func (f *fakeTxn) Touched(id uint32, inc txn.Incarnation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.touched = append(f.touched, fmt.Sprintf("%d:%d", id, inc))
}

func (f *fakeTxn) Snapshot(context.Context) (txn.Timestamp, error) { return 4096, nil }
func (f *fakeTxn) Redraw() bool                                    { f.redraws++; return true }

// fakeCluster is shards that answer by functions.
type fakeCluster struct {
	count int
	read  func(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error)
	write func(r *shard.WriteRequest) (*shard.WriteReply, error)
}

func (c *fakeCluster) Service(catalog.Home, shard.ID) shard.Service { return c }
func (c *fakeCluster) ShardOf(hash uint64) shard.ID                 { return shard.ID(hash % uint64(c.count)) }
func (c *fakeCluster) Epoch() uint64                                { return 3 }
func (c *fakeCluster) Away(_ catalog.Home, id shard.ID) bool        { return id > 0 }

func (c *fakeCluster) Shards(catalog.Home) []shard.ID {
	out := make([]shard.ID, c.count)
	for i := range out {
		out[i] = shard.ID(i)
	}
	return out
}

func (c *fakeCluster) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	return c.read(ctx, r)
}

func (c *fakeCluster) Write(_ context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	return c.write(r)
}

func (c *fakeCluster) Cut(context.Context, *shard.CutRequest) error { return nil }

func (c *fakeCluster) Control(context.Context, *shard.ControlRequest) (*shard.ControlReply, error) {
	return nil, errBroken
}

// fakeRows is one shard's rows. They are overwritten by the next batch, as a
// real shard's are.
type fakeRows struct {
	types  []columnType
	rows   []Row
	batch  int
	failAt int
	wait   bool // for the caller to cancel, instead of an end
	space  []byte
	at     int
	open   *atomic.Int64
	closed bool
}

func (f *fakeRows) Next(ctx context.Context) (*shard.Batch, error) {
	for i := range f.space {
		f.space[i] = 0xff
	}
	if f.failAt >= 0 && f.at >= f.failAt {
		return nil, errBroken
	}
	if f.at == len(f.rows) {
		if f.wait {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, nil
	}
	b := &shard.Batch{Data: f.space[:0]}
	for b.Count < f.batch && f.at < len(f.rows) {
		appendRow(b, f.types, f.rows[f.at])
		f.at++
	}
	f.space = b.Data
	return b, nil
}

func (f *fakeRows) Close() error {
	if !f.closed {
		f.open.Add(-1)
	}
	f.closed = true
	return nil
}

func (f *fakeRows) Incarnation() txn.Incarnation { return 9 }

// testRun is a run of a statement without parameters.
func testRun(t testing.TB, workMem int64, params ...types.Datum) *run {
	t.Helper()
	tx := &fakeTxn{}
	env := &Env{Txn: tx, Snapshots: tx, Types: types.DefaultEnv(), WorkMemBytes: workMem, TempDir: t.TempDir()}
	st := &plan.Statement{Root: &plan.Result{}, Memo: &plan.Memo{}, Columns: 1000, CTEs: 1}
	for range params {
		st.Inits = append(st.Inits, plan.Init{Type: types.TInt8})
	}
	r, err := newRun(t.Context(), env, st, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	copy(r.params, params)
	return r
}

func columns(first expr.ColumnID, list ...*types.Type) []plan.Column {
	out := make([]plan.Column, len(list))
	for i, t := range list {
		out[i] = plan.Column{ID: first + expr.ColumnID(i), Type: t, Typmod: -1}
	}
	return out
}

// pair are columns of a key and a text; leaf is a node that stands for an input.
func pair(first expr.ColumnID) []plan.Column { return columns(first, types.TInt8, types.TText) }
func leaf(cols []plan.Column) plan.Node      { return &plan.Values{Cols: cols} }

func col(c plan.Column) expr.Expr { return expr.NewColumn(c.ID, c.Name, c.Type, -1) }

// numbered are rows (key(i), "tag i"), long enough to fill some memory.
func numbered(n int, tag string, key func(i int) types.Datum) []Row {
	out := make([]Row, n)
	for i := range out {
		out[i] = Row{key(i), types.Text(fmt.Sprintf("%s %06d, which is long enough", tag, i))}
	}
	return out
}

func modulo(m int) func(int) types.Datum {
	return func(i int) types.Datum { return types.Int(int64(i % m)) }
}

// collect runs an operator to its end.
func collect(ctx context.Context, op operator) ([]Row, error) {
	var out []Row
	if err := op.open(ctx); err != nil {
		return nil, err
	}
	for {
		rows, err := op.next(ctx)
		if err != nil || len(rows) == 0 {
			return out, err
		}
		out = append(out, slices.Clone(rows)...)
	}
}

func line(row Row) string {
	var b strings.Builder
	for i, d := range row {
		if i > 0 {
			b.WriteByte('|')
		}
		switch d.Kind() {
		case types.KindNull:
			b.WriteByte('-')
		case types.KindText:
			b.WriteString(d.Text())
		default:
			fmt.Fprint(&b, d.Int())
		}
	}
	return b.String()
}

func linesOf(rows []Row) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = line(row)
	}
	return out
}

func sorted(lines []string) []string {
	out := slices.Clone(lines)
	sort.Strings(out)
	return out
}

// same compares lists of lines and says where they differ.
func same(t *testing.T, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("row %d is %q, not %q", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, not %d", len(got), len(want))
	}
}

// released checks that nothing of a run is left.
func released(t *testing.T, r *run, inputs ...*input) {
	t.Helper()
	if r.ledger.files != 0 || r.ledger.heldBytes != 0 {
		t.Errorf("%d files and %d bytes are left", r.ledger.files, r.ledger.heldBytes)
	}
	for i, in := range inputs {
		if in.isOpen || in.opened != in.closed {
			t.Errorf("input %d was opened %d times and closed %d times", i, in.opened, in.closed)
		}
	}
}
