package mysql

import (
	"math"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// groupBy translates GROUP BY's items: numbers of columns, or expressions.
func (t *translator) groupBy(items []*ast.ByItem) (list []*pg.Node) {
	for _, item := range items {
		if n, ok := item.Expr.(*ast.PositionExpr); ok {
			list = append(list, intConst(int32(n.N), location(n)))
			continue
		}
		t.refuseConstant(item.Expr)
		list = append(list, t.value(item.Expr, kept))
	}
	return list
}

// refuseConstant keeps constants out of GROUP BY and ORDER BY, where PostgreSQL's
// grammar gives them a meaning of its own.
func (t *translator) refuseConstant(n ast.ExprNode) {
	switch n.(type) {
	case *literal, *param:
		t.refuse(n, "a constant in GROUP BY or ORDER BY")
	}
}

// orderAndLimit translates ORDER BY and LIMIT. MySQL has NULLs before all values.
func (t *translator) orderAndLimit(s *pg.SelectStmt, order *ast.OrderByClause, limit *ast.Limit, a aliases) {
	if order != nil {
		for _, item := range order.Items {
			if l, ok := item.Expr.(*literal); ok && l.value == nil {
				continue // ORDER BY NULL is no order
			}
			by := &pg.SortBy{
				Node: t.sortKey(item.Expr, a), SortbyDir: pg.SortByDir_SORTBY_ASC,
				SortbyNulls: pg.SortByNulls_SORTBY_NULLS_FIRST, Location: nowhere,
			}
			if item.Desc {
				by.SortbyDir, by.SortbyNulls = pg.SortByDir_SORTBY_DESC, pg.SortByNulls_SORTBY_NULLS_LAST
			}
			s.SortClause = append(s.SortClause, &pg.Node{Node: &pg.Node_SortBy{SortBy: by}})
		}
	}
	if limit == nil {
		return
	}
	s.LimitOption = pg.LimitOption_LIMIT_OPTION_COUNT
	s.LimitCount = t.count(limit.Count)
	if limit.Offset != nil {
		s.LimitOffset = t.count(limit.Offset)
	}
}

// sortKey is an item of ORDER BY: a number, an alias (by its number, since the
// names of a result have cases) or an expression.
func (t *translator) sortKey(n ast.ExprNode, a aliases) *pg.Node {
	switch n := n.(type) {
	case *ast.PositionExpr:
		return intConst(int32(n.N), location(n))
	case *ast.ColumnNameExpr:
		if n.Name.Table.L == "" {
			t.once(n, a)
			if at := a.at[n.Name.Name.L]; at > 0 {
				return intConst(int32(at), location(n))
			}
			if e := a.byName[n.Name.Name.L]; e != nil {
				return t.value(e, kept)
			}
		}
	}
	t.refuseConstant(n)
	return t.value(n, kept)
}

// count translates a number of rows. MySQL's idiom for all of them, 2^64-1, is
// beyond PostgreSQL's bound, which is as good.
func (t *translator) count(n ast.ExprNode) *pg.Node {
	if l, ok := n.(*literal); ok {
		if v, ok := l.value.(uint64); ok && v > math.MaxInt64 {
			l.value = int64(math.MaxInt64)
		}
	}
	return t.value(n, kept)
}
