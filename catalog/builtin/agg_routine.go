package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// AggregateParts are the functions that an aggregate is made of which a user has
// made: each bound to the types of one call.
type AggregateParts struct {
	Transition *expr.Function
	Final      *expr.Function // nil is none
	State      *types.Type
	Init       *string // the first state, as text; nil is NULL
	// Bind makes the parts for a call's actual types; nil where they are the same for all.
	Bind func(args []*types.Type, result *types.Type) AggregateParts
}

// MakeAggregate makes p, a row of pg_proc that a user has added, an aggregate of these
// parts. It is computed where the session is, row by row.
func (p *Proc) MakeAggregate(parts AggregateParts) *Proc {
	p.Kind, p.AggKind, p.Func = 'a', 'n', nil
	a := &expr.Aggregate{OID: p.OID, Name: p.Name, Args: p.Args, Result: p.Result}
	parts.apply(a)
	if parts.Bind != nil {
		a.Bind = func(args []*types.Type, result *types.Type) *expr.Aggregate {
			bound := *a
			bound.Args, bound.Result, bound.Bind = args, result, nil
			parts.Bind(args, result).apply(&bound)
			return &bound
		}
	}
	p.Agg = a
	return p
}

func (parts AggregateParts) apply(a *expr.Aggregate) {
	a.New = func(ctx *expr.Context) expr.Accumulator { return &routineAggregate{parts: parts, ctx: ctx} }
}

// routineAggregate is one group (nodeAgg.c, advance_transition_function).
type routineAggregate struct {
	accumulator
	parts AggregateParts
	ctx   *expr.Context
	state types.Datum
	begun bool
}

// begin reads the first state.
func (a *routineAggregate) begin() (err error) {
	if a.begun {
		return nil
	}
	a.begun, a.state = true, types.Null
	if a.parts.Init != nil {
		a.state, err = a.parts.State.Parse(a.ctx.Env, *a.parts.Init, -1)
	}
	return err
}

// Add implements expr.Accumulator. Without a first state the first row's value is
// it, if the transition function takes no NULL.
func (a *routineAggregate) Add(args []types.Datum) error {
	first := !a.begun
	if err := a.begin(); err != nil {
		return err
	}
	f := a.parts.Transition
	if f.Strict {
		for _, v := range args {
			if v.IsNull() {
				a.begun = a.begun && !(first && a.parts.Init == nil)
				return nil
			}
		}
		if first && a.parts.Init == nil && len(args) > 0 {
			a.state = args[0]
			return nil
		}
		if a.state.IsNull() {
			return nil
		}
	}
	v, err := call(a.ctx, f, append([]types.Datum{a.state}, args...))
	if err != nil {
		return err
	}
	a.state = v
	return nil
}

func call(ctx *expr.Context, f *expr.Function, args []types.Datum) (types.Datum, error) {
	if f.Impl == nil {
		return types.Null, pgerr.Unsupported("function %s", expr.Signature(f.Name, f.Args))
	}
	return f.Impl(ctx, args)
}

// Result implements expr.Accumulator.
func (a *routineAggregate) Result() (types.Datum, error) {
	if err := a.begin(); err != nil {
		return types.Null, err
	}
	f := a.parts.Final
	switch {
	case f == nil:
		return a.state, nil
	case f.Strict && a.state.IsNull():
		return types.Null, nil
	}
	return call(a.ctx, f, []types.Datum{a.state})
}
