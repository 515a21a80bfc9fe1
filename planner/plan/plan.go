// Package plan is the nodes of a query's plan: read-only data that sessions
// share. Binding makes a logical tree of them, rewriting and distributing
// turn it, node by node, into one that can run; run-time state lives in
// planner/exec, beside the plan.
//
//	plan.go      Node, the relational nodes (this file: the contract)
//	window.go    Window
//	dml.go       Insert, Update, Delete, LockRows
//	gather.go    Gather: what runs on the shards, and on which
//	statement.go Statement: a plan with what a session must know of it
//	explain.go   EXPLAIN's text of a plan; analysis.go what EXPLAIN ANALYZE measures
//	transform.go trees are walked and rebuilt
//	steps.go     how often planning asks whether its statement goes on
//	dump.go      a plan as the golden tests print it
//
// One sentence rules planner/distribute: what stands under a Gather has become
// a fragment and runs on the shards; everything else runs here.
//
// Columns are named by IDs that are unique within a Statement, so that moving
// a node or an expression never renumbers anything. A node's output is a list
// of columns in order.
package plan

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Node is a relational operator. Its concrete types are the pointers to the
// structs of this package.
type Node interface {
	// Columns are the node's output columns, in order.
	Columns() []Column
	// Inputs are the nodes below, left to right.
	Inputs() []Node
}

// Column is an output column.
type Column struct {
	ID     expr.ColumnID
	Name   string
	Type   *types.Type
	Typmod int32
	// Table and Attnum say where a plain column comes from, for RowDescription; 0 is elsewhere.
	Table  catalog.OID
	Attnum int16
	// Collation is an output column's: "" is its type's own.
	Collation string
}

// NoCollation is the Collation of a column over operands that differ in theirs.
const NoCollation = "?"

// Scan is all rows of a table. Cols are parallel to Positions, which are
// positions in Table.Columns (column ID - 1).
type Scan struct {
	Table     *catalog.Table
	Alias     string
	Cols      []Column
	Positions []int
}

// Values is rows of expressions, which see no columns but outer ones.
type Values struct {
	Rows [][]expr.Expr
	Cols []Column
}

// TableFunction is a set-returning (or any) function in FROM.
type TableFunction struct {
	Calls      []*expr.Call // more than one: ROWS FROM, unnest of several
	Ordinality bool         // the last column counts the rows
	Cols       []Column
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Input Node
	Cond  expr.Expr
	// Barrier: Input is what a security_barrier view shows, and conditions that can
	// fail, and so tell of what they are asked about, do not go below. Rewriting
	// takes the node away.
	Barrier bool
}

// Project computes Exprs, parallel to Cols. Set-returning calls among them make
// several rows of one, as PostgreSQL's ProjectSet does.
type Project struct {
	Input Node
	Exprs []expr.Expr
	Cols  []Column
	Sets  bool // some Exprs contain set-returning calls
}

// JoinKind is which join.
type JoinKind uint8

// The joins. Semi and Anti output the left side's columns only.
const (
	JoinInner JoinKind = iota
	JoinLeft
	JoinRight
	JoinFull
	JoinSemi
	JoinAnti
)

// Join joins two inputs. With Lateral the right side sees the left's columns.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          expr.Expr // nil is true
	Lateral     bool
	// What distribute chose; zero before.
	Method JoinMethod
	// HashLeft[i] = HashRight[i] are the equalities of a hash or lookup join; Rest is what they leave of On.
	HashLeft, HashRight []expr.Expr
	Rest                expr.Expr
	// Args are the left columns that a Lateral right side reads as parameters.
	Args []Arg
}

// JoinMethod is how a join runs at the coordinator.
type JoinMethod uint8

// The methods.
const (
	JoinLoop   JoinMethod = iota // nested loop over the materialized right side; for Lateral, run again per row
	JoinHash                     // hash table over the right side
	JoinLookup                   // batches of left rows become the keys of the right side's Gather
)

// Aggregate groups by Groups and computes Aggs; its columns are the groups,
// then the aggregates, then the Groupings. With no Groups there is always one row.
type Aggregate struct {
	Input  Node
	Groups []expr.Expr
	Aggs   []*expr.AggregateCall
	Cols   []Column
	// Sets, if it is not nil, are grouping sets, each the positions in Groups of
	// its members: the rows are grouped by each set, and the other groups are NULL.
	// A set without members has always one row.
	Sets [][]int
	// Groupings are the arguments of GROUPING(…), by their positions in Groups;
	// only with Sets. The values are integers.
	Groupings [][]int
	// Final: the input is partial states (a Gather with a Group) to be merged.
	Final bool
}

// Sort orders its input.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
	// Top is a bound on how many rows are wanted (a Limit above), nil is all.
	Top expr.Expr
	// Quick: rows that tie come in the order in which PostgreSQL's quicksort leaves
	// them (it is for a window, whose values can depend on it), not as they came.
	Quick bool
}

