package bind

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// call binds a function call (transformFuncCall, ParseFuncOrColumn).
func (q *query) call(n *pg.FuncCall) expr.Expr {
	name := q.functionName(n)
	if n.Over != nil {
		return q.callOver(n, name)
	}
	if q.isAggregateName(n, name) {
		return q.aggregateCall(n, name)
	}
	args, names := q.callArgs(n)
	args = append(args, q.withinGroup(n)...)
	if e := q.fieldCall(n, args, names); e != nil {
		return e
	}
	r := q.resolve(n, name, args, names)
	q.b.labels = q.b.labels || strings.HasPrefix(name, "enum_")
	if r.Proc != nil {
		q.b.called = q.b.called || r.Proc.Func != nil && r.Proc.Func.Routine
		switch r.Proc.Kind {
		case 'w':
			q.b.failAt(n.Location, pgerr.WrongObjectType, "window function %s requires an OVER clause", name)
		case 'p':
			fail(pgerr.New(pgerr.WrongObjectType, "%s is a procedure", expr.Signature(name, argumentTypes(args))).
				WithHint("To call a procedure, use CALL.").WithPosition(q.b.position(n.Location)))
		}
	}
	q.refuseAggregateSyntax(n, name)
	e, err := q.b.coercer.FunctionCall(r, args)
	q.b.must(err, n.Location)
	if c, ok := e.(*expr.Call); ok && isSQLSyntax(n) {
		c.Syntax = true
	}
	if name == "pg_collation_for" && len(args) == 1 {
		return q.collationFor(args[0])
	}
	if readsJSON(e) && q.kind != kindFromFunction {
		if e.(*expr.Call).Func.ReturnsSet && builtin.HasDomains(e.Type()) {
			q.b.unsupported(n.Location, "%s of a type with domains in it outside of FROM", name)
		}
		e = q.b.guarded(e)
	}
	return q.checkSet(q.collatedCall(e, n.Location), n.Location)
}

// fieldCall is a field written as a function of a row, a(row), where there is no
// such function (ParseFuncOrColumn in parse_func.c); nil for anything else.
func (q *query) fieldCall(n *pg.FuncCall, args []expr.Expr, names []string) expr.Expr {
	if len(args) != 1 || len(names) > 0 || len(n.Funcname) > 1 || n.FuncVariadic || args[0].Type().Base().Kind != 'c' {
		return nil
	}
	name := n.Funcname[0].GetString_().GetSval()
	for _, c := range args[0].Type().Columns() {
		if c.Name != name {
			continue
		}
		call := builtin.FunctionCall{Name: name}
		q.meaning(n, &call)
		if _, err := q.b.coercer.Resolve(call, args); err != nil {
			return q.field(args[0], name, n.Location)
		}
	}
	return nil
}

func signature(p *builtin.Proc) string { return expr.Signature(p.Name, p.Args) }

// functionName is the name without its schema, which can only be pg_catalog. The
// functions of another dialect keep theirs.
func (q *query) functionName(n *pg.FuncCall) string {
	name := n.Funcname[len(n.Funcname)-1].GetString_().GetSval()
	if len(n.Funcname) == 1 {
		return name
	}
	qualified := n.Funcname[len(n.Funcname)-2].GetString_().GetSval() + "." + name
	if schema, _, _ := strings.Cut(qualified, "."); schema == "pg_catalog" {
		return name
	}
	if users, own := q.userFunctions(n); len(users) > 0 || q.userType(n) != nil {
		return own
	}
	if len(q.b.env.Library.ProcsNamed(qualified)) == 0 {
		q.noFunction(n, qualified)
	}
	return qualified
}

// noFunction is 42883 for a name outside of pg_catalog.
func (q *query) noFunction(n *pg.FuncCall, name string) {
	if schema := n.Funcname[len(n.Funcname)-2].GetString_().GetSval(); q.b.schema(schema) == nil {
		q.b.failAt(n.Location, pgerr.UndefinedSchema, "schema \"%s\" does not exist", schema)
	}
	args, _ := q.list(n.Args)
	list := make([]*types.Type, len(args))
	for i, a := range args {
		list[i] = a.Type()
	}
	fail(pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", expr.Signature(name, list)).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.").
		WithPosition(q.b.position(n.Location)))
}

// callArgs binds the arguments; the last ones may have names.
func (q *query) callArgs(n *pg.FuncCall) (args []expr.Expr, names []string) {
	for _, a := range n.Args {
		if named := a.GetNamedArgExpr(); named != nil {
			if slices.Contains(names, named.Name) {
				q.b.failAt(named.Location, pgerr.SyntaxError, "argument name \"%s\" used more than once", named.Name)
			}
			names = append(names, named.Name)
		} else if len(names) > 0 {
			q.b.failAt(location(a), pgerr.SyntaxError, "positional argument cannot follow named argument")
		}
		args = append(args, q.expr(a))
	}
	return args, names
}

