package mysql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// query translates a SELECT. outer is set for the one whose rows the client
// gets: its columns are called as they were written, those of others in lower
// case, as they are looked up.
func (t *translator) query(n *ast.SelectStmt, outer bool) *pg.SelectStmt {
	t.enter()
	defer t.leave()
	if n.Kind != ast.SelectStmtKindSelect {
		t.refuse(n, "%s", map[ast.SelectStmtKind]string{ast.SelectStmtKindTable: "TABLE", ast.SelectStmtKindValues: "VALUES"}[n.Kind])
	}
	s := newSelect()
	s.WithClause = t.with(n.With)
	if n.From != nil {
		s.FromClause = t.from(n.From.TableRefs)
	}
	if n.Where != nil {
		s.WhereClause = t.truth(n.Where)
	}
	a := aliasesOf(n)
	s.TargetList = t.targets(n.Fields.Fields, outer)
	if n.Distinct {
		s.DistinctClause = []*pg.Node{{}}
	}
	if n.GroupBy != nil {
		s.GroupClause = t.groupBy(n.GroupBy.Items)
		a.grouped = namesOf(n.GroupBy.Items)
	}
	if n.Having != nil {
		s.HavingClause = t.truth(a.having(n.Having.Expr))
	}
	t.orderAndLimit(s, n.OrderBy, n.Limit, a)
	s.LockingClause = t.locking(n.LockInfo)
	return s
}

// targets translates the select list.
func (t *translator) targets(fields []*ast.SelectField, outer bool) (list []*pg.Node) {
	for _, f := range fields {
		at := int32(f.Offset)
		if w := f.WildCard; w != nil {
			ref := &pg.ColumnRef{Location: at}
			for _, name := range []ast.CIStr{w.Schema, w.Table} {
				if name.O != "" {
					ref.Fields = append(ref.Fields, stringNode(name.L))
				}
			}
			ref.Fields = append(ref.Fields, &pg.Node{Node: &pg.Node_AStar{AStar: &pg.A_Star{}}})
			list = append(list, target("", &pg.Node{Node: &pg.Node_ColumnRef{ColumnRef: ref}}, at))
			continue
		}
		use := kept
		if outer {
			use = shown
		}
		label := labelOf(f)
		if !outer {
			label = strings.ToLower(label)
		}
		list = append(list, target(label, t.value(f.Expr, use), at))
	}
	return list
}

// labelOf is a column's name in the result: its alias, its own name, the text
// of a string, or the expression as it was written.
func labelOf(f *ast.SelectField) string {
	if f.AsName.O != "" {
		return f.AsName.O
	}
	switch e := f.Expr.(type) {
	case *ast.ColumnNameExpr:
		return e.Name.Name.O
	case *literal:
		if s, ok := e.value.(string); ok && s != "" {
			return s
		}
	}
	if text := strings.TrimSpace(f.Text()); text != "" {
		return text
	}
	return "?column?"
}

// with translates the common table expressions.
func (t *translator) with(n *ast.WithClause) *pg.WithClause {
	if n == nil {
		return nil
	}
	out := &pg.WithClause{Location: nowhere}
	for _, c := range n.CTEs {
		out.Ctes = append(out.Ctes, &pg.Node{Node: &pg.Node_CommonTableExpr{CommonTableExpr: &pg.CommonTableExpr{
			Ctename: c.Name.L, Aliascolnames: lowerNames(c.ColNameList), Ctequery: t.subquery(c.Query),
			Ctematerialized: pg.CTEMaterialize_CTEMaterializeDefault, Location: int32(c.OriginTextPosition()),
		}}})
	}
	return out
}

func lowerNames(list []ast.CIStr) (out []*pg.Node) {
	for _, name := range list {
		out = append(out, stringNode(name.L))
	}
	return out
}

// subquery translates what stands in parentheses.
func (t *translator) subquery(n ast.Node) *pg.Node {
	switch n := n.(type) {
	case *ast.SubqueryExpr:
		return t.subquery(n.Query)
	case *ast.SelectStmt:
		return selectNode(t.query(n, false))
	case *ast.SetOprStmt:
		return selectNode(t.setOperation(n, false))
	}
	t.refuse(n, "this subquery")
	return nil
}

// locking translates FOR UPDATE and FOR SHARE.
func (t *translator) locking(n *ast.SelectLockInfo) []*pg.Node {
	if n == nil || n.LockType == ast.SelectLockNone {
		return nil
	}
	c := &pg.LockingClause{Strength: pg.LockClauseStrength_LCS_FORUPDATE, WaitPolicy: pg.LockWaitPolicy_LockWaitBlock}
	switch n.LockType {
	case ast.SelectLockForShare, ast.SelectLockForShareNoWait, ast.SelectLockForShareSkipLocked:
		c.Strength = pg.LockClauseStrength_LCS_FORSHARE
	}
	switch n.LockType {
	case ast.SelectLockForUpdateNoWait, ast.SelectLockForShareNoWait:
		c.WaitPolicy = pg.LockWaitPolicy_LockWaitError
	case ast.SelectLockForUpdateSkipLocked, ast.SelectLockForShareSkipLocked:
		c.WaitPolicy = pg.LockWaitPolicy_LockWaitSkip
	}
	for _, table := range n.Tables {
		c.LockedRels = append(c.LockedRels, rangeVarNode(t.tableName(table)))
	}
	return []*pg.Node{{Node: &pg.Node_LockingClause{LockingClause: c}}}
}

// aliases are the names that a select list gives to expressions.
type aliases struct {
	byName  map[string]ast.ExprNode
	at      map[string]int // from 1
	grouped map[string]bool
}

func aliasesOf(n *ast.SelectStmt) aliases {
	a := aliases{byName: map[string]ast.ExprNode{}, at: map[string]int{}}
	wild := false
	for i, f := range n.Fields.Fields {
		wild = wild || f.WildCard != nil
		name := f.AsName.L
		if name == "" {
			continue
		}
		if _, twice := a.byName[name]; twice {
			a.byName[name], a.at[name] = nil, 0
			continue
		}
		a.byName[name] = f.Expr
		if !wild { // a star stands for any number of columns
			a.at[name] = i + 1
		}
	}
	return a
}

// namesOf are the plain columns among GROUP BY's items.
func namesOf(items []*ast.ByItem) map[string]bool {
	out := map[string]bool{}
	for _, item := range items {
		if c, ok := item.Expr.(*ast.ColumnNameExpr); ok {
			out[c.Name.Name.L] = true
		}
	}
	return out
}

// having puts expressions in the place of their aliases, which HAVING may use.
// A name in GROUP BY is that column first.
func (a aliases) having(n ast.ExprNode) ast.ExprNode {
	v := &substitution{names: a}
	out, _ := n.Accept(v)
	return out.(ast.ExprNode)
}

// substitution is a visitor of TiDB's tree, outside of subqueries.
type substitution struct{ names aliases }

// Enter implements ast.Visitor.
func (v *substitution) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.SubqueryExpr, *ast.AggregateFuncExpr:
		return n, true // inside of an aggregate names are columns
	case *ast.ColumnNameExpr:
		if e := v.names.byName[n.Name.Name.L]; e != nil && n.Name.Table.L == "" && !v.names.grouped[n.Name.Name.L] {
			return e, true
		}
	}
	return n, false
}

// Leave implements ast.Visitor.
func (v *substitution) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// once refuses a name that stands for two expressions.
func (t *translator) once(n *ast.ColumnNameExpr, a aliases) {
	if e, ok := a.byName[n.Name.Name.L]; ok && e == nil {
		t.fail(n, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", n.Name.Name.O)
	}
}
