package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// source is a bound piece of a FROM clause.
type source struct {
	node  plan.Node
	items []*item
	// needs are the columns that it takes from what stands left of it.
	needs []expr.ColumnID
}

// from binds a FROM clause: its pieces joined left to right. They become q's items.
func (q *query) from(list []*pg.Node) plan.Node {
	var all source
	for _, n := range list {
		s := q.fromItem(n, all.items)
		q.checkNames(s.items, all.items)
		if all.node == nil {
			all = s
			continue
		}
		all.node = &plan.Join{Kind: plan.JoinInner, Left: all.node, Right: s.node, Lateral: needsAny(s.needs, all.node)}
		all.needs = append(all.needs, s.needs...)
		all.items = append(all.items, s.items...)
	}
	q.pending = nil
	for _, it := range all.items {
		q.addItem(it)
	}
	if all.node == nil {
		return &plan.Result{}
	}
	return all.node
}

// needsAny reports whether some of the columns come out of the node.
func needsAny(ids []expr.ColumnID, n plan.Node) bool {
	if len(ids) == 0 {
		return false
	}
	have := map[expr.ColumnID]bool{}
	for _, c := range n.Columns() {
		have[c.ID] = true
	}
	for _, id := range ids {
		if have[id] {
			return true
		}
	}
	return false
}

// fromItem binds one piece; left are the items that a LATERAL one may see.
func (q *query) fromItem(n *pg.Node, left []*item) source {
	switch n := n.Node.(type) {
	case *pg.Node_RangeVar:
		return q.relation(n.RangeVar)
	case *pg.Node_RangeSubselect:
		return q.subselect(n.RangeSubselect, left)
	case *pg.Node_RangeFunction:
		return q.rangeFunction(n.RangeFunction, left)
	case *pg.Node_JoinExpr:
		return q.join(n.JoinExpr, left)
	case *pg.Node_RangeTableSample:
		q.b.unsupported(n.RangeTableSample.Location, "TABLESAMPLE")
	case *pg.Node_RangeTableFunc:
		q.b.unsupported(n.RangeTableFunc.Location, "XMLTABLE")
	case *pg.Node_JsonTable:
		q.b.unsupported(n.JsonTable.Location, "JSON_TABLE")
	default:
		fail(pgerr.Internal("FROM item %T", n))
	}
	return source{}
}

// seeing binds something that sees the given items of the unfinished FROM clause.
func (q *query) seeing(items []*item, f func()) {
	visible, pending := q.items, q.pending
	for _, it := range items {
		q.claim(it)
	}
	q.items, q.pending = items, nil
	f()
	q.items, q.pending = visible, pending
}

// notSeeing binds something that sees none of them.
func (q *query) notSeeing(items []*item, f func()) {
	visible, pending := q.items, q.pending
	q.items, q.pending = nil, items
	f()
	q.items, q.pending = visible, pending
}

// subselect binds (SELECT …) AS alias.
func (q *query) subselect(n *pg.RangeSubselect, left []*item) source {
	if n.Alias == nil {
		e := pgerr.New(pgerr.SyntaxError, "subquery in FROM must have an alias")
		if len(n.Subquery.GetSelectStmt().GetValuesLists()) > 0 {
			e = pgerr.New(pgerr.SyntaxError, "VALUES in FROM must have an alias").
				WithHint("For example, FROM (VALUES ...) [AS] foo.")
		} else {
			e.WithHint("For example, FROM (SELECT ...) [AS] foo.")
		}
		fail(e.WithPosition(q.b.position(parenthesis(q.b, n.Subquery))))
	}
	sub := q.sub()
	var node plan.Node
	bindSub := func() { node = sub.selectStatement(n.Subquery.GetSelectStmt(), resolveUnknowns) }
	if n.Lateral {
		q.seeing(left, bindSub)
	} else {
		q.notSeeing(left, bindSub)
	}
	it := q.outputItem(node.Columns(), n.Alias)
	it.query = true
	return source{node, []*item{it}, sub.outer.ids}
}

// outputItem makes an item of a node's columns under an alias.
func (q *query) outputItem(cols []plan.Column, alias *pg.Alias) *item {
	it := &item{name: alias.Aliasname, byName: true, byColumn: true}
	for _, c := range cols {
		it.columns = append(it.columns, &itemColumn{name: c.Name, value: ref(c), table: c.Table, attno: c.Attnum})
	}
	q.aliasColumns(it, alias)
	return it
}

// aliasColumns gives an item's columns the names of its alias.
func (q *query) aliasColumns(it *item, alias *pg.Alias) {
	q.aliasColumnsOf("table", it, alias)
}

// aliasColumnsOf names what has too few columns.
func (q *query) aliasColumnsOf(what string, it *item, alias *pg.Alias) {
	if alias == nil {
		return
	}
	if len(alias.Colnames) > len(it.columns) {
		fail(pgerr.New(pgerr.InvalidColumnReference, what+" \"%s\" has %d columns available but %d columns specified",
			it.name, len(it.columns), len(alias.Colnames)))
	}
	for i, n := range alias.Colnames {
		it.columns[i].name = n.GetString_().GetSval()
	}
}

// relation binds a name in FROM: a WITH query, table, view or sequence.
func (q *query) relation(n *pg.RangeVar) source {
	if n.Schemaname == "" {
		if c := q.ctes.find(n.Relname); c != nil {
			return q.cteScan(c, n)
		}
	}
	r := q.b.lookup(n)
	q.b.noteRelation(n, r)
	switch r := r.(type) {
	case *catalog.Table:
		q.b.need(r, NeedSelect, n.Location)
		if q.b.runs && r.Query != "" && !r.Populated {
			fail(pgerr.New(pgerr.ObjectNotInPrerequisiteState, "materialized view \"%s\" has not been populated", r.Name).
				WithHint("Use the REFRESH MATERIALIZED VIEW command."))
		}
		it, scan := q.tableItem(r, n, false)
		q.b.noteItem(n, r.OID, it)
		return source{node: scan, items: []*item{it}}
	case *catalog.View:
		return q.view(r, n)
	case *catalog.Sequence:
		return q.sequence(r, n)
	}
	fail(pgerr.Internal("relation %T", r))
	return source{}
}

