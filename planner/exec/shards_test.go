package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// lookup makes a lookup join of left rows with right rows on three shards, by
// the first columns. open counts reads that are not closed.
func lookup(t *testing.T, r *run, kind plan.JoinKind, left, right []Row) (op operator, open *atomic.Int64) {
	t.Helper()
	open = &atomic.Int64{}
	l, rt := pair(1), pair(11)
	gather := &plan.Gather{Table: &catalog.Table{Home: catalog.HomeShards}, Fragment: &shard.Fragment{Keys: 1}, Cols: rt, Lookup: true}
	r.env.Cluster = &fakeCluster{count: 3, read: func(_ context.Context, q *shard.ReadRequest) (shard.Rows, error) {
		keys, err := decodeBatch([]columnType{{types.TInt8, -1}}, q.Keys)
		if err != nil {
			return nil, err
		}
		var rows []Row
		for n, key := range keys {
			for i, row := range right {
				if uint32(i%3) == uint32(q.Shard) && row[0].Int() == key[0].Int() {
					rows = append(rows, append(Row{types.Int(int64(n))}, row...))
				}
			}
		}
		open.Add(1)
		return &fakeRows{types: append([]columnType{{types.TInt8, -1}}, typesOf(rt)...), rows: rows, batch: 50, failAt: -1, open: open}, nil
	}}
	n := &plan.Join{Kind: kind, Method: plan.JoinLookup, Left: leaf(l), Right: gather,
		HashLeft: []expr.Expr{col(l[0])}, HashRight: []expr.Expr{col(rt[0])}}
	op, err := over(r, n, []*input{inputOf(left)})
	if err != nil {
		t.Fatal(err)
	}
	return op, open
}

// gathering is a Gather over three shards with rows 0, 3, 6 …, 1, 4, 7 … and 2, 5, 8 ….
type gathering struct {
	*run
	rows     [3]*fakeRows
	open     atomic.Int64
	requests []*shard.ReadRequest
	fail     error // of the read on shard 1
}

const gatheredRows = 90

func newGathering(t *testing.T, merge bool, lock *shard.RowLock) (*gathering, operator) {
	t.Helper()
	g := &gathering{run: testRun(t, 0)}
	cols := columns(1, types.TInt8, types.TText)
	for id := range g.rows {
		var rows []Row
		for i := id; i < gatheredRows; i += 3 {
			rows = append(rows, Row{types.Int(int64(i)), types.Text(fmt.Sprint("row ", i))})
		}
		g.rows[id] = &fakeRows{types: typesOf(cols), rows: rows, batch: 4, failAt: -1, open: &g.open}
	}
	requests := make(chan *shard.ReadRequest, 100)
	g.env.Cluster = &fakeCluster{count: 3, read: func(_ context.Context, q *shard.ReadRequest) (shard.Rows, error) {
		requests <- q
		if q.Shard == 1 && g.fail != nil {
			return nil, g.fail
		}
		g.open.Add(1)
		g.rows[q.Shard].at, g.rows[q.Shard].closed = 0, false
		return g.rows[q.Shard], nil
	}}
	n := &plan.Gather{Table: &catalog.Table{Home: catalog.HomeShards}, Fragment: &shard.Fragment{}, Cols: cols, Lock: lock}
	if merge {
		n.Merge = []expr.SortKey{{Expr: col(cols[0])}}
	}
	op, err := g.build(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := g.open.Load(); n != 0 {
			t.Errorf("%d reads are open", n)
		}
	})
	return g, op
}

