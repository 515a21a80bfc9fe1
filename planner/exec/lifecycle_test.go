package exec

import (
	"context"
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// lifeRows are enough to make every operator spill with little memory.
const lifeRows = 300

// life makes an operator with its inputs. The text of a row says its key, so
// that set operations and groups meet rows again.
func life(t *testing.T, c made, workMem int64, count int) (*run, operator, []*input) {
	t.Helper()
	r := testRun(t, workMem)
	in := make([]*input, c.inputs)
	for k := range in {
		rows := numbered(count, "row", modulo(37+k))
		for i := range rows {
			rows[i][1] = rows[i%(count/3)][1]
			if i%50 == 7 {
				rows[i][0] = types.Null
			}
		}
		in[k] = inputOf(rows)
	}
	op, err := c.make(r, in)
	if err != nil {
		t.Fatal(err)
	}
	return r, op, in
}

// What work_mem is: all fits, little does, nothing does. The last takes a file
// for nearly every row.
const (
	muchMemory   = 1 << 20
	littleMemory = 4 << 10
	noMemory     = 1
)

// Every operator gives the same rows whatever memory it has, also when it is
// opened again after having been read to its end or not.
func TestOperatorsAgreeAndOpenAgain(t *testing.T) {
	for _, c := range operators() {
		t.Run(c.name, func(t *testing.T) {
			agree(t, c, lifeRows, muchMemory, littleMemory)
			agree(t, c, lifeRows/6, muchMemory, noMemory)
		})
	}
}

func agree(t *testing.T, c made, rows int, memories ...int64) {
	t.Helper()
	var want []string
	for _, workMem := range memories {
		r, op, in := life(t, c, workMem, rows)
		for try := range 3 {
			if try == 1 { // not to its end
				if err := op.open(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, err := op.next(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else {
				rows, err := collect(t.Context(), op)
				if err != nil {
					t.Fatal(err)
				}
				got := sorted(linesOf(rows))
				if want == nil {
					want = got
				}
				same(t, got, want)
			}
			for range 2 { // close is idempotent
				if err := op.close(); err != nil {
					t.Fatal(err)
				}
			}
			released(t, r, in...)
		}
	}
	if len(want) == 0 {
		t.Error("no rows: the test says nothing")
	}
}

func TestOperatorsCloseUnopened(t *testing.T) {
	for _, c := range operators() {
		r, op, in := life(t, c, noMemory, lifeRows)
		if err := op.close(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		released(t, r, in...)
	}
}

// An error of an input, or a cancel, comes out as it is, wherever it happens,
// and close then leaves nothing behind.
func TestOperatorsFailInTheMiddle(t *testing.T) {
	for _, c := range operators() {
		for _, workMem := range []int64{muchMemory, littleMemory} {
			for k := range c.inputs {
				for _, at := range []int{100, lifeRows} {
					r, op, in := life(t, c, workMem, lifeRows)
					in[k].failAt = at
					if _, err := collect(t.Context(), op); !errors.Is(err, errBroken) {
						t.Errorf("%s, %d bytes, input %d at %d: got %v", c.name, workMem, k, at, err)
					}
					op.close()
					released(t, r, in...)

					r, op, in = life(t, c, workMem, lifeRows)
					ctx, cancel := context.WithCancel(t.Context())
					in[k].stopAt, in[k].cancel = at, cancel
					if _, err := collect(ctx, op); !errors.Is(err, context.Canceled) {
						t.Errorf("%s, %d bytes, input %d cancelled at %d: got %v", c.name, workMem, k, at, err)
					}
					op.close()
					released(t, r, in...)
				}
			}
		}
	}
}

// TestEvaluationsServeThePresentRequest: a portal's next rows are asked for
// under another request, after its first one has ended.
func TestEvaluationsServeThePresentRequest(t *testing.T) {
	r := testRun(t, memoryBytes)
	first, end := context.WithCancel(t.Context())
	r.serve(first)
	cols := columns(11, types.TInt8)
	sub := &expr.Subquery{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Kind: expr.SubqueryScalar, Plan: &plan.SubPlan{Root: leaf(cols)}}
	s, err := r.scope(nil, sub)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.begin(first); err != nil {
		t.Fatal(err)
	}
	q, err := s.newSubquery(sub)
	if err != nil {
		t.Fatal(err)
	}
	q.op = inputOf([]Row{{types.Int(7)}})
	s.states = map[*expr.Subquery]*subquery{sub: q}
	end()
	r.serve(t.Context())
	if v, err := s.value(0, nil); err != nil || v.Int() != 7 {
		t.Error(v, err)
	}
	r.serve(first)
	q.forget()
	if _, err := s.value(0, nil); !errors.Is(err, context.Canceled) {
		t.Error("under an ended request:", err)
	}
}
