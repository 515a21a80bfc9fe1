package sqlitesql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func column(id int) expr.Expr {
	return expr.NewColumn(expr.ColumnID(id), fmt.Sprintf("c%d", id), types.TInt4, -1)
}

// TestShortChainsStandInARow: up to 64 operands the text is as it is written.
func TestShortChainsStandInARow(t *testing.T) {
	args := strings.Split(strings.Repeat("x ", inRow-1)+"x", " ")
	if got, want := chain(args, " OR "), strings.Join(args, " OR "); got != want {
		t.Error(got)
	}
	if got := chain(append(args, "x"), " OR "); strings.Count(got, "x") != inRow+1 || !strings.HasPrefix(got, "(") {
		t.Error(got)
	}
}

// TestRoomIsBounded: what is too deep or too long for SQLite is left to the engine.
func TestRoomIsBounded(t *testing.T) {
	deep := expr.Expr(column(0))
	for range 300 {
		deep = &expr.Test{Arg: deep, Kind: expr.IsNotNull}
	}
	if Exact(deep) {
		t.Error("300 levels were taken")
	}
	long := make([]expr.Expr, 100_000)
	for i := range long {
		long[i] = &expr.Test{Arg: column(0), Kind: expr.IsNull}
	}
	if Exact(expr.NewOr(long...)) {
		t.Error("100,000 alternatives were taken")
	}
	var room Room
	taken := 0
	for _, e := range long {
		if room.Takes(e) {
			taken++
		}
	}
	if taken == 0 || taken == len(long) {
		t.Errorf("%d of %d conditions were taken", taken, len(long))
	}
}
