package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// cteScope is the names of WITH queries that are visible, innermost first.
type cteScope struct {
	parent *cteScope
	name   string
	cte    *plan.CTE
	cols   []plan.Column
	names  []string // the columns' names
	// at is the level whose WITH clause it is of, and outer the columns around that level that it refers to.
	at    *query
	outer []expr.ColumnID
	// working: the recursive term reads the rows of the last iteration.
	working bool
	// added are the last columns, those of SEARCH and CYCLE: stars of queries
	// inside of the one with the WITH clause leave them out.
	added    []string
	promised []*itemColumn // columns that are to be added
}

// find returns the innermost WITH query of that name, or nil.
func (s *cteScope) find(name string) *cteScope {
	for ; s != nil && s.name != name; s = s.parent {
	}
	return s
}

// withPlan is a bound WITH clause, to be put around its query.
type withPlan struct{ ctes []*plan.CTE }

func (w *withPlan) around(body plan.Node) plan.Node {
	if len(w.ctes) == 0 {
		return body
	}
	return &plan.With{CTEs: w.ctes, Body: body}
}

// withClause binds WITH; its names are visible to q from now on.
func (q *query) withClause(n *pg.WithClause) *withPlan {
	w := &withPlan{}
	if n == nil {
		return w
	}
	seen := map[string]bool{}
	for _, c := range n.Ctes {
		cte := c.GetCommonTableExpr()
		if cte.Ctequery.GetMergeStmt() != nil {
			q.b.failAt(cte.Location, pgerr.FeatureNotSupported, "MERGE not supported in WITH query")
		}
		if seen[cte.Ctename] {
			q.b.failAt(cte.Location, pgerr.DuplicateAlias, "WITH query name \"%s\" specified more than once", cte.Ctename)
		}
		seen[cte.Ctename] = true
	}
	list := n.Ctes
	if n.Recursive {
		list = q.sortedQueries(n)
	}
	for _, c := range list {
		w.ctes = append(w.ctes, q.cte(c.GetCommonTableExpr(), n.Recursive)...)
	}
	return w
}

// cte binds one WITH query and makes it visible. In front of it come those of
// the WITH clause of a recursive one, which both its terms see.
func (q *query) cte(n *pg.CommonTableExpr, recursive bool) []*plan.CTE {
	added := addedColumns(n)
	if len(added) > 0 {
		n = q.searchCycle(n, recursive)
	}
	return q.cteSeeing(n, recursive, added, nil)
}

// cteSeeing is cte of a query whose last columns are added ones, or that sees
// promised ones where it reads itself.
func (q *query) cteSeeing(n *pg.CommonTableExpr, recursive bool, added []string, promised []*itemColumn) []*plan.CTE {
	c := &plan.CTE{Name: n.Ctename, ID: q.b.nextCT}
	q.b.nextCT++
	switch n.Ctematerialized {
	case pg.CTEMaterialize_CTEMaterializeAlways:
		c.Materialize = plan.Materialized
	case pg.CTEMaterialize_CTEMaterializeNever:
		c.Materialize = plan.NotMaterialized
	}
	scope := &cteScope{parent: q.ctes, name: n.Ctename, cte: c, at: q, added: added, promised: promised}
	out := []*plan.CTE{c}
	if recursive && refersTo(n.Ctequery, n.Ctename) {
		out = append(q.recursive(n, c, scope), c)
	} else {
		sub := q.cteLevel(q.ctes)
		c.Plan, c.Modifies = q.cteQuery(sub, n)
		q.takeOuter(sub)
		scope.outer = sub.outer.ids
		scope.cols = c.Plan.Columns()
	}
	q.cteNames(n, scope)
	q.ctes = scope
	return out
}

// cteNames gives the columns the names of the WITH query's list.
func (q *query) cteNames(n *pg.CommonTableExpr, scope *cteScope) {
	if len(n.Aliascolnames) > len(scope.cols) {
		q.b.failAt(n.Location, pgerr.InvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified",
			n.Ctename, len(scope.cols), len(n.Aliascolnames))
	}
	scope.names = nil
	for i, c := range scope.cols {
		name := c.Name
		if i < len(n.Aliascolnames) {
			name = n.Aliascolnames[i].GetString_().GetSval()
		}
		scope.names = append(scope.names, name)
	}
}

