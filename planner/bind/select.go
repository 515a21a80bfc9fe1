package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// unknowns says what becomes of output columns that are literals or parameters of unknown type.
type unknowns uint8

const (
	resolveUnknowns unknowns = iota // they are text
	keepUnknowns                    // the caller coerces them: INSERT, a set operation
)

// selectStatement binds any SELECT, with its WITH clause.
func (q *query) selectStatement(n *pg.SelectStmt, u unknowns) plan.Node {
	if n.IntoClause != nil {
		q.b.failAt(n.IntoClause.Rel.GetLocation(), pgerr.SyntaxError, "SELECT ... INTO is not allowed here")
	}
	w := q.withClause(n.WithClause)
	var node plan.Node
	switch {
	case n.Op != pg.SetOperation_SETOP_NONE:
		node = q.setStatement(n)
	case len(n.ValuesLists) > 0:
		node = q.valuesStatement(n)
	default:
		node = q.simpleSelect(n)
	}
	if u == resolveUnknowns {
		node = q.resolveOutputs(node)
	}
	return w.around(node)
}

// resolveOutputs makes text of output columns of unknown type.
func (q *query) resolveOutputs(node plan.Node) plan.Node {
	cols := node.Columns()
	want := make([]*types.Type, len(cols))
	any := false
	for i, c := range cols {
		if c.Type == types.TUnknown {
			want[i], any = types.TText, true
		}
	}
	if !any {
		return node
	}
	return q.coerceOutputs(node, want, implicitly)
}

// coerceOutputs makes a node's columns have the wanted types (nil: as it is).
// Literals get them in their place; the rest is converted above.
func (q *query) coerceOutputs(node plan.Node, want []*types.Type, how coercion) plan.Node {
	node = q.coerceInPlace(node, want, how)
	cols := node.Columns()
	same := true
	for i, c := range cols {
		same = same && (want[i] == nil || want[i] == c.Type)
	}
	if same {
		return node
	}
	p := &plan.Project{Input: node}
	for i, c := range cols {
		var e expr.Expr = ref(c)
		out := c
		if want[i] != nil && want[i] != c.Type {
			e = q.coerce(e, want[i], -1, how, -1)
			out = plan.Column{Name: c.Name, Type: want[i], Typmod: -1}
		}
		out.ID = q.b.newID()
		q.b.noteCollation(&out, e)
		p.Exprs, p.Cols = append(p.Exprs, e), append(p.Cols, out)
	}
	return p
}

// coerceInPlace converts a node's output columns where they are computed, if
// nothing above depends on them as they are; literals always are. The node
// was made in this binding: nobody else has seen it.
func (q *query) coerceInPlace(node plan.Node, want []*types.Type, how coercion) plan.Node {
	if p, ok := node.(*plan.Project); ok {
		q.coerceExprs(p, want, how)
		return node
	}
	return q.coerceLiterals(node, want)
}

func (q *query) coerceExprs(n *plan.Project, want []*types.Type, how coercion) {
	for i, e := range n.Exprs {
		if i >= len(want) || want[i] == nil || want[i] == n.Cols[i].Type {
			continue
		}
		n.Exprs[i] = q.coerce(e, want[i], -1, how, -1)
		n.Cols[i].Type, n.Cols[i].Typmod = want[i], -1
		n.Cols[i].Table, n.Cols[i].Attnum = 0, 0
	}
}

// coerceLiterals gives the literals among a node's output columns the wanted types.
func (q *query) coerceLiterals(node plan.Node, want []*types.Type) plan.Node {
	switch n := node.(type) {
	case *plan.Project:
		only := make([]*types.Type, len(n.Cols))
		for i, c := range n.Cols {
			if i < len(want) && c.Type == types.TUnknown {
				only[i] = want[i]
			}
		}
		q.coerceExprs(n, only, implicitly)
	case *plan.Sort:
		n.Input = q.coerceLiterals(n.Input, want)
		for i, k := range n.Keys {
			n.Keys[i].Expr = retyped(k.Expr, n.Input.Columns())
		}
	case *plan.Limit:
		n.Input = q.coerceLiterals(n.Input, want)
	case *plan.Distinct:
		n.Input = q.coerceLiterals(n.Input, want)
		for i, e := range n.On {
			n.On[i] = retyped(e, n.Input.Columns())
		}
	}
	return node
}

