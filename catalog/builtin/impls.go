package builtin

import (
	"maps"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

type (
	// impl computes one result.
	impl = func(ctx *expr.Context, args []types.Datum) (types.Datum, error)
	// rowsImpl computes a set.
	rowsImpl = func(ctx *expr.Context, args []types.Datum, yield func(types.Datum) bool) error
	// bindImpl makes the implementation for a call's actual types.
	bindImpl = func(args []*types.Type, result *types.Type) impl
	// bindRowsImpl is bindImpl of a set.
	bindRowsImpl = func(args []*types.Type, result *types.Type) rowsImpl
)

// The tables of implementations, keyed by Proc.Symbol.
type (
	impls         map[string]impl
	rowsImpls     map[string]rowsImpl
	bindImpls     map[string]bindImpl
	bindRowsImpls map[string]bindRowsImpl
	compares      map[string]expr.CompareOp
)

// library of implementations, all families together.
type implTables struct {
	impls    impls
	rows     rowsImpls
	binds    bindImpls
	bindRows bindRowsImpls
	compares compares
	session  map[string]bool
	// Under collation C, where that makes a difference.
	inC     impls
	inCRows rowsImpls
}

func allImpls() *implTables {
	t := &implTables{
		impls: impls{}, rows: rowsImpls{}, binds: bindImpls{}, bindRows: bindRowsImpls{}, compares: intCompares, session: sessionNames(),
	}
	for _, family := range implFamilies() {
		maps.Copy(t.impls, family)
	}
	for _, family := range rowsFamilies() {
		maps.Copy(t.rows, family)
	}
	for _, family := range bindFamilies() {
		maps.Copy(t.binds, family)
	}
	for _, family := range bindRowsFamilies() {
		maps.Copy(t.bindRows, family)
	}
	usual, usualRows := ctypeImpls(ctypeUnicode)
	maps.Copy(t.impls, usual)
	maps.Copy(t.rows, usualRows)
	t.inC, t.inCRows = ctypeImpls(ctypeC)
	return t
}

// function makes the Function of a row of pg_proc.
func (t *implTables) function(p *Proc) *expr.Function {
	f := &expr.Function{
		OID: p.OID, Name: p.Name, Args: p.Args, ArgNames: p.inNames(), Defaults: len(p.Defaults),
		Result: p.Result, Strict: p.Strict, Volatility: p.Volatility, Variadic: p.Variadic != nil, Packs: p.Variadic != nil && p.Variadic != types.TAny,
		ReturnsSet: p.ReturnsSet, Columns: p.outColumns(), Out: p.outName(),
	}
	if asksForRoles[p.Symbol] {
		f.Volatility = expr.Stable
	}
	switch {
	case t.session[p.Name]:
		f.Impl = callSession(p.Name)
	case t.compares[p.Symbol] != 0:
		f.IntCompare = t.compares[p.Symbol]
		f.Impl = compareInts(f.IntCompare)
	case t.binds[p.Symbol] != nil:
		f.Bind = binder(f, t.binds[p.Symbol])
	case t.bindRows[p.Symbol] != nil:
		f.Bind = rowsBinder(f, t.bindRows[p.Symbol])
	case p.ReturnsSet:
		f.Rows = t.rows[p.Symbol]
	default:
		if f.Impl = t.impls[p.Symbol]; f.Impl == nil {
			f.Impl = inOut(p)
		}
	}
	return f
}

func binder(f *expr.Function, bind bindImpl) func([]*types.Type, *types.Type) *expr.Function {
	return func(args []*types.Type, result *types.Type) *expr.Function {
		bound := *f
		bound.Args, bound.Result, bound.Impl = args, result, bind(args, result)
		if r := result.Ranges(); r != nil && !f.Result.IsPolymorphic() {
			bound.Constructs = r.Constructor(result)
		}
		return &bound
	}
}

func rowsBinder(f *expr.Function, bind bindRowsImpl) func([]*types.Type, *types.Type) *expr.Function {
	return func(args []*types.Type, result *types.Type) *expr.Function {
		bound := *f
		bound.Args, bound.Result, bound.Rows = args, result, bind(args, result)
		return &bound
	}
}

// bindFunction is f.Bind where there is one, f elsewhere.
func bindFunction(f *expr.Function, args []*types.Type, result *types.Type) *expr.Function {
	if f.Bind == nil {
		return f
	}
	return f.Bind(args, result)
}

// compareInts compares two KindInt datums.
func compareInts(op expr.CompareOp) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(op.Holds(a[0].Int(), a[1].Int())), nil
	}
}

// callSession asks the session by the function's name.
func callSession(name string) impl {
	return func(ctx *expr.Context, args []types.Datum) (types.Datum, error) {
		if ctx.Session == nil {
			return types.Null, pgerr.Internal("function %s called where there is no session", name)
		}
		return ctx.Session.CallSession(ctx.Running, name, args)
	}
}
