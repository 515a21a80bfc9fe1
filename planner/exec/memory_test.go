package exec

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// memoryBytes is the work_mem of these tests: PostgreSQL's least. The rows take
// many times as much.
const (
	memoryBytes = 64 << 10
	memoryRows  = 3000
)

// bounded checks that an operator has kept to its memory, with files, and that
// nothing is left of it.
func bounded(t *testing.T, r *run) {
	t.Helper()
	if most := r.workMem() + 1<<10; r.ledger.peakBytes > most {
		t.Errorf("one operator kept %d bytes, of %d allowed", r.ledger.peakBytes, most)
	}
	if r.ledger.spills == 0 {
		t.Error("nothing was spilled: the test says nothing")
	}
	released(t, r)
}

// spilling runs an operator over inputs that are too large.
func spilling(t *testing.T, c made, in ...[]Row) []string {
	t.Helper()
	return spillingIn(t, memoryBytes, c, in...)
}

func spillingIn(t *testing.T, workMem int64, c made, in ...[]Row) []string {
	t.Helper()
	r := testRun(t, workMem)
	list := make([]*input, len(in))
	for i, rows := range in {
		list[i] = inputOf(rows)
	}
	op, err := c.make(r, list)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := collect(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	if err := op.close(); err != nil {
		t.Fatal(err)
	}
	bounded(t, r)
	return linesOf(rows)
}

func named(t *testing.T, name string) made {
	t.Helper()
	for _, c := range operators() {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("no operator %s", name)
	return made{}
}

func TestSortInBoundedMemory(t *testing.T) {
	rows := numbered(memoryRows, "row", modulo(memoryRows))
	want := linesOf(rows)
	slices.Reverse(want)
	same(t, spilling(t, named(t, "sort"), rows), want)
}

// Rows that compare equal stay in order, over many runs and merges of runs.
func TestSortIsStable(t *testing.T) {
	r := testRun(t, 4<<10)
	s := newRowSorter(r, typesOf(pair(1)), []order{rising(0, types.TInt8)})
	rows := numbered(memoryRows, "row", modulo(7))
	for _, row := range rows {
		if err := s.add(row); err != nil {
			t.Fatal(err)
		}
	}
	if most := 4 * mergeWidth; len(s.files) > most {
		t.Errorf("%d files are open", len(s.files))
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a[0].Int(), b[0].Int()) })
	for i := range rows {
		row, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		if line(row) != line(rows[i]) {
			t.Fatalf("row %d is %s, not %s", i, line(row), line(rows[i]))
		}
	}
	s.close()
	released(t, r)
}

// repeated are rows each of which is there again, at a distance.
func repeated(n int) []Row {
	rows := numbered(n, "row", modulo(n))
	return append(rows, rows...)
}

func TestDistinctInBoundedMemory(t *testing.T) {
	rows := repeated(memoryRows / 2)
	want := sorted(linesOf(rows[:memoryRows/2]))
	same(t, sorted(spilling(t, named(t, "distinct"), rows)), want)
	same(t, sorted(spilling(t, named(t, "union"), rows, rows)), want)
}

// The right side has the even rows once and every fourth twice, the left side
// all rows twice.
func TestSetOperationsInBoundedMemory(t *testing.T) {
	const n = memoryRows / 2
	left := repeated(n)
	count := func(i int) int { return 1 - i%2 + (1-min(i%4, 1))*1 }
	var right []Row
	for i := range n {
		for range count(i) {
			right = append(right, left[i])
		}
	}
	for _, c := range []struct {
		name string
		want func(right int) int // how often a row is in the result
	}{
		{"intersect all", func(r int) int { return min(2, r) }},
		{"intersect", func(r int) int { return min(1, r) }},
		{"except all", func(r int) int { return max(0, 2-r) }},
		{"except", func(r int) int { return 1 - min(1, r) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			for i := range n {
				for range c.want(count(i)) {
					want = append(want, line(left[i]))
				}
			}
			same(t, sorted(spilling(t, named(t, c.name), left, right)), sorted(want))
		})
	}
}

