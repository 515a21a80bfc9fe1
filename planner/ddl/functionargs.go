package ddl

import (
	"context"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
)

var parameterModes = map[pg.FunctionParameterMode]byte{
	pg.FunctionParameterMode_FUNC_PARAM_IN: 'i', pg.FunctionParameterMode_FUNC_PARAM_DEFAULT: 'i', pg.FunctionParameterMode_FUNC_PARAM_OUT: 'o',
	pg.FunctionParameterMode_FUNC_PARAM_INOUT: 'b', pg.FunctionParameterMode_FUNC_PARAM_VARIADIC: 'v', pg.FunctionParameterMode_FUNC_PARAM_TABLE: 't',
}

func badFunction(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InvalidFunctionDefinition, format, args...)
}

// functionArguments reads the parameters, and answers the type that those which
// come back make; nil is none (interpret_function_parameter_list in functioncmds.c).
func (s *statement) functionArguments(ctx context.Context, f *catalog.Function, list []*pg.Node) (required *types.Type, err error) {
	variadic, defaults := false, false
	for _, item := range list {
		p := item.GetFunctionParameter()
		a := catalog.Argument{Name: p.Name, Mode: parameterModes[p.Mode]}
		if a.Type, err = s.parameterType(f, p.ArgType); err != nil {
			return nil, err
		}
		if a.Input() {
			if variadic {
				return nil, badFunction("VARIADIC parameter must be the last input parameter").WithPosition(0)
			}
		} else if f.Procedure {
			if variadic {
				return nil, badFunction("VARIADIC parameter must be the last parameter")
			}
			if defaults {
				return nil, badFunction("procedure OUT parameters cannot appear after one with a default value")
			}
		}
		if a.Mode == 'v' {
			variadic = true
			if !mayBeVariadic(a.Type) {
				return nil, badFunction("VARIADIC parameter must be an array")
			}
		}
		if err := checkParameterName(f.Args, &a); err != nil {
			return nil, err
		}
		if a.Default, err = s.parameterDefault(ctx, &a, p.Defexpr, defaults); err != nil {
			return nil, err
		}
		defaults = defaults || a.Default != ""
		f.Args = append(f.Args, a)
	}
	if n := len(f.Inputs()); n > maxArguments {
		return nil, pgerr.New(pgerr.TooManyArguments, "functions cannot have more than %d arguments", maxArguments)
	}
	switch out := f.Outputs(); {
	case len(out) == 0:
		return nil, nil
	case len(out) == 1 && !f.Procedure:
		return out[0].Type, nil
	}
	return types.TRecord, nil
}

// maxArguments is FUNC_MAX_ARGS.
const maxArguments = 100

func mayBeVariadic(t *types.Type) bool {
	return t == types.TAny || t == types.TAnyArray || t == types.TAnyCompatibleArray || t.Base().Elem != nil
}

