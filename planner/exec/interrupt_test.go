package exec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/ending"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// documents are rows of one jsonb each, of so many elements, in descending
// order; each is there twice.
func documents(n, elements int) []Row {
	var rows []Row
	for i := range 2 * n {
		rows = append(rows, Row{types.Text("[" + strings.Repeat("1, ", elements-1) + fmt.Sprint(n-i/2) + "]")})
	}
	return rows
}

// comparing are the operators that compare or hash jsonb, over inputs of it.
func comparing() map[string]made {
	left, right := columns(1, types.TJSONB), columns(2, types.TJSONB)
	join := func(l, r []plan.Column) plan.Node {
		return &plan.Join{Kind: plan.JoinInner, Left: leaf(left), Right: leaf(right), Method: plan.JoinHash,
			HashLeft: []expr.Expr{col(left[0])}, HashRight: []expr.Expr{col(right[0])}}
	}
	distinct := func(l, r []plan.Column) plan.Node { return &plan.Distinct{Input: leaf(left)} }
	sort := func(l, r []plan.Column) plan.Node {
		return &plan.Sort{Input: leaf(left), Keys: []expr.SortKey{{Expr: col(left[0])}}}
	}
	group := func(l, r []plan.Column) plan.Node {
		return &plan.Aggregate{Input: leaf(left), Groups: []expr.Expr{col(left[0])}, Cols: left}
	}
	union := func(l, r []plan.Column) plan.Node {
		return &plan.SetOp{Kind: plan.Intersect, Left: leaf(left), Right: leaf(right), Cols: left}
	}
	window := func(l, r []plan.Column) plan.Node {
		return &plan.Window{Input: leaf(left), Partition: []expr.Expr{col(left[0])}, Order: []expr.SortKey{{Expr: col(left[0])}}, Frame: expr.DefaultFrame()}
	}
	return map[string]made{
		"window":    node("", 1, window),
		"hash join": node("", 2, join), "distinct": node("", 1, distinct), "sort": node("", 1, sort),
		"group": node("", 1, group), "intersect": node("", 2, union),
	}
}

// TestComparingIsAsked: what compares or hashes values that are long asks while
// it does so whether the statement goes on, and ends when it does not.
func TestComparingIsAsked(t *testing.T) {
	for name, c := range comparing() {
		for end := 1; end < 40; end += 3 {
			r := testRun(t, 64<<20)
			running := &ending.Request{At: end}
			r.serve(running)
			in := []*input{inputOf(documents(3, 20000)), inputOf(documents(3, 20000))}
			op, err := c.make(r, in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = collect(t.Context(), op); !errors.Is(err, ending.Err) {
				t.Errorf("%s: asked %d times, to end at %d: %v", name, running.Times, end, err)
			}
			if err := op.close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSortMakesKeysOnce: a sort asks no more for being sorted: a jsonb's key is
// made once for a row, in memory and on disk, not for a comparison.
func TestSortMakesKeysOnce(t *testing.T) {
	for _, workMem := range []int64{64 << 20, 64 << 10} {
		times := func(n int) int {
			r := testRun(t, workMem)
			running := &ending.Request{}
			r.serve(running)
			s := newRowSorter(r, []columnType{{types.TJSONB, -1}}, []order{rising(0, types.TJSONB)})
			defer s.close()
			for _, row := range documents(n, 20000) {
				if err := s.add(row); err != nil {
					t.Fatal(err)
				}
			}
			last := ""
			for range 2 * n {
				row, err := s.next()
				if err != nil || len(row) != 1 || row[0].Text() < last {
					t.Fatal(len(row), err)
				}
				last = row[0].Text()
			}
			return running.Times
		}
		if few, many := times(1), times(8); many > 12*few {
			t.Errorf("asked %d times for 2 documents, %d times for 16", few, many)
		}
	}
}
