package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// insert binds INSERT (transformInsertStmt).
func (q *query) insert(n *pg.InsertStmt) plan.Node {
	w := q.withClause(n.WithClause)
	d := q.destination(n.Relation, inserting)
	targets := q.insertTargets(d.named, n.Cols)
	ins := &insertion{q: q, table: d.named, targets: targets, override: n.Override, given: map[int]expr.Expr{}}
	out := &plan.Insert{}
	s := n.SelectStmt.GetSelectStmt()
	switch {
	case s == nil:
		out.Source = &plan.Result{}
	case isPlainValues(s):
		out.Source = ins.values(s)
	default:
		out.Source = ins.query(s)
	}
	ins.given = q.onto(d, inserting, ins.given)
	t := d.table()
	ins.table, out.Table = t, t
	out.Image = ins.image()
	out.Source = q.b.once(t, out.Source, func(p int) *expr.Expr { return &out.Image[p] })
	ins.generate(out.Image)
	out.Checks = q.b.checks(t)
	it := q.newRow(t, n.Relation)
	q.nameSeen(d, it.item, n.Relation)
	out.New = append(out.New, it.ids...)
	out.OnConflict = q.onConflict(n, d)
	seen, conds := q.asNamed(d, it.item)
	out.ViewChecks = d.viewChecks(conds)
	out.Returning, out.Cols = q.returning(n.ReturningList, seen)
	return w.around(out)
}

// isPlainValues: a VALUES list whose expressions may be DEFAULT.
func isPlainValues(s *pg.SelectStmt) bool {
	return len(s.ValuesLists) > 0 && len(s.SortClause) == 0 && s.LimitCount == nil && s.LimitOffset == nil && s.WithClause == nil
}

// refuseCatalog refuses writes to pg_catalog's tables.
func (b *binder) refuseCatalog(t *catalog.Table) {
	if t.Home == catalog.HomeCatalog {
		b.failAt(-1, pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", t.Name)
	}
}

// refuseMatview refuses writes to a materialized view, which REFRESH alone makes.
func (b *binder) refuseMatview(t *catalog.Table) {
	if t.Query != "" {
		b.failAt(-1, pgerr.WrongObjectType, "cannot change materialized view \"%s\"", t.Name)
	}
}

// writing notes that rows of a table are written or locked.
func (b *binder) writing(t *catalog.Table) {
	b.writes = true
	b.lasting = b.lasting || t.Persistence != catalog.Temporary
}

// insertTarget is a column that an INSERT names.
type insertTarget struct {
	position int
	column   *catalog.Column
	at       int32
	part     *part // of the column, if the list names one
}

// t is the type of what the target gets.
func (t *insertTarget) t() (*types.Type, int32) {
	if t.part != nil {
		return t.part.T, t.part.Mod
	}
	return t.column.Type, t.column.Typmod
}

// assign converts a value to the target.
func (t *insertTarget) assign(q *query, e expr.Expr, location int32) expr.Expr {
	if t.part != nil {
		return t.part.value(q, e, location)
	}
	return q.assign(e, t.column, location)
}

// insertTargets are the columns in the order of the list, or all of the table's.
func (q *query) insertTargets(t *catalog.Table, cols []*pg.Node) (out []insertTarget) {
	if len(cols) == 0 {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Dropped && !c.Hidden {
				out = append(out, insertTarget{position: i, column: c, at: -1})
			}
		}
		return out
	}
	seen := map[int]bool{} // as a whole
	for _, c := range cols {
		r := c.GetResTarget()
		p := q.targetColumn(t, r.Name, r.Location)
		if whole, there := seen[p]; there && (whole || len(r.Indirection) == 0) {
			q.b.failAt(r.Location, pgerr.DuplicateColumn, "column \"%s\" specified more than once", r.Name)
		}
		seen[p] = len(r.Indirection) == 0
		out = append(out, insertTarget{position: p, column: &t.Columns[p], at: r.Location})
	}
	for i, c := range cols {
		if r := c.GetResTarget(); len(r.Indirection) > 0 {
			out[i].part = q.part(out[i].column, r.Indirection, r.Location)
		}
	}
	return out
}

// targetColumn is the position of a column that a write names.
func (q *query) targetColumn(t *catalog.Table, name string, location int32) int {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Name == name && !c.Dropped && !c.Hidden {
			return i
		}
	}
	q.b.failAt(location, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.Name)
	return 0
}

// insertion collects what an INSERT gives to which column.
type insertion struct {
	q        *query
	table    *catalog.Table
	targets  []insertTarget
	override pg.OverridingKind
	// given are the expressions by position, over the source's columns; the others get their defaults.
	given map[int]expr.Expr
}

