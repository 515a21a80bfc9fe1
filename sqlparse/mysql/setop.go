package mysql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// setOperation translates UNION, EXCEPT and INTERSECT.
func (t *translator) setOperation(n *ast.SetOprStmt, outer bool) *pg.SelectStmt {
	t.enter()
	defer t.leave()
	s := t.operands(n.SelectList, outer)
	if w := t.with(n.With); w != nil {
		if s.WithClause != nil {
			t.refuse(n, "WITH here")
		}
		s.WithClause = w
	}
	t.orderAndLimit(s, n.OrderBy, n.Limit, unionNames(n.SelectList))
	return s
}

// operands chains the queries of a list from the left. INTERSECT, which binds
// more tightly, comes as a list of its own or is refused.
func (t *translator) operands(list *ast.SetOprSelectList, outer bool) *pg.SelectStmt {
	t.enter()
	defer t.leave()
	if len(list.Selects) > maxDepth {
		panic(failure{pgerr.TooDeep()})
	}
	var s *pg.SelectStmt
	intersects, others := false, false
	for _, n := range list.Selects {
		operand, kind := t.operand(n, outer)
		if s == nil {
			s = operand
			continue
		}
		if kind == nil {
			t.refuse(list, "this set operation")
		}
		s = &pg.SelectStmt{Larg: s, Rarg: operand, LimitOption: pg.LimitOption_LIMIT_OPTION_DEFAULT}
		switch *kind {
		case ast.Union, ast.UnionAll:
			s.Op, others = pg.SetOperation_SETOP_UNION, true
		case ast.Except, ast.ExceptAll:
			s.Op, others = pg.SetOperation_SETOP_EXCEPT, true
		default:
			s.Op, intersects = pg.SetOperation_SETOP_INTERSECT, true
		}
		s.All = *kind == ast.UnionAll || *kind == ast.ExceptAll || *kind == ast.IntersectAll
	}
	if intersects && others {
		t.refuse(list, "INTERSECT beside UNION or EXCEPT without parentheses")
	}
	if s == nil {
		t.refuse(list, "an empty set operation")
	}
	return s
}

// operand is one query of a list, with what joins it to those before.
func (t *translator) operand(n ast.Node, outer bool) (*pg.SelectStmt, *ast.SetOprType) {
	switch n := n.(type) {
	case *ast.SelectStmt:
		return t.kept(n, outer), n.AfterSetOperator
	case *ast.SetOprSelectList:
		s := t.operands(n, outer)
		t.orderAndLimit(s, n.OrderBy, n.Limit, unionNames(n))
		return s, n.AfterSetOperator
	}
	t.refuse(n, "this set operation")
	return nil, nil
}

// kept translates an operand: its labels are the result's, but its values are
// kept before they are shown.
func (t *translator) kept(n *ast.SelectStmt, outer bool) *pg.SelectStmt {
	s := t.query(n, false)
	if !outer {
		return s
	}
	for i, f := range n.Fields.Fields {
		if f.WildCard == nil {
			s.TargetList[i].GetResTarget().Name = labelOf(f)
		}
	}
	return s
}

// unionNames are the columns of the result by name: the first query's.
func unionNames(list *ast.SetOprSelectList) aliases {
	switch n := list.Selects[0].(type) {
	case *ast.SetOprSelectList:
		return unionNames(n)
	case *ast.SelectStmt:
		a := aliases{at: map[string]int{}}
		for i, f := range n.Fields.Fields {
			if f.WildCard != nil {
				break // what follows has no number that the text tells
			}
			name := f.AsName.L
			if c, ok := f.Expr.(*ast.ColumnNameExpr); ok && name == "" {
				name = c.Name.Name.L
			}
			if _, twice := a.at[name]; name != "" && !twice {
				a.at[name] = i + 1
			}
		}
		return a
	}
	return aliases{}
}
