// Package expr is typed expressions: what binding makes of SQL scalar
// expressions, how they are evaluated, and how they travel between nodes.
//
//	expr.go      the node types (this file: the contract)
//	guard.go     what values of domains obey
//	function.go  Function, Aggregate: what a Call refers to
//	window.go    window functions and frames
//	build.go     short ways to make nodes
//	walk.go      trees are walked and rebuilt; inspect.go, equal.go ask about them, fold.go computes what is constant,
//	             known.go what is known before the plan runs
//	compile*.go  a tree becomes a closure over a row of datums; interrupt.go what stops it
//	wire.go      a tree becomes bytes, wire_decode.go bytes a tree
//	format.go    a tree becomes SQL, as pg_get_expr has it (syntax.go, pretty.go, layout.go, keywords.go)
//
// A tree is immutable and shared between sessions; everything that differs
// from run to run (parameters, settings, time) is in the Context.
package expr

import "github.com/pegmatitedb/pegmatite/internal/types"

// Expr is a node. Its concrete types are the pointers to the structs below,
// and no others.
type Expr interface {
	Type() *types.Type
	Typmod() int32 // -1 is none
}

// Typed is the result type that most nodes carry.
type Typed struct {
	T   *types.Type
	Mod int32
}

// Type implements Expr.
func (t Typed) Type() *types.Type { return t.T }

// Typmod implements Expr.
func (t Typed) Typmod() int32 { return t.Mod }

// Const is a literal. An untyped literal has type unknown until binding
// resolves it.
type Const struct {
	Typed
	Value types.Datum
}

// Param is a parameter of the statement, counted from 0 ($1 is 0). Parameters
// behind the client's own carry what the planner lifted out: literals, and
// values that are fixed for one execution.
type Param struct {
	Typed
	Index int
}

// ColumnID names a column within one planned statement: unique over all its
// relations, so that moving an expression never renumbers it. In a fragment
// it is a position instead (see shard.Fragment).
type ColumnID int32

// Column is a reference to a column of the input. Outer references of a
// correlated subquery are plain Columns too: they name an ID that the subquery
// itself does not produce.
type Column struct {
	Typed
	ID   ColumnID
	Name string // for EXPLAIN and messages
}

// Call is a function or operator call. Strict functions are not called with a
// NULL among the arguments: the result is NULL.
type Call struct {
	Typed
	Func *Function
	Args []Expr
	// Variadic is set for VARIADIC array in a call of a function of VARIADIC
	// "any", whose last argument alone cannot tell.
	Variadic bool
	// Operator is the operator's name when the call was written as one ("+"), for EXPLAIN and deparsing.
	Operator string
	// Keyword is what the call was written as (CURRENT_USER), for deparsing; "" is as a call.
	Keyword string
	// Syntax says that it was written in SQL's own syntax (EXTRACT(… FROM …)), for deparsing.
	Syntax bool
}

// CastForm says how a Cast converts.
type CastForm uint8

// The cast forms of pg_cast.castmethod, and the coercion of length.
const (
	CastFunction CastForm = iota // Func converts
	CastBinary                   // the same Datum under another type
	CastInOut                    // through the text form
	CastTypmod                   // ApplyTypmod: length or precision of the same type
	CastArray                    // element by element, by Elem
	CastDomain                   // the same Datum, if it obeys Guard
)

// Cast is a conversion.
type Cast struct {
	Typed
	Form     CastForm
	Func     *Function // CastFunction
	Elem     *Cast     // CastArray: the element's cast, whose Arg is nil
	Guard    *Guard    // CastDomain
	Arg      Expr
	Explicit bool   // written by the user: truncates where an implicit one fails
	Keyword  string // what a conversion of now() was written as (CURRENT_DATE), for deparsing
}

// BoolOp is which of AND, OR and NOT.
type BoolOp uint8

// The three.
const (
	And BoolOp = iota
	Or
	Not
)

// Logic is AND, OR (two or more arguments) or NOT (one), with three-valued logic.
type Logic struct {
	Op   BoolOp
	Args []Expr
}

// TestKind is which IS test.
type TestKind uint8

