package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
)

// lockRows lets the shards lock the rows as they read them when the input is
// one table's; else the rows are locked by key after they have been read. Under
// a Limit several shards must not lock: none of them knows whether its first
// rows are the first of all.
func (d *distributor) lockRows(n *plan.LockRows) (plan.Node, error) {
	known, lazy := d.lazy[n]
	in, err := d.lockInput(n, lazy)
	if err != nil {
		return nil, err
	}
	if len(n.Marks) == 1 {
		a := lockable(in)
		if a != nil && a.scan == n.Marks[0].Target && (!lazy || known && a == in && a.oneShard()) {
			lock := n.Marks[0].Lock
			a.lock = &lock
			a.why("rows are locked as they are read")
			return in, nil
		}
	}
	c := *n
	c.Lazy = lazy
	if c.Input, err = d.finish(in); err != nil {
		return nil, err
	}
	c.Marks = slices.Clone(n.Marks)
	for i, m := range n.Marks {
		a := d.accesses[m.Target]
		if a == nil || a.gather == nil {
			return nil, pgerr.Internal("the target of a row lock is not in its source")
		}
		c.Marks[i].Found, c.Marks[i].Relation = a.gather, a.rel
	}
	return &c, nil
}

// lockInput distributes the input. Rows that are locked one after the other in
// an order come from the shards in that order, where SQLite sorts: it finds the
// first ones by an index, or sorts on disk.
func (d *distributor) lockInput(n *plan.LockRows, lazy bool) (plan.Node, error) {
	sort, ok := n.Input.(*plan.Sort)
	if !lazy || !ok {
		return d.node(n.Input)
	}
	in, err := d.node(sort.Input)
	if err != nil {
		return nil, err
	}
	c := *sort
	c.Input = in
	mapped, err := plan.MapExprs(&c, d.subplans)
	if err != nil {
		return nil, err
	}
	sort = mapped.(*plan.Sort)
	a, ok := in.(*access)
	if !ok || !a.open() || !shippableKeys(sort.Keys) {
		return sort, nil
	}
	keys := slices.Clone(sort.Keys)
	for i := range keys {
		keys[i].Expr = a.over(keys[i].Expr)
	}
	if !a.keyOrder(keys) && !a.sortedBySQL(keys) {
		return sort, nil
	}
	a.order = keys
	a.why("rows are locked in order: merge")
	return a, nil
}

// sortedBySQL reports whether SQLite can sort the rows: the keys are columns
// that it orders as PostgreSQL does, and every condition is SQLite's.
func (a *access) sortedBySQL(keys []expr.SortKey) bool {
	if _, filter := a.split(); filter != nil {
		return false
	}
	return !slices.ContainsFunc(keys, func(k expr.SortKey) bool { return !sqlitesql.Sorts(a.atTable(k.Expr)) })
}

// oneShard reports whether all rows are on one shard.
func (a *access) oneShard() bool {
	return a.scan.Table.Home != catalog.HomeShards || len(a.route().Keys) == 1
}

// lockable is the access that in is, under a Limit or Sort, when the rows it
// yields are the rows that are read.
func lockable(in plan.Node) *access {
	switch n := in.(type) {
	case *access:
		if n.group == nil && n.lookup == nil {
			return n
		}
	case *plan.Limit:
		return lockable(n.Input)
	case *plan.Sort:
		return lockable(n.Input)
	}
	return nil
}

// locksUnder is the LockRows whose rows a Limit takes one by one; nil is none.
func locksUnder(n plan.Node) *plan.LockRows {
	switch n := n.(type) {
	case *plan.Limit:
		return locksUnder(n.Input)
	case *plan.Project:
		return locksUnder(n.Input)
	case *plan.Filter:
		return locksUnder(n.Input)
	case *plan.LockRows:
		return n
	}
	return nil
}