// A gather's rows live on their own: shards overwrite their batches.
func TestGather(t *testing.T) {
	for _, merge := range []bool{true, false} {
		_, op := newGathering(t, merge, nil)
		for range 2 {
			rows, err := collect(t.Context(), op)
			if err != nil {
				t.Fatal(err)
			}
			if !merge {
				slices.SortFunc(rows, func(a, b Row) int { return int(a[0].Int() - b[0].Int()) })
			}
			for i, row := range rows {
				if want := fmt.Sprintf("%d|row %d", i, i); line(row) != want {
					t.Fatalf("merge %t: row %d is %s", merge, i, line(row))
				}
			}
			if len(rows) != gatheredRows {
				t.Errorf("%d rows", len(rows))
			}
			for range 2 {
				if err := op.close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestGatherFailsInTheMiddle(t *testing.T) {
	for _, merge := range []bool{true, false} {
		g, op := newGathering(t, merge, nil)
		g.rows[2].failAt = 20
		if _, err := collect(t.Context(), op); !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
		op.close()

		g, op = newGathering(t, merge, nil)
		g.fail = errBroken
		if _, err := collect(t.Context(), op); !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
		op.close()
	}
}

func TestGatherIsCancelled(t *testing.T) {
	for _, merge := range []bool{true, false} {
		g, op := newGathering(t, merge, nil)
		g.rows[1].wait = true
		ctx, cancel := context.WithCancel(t.Context())
		if err := op.open(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		for {
			rows, err := op.next(ctx)
			if errors.Is(err, context.Canceled) {
				break
			}
			if err != nil || len(rows) == 0 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
		}
		op.close()
	}
}

// What a shard holds after a locking read, or may hold, the transaction knows.
func TestLockingReadsTouchTheirShards(t *testing.T) {
	for _, c := range []struct {
		name string
		lock *shard.RowLock
		fail error
		want string
	}{
		{"no lock", nil, nil, ""},
		{"no lock, lost", nil, pgerr.New(pgerr.ConnectionFailure, "lost"), ""},
		{"locked", &shard.RowLock{Strength: shard.LockUpdate}, nil, "0:9 1:9 2:9"},
		{"lost", &shard.RowLock{Strength: shard.LockUpdate}, pgerr.New(pgerr.ConnectionFailure, "lost"), "1:0"},
		{"internal", &shard.RowLock{Strength: shard.LockUpdate}, pgerr.Internal("what"), "1:0"},
		{"refused", &shard.RowLock{Strength: shard.LockUpdate}, shard.Refuse(shard.RefusedFloor), ""},
		{"failed", &shard.RowLock{Strength: shard.LockUpdate}, pgerr.New(pgerr.LockNotAvailable, "no"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, op := newGathering(t, true, c.lock)
			g.fail = c.fail
			_, err := collect(t.Context(), op)
			if (err != nil) != (c.fail != nil) {
				t.Fatalf("got %v", err)
			}
			op.close()
			got := sorted(g.env.Txn.(*fakeTxn).touched)
			if c.fail != nil { // the others may have answered before
				got = slices.DeleteFunc(got, func(s string) bool { return strings.HasSuffix(s, ":9") })
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("touched %q, not %q", s, c.want)
			}
		})
	}
}

func TestWritesTouchTheirShards(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "0:7"},
		{pgerr.New(pgerr.ConnectionFailure, "lost"), "0:0"},
		{pgerr.New(pgerr.QueryCanceled, "cancelled"), "0:0"},
		{pgerr.New(pgerr.IOError, "disk"), "0:0"},
		{pgerr.Internal("what"), "0:0"},
		{context.Canceled, "0:0"},
		{pgerr.New(pgerr.UniqueViolation, "twice"), ""},
		{shard.Refuse(shard.RefusedLocked), ""},
	} {
		r := testRun(t, 0)
		r.env.Cluster = &fakeCluster{count: 1, write: func(*shard.WriteRequest) (*shard.WriteReply, error) {
			return &shard.WriteReply{Incarnation: 7}, c.err
		}}
		_, err := r.write(t.Context(), &plan.Result{}, catalog.HomeShards, []*shard.WriteRequest{{}})
		if !errors.Is(err, c.err) {
			t.Errorf("got %v", err)
		}
		if got := strings.Join(r.env.Txn.(*fakeTxn).touched, " "); got != c.want {
			t.Errorf("%v: touched %q, not %q", c.err, got, c.want)
		}
	}
}

func TestLookupJoinFailsAndOpensAgain(t *testing.T) {
	r := testRun(t, 0)
	left, right := numbered(700, "l", modulo(20)), numbered(60, "r", modulo(10))
	op, open := lookup(t, r, plan.JoinLeft, left, right)
	want := sorted(naiveJoin(plan.JoinLeft, left, right))
	for range 2 {
		rows, err := collect(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		same(t, sorted(linesOf(rows)), want)
		op.close()
	}
	in := op.(*lookupJoin).left.(*input)
	in.failAt = 600
	if _, err := collect(t.Context(), op); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	op.close()
	in.failAt = -1
	rows, err := collect(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	same(t, sorted(linesOf(rows)), want)
	op.close()
	if n := open.Load(); n != 0 {
		t.Errorf("%d reads are open", n)
	}
	released(t, r, in)
}

// refusing is a cluster whose shard refuses the first reads.
func refusing(times int, reason shard.RefusalReason, open *atomic.Int64) *fakeCluster {
	cols := []columnType{{types.TInt8, -1}}
	return &fakeCluster{count: 1, read: func(context.Context, *shard.ReadRequest) (shard.Rows, error) {
		if times--; times >= 0 {
			return nil, shard.Refuse(reason)
		}
		open.Add(1)
		return &fakeRows{types: cols, rows: []Row{{types.Int(1)}, {types.Int(2)}}, batch: 1, failAt: -1, open: open}, nil
	}}
}

// A statement that was refused before anybody has seen a row is begun again;
// closing its cursor closes its reads, once.
func TestCursorBeginsAgain(t *testing.T) {
	for _, c := range []struct {
		times   int
		reason  shard.RefusalReason
		again   bool
		redraws int
	}{
		{1, shard.RefusedNewest, true, 0}, {3, shard.RefusedFloor, true, 3},
		{maxRetries + 1, shard.RefusedFloor, false, maxRetries}, {1, shard.RefusedEpoch, false, 0},
	} {
		var open atomic.Int64
		r := testRun(t, 0)
		r.env.Cluster = refusing(c.times, c.reason, &open)
		st := &plan.Statement{Memo: &plan.Memo{}, Root: &plan.Gather{
			Table: &catalog.Table{Home: catalog.HomeShards}, Fragment: &shard.Fragment{}, Cols: columns(1, types.TInt8)}}
		cursor, err := Run(t.Context(), r.env, st, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		row, err := cursor.Next(t.Context())
		switch {
		case c.again && (err != nil || row[0].Int() != 1):
			t.Errorf("%v %v", row, err)
		case !c.again && err == nil:
			t.Errorf("%s: no error", c.reason)
		}
		for range 2 {
			if err := cursor.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := open.Load(); n != 0 {
			t.Errorf("%d reads are open", n)
		}
		if got := r.env.Txn.(*fakeTxn).redraws; got != c.redraws {
			t.Errorf("%s: drawn again %d times", c.reason, got)
		}
		if row, err := cursor.Next(t.Context()); row != nil || err != nil {
			t.Errorf("after Close: %v %v", row, err)
		}
	}
}

// multiples is the right side of a lateral join: what the left row has put into
// a parameter, so many times.
type multiples struct {
	run    *run
	opened int
	given  bool
	isOpen bool
}

func (o *multiples) open(context.Context) error {
	o.opened, o.given, o.isOpen = o.opened+1, false, true
	return nil
}

func (o *multiples) next(context.Context) ([]Row, error) {
	n := o.run.params[0].Int()
	if o.given || n == 0 {
		return nil, nil
	}
	if n == 99 {
		return nil, errBroken
	}
	o.given = true
	return slices.Repeat([]Row{{types.Int(n)}}, int(n)), nil
}

func (o *multiples) close() error { o.isOpen = false; return nil }

// A lateral right side runs again for each left row, with that row's values.
func TestLateralRunsAgain(t *testing.T) {
	for _, c := range []struct {
		kind plan.JoinKind
		left []int64
		want string
		err  error
	}{
		{plan.JoinInner, []int64{2, 0, 3}, "2|2 2|2 3|3 3|3 3|3", nil},
		{plan.JoinLeft, []int64{0, 1}, "0|- 1|1", nil},
		{plan.JoinSemi, []int64{0, 2, 3}, "2 3", nil},
		{plan.JoinAnti, []int64{0, 2, 3}, "0", nil},
		{plan.JoinInner, []int64{1, 99, 2}, "", errBroken},
	} {
		r := testRun(t, 0, types.Null)
		l := columns(1, types.TInt8)
		op, err := r.build(&plan.Join{Kind: c.kind, Lateral: true, Left: leaf(l), Right: leaf(columns(11, types.TInt8)),
			Args: []plan.Arg{{Param: 0, Value: col(l[0])}}})
		if err != nil {
			t.Fatal(err)
		}
		var rows []Row
		for _, n := range c.left {
			rows = append(rows, Row{types.Int(n)})
		}
		left, right := inputOf(rows), &multiples{run: r}
		op.(*loopJoin).left, op.(*loopJoin).right = left, right
		for range 2 {
			right.opened = 0
			got, err := collect(t.Context(), op)
			if !errors.Is(err, c.err) {
				t.Fatalf("got %v", err)
			}
			if err == nil && (strings.Join(linesOf(got), " ") != c.want || right.opened != len(c.left)) {
				t.Errorf("got %q, %d runs", linesOf(got), right.opened)
			}
			op.close()
			released(t, r, left)
			if right.isOpen {
				t.Error("the right side is open")
			}
		}
	}
}

// What waits for rows with others locked goes through its shards one by one, and
// waits on each in the order of the keys.
func TestLaterWritesWaitInOrder(t *testing.T) {
	for _, c := range []struct {
		op   shard.WriteOp
		rows int
		ids  []shard.ID
		want string
	}{
		{shard.OpPut, 1, []shard.ID{0, 1, 2}, "0:4 1:4 2:4"},
		{shard.OpLock, 1, []shard.ID{0, 2}, "0:4 2:4"},
		{shard.OpLock, 2, []shard.ID{1}, "1:4"},
		{shard.OpLock, 1, []shard.ID{1}, "1:0"},
		{shard.OpInsert, 2, []shard.ID{1}, "1:0"},
	} {
		r := testRun(t, 0)
		r.wrote = true
		var under atomic.Int64
		var got []string
		r.env.Cluster = &fakeCluster{count: 3, write: func(q *shard.WriteRequest) (*shard.WriteReply, error) {
			if under.Add(1) > 1 {
				t.Error("two at once")
			}
			runtime.Gosched()
			got = append(got, fmt.Sprintf("%d:%d", q.Shard, q.Lock.Wait))
			under.Add(-1)
			return &shard.WriteReply{}, nil
		}}
		var requests []*shard.WriteRequest
		for _, id := range c.ids {
			requests = append(requests, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: c.op, Rows: &shard.Batch{Count: c.rows}})
		}
		if _, err := r.write(t.Context(), &plan.Result{}, catalog.HomeShards, requests); err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%d: sent %q, not %q", c.op, s, c.want)
		}
	}
}

// Rule 13: one read of one shard is at the newest; what reads more than that,
// or has been refused there, draws a snapshot and reads all at it.
func TestNewestOrDrawn(t *testing.T) {
	gather := func() *plan.Gather {
		return &plan.Gather{Table: &catalog.Table{Home: catalog.HomeShards}, Fragment: &shard.Fragment{}, Cols: columns(1, types.TInt8)}
	}
	of := func(e expr.Expr) plan.Node { return &plan.Filter{Input: &plan.Result{}, Cond: e} }
	for _, c := range []struct {
		name   string
		root   plan.Node
		shards int
		drawn  bool
	}{
		{"one read", gather(), 1, false},
		{"on two shards", gather(), 2, true},
		{"two reads", &plan.Join{Left: gather(), Right: gather()}, 1, true},
		{"one for each row", &plan.Join{Left: &plan.Result{}, Right: gather(), Lateral: true}, 1, true},
		{"one in an expression", of(&expr.Subquery{Plan: gather()}), 1, true},
		{"a write that the shard does alone", &plan.Delete{Physical: plan.Physical{OneTrip: &plan.OneTrip{}}}, 1, false},
		{"a write of what was read", &plan.Delete{Source: gather()}, 1, true},
		{"another", &plan.Update{Source: gather()}, 1, true},
	} {
		r, err := newRun(t.Context(), testRun(t, 0).env, &plan.Statement{Root: c.root, Memo: &plan.Memo{}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := r.snapshot(t.Context(), c.shards); err != nil || (at != 0) != c.drawn {
			t.Errorf("%s: read at %d, %v", c.name, at, err)
		}
	}
	r, open := testRun(t, 0), atomic.Int64{}
	shards, at := refusing(1, shard.RefusedNewest, &open), []txn.Timestamp(nil)
	r.env.Cluster = &fakeCluster{count: 1, read: func(ctx context.Context, q *shard.ReadRequest) (shard.Rows, error) {
		at = append(at, q.Snapshot)
		return shards.read(ctx, q)
	}}
	cursor, err := Run(t.Context(), r.env, &plan.Statement{Memo: &plan.Memo{}, Root: gather()}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cursor.Close()
	if _, err := cursor.Next(t.Context()); err != nil || len(at) != 2 || at[0] != 0 || at[1] == 0 {
		t.Errorf("read at %d, %v", at, err)
	}
}

// refusedLater is rows of a shard that refuses after the first batch.
type refusedLater struct{ *fakeRows }

func (r refusedLater) Next(ctx context.Context) (*shard.Batch, error) {
	if r.at > 0 {
		return nil, shard.Refuse(shard.RefusedFloor)
	}
	return r.fakeRows.Next(ctx)
}

// Rule 20: a statement that has given a row, or written, is not begun again.
func TestCursorEndsWhereItWasSeen(t *testing.T) {
	for _, how := range []struct{ wrote, packed bool }{{}, {packed: true}, {wrote: true}, {true, true}} {
		wrote := how.wrote
		r, open, reads := testRun(t, 0), atomic.Int64{}, 0
		shards := refusing(0, "", &open)
		r.env.Cluster = &fakeCluster{count: 1, read: func(ctx context.Context, q *shard.ReadRequest) (shard.Rows, error) {
			if reads++; wrote {
				return nil, shard.Refuse(shard.RefusedFloor)
			}
			rows, err := shards.read(ctx, q)
			return refusedLater{rows.(*fakeRows)}, err
		}}
		cols := columns(1, types.TInt8)
		c, err := Run(t.Context(), r.env, &plan.Statement{Memo: &plan.Memo{}, Result: cols, Root: &plan.Gather{
			Table: &catalog.Table{Home: catalog.HomeShards}, Fragment: &shard.Fragment{}, Cols: cols}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.(*cursor).run.wrote = wrote
		next := func() (err error) {
			if how.packed {
				_, err = c.NextPacked(t.Context())
			} else {
				_, err = c.Next(t.Context())
			}
			return err
		}
		if err := next(); !wrote && err != nil {
			t.Error(err)
		} else if reason, _ := shard.IsRefusal(err); wrote && reason != shard.RefusedFloor {
			t.Errorf("wrote: %v", err)
		}
		if err := next(); !wrote {
			if reason, _ := shard.IsRefusal(err); reason != shard.RefusedFloor {
				t.Errorf("given: %v", err)
			}
		}
		if c.Close(); !c.Packed() || reads != 1 || open.Load() != 0 {
			t.Errorf("%+v: packed %t, %d reads, %d open", how, c.Packed(), reads, open.Load())
		}
	}
}
