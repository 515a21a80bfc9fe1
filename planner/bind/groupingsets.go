package bind

import (
	"math/bits"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// groupClause is GROUP BY: entries of the select list, and with grouping sets
// which of them each set has, by their positions. Two entries that are alike are
// two then, and one can be NULL where the other is not.
type groupClause struct {
	entries []int
	exprs   []expr.Expr // parallel to entries
	sets    [][]int
}

// asks reports whether there is something to group by, if only the empty set.
func (c *groupClause) asks() bool { return len(c.exprs) > 0 || c.sets != nil }

const (
	// maxGroupingSets is PostgreSQL's (parseCheckAggregates).
	maxGroupingSets = 4096
	// maxCubeElements is gram.y's and parse_clause.c's.
	maxCubeElements = 12
	// maxGroupingArgs is how many bits GROUPING has.
	maxGroupingArgs = 31
)

// groupBy binds GROUP BY (transformGroupClause).
func (s *selectList) groupBy(list []*pg.Node, distinct bool) *groupClause {
	c := &groupClause{}
	s.q.with(kindGroupBy, func() {
		list = flatRows(list)
		sets := [][]int{nil}
		for _, n := range list {
			sets = s.product(sets, s.groupingSets(c, n))
		}
		if slices.ContainsFunc(list, func(n *pg.Node) bool { return n.GetGroupingSet() != nil }) {
			c.sets = sets
		}
	})
	if distinct {
		c.sets = distinctSets(c.sets)
	}
	if len(c.sets) == 1 && len(c.exprs) > 0 {
		c.sets = nil // as without sets
	}
	if c.sets == nil {
		c.unite()
	}
	return c
}

// unite leaves one of entries that are alike.
func (c *groupClause) unite() {
	var exprs []expr.Expr
	for _, e := range c.exprs {
		if !slices.ContainsFunc(exprs, func(have expr.Expr) bool { return expr.Equal(have, e) }) {
			exprs = append(exprs, e)
		}
	}
	c.entries, c.exprs = nil, exprs
}

// product joins each of some sets with each of others.
func (s *selectList) product(a, b [][]int) [][]int {
	if len(a)*len(b) > maxGroupingSets {
		s.q.b.failAt(-1, pgerr.StatementTooComplex, "too many grouping sets present (maximum %d)", maxGroupingSets)
	}
	var out [][]int
	for _, x := range a {
		for _, y := range b {
			out = append(out, union(x, y))
		}
	}
	return out
}

func union(a, b []int) []int {
	out := slices.Clone(a)
	for _, i := range b {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

// distinctSets are those of the sets that no earlier one is equal to.
func distinctSets(sets [][]int) (out [][]int) {
	for _, set := range sets {
		if !slices.ContainsFunc(out, func(have []int) bool { return len(have) == len(set) && len(union(have, set)) == len(set) }) {
			out = append(out, set)
		}
	}
	return out
}

// groupingSets are the sets that an item of GROUP BY stands for.
func (s *selectList) groupingSets(c *groupClause, n *pg.Node) [][]int {
	g := n.GetGroupingSet()
	if g == nil {
		return [][]int{s.groupMembers(c, n)}
	}
	switch g.Kind {
	case pg.GroupingSetKind_GROUPING_SET_ROLLUP:
		return s.rollup(c, g)
	case pg.GroupingSetKind_GROUPING_SET_CUBE:
		return s.cube(c, g)
	case pg.GroupingSetKind_GROUPING_SET_SETS:
		var out [][]int
		for _, part := range g.Content {
			out = append(out, s.groupingSets(c, part)...)
		}
		return out
	}
	return [][]int{nil}
}

// groupMembers are the members of one set: an expression, or several in parentheses.
func (s *selectList) groupMembers(c *groupClause, n *pg.Node) (set []int) {
	for _, part := range flatRows([]*pg.Node{n}) {
		entry := s.groupEntry(part)
		at := slices.Index(c.entries, entry)
		if at < 0 {
			at = len(c.entries)
			c.entries, c.exprs = append(c.entries, entry), append(c.exprs, s.list[entry].expr)
		}
		set = union(set, []int{at})
	}
	return set
}

func (s *selectList) rollup(c *groupClause, g *pg.GroupingSet) [][]int {
	out := [][]int{nil}
	for _, part := range g.Content {
		out = append(out, union(out[len(out)-1], s.groupMembers(c, part)))
	}
	slices.Reverse(out)
	return out
}

func (s *selectList) cube(c *groupClause, g *pg.GroupingSet) [][]int {
	if len(g.Content) > maxCubeElements {
		s.q.b.failAt(g.Location, pgerr.TooManyColumns, "CUBE is limited to %d elements", maxCubeElements)
	}
	parts := make([][]int, len(g.Content))
	for i, part := range g.Content {
		parts[i] = s.groupMembers(c, part)
	}
	out := make([][]int, 1<<len(parts))
	for mask := range out {
		for rest := uint(mask); rest != 0; rest &= rest - 1 {
			out[mask] = union(out[mask], parts[bits.TrailingZeros(rest)])
		}
	}
	slices.Reverse(out)
	return out
}

// groupingCall is GROUPING(…), which a query's Aggregate node will compute under col.
type groupingCall struct {
	args []expr.Expr
	ats  []int32
	col  plan.Column
}

// groupingFunc binds GROUPING(…), which belongs to a query as an aggregate does.
func (q *query) groupingFunc(n *pg.GroupingFunc) expr.Expr {
	if len(n.Args) > maxGroupingArgs {
		q.b.failAt(n.Location, pgerr.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	around := q.aggregating
	open := &aggregateArgs{}
	q.aggregating = open
	args, ats := q.list(n.Args)
	q.aggregating = around
	depth := open.level()
	q.refuseInside(open, depth)
	owner := q
	for range depth {
		owner = owner.parent
	}
	if !owner.kind.allowsAggregates() {
		q.b.failAt(n.Location, pgerr.GroupingError, "grouping operations are not allowed in %s", owner.kind.groupingPlace())
	}
	q.tellAggregates(depth, n.Location)
	owner.hasAgg = true
	c := q.b.column("grouping", types.TInt4, -1)
	owner.groupings = append(owner.groupings, groupingCall{args, ats, c})
	q.b.noteGrouping(c, args)
	return q.refer(ref(c), depth, n.Location)
}

// groupingPlace is how messages about GROUPING name a place.
func (k exprKind) groupingPlace() string {
	if k == kindNone {
		return "FROM clause of their own query level"
	}
	return kindNames[k]
}

// addGroupings adds the columns of GROUPING, whose arguments have to be groups.
func (g *grouping) addGroupings() {
	for _, call := range g.q.groupings {
		list := make([]int, len(call.args))
		for i, e := range call.args {
			list[i] = slices.IndexFunc(g.written, func(have expr.Expr) bool { return expr.Equal(have, e) })
			if list[i] < 0 {
				g.q.b.failAt(call.ats[i], pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
			}
		}
		if g.node.Sets != nil {
			g.node.Groupings, g.node.Cols = append(g.node.Groupings, list), append(g.node.Cols, call.col)
		}
	}
}

// entry is what stands above the grouping for an entry of the select list.
func (g *grouping) entry(c *groupClause, i int, e expr.Expr) expr.Expr {
	if at := slices.Index(c.entries, i); at >= 0 {
		return ref(g.groups[at])
	}
	return g.replace(e)
}

// isConstant reports whether a column is a GROUPING without grouping sets, which is 0.
func (g *grouping) isConstant(id expr.ColumnID) bool {
	return g.node.Sets == nil && slices.ContainsFunc(g.q.groupings, func(c groupingCall) bool { return c.col.ID == id })
}

// common reports whether all grouping sets have a group.
func (g *grouping) common(at int) bool {
	return !slices.ContainsFunc(g.node.Sets, func(set []int) bool { return !slices.Contains(set, at) })
}

// groupingSetsOf finds a grouping set among the items of GROUP BY.
func groupingSetsOf(list []*pg.Node) (found bool) {
	for _, n := range list {
		sqlparse.Walk(n, func(m proto.Message) bool {
			_, is := m.(*pg.GroupingSet)
			found = found || is
			return !found
		})
	}
	return found
}
