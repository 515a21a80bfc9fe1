package mysql

import (
	"strconv"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// constraint adds a key or a CHECK of the table.
func (m *tableMaker) constraint(n *ast.Constraint) {
	switch n.Tp {
	case ast.ConstraintPrimaryKey:
		m.key(n, &pg.Constraint{Contype: pg.ConstrType_CONSTR_PRIMARY})
	case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
		m.key(n, &pg.Constraint{Contype: pg.ConstrType_CONSTR_UNIQUE, Conname: m.indexName(n.Name)})
	case ast.ConstraintKey, ast.ConstraintIndex:
		m.index(n)
	case ast.ConstraintCheck:
		if !n.Enforced {
			m.refuse(n, "CHECK … NOT ENFORCED")
		}
		m.node.TableElts = append(m.node.TableElts, checkOf(n.Name, m.truth(n.Expr)))
	case ast.ConstraintForeignKey:
		m.refuse(n, "FOREIGN KEY")
	case ast.ConstraintFulltext:
		m.refuse(n, "FULLTEXT")
	default:
		m.refuse(n, "this constraint")
	}
}

// indexName is an index's name: MySQL's is its table's own, PostgreSQL's the
// schema's, so the table's comes before it.
func (m *tableMaker) indexName(name string) string {
	if name == "" {
		return ""
	}
	return m.node.Relation.Relname + "_" + name
}

func (m *tableMaker) key(n *ast.Constraint, c *pg.Constraint) {
	for i, part := range n.Keys {
		if part.Length > 0 {
			m.refuse(part, "a unique key on the beginning of a column")
		}
		if i == 0 {
			m.leading[part.Column.Name.L] = true
		}
		c.Keys = append(c.Keys, stringNode(part.Column.Name.L))
	}
	m.node.TableElts = append(m.node.TableElts, constraint(c))
}

// index adds a secondary index. One on the beginning of a column is made on all of it.
func (m *tableMaker) index(n *ast.Constraint) {
	ix := &pg.IndexStmt{Relation: m.node.Relation, AccessMethod: "btree", IfNotExists: m.node.IfNotExists}
	name := n.Name
	for i, part := range n.Keys {
		column := part.Column.Name.L
		if i == 0 {
			m.leading[column] = true
			if name == "" {
				name = column
			}
		}
		by := pg.SortByDir_SORTBY_DEFAULT
		if part.Desc {
			by = pg.SortByDir_SORTBY_DESC
		}
		ix.IndexParams = append(ix.IndexParams, &pg.Node{Node: &pg.Node_IndexElem{IndexElem: &pg.IndexElem{
			Name: column, Ordering: by, NullsOrdering: pg.SortByNulls_SORTBY_NULLS_DEFAULT,
		}}})
	}
	ix.Idxname = m.indexName(name)
	m.then = append(m.then, &pg.Node{Node: &pg.Node_IndexStmt{IndexStmt: ix}})
}

func number64(v int64) string { return strconv.FormatInt(v, 10) }