// cteLevel is the level of a WITH query: it sees what stands around q, not q's own FROM clause.
func (q *query) cteLevel(ctes *cteScope) *query { return &query{b: q.b, parent: q.parent, ctes: ctes} }

// takeOuter notes that q refers to what a query bound for it refers to.
func (q *query) takeOuter(sub *query) {
	for _, id := range sub.outer.ids {
		q.outer.add(id)
	}
}

// cteQuery binds a WITH query that does not refer to itself.
func (q *query) cteQuery(sub *query, n *pg.CommonTableExpr) (node plan.Node, modifies bool) {
	switch s := n.Ctequery.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return sub.selectStatement(s.SelectStmt, resolveUnknowns), false
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
		if q.parent != nil || q.b.text != q.b.main {
			q.b.failAt(n.Location, pgerr.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
		}
		switch s := n.Ctequery.GetNode().(type) {
		case *pg.Node_InsertStmt:
			return sub.insert(s.InsertStmt), true
		case *pg.Node_UpdateStmt:
			return sub.update(s.UpdateStmt), true
		case *pg.Node_DeleteStmt:
			return sub.delete(s.DeleteStmt), true
		}
	}
	q.b.unsupported(n.Location, "this statement in WITH")
	return nil, false
}

// recursive binds base UNION [ALL] step, and the WITH clause before them.
func (q *query) recursive(n *pg.CommonTableExpr, c *plan.CTE, scope *cteScope) []*plan.CTE {
	s := n.Ctequery.GetSelectStmt()
	if s == nil {
		q.b.failAt(n.Location, pgerr.InvalidRecursion, "recursive query \"%s\" must not contain data-modifying statements", n.Ctename)
	}
	if s.Op != pg.SetOperation_SETOP_UNION {
		q.b.failAt(n.Location, pgerr.InvalidRecursion, "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", n.Ctename)
	}
	q.checkRecursion(s, n.Ctename)
	level := q.cteLevel(q.ctes)
	inner := level.withClause(s.WithClause)
	q.takeOuter(level)
	scope.parent = level.ctes
	side := func(n *pg.SelectStmt, ctes *cteScope, u unknowns) plan.Node {
		sub := q.cteLevel(ctes)
		node := sub.selectStatement(n, u)
		q.takeOuter(sub)
		scope.outer = append(scope.outer, sub.outer.ids...)
		return node
	}
	base := side(s.Larg, level.ctes, resolveUnknowns)
	scope.cols, scope.working = base.Columns(), true
	q.cteNames(n, scope)
	c.Recursive = &plan.Recursive{Base: base, All: s.All}
	step := side(s.Rarg, scope, keepUnknowns)
	scope.working = false
	c.Recursive.Step = q.matchStep(n, base, step, s.Rarg)
	q.checkRecursiveUnion(s, base)
	scope.parent = q.ctes
	return inner.ctes
}

// checkRecursiveUnion refuses to find equal rows where values have no hash.
func (q *query) checkRecursiveUnion(s *pg.SelectStmt, base plan.Node) {
	for _, c := range base.Columns() {
		if !s.All && !q.b.env.Library.Hashable(c.Type) {
			fail(pgerr.New(pgerr.FeatureNotSupported, "could not implement recursive UNION").WithDetail("All column datatypes must be hashable."))
		}
	}
}

// matchStep makes the recursive term's columns have the first term's types.
func (q *query) matchStep(n *pg.CommonTableExpr, base, step plan.Node, tree *pg.SelectStmt) plan.Node {
	l, r := base.Columns(), step.Columns()
	if len(l) != len(r) {
		q.b.failAt(firstTarget(tree), pgerr.SyntaxError, "each UNION query must have the same number of columns")
	}
	want := make([]*types.Type, len(l))
	for i := range l {
		t := q.commonType("UNION", []expr.Expr{ref(l[i]), ref(r[i])}, []int32{-1, targetLocation(tree, i)})
		typmod := int32(-1)
		if l[i].Type == r[i].Type && l[i].Typmod == r[i].Typmod {
			typmod = l[i].Typmod
		}
		if t != l[i].Type || typmod != l[i].Typmod {
			fail(pgerr.New(pgerr.DatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				n.Ctename, i+1, types.FormatType(l[i].Type, l[i].Typmod), types.FormatType(t, typmod)).
				WithHint("Cast the output of the non-recursive term to the correct type.").
				WithPosition(q.b.position(targetLocation(n.Ctequery.GetSelectStmt(), i))))
		}
		want[i] = t
		q.checkRecursiveCollation(n, i, l[i], r[i])
	}
	return q.coerceOutputs(step, want, implicitly)
}

