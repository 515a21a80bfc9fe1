package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// Distribute makes st executable. It never changes st. since is the catalog when
// the snapshot was drawn that st runs at, nil when that is the newest. schemaOf names the schema
// of a table, for the shards' messages. interrupted, if it is not nil, is asked now and then for the error to stop with.
func Distribute(st *plan.Statement, relations *Relations, since *catalog.Snapshot, schemaOf func(*catalog.Table) string,
	interrupted func() error,
) (*plan.Statement, error) {
	out := *st
	out.Inits = slices.Clone(st.Inits)
	out.Memo = &plan.Memo{}
	d := &distributor{
		st: &out, relations: relations, since: since, schemaOf: schemaOf, firstInit: len(st.Params) + len(st.Lifted),
		accesses: map[*plan.Scan]*access{}, lazy: map[*plan.LockRows]bool{}, changesSettings: callsSetConfig(st.Root),
		steps: plan.Steps{Interrupted: interrupted},
	}
	root, err := d.liftTree(st.Root)
	if err != nil {
		return nil, err
	}
	if out.Root, err = d.tree(root); err != nil {
		return nil, err
	}
	return &out, nil
}

// distributor is one run of Distribute.
type distributor struct {
	st        *plan.Statement
	relations *Relations
	since     *catalog.Snapshot
	schemaOf  func(*catalog.Table) string
	firstInit int // the index of Inits[0]'s parameter
	// accesses finds the access that a target scan became.
	accesses map[*plan.Scan]*access
	// lazy are the row locks below a Limit: whether one shard can be told of it.
	lazy map[*plan.LockRows]bool
	// known are equalities about scans' rows for which there are no conditions.
	known map[*plan.Scan][]equality
	// changesSettings: the statement calls set_config, so that what asks the session must stay in its place behind it.
	changesSettings bool
	steps           plan.Steps
}

// callsSetConfig reports whether a plan calls set_config anywhere.
func callsSetConfig(root plan.Node) bool {
	found := false
	isSet := func(e expr.Expr) bool {
		c, ok := e.(*expr.Call)
		return ok && c.Func.Name == "set_config"
	}
	plan.Walk(root, func(n plan.Node) bool {
		plan.EachExpr(n, func(e expr.Expr) { found = found || expr.Any(e, isSet) })
		return !found
	})
	return found
}

func (d *distributor) relation(t *catalog.Table) *plan.Relation {
	return d.relations.Of(t, d.schemaOf(t))
}

// column allocates a column ID.
func (d *distributor) column() expr.ColumnID {
	d.st.Columns++
	return d.st.Columns - 1
}

// tree distributes a tree to the end: no access is left in it.
func (d *distributor) tree(n plan.Node) (plan.Node, error) {
	n, err := d.node(n)
	if err != nil {
		return nil, err
	}
	return d.finish(n)
}

// finish turns every access of a tree into its Gather.
func (d *distributor) finish(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		if a, ok := n.(*access); ok {
			return a.finish()
		}
		return n, nil
	})
}

// node distributes a tree, leaving accesses open for what stands above.
func (d *distributor) node(n plan.Node) (plan.Node, error) {
	if err := d.steps.Take(1); err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *plan.Scan:
		a := d.access(n)
		d.accesses[n] = a
		return a, nil
	case *plan.Join:
		return d.join(n)
	case *plan.Insert:
		return d.insert(n)
	case *plan.Update:
		return d.update(n)
	case *plan.Delete:
		return d.delete(n)
	case *plan.Merge:
		return d.merge(n)
	case *plan.LockRows:
		return d.lockRows(n)
	case *plan.Limit:
		if l := locksUnder(n); l != nil {
			d.lazy[l] = l == n.Input && fixedLimit(n)
		}
	}
	mapped, err := plan.MapInputs(n, d.node)
	if err != nil {
		return nil, err
	}
	if mapped, err = plan.MapExprs(mapped, d.subplans); err != nil {
		return nil, err
	}
	switch n := mapped.(type) {
	case *plan.Filter:
		return d.filter(n)
	case *plan.Project:
		return d.project(n)
	case *plan.Aggregate:
		return d.aggregate(n)
	case *plan.Sort:
		return d.sort(n)
	case *plan.Limit:
		return d.limit(n)
	case *plan.Distinct:
		return d.distinct(n)
	}
	return mapped, nil
}

// filter gives the access below the conditions that a shard can evaluate.
func (d *distributor) filter(n *plan.Filter) (plan.Node, error) {
	a, ok := n.Input.(*access)
	if !ok || !a.open() || a.lock != nil {
		return n, nil
	}
	var rest []expr.Expr
	for _, c := range expr.Conjuncts(n.Cond) {
		if over := a.over(c); shippable(over) && (len(rest) == 0 || !canFail(over)) {
			a.conds = append(a.conds, over)
		} else {
			rest = append(rest, c)
		}
	}
	var in plan.Node = a
	if g := a.global(); g != nil {
		in = a.throughIndex(g)
	} else if j := a.byElements(); j != nil {
		in = j
	}
	if len(rest) > 0 {
		return &plan.Filter{Input: in, Cond: expr.NewAnd(rest...)}, nil
	}
	return in, nil
}

