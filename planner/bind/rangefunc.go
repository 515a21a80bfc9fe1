package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// rangeFunction binds functions in FROM (transformRangeFunction). They see
// what stands left of them, with LATERAL or without.
func (q *query) rangeFunction(n *pg.RangeFunction, left []*item) source {
	var calls []expr.Expr
	var names []string
	q.seeing(left, func() {
		q.with(kindFromFunction, func() { calls, names = q.rangeCalls(n) })
	})
	var needs []expr.ColumnID
	for _, c := range calls {
		needs = append(needs, expr.Columns(c)...)
	}
	it := &item{name: names[0], byName: true, byColumn: true}
	if n.Alias != nil {
		it.name = n.Alias.Aliasname
	}
	if s, ok := q.inlineSet(n, calls, names, needs, it); ok {
		return s
	}
	it.scalar = len(calls) == 1 && !n.Ordinality && calls[0].Type().OID != types.TRecord.OID && len(calls[0].Type().Columns()) == 0
	node, cols := q.tableFunction(n, calls, names, it.name)
	for _, c := range cols {
		var value expr.Expr = ref(c)
		if slices.ContainsFunc(calls, readsJSON) {
			value = q.b.guarded(value)
		}
		it.columns = append(it.columns, &itemColumn{name: c.Name, value: value})
	}
	q.aliasColumns(it, n.Alias)
	return source{node, []*item{it}, needs}
}

// rangeCalls binds the calls; unnest of several arrays is one call for each.
func (q *query) rangeCalls(n *pg.RangeFunction) (calls []expr.Expr, names []string) {
	definitions := q.columnDefinitions(n)
	for i, f := range n.Functions {
		for _, c := range q.unnested(f.GetList().GetItems()[0]) {
			e := q.defined(q.expr(c), definitions[i], location(c))
			name := columnName(c)
			calls, names = append(calls, e), append(names, name)
		}
	}
	return calls, names
}

func (q *query) unnested(n *pg.Node) []*pg.Node {
	if !q.isUnnestOfMany(n) {
		return []*pg.Node{n}
	}
	f := n.GetFuncCall()
	var out []*pg.Node
	for _, a := range f.Args {
		out = append(out, &pg.Node{Node: &pg.Node_FuncCall{FuncCall: &pg.FuncCall{
			Funcname: f.Funcname, Args: []*pg.Node{a}, Location: f.Location, Funcformat: f.Funcformat,
		}}})
	}
	return out
}

func (q *query) isUnnestOfMany(n *pg.Node) bool {
	f := n.GetFuncCall()
	return f != nil && len(f.Args) > 1 && q.functionName(f) == "unnest"
}

// tableFunction makes the node and its columns. What is no call of a function
// (CURRENT_DATE, a cast) gives one row.
func (q *query) tableFunction(n *pg.RangeFunction, list []expr.Expr, names []string, alias string) (plan.Node, []plan.Column) {
	node := &plan.TableFunction{Ordinality: n.Ordinality}
	for i, e := range list {
		call, ok := e.(*expr.Call)
		if !ok {
			if len(list) > 1 || n.Ordinality {
				q.b.unsupported(-1, "ROWS FROM with an expression that is no function call")
			}
			name := names[i]
			if n.Alias != nil {
				name = alias
			}
			p := &plan.Project{Input: &plan.Result{}, Exprs: []expr.Expr{e}, Cols: []plan.Column{q.b.column(name, e.Type(), e.Typmod())}}
			return p, p.Cols
		}
		node.Calls = append(node.Calls, call)
		name := names[i]
		if n.Alias != nil && len(list) == 1 {
			name = alias
		}
		if call.Func.Out != "" {
			name = call.Func.Out
		}
		node.Cols = append(node.Cols, q.functionColumns(call, name)...)
	}
	if n.Ordinality {
		node.Cols = append(node.Cols, q.b.column("ordinality", types.TInt8, -1))
	}
	return node, node.Cols
}

func (q *query) functionColumns(call *expr.Call, name string) (cols []plan.Column) {
	for _, c := range call.RowColumns() {
		cols = append(cols, q.b.column(c.Name, c.Type, c.Typmod))
	}
	if len(cols) == 0 {
		return []plan.Column{q.b.column(name, call.T, call.Mod)}
	}
	return cols
}
