package bind

import (
	"cmp"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// destination is what an INSERT, UPDATE or DELETE names: a table, or a view
// over what is a destination itself (rewriteTargetView in rewriteHandler.c).
type destination struct {
	// named is what the statement's names are found in: the table, or a stand-in
	// for one with the view's columns.
	named *catalog.Table
	view  *catalog.View // nil: a table
	text  *sqlparse.Statement
	query *pg.SelectStmt
	// inner is what the view reads; at are the places of its columns there, -1
	// for those that are not columns of it, and why says what they are.
	inner *destination
	at    []int
	why   []string
	// refused is the DETAIL of why rows are not written through the view; "" is that they are.
	refused string
}

// writeEvent is what is done to a destination.
type writeEvent struct {
	need     Need
	verb     string // "insert into"
	defaults bool   // columns that are not named get the view's defaults
}

var (
	inserting = writeEvent{need: NeedInsert, verb: "insert into", defaults: true}
	updating  = writeEvent{need: NeedUpdate, verb: "update"}
	deleting  = writeEvent{need: NeedDelete, verb: "delete from"}
	upserting = writeEvent{need: NeedInsert, verb: "insert into"} // ON CONFLICT DO UPDATE
)

// destination finds what a statement writes to.
func (q *query) destination(n *pg.RangeVar, event writeEvent) *destination {
	r := q.b.lookup(n)
	q.b.need(r, event.need, n.Location)
	switch r := r.(type) {
	case *catalog.Table:
		q.b.refuseCatalog(r)
		q.b.refuseMatview(r)
		q.b.writing(r)
		return &destination{named: r}
	case *catalog.View:
		d := q.viewDestination(r, event)
		if t := d.table(); t != nil {
			q.b.refuseCatalog(t)
			q.b.refuseMatview(t)
			q.b.writing(t)
		}
		return d
	}
	q.b.failAt(-1, pgerr.WrongObjectType, "cannot change %s \"%s\"", "sequence", n.Relname)
	return nil
}

// table is the table whose rows are written; nil where there is none.
func (d *destination) table() *catalog.Table {
	for d.view != nil {
		if d = d.inner; d == nil {
			return nil
		}
	}
	return d.named
}

// viewDestination looks through a view.
func (q *query) viewDestination(v *catalog.View, event writeEvent) *destination {
	d := &destination{view: v, named: &catalog.Table{Name: v.Name}}
	if slices.Contains(q.b.views, v.OID) {
		q.b.failAt(-1, pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", v.Name)
	}
	var err error
	d.text, err = sqlparse.ParseQuery(v.Query)
	q.b.must(err, -1)
	d.query = d.text.Node.GetSelectStmt()
	q.inLayer(d, func() {
		q.b.checkFields(d.text.Node)
		if d.refused = refusedClause(d.query); d.refused != "" {
			return
		}
		if base := q.updatableBase(d.query); base != nil {
			if !q.b.fromCatalog { // nothing is written, and the view may not be there yet
				q.b.need(base, event.need, -1)
			}
			if t, ok := base.(*catalog.Table); ok {
				d.inner = &destination{named: t}
			} else {
				d.inner = q.viewDestination(base.(*catalog.View), event)
			}
		}
		d.refused = q.refusedColumns(d)
	})
	if event.need != NeedDelete && d.refused == "" && !slices.ContainsFunc(d.at, func(p int) bool { return p >= 0 }) {
		d.refused = "Views that have no updatable columns are not automatically updatable."
	}
	d.standIn(event)
	return d
}

// inLayer binds in the text of the destination's view.
func (q *query) inLayer(d *destination, f func()) {
	outer := q.b.sees
	q.b.views, q.b.sees = append(q.b.views, d.view.OID), d.view.Sees
	q.b.within(d.text, f)
	q.b.views, q.b.sees = q.b.views[:len(q.b.views)-1], outer
}

// refusedClause names a clause that a query cannot have through which rows are
// written (view_query_is_auto_updatable).
func refusedClause(n *pg.SelectStmt) string {
	what := ""
	switch {
	case len(n.DistinctClause) > 0:
		what = "DISTINCT"
	case len(n.GroupClause) > 0:
		what = "GROUP BY"
	case n.HavingClause != nil:
		what = "HAVING"
	case n.Op != pg.SetOperation_SETOP_NONE:
		what = "UNION, INTERSECT, or EXCEPT"
	case n.WithClause != nil:
		what = "WITH"
	case n.LimitCount != nil || n.LimitOffset != nil:
		what = "LIMIT or OFFSET"
	default:
		return ""
	}
	return "Views containing " + what + " are not automatically updatable."
}

// updatableBase is the one table or view that a query reads; nil when it reads
// something else.
func (q *query) updatableBase(n *pg.SelectStmt) catalog.Relation {
	if len(n.FromClause) != 1 {
		return nil
	}
	rv := n.FromClause[0].GetRangeVar()
	if rv == nil {
		return nil
	}
	switch r := q.b.lookup(rv).(type) {
	case *catalog.Table, *catalog.View:
		return r
	}
	return nil
}

// refusedColumns finds where the columns of the view come from, and says why
// rows cannot be written if what the query returns is in the way.
func (q *query) refusedColumns(d *destination) string {
	closed := q.b.closed
	q.b.closed = true // what other views in it are made of says nothing
	defer func() { q.b.closed = closed }()
	var l layer
	var ids []expr.ColumnID
	if d.inner == nil {
		sub := &query{b: q.b}
		if len(d.query.ValuesLists) == 0 {
			sub.from(d.query.FromClause)
		}
		l = sub.layer(d.query)
	} else {
		below := q.rowNamed(d.inner.named, d.inner.named.Name)
		l, ids = q.over(d, below.item), below.ids
	}
	switch {
	case len(l.q.aggs) > 0 || l.q.hasAgg:
		return "Views that return aggregate functions are not automatically updatable."
	case len(l.q.windowCalls) > 0:
		return "Views that return window functions are not automatically updatable."
	case slices.ContainsFunc(l.columns, func(t target) bool { return expr.HasSet(t.expr) }):
		return "Views that return set-returning functions are not automatically updatable."
	case d.inner == nil:
		return "Views that do not select from a single table or view are not automatically updatable."
	}
	for i, t := range l.columns {
		at, why := -1, "View columns that are not columns of their base relation are not updatable."
		switch e := t.expr.(type) {
		case *expr.Column:
			at = slices.Index(ids, e.ID)
		case *expr.RowExpr:
			if l.named[i] {
				why = "View columns that return whole-row references are not updatable."
			}
		case *expr.Const:
			if l.named[i] {
				why = "View columns that refer to system columns are not updatable."
			}
		}
		d.at, d.why = append(d.at, at), append(d.why, why)
	}
	return ""
}

// layer is what a view's query makes of a row of what it reads.
type layer struct {
	q       *query // that has seen the row
	columns []target
	named   []bool // of each column: the name of something
	cond    expr.Expr
}

// layer binds a query's list and condition over what q sees.
func (q *query) layer(n *pg.SelectStmt) layer {
	l := layer{q: q}
	s := &selectList{q: q}
	q.nameWindows(n)
	q.with(kindTarget, func() {
		for _, t := range n.TargetList {
			s.targets([]*pg.Node{t})
			for len(l.named) < len(s.list) {
				l.named = append(l.named, t.GetResTarget().GetVal().GetColumnRef() != nil)
			}
		}
	})
	for i := range s.list {
		s.resolve(i)
	}
	l.columns, l.cond = s.list, q.clause(n.WhereClause, kindWhere, "WHERE")
	return l
}

// over binds the query of a view over a row of what it reads. It is called in the view's text.
func (q *query) over(d *destination, row *item) layer {
	rv := d.query.FromClause[0].GetRangeVar()
	from := *row
	from.name, from.byName, from.byColumn = cmp.Or(rv.Alias.GetAliasname(), rv.Relname), true, true
	from.columns, from.later, from.schema = nil, nil, ""
	if rv.Alias == nil {
		from.schema = rv.Schemaname
	}
	last, limited := d.view.Sees[d.inner.oid()]
	for _, c := range row.columns {
		own := *c
		if limited && c.attno > last {
			from.later = append(from.later, &own)
		} else {
			from.columns = append(from.columns, &own)
		}
	}
	sub := &query{b: q.b}
	q.aliasColumns(&from, rv.Alias)
	sub.addItem(&from)
	return sub.layer(d.query)
}

func (d *destination) oid() catalog.OID {
	if d.view != nil {
		return d.view.OID
	}
	return d.named.OID
}

// standIn makes the table that stands for the view: its columns, with what is
// known of those that they are.
func (d *destination) standIn(event writeEvent) {
	if d.inner != nil {
		t := *d.inner.named
		d.named = &t
		d.named.Name = d.view.Name
	}
	d.named.Columns = make([]catalog.Column, len(d.view.Columns))
	for i := range d.view.Columns {
		c := &d.named.Columns[i]
		if d.inner != nil && i < len(d.at) && d.at[i] >= 0 {
			*c = d.inner.named.Columns[d.at[i]]
		}
		own := &d.view.Columns[i]
		switch {
		case own.Default != "":
			c.Default, c.Identity = own.Default, 0
		case event == updating:
			c.Default = "" // SET … = DEFAULT asks the view alone
			if c.Identity == 'd' {
				c.Identity = 0
			}
		}
		c.Name, c.Attnum, c.Type, c.Typmod = own.Name, own.Attnum, own.Type, own.Typmod
	}
}

// asNamed is a row of the table as the statement sees it: for a view, the row
// that its query makes of it. conds are the queries' conditions, innermost first.
func (q *query) asNamed(d *destination, row *item) (seen *item, conds []expr.Expr) {
	if d.view == nil {
		return row, nil
	}
	below, conds := q.asNamed(d.inner, row)
	seen = &item{name: row.name, schema: row.schema, byName: true, byColumn: true}
	q.inLayer(d, func() {
		l := q.over(d, below)
		conds = append(conds, l.cond)
		for i, c := range d.view.Columns {
			if i < len(l.columns) {
				seen.columns = append(seen.columns, &itemColumn{name: c.Name, value: l.columns[i].expr, table: d.view.OID, attno: c.Attnum, stored: true})
			}
		}
	})
	seen.rowType, _ = q.b.env.Snapshot.RowType(d.view)
	return seen, conds
}

// addSeen makes an item visible whose columns may be expressions.
func (q *query) addSeen(it *item) {
	q.addItem(it)
	for _, c := range it.columns {
		q.ownMerged(it, c)
	}
}

// refuse fails when rows cannot be written through the view.
func (d *destination) refuse(event writeEvent) {
	if d.refused == "" {
		return
	}
	e := pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cannot %s view \"%s\"", event.verb, d.view.Name).WithDetail("%s", d.refused)
	switch event.need {
	case NeedInsert:
		e.WithHint("To enable inserting into the view, provide an INSTEAD OF INSERT trigger or an unconditional ON INSERT DO INSTEAD rule.")
	case NeedUpdate:
		e.WithHint("To enable updating the view, provide an INSTEAD OF UPDATE trigger or an unconditional ON UPDATE DO INSTEAD rule.")
	default:
		e.WithHint("To enable deleting from the view, provide an INSTEAD OF DELETE trigger or an unconditional ON DELETE DO INSTEAD rule.")
	}
	fail(e)
}

// refuseAll is refuse of each view on the way to the table, as long as no
// values are given that a view in between could refuse first.
func (d *destination) refuseAll(event writeEvent) {
	for ; d.view != nil; d = d.inner {
		d.refuse(event)
	}
}

// broken reports whether rows cannot be written: the statement is bound only
// for the errors that come before that.
func (d *destination) broken() bool {
	return d.view != nil && (d.refused != "" || d.inner.broken())
}

// onto takes what columns get from the view to the table.
func (q *query) onto(d *destination, event writeEvent, given map[int]expr.Expr) map[int]expr.Expr {
	for ; d.view != nil; d = d.inner {
		if event.defaults {
			q.viewDefaults(d, given)
		}
		d.refuse(event)
		below := map[int]expr.Expr{}
		for p := range d.named.Columns {
			e := given[p]
			if e == nil {
				continue
			}
			to := d.at[p]
			if to < 0 {
				fail(pgerr.New(pgerr.FeatureNotSupported, "cannot %s column \"%s\" of view \"%s\"", event.verb, d.named.Columns[p].Name, d.view.Name).
					WithDetail("%s", d.why[p]))
			}
			if below[to] != nil {
				q.b.failAt(-1, pgerr.SyntaxError, "multiple assignments to same column \"%s\"", d.inner.named.Columns[to].Name)
			}
			below[to] = e
		}
		given = below
	}
	return given
}

// viewDefaults gives the columns that an INSERT does not name the defaults that
// the view has for them.
func (q *query) viewDefaults(d *destination, given map[int]expr.Expr) {
	for p := range d.view.Columns {
		if c := &d.view.Columns[p]; given[p] == nil && c.Default != "" {
			given[p] = q.b.columnDefault(d.named, &d.named.Columns[p])
		}
	}
}

// viewChecks are the CHECK OPTIONs that a new row has to meet, those of inner
// views first. conds are from asNamed.
func (d *destination) viewChecks(conds []expr.Expr) (out []plan.ViewCheck) {
	cascaded := false
	for i := len(conds) - 1; i >= 0; i-- {
		option := d.view.Option("check_option")
		cascaded = cascaded || option == "cascaded"
		if conds[i] != nil && (cascaded || option != "") {
			out = append(out, plan.ViewCheck{View: d.view.Name, Cond: conds[i]})
		}
		d = d.inner
	}
	slices.Reverse(out)
	return out
}

// visible is what of a table's rows can be written through the view.
func (d *destination) visible(scan plan.Node, conds []expr.Expr) plan.Node {
	if d.view == nil {
		return scan
	}
	last := len(conds) - 1
	node := filter(d.inner.visible(scan, conds[:last]), conds[last])
	if d.view.Barrier() {
		node = &plan.Filter{Input: node, Barrier: true}
	}
	return node
}

// ViewBase is the relation through which rows are written by a view's query,
// with the attribute numbers there of the view's columns (0: not a column of
// it). Where none are, detail says why, as PostgreSQL does.
func ViewBase(env *Env, v *catalog.View) (base catalog.OID, columns []int16, detail string, err error) {
	b := newBinder(env, nil, nil)
	b.fromCatalog = true
	defer b.recover(&err)
	d := (&query{b: b}).viewDestination(v, deleting)
	if d.refused != "" {
		return 0, nil, d.refused, nil
	}
	for _, p := range d.at {
		attnum := int16(0)
		if p >= 0 {
			attnum = d.inner.named.Columns[p].Attnum
		}
		columns = append(columns, attnum)
	}
	return d.inner.oid(), columns, "", nil
}