func TestHashJoinInBoundedMemory(t *testing.T) {
	many := func(i int) types.Datum { return types.Int(int64(i)) }
	skewed := func(i int) types.Datum { // two of three rows have one key
		if i%3 > 0 {
			return types.Int(-1)
		}
		return types.Int(int64(i))
	}
	one := func(int) types.Datum { return types.Int(5) }
	for name, kind := range joinKinds {
		for _, c := range []struct {
			name        string
			left, right []Row
		}{
			{"many keys", numbered(memoryRows, "l", modulo(memoryRows/2)), numbered(memoryRows, "r", many)},
			{"one key", numbered(9, "l", modulo(9)), numbered(memoryRows, "r", one)},
			{"one key on both sides", numbered(40, "l", one), numbered(memoryRows/4, "r", one)},
			{"some rows with one key", numbered(9, "l", func(i int) types.Datum { return types.Int(int64(3*i - 3)) }), numbered(memoryRows, "r", skewed)},
			{"NULLs", nulls(numbered(200, "l", many)), nulls(numbered(memoryRows, "r", many))},
		} {
			t.Run(name+", "+c.name, func(t *testing.T) {
				// So little that parts have to be parted again.
				got := spillingIn(t, memoryBytes/6, node(name, 2, join(kind, plan.JoinHash)), c.left, c.right)
				same(t, sorted(got), sorted(naiveJoin(kind, c.left, c.right)))
			})
		}
	}
}

// nulls makes every second key NULL.
func nulls(rows []Row) []Row {
	for i := range rows {
		if i%2 == 0 {
			rows[i][0] = types.Null
		}
	}
	return rows
}

// naiveJoin is a join on the first columns by looking at every pair.
func naiveJoin(kind plan.JoinKind, left, right []Row) []string {
	byKey := map[int64][]int{}
	for i, row := range right {
		if !row[0].IsNull() {
			byKey[row[0].Int()] = append(byKey[row[0].Int()], i)
		}
	}
	matched := make([]bool, len(right))
	var out []string
	for _, l := range left {
		var found []int
		if !l[0].IsNull() {
			found = byKey[l[0].Int()]
		}
		for _, i := range found {
			matched[i] = true
			if kind != plan.JoinSemi && kind != plan.JoinAnti {
				out = append(out, line(l)+"|"+line(right[i]))
			}
		}
		switch {
		case kind == plan.JoinSemi && len(found) > 0, kind == plan.JoinAnti && len(found) == 0:
			out = append(out, line(l))
		case (kind == plan.JoinLeft || kind == plan.JoinFull) && len(found) == 0:
			out = append(out, line(l)+"|-|-")
		}
	}
	for i, row := range right {
		if kind == plan.JoinFull && !matched[i] {
			out = append(out, "-|-|"+line(row))
		}
	}
	return out
}

func TestLoopJoinInBoundedMemory(t *testing.T) {
	left, right := numbered(3, "l", modulo(3)), numbered(memoryRows, "r", modulo(3))
	same(t, spilling(t, node("loop", 2, join(plan.JoinInner, plan.JoinLoop)), left, right), naiveJoin(plan.JoinInner, left, right))
}

// Groups that each collect many values, more than memory holds together.
func TestCollectingAggregatesInBoundedMemory(t *testing.T) {
	const groups = 50
	rows := make([]Row, memoryRows)
	for i := range rows {
		rows[i] = Row{types.Int(int64(memoryRows - i)), types.Text(fmt.Sprint("group ", i%groups))}
	}
	ascending := func(arg expr.Expr) *expr.AggregateCall {
		c := joinedCall(arg)
		c.Order = []expr.SortKey{{Expr: arg}}
		return c
	}
	distinct := func(arg expr.Expr) *expr.AggregateCall {
		c := countedCall(arg)
		c.Distinct = true
		return c
	}
	got := spilling(t, node("", 1, grouped(joinedCall, ascending, distinct)), append(rows, rows...))
	var want []string
	for g := range groups {
		var as, order string
		for range 2 {
			for i := g; i < memoryRows; i += groups {
				as = list(as, memoryRows-i)
			}
		}
		for i := memoryRows - groups + g; i >= 0; i -= groups {
			order = list(list(order, memoryRows-i), memoryRows-i)
		}
		want = append(want, fmt.Sprintf("group %d|%s|%s|%d", g, as, order, memoryRows/groups))
	}
	same(t, sorted(got), sorted(want))
}

