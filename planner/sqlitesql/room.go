package sqlitesql

import (
	"math/bits"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// SQLite refuses an expression of more than 1,000 levels, and its parser one
// that leaves more than 2,500 symbols on its stack.
const (
	maxLevels = 900
	// nesting is more than a node adds of either: its levels, or its symbols
	// before the argument that is nested.
	nesting = 6
	// inRow is how many alternatives stand in a row, each a level of the tree;
	// more are halved.
	inRow = 64
	// maxArguments bounds a function's: SQLite takes 1,000.
	maxArguments = 100
	// maxBound bounds the parameters of a statement's conditions: SQLite takes 32,766.
	maxBound = 16384
	// maxText bounds the bytes of a statement's conditions: SQLite takes more,
	// but a scan in Go is no slower than preparing it.
	maxText = 1 << 19
)

// Room is what the conditions of one statement may still take up; the zero
// value is all of it.
type Room struct {
	text, bound int
}

// Takes reports whether e, over positions of a table, has SQL that SQLite
// takes along with what the room has taken before, and takes it.
func (r *Room) Takes(e expr.Expr) bool {
	w := &writer{}
	sql, ok := w.expr(e)
	if !ok || r.text+len(sql) > maxText || r.bound+len(w.bound) > maxBound {
		return false
	}
	r.text += len(sql)
	r.bound += len(w.bound)
	return true
}

// levels is how much deeper than e its arguments are, at most.
func levels(e expr.Expr) int {
	n := 0
	switch e := e.(type) {
	case *expr.Logic:
		n = len(e.Args)
	case *expr.AnyAll:
		n = len(e.List)
	}
	if n > inRow {
		n = inRow + bits.Len(uint(n))
	}
	return nesting + n
}

// chain joins operands of AND or OR in a tree that SQLite takes, of which it
// finds the operands, and indexes for them, as if they stood in a row.
func chain(args []string, op string) string {
	if len(args) <= inRow {
		return strings.Join(args, op)
	}
	half := len(args) / 2
	return "(" + chain(args[:half], op) + ")" + op + "(" + chain(args[half:], op) + ")"
}
