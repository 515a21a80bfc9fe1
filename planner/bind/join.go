package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

var joinKinds = map[pg.JoinType]plan.JoinKind{
	pg.JoinType_JOIN_INNER: plan.JoinInner, pg.JoinType_JOIN_LEFT: plan.JoinLeft,
	pg.JoinType_JOIN_RIGHT: plan.JoinRight, pg.JoinType_JOIN_FULL: plan.JoinFull,
}

// join binds left JOIN right (transformFromClauseItem, its JoinExpr case).
func (q *query) join(n *pg.JoinExpr, outside []*item) source {
	kind, ok := joinKinds[n.Jointype]
	if !ok {
		fail(pgerr.Internal("join type %s", n.Jointype))
	}
	left := q.fromItem(n.Larg, outside)
	forbid := kind == plan.JoinRight || kind == plan.JoinFull
	for _, it := range left.items {
		it.forbidden = forbid
	}
	right := q.fromItem(n.Rarg, append(outside[:len(outside):len(outside)], left.items...))
	for _, it := range left.items {
		it.forbidden = false
	}
	q.checkNames(right.items, left.items)

	j := &plan.Join{Kind: kind, Left: left.node, Right: right.node, Lateral: needsAny(right.needs, left.node)}
	both := append(left.items[:len(left.items):len(left.items)], right.items...)
	if kind == plan.JoinLeft || kind == plan.JoinFull {
		nullable(&j.Right, right.items)
	}
	if kind == plan.JoinRight || kind == plan.JoinFull {
		nullable(&j.Left, left.items)
	}
	merged := q.using(j, n, left, right)
	if n.Quals != nil {
		q.seeing(both, func() {
			q.pending = outside
			q.with(kindOn, func() { j.On = q.condition(n.Quals, "JOIN/ON") })
			if kind == plan.JoinInner {
				j.On = q.throughIndexes(j.On)
			}
		})
	}
	out := source{node: j, items: both, needs: append(left.needs, right.needs...)}
	out.items = q.joinItems(n, merged, left, right)
	return out
}

// using binds NATURAL and USING: the condition goes into j.On; the answer are
// the merged columns.
func (q *query) using(j *plan.Join, n *pg.JoinExpr, left, right source) []*itemColumn {
	var names []string
	for _, u := range n.UsingClause {
		names = append(names, u.GetString_().GetSval())
	}
	if n.IsNatural {
		names = commonNames(left.items, right.items)
		q.b.noteNatural(n, names)
	}
	var merged []*itemColumn
	var conds []expr.Expr
	for i, name := range names {
		for _, before := range names[:i] {
			if before == name {
				q.b.failAt(-1, pgerr.DuplicateColumn, "column name \"%s\" appears more than once in USING clause", name)
			}
		}
		lc, rc := q.usingColumn(left.items, name, "left"), q.usingColumn(right.items, name, "right")
		l, r := q.reference(lc, 0, -1), q.reference(rc, 0, -1)
		conds = append(conds, q.compare("=", l, r, -1))
		c := q.merge(j.Kind, name, l, r)
		switch c.value {
		case l:
			c.from = lc.from
		case r:
			c.from = rc.from
		}
		merged = append(merged, c)
	}
	j.On = expr.NewAnd(conds...)
	return merged
}

// visibleColumns are the columns that items show without a name before them.
func visibleColumns(items []*item) (out []*itemColumn) {
	for _, it := range items {
		if it.byColumn {
			out = append(out, it.columns...)
		}
	}
	return out
}

func commonNames(left, right []*item) (names []string) {
	for _, l := range visibleColumns(left) {
		for _, r := range visibleColumns(right) {
			if l.name == r.name {
				names = append(names, l.name)
				break
			}
		}
	}
	return names
}

