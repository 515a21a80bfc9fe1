package expr

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Volatility is pg_proc.provolatile.
type Volatility byte

// The volatilities.
const (
	Immutable Volatility = 'i'
	Stable    Volatility = 's'
	Volatile  Volatility = 'v'
)

// Function is a row of pg_proc with its implementation. It sees datums, never
// the syntax tree or the session.
type Function struct {
	OID        types.OID
	Name       string
	Args       []*types.Type // of a variadic function the last is the array type
	ArgNames   []string      // nil without names
	Defaults   int           // how many trailing arguments have defaults
	Result     *types.Type
	Strict     bool
	Volatility Volatility
	Variadic   bool
	Packs      bool // variadic, and what a call gives for the last argument is one array
	ReturnsSet bool
	// Columns are the OUT columns of a function that returns a record.
	Columns []OutColumn
	// Out is the name of the only OUT argument of a function that returns no
	// record: what its column is called in FROM; "" is none.
	Out string
	// IntCompare says that the function is a comparison of two KindInt datums
	// by their signed values, so that callers may compare Datum.Int themselves.
	IntCompare CompareOp
	// Loose says that the function is an operator = that is no equality: neither
	// a hash nor an order can stand for it (= of boxes compares their areas, and
	// what is about equal to the same is not always about equal to each other).
	Loose bool
	// Bind, of a polymorphic function whose work depends on the types of its
	// arguments, makes the Function for one call's actual types (the OID stays); the last is
	// anyarray for a Call that is Variadic.
	// Resolution and decoding call it; a Call holds its answer. nil for all others.
	Bind func(args []*types.Type, result *types.Type) *Function

	// Constructs is the name of a function that makes a user-defined range or
	// multirange type's values: OID and Name are those of the built-in function that it is like.
	// A Routine has its own.
	Constructs types.RangeConstructor

	// InC is the function as it is under the collations C, POSIX and ucs_basic, to which only
	// ASCII's characters have cases and classes; nil where that makes no difference. It has an
	// OID of its own, and IsInC.
	InC   *Function
	IsInC bool

	// Routine says that a user has made the function: a session runs it
	// (Session.RunRoutine), and nobody else. Constructs is then what it is called.
	Routine bool

	// Impl computes one result. args is the callee's to read during the call only.
	Impl func(ctx *Context, args []types.Datum) (types.Datum, error)
	// Rows computes the rows of a set-returning function, calling yield for
	// each until it answers false.
	Rows func(ctx *Context, args []types.Datum, yield func(types.Datum) bool) error
}

// Implemented reports whether calls of the function can be computed.
func (f *Function) Implemented() bool { return f.Impl != nil || f.Rows != nil || f.Bind != nil }

// OutColumn is an OUT argument.
type OutColumn struct {
	Name string
	Type *types.Type
}

// IsEquality reports whether c is l = r by the equality of their types.
func (c *Call) IsEquality() bool {
	return c.Operator == "=" && len(c.Args) == 2 && c.T == types.TBool && !c.Func.Loose
}

// RowColumns are the columns of a call that returns a row; nil for one of
// another type, or a record of which nothing is known.
func (c *Call) RowColumns() []types.Column {
	if len(c.Func.Columns) == 0 {
		return c.T.Columns()
	}
	out := make([]types.Column, len(c.Func.Columns))
	for i, o := range c.Func.Columns {
		out[i] = types.Column{Name: o.Name, Type: o.Type, Typmod: -1}
	}
	return out
}

// Aggregate is an aggregate function. Its partial state travels from shards to
// the coordinator as datums of the State types, so that
// final(merge(partials)) equals the aggregate over all rows.
type Aggregate struct {
	OID    types.OID
	Name   string
	Args   []*types.Type
	Result *types.Type
	Strict bool // rows with a NULL argument are skipped
	// State are the types of the datums that Partial returns; nil when the
	// aggregate cannot be computed in parts (order matters).
	State []*types.Type
	// New makes an empty accumulator.
	New func(ctx *Context) Accumulator
	// Ordered says that the order of rows can change the value (array_agg).
	Ordered bool
	// Set takes New's place for an ordered-set aggregate. With Ordered its rows
	// come as WITHIN GROUP orders them, and their number is known before.
	Set func(ctx *Context, s OrderedSet) (Accumulator, error)
	// Bind is Function.Bind for a polymorphic aggregate.
	Bind func(args []*types.Type, result *types.Type) *Aggregate
}

