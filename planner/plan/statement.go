package plan

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
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
	// ReadOrder are those of Lifted that were text, in the order in which they got their types.
	ReadOrder []int
	Tag       string // "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"
	// Reads are the relations that the plan depends on, with the versions it
	// was made for: a cached plan is good as long as they are current.
	Reads []Dependency
	// Writes: rows are written or locked. Lasting: not of temporary tables alone,
	// which READ ONLY transactions may write too.
	Writes, Lasting bool
	// ReadEnv: literals were read by the session's settings (TimeZone, DateStyle,
	// IntervalStyle): the plan is good for sessions with the same. ReadNow: they
	// stand for the time of planning: the plan is good once.
	ReadEnv, ReadNow bool
	// Labels: the statement tells of an enum's labels, so that the newest catalog must be known (rule 22).
	Labels bool
	// ThroughIndex: rows are looked up through an index that is a relation of
	// its own. Older snapshots than the index must not (bind.Env.Since).
	ThroughIndex bool
	// CTEs counts the CTE IDs, for run-time state.
	CTEs int
	// Columns is above every column ID in use: new ones are taken from here.
	Columns expr.ColumnID
	// Inits are values fixed for one execution, in parameters behind Lifted:
	// parameter len(Params)+len(Lifted)+i is Inits[i]'s.
	Inits []Init
	// Reasons say what rewriting did, for EXPLAIN (VERBOSE) and tests.
	Reasons []string
	// Memo is what running the plan has derived from it.
	Memo *Memo
}

// Memo keeps what is derived from a plan and nothing else (compiled
// expressions, say), so that executions need not derive it again. Whoever
// loses a race to store drops its own.
type Memo struct{ m sync.Map }

// Derive returns what make answers for key, made once.
func (m *Memo) Derive(key any, make func() (any, error)) (any, error) {
	if v, ok := m.m.Load(key); ok {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return nil, err
	}
	v, _ = m.m.LoadOrStore(key, v)
	return v, nil
}

// Init is a parameter that the run itself fills: with an expression without
// columns, computed at most once and before its first use, or (Expr nil) with
// what a Lateral join, a correlated subquery or a lookup join puts there.
type Init struct {
	Name string // for EXPLAIN
	Type *types.Type
	Expr expr.Expr
	// Plus is added to Expr, both int8: how many rows LIMIT and OFFSET together
	// can ask for. A sum out of range is as good as none: NULL.
	Plus expr.Expr
}

// SubPlan is what distributing makes of a Subquery's Plan.
type SubPlan struct {
	Root Node
	// Args are the correlated columns: their values go into parameters before each run.
	Args []Arg
}

// Arg puts a value of the outer row into a parameter.
type Arg struct {
	Param int
	Value expr.Expr
}

// Dependency is a relation that a plan was made for.
type Dependency struct {
	Relation catalog.OID
	Version  uint64
}
