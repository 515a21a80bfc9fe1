package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// update binds UPDATE (transformUpdateStmt).
func (q *query) update(n *pg.UpdateStmt) plan.Node {
	w := q.withClause(n.WithClause)
	d := q.destination(n.Relation, updating)
	t := d.table()
	s := q.writeSource(d, n.Relation, n.FromClause)
	out := &plan.Update{Table: t, Target: s.scan}
	a := q.assignments(d.named, s.seen)
	a.view = d.view != nil
	q.with(kindUpdateSource, func() { a.set(n.TargetList) })
	out.Source = filter(s.node, q.clause(n.WhereClause, kindWhere, "WHERE"))
	a.onto(d, updating, t, s.item)
	out.Source = a.once(out.Source)
	a.generate()
	out.Set = a.list()
	out.Checks = q.b.checks(t)
	row := q.newRow(t, n.Relation)
	q.nameSeen(d, row.item, n.Relation)
	out.New = row.ids
	seen, conds := q.asNamed(d, row.item)
	out.ViewChecks = d.viewChecks(conds)
	out.Returning, out.Cols = q.returning(n.ReturningList, append([]*item{seen}, q.others(s.seen)...)...)
	return w.around(out)
}

// writeSource is what an UPDATE or DELETE reads.
type writeSource struct {
	item *item // of the table
	seen *item // of what the statement names
	scan *plan.Scan
	node plan.Node
}

// writeSource binds the target and FROM or USING of an UPDATE or DELETE. The
// target's scan has all columns by position.
func (q *query) writeSource(d *destination, n *pg.RangeVar, from []*pg.Node) (s writeSource) {
	if d.broken() {
		return q.brokenSource(d, n, from)
	}
	s.item, s.scan = q.tableItem(d.table(), n, true)
	q.nameSeen(d, s.item, n)
	var conds []expr.Expr
	s.seen, conds = q.asNamed(d, s.item)
	node := d.visible(s.scan, conds)
	items := []*item{s.seen}
	for _, f := range from {
		more := q.fromItem(f, items)
		q.checkNames(more.items, items)
		node = &plan.Join{Kind: plan.JoinInner, Left: node, Right: more.node, Lateral: needsAny(more.needs, node)}
		items = append(items, more.items...)
	}
	for _, it := range items {
		q.addSeen(it)
	}
	s.node = node
	return s
}

// brokenSource is what a statement sees that cannot be.
func (q *query) brokenSource(d *destination, n *pg.RangeVar, from []*pg.Node) writeSource {
	values := &plan.Values{}
	it := q.rowNamed(d.named, d.named.Name).item
	q.nameSeen(d, it, n)
	s := writeSource{item: it, seen: it, node: values}
	items := []*item{it}
	for _, f := range from {
		more := q.fromItem(f, items)
		q.checkNames(more.items, items)
		items = append(items, more.items...)
	}
	for _, it := range items {
		q.addSeen(it)
	}
	return s
}

// nameSeen gives a row of the table the name under which a statement sees it.
func (q *query) nameSeen(d *destination, it *item, n *pg.RangeVar) {
	if d.view == nil || n.Alias != nil {
		return
	}
	it.name = d.view.Name
	if s := q.b.env.Snapshot.SchemaByOID(q.b.env.Database, d.view.Schema); s != nil {
		it.schema = s.Name
	}
}

// others are the items but for one.
func (q *query) others(not *item) (out []*item) {
	for _, it := range q.items {
		if it != not {
			out = append(out, it)
		}
	}
	return out
}

// assignments are the columns that an UPDATE (or DO UPDATE) sets.
type assignments struct {
	q          *query
	table      *catalog.Table
	row        *item // as it was
	byPosition map[int]expr.Expr
	parts      map[int]bool // by position: only parts are set
	view       bool         // the table stands for a view: DEFAULT is what the view has, or NULL
}

func (q *query) assignments(t *catalog.Table, row *item) *assignments {
	return &assignments{q: q, table: t, row: row, byPosition: map[int]expr.Expr{}, parts: map[int]bool{}}
}

// set binds a SET list.
func (a *assignments) set(list []*pg.Node) {
	for i, n := range list {
		r := n.GetResTarget()
		p := a.q.targetColumn(a.table, r.Name, r.Location)
		part := len(r.Indirection) > 0
		if a.byPosition[p] != nil && !(part && a.parts[p]) {
			a.q.b.failAt(-1, pgerr.SyntaxError, "multiple assignments to same column \"%s\"", r.Name)
		}
		a.parts[p] = part
		if m := r.Val.GetMultiAssignRef(); m != nil {
			a.byPosition[p] = a.multi(p, r, m, list[i-int(m.Colno)+1].GetResTarget().Val.GetMultiAssignRef().Source)
			continue
		}
		a.byPosition[p] = a.value(p, r, r.Val)
	}
}

// value binds what one column, or a part of it, gets.
func (a *assignments) value(p int, r *pg.ResTarget, n *pg.Node) expr.Expr {
	if len(r.Indirection) > 0 {
		return a.part(p, r, n)
	}
	c := &a.table.Columns[p]
	if n.GetSetToDefault() != nil {
		if a.view {
			a.checkAssignable(c)
		}
		return a.q.b.columnDefault(a.table, c)
	}
	a.checkAssignable(c)
	return a.q.assign(a.q.expr(n), c, location(n))
}

