package builtin

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Routine makes p, a row of pg_proc that a user has added, callable: a session
// runs it. kept is what texts that the catalog keeps call it.
func (p *Proc) Routine(kept types.RangeConstructor) *Proc {
	f := &expr.Function{
		OID: p.OID, Name: p.Name, Args: p.Args, ArgNames: p.inNames(), Defaults: len(p.Defaults),
		Result: p.Result, Strict: p.Strict, Volatility: p.Volatility, Variadic: p.Variadic != nil, Packs: p.Variadic != nil && p.Variadic != types.TAny,
		ReturnsSet: p.ReturnsSet, Columns: p.outColumns(), Out: p.outName(), Constructs: kept, Routine: true,
	}
	setRoutine(f)
	if p.Polymorphic() {
		f.Bind = p.bindRoutine(f)
	}
	p.Func = f
	return p
}

// Polymorphic reports whether a call's types are part of what p means.
func (p *Proc) Polymorphic() bool {
	return p.Result.IsPolymorphic() || slices.ContainsFunc(append(slices.Clone(p.Args), p.AllArgs...), func(t *types.Type) bool {
		return t.IsPolymorphic() || t == types.TAny
	})
}

// bindRoutine settles what a call's types make of the arguments that come back.
func (p *Proc) bindRoutine(f *expr.Function) func([]*types.Type, *types.Type) *expr.Function {
	return func(args []*types.Type, result *types.Type) *expr.Function {
		bound := *f
		bound.Args, bound.Result, bound.Bind = args, result, nil
		bound.Columns = slices.Clone(f.Columns)
		for i, c := range bound.Columns {
			if _, t, err := Default().resolvePolymorphic(args, p.Args, c.Type); err == nil {
				bound.Columns[i].Type = t
			}
		}
		setRoutine(&bound)
		return &bound
	}
}

// setRoutine has the session run f.
func setRoutine(f *expr.Function) {
	if f.ReturnsSet {
		f.Rows = func(ctx *expr.Context, args []types.Datum, yield func(types.Datum) bool) error {
			return runRoutine(ctx, f, args, yield)
		}
		return
	}
	f.Impl = func(ctx *expr.Context, args []types.Datum) (v types.Datum, err error) {
		err = runRoutine(ctx, f, args, func(d types.Datum) bool { v = d; return false })
		return v, err
	}
}

func runRoutine(ctx *expr.Context, f *expr.Function, args []types.Datum, yield func(types.Datum) bool) error {
	if ctx.Session == nil {
		return pgerr.Internal("function %s called where there is no session", f.Name)
	}
	return ctx.Session.RunRoutine(ctx, f, args, yield)
}

// Implementation is the function that pg_proc has under that prosrc, which a user's
// function in the language internal names; nil is none.
func (l *Library) Implementation(symbol string) *expr.Function {
	for _, p := range l.procs {
		if p.Symbol == symbol && p.Func != nil && p.Kind == 'f' {
			return p.Func
		}
	}
	return nil
}

// Actual is what a type is in a call of a function with the declared arguments.
func (l *Library) Actual(args, declared []*types.Type, t *types.Type) (*types.Type, error) {
	_, t, err := l.resolvePolymorphic(args, declared, t)
	return t, err
}
