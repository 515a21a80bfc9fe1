package plan

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Gather runs a fragment on the shards that Route names and brings the rows
// together: in the fragment's Order when it has one (a merge), else as they come.
type Gather struct {
	Table    *catalog.Table
	Fragment *shard.Fragment
	Route    Route
	Cols     []Column
	// Reason says what went into the fragment, for EXPLAIN and tests.
	Reason []string
}

// Route says which shards hold the rows in question.
type Route struct {
	// Keys are shard key tuples (expressions over parameters, typed as the key
	// columns). Nil is all shards of the table's home; an empty, non-nil list is none.
	Keys [][]expr.Expr
}

// Columns implements Node.
func (n *Gather) Columns() []Column { return n.Cols }

// Inputs implements Node.
func (n *Gather) Inputs() []Node { return nil }
