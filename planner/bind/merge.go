package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// mergeStatement binds MERGE (transformMergeStmt in parse_merge.c).
func (q *query) mergeStatement(n *pg.MergeStmt) plan.Node {
	if n.WithClause.GetRecursive() {
		q.b.failAt(-1, pgerr.SyntaxError, "WITH RECURSIVE is not supported for MERGE statement")
	}
	w := q.withClause(n.WithClause)
	refuseUnreachable(q.b, n.MergeWhenClauses)
	t := q.mergeTarget(n)
	out := &plan.Merge{Table: t}
	target, scan := q.tableItem(t, n.Relation, true)
	out.Target = scan
	source := q.mergeSource(n.SourceRelation, target)
	for _, it := range source.items {
		q.addItem(it)
	}
	both := q.items
	q.addItem(target)
	q.with(kindOn, func() { out.On = q.condition(n.JoinCondition, "JOIN/ON") })
	join := &plan.Join{Kind: plan.JoinInner, Left: source.node, Right: scan, On: out.On}
	out.Source = join
	for _, c := range n.MergeWhenClauses {
		when := c.GetMergeWhenClause()
		matched := when.MatchKind == pg.MergeMatchKind_MERGE_WHEN_MATCHED
		if matched {
			out.Actions = append(out.Actions, q.mergeMatched(t, target, when))
		} else {
			q.mergeSeeing(both, target, func() { out.Actions = append(out.Actions, q.mergeNotMatched(t, when)) })
		}
		if when.CommandType == pg.CmdType_CMD_INSERT {
			join.Kind = plan.JoinLeft
		}
	}
	out.Generated = q.mergeGenerated(t)
	out.Checks = q.b.checks(t)
	return w.around(out)
}

// refuseUnreachable refuses actions behind one that does without a condition.
func refuseUnreachable(b *binder, list []*pg.Node) {
	terminal := map[pg.MergeMatchKind]bool{}
	for _, c := range list {
		when := c.GetMergeWhenClause()
		if terminal[when.MatchKind] {
			b.failAt(-1, pgerr.SyntaxError, "unreachable WHEN clause specified after unconditional WHEN clause")
		}
		terminal[when.MatchKind] = when.Condition == nil
	}
}

// mergeTarget finds the table whose rows a MERGE changes.
func (q *query) mergeTarget(n *pg.MergeStmt) *catalog.Table {
	r := q.b.lookup(n.Relation)
	for _, c := range n.MergeWhenClauses {
		switch c.GetMergeWhenClause().CommandType {
		case pg.CmdType_CMD_INSERT:
			q.b.need(r, NeedInsert, n.Relation.Location)
		case pg.CmdType_CMD_UPDATE:
			q.b.need(r, NeedUpdate, n.Relation.Location)
		case pg.CmdType_CMD_DELETE:
			q.b.need(r, NeedDelete, n.Relation.Location)
		default:
			q.b.need(r, NeedSelect, n.Relation.Location)
		}
	}
	if t, ok := r.(*catalog.Table); ok && t.Query == "" {
		q.b.refuseCatalog(t)
		q.b.writing(t)
		return t
	}
	kind := "sequences"
	switch r.(type) {
	case *catalog.View:
		kind = "views"
	case *catalog.Table:
		kind = "materialized views"
	}
	fail(pgerr.New(pgerr.FeatureNotSupported, "cannot execute MERGE on relation \"%s\"", r.Ref().Name).
		WithDetail("This operation is not supported for %s.", kind))
	return nil
}

// mergeSource binds what follows USING, which does not see the target.
func (q *query) mergeSource(n *pg.Node, target *item) source {
	visible := *target
	target.byName, target.byColumn = false, false
	s := q.fromItem(n, []*item{target})
	target.byName, target.byColumn = visible.byName, visible.byColumn
	if len(s.items) == 1 && s.items[0].name == target.name {
		fail(pgerr.New(pgerr.DuplicateAlias, "name \"%s\" specified more than once", target.name).
			WithDetail("The name is used both as MERGE target table and data source."))
	}
	return s
}

// mergeSeeing binds an action that sees the data source alone.
func (q *query) mergeSeeing(source []*item, target *item, f func()) {
	all, pending := q.items, q.pending
	q.items, q.pending = source, []*item{target}
	f()
	q.items, q.pending = all, pending
}

func (q *query) mergeWhen(n *pg.MergeWhenClause) expr.Expr {
	return q.clause(n.Condition, kindMergeWhen, "WHEN")
}

// mergeMatched binds WHEN MATCHED.
func (q *query) mergeMatched(t *catalog.Table, target *item, n *pg.MergeWhenClause) plan.MergeAction {
	out := plan.MergeAction{Matched: true, When: q.mergeWhen(n)}
	switch n.CommandType {
	case pg.CmdType_CMD_UPDATE:
		out.Kind = plan.MergeUpdate
		a := q.assignments(t, target)
		q.with(kindUpdateSource, func() { a.set(n.TargetList) })
		for i := range t.Columns {
			if isGenerated(t.Columns[i]) {
				delete(a.byPosition, i)
			}
		}
		out.Set = a.list()
	case pg.CmdType_CMD_DELETE:
		out.Kind = plan.MergeDelete
	}
	return out
}

// mergeNotMatched binds WHEN NOT MATCHED.
func (q *query) mergeNotMatched(t *catalog.Table, n *pg.MergeWhenClause) plan.MergeAction {
	out := plan.MergeAction{When: q.mergeWhen(n)}
	if n.CommandType != pg.CmdType_CMD_INSERT {
		return out
	}
	out.Kind = plan.MergeInsert
	ins := &insertion{q: q, table: t, targets: q.insertTargets(t, n.TargetList), override: n.Override, given: map[int]expr.Expr{}}
	if len(n.Values) > 0 {
		ins.one(n.Values)
	}
	out.Image = ins.image()
	for i := range t.Columns {
		if c := &t.Columns[i]; isGenerated(*c) {
			out.Image[i] = nullOf(c)
		}
	}
	return out
}

// one binds a single row of VALUES over the columns that the query sees.
func (ins *insertion) one(nodes []*pg.Node) {
	ins.checkWidth(nodes)
	ins.q.with(kindValues, func() {
		for j, e := range ins.row(ins.q, nodes) {
			ins.give(ins.targets[j], e, nodes[j].GetSetToDefault() != nil)
		}
	})
}

// mergeGenerated are the generated columns over the new row by position.
func (q *query) mergeGenerated(t *catalog.Table) (out []plan.Assign) {
	for i := range t.Columns {
		if c := &t.Columns[i]; isGenerated(*c) {
			e := q.b.generated(t, c, func(p int) expr.Expr {
				of := &t.Columns[p]
				return expr.NewColumn(expr.ColumnID(p), of.Name, of.Type, of.Typmod)
			})
			out = append(out, plan.Assign{Position: i, Expr: e})
		}
	}
	return out
}