// values binds VALUES, where DEFAULT may stand for an expression.
func (ins *insertion) values(s *pg.SelectStmt) plan.Node {
	q := ins.q
	width := len(s.ValuesLists[0].GetList().Items)
	v := &plan.Values{}
	sub := q.sub()
	sub.pending = []*item{{name: ins.table.Name}}
	sub.with(kindValues, func() {
		for i, l := range s.ValuesLists {
			nodes := l.GetList().Items
			if len(nodes) != width {
				q.b.failAt(location(l), pgerr.SyntaxError, "VALUES lists must all be the same length")
			}
			if i == 0 {
				ins.checkWidth(nodes)
			}
			v.Rows = append(v.Rows, ins.row(sub, nodes))
		}
	})
	if len(sub.aggs) > 0 {
		q.refuseAggregate(kindValues, -1)
	}
	for j := range width {
		t := ins.targets[j]
		typ, mod := t.t()
		c := q.b.column(t.column.Name, typ, mod)
		v.Cols = append(v.Cols, c)
		ins.give(t, ref(c), allDefaults(s.ValuesLists, j))
	}
	return v
}

// row binds a row of VALUES, converted to the columns' types.
func (ins *insertion) row(sub *query, nodes []*pg.Node) []expr.Expr {
	row := make([]expr.Expr, len(nodes))
	for j, n := range nodes {
		t := ins.targets[j]
		if n.GetSetToDefault() != nil {
			if t.part != nil {
				t.part.failDefault(sub)
			}
			row[j] = sub.b.anyDefault(ins.table, t.position)
			continue
		}
		ins.checkAssignable(t, location(n))
		row[j] = t.assign(sub, sub.expr(n), location(n))
	}
	return row
}

func allDefaults(lists []*pg.Node, j int) bool {
	for _, l := range lists {
		if l.GetList().Items[j].GetSetToDefault() == nil {
			return false
		}
	}
	return true
}

// checkWidth compares the number of expressions with that of the columns.
func (ins *insertion) checkWidth(nodes []*pg.Node) {
	n := len(nodes)
	switch {
	case n > len(ins.targets):
		ins.q.b.failAt(location(nodes[len(ins.targets)]), pgerr.SyntaxError, "INSERT has more expressions than target columns")
	case n < len(ins.targets) && ins.targets[n].at >= 0:
		ins.q.b.failAt(ins.targets[n].at, pgerr.SyntaxError, "INSERT has more target columns than expressions")
	}
}

// query binds INSERT … SELECT.
func (ins *insertion) query(s *pg.SelectStmt) plan.Node {
	q := ins.q
	sub := q.sub()
	sub.items, sub.parent = nil, nil
	node := sub.selectStatement(s, keepUnknowns)
	cols := node.Columns()
	ins.checkQueryWidth(s, len(cols))
	want := make([]*types.Type, len(cols))
	for i, c := range cols {
		if c.Type == types.TUnknown {
			want[i], _ = ins.targets[i].t()
		}
	}
	node = q.coerceOutputs(node, want, assigning)
	for i, c := range node.Columns() {
		t := ins.targets[i]
		at := targetLocation(s, i)
		ins.checkAssignable(t, at)
		ins.give(t, t.assign(q, ref(c), at), false)
	}
	return node
}

func (ins *insertion) checkQueryWidth(s *pg.SelectStmt, n int) {
	switch {
	case n > len(ins.targets):
		ins.q.b.failAt(targetLocation(s, len(ins.targets)), pgerr.SyntaxError, "INSERT has more expressions than target columns")
	case n < len(ins.targets) && ins.targets[n].at >= 0:
		e := pgerr.New(pgerr.SyntaxError, "INSERT has more target columns than expressions")
		if n == 1 && len(s.TargetList) == 1 && s.TargetList[0].GetResTarget().Val.GetRowExpr() != nil {
			e.WithHint("The insertion source is a row expression containing the same number of columns expected by the INSERT. Did you accidentally use extra parentheses?")
		}
		fail(e.WithPosition(ins.q.b.position(ins.targets[n].at)))
	}
}

// give notes what a column gets; only default: the list had DEFAULT in every row.
func (ins *insertion) give(t insertTarget, e expr.Expr, onlyDefault bool) {
	if t.column.Generated || t.column.Identity != 0 && ins.override == pg.OverridingKind_OVERRIDING_USER_VALUE {
		return
	}
	if onlyDefault && t.column.Identity != 0 {
		e = nil
	}
	if e != nil && t.part != nil {
		whole := ins.given[t.position]
		if whole == nil {
			whole = nullOf(t.column)
		}
		e = t.part.put(ins.q, whole, e)
	}
	if e != nil {
		ins.given[t.position] = e
	}
}