func (q *query) usingColumn(items []*item, name, side string) *itemColumn {
	var found *itemColumn
	for _, it := range items {
		for _, c := range visibleColumns([]*item{it}) {
			if c.name != name {
				continue
			}
			if found != nil {
				q.b.failAt(-1, pgerr.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side)
			}
			copied := *c
			copied.from = it.qualifier(c)
			found = &copied
		}
	}
	if found == nil {
		q.b.failAt(-1, pgerr.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	return found
}

// merge is buildMergedJoinVar: the one column that USING makes of two.
func (q *query) merge(kind plan.JoinKind, name string, l, r expr.Expr) *itemColumn {
	t := q.commonType("JOIN/USING", []expr.Expr{l, r}, nil)
	typmod := int32(-1)
	if l.Type() == r.Type() && l.Typmod() == r.Typmod() {
		typmod = l.Typmod()
	}
	l, r = q.coerce(l, t, typmod, implicitly, -1), q.coerce(r, t, typmod, implicitly, -1)
	c := &itemColumn{name: name}
	switch kind {
	case plan.JoinFull:
		c.value = &expr.Coalesce{Typed: expr.Typed{T: t, Mod: typmod}, Args: []expr.Expr{l, r}}
	case plan.JoinRight:
		c.value = r
	default:
		c.value = l
	}
	return c
}

// joinItems are what is visible of a join: its sides by name (unless it has an
// alias), and its columns without one: the merged first.
func (q *query) joinItems(n *pg.JoinExpr, merged []*itemColumn, left, right source) []*item {
	it := &item{byColumn: true, columns: merged}
	for _, side := range append(left.items[:len(left.items):len(left.items)], right.items...) {
		if !side.byColumn {
			continue
		}
		for _, c := range side.columns {
			if hasColumn(merged, c.name) {
				continue
			}
			copied := *c
			copied.from = side.qualifier(c)
			it.columns = append(it.columns, &copied)
		}
	}
	var out []*item
	if n.Alias != nil {
		it.name, it.byName, it.joined = n.Alias.Aliasname, true, true
		q.aliasColumnsOf("join expression", it, n.Alias)
	} else {
		for _, side := range append(left.items[:len(left.items):len(left.items)], right.items...) {
			if side.name == "" {
				continue
			}
			side.byColumn = false
			out = append(out, side)
		}
	}
	if u := n.JoinUsingAlias; u != nil {
		alias := &item{name: u.Aliasname, byName: true, columns: merged, joined: true}
		q.checkNames([]*item{alias}, out)
		if n.Alias != nil {
			alias.byName = false // hidden by the alias of the whole
		}
		out = append(out, alias)
	}
	for _, c := range it.columns {
		q.ownMerged(it, c)
	}
	return append(out, it)
}

func hasColumn(list []*itemColumn, name string) bool {
	for _, c := range list {
		if c.name == name {
			return true
		}
	}
	return false
}

// ownMerged claims what a merged column is made of.
func (q *query) ownMerged(it *item, c *itemColumn) {
	if q.own == nil {
		q.own = map[expr.ColumnID]*ownColumn{}
	}
	for _, id := range expr.Columns(c.value) {
		if q.own[id] == nil {
			q.own[id] = &ownColumn{it, c.name}
		}
	}
}

// condition binds a boolean; clause names it in the message of 42804.
func (q *query) condition(n *pg.Node, clause string) expr.Expr {
	return q.boolean(q.expr(n), n, clause)
}

// boolean coerces to boolean (coerce_to_boolean).
func (q *query) boolean(e expr.Expr, n *pg.Node, clause string) expr.Expr {
	if e.Type() == types.TBool {
		return e
	}
	if isUnknown(e) {
		return q.coerce(e, types.TBool, -1, assigning, location(n))
	}
	if !q.canCoerce(e.Type(), types.TBool, assigning) {
		q.b.failAt(location(n), pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", clause, e.Type().SQLName)
	}
	return q.coerce(e, types.TBool, -1, assigning, location(n))
}
