package ddl

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// functionOptions are the clauses of CREATE FUNCTION that others look at again.
type functionOptions struct {
	as       []*pg.Node
	given    bool // AS was
	language string
}

// procedureRefuses are options that procedures do not have.
var procedureRefuses = map[string]bool{"volatility": true, "strict": true, "leakproof": true, "cost": true, "rows": true, "support": true, "parallel": true, "window": true}

// functionOptions reads the clauses (compute_function_attributes in functioncmds.c).
func (s *statement) functionOptions(f *catalog.Function, n *pg.CreateFunctionStmt) (*functionOptions, error) {
	o := &functionOptions{}
	seen := map[string]bool{}
	for _, item := range n.Options {
		d := item.GetDefElem()
		if seen[d.Defname] && d.Defname != "set" {
			return nil, pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").WithPosition(s.text.Position(d.Location))
		}
		seen[d.Defname] = true
		switch d.Defname {
		case "as":
			o.as, o.given = d.Arg.GetList().GetItems(), true
		case "language":
			o.language = d.Arg.GetString_().GetSval()
		case "window":
			if !f.Procedure {
				return nil, pgerr.Unsupported("CREATE FUNCTION … WINDOW")
			}
			return nil, s.procedureAttribute(d)
		case "transform":
			return nil, pgerr.Unsupported("CREATE FUNCTION … TRANSFORM")
		default:
			if err := s.functionOption(f, d); err != nil {
				return nil, err
			}
		}
	}
	if o.language == "" && n.SqlBody != nil {
		o.language = "sql"
	}
	if o.language == "" {
		return nil, badFunction("no language specified")
	}
	return o, nil
}

func (s *statement) procedureAttribute(d *pg.DefElem) error {
	return badFunction("invalid attribute in procedure definition").WithPosition(s.text.Position(d.Location))
}

// functionOption is one that ALTER FUNCTION has, too (compute_common_attribute).
func (s *statement) functionOption(f *catalog.Function, d *pg.DefElem) error {
	if f.Procedure && procedureRefuses[d.Defname] {
		return s.procedureAttribute(d)
	}
	switch d.Defname {
	case "volatility":
		f.Volatility = d.Arg.GetString_().GetSval()[0]
	case "strict":
		f.Strict = optionTruth(d.Arg)
	case "security":
		f.SecurityDefiner = optionTruth(d.Arg)
	case "leakproof":
		if f.LeakProof = optionTruth(d.Arg); f.LeakProof && !s.Role.Super {
			return denied("only superuser can define a leakproof function")
		}
	case "parallel":
		i := strings.Index("safe restricted unsafe", d.Arg.GetString_().GetSval())
		if word := d.Arg.GetString_().GetSval(); i < 0 || word != "safe" && word != "restricted" && word != "unsafe" {
			return pgerr.New(pgerr.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
		}
		f.Parallel = d.Arg.GetString_().GetSval()[0]
	case "cost":
		if f.Cost = number(d.Arg); f.Cost <= 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "COST must be positive")
		}
	case "rows":
		if f.Rows = number(d.Arg); f.Rows <= 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "ROWS must be positive")
		}
	case "support":
		return pgerr.Unsupported("CREATE FUNCTION … SUPPORT")
	case "set":
		return s.functionSetting(f, d.Arg.GetVariableSetStmt())
	default:
		return pgerr.Unsupported("CREATE FUNCTION … %s", strings.ToUpper(d.Defname))
	}
	return nil
}

// truth is an option's boolean.
func optionTruth(n *pg.Node) bool {
	if i := n.GetInteger(); i != nil {
		return i.Ival != 0
	}
	return n.GetBoolean().GetBoolval()
}

// number is an option's number.
func number(n *pg.Node) float64 {
	if i := n.GetInteger(); i != nil {
		return float64(i.Ival)
	}
	v, _ := strconv.ParseFloat(n.GetFloat().GetFval(), 64)
	return v
}

// functionSetting is SET and RESET of a setting that holds during calls.
func (s *statement) functionSetting(f *catalog.Function, n *pg.VariableSetStmt) error {
	name := strings.ToLower(n.Name)
	without := func() {
		kept := f.Config[:0:0]
		for _, c := range f.Config {
			if !strings.HasPrefix(c, name+"=") {
				kept = append(kept, c)
			}
		}
		f.Config = kept
	}
	switch n.Kind {
	case pg.VariableSetKind_VAR_RESET_ALL:
		f.Config = nil
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		without()
	case pg.VariableSetKind_VAR_SET_VALUE, pg.VariableSetKind_VAR_SET_CURRENT:
		value, err := s.Setting(n)
		if err != nil {
			return err
		}
		for i, c := range f.Config {
			if strings.HasPrefix(c, name+"=") {
				f.Config[i] = name + "=" + value
				return nil
			}
		}
		f.Config = append(f.Config, name+"="+value)
	default:
		return pgerr.Unsupported("SET %s in a function", n.Name)
	}
	return nil
}

// languages are those that functions can be written in; Untrusted ones only a
// superuser may use.
var languages = map[string]struct{ untrusted bool }{"sql": {}, "plpgsql": {}, "internal": {true}, "c": {true}}

func (s *statement) functionLanguage(f *catalog.Function, n *pg.CreateFunctionStmt, o *functionOptions) error {
	l, ok := languages[o.language]
	switch {
	case !ok:
		return pgerr.New(pgerr.UndefinedObject, "language %q does not exist", o.language)
	case l.untrusted && !s.Role.Super:
		return denied("permission denied for language %s", o.language)
	case o.language == "c":
		return pgerr.Unsupported("CREATE FUNCTION … LANGUAGE c")
	}
	f.Language = o.language
	return nil
}

// functionEstimates fills in what the planner is told, where nothing is said.
func (s *statement) functionEstimates(f *catalog.Function) error {
	if f.Cost < 0 {
		if f.Cost = 100; f.Language == "internal" {
			f.Cost = 1
		}
	}
	switch {
	case f.Rows >= 0 && !f.ReturnsSet:
		return pgerr.New(pgerr.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
	case f.Rows < 0 && f.ReturnsSet:
		f.Rows = 1000
	case f.Rows < 0:
		f.Rows = 0
	}
	return nil
}