// retyped is a column reference with the type that the column has now.
func retyped(e expr.Expr, cols []plan.Column) expr.Expr {
	if c, ok := e.(*expr.Column); ok {
		for _, have := range cols {
			if have.ID == c.ID {
				return ref(have)
			}
		}
	}
	return e
}

// maxTargets is MaxTupleAttributeNumber (htup_details.h).
const maxTargets = 1664

// nameWindows makes the windows of the WINDOW clause known.
func (q *query) nameWindows(n *pg.SelectStmt) {
	for _, w := range n.WindowClause {
		q.windows = append(q.windows, &window{def: w.GetWindowDef()})
	}
}

// simpleSelect binds SELECT … FROM … WHERE …, in the order in which
// PostgreSQL analyses its clauses (transformSelectStmt).
func (q *query) simpleSelect(n *pg.SelectStmt) plan.Node {
	q.nameWindows(n)
	node := q.from(n.FromClause)
	s := &selectList{q: q}
	q.with(kindTarget, func() { s.targets(n.TargetList) })
	where := q.clause(n.WhereClause, kindWhere, "WHERE")
	having := q.clause(n.HavingClause, kindHaving, "HAVING")
	order := s.orderBy(n.SortClause)
	groups := s.groupBy(n.GroupClause, n.GroupDistinct)
	distinct := s.distinct(n.DistinctClause, order)
	if len(s.list) > maxTargets {
		q.b.failAt(-1, pgerr.TooManyColumns, "target lists can have at most %d entries", maxTargets)
	}
	limit := q.limit(n)
	s.defineWindows()
	marks := q.lockMarks(n, node)

	node = filter(node, where)
	var g *grouping
	if groups.asks() || len(q.aggs) > 0 || having != nil || q.hasAgg {
		if q.recurses && q.hasAgg {
			q.b.failAt(q.firstAggregate(), pgerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
		}
		q.refuseLocks(n, groups.asks(), having != nil)
		g = q.aggregate(node, groups)
		for i, t := range s.list {
			s.list[i].expr = g.entry(groups, i, t.expr)
		}
		node = filter(g.node, g.replace(having))
	}
	if len(q.windowCalls) > 0 {
		q.refuseLocks(n, false, false)
		node = s.computeWindows(node, g)
	}
	return s.finish(node, order, distinct, limit, marks)
}

// clause binds an optional condition.
func (q *query) clause(n *pg.Node, kind exprKind, name string) (e expr.Expr) {
	if n != nil {
		q.with(kind, func() { e = q.condition(n, name) })
	}
	if kind == kindWhere {
		e = q.throughIndexes(e)
	}
	return e
}

func filter(node plan.Node, cond expr.Expr) plan.Node {
	if cond == nil {
		return node
	}
	return &plan.Filter{Input: node, Cond: cond}
}

// finish puts the clauses behind the select list on top: projection, DISTINCT,
// ORDER BY, row locks, LIMIT, and the list without what only the sorting needed.
func (s *selectList) finish(node plan.Node, order []sortItem, d *distinctClause, limit *plan.Limit, marks []plan.RowMark) plan.Node {
	order, d = s.dropUnused(order, d)
	p := s.project(node, marks)
	node = p
	cols := func(i int) expr.Expr { return ref(p.Cols[i]) }
	if d != nil && d.on == nil {
		node = &plan.Distinct{Input: node}
	}
	if len(order) > 0 {
		sort := &plan.Sort{Input: node}
		for _, o := range order {
			sort.Keys = append(sort.Keys, expr.SortKey{Expr: cols(o.target), Desc: o.desc, NullsFirst: o.nullsFirst})
		}
		node = sort
		if limit != nil && limit.Ties != nil {
			limit.Ties = sort.Keys
		}
	}
	if d != nil && d.on != nil {
		n := &plan.Distinct{Input: node}
		for _, i := range d.on {
			n.On = append(n.On, cols(i))
		}
		node = n
	}
	if len(marks) > 0 {
		node = &plan.LockRows{Input: node, Marks: marks}
	}
	if limit != nil {
		limit.Input = node
		node = limit
	}
	visible := s.visible()
	if len(visible) == len(p.Cols) {
		return node
	}
	final := &plan.Project{Input: node}
	for _, i := range visible {
		c := p.Cols[i]
		final.Exprs = append(final.Exprs, ref(c))
		c.ID = s.q.b.newID()
		s.q.b.noteRecord(c.ID, final.Exprs[len(final.Exprs)-1])
		s.q.b.collatesAs(c.ID, p.Cols[i].ID)
		final.Cols = append(final.Cols, c)
	}
	return final
}

// dropUnused drops the entries that GROUP BY alone has added, which are computed
// below and would make rows different that DISTINCT is to find equal.
func (s *selectList) dropUnused(order []sortItem, d *distinctClause) ([]sortItem, *distinctClause) {
	used := make([]bool, len(s.list))
	for i, t := range s.list {
		used[i] = !t.junk
	}
	for _, o := range order {
		used[o.target] = true
	}
	if d != nil {
		for _, i := range d.on {
			used[i] = true
		}
	}
	at := make([]int, len(s.list)) // where the entries come to be
	var list []target
	for i, t := range s.list {
		at[i] = len(list)
		if used[i] {
			list = append(list, t)
		}
	}
	s.list = list
	order = slices.Clone(order)
	for i := range order {
		order[i].target = at[order[i].target]
	}
	if d != nil && d.on != nil {
		on := &distinctClause{on: make([]int, len(d.on)), at: d.at}
		for i, target := range d.on {
			on.on[i] = at[target]
		}
		d = on
	}
	return order, d
}

// project computes the select list. The columns of locked tables go along
// under their own IDs, so that the rows can be locked above.
func (s *selectList) project(node plan.Node, marks []plan.RowMark) *plan.Project {
	p := &plan.Project{Input: node}
	for _, t := range s.list {
		p.Exprs = append(p.Exprs, t.expr)
		c := s.q.b.column(t.name, t.expr.Type(), t.expr.Typmod())
		if col, ok := t.expr.(*expr.Column); ok {
			c.Table, c.Attnum = s.q.origin(col.ID)
		}
		s.q.b.noteRecord(c.ID, t.expr)
		s.q.b.noteCollation(&c, t.expr)
		p.Cols = append(p.Cols, c)
		p.Sets = p.Sets || expr.HasSet(t.expr)
	}
	for _, m := range marks {
		for _, c := range m.Target.Cols {
			p.Exprs, p.Cols = append(p.Exprs, ref(c)), append(p.Cols, c)
		}
	}
	return p
}

// origin is the table and attribute that a column of q's FROM clause comes from.
func (q *query) origin(id expr.ColumnID) (table catalog.OID, attnum int16) {
	o := q.own[id]
	if o == nil {
		return 0, 0
	}
	for _, c := range o.item.columns {
		if col, ok := c.value.(*expr.Column); ok && col.ID == id {
			return c.table, c.attno
		}
	}
	return 0, 0
}

// limit binds LIMIT, OFFSET and FETCH.
func (q *query) limit(n *pg.SelectStmt) *plan.Limit {
	if n.LimitCount == nil && n.LimitOffset == nil {
		return nil
	}
	if n.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES && n.LimitCount.GetAConst().GetIsnull() {
		q.b.failAt(-1, pgerr.InvalidRowCountInLimitClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	l := &plan.Limit{}
	bound := func(n *pg.Node, kind exprKind, name string) expr.Expr {
		if n == nil || n.GetAConst().GetIsnull() {
			return nil
		}
		var e expr.Expr
		q.with(kind, func() { e = q.limitExpr(n, name) })
		return e
	}
	l.Offset = bound(n.LimitOffset, kindOffset, "OFFSET")
	l.Count = bound(n.LimitCount, kindLimit, "LIMIT")
	if l.Count == nil && l.Offset == nil {
		return nil
	}
	if n.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES {
		l.Ties = []expr.SortKey{} // the sort says which
	}
	return l
}

// limitExpr binds a number of rows, which may depend on columns of outer queries only.
func (q *query) limitExpr(n *pg.Node, name string) expr.Expr {
	around, seen := q.aggregating, &aggregateArgs{}
	q.aggregating = seen
	e := q.expr(n)
	q.aggregating = around
	if e.Type() != types.TInt8 && !isUnknown(e) && !q.canCoerce(e.Type(), types.TInt8, assigning) {
		q.b.failAt(location(n), pgerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", name, e.Type().SQLName)
	}
	e = q.coerce(e, types.TInt8, -1, assigning, location(n))
	if seen.seen && seen.nearest == 0 {
		q.b.failAt(seen.nearestAt, pgerr.InvalidColumnReference, "argument of %s must not contain variables", name)
	}
	return e
}
