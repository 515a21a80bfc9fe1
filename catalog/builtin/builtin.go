// Package builtin is the functions, operators, casts and aggregates of
// PostgreSQL 15, and the rules by which a call finds one of them.
//
//	builtin.go    Library: look-ups by OID and by name (this file)
//	load.go       the rows: data/*.tsv, as PostgreSQL itself prints them
//	impls.go      how an implementation is tied to its row: by pg_proc.prosrc, as in fmgr
//	resolve*.go   which function, operator or common type is meant (manual, chapter 10)
//	coerce.go     conversions put into expression trees
//	routine.go    functions that users make: a session runs them; agg_routine.go aggregates of theirs
//	others        implementations, one family a file; agg_*.go are aggregates, window.go window functions
//
// Every row of pg_proc is here, so that a call resolves (or is ambiguous)
// exactly as in PostgreSQL; a function without implementation is 0A000 when it
// is compiled.
package builtin

import (
	"strings"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Proc is a row of pg_proc.
type Proc struct {
	OID        types.OID
	Name       string
	Kind       byte   // prokind: f function, a aggregate, w window function, p procedure
	Symbol     string // prosrc; of SQL-language functions name(type,…)
	Args       []*types.Type
	Result     *types.Type
	Strict     bool
	ReturnsSet bool
	LeakProof  bool
	Volatility expr.Volatility
	Variadic   *types.Type   // element type of a variadic last argument, or nil
	Defaults   []string      // SQL text of the trailing arguments' defaults
	ArgNames   []string      // of all arguments, OUT ones too; nil without names
	AllArgs    []*types.Type // with OUT arguments; nil when there are none
	Modes      string        // proargmodes, parallel to AllArgs: i o b v t

	// Place, of a function that a user has made, is where its schema stands in a
	// search path, before (negative) or behind pg_catalog.
	Place int

	// Func is set for kind f, Agg for kind a. Without an implementation
	// Func.Impl and Func.Rows, or Agg.New and Agg.Bind, are nil.
	Func *expr.Function
	Agg  *expr.Aggregate
	// Window is set for kind w.
	Window *expr.WindowFunction
	// AggKind is pg_aggregate.aggkind: n normal, o ordered-set, h hypothetical-set.
	AggKind byte
	// AggDirect is pg_aggregate.aggnumdirectargs.
	AggDirect int
}

// Operator is a row of pg_operator.
type Operator struct {
	OID        types.OID
	Name       string
	Left       *types.Type // nil for a prefix operator
	Right      *types.Type
	Result     *types.Type
	Func       *expr.Function
	Commutator types.OID // 0 is none
	Negator    types.OID
	Mergeable  bool
	Hashable   bool
}

// CoercionContext is where a conversion is wanted; a later one allows all that
// an earlier one does (pg_cast.castcontext).
type CoercionContext uint8

// The contexts.
const (
	Implicit   CoercionContext = iota // in expressions
	Assignment                        // to a column
	Explicit                          // written by the user
)

// Cast is a row of pg_cast.
type Cast struct {
	OID     types.OID
	Source  *types.Type
	Target  *types.Type
	Func    *expr.Function // of CastFunction
	Form    expr.CastForm  // CastFunction, CastBinary or CastInOut; CastTypmod when Source is Target
	Context CoercionContext
}

// Library is all of them; it never changes and is safe for concurrent use.
type Library struct {
	procs      []*Proc
	procByOID  map[types.OID]*Proc
	procByName map[string][]*Proc

	operators  []*Operator
	opByOID    map[types.OID]*Operator
	opByName   map[string][]*Operator
	casts      []*Cast
	castByPair map[[2]types.OID]*Cast

	inC int // how many functions have a variant under collation C
}

var _ expr.Library = (*Library)(nil)

// Default returns the library, made at the first call.
var Default = sync.OnceValue(load)

// Procs returns all rows of pg_proc in order of OID; callers must not change them.
func (l *Library) Procs() []*Proc { return l.procs }

// Proc returns the row with that OID, or nil.
func (l *Library) Proc(oid types.OID) *Proc { return l.procByOID[oid] }

// Function implements expr.Library.
func (l *Library) Function(oid types.OID) *expr.Function {
	if p := l.procByOID[oid]; p != nil {
		return p.Func
	}
	return nil
}

// Aggregate implements expr.Library.
func (l *Library) Aggregate(oid types.OID) *expr.Aggregate {
	if p := l.procByOID[oid]; p != nil {
		return p.Agg
	}
	return nil
}

// ProcsNamed returns the functions, aggregates and window functions of a name.
func (l *Library) ProcsNamed(name string) []*Proc { return l.procByName[name] }

// Operators returns all rows of pg_operator whose types there are, in order of OID;
// callers must not change them.
func (l *Library) Operators() []*Operator { return l.operators }

// OperatorsNamed returns the operators of a name, prefix ones too.
func (l *Library) OperatorsNamed(name string) []*Operator { return l.opByName[name] }

// Operator returns the operator with that OID, or nil.
func (l *Library) Operator(oid types.OID) *Operator { return l.opByOID[oid] }

// ExactOperator returns the operator with exactly these operand types, or nil;
// left is nil for a prefix operator.
func (l *Library) ExactOperator(name string, left, right *types.Type) *Operator {
	for _, op := range l.opByName[name] {
		if op.Left == left && op.Right == right {
			return op
		}
	}
	return nil
}

// Cast returns the row of pg_cast for exactly these types, or nil. A row from a
// type to itself is its length coercion.
func (l *Library) Cast(source, target *types.Type) *Cast {
	return l.castByPair[[2]types.OID{source.OID, target.OID}]
}

// Equality returns the function of a type's default equality operator, nil
// when it has none.
func (l *Library) Equality(t *types.Type) *expr.Function { return l.comparison("=", t) }

// Less returns the function of a type's default `<`, nil when it has no order.
func (l *Library) Less(t *types.Type) *expr.Function { return l.comparison("<", t) }

// Hashable reports whether PostgreSQL can hash a type's values, to group them
// (pg_operator.oprcanhash of its equality).
func (l *Library) Hashable(t *types.Type) bool {
	t = t.Base()
	if t.Elem != nil {
		return l.Hashable(t.Elem)
	}
	op := l.ExactOperator("=", t, t)
	return op == nil || op.Hashable
}

func (l *Library) comparison(name string, t *types.Type) *expr.Function {
	t = t.Base()
	if !t.Equatable() || name == "<" && !t.Ordered() {
		return nil
	}
	op := l.ExactOperator(name, t, t)
	if op == nil {
		var generic *types.Type
		switch {
		case t.Elem != nil:
			generic = types.TAnyArray
		case t.Kind == 'e':
			generic = types.TAnyEnum
		case t.Kind == 'c':
			generic = types.TRecord
		case t.Kind == 'r':
			generic = types.TAnyRange
		case t.Kind == 'm':
			generic = types.TAnyMultirange
		case t == types.TVarchar:
			generic = types.TText
		case t == types.TCidr:
			generic = types.TInet
		case strings.HasPrefix(t.Name, "reg"): // names of objects compare by OID
			generic = types.TOID
		default:
			return nil
		}
		op = l.ExactOperator(name, generic, generic)
	}
	return bindFunction(op.Func, []*types.Type{t, t}, types.TBool)
}
