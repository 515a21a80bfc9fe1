package plan

import (
	"slices"

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
	// Merge is the fragment's Order over Cols: the shards' streams are merged by it.
	Merge []expr.SortKey
	// Lock locks the rows that come back; nil reads only.
	Lock *shard.RowLock
	// Lookup says that a lookup join feeds Fragment.Keys; Route then sees the
	// key's parameters, and Cols leaves out the tuple's number in front.
	Lookup bool
	// Inits are the parameters that the run must have filled before the gather opens.
	Inits []int
	// Reason says what went into the fragment, for EXPLAIN and tests.
	Reason []string
}

// Route says which shards hold the rows in question.
type Route struct {
	// Keys are shard key tuples (expressions over parameters). Nil is all shards
	// of the table's home; an empty, non-nil list is none.
	Keys [][]expr.Expr
}

// Relation is a table as a write sees it: the physical form of its rows, and
// the unique indexes that are relations of their own.
type Relation struct {
	Table  *shard.Table
	Home   catalog.Home
	Global []*GlobalIndex
	// Primary is the primary key's index, Local are the OIDs of Table.Indexes.
	Primary catalog.OID
	Local   []catalog.OID
	// ShardKey are the positions of the columns whose hash chooses the shard.
	ShardKey []int
	// Refers are the table's foreign keys, Referenced the keys of it that those of
	// any table refer to.
	Refers, Referenced []KeyReference
}

// KeyReference is a foreign key as the writes of a table see it.
type KeyReference struct {
	Constraint catalog.OID
	Columns    []int // positions in the table that is written
	// Full is MATCH FULL, and of Refers: a key with some NULLs has to be looked at.
	Full bool
}

// InKeys reports whether a column belongs to a foreign key, or to a key that one refers to.
func (r *Relation) InKeys(position int) bool {
	in := func(k KeyReference) bool { return slices.Contains(k.Columns, position) }
	return slices.ContainsFunc(r.Refers, in) || slices.ContainsFunc(r.Referenced, in)
}

// GlobalIndex is a unique index kept as a relation: its row is the indexed
// columns (the key, and the shard key), then the table's key. A row with a
// NULL among the indexed columns has no entry.
type GlobalIndex struct {
	Index catalog.OID
	Name  string // of the constraint or index, for 23505
	Table *shard.Table
	// Columns are the indexed columns, Key the table's key, as positions in the table.
	Columns, Key []int
}

// OneTrip is a write that the shards do alone: they find the rows, change and
// write them without the coordinator having read them.
type OneTrip struct {
	Find  *shard.Fragment
	Route Route
	Set   []shard.Assign
	// Back are the positions of the columns that come back for each row (of an
	// update the new row, of a delete the old one), for Returning and for the
	// entries of global indexes. nil is none.
	Back []int
	// Lock is the strength of the row locks.
	Lock shard.LockStrength
	// Inits are the parameters that the run must have filled before.
	Inits []int
	// Reason is as in Gather.
	Reason []string
}

// Columns implements Node.
func (n *Gather) Columns() []Column { return n.Cols }

// Inputs implements Node.
func (n *Gather) Inputs() []Node { return nil }
