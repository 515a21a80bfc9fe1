package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// aggregate is a call that a query's Aggregate node will compute under id.
type aggregate struct {
	call *expr.AggregateCall
	col  plan.Column
	at   int32 // where it stands first
}

// aggregateArgs is open while an aggregate's arguments are bound: it learns
// how many levels out the innermost column is, to which query the aggregate belongs.
type aggregateArgs struct {
	seen      bool
	nearest   int
	nearestAt int32 // where the first of them stands
	// inner: aggregates are among the arguments; the one nearest to here belongs to the
	// query innerDepth levels out, and stands at innerAt.
	inner      bool
	innerDepth int
	innerAt    int32
	// window: a window function is, at windowAt.
	window   bool
	windowAt int32
}

func (a *aggregateArgs) saw(depth int, location int32) {
	if depth < 0 {
		return
	}
	if !a.seen || depth < a.nearest {
		a.seen, a.nearest, a.nearestAt = true, depth, location
	}
}

func (a *aggregateArgs) sawAggregate(depth int, location int32) {
	if !a.inner || depth < a.innerDepth {
		a.inner, a.innerDepth, a.innerAt = true, depth, location
	}
}

// addAggregate puts a call into its query's Aggregate and returns the column
// that stands for its value.
func (q *query) addAggregate(call *expr.AggregateCall, depth int, location int32) expr.Expr {
	owner := q
	for range depth {
		owner = owner.parent
	}
	owner.hasAgg = true
	for _, a := range owner.aggs {
		if expr.Equal(a.call, call) && !expr.HasVolatile(call) {
			return q.refer(ref(a.col), depth, location)
		}
	}
	c := q.b.column(call.Agg.Name, call.Type(), call.Typmod())
	q.b.noteCollation(&c, call)
	owner.aggs = append(owner.aggs, aggregate{call, c, location})
	q.b.noteAggregate(c, call)
	return q.refer(ref(c), depth, location)
}

