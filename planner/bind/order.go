package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// sortItem is an ORDER BY item over the select list.
type sortItem struct {
	target           int
	desc, nullsFirst bool
	at               int32
}

// orderBy binds ORDER BY (transformSortClause): an output name, a number, or
// an expression over the input.
func (s *selectList) orderBy(list []*pg.Node) (out []sortItem) {
	s.q.with(kindOrderBy, func() {
		for _, n := range list {
			by := n.GetSortBy()
			i := s.entry(by.Node, "ORDER BY")
			s.resolve(i)
			o := sortItem{target: i, at: location(by.Node)}
			o.desc, o.nullsFirst = s.q.direction(by, s.list[i].expr)
			s.number(i)
			if !hasSortItem(out, i) {
				out = append(out, o)
			}
		}
	})
	return out
}

func hasSortItem(list []sortItem, target int) bool {
	for _, o := range list {
		if o.target == target {
			return true
		}
	}
	return false
}

// direction reads ASC, DESC, USING and NULLS, and refuses a type without order.
func (q *query) direction(by *pg.SortBy, e expr.Expr) (desc, nullsFirst bool) {
	switch by.SortbyDir {
	case pg.SortByDir_SORTBY_DESC:
		desc = true
	case pg.SortByDir_SORTBY_USING:
		name := by.UseOp[len(by.UseOp)-1].GetString_().GetSval()
		null := &expr.Const{Typed: expr.Typed{T: e.Type(), Mod: -1}}
		q.compare(name, null, null, by.Location) // fails when there is no such operator
		if name != "<" && name != ">" || q.b.env.Library.Less(e.Type()) == nil {
			fail(pgerr.New(pgerr.WrongObjectType, "operator %s is not a valid ordering operator", name).
				WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.").
				WithPosition(q.b.position(by.Location)))
		}
		desc = name == ">"
	}
	if q.b.env.Library.Less(e.Type()) == nil {
		fail(pgerr.New(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", e.Type().SQLName).
			WithHint("Use an explicit ordering operator or modify the query.").
			WithPosition(q.b.position(location(by.Node))))
	}
	nullsFirst = desc
	switch by.SortbyNulls {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		nullsFirst = true
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		nullsFirst = false
	}
	return desc, nullsFirst
}

// entry is findTargetlistEntrySQL92: which entry of the select list is meant.
func (s *selectList) entry(n *pg.Node, clause string) int {
	if c := n.GetColumnRef(); c != nil {
		if names, star := fieldNames(c.Fields); len(names) == 1 && !star {
			if i := s.named(names[0], clause, c.Location); i >= 0 {
				return i
			}
		}
	}
	if c := n.GetAConst(); c != nil {
		if c.GetIval() == nil || c.Isnull {
			s.q.b.failAt(c.Location, pgerr.SyntaxError, "non-integer constant in %s", clause)
		}
		return s.numbered(int(c.GetIval().Ival), clause, c.Location)
	}
	return s.find(s.q.expr(n), location(n))
}

// named finds an output column by name; GROUP BY prefers a column of the input.
func (s *selectList) named(name, clause string, location int32) int {
	if clause == "GROUP BY" && s.q.hasColumn(name) {
		return -1
	}
	found := -1
	for i, t := range s.list {
		if t.junk || t.name != name {
			continue
		}
		if found >= 0 && !expr.Equal(s.list[found].expr, t.expr) {
			s.q.b.failAt(location, pgerr.AmbiguousColumn, "%s \"%s\" is ambiguous", clause, name)
		}
		if found < 0 {
			found = i
		}
	}
	return found
}

// hasColumn reports whether q's own FROM items have a column of that name.
func (q *query) hasColumn(name string) bool {
	for _, it := range q.items {
		if it.byColumn && hasColumn(it.columns, name) {
			return true
		}
	}
	return false
}

func (s *selectList) numbered(number int, clause string, location int32) int {
	visible := s.visible()
	if number < 1 || number > len(visible) {
		s.q.b.failAt(location, pgerr.InvalidColumnReference, "%s position %d is not in select list", clause, number)
	}
	return visible[number-1]
}

// distinctClause is DISTINCT, or DISTINCT ON entries of the select list.
type distinctClause struct {
	on []int
	at []int32 // where each stands
}

// distinct binds DISTINCT [ON] (transformDistinctClause, transformDistinctOnClause).
func (s *selectList) distinct(list []*pg.Node, order []sortItem) *distinctClause {
	if len(list) == 0 {
		return nil
	}
	if list[0] == nil || list[0].Node == nil {
		s.plainDistinct(order)
		return &distinctClause{}
	}
	d := &distinctClause{on: []int{}}
	s.q.with(kindDistinctOn, func() {
		for _, n := range list {
			i := s.entry(n, "DISTINCT ON")
			s.resolve(i)
			s.q.equality(s.list[i].expr, location(n))
			s.number(i)
			d.on, d.at = append(d.on, i), append(d.at, location(n))
		}
	})
	s.checkDistinctOn(d, order)
	return d
}

func (s *selectList) plainDistinct(order []sortItem) {
	for _, o := range order {
		if s.list[o.target].junk {
			s.q.b.failAt(o.at, pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
		}
	}
	for i, t := range s.list {
		s.resolve(i)
		s.q.equality(s.list[i].expr, t.at)
		s.number(i)
	}
}

func (s *selectList) checkDistinctOn(d *distinctClause, order []sortItem) {
	mismatch := func(i int) {
		s.q.b.failAt(d.at[i], pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
	}
	skipped := false
	matched := map[int]bool{}
	for _, o := range order {
		i := slices.Index(d.on, o.target)
		if i < 0 {
			skipped = true
			continue
		}
		if skipped {
			mismatch(i)
		}
		matched[o.target] = true
	}
	if !skipped {
		return
	}
	for i, target := range d.on {
		if !matched[target] {
			mismatch(i)
		}
	}
}

// equality refuses a type without equality.
func (q *query) equality(e expr.Expr, location int32) {
	if q.b.env.Library.Equality(e.Type()) == nil {
		q.b.failAt(location, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", e.Type().SQLName)
	}
}
