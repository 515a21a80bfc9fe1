package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"slices"
	"strconv"
)

// valuesStatement binds VALUES as a query of its own (transformValuesClause).
func (q *query) valuesStatement(n *pg.SelectStmt) plan.Node {
	if len(n.LockingClause) > 0 {
		q.b.failAt(-1, pgerr.FeatureNotSupported, "%s cannot be applied to VALUES", lockName(n.LockingClause[0].GetLockingClause()))
	}
	v := &plan.Values{}
	q.with(kindValues, func() { v.Rows = q.valueRows(n.ValuesLists) })
	v.Cols = q.valueColumns(n.ValuesLists, v.Rows)
	return q.tail(n, v, false)
}

// valueRows binds the rows, which must be of one length.
func (q *query) valueRows(lists []*pg.Node) (rows [][]expr.Expr) {
	for i, l := range lists {
		nodes := l.GetList().GetItems()
		if i > 0 && len(nodes) != len(rows[0]) {
			q.b.failAt(location(l), pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
		row := make([]expr.Expr, len(nodes))
		for j, n := range nodes {
			if d := n.GetSetToDefault(); d != nil {
				q.b.failAt(d.Location, pgerr.SyntaxError, "DEFAULT is not allowed in this context")
			}
			row[j] = q.expr(n)
		}
		rows = append(rows, row)
	}
	return rows
}

// valueColumns gives each column its common type.
func (q *query) valueColumns(lists []*pg.Node, rows [][]expr.Expr) (cols []plan.Column) {
	for j := range rows[0] {
		column, at := make([]expr.Expr, len(rows)), make([]int32, len(rows))
		for i, row := range rows {
			column[i], at[i] = row[j], location(lists[i].GetList().Items[j])
		}
		t := q.commonType("VALUES", column, at)
		for i := range rows {
			rows[i][j] = q.common(column[i], t, "VALUES", at[i])
			column[i] = rows[i][j]
		}
		c := q.b.column("column"+strconv.Itoa(j+1), t, commonTypmod(column))
		q.b.noteValuesCollation(&c, column)
		cols = append(cols, c)
	}
	return cols
}

// tail puts ORDER BY and LIMIT over a VALUES or a set operation. outputOnly: ORDER BY sees the output columns alone.
func (q *query) tail(n *pg.SelectStmt, node plan.Node, outputOnly bool) plan.Node {
	limit := q.limit(n)
	if len(n.SortClause) > 0 {
		node = q.sortOutputs(n.SortClause, node, outputOnly)
	}
	if limit == nil {
		return node
	}
	if limit.Ties != nil {
		return q.tieOver(limit, node)
	}
	limit.Input = node
	return limit
}

// tieOver puts a limit WITH TIES over the sort of a node, whose keys become
// columns for that.
func (q *query) tieOver(limit *plan.Limit, node plan.Node) plan.Node {
	sort, ok := node.(*plan.Sort)
	if !ok {
		fail(pgerr.Internal("WITH TIES without a sort"))
	}
	cols := node.Columns()
	below := &plan.Project{Input: sort.Input, Cols: slices.Clone(cols)}
	above := &plan.Project{Input: limit}
	for i, c := range cols {
		below.Exprs = append(below.Exprs, ref(c))
		below.Cols[i].ID = q.b.newID()
		above.Exprs, above.Cols = append(above.Exprs, ref(below.Cols[i])), append(above.Cols, c)
		above.Cols[i].ID = q.b.newID()
	}
	for i := range sort.Keys {
		k := &sort.Keys[i]
		c := q.b.column("order", k.Expr.Type(), k.Expr.Typmod())
		below.Exprs, below.Cols = append(below.Exprs, k.Expr), append(below.Cols, c)
		k.Expr = ref(c)
	}
	sort.Input, limit.Input, limit.Ties = below, sort, sort.Keys
	return above
}

// sortOutputs sorts a node by its output columns, or by expressions over them.
func (q *query) sortOutputs(list []*pg.Node, node plan.Node, outputOnly bool) plan.Node {
	sub := q.sub()
	it := &item{byColumn: true}
	s := &selectList{q: sub}
	for _, c := range node.Columns() {
		it.columns = append(it.columns, &itemColumn{name: c.Name, value: ref(c)})
		s.list = append(s.list, target{name: c.Name, expr: ref(c), at: -1})
	}
	sub.addItem(it)
	order := s.orderBy(list)
	sort := &plan.Sort{Input: node}
	for _, o := range order {
		t := s.list[o.target]
		if t.junk && outputOnly {
			fail(pgerr.New(pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").
				WithPosition(q.b.position(o.at)))
		}
		sort.Keys = append(sort.Keys, expr.SortKey{Expr: t.expr, Desc: o.desc, NullsFirst: o.nullsFirst})
	}
	return sort
}
