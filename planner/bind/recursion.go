package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// recursion checks that a recursive query reads from itself exactly once, and
// where each round sees whole what the last one has found
// (checkWellFormedRecursionWalker in parse_cte.c).
type recursion struct {
	b    *binder
	name string
	// place is where the walk is, if no reference may stand there.
	place string
	count int
}

func (q *query) checkRecursion(s *pg.SelectStmt, name string) {
	r := &recursion{b: q.b, name: name, place: "a subquery"}
	for _, c := range s.WithClause.GetCtes() {
		r.walk(c.GetCommonTableExpr().GetCtequery())
	}
	r.place = "its non-recursive term"
	r.walk(selectNode(s.Larg))
	r.place = ""
	r.walk(selectNode(s.Rarg))
	for _, c := range []struct {
		clause string
		node   *pg.Node
	}{{"ORDER BY", firstNode(s.SortClause)}, {"OFFSET", s.LimitOffset}, {"LIMIT", s.LimitCount}, {"FOR UPDATE/SHARE", firstNode(s.LockingClause)}} {
		if c.node != nil {
			at := location(c.node) // a locking clause has none
			// the words are PostgreSQL's own, checkWellFormedRecursion in parse_cte.c
			q.b.failAt(at, pgerr.FeatureNotSupported, "%s in a recursive query is not implemented", c.clause)
		}
	}
}

func firstNode(list []*pg.Node) *pg.Node {
	if len(list) == 0 {
		return nil
	}
	if by := list[0].GetSortBy(); by != nil {
		return by.Node
	}
	return list[0]
}

// within walks a tree in a place where no reference may stand.
func (r *recursion) within(place string, n *pg.Node) {
	before := r.place
	r.place = place
	r.walk(n)
	r.place = before
}

func (r *recursion) walk(n *pg.Node) {
	if n == nil {
		return
	}
	sqlparse.Walk(n, func(m proto.Message) bool {
		switch m := m.(type) {
		case *pg.RangeVar:
			r.reference(m)
		case *pg.SubLink:
			r.walk(m.Testexpr)
			r.within("a subquery", m.Subselect)
			return false
		case *pg.JoinExpr:
			r.join(m)
			return false
		case *pg.SelectStmt:
			return r.query(m)
		}
		return true
	})
}

func (r *recursion) reference(n *pg.RangeVar) {
	if n.Schemaname != "" || n.Relname != r.name {
		return
	}
	if r.place != "" {
		r.b.failAt(n.Location, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within %s", r.name, r.place)
	}
	if r.count++; r.count > 1 {
		r.b.failAt(n.Location, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", r.name)
	}
}

func (r *recursion) join(n *pg.JoinExpr) {
	side := func(n *pg.Node, outer bool) {
		if outer {
			r.within("an outer join", n)
		} else {
			r.walk(n)
		}
	}
	side(n.Larg, n.Jointype == pg.JoinType_JOIN_RIGHT || n.Jointype == pg.JoinType_JOIN_FULL)
	side(n.Rarg, n.Jointype == pg.JoinType_JOIN_LEFT || n.Jointype == pg.JoinType_JOIN_FULL)
	r.walk(n.Quals)
}

// query reports whether the walk goes on below a SELECT: not where the name is
// another query's, nor below a set operation that it has walked itself.
func (r *recursion) query(n *pg.SelectStmt) bool {
	for _, c := range n.GetWithClause().GetCtes() {
		if c.GetCommonTableExpr().GetCtename() == r.name {
			return false
		}
	}
	if n.Op != pg.SetOperation_SETOP_INTERSECT && n.Op != pg.SetOperation_SETOP_EXCEPT {
		return true
	}
	left, right := r.place, r.place
	if n.Op == pg.SetOperation_SETOP_EXCEPT {
		right = "EXCEPT"
		if n.All {
			left = "EXCEPT"
		}
	} else if n.All {
		left, right = "INTERSECT", "INTERSECT"
	}
	r.within(left, selectNode(n.Larg))
	r.within(right, selectNode(n.Rarg))
	return false
}
