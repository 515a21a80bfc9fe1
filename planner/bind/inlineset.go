package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// inlineSet binds a function in FROM that is one query in SQL as a subquery, under
// PostgreSQL's conditions (inline_set_returning_function in clauses.c), so that it
// is planned with the rest; ok is false where it is to be called.
func (q *query) inlineSet(n *pg.RangeFunction, calls []expr.Expr, names []string, needs []expr.ColumnID, it *item) (s source, ok bool) {
	if len(calls) != 1 || n.Ordinality || q.b.closed || q.b.noting() != nil || q.b.notes.definition != nil {
		return s, false
	}
	c, isCall := calls[0].(*expr.Call)
	if !isCall || !c.Func.Routine || !c.Func.ReturnsSet || c.Func.Strict || c.Func.Volatility == expr.Volatile {
		return s, false
	}
	f := q.b.env.Snapshot.FunctionByOID(c.Func.OID)
	if f == nil || f.Language != "sql" || f.SecurityDefiner || len(f.Config) > 0 || slices.Contains(q.b.inlining, f.OID) ||
		len(f.Inputs()) != len(c.Args) || slices.ContainsFunc(c.Args, func(a expr.Expr) bool { return expr.HasVolatile(a) || expr.HasSubquery(a) }) {
		return s, false
	}
	list, err := sqlparse.ParseBody(BodyText(f))
	if err != nil || len(list) != 1 || list[0].Node.GetSelectStmt() == nil || sqlparse.Writes(list[0].Node) || sqlparse.Into(list[0].Node.GetSelectStmt()) != nil {
		return s, false
	}
	name := names[0]
	if c.Func.Out != "" {
		name = c.Func.Out
	}
	want := c.RowColumns()
	if len(want) == 0 {
		if n.Alias != nil {
			name = n.Alias.Aliasname
		}
		want = []types.Column{{Name: name, Type: c.T, Typmod: c.Mod}}
		it.scalar = true
	}
	node, outer, ok := q.setBody(f, list[0], c, want)
	if !ok {
		it.scalar = false
		return s, false
	}
	for i, col := range node.Columns() {
		it.columns = append(it.columns, &itemColumn{name: want[i].Name, value: ref(col)})
	}
	q.aliasColumns(it, n.Alias)
	return source{node, []*item{it}, append(needs, outer...)}, true
}

// setBody binds the body over the call's arguments, with the columns that the
// function returns; ok is false where they are not those.
func (q *query) setBody(f *catalog.Function, s *sqlparse.Statement, c *expr.Call, want []types.Column) (node plan.Node, outer []expr.ColumnID, ok bool) {
	b := q.b
	body := &query{b: b}
	b.inlining = append(b.inlining, f.OID)
	b.within(s, func() {
		b.checkFields(s.Node)
		b.routine = &routineText{BodyArguments(f), func(at *query, i int, _ int32) expr.Expr {
			for level := at; level != nil; level = level.parent {
				for _, id := range expr.Columns(c.Args[i]) {
					level.outer.add(id)
				}
			}
			return c.Args[i]
		}}
		node = body.selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
		node, ok = body.setColumns(node, want)
	})
	b.inlining = b.inlining[:len(b.inlining)-1]
	return node, body.outer.ids, ok
}

// setColumns converts a body's columns to those that its function returns.
func (q *query) setColumns(node plan.Node, want []types.Column) (plan.Node, bool) {
	cols := node.Columns()
	if len(cols) != len(want) {
		return nil, false
	}
	list := make([]*types.Type, len(want))
	for i, w := range want {
		list[i] = w.Type
		if t := cols[i].Type; t != types.TUnknown && !q.canCoerce(t, w.Type, assigning) {
			return nil, false
		}
	}
	return q.coerceOutputs(node, list, assigning), true
}

// errReturnType is 42P13 for a body that does not give what its function returns
// (check_sql_fn_retval in functions.c).
func errReturnType(result *types.Type, format string, args ...any) error {
	return pgerr.New(pgerr.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", result.SQLName).WithDetail(format, args...)
}