// groupEntry is the entry of the select list that an item of GROUP BY means.
func (s *selectList) groupEntry(n *pg.Node) int {
	i := s.entry(n, "GROUP BY")
	if id, ok := s.q.usesAggregate(s.list[i].expr); ok {
		s.q.b.failAt(s.aggregateLocation(s.list[i], id), pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
	}
	if c := s.q.usesWindow(s.list[i].expr); c != nil {
		s.q.b.failAt(s.aggregateLocation(s.list[i], c), pgerr.WindowingError, "window functions are not allowed in GROUP BY")
	}
	s.resolve(i)
	s.q.equality(s.list[i].expr, location(n))
	s.number(i)
	return i
}

func (s *selectList) aggregateLocation(t target, c *expr.Column) int32 {
	if at, ok := s.q.b.location[c]; ok {
		return at
	}
	return t.at
}

// usesAggregate finds a reference to one of q's aggregates.
func (q *query) usesAggregate(e expr.Expr) (found *expr.Column, ok bool) {
	expr.Walk(e, func(e expr.Expr) bool {
		if c, is := e.(*expr.Column); is && q.isAggregate(c.ID) {
			found, ok = c, true
		}
		return !ok
	})
	return found, ok
}

func (q *query) isAggregate(id expr.ColumnID) bool {
	for _, a := range q.aggs {
		if a.col.ID == id {
			return true
		}
	}
	return false
}

// grouping is a query's Aggregate, and how expressions above it are written.
type grouping struct {
	q    *query
	node *plan.Aggregate
	// written are node.Groups as the query has them: what returns sets is computed below the node.
	written []expr.Expr
	groups  []plan.Column
	// inDirect: direct arguments of an ordered-set aggregate are being replaced.
	inDirect bool
}

// aggregate makes the Aggregate node over the groups and q's aggregates.
func (q *query) aggregate(input plan.Node, groups *groupClause) *grouping {
	input, computed := q.expandSets(input, groups.exprs)
	g := &grouping{q: q, node: &plan.Aggregate{Input: input}}
	for i, e := range groups.exprs {
		g.appendGroup(e, computed[i])
	}
	g.node.Sets = groups.sets
	for _, a := range q.aggs {
		g.node.Aggs = append(g.node.Aggs, a.call)
		g.node.Cols = append(g.node.Cols, a.col)
	}
	g.addGroupings()
	g.checkGroups()
	for i, call := range g.node.Aggs {
		if len(call.Direct) > 0 {
			g.node.Aggs[i] = g.overGroups(call)
		}
	}
	return g
}

// checkGroups refuses types by which PostgreSQL could neither sort nor hash:
// rows with aggregates that want them in order it does not hash.
func (g *grouping) checkGroups() {
	sets, lib := g.node.Sets, g.q.b.env.Library
	if sets == nil {
		all := make([]int, len(g.written))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	ordered := slices.ContainsFunc(g.node.Aggs, func(a *expr.AggregateCall) bool { return a.Distinct || len(a.Order) > 0 })
	for _, set := range sets {
		sorts, hashes := true, !ordered
		for _, i := range set {
			t := g.written[i].Type()
			sorts, hashes = sorts && lib.Less(t) != nil, hashes && lib.Hashable(t)
		}
		if !sorts && !hashes {
			fail(pgerr.New(pgerr.FeatureNotSupported, "could not implement GROUP BY").
				WithDetail("Some of the datatypes only support hashing, while others only support sorting."))
		}
	}
}

// overGroups has the direct arguments of an ordered-set aggregate over the groups.
func (g *grouping) overGroups(call *expr.AggregateCall) *expr.AggregateCall {
	c := *call
	c.Direct = slices.Clone(call.Direct)
	g.inDirect = true
	for i, e := range c.Direct {
		c.Direct[i] = g.replace(e)
	}
	g.inDirect = false
	return &c
}

// firstAggregate is where the first of q's aggregates stands.
func (q *query) firstAggregate() int32 {
	if len(q.aggs) == 0 {
		return -1
	}
	return q.aggs[0].at
}

// expandSets computes the groups that return sets in a node over the input:
// grouped are the rows that they make (make_sort_input_target and
// create_grouping_paths put a ProjectSet there, planner.c).
func (q *query) expandSets(input plan.Node, groups []expr.Expr) (plan.Node, []expr.Expr) {
	computed := slices.Clone(groups)
	var p *plan.Project
	for i, e := range groups {
		if !expr.HasSet(e) {
			continue
		}
		if p == nil {
			p = &plan.Project{Input: input, Sets: true}
			for _, c := range input.Columns() {
				p.Exprs, p.Cols = append(p.Exprs, ref(c)), append(p.Cols, c)
			}
			input = p
		}
		c := q.b.column("?column?", e.Type(), e.Typmod())
		p.Exprs, p.Cols = append(p.Exprs, e), append(p.Cols, c)
		computed[i] = ref(c)
	}
	return input, computed
}

// addGroup adds a group, e as it is written.
func (g *grouping) addGroup(e, computed expr.Expr) plan.Column {
	for i, have := range g.written {
		if expr.Equal(have, e) {
			return g.groups[i]
		}
	}
	return g.appendGroup(e, computed)
}

func (g *grouping) appendGroup(e, computed expr.Expr) plan.Column {
	name := "?column?"
	c := g.q.b.column(name, e.Type(), e.Typmod())
	g.q.b.noteCollation(&c, e)
	if col, ok := e.(*expr.Column); ok {
		c.Name = col.Name
		c.Table, c.Attnum = g.q.origin(col.ID)
		// The select list asks for the origin of the group's column.
		g.q.own[c.ID] = &ownColumn{&item{columns: []*itemColumn{{name: col.Name, value: ref(c), table: c.Table, attno: c.Attnum}}}, col.Name}
	}
	at := len(g.groups)
	g.written, g.node.Groups = append(g.written, e), append(g.node.Groups, computed)
	for i, set := range g.node.Sets { // what a key of all sets determines is in all
		g.node.Sets[i] = append(set[:len(set):len(set)], at)
	}
	g.node.Cols = append(g.node.Cols[:at:at], append([]plan.Column{c}, g.node.Cols[at:]...)...)
	g.groups = append(g.groups, c)
	return c
}

// replace writes an expression over the Aggregate's columns; a column that is
// not grouped is 42803 (check_ungrouped_columns).
func (g *grouping) replace(e expr.Expr) expr.Expr {
	if e == nil || g == nil {
		return e
	}
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		for i, have := range g.written {
			if expr.Equal(have, e) {
				return ref(g.groups[i])
			}
		}
		switch e := e.(type) {
		case *expr.Column:
			return g.column(e)
		case *expr.Subquery:
			return g.subquery(e)
		}
		return nil
	})
}

