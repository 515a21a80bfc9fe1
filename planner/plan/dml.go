package plan

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Insert writes Source's rows into Table.
type Insert struct {
	Table  *catalog.Table
	Source Node
	// Image has one expression per position of Table.Columns, over Source's
	// columns: the proposed row, defaults filled in (dropped columns: NULL).
	Image      []expr.Expr
	Checks     []shard.Check // over the new row by position
	ViewChecks []ViewCheck   // over the new row through New
	OnConflict *OnConflict
	// Returning (nil is none) sees the written row through New, by position of Table.Columns.
	Returning []expr.Expr
	New       []expr.ColumnID
	Cols      []Column
	// What distribute adds: Table's physical form, and OnConflict for the shards
	// when all arbiters lie beside the rows (nil with a global one). Inits are
	// the parameters that the run must have filled before.
	Relation *Relation
	Conflict *shard.OnConflict
	Inits    []int
}

// ViewCheck is a view's CHECK OPTION: a new row is one that the view shows. It
// is asked for when the row is written.
type ViewCheck struct {
	View string
	Cond expr.Expr // NULL is a violation, too
}

// OnConflict is an INSERT's ON CONFLICT clause after inference.
type OnConflict struct {
	// Arbiters are the index OIDs whose conflicts the clause answers; empty is any.
	Arbiters []catalog.OID
	Update   bool // DO UPDATE, else DO NOTHING
	Set      []Assign
	Where    expr.Expr
	// Existing and Excluded are the IDs, by position, under which Set and Where see the two rows.
	Existing, Excluded []expr.ColumnID
}

// Assign sets the column at a position of Table.Columns.
type Assign struct {
	Position int
	Expr     expr.Expr
}

// Update sets columns of the rows of Table that Source yields. Source is a
// plan that contains exactly one Scan marked by Target: all of Table's columns.
type Update struct {
	Table  *catalog.Table
	Source Node
	Target *Scan
	Set    []Assign // over Source's columns
	Checks []shard.Check
	// ViewChecks are over the new row through New.
	ViewChecks []ViewCheck
	// Returning sees the new row through New (by position), and Source's other columns.
	Returning []expr.Expr
	New       []expr.ColumnID
	Cols      []Column
	Physical
}

// Physical is what distribute adds to an Update or Delete: either OneTrip, and
// Source is nil then, or Found.
type Physical struct {
	Relation *Relation
	OneTrip  *OneTrip
	// Found is the Gather that Target became, under Source.
	Found *Gather
}

// Delete removes the rows of Table that Source yields; see Update.
type Delete struct {
	Table     *catalog.Table
	Source    Node
	Target    *Scan
	Returning []expr.Expr // over Source's columns
	Cols      []Column
	Physical
}

// Merge does to the rows of Table, for each row of Source, what the first of
// Actions says that fits. Source joins the data source with Target; where an
// action inserts, rows without one of Target's have NULLs for it.
type Merge struct {
	Table  *catalog.Table
	Source Node
	Target *Scan
	// On is the join's condition, for images newer than those that were joined.
	On      expr.Expr
	Actions []MergeAction
	// Generated are the columns that are computed from the others, over the new
	// row by position, as Checks are.
	Generated []Assign
	Checks    []shard.Check
	Physical
}

// MergeKind is what a MergeAction does.
type MergeKind uint8

// The kinds of actions.
const (
	MergeNothing MergeKind = iota
	MergeInsert
	MergeUpdate
	MergeDelete
)

// MergeAction is a WHEN clause. Its expressions are over Source's columns.
type MergeAction struct {
	Kind    MergeKind
	Matched bool
	When    expr.Expr // nil is always
	Set     []Assign  // of an update
	// Image is an insert's proposed row by position of Table.Columns; NULL where it is generated.
	Image []expr.Expr
}

// LockRows is SELECT … FOR UPDATE and its weaker forms.
type LockRows struct {
	Input Node
	Marks []RowMark
	// What distribute adds. Lazy: a Limit stands above, and rows are locked in
	// their order and only as many as it takes, as PostgreSQL does.
	Lazy bool
}

// RowMark locks the rows of one table under a LockRows.
type RowMark struct {
	Target *Scan
	Lock   shard.RowLock
	// What distribute adds: the Gather that Target became, and its relation.
	Found    *Gather
	Relation *Relation
}

// Columns implements Node.
func (n *Insert) Columns() []Column   { return n.Cols }
func (n *Update) Columns() []Column   { return n.Cols }
func (n *Delete) Columns() []Column   { return n.Cols }
func (n *Merge) Columns() []Column    { return nil }
func (n *LockRows) Columns() []Column { return n.Input.Columns() }

// Inputs implements Node.
func (n *Insert) Inputs() []Node   { return []Node{n.Source} }
func (n *Update) Inputs() []Node   { return n.inputs(n.Source) }
func (n *Delete) Inputs() []Node   { return n.inputs(n.Source) }
func (n *Merge) Inputs() []Node    { return []Node{n.Source} }
func (n *LockRows) Inputs() []Node { return []Node{n.Input} }

// inputs are the source, unless the write is one trip.
func (p *Physical) inputs(source Node) []Node {
	if p.OneTrip != nil {
		return nil
	}
	return []Node{source}
}
