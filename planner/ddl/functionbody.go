package ddl

import (
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/plpgsql"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// functionBody takes what the function does (interpret_AS_clause in functioncmds.c).
func (s *statement) functionBody(f *catalog.Function, n *pg.CreateFunctionStmt, o *functionOptions) error {
	switch {
	case n.SqlBody == nil && !o.given:
		return badFunction("no function body specified")
	case n.SqlBody != nil && o.given:
		return badFunction("duplicate function body specified")
	case n.SqlBody != nil && f.Language != "sql":
		return badFunction("inline SQL function body only valid for language SQL")
	case n.SqlBody != nil:
		return s.standardBody(f, n.SqlBody)
	case len(o.as) != 1:
		return badFunction("only one AS item needed for language %q", f.Language)
	}
	f.Body = o.as[0].GetString_().GetSval()
	if f.Language == "internal" && f.Body == "" {
		f.Body = f.Name
	}
	return nil
}

// checkFunctionBody reads the body as calls will, unless check_function_bodies is off.
func (s *statement) checkFunctionBody(f *catalog.Function) error {
	if f.Aggregate != nil {
		return nil
	}
	if f.Language == "internal" {
		if builtin.Default().Implementation(f.Body) == nil {
			return pgerr.New(pgerr.UndefinedFunction, "there is no built-in function named %q", f.Body)
		}
		return nil
	}
	if f.Language == "plpgsql" {
		// What this program does not run is refused, whatever is to be checked.
		_, err := plpgsql.Parse(f)
		return err
	}
	if !s.CheckBodies() || f.SQLBody != "" {
		return nil
	}
	err := s.checkSQLBody(f)
	e, ok := err.(*pgerr.E)
	if !ok {
		return err
	}
	c := *e
	switch {
	case c.Position == 0:
		c.Where = strings.TrimPrefix(c.Where+"\n"+fmt.Sprintf("SQL function \"%s\"", f.Name), "\n")
	default:
		if at := s.bodyPlace(f.Body, c.Position); at > 0 {
			c.Position = at
		} else {
			c.InternalPosition, c.InternalQuery, c.Position = c.Position, f.Body, 0
		}
	}
	return &c
}

// bodyPlace is the place in the command of a place in the body, counted in
// characters from 1; 0 where the body is not to be found, or more than once
// (match_prosrc_to_query in pg_proc.c).
func (s *statement) bodyPlace(body string, at int) int {
	found := 0
	text := s.text.Text
	for i := 0; i < len(text); i++ {
		place := 0
		switch {
		case text[i] == '$' && strings.HasPrefix(text[i+1:], body) && strings.HasPrefix(text[i+1+len(body):], "$"):
			place = utf8.RuneCountInString(text[:i+1]) + at
		case text[i] == '\'':
			if before, ok := quotedPlace(text[i+1:], body, at); ok {
				place = utf8.RuneCountInString(text[:i+1]) + before
			}
		}
		if place > 0 && found > 0 {
			return 0
		}
		found = max(found, place)
	}
	if found == 0 {
		return 0
	}
	return s.text.InText(found)
}

// quotedPlace is where the at-th character of body is in the inside of a string
// literal that text begins with.
func quotedPlace(text, body string, at int) (place int, ok bool) {
	inside, n := 0, 0
	for _, r := range body {
		if n++; n == at {
			place = inside + 1
		}
		written := string(r)
		if r == '\'' {
			written = "''"
		}
		if !strings.HasPrefix(text, written) {
			return 0, false
		}
		text = text[len(written):]
		inside += utf8.RuneCountInString(written)
	}
	if place == 0 { // behind the end
		place = inside + at - n
	}
	return place, strings.HasPrefix(text, "'")
}

func (s *statement) checkSQLBody(f *catalog.Function) error {
	list, err := sqlparse.ParseBody(f.Body)
	if err != nil {
		return err
	}
	proc := bind.Routine(f)
	if proc.Func.Bind != nil {
		return nil // what it means, a call's types say
	}
	env := s.Bind()
	env.Arguments = bind.BodyArguments(f)
	var last []plan.Column
	for _, st := range list {
		if !isQuery(st.Node) {
			last = nil
			if err := checkCall(env, st, proc.Args); err != nil {
				return err
			}
			continue
		}
		p, err := bind.Statement(env, st, proc.Args)
		if err != nil {
			return err
		}
		last = p.Result
	}
	_, err = bind.ReturnOf(env, proc.Func, last)
	return err
}

// checkCall refuses a CALL from which something comes back.
func checkCall(env *bind.Env, st *sqlparse.Statement, params []*types.Type) error {
	n := st.Node.GetCallStmt()
	if n == nil {
		return nil
	}
	c, err := bind.Call(env, st, n, params)
	if err == nil && c.Columns != nil {
		err = pgerr.New(pgerr.FeatureNotSupported, "calling procedures with output arguments is not supported in SQL functions")
	}
	return err
}

// isQuery reports whether a statement of a body becomes a plan.
func isQuery(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return sqlparse.Into(n.GetSelectStmt()) == nil
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		return true
	}
	return false
}

// standardBody takes a body in SQL's own syntax: RETURN, or BEGIN ATOMIC … END.
func (s *statement) standardBody(f *catalog.Function, n *pg.Node) error {
	proc := bind.Routine(f)
	if proc.Func.Bind != nil {
		return badFunction("SQL function with unquoted function body cannot have polymorphic arguments")
	}
	queries := []*pg.Node{n}
	if list := n.GetList(); list != nil {
		f.Atomic, queries = true, list.Items[0].GetList().GetItems()
	}
	env := s.Bind()
	env.Arguments = bind.BodyArguments(f)
	var last []plan.Column
	for _, q := range queries {
		q = returned(q)
		if !isQuery(q) {
			return pgerr.New(pgerr.FeatureNotSupported, "%s is not yet supported in unquoted SQL function body", Command(q))
		}
		if q.GetSelectStmt() == nil {
			return errBodyNames()
		}
		text, result, relations, err := bind.KeptBody(env, s.text, q, proc.Args)
		switch {
		case err != nil:
			return err
		case relations:
			return errBodyNames()
		}
		last = result
		f.SQLBody += text + ";"
	}
	_, err := bind.ReturnOf(s.Bind(), proc.Func, last)
	if e, ok := err.(*pgerr.E); ok {
		c := *e
		c.Where = fmt.Sprintf("SQL function \"%s\"", f.Name)
		return &c
	}
	return err
}

func errBodyNames() error {
	return pgerr.Unsupported("a function body in SQL's own syntax that names relations")
}

// returned is what RETURN stands for: a SELECT of its expression.
func returned(n *pg.Node) *pg.Node {
	r := n.GetReturnStmt()
	if r == nil {
		return n
	}
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{
		TargetList:  []*pg.Node{{Node: &pg.Node_ResTarget{ResTarget: &pg.ResTarget{Val: r.Returnval}}}},
		LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg.SetOperation_SETOP_NONE,
	}}}
}

// touchUsers has the tables whose constraints and generated columns call a function
// that has changed get another version: what was planned with the old one is good no more.
func (s *statement) touchUsers(f *catalog.Function) error {
	text := f.KeptName()
	for t := range s.snapshot().Tables(s.Database) {
		if tableNames(t, text) {
			s.Change.Put(cloneTable(t))
		}
	}
	return nil
}

func tableNames(t *catalog.Table, text string) bool {
	for i := range t.Columns {
		if strings.Contains(t.Columns[i].Default, text) {
			return true
		}
	}
	for i := range t.Checks {
		if strings.Contains(t.Checks[i].Expr, text) {
			return true
		}
	}
	return false
}