func list(s string, n int) string {
	if s != "" {
		s += ","
	}
	return s + strconv.Itoa(n)
}

// More groups than memory holds, each with some values.
func TestManyGroupsInBoundedMemory(t *testing.T) {
	rows := numbered(memoryRows, "group", modulo(memoryRows))
	got := spilling(t, node("", 1, grouped(joinedCall, countedCall)), rows)
	want := make([]string, len(rows))
	for i, row := range rows {
		want[i] = fmt.Sprintf("%s|%d|1", row[1].Text(), row[0].Int())
	}
	same(t, sorted(got), sorted(want))
}

// A recursive UNION: every row leads to two others, which others have led to before.
func TestRecursiveUnionInBoundedMemory(t *testing.T) {
	r := testRun(t, memoryBytes)
	cols := pair(1)
	row := func(n int64) Row {
		return Row{types.Int(n), types.Text(fmt.Sprintf("a row that takes some memory %d", n))}
	}
	cte := &plan.CTE{Name: "w", Recursive: &plan.Recursive{Base: leaf(cols), Step: leaf(cols)}}
	op, err := r.build(&plan.With{CTEs: []*plan.CTE{cte}, Body: &plan.CTEScan{CTE: cte, Cols: cols}})
	if err != nil {
		t.Fatal(err)
	}
	state := r.ctes[0]
	state.source = inputOf([]Row{row(1)})
	state.step = &stepping{state: state, next2: func(of Row) []Row {
		n := of[0].Int()
		return []Row{row(2 * n % memoryRows), row((2*n + 1) % memoryRows)}
	}}
	rows, err := collect(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64]bool{}
	for _, row := range rows {
		got[row[0].Int()] = true
	}
	if len(got) != memoryRows || len(rows) != memoryRows {
		t.Errorf("%d rows, %d of them different, not %d", len(rows), len(got), memoryRows)
	}
	if err := op.close(); err != nil {
		t.Fatal(err)
	}
	bounded(t, r)
}

// stepping is a recursive term: some rows for each of the last iteration's.
type stepping struct {
	state *cteState
	next2 func(Row) []Row
	from  *storeReader
}

func (s *stepping) open(context.Context) error { s.from = s.state.working.reader(); return nil }

func (s *stepping) next(context.Context) ([]Row, error) {
	rows, err := s.from.next()
	var out []Row
	for _, row := range rows {
		out = append(out, s.next2(row)...)
	}
	return out, err
}

func (s *stepping) close() error { return nil }

// x IN (SELECT …) over more values than memory holds, and x > ALL (SELECT …).
func TestSubqueriesInBoundedMemory(t *testing.T) {
	for _, c := range []struct {
		name string
		kind expr.SubqueryKind
		op   string
		f    func(a, b int64) types.Datum
		want func(x int64) bool
	}{
		{"in", expr.SubqueryAny, "=", func(a, b int64) types.Datum { return types.Bool(a == b) }, func(x int64) bool { return x%2 == 0 && x < 2*memoryRows }},
		{"all", expr.SubqueryAll, ">", func(a, b int64) types.Datum { return types.Bool(a > b) }, func(x int64) bool { return x > 2*memoryRows-2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testRun(t, memoryBytes)
			outer, inner := columns(1, types.TInt8), columns(11, types.TInt8)
			sub := &expr.Subquery{Typed: expr.Typed{T: types.TBool, Mod: -1}, Kind: c.kind, Plan: &plan.SubPlan{Root: leaf(inner)},
				Test: operation(c.op, int8Function("op", c.f, types.TBool), col(outer[0]), col(inner[0]))}
			s, err := r.scope(outer, sub)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.begin(t.Context()); err != nil {
				t.Fatal(err)
			}
			q, err := s.newSubquery(sub)
			if err != nil {
				t.Fatal(err)
			}
			values := make([]Row, memoryRows)
			for i := range values {
				values[i] = Row{types.Int(int64(2 * i))}
			}
			in := inputOf(values)
			q.op = in
			s.states = map[*expr.Subquery]*subquery{sub: q}
			for _, x := range []int64{0, 1, 2, memoryRows, memoryRows + 1, 2*memoryRows - 2, 2*memoryRows - 1, 2 * memoryRows} {
				v, err := s.value(0, Row{types.Int(x)})
				if err != nil {
					t.Fatal(err)
				}
				if v.IsTrue() != c.want(x) {
					t.Errorf("%d: got %t", x, v.IsTrue())
				}
			}
			if in.opened != 1 {
				t.Errorf("the subquery ran %d times", in.opened)
			}
			if err := r.endSubqueries(0); err != nil {
				t.Fatal(err)
			}
			bounded(t, r)
		})
	}
}

