package exec

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

func frameRow(kind expr.BoundKind, offset int64) expr.FrameBound {
	b := expr.FrameBound{Kind: kind}
	if kind == expr.OffsetPreceding || kind == expr.OffsetFollowing {
		b.Offset = expr.NewConst(types.TInt8, types.Int(offset))
	}
	return b
}

// windowFrames are frames that keep rows in different ways.
func windowFrames() map[string]expr.Frame {
	unbounded := frameRow(expr.UnboundedFollowing, 0)
	return map[string]expr.Frame{
		"that grows":        expr.DefaultFrame(),
		"of all":            {End: unbounded},
		"of rows":           {Mode: expr.FrameRows, Start: frameRow(expr.OffsetPreceding, 70), End: frameRow(expr.OffsetFollowing, 3)},
		"of rows before":    {Mode: expr.FrameRows, Start: frameRow(expr.OffsetPreceding, 9), End: frameRow(expr.OffsetPreceding, 2)},
		"of groups":         {Mode: expr.FrameGroups, Start: frameRow(expr.OffsetPreceding, 1), End: frameRow(expr.OffsetFollowing, 2)},
		"without the group": {Mode: expr.FrameRows, Start: frameRow(expr.OffsetPreceding, 5), End: frameRow(expr.OffsetFollowing, 5), Exclude: expr.ExcludeGroup},
		"of rows behind":    {Mode: expr.FrameRows, Start: frameRow(expr.CurrentRow, 0), End: unbounded},
		"without its row":   {End: unbounded, Exclude: expr.ExcludeCurrentRow},
		"without ties":      {Mode: expr.FrameRows, Start: frameRow(expr.CurrentRow, 0), End: frameRow(expr.OffsetFollowing, 8), Exclude: expr.ExcludeTies},
	}
}

// seen is a window function that shows what it sees of an argument's neighbours.
func seen() *expr.WindowFunction {
	return &expr.WindowFunction{Name: "seen", Looks: expr.LooksInFrame, New: func() func(expr.WindowView) (types.Datum, error) {
		return func(v expr.WindowView) (types.Datum, error) {
			own, peers := v.Position()
			first, err := v.FrameRow(0)
			if err != nil {
				return types.Null, err
			}
			last, err := v.FrameRow(-1)
			if err != nil {
				return types.Null, err
			}
			value, _, err := v.Arg(0, first)
			return types.Text(fmt.Sprint(own, peers, first, last, line(Row{value}))), err
		}
	}}
}

// taken is a sum that rows can be taken back from, but not every third time.
type taken struct {
	expr.Accumulator
	sum   int64
	times int
}

func (a *taken) Add(args []types.Datum) error { a.sum += args[0].Int(); return nil }

func (a *taken) Remove(args []types.Datum) (bool, error) {
	a.times++
	a.sum -= args[0].Int()
	return a.times%3 != 0, nil
}

func (a *taken) Result() (types.Datum, error) { return types.Int(a.sum), nil }

func takenCall(arg expr.Expr) *expr.AggregateCall {
	return &expr.AggregateCall{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Args: []expr.Expr{arg}, Agg: &expr.Aggregate{
		Name: "taken", Strict: true, New: func(*expr.Context) expr.Accumulator { return &taken{} },
	}}
}

// windowOver is a Window by the second column's value, whose rows come in one
// partition as they are; the first column is counted, joined and seen.
func windowOver(frame expr.Frame) func(l, r []plan.Column) plan.Node {
	return func(l, _ []plan.Column) plan.Node {
		arg := []expr.Expr{col(l[0])}
		return &plan.Window{
			Input: leaf(l), Partition: []expr.Expr{col(l[1])}, Frame: frame, Order: []expr.SortKey{{Expr: col(l[1])}},
			Calls: []*expr.WindowCall{
				{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Agg: countedCall(arg[0]).Agg, Args: arg},
				{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Agg: takenCall(arg[0]).Agg, Args: arg},
				{Typed: expr.Typed{T: types.TText, Mod: -1}, Agg: joinedCall(arg[0]).Agg, Args: arg},
				{Typed: expr.Typed{T: types.TText, Mod: -1}, Func: seen(), Args: arg},
			},
			Cols: columns(31, types.TInt8, types.TInt8, types.TText, types.TText),
		}
	}
}

