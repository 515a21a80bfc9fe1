package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// KeptBody is a query of a function's body in SQL's own syntax, a node of the tree of
// s, as it is kept: what its names mean does not depend on a search path. result are
// its columns; relations says that it names some. env has the function's arguments,
// which are of these types.
func KeptBody(env *Env, s *sqlparse.Statement, def *pg.Node, params []*types.Type) (text string, result []plan.Column, relations bool, err error) {
	made := s.Made(def)
	st, err := Statement(env, made, params)
	if err != nil {
		return "", nil, false, err
	}
	n := proto.Clone(def).(*pg.Node)
	b := newBinder(env, made, params)
	b.notes.view, b.closed = newViewNotes(), true
	defer b.recover(&err)
	b.checkFields(n)
	(&query{b: b}).selectStatement(n.GetSelectStmt(), resolveUnknowns)
	names := outputNames(n)
	b.notes.view.apply(n)
	keepOutputNames(names)
	text, err = sqlparse.Deparse(n)
	return text, st.Result, len(b.notes.sources) > 0, err
}

// BodyDefinition is a body in SQL's own syntax as pg_get_functiondef shows it; types
// have their kept names.
func BodyDefinition(env *Env, f *catalog.Function, output *types.Env) (string, error) {
	list, err := sqlparse.ParseBody(f.SQLBody)
	if err != nil {
		return "", err
	}
	args := BodyArguments(f)
	bound := *env
	bound.Arguments = args
	var b strings.Builder
	for _, s := range list {
		text, err := bodyQuery(&bound, s, f, output)
		if err != nil {
			return "", err
		}
		if !f.Atomic {
			return "RETURN " + text, nil
		}
		b.WriteString(text + ";\n")
	}
	return "BEGIN ATOMIC\n" + b.String() + "END", nil
}

// bodyQuery is one query of a body, printed as views' are.
func bodyQuery(env *Env, s *sqlparse.Statement, f *catalog.Function, output *types.Env) (text string, err error) {
	d := newDefinition(env, output, false, func(r catalog.Ref) string { return r.Name })
	in := f.Inputs()
	d.format.Param = func(p *expr.Param) string {
		if name := in[p.Index].Name; name != "" {
			return expr.QuoteIdent(name)
		}
		return "$" + string(rune('1'+p.Index))
	}
	b := newBinder(env, s, f.InputTypes())
	b.notes.definition = d
	b.closed, b.fromCatalog = true, true
	defer b.recover(&err)
	node := (&query{b: b}).selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
	names := make([]string, len(node.Columns()))
	for i, t := range s.Node.GetSelectStmt().TargetList {
		if i < len(names) {
			names[i] = columnName(t.GetResTarget().GetVal()) // no column's name is shown
		}
	}
	if !f.Atomic {
		return d.text(s.Node.GetSelectStmt().TargetList[0].GetResTarget().Val, false), nil
	}
	d.format.Layout.Level = 1
	d.query(s.Node.GetSelectStmt(), names, false)
	return string(d.buf), nil
}