// The tests: of NULL-ness for any type, of truth for booleans.
const (
	IsNull TestKind = iota
	IsNotNull
	IsTrue
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// Test is `arg IS …`; never NULL.
type Test struct {
	Kind TestKind
	Arg  Expr
}

// Distinct is `a IS [NOT] DISTINCT FROM b`; Eq is the equality operator's function.
type Distinct struct {
	Negated bool
	Eq      *Function
	A, B    Expr
}

// When is one arm of a Case.
type When struct {
	Cond, Result Expr
}

// Case is the searched CASE; `CASE x WHEN v` has been rewritten to conditions
// over a CaseArg.
type Case struct {
	Typed
	Arg  Expr // evaluated once; nil in a searched CASE
	Arms []When
	Else Expr // nil is NULL
}

// CaseArg stands for the value of the innermost enclosing Case.Arg.
type CaseArg struct{ Typed }

// Coalesce is the first non-NULL argument.
type Coalesce struct {
	Typed
	Args []Expr
}

// MinMax is GREATEST or LEAST, by the type's default order.
type MinMax struct {
	Typed
	Greatest bool
	Args     []Expr
}

// NullIf is NULLIF(a, b).
type NullIf struct {
	Typed
	Eq   *Function
	A, B Expr
}

// AnyAll is `left op ANY (array)` or `left op ALL (array)`; `x IN (a, b, …)` of
// scalars is one with Op "=" over a List.
type AnyAll struct {
	All      bool
	Op       *Function // boolean
	Operator string
	Left     Expr
	Array    Expr   // an array value, or nil
	List     []Expr // used when Array is nil
}

// ArrayExpr is ARRAY[…]; nested when the elements are arrays themselves.
type ArrayExpr struct {
	Typed
	Elems []Expr
}

// RowExpr is ROW(…).
type RowExpr struct {
	Typed
	Elems []Expr
	Names []string
	// Explicit: it was written as a cast to its type, which is shown; it does not travel.
	Explicit bool
}

// Field is a field of a composite value.
type Field struct {
	Typed
	Arg   Expr
	Index int
	// Name is what it is shown as, of a record whose type does not tell; it does not travel.
	Name string
}

// Subscript is an element (Upper nil in every dimension) or a slice of an array
// or a type of fixed length (types.Type.FixedElem),
// or what a path leads to in a jsonb: then Index are its steps, text or integer.
// With a Value it is the whole Arg with that in the part's place (an assignment
// to a part: SubscriptingRef of primnodes.h with refassgnexpr).
type Subscript struct {
	Typed
	Arg   Expr
	Value Expr
	Lower []Expr // slices: nil entries are open
	Upper []Expr
	Slice bool
	Index []Expr // element access
}

// SubqueryKind is what a Subquery asks of its rows.
type SubqueryKind uint8

// The kinds of subquery expressions (manual 9.23).
const (
	SubqueryScalar SubqueryKind = iota // its one row's one column; NULL without a row; 21000 with more
	SubqueryExists
	SubqueryAny   // Test over (Left…, its columns) is true for any row
	SubqueryAll   // … for all rows
	SubqueryArray // ARRAY(SELECT …)
)

// Subquery is a query inside an expression. Rewriting turns what it can into
// joins; the rest runs at the coordinator, where Plan is replaced by an
// executable form.
type Subquery struct {
	Typed
	Kind SubqueryKind
	// Plan is the query: a planner/plan node, opaque here.
	Plan any
	// Output are the IDs of its columns, in order.
	Output []ColumnID
	// Outer are the columns of enclosing queries that it refers to; empty is uncorrelated.
	Outer []ColumnID
	// Test is the comparison of ANY and ALL, over the left side's expressions and Output columns.
	Test Expr
}

// AggregateCall is an aggregate in an Aggregate node; nowhere else.
type AggregateCall struct {
	Typed
	Agg      *Aggregate
	Args     []Expr
	Distinct bool
	Filter   Expr // nil is all rows
	Order    []SortKey
	Star     bool // count(*)
	// Direct are an ordered-set aggregate's direct arguments, over the groups of
	// the Aggregate node; Args are what WITHIN GROUP orders by, parallel to Order.
	// Such a call does not travel.
	Direct []Expr
}

// SortKey is one ORDER BY item.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Type implements Expr.
func (*Logic) Type() *types.Type    { return types.TBool }
func (*Test) Type() *types.Type     { return types.TBool }
func (*Distinct) Type() *types.Type { return types.TBool }
func (*AnyAll) Type() *types.Type   { return types.TBool }

// Typmod implements Expr.
func (*Logic) Typmod() int32    { return -1 }
func (*Test) Typmod() int32     { return -1 }
func (*Distinct) Typmod() int32 { return -1 }
func (*AnyAll) Typmod() int32   { return -1 }