// stepped are rows of two partitions whose order has ties: the partition is
// the tens of the second column.
func stepped(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{types.Int(int64(i * 7 % 10)), types.Int(int64(i * 2 / n)), types.Int(int64(i / 3))}
	}
	return rows
}

// TestWindowFrames compares with frames that are found by looking at every row.
func TestWindowFrames(t *testing.T) {
	rows := stepped(40)
	cols := columns(1, types.TInt8, types.TInt8, types.TInt8)
	for name, f := range windowFrames() {
		for _, workMem := range []int64{muchMemory, noMemory} {
			n := windowOver(f)(cols, nil).(*plan.Window)
			n.Order[0].Expr = col(cols[2])
			r := testRun(t, workMem)
			op, err := over(r, n, []*input{inputOf(rows)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := collect(t.Context(), op)
			if err != nil {
				t.Fatal(err)
			}
			op.close()
			released(t, r)
			for i, row := range got {
				want, sum := frameByHand(rows, i, &f)
				if row[5].Text() != want || row[4].Int() != sum {
					t.Errorf("%s, row %d: %s, not %s, %d", name, i, line(row), want, sum)
				}
			}
		}
	}
}

// frameByHand joins and adds the first column of the rows in the frame of row i.
func frameByHand(rows []Row, i int, f *expr.Frame) (joined string, sum int64) {
	first, groups := 0, map[int64]int{}
	for first < len(rows) && rows[first][1].Int() != rows[i][1].Int() {
		first++
	}
	end := first
	for ; end < len(rows) && rows[end][1].Int() == rows[i][1].Int(); end++ {
		if _, ok := groups[rows[end][2].Int()]; !ok {
			groups[rows[end][2].Int()] = len(groups)
		}
	}
	place := func(j int) int {
		if f.Mode == expr.FrameRows {
			return j
		}
		return groups[rows[j][2].Int()]
	}
	bound := func(b expr.FrameBound) int {
		switch b.Kind {
		case expr.UnboundedPreceding:
			return math.MinInt
		case expr.UnboundedFollowing:
			return math.MaxInt
		case expr.OffsetPreceding:
			return place(i) - int(b.Offset.(*expr.Const).Value.Int())
		case expr.OffsetFollowing:
			return place(i) + int(b.Offset.(*expr.Const).Value.Int())
		}
		return place(i)
	}
	var parts []string
	for j := first; j < end; j++ {
		tie := rows[j][2].Int() == rows[i][2].Int()
		out := f.Exclude == expr.ExcludeCurrentRow && j == i || f.Exclude == expr.ExcludeGroup && tie || f.Exclude == expr.ExcludeTies && tie && j != i
		if place(j) >= bound(f.Start) && place(j) <= bound(f.End) && !out {
			parts = append(parts, fmt.Sprint(rows[j][0].Int()))
			sum += rows[j][0].Int()
		}
	}
	return strings.Join(parts, ","), sum
}

// What only looks ahead keeps no partition: nothing is spilled.
func TestWindowForgetsRows(t *testing.T) {
	rows := numbered(memoryRows, "row", modulo(memoryRows))
	c := windowOver(expr.DefaultFrame())
	n := c(pair(1), nil).(*plan.Window)
	n.Partition, n.Calls, n.Cols = nil, n.Calls[:1], n.Cols[:1]
	n.Frame.Mode = expr.FrameRows
	r := testRun(t, 4<<10)
	op, err := over(r, n, []*input{inputOf(rows)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != memoryRows || got[memoryRows-1][2].Int() != memoryRows || r.ledger.spills > 0 {
		t.Errorf("%d rows, the last %s, %d files", len(got), line(got[len(got)-1]), r.ledger.spills)
	}
	op.close()
	released(t, r)
}

func TestWindowInBoundedMemory(t *testing.T) {
	rows := numbered(memoryRows, "row", modulo(memoryRows))
	c := node("window", 1, func(l, _ []plan.Column) plan.Node {
		n := windowOver(expr.Frame{End: frameRow(expr.UnboundedFollowing, 0)})(l, nil).(*plan.Window)
		n.Partition, n.Calls, n.Cols = nil, n.Calls[:1], n.Cols[:1]
		return n
	})
	if got := spilling(t, c, rows); len(got) != memoryRows {
		t.Errorf("%d rows", len(got))
	}
}
