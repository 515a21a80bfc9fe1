package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// idSet is a set of columns.
type idSet map[expr.ColumnID]bool

func outputs(n plan.Node) idSet {
	s := idSet{}
	for _, c := range n.Columns() {
		s[c.ID] = true
	}
	return s
}

func setOf(ids []expr.ColumnID) idSet {
	s := idSet{}
	for _, id := range ids {
		s[id] = true
	}
	return s
}

// uses reports whether e refers to any of the columns.
func (s idSet) uses(e expr.Expr) bool {
	for _, id := range expr.Columns(e) {
		if s[id] {
			return true
		}
	}
	return false
}

// covers reports whether e refers to no other columns than these.
func (s idSet) covers(e expr.Expr) bool {
	for _, id := range expr.Columns(e) {
		if !s[id] {
			return false
		}
	}
	return true
}

// usedIn reports whether a tree refers to any of the columns.
func (s idSet) usedIn(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		plan.EachExpr(n, func(e expr.Expr) { found = found || s.uses(e) })
		return !found
	})
	return found
}

// movable reports whether it makes no difference where and how often e is evaluated.
func movable(e expr.Expr) bool { return !volatileDeep(e) && !expr.HasSet(e) }