func (s *statement) parameterType(f *catalog.Function, n *pg.TypeName) (*types.Type, error) {
	if n.Setof {
		return nil, badFunction("%ss cannot accept set arguments", routineWord(f))
	}
	t, _, err := s.typeName(n)
	if pgerr.HasCode(err, pgerr.UndefinedObject) {
		return nil, pgerr.New(pgerr.UndefinedObject, "type %s does not exist", writtenType(n))
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// checkParameterName refuses a name that another argument has which goes the same way.
func checkParameterName(before []catalog.Argument, a *catalog.Argument) error {
	pureIn := func(a *catalog.Argument) bool { return a.Input() && !a.Output() }
	pureOut := func(a *catalog.Argument) bool { return a.Output() && !a.Input() }
	for i := range before {
		b := &before[i]
		if a.Name == "" || b.Name != a.Name || pureIn(a) && pureOut(b) || pureOut(a) && pureIn(b) {
			continue
		}
		return badFunction("parameter name %q used more than once", a.Name)
	}
	return nil
}

// parameterDefault is an argument's default as it is kept.
func (s *statement) parameterDefault(ctx context.Context, a *catalog.Argument, n *pg.Node, before bool) (string, error) {
	if n == nil {
		if before && a.Input() {
			return "", badFunction("input parameters after one with a default value must also have defaults")
		}
		return "", nil
	}
	if !a.Input() {
		return "", badFunction("only input parameters can have default values")
	}
	e, err := bind.Tree(s.Bind(), s.text, n, nil, bind.ForParameter, &bind.Column{Name: a.Name, Type: a.Type, Typmod: -1})
	if err != nil {
		return "", err
	}
	if e, err = s.findNamed(ctx, e); err != nil {
		return "", err
	}
	return s.exprText(e), nil
}

// functionResult settles what the function returns.
func (s *statement) functionResult(f *catalog.Function, n *pg.CreateFunctionStmt, required *types.Type) (err error) {
	switch {
	case f.Procedure:
		if f.Result = required; required == nil {
			f.Result = types.TVoid
		}
		return nil
	case n.ReturnType != nil:
		if f.Result, f.ReturnsSet, err = s.returnType(n.ReturnType); err != nil {
			return err
		}
		if required != nil && f.Result != required {
			return badFunction("function result type must be %s because of OUT parameters", required.SQLName)
		}
	case required != nil:
		f.Result = required
	default:
		return badFunction("function result type must be specified")
	}
	return checkPolymorphicResult(f)
}

func (s *statement) returnType(n *pg.TypeName) (*types.Type, bool, error) {
	t, _, err := s.typeName(&pg.TypeName{Names: n.Names, PctType: n.PctType, Typmods: n.Typmods, Typemod: n.Typemod, ArrayBounds: n.ArrayBounds, Location: n.Location})
	if pgerr.HasCode(err, pgerr.UndefinedObject) {
		e := *pgerr.From(err)
		e.Position = 0
		return nil, false, &e
	}
	return t, n.Setof, err
}

// checkPolymorphicResult refuses what comes back of a type that no argument settles
// (check_valid_polymorphic_signature in pg_proc.c).
func checkPolymorphicResult(f *catalog.Function) error {
	for _, t := range append([]*types.Type{f.Result}, outputTypes(f)...) {
		var needs []*types.Type
		switch t {
		case types.TAnyRange, types.TAnyMultirange:
			needs = []*types.Type{types.TAnyRange, types.TAnyMultirange}
		case types.TAnyCompatibleRange, types.TAnyCompatibleMultirange:
			needs = []*types.Type{types.TAnyCompatibleRange, types.TAnyCompatibleMultirange}
		case types.TAnyElement, types.TAnyArray, types.TAnyNonArray, types.TAnyEnum:
			needs = []*types.Type{types.TAnyElement, types.TAnyArray, types.TAnyNonArray, types.TAnyEnum, types.TAnyRange, types.TAnyMultirange}
		case types.TAnyCompatible, types.TAnyCompatibleArray, types.TAnyCompatibleNonArray:
			needs = []*types.Type{types.TAnyCompatible, types.TAnyCompatibleArray, types.TAnyCompatibleNonArray, types.TAnyCompatibleRange, types.TAnyCompatibleMultirange}
		default:
			continue
		}
		if !slices.ContainsFunc(f.InputTypes(), func(in *types.Type) bool { return slices.Contains(needs, in) }) {
			return badFunction("cannot determine result data type").
				WithDetail("A result of type %s requires at least one input of type %s.", t.SQLName, typeAlternatives(needs))
		}
	}
	return nil
}

func outputTypes(f *catalog.Function) (list []*types.Type) {
	for _, a := range f.Outputs() {
		list = append(list, a.Type)
	}
	return list
}

// typeAlternatives lists types as messages do: a or b; a, b, or c.
func typeAlternatives(list []*types.Type) string {
	text := ""
	for i, t := range list {
		switch {
		case i == 0:
		case len(list) == 2:
			text += " or "
		case i == len(list)-1:
			text += ", or "
		default:
			text += ", "
		}
		text += t.SQLName
	}
	return text
}

// checkPseudoTypes refuses types that a function in its language cannot have
// (fmgr_sql_validator in pg_proc.c, plpgsql_validator in pl_handler.c).
func checkPseudoTypes(f *catalog.Function) error {
	for _, t := range append(f.InputTypes(), f.Result) {
		if t.OID == types.TInternal.OID && f.Result.OID == t.OID && !slices.Contains(f.InputTypes(), t) {
			return badFunction("unsafe use of pseudo-type \"internal\"").
				WithDetail("A function returning \"internal\" must have at least one \"internal\" argument.")
		}
	}
	pseudo := func(t *types.Type) bool { return t.Kind == 'p' && !t.IsPolymorphic() }
	if f.Language != "internal" {
		if r := f.Result; pseudo(r) && r != types.TRecord && r != types.TVoid {
			if f.Language == "sql" {
				return badFunction("SQL functions cannot return type %s", r.SQLName)
			}
			return pgerr.Unsupported("a PL/pgSQL function that returns %s", r.SQLName)
		}
	}
	for _, t := range f.InputTypes() {
		switch {
		case !pseudo(t) || f.Language == "internal":
		case f.Language == "sql" && (t != types.TRecord || true):
			return badFunction("SQL functions cannot have arguments of type %s", t.SQLName)
		case t != types.TRecord:
			return pgerr.New(pgerr.FeatureNotSupported, "PL/pgSQL functions cannot accept type %s", t.SQLName)
		}
	}
	return nil
}
