package plan

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Statement is a planned SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE.
type Statement struct {
	Root Node
	// Result are the columns that the client gets; nil for a statement that returns no rows.
	Result []Column
	// Params are the types of $1…; Lifted those of the literals behind them.
	Params []*types.Type
	Lifted []*types.Type
	Tag    string // "SELECT", "INSERT", "UPDATE", "DELETE"
	// Reads are the relations that the plan depends on, with the versions it
	// was made for: a cached plan is good as long as they are current.
	Reads []Dependency
	// Writes is false for a statement that can run in a READ ONLY transaction.
	Writes bool
	// CTEs counts the CTE IDs, for run-time state.
	CTEs int
}

// Dependency is a relation that a plan was made for.
type Dependency struct {
	Relation catalog.OID
	Version  uint64
}
