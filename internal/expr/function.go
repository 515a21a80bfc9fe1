package expr

import (
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
	ReturnsSet bool
	// Columns are the OUT columns of a function that returns a record.
	Columns []OutColumn

	// Impl computes one result. args is the callee's to read during the call only.
	Impl func(ctx *Context, args []types.Datum) (types.Datum, error)
	// Rows computes the rows of a set-returning function, calling yield for
	// each until it answers false.
	Rows func(ctx *Context, args []types.Datum, yield func(types.Datum) bool) error
}

// OutColumn is an OUT argument.
type OutColumn struct {
	Name string
	Type *types.Type
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

// Context is what an evaluation may depend on besides its row.
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
	Subquery func(s *Subquery, row []types.Datum) (types.Datum, error)
}

// Session is the coordinator's answers to functions that look beyond their
// arguments, by name: "current_database", "nextval", "format_type" ….
type Session interface {
	CallSession(name string, args []types.Datum) (types.Datum, error)
}

// Library finds functions and aggregates by OID, to decode trees that travelled.
type Library interface {
	Function(oid types.OID) *Function
	Aggregate(oid types.OID) *Aggregate
}