// tableItem makes the scan of a table and its item. A whole scan has all
// columns by position (what a write needs); else those that are referred to.
func (q *query) tableItem(t *catalog.Table, n *pg.RangeVar, whole bool) (*item, *plan.Scan) {
	scan := &plan.Scan{Table: t, Alias: t.Name}
	it := &item{name: t.Name, byName: true, byColumn: true, table: t, scan: scan}
	it.rowType, _ = q.b.env.Snapshot.RowType(t)
	if n.Alias != nil {
		it.name, scan.Alias = n.Alias.Aliasname, n.Alias.Aliasname
	} else if s := q.b.env.Snapshot.SchemaByOID(q.b.env.Database, t.Schema); s != nil {
		it.schema = s.Name
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		col := plan.Column{ID: q.b.newID(), Name: c.Name, Type: c.Type, Typmod: c.Typmod, Table: t.OID, Attnum: c.Attnum}
		q.b.collatesLikeColumn(col.ID, c)
		if whole {
			addScanColumn(scan, col, i)
		}
		if c.Dropped || c.Hidden {
			continue
		}
		used := whole
		visible := &itemColumn{
			name: c.Name, value: ref(col), table: t.OID, attno: c.Attnum, stored: true,
			use: func() {
				if !used {
					used = true
					addScanColumn(scan, col, i)
				}
			},
		}
		if last, limited := q.b.sees[t.OID]; limited && c.Attnum > last {
			it.later = append(it.later, visible)
		} else {
			it.columns = append(it.columns, visible)
		}
	}
	q.aliasColumns(it, n.Alias)
	return it, scan
}

func addScanColumn(scan *plan.Scan, col plan.Column, position int) {
	scan.Cols = append(scan.Cols, col)
	scan.Positions = append(scan.Positions, position)
}

// view binds the view's query in its place.
func (q *query) view(v *catalog.View, n *pg.RangeVar) source {
	q.b.need(v, NeedSelect, n.Location)
	last, limited := q.b.sees[v.OID]
	node := q.viewNode(v, n)
	if v.Barrier() {
		node = &plan.Filter{Input: node, Barrier: true}
	}
	alias := n.Alias
	if alias == nil {
		alias = &pg.Alias{Aliasname: v.Name}
	}
	it := q.outputItem(node.Columns(), &pg.Alias{Aliasname: alias.Aliasname})
	it.query = true
	it.rowType, _ = q.b.env.Snapshot.RowType(v)
	for i, c := range it.columns {
		if i < len(v.Columns) {
			c.name, c.table, c.attno, c.stored = v.Columns[i].Name, v.OID, v.Columns[i].Attnum, true
		}
	}
	if limited && int(last) < len(it.columns) {
		it.columns, it.later = it.columns[:last], it.columns[last:]
	}
	q.aliasColumns(it, alias)
	q.b.noteItem(n, v.OID, it)
	return source{node: node, items: []*item{it}}
}

// viewNode is what a view stands for: its query, or in a closed binder something
// with its columns.
func (q *query) viewNode(v *catalog.View, n *pg.RangeVar) plan.Node {
	if q.b.closed {
		values := &plan.Values{}
		for _, c := range v.Columns {
			values.Cols = append(values.Cols, q.b.column(c.Name, c.Type, c.Typmod))
		}
		return values
	}
	for _, oid := range q.b.views {
		if oid == v.OID {
			q.b.failAt(n.Location, pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", v.Name)
		}
	}
	s, err := sqlparse.ParseQuery(v.Query)
	q.b.must(err, n.Location)
	outer := q.b.sees
	q.b.views, q.b.sees = append(q.b.views, v.OID), v.Sees
	var node plan.Node
	q.b.within(s, func() {
		q.b.checkFields(s.Node)
		node = (&query{b: q.b}).selectStatement(s.Node.GetSelectStmt(), resolveUnknowns)
	})
	q.b.views, q.b.sees = q.b.views[:len(q.b.views)-1], outer
	return node
}

// sequence binds SELECT … FROM a sequence: its one row.
func (q *query) sequence(s *catalog.Sequence, n *pg.RangeVar) source {
	q.b.need(s, NeedSelect, n.Location)
	p := q.b.env.Library.ProcsNamed("pg_sequence_last_value")
	if len(p) != 1 || p[0].Func == nil {
		q.b.unsupported(n.Location, "reading sequence \"%s\" as a table", s.Name)
	}
	last := &expr.Coalesce{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Args: []expr.Expr{
		expr.NewCall(p[0].Func, regclassConst(s.OID)), expr.NewConst(types.TInt8, types.Int(s.Start)),
	}}
	called := &expr.Test{Kind: expr.IsNotNull, Arg: expr.NewCall(p[0].Func, regclassConst(s.OID))}
	project := &plan.Project{
		Input: &plan.Result{},
		Exprs: []expr.Expr{last, expr.NewConst(types.TInt8, types.Int(0)), called},
		Cols:  []plan.Column{q.b.column("last_value", types.TInt8, -1), q.b.column("log_cnt", types.TInt8, -1), q.b.column("is_called", types.TBool, -1)},
	}
	alias := n.Alias
	if alias == nil {
		alias = &pg.Alias{Aliasname: s.Name}
	}
	return source{node: project, items: []*item{q.outputItem(project.Cols, alias)}}
}