func (q *query) resolve(n *pg.FuncCall, name string, args []expr.Expr, names []string) *builtin.Resolution {
	call := builtin.FunctionCall{Name: name, Names: names, Variadic: n.FuncVariadic}
	q.meaning(n, &call)
	r, err := q.b.coercer.Resolve(call, args)
	if err == nil && (len(call.Users) > 0 || r.Cast != nil) {
		q.b.noteUserCall(n, r)
	}
	if e, ok := err.(*pgerr.E); ok && len(n.Funcname) > 1 && !isSQLSyntax(n) && !strings.Contains(name, ".") && len(call.Users) == 0 {
		qualified := *e
		qualified.Message = strings.Replace(e.Message, "function "+name+"(", "function pg_catalog."+name+"(", 1)
		err = &qualified
	}
	if pgerr.HasCode(err, pgerr.DatatypeMismatch) && strings.Contains(pgerr.From(err).Message, "polymorphic") {
		q.b.must(err, -1) // enforce_generic_type_consistency knows no place
	}
	q.b.must(err, n.Location)
	return r
}

// meaning says what beside the functions that are built in a call's name may mean.
func (q *query) meaning(n *pg.FuncCall, call *builtin.FunctionCall) {
	if isSQLSyntax(n) {
		return
	}
	call.Users, _ = q.userFunctions(n)
	if len(n.Funcname) > 1 {
		call.Own = len(call.Users) > 0
		if schema := n.Funcname[len(n.Funcname)-2].GetString_().GetSval(); call.Own && schema != catalog.KeptTypes {
			call.Shown = schema + "." + call.Name
		}
	}
	if len(n.Funcname) > 1 || len(q.b.env.Library.ProcsNamed(call.Name)) == 0 {
		call.Type = q.userType(n)
	}
}

// isSQLSyntax: the grammar made a call of something like EXTRACT, whose name nobody qualified.
func isSQLSyntax(n *pg.FuncCall) bool { return n.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX }

// refuseAggregateSyntax fails for DISTINCT and its like with what is no aggregate.
func (q *query) refuseAggregateSyntax(n *pg.FuncCall, name string) {
	what := ""
	switch {
	case n.AggStar:
		what = "%s(*) specified, but %s is not an aggregate function"
	case n.AggDistinct:
		what = "DISTINCT specified, but %s is not an aggregate function"
	case n.AggWithinGroup:
		what = "WITHIN GROUP specified, but %s is not an aggregate function"
	case len(n.AggOrder) > 0:
		what = "ORDER BY specified, but %s is not an aggregate function"
	case n.AggFilter != nil:
		what = "FILTER specified, but %s is not an aggregate function"
	default:
		return
	}
	if n.AggStar {
		q.b.failAt(n.Location, pgerr.WrongObjectType, what, name, name)
	}
	q.b.failAt(n.Location, pgerr.WrongObjectType, what, name)
}

// checkSet refuses a set-returning function where none may stand.
func (q *query) checkSet(e expr.Expr, location int32) expr.Expr {
	c, ok := e.(*expr.Call)
	if !ok || !c.Func.ReturnsSet {
		return e
	}
	q.b.location[c] = location
	if q.kind.allowsSets() {
		return e
	}
	if q.kind == kindNone || q.kind == kindReturning {
		if q.kind == kindReturning {
			q.b.failAt(location, pgerr.FeatureNotSupported, "set-returning functions are not allowed in RETURNING")
		}
		return e
	}
	q.b.failAt(location, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", q.kind.place())
	return nil
}

// columnCall is a function of a row written as a column of it, row.f, that is not
// built in (ParseFuncOrColumn); nil where there is no such function.
func (q *query) columnCall(it *item, depth int, name string, location int32) expr.Expr {
	users := q.functionsOnPath(name)
	if len(users) == 0 {
		return nil
	}
	row := q.rowOf(it, depth, location)
	r, err := q.b.coercer.Resolve(builtin.FunctionCall{Name: name, Users: users}, []expr.Expr{row})
	if err != nil || r.Proc == nil || r.Proc.Func == nil {
		return nil
	}
	q.b.called = q.b.called || r.Proc.Func.Routine
	e, err := q.b.coercer.FunctionCall(r, []expr.Expr{row})
	q.b.must(err, location)
	return q.checkSet(e, location)
}