// cteScan reads a WITH query.
func (q *query) cteScan(s *cteScope, n *pg.RangeVar) source {
	if s.cte.Modifies && len(s.cols) == 0 {
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", s.name)
	}
	s.cte.Uses++
	q.recurses = q.recurses || s.working
	for _, id := range s.outer { // who reads it refers to what it refers to
		for level := q; level != nil && level != s.at && level.own[id] == nil; level = level.parent {
			level.outer.add(id)
		}
	}
	scan := &plan.CTEScan{CTE: s.cte, Working: s.working}
	for i, c := range s.cols {
		scan.Source = append(scan.Source, c.ID)
		c.ID, c.Name = q.b.newID(), s.names[i]
		q.b.collatesAs(c.ID, s.cols[i].ID)
		scan.Cols = append(scan.Cols, c)
	}
	alias := n.Alias
	if alias == nil {
		alias = &pg.Alias{Aliasname: s.name}
	}
	it := q.outputItem(scan.Cols, alias)
	if s.working {
		it.columns = append(it.columns, s.promised...)
	}
	if n := len(s.added); n > 0 {
		if own := len(it.columns) - n; q != s.at {
			for _, c := range it.columns[own:] {
				c.unstarred = true
			}
		}
		if s.added[n-1] == depthColumn && !s.working {
			it.columns = it.columns[:len(it.columns)-1]
		}
	}
	return source{node: scan, items: []*item{it}}
}

func selectNode(s *pg.SelectStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: s}}
}

// refersTo reports whether a tree reads from the name.
func refersTo(n *pg.Node, name string) bool {
	_, found := reference(n, name)
	return found
}

// reference finds where a tree reads from the name, but for where a WITH
// clause inside gives the name to another query.
func reference(n *pg.Node, name string) (at int32, found bool) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		if s, ok := m.(*pg.SelectStmt); ok && defines(s.WithClause, name) {
			for _, c := range s.WithClause.Ctes {
				cte := c.GetCommonTableExpr()
				if found || cte.Ctename == name && s.WithClause.Recursive {
					break
				}
				if at, found = reference(cte.Ctequery, name); cte.Ctename == name {
					break
				}
			}
			return false
		}
		if r, ok := m.(*pg.RangeVar); ok && r.Schemaname == "" && r.Relname == name {
			at, found = r.Location, true
		}
		return !found
	})
	return at, found
}

// defines reports whether a WITH clause has a query of the name.
func defines(w *pg.WithClause, name string) bool {
	return slices.ContainsFunc(w.GetCtes(), func(c *pg.Node) bool { return c.GetCommonTableExpr().GetCtename() == name })
}

// sortedQueries are the queries of WITH RECURSIVE, each behind those that it reads
// (TopologicalSort in parse_cte.c).
func (q *query) sortedQueries(n *pg.WithClause) (out []*pg.Node) {
	rest := slices.Clone(n.Ctes)
	waits := func(c *pg.Node) bool {
		cte := c.GetCommonTableExpr()
		return slices.ContainsFunc(rest, func(o *pg.Node) bool {
			return o != c && refersTo(cte.Ctequery, o.GetCommonTableExpr().Ctename)
		})
	}
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(c *pg.Node) bool { return !waits(c) })
		if i < 0 { // the words are PostgreSQL's own
			q.b.failAt(rest[0].GetCommonTableExpr().Location, pgerr.FeatureNotSupported, "mutual recursion between WITH items is not implemented")
		}
		out = append(out, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return out
}
