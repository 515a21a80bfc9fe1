package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Eval computes a compiled expression over a row. It keeps no state of its
// own: several executions may share it, each with its own Context.
type Eval func(ctx *Context, row []types.Datum) (types.Datum, error)

// Compile makes a closure of e. layout says at which position of the row a
// column stands; -1 is a column that is not there, which is an error.
func Compile(e Expr, layout func(ColumnID) int) (Eval, error) {
	c := compiler{layout, knower{}, map[Expr]Eval{}}
	return c.compile(e)
}

// CompileAll compiles a list of expressions over the same row.
func CompileAll(list []Expr, layout func(ColumnID) int) ([]Eval, error) {
	c := compiler{layout, knower{}, map[Expr]Eval{}}
	return c.all(list)
}

// EvalConst computes an expression that needs no row. It fails on a column.
func EvalConst(ctx *Context, e Expr) (types.Datum, error) {
	eval, err := Compile(e, func(ColumnID) int { return -1 })
	if err != nil {
		return types.Null, err
	}
	return eval(ctx, nil)
}

// compiler carries what compiling a tree needs everywhere in it.
type compiler struct {
	layout func(ColumnID) int
	knower
	earlies map[Expr]Eval // what earlyOf has answered
}

func (c *compiler) all(list []Expr) ([]Eval, error) {
	out := make([]Eval, len(list))
	for i, e := range list {
		eval, err := c.optional(e)
		if err != nil {
			return nil, err
		}
		out[i] = eval
	}
	return out, nil
}

// optional compiles e; a nil e is a nil Eval.
func (c *compiler) optional(e Expr) (Eval, error) {
	if e == nil {
		return nil, nil
	}
	return c.compile(e)
}

func (c *compiler) compile(e Expr) (Eval, error) {
	switch e := e.(type) {
	case *Const:
		v := e.Value
		return func(*Context, []types.Datum) (types.Datum, error) { return v, nil }, nil
	case *Param:
		return compileParam(e), nil
	case *Column:
		return c.column(e)
	case *Call:
		return c.call(e)
	case *Cast:
		return c.cast(e)
	case *Logic:
		return c.logic(e)
	case *Test:
		return c.test(e)
	case *Distinct:
		return c.distinct(e)
	case *Case:
		return c.caseNode(e)
	case *CaseArg:
		return func(ctx *Context, _ []types.Datum) (types.Datum, error) { return ctx.caseArg, nil }, nil
	case *DomainValue:
		return func(ctx *Context, _ []types.Datum) (types.Datum, error) { return ctx.domainValue, nil }, nil
	case *Coalesce:
		return c.coalesce(e)
	case *MinMax:
		return c.minMax(e)
	case *NullIf:
		return c.nullIf(e)
	case *AnyAll:
		return c.anyAll(e)
	case *ArrayExpr:
		return c.array(e)
	case *RowExpr:
		return c.row(e)
	case *Field:
		return c.field(e)
	case *Subscript:
		return c.subscript(e)
	case *Subquery:
		return compileSubquery(e), nil
	case *AggregateCall:
		return nil, pgerr.Internal("aggregate %s outside of an aggregation", e.Agg.Name)
	case *WindowCall:
		return nil, pgerr.Internal("window function %s outside of a window", e.Name())
	}
	return nil, pgerr.Internal("unknown expression node %T", e)
}

func compileParam(e *Param) Eval {
	i := e.Index
	return func(ctx *Context, _ []types.Datum) (types.Datum, error) {
		if i >= len(ctx.Params) {
			return types.Null, pgerr.New(pgerr.UndefinedObject, "no value found for parameter %d", i+1)
		}
		return ctx.Params[i], nil
	}
}

func (c *compiler) slot(e *Column) (int, error) {
	slot := c.layout(e.ID)
	if slot < 0 {
		return 0, pgerr.Internal("column %d (%s) is not in the input", e.ID, e.Name)
	}
	return slot, nil
}

func (c *compiler) column(e *Column) (Eval, error) {
	slot, err := c.slot(e)
	if err != nil {
		return nil, err
	}
	return func(_ *Context, row []types.Datum) (types.Datum, error) { return row[slot], nil }, nil
}

func compileSubquery(e *Subquery) Eval {
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		if ctx.Subquery == nil {
			return types.Null, pgerr.Internal("subquery where none can run")
		}
		return ctx.Subquery(ctx.Running, e, row)
	}
}
