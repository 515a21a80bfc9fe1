package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// update translates UPDATE of one table.
func (t *translator) update(n *ast.UpdateStmt) *pg.Node {
	t.changes = true
	s := &pg.UpdateStmt{Relation: t.oneTable(n.TableRefs)}
	s.TargetList = t.assignments(n.List, s.Relation)
	if n.Where != nil {
		s.WhereClause = t.truth(n.Where)
	}
	return &pg.Node{Node: &pg.Node_UpdateStmt{UpdateStmt: s}}
}

// delete translates DELETE from one table.
func (t *translator) delete(n *ast.DeleteStmt) *pg.Node {
	t.changes = true
	s := &pg.DeleteStmt{Relation: t.oneTable(n.TableRefs)}
	if n.Where != nil {
		s.WhereClause = t.truth(n.Where)
	}
	return &pg.Node{Node: &pg.Node_DeleteStmt{DeleteStmt: s}}
}

// assignments translates SET's list. MySQL assigns from the left, and what
// stands further right sees the new values; PostgreSQL's sees the old ones. So
// an expression that reads a column assigned before it is refused.
func (t *translator) assignments(list []*ast.Assignment, table *pg.RangeVar) (out []*pg.Node) {
	assigned := map[string]bool{}
	for _, a := range list {
		if c := readsOne(a.Expr, assigned); c != nil {
			t.refuse(c, "reading column %s after its assignment in the same list", c.Name.Name.O)
		}
		name := t.columnOf(a.Column, table)
		out = append(out, target(name, t.assigned(a.Expr), location(a.Column)))
		assigned[name] = true
	}
	return out
}

// readsOne finds a column of a set in an expression, subqueries included.
func readsOne(n ast.ExprNode, names map[string]bool) *ast.ColumnNameExpr {
	v := &columnFinder{names: names}
	n.Accept(v)
	return v.found
}

// columnFinder is a visitor of TiDB's tree.
type columnFinder struct {
	names map[string]bool
	found *ast.ColumnNameExpr
}

// Enter implements ast.Visitor.
func (v *columnFinder) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.ValuesExpr:
		return n, true // the proposed row does not change
	case *ast.ColumnNameExpr:
		if v.names[n.Name.Name.L] {
			v.found = n
		}
	}
	return n, v.found != nil
}

// Leave implements ast.Visitor.
func (v *columnFinder) Leave(n ast.Node) (ast.Node, bool) { return n, true }