// Implemented reports whether the aggregate can be computed.
func (a *Aggregate) Implemented() bool { return a.New != nil || a.Bind != nil || a.Set != nil }

// OrderedSet is what one group of an ordered-set aggregate is made for.
type OrderedSet struct {
	Direct []types.Datum // the direct arguments
	Orders []types.Order // of the aggregated ones
	Rows   int64         // how many will be added, of an aggregate with Ordered
}

// CompareOp is a comparison: the set of the outcomes (less, equal, greater)
// for which it is true.
type CompareOp uint8

// The outcomes, and the six comparisons made of them. The zero CompareOp is none.
const (
	less    CompareOp = 1 << iota
	equal   CompareOp = 1 << iota
	greater CompareOp = 1 << iota

	CompareLT = less
	CompareLE = less | equal
	CompareEQ = equal
	CompareNE = less | greater
	CompareGE = equal | greater
	CompareGT = greater
)

// Holds reports whether a op b.
func (op CompareOp) Holds(a, b int64) bool {
	switch {
	case a < b:
		return op&less != 0
	case a > b:
		return op&greater != 0
	}
	return op&equal != 0
}

// Accumulator collects one group of one aggregate.
type Accumulator interface {
	// Add takes the arguments of one row.
	Add(args []types.Datum) error
	// Merge takes what Partial of another accumulator returned.
	Merge(state []types.Datum) error
	// Partial returns the state as datums of Aggregate.State.
	Partial() ([]types.Datum, error)
	// Result returns the aggregate's value.
	Result() (types.Datum, error)
}

// Remover is an Accumulator that rows can be taken back from, for window frames
// that leave rows behind. false says that its value cannot be told without the
// row: then it has to be made anew.
type Remover interface {
	Accumulator
	Remove(args []types.Datum) (ok bool, err error)
}

// Context is what an evaluation may depend on besides its row. It belongs to
// one goroutine at a time; another one takes a copy.
type Context struct {
	Env    *types.Env
	Params []types.Datum
	// StatementTime and TransactionTime are what statement_timestamp() and now() answer.
	StatementTime   time.Time
	TransactionTime time.Time
	// Session answers functions that ask about the session (current_user,
	// nextval, set_config, pg_table_is_visible …); nil on a shard, where binding never sends them.
	Session Session
	// Subquery runs a correlated or deferred subquery; nil on a shard.
	Subquery func(ctx context.Context, s *Subquery, row []types.Datum) (types.Datum, error)
	// Running is the request that the evaluation serves: asked now and then
	// whether to go on, and handed to Session and Subquery. It stands in a field
	// since the functions of a row take nothing else; nil goes on for ever.
	Running context.Context

	// work counts up to the next time that Running is asked; see Spend.
	work int
	// stack holds the arguments of the calls in progress, owner the Context that
	// it belongs to: a copy gets a stack of its own.
	stack   []types.Datum
	owner   *Context
	caseArg types.Datum
	memo    map[any]any

	domainValue types.Datum
}

// own makes the stack and the memo the Context's own.
func (ctx *Context) own() {
	if ctx.owner != ctx {
		ctx.owner, ctx.stack, ctx.memo = ctx, make([]types.Datum, 0, 16), nil
	}
}

// maxMemo is how many answers Memo keeps.
const maxMemo = 64

// Memo returns what compute answered for key before in this Context, or asks
// it: for what is costly to make of an argument that is the same for many rows,
// as a regular expression is. Errors are not kept.
func (ctx *Context) Memo(key any, compute func() (any, error)) (any, error) {
	ctx.own()
	if v, ok := ctx.memo[key]; ok {
		return v, nil
	}
	v, err := compute()
	if err != nil {
		return nil, err
	}
	if ctx.memo == nil || len(ctx.memo) >= maxMemo {
		ctx.memo = map[any]any{}
	}
	ctx.memo[key] = v
	return v, nil
}

// Session is the coordinator's answers to functions that look beyond their
// arguments, by name: "current_database", "nextval", "format_type" ….
type Session interface {
	// CallSession calls a function under the request that it is evaluated for.
	CallSession(ctx context.Context, name string, args []types.Datum) (types.Datum, error)
	// RunRoutine runs a user's function, bound to a call's types, and yields what it
	// returns until yield answers false: once, unless it returns a set.
	RunRoutine(ctx *Context, f *Function, args []types.Datum, yield func(types.Datum) bool) error
}

// Library finds functions and aggregates by OID, to decode trees that travelled.
type Library interface {
	Function(oid types.OID) *Function
	Aggregate(oid types.OID) *Aggregate
}
