package expr

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Each call of a long chain asks for the early parts of all below it: they are
// compiled once, or a statement would take memory by its length squared.
func TestEarlyPartsOfAChainAreCompiledOnce(t *testing.T) {
	number := Typed{T: types.TInt4, Mod: -1}
	chain := func(n int) Expr {
		var e Expr = &Column{Typed: number, ID: 1}
		for range n {
			known := &Call{Typed: number, Func: intAdd, Args: []Expr{&Param{Typed: number}, &Param{Typed: number}}}
			e = &Call{Typed: number, Func: intAdd, Args: []Expr{e, known}}
		}
		return e
	}
	allocs := func(n int) float64 {
		e := chain(n)
		return testing.AllocsPerRun(1, func() {
			if _, err := Compile(e, func(ColumnID) int { return 0 }); err != nil {
				t.Fatal(err)
			}
		})
	}
	if short, long := allocs(100), allocs(1000); long > 20*short {
		t.Errorf("%.0f allocations for 100 calls, %.0f for 1000", short, long)
	}
}
