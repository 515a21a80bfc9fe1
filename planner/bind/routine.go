package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Arguments are those of the function whose body a statement is part of: it names
// them by number, and by name where no column has it (sql_fn_post_column_ref in functions.c).
type Arguments struct {
	Function string
	Names    []string // "" is none
	// Kept says that the body is in SQL's own syntax, as the catalog keeps it.
	Kept bool
}

// Routine is a user's function as a row of pg_proc that calls can mean.
func Routine(f *catalog.Function) *builtin.Proc {
	p := &builtin.Proc{
		OID: f.OID, Name: f.Name, Kind: 'f', Symbol: f.Body, Args: f.InputTypes(), Result: f.Result,
		Strict: f.Strict, ReturnsSet: f.ReturnsSet, LeakProof: f.LeakProof, Volatility: expr.Volatility(f.Volatility),
	}
	switch {
	case f.Procedure:
		p.Kind = 'p'
	case f.Aggregate != nil:
		p.Kind, p.AggKind = 'a', 'n'
	}
	named, plain := false, true
	for _, a := range f.Args {
		named, plain = named || a.Name != "", plain && a.Mode == 'i'
		p.ArgNames, p.AllArgs, p.Modes = append(p.ArgNames, a.Name), append(p.AllArgs, a.Type), p.Modes+string(rune(a.Mode))
		if a.Mode == 'v' {
			p.Variadic = variadicElement(a.Type)
		}
		if a.Input() && a.Default != "" {
			p.Defaults = append(p.Defaults, a.Default)
		}
	}
	if !named {
		p.ArgNames = nil
	}
	if plain {
		p.AllArgs, p.Modes = nil, ""
	}
	return p.Routine(f.KeptFunction())
}

// variadicElement is pg_proc.provariadic.
func variadicElement(t *types.Type) *types.Type {
	switch t {
	case types.TAny:
		return types.TAny
	case types.TAnyArray:
		return types.TAnyElement
	case types.TAnyCompatibleArray:
		return types.TAnyCompatible
	}
	return t.Elem
}

// routines are the functions of a name that users have made in one schema.
func (b *binder) routines(schema catalog.OID, name string, place int) (list []*builtin.Proc) {
	for _, f := range b.env.Snapshot.FunctionsNamed(b.env.Database, schema, name) {
		p := b.procOf(f)
		p.Place = place
		list = append(list, p)
	}
	return list
}

// procOf is a function's row, an aggregate's ready for calls.
func (b *binder) procOf(f *catalog.Function) *builtin.Proc {
	if f.Aggregate != nil {
		return aggregateOf(b.env, f, Routine(f))
	}
	return Routine(f)
}

// routineDefault is the Default of a builtin.Coercer.
func (b *binder) routineDefault(p *builtin.Proc, i int) (e expr.Expr, err error) {
	s, n, err := sqlparse.ParseExpr(p.Defaults[i-(len(p.Args)-len(p.Defaults))])
	if err != nil {
		return nil, err
	}
	b.within(s, func() {
		q := &query{b: b, kind: kindDefault}
		e = q.expr(n)
	})
	return e, nil
}

// routineText is a function's body that is being bound.
type routineText struct {
	*Arguments
	// value is what argument i stands for, at that place.
	value func(q *query, i int, location int32) expr.Expr
}

// ownArguments makes the statement's parameters the arguments of the function
// that it is part of.
func (b *binder) ownArguments() {
	b.fromCatalog = b.fromCatalog || b.env.Arguments.Kept
	b.routine = &routineText{b.env.Arguments, func(q *query, i int, location int32) expr.Expr {
		p := &expr.Param{Typed: expr.Typed{T: b.params[i], Mod: -1}, Index: i}
		b.location[p] = location
		return p
	}}
}

// argumentNamed is what a name means that no column has: the argument of that
// name; nil is none.
func (q *query) argumentNamed(names []string, location int32) expr.Expr {
	r := q.b.routine
	if r == nil || len(names) > 3 {
		return nil
	}
	rest := names
	if len(names) > 1 && names[0] == r.Function && r.index(names[1]) >= 0 {
		rest = names[1:]
	}
	i := r.index(rest[0])
	if i < 0 || len(rest) > 2 {
		return nil
	}
	e := r.value(q, i, location)
	if len(rest) == 2 {
		return q.field(e, rest[1], location)
	}
	return e
}

func (r *routineText) index(name string) int {
	for i, have := range r.Names {
		if have == name && name != "" {
			return i
		}
	}
	return -1
}

// argumentNumbered is $n in a function's body.
func (q *query) argumentNumbered(n *pg.ParamRef) expr.Expr {
	i := int(n.Number) - 1
	if i < 0 || i >= len(q.b.routine.Names) {
		q.b.failAt(n.Location, pgerr.UndefinedParameter, "there is no parameter $%d", n.Number)
	}
	return q.b.routine.value(q, i, n.Location)
}

// InFunction adds to an error in a function's body where it was met: its place
// in the text becomes one within the body.
func InFunction(err error, body, context string) error {
	e, ok := err.(*pgerr.E)
	if !ok {
		return err
	}
	moved := *e
	if moved.Position != 0 && moved.InternalQuery == "" {
		moved.Position, moved.InternalPosition, moved.InternalQuery = 0, moved.Position, body
	}
	moved.Where = strings.TrimPrefix(moved.Where+"\n"+context, "\n")
	return &moved
}