// part binds what a part of a column gets: parts of one column one after the other.
func (a *assignments) part(p int, r *pg.ResTarget, n *pg.Node) expr.Expr {
	c := &a.table.Columns[p]
	part := a.q.part(c, r.Indirection, r.Location)
	if n.GetSetToDefault() != nil {
		part.failDefault(a.q)
	}
	a.checkAssignable(c)
	whole := a.byPosition[p]
	if whole == nil {
		whole = a.row.byAttnum(c.Attnum)
	}
	return part.put(a.q, whole, part.value(a.q, a.q.expr(n), location(n)))
}

func (a *assignments) checkAssignable(c *catalog.Column) {
	e := pgerr.New(pgerr.GeneratedAlways, "column \"%s\" can only be updated to DEFAULT", c.Name)
	switch {
	case c.Generated:
		fail(e.WithDetail("Column \"%s\" is a generated column.", c.Name))
	case c.Identity == 'a':
		fail(e.WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name))
	}
}

// onto takes what is assigned from the columns that the statement names to
// those of the table. row is the table's.
func (a *assignments) onto(d *destination, event writeEvent, t *catalog.Table, row *item) {
	a.byPosition = a.q.onto(d, event, a.byPosition)
	a.table, a.row = t, row
}

// multi binds one column of SET (a, b, …) = ROW(…) or = (SELECT …). A subquery
// is bound once for every column, which takes its own one.
func (a *assignments) multi(p int, r *pg.ResTarget, m *pg.MultiAssignRef, source *pg.Node) expr.Expr {
	i := int(m.Colno) - 1
	if row := source.GetRowExpr(); row != nil {
		if len(row.Args) != int(m.Ncolumns) {
			a.q.b.failAt(location(source), pgerr.SyntaxError, "number of columns does not match number of values")
		}
		return a.value(p, r, row.Args[i])
	}
	link := source.GetSubLink()
	if link == nil || link.SubLinkType != pg.SubLinkType_EXPR_SUBLINK {
		a.q.b.failAt(location(source), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
	}
	c := &a.table.Columns[p]
	if len(r.Indirection) > 0 {
		a.q.b.unsupported(r.Location, "assignment of a subquery's columns to a part of column \"%s\"", c.Name)
	}
	a.checkAssignable(c)
	s, cols := a.q.subquery(link, expr.SubqueryScalar, resolveUnknowns)
	if len(cols) != int(m.Ncolumns) {
		a.q.b.failAt(link.Location, pgerr.SyntaxError, "number of columns does not match number of values")
	}
	one := a.q.b.column(cols[i].Name, cols[i].Type, cols[i].Typmod)
	s.Plan = &plan.Project{Input: s.Plan.(plan.Node), Exprs: []expr.Expr{ref(cols[i])}, Cols: []plan.Column{one}}
	s.T, s.Mod, s.Output = one.Type, one.Typmod, []expr.ColumnID{one.ID}
	return a.q.assign(s, c, link.Location)
}

// once computes below source what may differ each time and is used twice.
func (a *assignments) once(source plan.Node) plan.Node {
	values := make([]expr.Expr, len(a.table.Columns))
	for p, e := range a.byPosition {
		values[p] = e
	}
	source = a.q.b.once(a.table, source, func(p int) *expr.Expr { return &values[p] })
	for p := range a.byPosition {
		a.byPosition[p] = values[p]
	}
	return source
}

// generate adds the generated columns that depend on what is set.
func (a *assignments) generate() {
	t := a.table
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Generated || c.Dropped {
			continue
		}
		changed := false
		e := a.q.b.generated(t, c, func(p int) expr.Expr {
			if e := a.byPosition[p]; e != nil {
				changed = true
				return e
			}
			return a.row.byAttnum(t.Columns[p].Attnum)
		})
		delete(a.byPosition, i)
		if changed {
			a.byPosition[i] = e
		}
	}
}

// byAttnum is the item's column with that number.
func (it *item) byAttnum(attnum int16) expr.Expr {
	for _, c := range it.columns {
		if c.attno == attnum {
			return c.value
		}
	}
	fail(pgerr.Internal("no column %d in \"%s\"", attnum, it.name))
	return nil
}

// list is the assignments in order of position.
func (a *assignments) list() (out []plan.Assign) {
	for p := range a.table.Columns {
		if e := a.byPosition[p]; e != nil {
			out = append(out, plan.Assign{Position: p, Expr: e})
		}
	}
	return out
}

// delete binds DELETE (transformDeleteStmt).
func (q *query) delete(n *pg.DeleteStmt) plan.Node {
	w := q.withClause(n.WithClause)
	d := q.destination(n.Relation, deleting)
	s := q.writeSource(d, n.Relation, n.UsingClause)
	out := &plan.Delete{Table: d.table(), Target: s.scan}
	out.Source = filter(s.node, q.clause(n.WhereClause, kindWhere, "WHERE"))
	d.refuseAll(deleting)
	out.Returning, out.Cols = q.returning(n.ReturningList, q.items...)
	return w.around(out)
}
