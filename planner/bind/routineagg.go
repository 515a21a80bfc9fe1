package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// FunctionNamed finds the function that a name means for arguments of these types
// (func_get_detail): nil when it is no plain function.
func FunctionNamed(env *Env, names []*pg.Node, args []*types.Type) (r *builtin.Resolution, err error) {
	b := newBinder(env, nil, nil)
	defer b.recover(&err)
	q := &query{b: b}
	n := &pg.FuncCall{Funcname: names, Location: -1}
	call := builtin.FunctionCall{Name: q.functionName(n), Args: args}
	q.meaning(n, &call)
	call.Type = nil
	if r, err = env.Library.ResolveFunction(call); err != nil {
		return nil, err
	}
	if r.Proc == nil || r.Proc.Kind != 'f' {
		return nil, nil
	}
	return r, nil
}

// aggregateOf makes p, the row of f, an aggregate.
func aggregateOf(env *Env, f *catalog.Function, p *builtin.Proc) *builtin.Proc {
	parts := func(args []*types.Type, result, state *types.Type) builtin.AggregateParts {
		made := builtin.AggregateParts{State: state, Init: f.Aggregate.Init}
		made.Transition = partOf(env, f.Aggregate.Transition, append([]*types.Type{state}, args...), state)
		if f.Aggregate.Final != 0 {
			made.Final = partOf(env, f.Aggregate.Final, []*types.Type{state}, result)
		}
		return made
	}
	whole := parts(p.Args, p.Result, f.Aggregate.State)
	if f.Aggregate.State.IsPolymorphic() || p.Polymorphic() {
		whole.Bind = func(args []*types.Type, result *types.Type) builtin.AggregateParts {
			state := f.Aggregate.State
			if t, err := env.Library.Actual(args, p.Args, state); err == nil {
				state = t
			}
			return parts(args, result, state)
		}
	}
	return p.MakeAggregate(whole)
}

// partOf is a function that an aggregate is made of, bound to types.
func partOf(env *Env, oid catalog.OID, args []*types.Type, result *types.Type) *expr.Function {
	var fn *expr.Function
	if f := env.Snapshot.FunctionByOID(oid); f != nil {
		fn = Routine(f).Func
	} else if p := env.Library.Proc(oid); p != nil {
		fn = p.Func
	}
	if fn == nil {
		return &expr.Function{OID: oid, Name: "?", Args: args, Result: result}
	}
	if fn.Bind != nil {
		return fn.Bind(args, result)
	}
	return fn
}
