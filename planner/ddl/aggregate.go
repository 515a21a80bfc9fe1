package ddl

import (
	"context"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

// aggregateParts are the definition's parameters; nil where there is none.
type aggregateParts struct {
	transition, final, state, init, base *pg.DefElem
}

// createAggregate is CREATE [OR REPLACE] AGGREGATE over functions that there are
// (DefineAggregate in aggregatecmds.c, AggregateCreate in pg_aggregate.c).
func (s *statement) createAggregate(ctx context.Context, n *pg.DefineStmt) error {
	schema, name := dotted(n.Defnames)
	sc, err := s.creationSchema(schema)
	if err != nil {
		return err
	}
	f := &catalog.Function{
		Database: s.Database, Schema: sc.OID, Name: name, Owner: s.Role.OID, Language: "internal", Body: "aggregate_dummy",
		Volatility: 'i', Parallel: 'u', Cost: 1, Aggregate: &catalog.Aggregate{},
	}
	p, err := s.aggregateParts(f, n)
	if err != nil {
		return err
	}
	if err := s.aggregateArguments(ctx, f, n, p); err != nil {
		return err
	}
	if err := s.aggregateState(f, p); err != nil {
		return err
	}
	if err := s.aggregateFunctions(f, p); err != nil {
		return err
	}
	return s.putFunction(ctx, f, n.Replace)
}

// aggregateParts reads the definition.
func (s *statement) aggregateParts(f *catalog.Function, n *pg.DefineStmt) (*aggregateParts, error) {
	p := &aggregateParts{}
	places := map[string]**pg.DefElem{
		"sfunc": &p.transition, "sfunc1": &p.transition, "finalfunc": &p.final, "stype": &p.state, "stype1": &p.state,
		"initcond": &p.init, "initcond1": &p.init, "basetype": &p.base,
	}
	for _, item := range n.Definition {
		d := item.GetDefElem()
		switch place := places[d.Defname]; {
		case place != nil:
			*place = d
		case d.Defname == "parallel":
			word := defText(d)
			if word != "safe" && word != "restricted" && word != "unsafe" {
				return nil, pgerr.New(pgerr.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
			}
			f.Parallel = word[0]
		case aggregateRefuses[d.Defname]:
			return nil, pgerr.Unsupported("CREATE AGGREGATE … (%s = …)", strings.ToUpper(d.Defname))
		default:
			s.Notice(pgerr.New(pgerr.SyntaxError, "aggregate attribute %q not recognized", d.Defname).WithSeverity(pgerr.SeverityWarning))
		}
	}
	switch {
	case p.state == nil:
		return nil, badFunction("aggregate stype must be specified")
	case p.transition == nil:
		return nil, badFunction("aggregate sfunc must be specified")
	}
	return p, nil
}

// aggregateRefuses are PostgreSQL's other parameters.
var aggregateRefuses = map[string]bool{
	"combinefunc": true, "serialfunc": true, "deserialfunc": true, "msfunc": true, "minvfunc": true, "mfinalfunc": true, "mstype": true, "minitcond": true,
	"msspace": true, "sspace": true, "sortop": true, "hypothetical": true, "finalfunc_extra": true, "mfinalfunc_extra": true,
	"finalfunc_modify": true, "mfinalfunc_modify": true,
}

// defText is a parameter's value as text.
func defText(d *pg.DefElem) string {
	if str := d.Arg.GetString_(); str != nil {
		return str.Sval
	}
	if names, err := defName(d); err == nil && len(names) > 0 {
		return joined(names)
	}
	return ""
}

// aggregateArguments are what the aggregate takes, in the one syntax or the other.
func (s *statement) aggregateArguments(ctx context.Context, f *catalog.Function, n *pg.DefineStmt, p *aggregateParts) error {
	if !n.Oldstyle {
		if p.base != nil {
			return badFunction("basetype is redundant with aggregate input type specification")
		}
		if len(n.Args) > 1 && n.Args[1].GetInteger().GetIval() >= 0 {
			return pgerr.Unsupported("CREATE AGGREGATE with ORDER BY among its arguments")
		}
		_, err := s.functionArguments(ctx, f, n.Args[0].GetList().GetItems())
		return err
	}
	if p.base == nil {
		return badFunction("aggregate input type must be specified")
	}
	if strings.EqualFold(defText(p.base), "any") {
		return nil
	}
	t, err := s.definedType(p.base)
	if err == nil {
		f.Args = []catalog.Argument{{Mode: 'i', Type: t}}
	}
	return err
}

// definedType is a parameter that names a type.
func (s *statement) definedType(d *pg.DefElem) (*types.Type, error) {
	name := d.Arg.GetTypeName()
	if str := d.Arg.GetString_(); str != nil {
		name = &pg.TypeName{Names: []*pg.Node{d.Arg}, Typemod: -1, Location: -1}
	}
	if name == nil {
		return nil, pgerr.New(pgerr.SyntaxError, "argument of %s must be a type name", d.Defname)
	}
	t, _, err := s.typeName(name)
	if err != nil {
		return nil, unplaced(err)
	}
	return t, nil
}

// aggregateState settles the type of what goes from row to row, and its beginning.
func (s *statement) aggregateState(f *catalog.Function, p *aggregateParts) (err error) {
	a := f.Aggregate
	if a.State, err = s.definedType(p.state); err != nil {
		return err
	}
	if a.State.Kind == 'p' && !a.State.IsPolymorphic() && (a.State != types.TInternal || !s.Role.Super) {
		return badFunction("aggregate transition data type cannot be %s", a.State.SQLName)
	}
	if p.init == nil {
		return nil
	}
	text := defText(p.init)
	if a.State.Kind != 'p' {
		if _, err := a.State.Parse(s.Bind().Types, text, -1); err != nil {
			return err
		}
	}
	a.Init = &text
	return nil
}

// aggregateFunctions finds what computes the aggregate, and what that gives.
func (s *statement) aggregateFunctions(f *catalog.Function, p *aggregateParts) error {
	a := f.Aggregate
	transition, err := s.aggregateFunction(p.transition, append([]*types.Type{a.State}, f.InputTypes()...))
	if err != nil {
		return err
	}
	if transition.Result != a.State {
		names, _ := defName(p.transition)
		return pgerr.New(pgerr.DatatypeMismatch, "return type of transition function %s is not %s", joined(names), a.State.SQLName)
	}
	if transition.Proc.Strict && a.Init == nil {
		if in := f.InputTypes(); len(in) < 1 || !(in[0] == a.State || s.sameBytes(in[0], a.State)) {
			return badFunction("must not omit initial value when transition function is strict and transition type is not compatible with input type")
		}
	}
	a.Transition, f.Result = transition.Proc.OID, a.State
	if p.final != nil {
		final, err := s.aggregateFunction(p.final, []*types.Type{a.State})
		if err != nil {
			return err
		}
		a.Final, f.Result = final.Proc.OID, final.Result
	}
	return checkPolymorphicResult(f)
}

// aggregateFunction is lookup_agg_function.
func (s *statement) aggregateFunction(d *pg.DefElem, args []*types.Type) (*builtin.Resolution, error) {
	names, err := defName(d)
	if err != nil {
		return nil, err
	}
	r, err := bind.FunctionNamed(s.Bind(), names, args)
	signature := expr.Signature(joined(names), args)
	if r == nil || err != nil {
		if err == nil || pgerr.HasCode(err, pgerr.UndefinedFunction) {
			return nil, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature)
		}
		return nil, unplaced(err)
	}
	if f := s.snapshot().FunctionByOID(r.Proc.OID); f != nil {
		s.Change.Read(f)
	}
	if r.Proc.ReturnsSet {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "function %s returns a set", signature)
	}
	for i, t := range r.Types {
		if i < len(args) && t != args[i] && !args[i].IsPolymorphic() && !s.sameBytes(args[i], t) || len(r.Types) != len(args) || r.Pack > 0 {
			return nil, pgerr.New(pgerr.DatatypeMismatch, "function %s requires run-time type coercion", signature)
		}
	}
	return r, nil
}

// article is a word's indefinite article.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}