// project makes the access below compute the output, and looks through a
// Limit, since a fragment computes its output after it has cut.
func (d *distributor) project(n *plan.Project) (plan.Node, error) {
	if l, ok := n.Input.(*plan.Limit); ok && l.Ties == nil {
		if a, ok := l.Input.(*access); ok && d.projects(n, a) {
			a.absorbProject(n)
			return l, nil
		}
	}
	if a, ok := n.Input.(*access); ok && d.projects(n, a) {
		a.absorbProject(n)
		return a, nil
	}
	return n, nil
}

func (d *distributor) projects(n *plan.Project, a *access) bool {
	return !n.Sets && a.group == nil && !a.whole && allShippable(n.Exprs)
}

func (a *access) absorbProject(n *plan.Project) {
	a.exprs, a.cols = a.overAll(n.Exprs), n.Cols
}

// aggregate leaves partial aggregation to the shards, and merges here.
func (d *distributor) aggregate(n *plan.Aggregate) (plan.Node, error) {
	a, ok := n.Input.(*access)
	if !ok || !a.open() || a.lock != nil || !allShippable(n.Groups) {
		return n, nil
	}
	for _, agg := range n.Aggs {
		if !partial(agg) {
			return n, nil
		}
	}
	g := &grouping{keys: a.overAll(n.Groups)}
	cols := slices.Clone(n.Cols[:len(n.Groups)])
	for i := range cols {
		cols[i].ID = d.column()
	}
	for _, agg := range n.Aggs {
		g.aggs = append(g.aggs, a.over(agg).(*expr.AggregateCall))
		for _, t := range agg.Agg.State {
			cols = append(cols, plan.Column{ID: d.column(), Name: agg.Agg.Name, Type: t, Typmod: -1})
		}
	}
	a.group, a.order, a.cols = g, nil, cols
	a.why("partial aggregation: %d keys, %d aggregates", len(g.keys), len(g.aggs))
	c := *n
	c.Final, c.Groups = true, columnRefs(cols[:len(n.Groups)])
	return &c, nil
}

// sort is left to the shards when few rows are wanted, or when rows lie in
// that order anyway; their streams are merged.
func (d *distributor) sort(n *plan.Sort) (plan.Node, error) {
	a, ok := n.Input.(*access)
	if !ok || !a.open() || !shippableKeys(n.Keys) {
		return n, nil
	}
	keys := slices.Clone(n.Keys)
	for i := range keys {
		keys[i].Expr = a.over(keys[i].Expr)
	}
	switch {
	case n.Top != nil && fixed(n.Top):
		a.order, a.limit = keys, n.Top
		a.why("top-N on the shards")
		return a, nil
	case a.keyOrder(keys):
		a.order = keys
		a.why("rows lie in key order: merge")
		return a, nil
	}
	return n, nil
}

// keyOrder reports whether keys are a prefix of the primary key, in one direction.
func (a *access) keyOrder(keys []expr.SortKey) bool {
	if len(keys) == 0 || len(keys) > len(a.rel.Table.Key) {
		return false
	}
	for i, k := range keys {
		c, ok := k.Expr.(*expr.Column)
		if !ok || a.position(c.ID) != a.rel.Table.Key[i] || k.Desc != keys[0].Desc {
			return false
		}
	}
	return true
}

// limit tells the shards how many rows are wanted at most.
func (d *distributor) limit(n *plan.Limit) (plan.Node, error) {
	a, ok := n.Input.(*access)
	if !ok || !a.open() || !fixedLimit(n) {
		return n, nil
	}
	if n.Offset != nil && (d.usesRunParams(n.Count) || d.usesRunParams(n.Offset)) {
		return n, nil // their sum would be another one for each outer row
	}
	a.limit = d.wanted(n.Count, n.Offset)
	a.why("limit on the shards")
	return n, nil
}

// fixedLimit reports whether the shards can be told how many rows are wanted.
func fixedLimit(n *plan.Limit) bool {
	return n.Count != nil && n.Ties == nil && fixed(n.Count) && (n.Offset == nil || fixed(n.Offset))
}

// wanted is how many rows LIMIT and OFFSET can ask for.
func (d *distributor) wanted(count, offset expr.Expr) expr.Expr {
	if offset == nil {
		return count
	}
	return d.param(plan.Init{Name: "limit", Type: types.TInt8, Expr: count, Plus: offset}, -1)
}

// distinct makes the shards drop their own duplicates first.
func (d *distributor) distinct(n *plan.Distinct) (plan.Node, error) {
	a, ok := n.Input.(*access)
	if !ok || n.On != nil || !a.open() || a.lock != nil || len(a.order) > 0 {
		return n, nil
	}
	a.group = &grouping{keys: a.exprs}
	a.why("duplicates dropped on the shards")
	return n, nil
}