// column replaces a column that is no group itself.
func (g *grouping) column(c *expr.Column) expr.Expr {
	if g.isConstant(c.ID) {
		return expr.NewConst(types.TInt4, types.Int(0))
	}
	own := g.q.own[c.ID]
	if own == nil || g.isGroup(c.ID) {
		return nil
	}
	if !g.determined(own.item) {
		g.fail(c, own, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function")
	}
	return ref(g.addGroup(c, c))
}

func (g *grouping) isGroup(id expr.ColumnID) bool {
	for _, c := range g.groups {
		if c.ID == id {
			return true
		}
	}
	return false
}

func (g *grouping) fail(c *expr.Column, own *ownColumn, format string) {
	name := own.name
	if own.item.name != "" {
		name = own.item.name + "." + name
	}
	at, ok := g.q.b.location[c]
	if !ok {
		at = -1
	}
	err := pgerr.New(pgerr.GroupingError, format, name)
	if g.inDirect {
		err = err.WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
	}
	fail(err.WithPosition(g.q.b.position(at)))
}

// determined reports whether the item's primary key is grouped by, which
// makes every column of it a function of the group.
func (g *grouping) determined(it *item) bool {
	if it.table == nil || it.table.PrimaryKey() == nil {
		return false
	}
	for _, key := range it.table.PrimaryKey().Columns {
		col := it.table.Column(key.Column)
		if !g.grouped(it, col.Attnum) {
			return false
		}
	}
	g.q.b.notes.grouped[it.table.OID] = true
	return true
}

func (g *grouping) grouped(it *item, attnum int16) bool {
	for i, e := range g.written {
		c, ok := e.(*expr.Column)
		if !ok || !g.common(i) {
			continue
		}
		for _, have := range it.columns {
			if v, is := have.value.(*expr.Column); is && v.ID == c.ID && have.attno == attnum {
				return true
			}
		}
	}
	return false
}

// subquery replaces the columns that a correlated subquery takes from the
// grouped query.
func (g *grouping) subquery(s *expr.Subquery) expr.Expr {
	replaced, err := plan.SubstituteExpr(s, func(c *expr.Column) expr.Expr {
		if g.isConstant(c.ID) {
			return expr.NewConst(types.TInt4, types.Int(0))
		}
		own := g.q.own[c.ID]
		if own == nil || g.isGroup(c.ID) {
			return nil
		}
		for i, e := range g.written {
			if have, ok := e.(*expr.Column); ok && have.ID == c.ID {
				return ref(g.groups[i])
			}
		}
		if !g.determined(own.item) {
			g.fail(c, own, "subquery uses ungrouped column \"%s\" from outer query")
		}
		return ref(g.addGroup(c, c))
	})
	if err != nil {
		fail(err)
	}
	r := replaced.(*expr.Subquery)
	if r.Test == nil {
		return r
	}
	c := *r
	c.Test = g.replace(r.Test)
	return &c
}
