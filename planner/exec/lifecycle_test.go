package exec

import (
	"context"
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// lifeRows are enough to make every operator spill with little memory.
const lifeRows = 300

// life makes an operator with its inputs. The text of a row says its key, so
// that set operations and groups meet rows again.
func life(t *testing.T, c made, workMem int64) (*run, operator, []*input) {
	t.Helper()
	r := testRun(t, workMem)
	in := make([]*input, c.inputs)
	for k := range in {
		rows := numbered(lifeRows, "row", modulo(37+k))
		for i := range rows {
			rows[i][1] = rows[i%(lifeRows/3)][1]
			if i%50 == 0 {
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

// memories are work_mem's: all fits, little does, nothing does.
var memories = map[string]int64{"much memory": 1 << 20, "little memory": 4 << 10, "no memory": 1}

// Every operator gives the same rows whatever memory it has, also when it is
// opened again after having been read to its end or not.
func TestOperatorsAgreeAndOpenAgain(t *testing.T) {
	for _, c := range operators() {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			for _, name := range []string{"much memory", "little memory", "no memory"} {
				r, op, in := life(t, c, memories[name])
				for try := range 3 {
					if name == "no memory" && try > 0 {
						break // slow, and no other than with little
					}
					if err := op.open(t.Context()); err != nil {
						t.Fatal(err)
					}
					if try == 1 { // not to its end
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
					if r.ledger.files != 0 || r.ledger.heldBytes != 0 {
						t.Fatalf("%s: %d files and %d bytes are left", name, r.ledger.files, r.ledger.heldBytes)
					}
				}
				for i := range in {
					if in[i].isOpen {
						t.Errorf("input %d is open", i)
					}
				}
			}
			if len(want) == 0 {
				t.Error("no rows: the test says nothing")
			}
		})
	}
}

func TestOperatorsCloseUnopened(t *testing.T) {
	for _, c := range operators() {
		r, op, in := life(t, c, 1)
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
		for _, name := range []string{"much memory", "little memory"} {
			workMem := memories[name]
			for k := range c.inputs {
				for _, at := range []int{100, lifeRows} {
					r, op, in := life(t, c, workMem)
					in[k].failAt = at
					if _, err := collect(t.Context(), op); !errors.Is(err, errBroken) {
						t.Errorf("%s, %s, input %d at %d: got %v", c.name, name, k, at, err)
					}
					op.close()
					released(t, r, in...)

					r, op, in = life(t, c, workMem)
					ctx, cancel := context.WithCancel(t.Context())
					in[k].stopAt, in[k].cancel = at, cancel
					if _, err := collect(ctx, op); !errors.Is(err, context.Canceled) {
						t.Errorf("%s, %s, input %d cancelled at %d: got %v", c.name, name, k, at, err)
					}
					op.close()
					released(t, r, in...)
				}
			}
		}
	}
}
