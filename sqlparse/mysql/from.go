package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// from translates the tables of a query.
func (t *translator) from(n *ast.Join) []*pg.Node {
	return []*pg.Node{t.source(n)}
}

// source translates a table, a subquery or a join.
func (t *translator) source(n ast.ResultSetNode) *pg.Node {
	t.enter()
	defer t.leave()
	switch n := n.(type) {
	case *ast.Join:
		if n.Right == nil {
			return t.source(n.Left)
		}
		return t.join(n)
	case *ast.TableSource:
		return t.tableSource(n)
	}
	t.refuse(n, "this table")
	return nil
}

func (t *translator) join(n *ast.Join) *pg.Node {
	j := &pg.JoinExpr{Jointype: pg.JoinType_JOIN_INNER, Larg: t.source(n.Left), Rarg: t.source(n.Right), IsNatural: n.NaturalJoin}
	switch n.Tp {
	case ast.LeftJoin:
		j.Jointype = pg.JoinType_JOIN_LEFT
	case ast.RightJoin:
		j.Jointype = pg.JoinType_JOIN_RIGHT
		if n.NaturalJoin || len(n.Using) > 0 {
			t.refuse(n, "NATURAL or USING with RIGHT JOIN") // the columns come in another order
		}
	}
	for _, c := range n.Using {
		j.UsingClause = append(j.UsingClause, stringNode(c.Name.L))
	}
	if n.On != nil {
		j.Quals = t.truth(n.On.Expr)
	}
	return &pg.Node{Node: &pg.Node_JoinExpr{JoinExpr: j}}
}

func (t *translator) tableSource(n *ast.TableSource) *pg.Node {
	switch source := n.Source.(type) {
	case *ast.TableName:
		v := t.tableName(source)
		if n.AsName.L != "" {
			v.Alias = &pg.Alias{Aliasname: n.AsName.L}
		}
		return rangeVarNode(v)
	case *ast.SelectStmt, *ast.SetOprStmt:
		return &pg.Node{Node: &pg.Node_RangeSubselect{RangeSubselect: &pg.RangeSubselect{
			Lateral: n.Lateral, Subquery: t.subquery(source), Alias: &pg.Alias{Aliasname: n.AsName.L, Colnames: lowerNames(n.ColumnNames)},
		}}}
	case *ast.Join:
		return t.source(source)
	}
	t.refuse(n, "this table")
	return nil
}

// tableName translates a table's name; a database of MySQL's is a schema. Names
// of tables have no case, as with lower_case_table_names = 1.
func (t *translator) tableName(n *ast.TableName) *pg.RangeVar {
	return &pg.RangeVar{
		Schemaname: n.Schema.L, Relname: n.Name.L, Inh: true, Relpersistence: "p", Location: location(n),
	}
}

func rangeVarNode(v *pg.RangeVar) *pg.Node { return &pg.Node{Node: &pg.Node_RangeVar{RangeVar: v}} }

// oneTable is the table that an INSERT, UPDATE or DELETE names.
func (t *translator) oneTable(n *ast.TableRefsClause) *pg.RangeVar {
	j := n.TableRefs
	for j != nil && j.Right == nil {
		switch left := j.Left.(type) {
		case *ast.Join:
			j = left
			continue
		case *ast.TableSource:
			if v := t.tableSource(left).GetRangeVar(); v != nil {
				return v
			}
		}
		break
	}
	t.refuse(n, "a change of several tables")
	return nil
}