// An UPDATE … FROM or DELETE … USING that finds every row twice writes it once.
func TestJoinedWritesInBoundedMemory(t *testing.T) {
	table := &shard.Table{Name: "t", Key: []int{0}, Columns: []shard.Column{{Name: "id", Type: types.TInt8, Typmod: -1}, {Name: "v", Type: types.TText, Typmod: -1}}}
	cols := pair(1)
	scan := &plan.Scan{Cols: cols, Positions: []int{0, 1}}
	physical := plan.Physical{Relation: &plan.Relation{Table: table, Home: catalog.HomeShards, ShardKey: []int{0}}}
	for _, n := range []plan.Node{
		&plan.Update{Table: &catalog.Table{}, Source: leaf(cols), Target: scan, Physical: physical, Set: []plan.Assign{{Position: 1, Expr: col(cols[1])}}},
		&plan.Delete{Table: &catalog.Table{}, Source: leaf(cols), Target: scan, Physical: physical},
	} {
		t.Run(fmt.Sprintf("%T", n), func(t *testing.T) {
			r := testRun(t, memoryBytes)
			var written atomic.Int64
			r.env.Cluster = &fakeCluster{count: 2, write: func(q *shard.WriteRequest) (*shard.WriteReply, error) {
				written.Add(int64(q.Rows.Count))
				return &shard.WriteReply{Incarnation: 7, Count: int64(q.Rows.Count)}, nil
			}}
			op, err := r.build(n)
			if err != nil {
				t.Fatal(err)
			}
			in := inputOf(repeated(memoryRows))
			switch op := op.(type) {
			case *update:
				op.source = in
			case *remove:
				op.source = in
			}
			if _, err := collect(t.Context(), op); err != nil {
				t.Fatal(err)
			}
			if written.Load() != memoryRows || r.affected != memoryRows {
				t.Errorf("%d rows were written, %d are affected", written.Load(), r.affected)
			}
			if err := op.close(); err != nil {
				t.Fatal(err)
			}
			bounded(t, r)
			released(t, r, in)
		})
	}
}

// A few left rows each find more right rows than memory holds.
func TestLookupJoinInBoundedMemory(t *testing.T) {
	for name, kind := range map[string]plan.JoinKind{"inner": plan.JoinInner, "left": plan.JoinLeft, "semi": plan.JoinSemi, "anti": plan.JoinAnti} {
		t.Run(name, func(t *testing.T) {
			r := testRun(t, memoryBytes)
			left, right := numbered(5, "l", modulo(5)), numbered(memoryRows, "r", modulo(3))
			op, open := lookup(t, r, kind, left, right)
			rows, err := collect(t.Context(), op)
			if err != nil {
				t.Fatal(err)
			}
			same(t, sorted(linesOf(rows)), sorted(naiveJoin(kind, left, right)))
			if err := op.close(); err != nil {
				t.Fatal(err)
			}
			if n := open.Load(); n != 0 {
				t.Errorf("%d reads are open", n)
			}
			bounded(t, r)
		})
	}
}