// Limit is LIMIT/OFFSET; nil is none. The expressions see no columns.
type Limit struct {
	Input  Node
	Count  expr.Expr
	Offset expr.Expr
	// Ties are the columns that Input is sorted by, if rows that are equal in them
	// to the last one come, too (WITH TIES).
	Ties []expr.SortKey
}

// Distinct keeps one row of those that are equal in On (DISTINCT ON, the first
// in the input's order), or in all columns when On is nil.
type Distinct struct {
	Input Node
	On    []expr.Expr
}

// SetKind is which set operation.
type SetKind uint8

// The set operations.
const (
	Union SetKind = iota
	Intersect
	Except
)

// SetOp combines two inputs with columns of equal types.
type SetOp struct {
	Kind        SetKind
	All         bool
	Left, Right Node
	Cols        []Column
}

// With makes named results visible to Body. Each is computed at most once per
// execution, when first read (data-modifying ones always, and completely).
type With struct {
	CTEs []*CTE
	Body Node
}

// CTE is one WITH query.
type CTE struct {
	Name      string
	ID        int // unique in the Statement
	Plan      Node
	Recursive *Recursive // nil: Plan is all
	Modifies  bool
	Uses      int // how many CTEScans refer to it
	// Materialize says whether the query may be put in the place of its CTEScan.
	Materialize Materialize
}

// Materialize is the [NOT] MATERIALIZED of a WITH query. By default one that
// is used once is put in its place, if that cannot change what it computes.
type Materialize uint8

// The choices.
const (
	MaterializeDefault Materialize = iota
	Materialized
	NotMaterialized
)

// Recursive is the two terms of a recursive CTE; the second reads a CTEScan
// with Working set.
type Recursive struct {
	Base, Step Node
	All        bool // UNION ALL
}

// CTEScan reads a CTE.
type CTEScan struct {
	CTE     *CTE
	Working bool // the rows of the last iteration
	// Source are the IDs of the CTE's own columns, parallel to Cols.
	Source []expr.ColumnID
	Cols   []Column
}

// Feed is rows that the caller of the run supplies: COPY FROM.
type Feed struct{ Cols []Column }

// Elements is the distinct elements of an array that are not NULL, as rows of
// one column: the keys that a lookup join turns `x = ANY (array)` into.
type Elements struct {
	Array expr.Expr // sees no columns
	Cols  []Column
}

// Result is one row with no columns (SELECT without FROM).
type Result struct{}

// Columns implements Node.
func (n *Scan) Columns() []Column          { return n.Cols }
func (n *Values) Columns() []Column        { return n.Cols }
func (n *TableFunction) Columns() []Column { return n.Cols }
func (n *Filter) Columns() []Column        { return n.Input.Columns() }
func (n *Project) Columns() []Column       { return n.Cols }
func (n *Aggregate) Columns() []Column     { return n.Cols }
func (n *Sort) Columns() []Column          { return n.Input.Columns() }
func (n *Limit) Columns() []Column         { return n.Input.Columns() }
func (n *Distinct) Columns() []Column      { return n.Input.Columns() }
func (n *SetOp) Columns() []Column         { return n.Cols }
func (n *With) Columns() []Column          { return n.Body.Columns() }
func (n *CTEScan) Columns() []Column       { return n.Cols }
func (n *Result) Columns() []Column        { return nil }
func (n *Feed) Columns() []Column          { return n.Cols }
func (n *Elements) Columns() []Column      { return n.Cols }

// Members are the groups of a grouping set.
func (n *Aggregate) Members(set []int) []expr.Expr {
	out := make([]expr.Expr, len(set))
	for i, at := range set {
		out[i] = n.Groups[at]
	}
	return out
}

// Columns implements Node: the left side's, then (but for Semi and Anti) the right side's.
func (n *Join) Columns() []Column {
	if n.Kind == JoinSemi || n.Kind == JoinAnti {
		return n.Left.Columns()
	}
	l, r := n.Left.Columns(), n.Right.Columns()
	return append(l[:len(l):len(l)], r...)
}

// Inputs implements Node.
func (n *Scan) Inputs() []Node          { return nil }
func (n *Values) Inputs() []Node        { return nil }
func (n *TableFunction) Inputs() []Node { return nil }
func (n *Filter) Inputs() []Node        { return []Node{n.Input} }
func (n *Project) Inputs() []Node       { return []Node{n.Input} }
func (n *Join) Inputs() []Node          { return []Node{n.Left, n.Right} }
func (n *Aggregate) Inputs() []Node     { return []Node{n.Input} }
func (n *Sort) Inputs() []Node          { return []Node{n.Input} }
func (n *Limit) Inputs() []Node         { return []Node{n.Input} }
func (n *Distinct) Inputs() []Node      { return []Node{n.Input} }
func (n *SetOp) Inputs() []Node         { return []Node{n.Left, n.Right} }
func (n *With) Inputs() []Node          { return []Node{n.Body} }
func (n *CTEScan) Inputs() []Node       { return nil }
func (n *Result) Inputs() []Node        { return nil }
func (n *Feed) Inputs() []Node          { return nil }
func (n *Elements) Inputs() []Node      { return nil }
