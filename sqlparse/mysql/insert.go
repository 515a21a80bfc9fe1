package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// insert translates INSERT.
func (t *translator) insert(n *ast.InsertStmt) *pg.Node {
	t.changes = true
	s := &pg.InsertStmt{Relation: t.oneTable(n.Table), Override: pg.OverridingKind_OVERRIDING_NOT_SET}
	for _, c := range n.Columns {
		s.Cols = append(s.Cols, target(t.columnOf(c, s.Relation), nil, location(c)))
	}
	switch {
	case n.Select != nil:
		s.SelectStmt = t.subquery(n.Select)
	default:
		s.SelectStmt = t.rows(n)
	}
	if len(n.OnDuplicate) > 0 {
		s.OnConflictClause = t.onDuplicate(n.OnDuplicate, s.Relation)
	}
	return &pg.Node{Node: &pg.Node_InsertStmt{InsertStmt: s}}
}

// rows translates VALUES and SET; nil is one row of defaults.
func (t *translator) rows(n *ast.InsertStmt) *pg.Node {
	s := newSelect()
	for _, list := range n.Lists {
		if len(list) == 0 {
			if len(n.Lists) > 1 {
				t.refuse(n, "several empty rows")
			}
			return nil
		}
		values := make([]*pg.Node, len(list))
		for i, e := range list {
			values[i] = t.assigned(e)
		}
		s.ValuesLists = append(s.ValuesLists, listNode(values))
	}
	if len(s.ValuesLists) == 0 {
		return nil
	}
	return selectNode(s)
}

// assigned translates a value for a column, which may be DEFAULT.
func (t *translator) assigned(n ast.ExprNode) *pg.Node {
	if d, ok := n.(*ast.DefaultExpr); ok {
		return &pg.Node{Node: &pg.Node_SetToDefault{SetToDefault: &pg.SetToDefault{Location: location(d)}}}
	}
	return t.value(n, computed)
}

// columnOf is the column that a statement writes, of its one table.
func (t *translator) columnOf(c *ast.ColumnName, table *pg.RangeVar) string {
	if c.Table.L != "" && c.Table.L != nameOf(table) || c.Schema.L != "" && c.Schema.L != table.Schemaname {
		t.fail(c, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", c.Table.O+"."+c.Name.O, nameOf(table))
	}
	return c.Name.L
}

// nameOf is what a table is called in its statement.
func nameOf(v *pg.RangeVar) string {
	if v.Alias != nil {
		return v.Alias.Aliasname
	}
	return v.Relname
}

// onDuplicate translates ON DUPLICATE KEY UPDATE: a clause that infers no index,
// which means all unique ones, the primary key first.
func (t *translator) onDuplicate(list []*ast.Assignment, table *pg.RangeVar) *pg.OnConflictClause {
	t.conflict = nameOf(table)
	defer func() { t.conflict = "" }()
	return &pg.OnConflictClause{
		Action: pg.OnConflictAction_ONCONFLICT_UPDATE, Infer: &pg.InferClause{Location: nowhere},
		TargetList: t.assignments(list, table), Location: nowhere,
	}
}