// checkAssignable refuses a value for a generated column, or for an identity
// that is GENERATED ALWAYS.
func (ins *insertion) checkAssignable(t insertTarget, location int32) {
	c := t.column
	e := pgerr.New(pgerr.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name)
	switch {
	case c.Generated:
		fail(e.WithDetail("Column \"%s\" is a generated column.", c.Name))
	case c.Identity == 'a' && ins.override != pg.OverridingKind_OVERRIDING_SYSTEM_VALUE && ins.override != pg.OverridingKind_OVERRIDING_USER_VALUE:
		fail(e.WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name).
			WithHint("Use OVERRIDING SYSTEM VALUE to override."))
	}
}

// assign converts a value to a column (transformAssignedExpr).
func (q *query) assign(e expr.Expr, c *catalog.Column, location int32) expr.Expr {
	r, err := q.b.coercer.CoerceColumn(e, c.Name, c.Type, c.Typmod)
	q.b.must(err, location)
	return r
}

// image is the proposed row: what is given, and defaults; generate adds the rest.
func (ins *insertion) image() []expr.Expr {
	t := ins.table
	out := make([]expr.Expr, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Dropped:
			out[i] = nullOf(c)
		case c.Generated:
		case ins.given[i] != nil:
			out[i] = ins.given[i]
		default:
			out[i] = ins.q.b.columnDefault(t, c)
		}
	}
	return out
}

// generate adds to an image what is generated from it.
func (ins *insertion) generate(image []expr.Expr) {
	t := ins.table
	for i := range t.Columns {
		if c := &t.Columns[i]; isGenerated(*c) {
			image[i] = ins.q.b.generated(t, c, func(p int) expr.Expr { return image[p] })
		}
	}
}

func nullOf(c *catalog.Column) expr.Expr {
	t := c.Type
	if t == nil {
		t = types.TText
	}
	return &expr.Const{Typed: expr.Typed{T: t, Mod: c.Typmod}}
}

// rowItem is a written row as RETURNING and ON CONFLICT see it: one ID per position.
type rowItem struct {
	item *item
	ids  []expr.ColumnID
}

// newRow makes the item of a row of t under the table's name or alias.
func (q *query) newRow(t *catalog.Table, n *pg.RangeVar) rowItem {
	name := t.Name
	if n.Alias != nil {
		name = n.Alias.Aliasname
	}
	r := q.rowNamed(t, name)
	if n.Alias == nil {
		if s := q.b.env.Snapshot.SchemaByOID(q.b.env.Database, t.Schema); s != nil {
			r.item.schema = s.Name
		}
	}
	return r
}

func (q *query) rowNamed(t *catalog.Table, name string) rowItem {
	r := rowItem{item: &item{name: name, byName: true, byColumn: true, table: t}}
	r.item.rowType, _ = q.b.env.Snapshot.RowType(t)
	for i := range t.Columns {
		c := &t.Columns[i]
		id := q.b.newID()
		q.b.collatesLikeColumn(id, c)
		r.ids = append(r.ids, id)
		if !c.Dropped && !c.Hidden {
			r.item.columns = append(r.item.columns, &itemColumn{
				name: c.Name, value: expr.NewColumn(id, c.Name, c.Type, c.Typmod), table: t.OID, attno: c.Attnum,
			})
		}
	}
	return r
}

// returning binds RETURNING over the items; nil, nil without the clause.
func (q *query) returning(list []*pg.Node, items ...*item) (exprs []expr.Expr, cols []plan.Column) {
	if len(list) == 0 {
		return nil, nil
	}
	sub := &query{b: q.b, parent: q.parent, ctes: q.ctes}
	for _, it := range items {
		sub.addSeen(it)
	}
	s := &selectList{q: sub}
	sub.with(kindReturning, func() { s.targets(list) })
	q.takeOuter(sub)
	exprs = []expr.Expr{}
	for i := range s.list {
		s.resolve(i)
		t := s.list[i]
		c := q.b.column(t.name, t.expr.Type(), t.expr.Typmod())
		if col, ok := t.expr.(*expr.Column); ok {
			c.Table, c.Attnum = sub.origin(col.ID)
		}
		exprs, cols = append(exprs, t.expr), append(cols, c)
	}
	return exprs, cols
}
