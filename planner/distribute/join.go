package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
	"github.com/pegmatitedb/pegmatite/shard"
)

// lookupCost is what a lookup costs compared with reading a row of a scan and
// putting it into a hash table.
const lookupCost = 8

// pair is an equality between the two sides of a join.
type pair struct {
	cond        *expr.Call
	left, right expr.Expr
}

func (d *distributor) join(n *plan.Join) (plan.Node, error) {
	if n.Kind == plan.JoinRight {
		return d.mirrored(n)
	}
	if n.Kind == plan.JoinInner && !n.Lateral {
		if joined, err := d.ordered(n); joined != nil || err != nil {
			return joined, err
		}
	}
	left, err := d.node(n.Left)
	if err != nil {
		return nil, err
	}
	c := *n
	c.Left = left
	right := n.Right
	if n.Lateral {
		if right, c.Args, err = d.correlate(right, columnIDs(n.Left.Columns())); err != nil {
			return nil, err
		}
		c.Lateral = len(c.Args) > 0
	}
	if c.Right, err = d.node(right); err != nil {
		return nil, err
	}
	on, err := d.subplans(n.On)
	if err != nil {
		return nil, err
	}
	c.On = on
	if c.Lateral {
		c.Method, c.Rest = plan.JoinLoop, on
		return &c, nil
	}
	return d.method(&c)
}

func columnIDs(cols []plan.Column) []expr.ColumnID {
	out := make([]expr.ColumnID, len(cols))
	for i, c := range cols {
		out[i] = c.ID
	}
	return out
}

// mirrored makes a right join a left one. That the columns come in another
// order does no harm: what stands above a join finds them by ID.
func (d *distributor) mirrored(n *plan.Join) (plan.Node, error) {
	c := *n
	c.Kind, c.Left, c.Right = plan.JoinLeft, n.Right, n.Left
	return d.join(&c)
}

// method chooses how a join runs.
func (d *distributor) method(n *plan.Join) (plan.Node, error) {
	pairs, rest := equiPairs(n)
	if len(pairs) == 0 {
		n.Method, n.Rest = plan.JoinLoop, n.On
		return n, nil
	}
	if n.Kind != plan.JoinFull && d.lookup(n, pairs, rest) {
		return n, nil
	}
	if n.Kind == plan.JoinInner {
		m := *n
		m.Left, m.Right = n.Right, n.Left
		if d.lookup(&m, flip(pairs), rest) {
			return &m, nil
		}
		if estimate(n.Left)*2 < estimate(n.Right) {
			hash(&m, flip(pairs), rest) // the smaller side makes the hash table
			return &m, nil
		}
	}
	hash(n, pairs, rest)
	return n, nil
}

func hash(n *plan.Join, pairs []pair, rest []expr.Expr) {
	n.Method = plan.JoinHash
	for _, p := range pairs {
		n.HashLeft, n.HashRight = append(n.HashLeft, p.left), append(n.HashRight, p.right)
	}
	n.Rest = expr.NewAnd(rest...)
}

// equiPairs parts On into equalities between the sides and the rest.
func equiPairs(n *plan.Join) (pairs []pair, rest []expr.Expr) {
	left, right := idSet(n.Left.Columns()), idSet(n.Right.Columns())
	for _, c := range expr.Conjuncts(n.On) {
		if p, ok := equiPair(c, left, right); ok {
			pairs = append(pairs, p)
		} else {
			rest = append(rest, c)
		}
	}
	return pairs, rest
}

func equiPair(cond expr.Expr, left, right map[expr.ColumnID]bool) (pair, bool) {
	e, ok := cond.(*expr.Call)
	if !ok || !e.IsEquality() || !sameHash(e.Args[0].Type(), e.Args[1].Type()) || expr.HasVolatile(e) || expr.HasSubquery(e) {
		return pair{}, false
	}
	switch {
	case onlyFrom(e.Args[0], left) && onlyFrom(e.Args[1], right):
		return pair{e, e.Args[0], e.Args[1]}, true
	case onlyFrom(e.Args[1], left) && onlyFrom(e.Args[0], right):
		return pair{e, e.Args[1], e.Args[0]}, true
	}
	return pair{}, false
}

// onlyFrom reports whether e has columns, all of them in ids.
func onlyFrom(e expr.Expr, ids map[expr.ColumnID]bool) bool {
	cols := expr.Columns(e)
	return len(cols) > 0 && !slices.ContainsFunc(cols, func(id expr.ColumnID) bool { return !ids[id] })
}

func idSet(cols []plan.Column) map[expr.ColumnID]bool {
	m := make(map[expr.ColumnID]bool, len(cols))
	for _, c := range cols {
		m[c.ID] = true
	}
	return m
}

func flip(pairs []pair) []pair {
	out := slices.Clone(pairs)
	for i := range out {
		out[i].left, out[i].right = out[i].right, out[i].left
	}
	return out
}

// lookup makes n a lookup join when the right side can be found by key or
// index and the left side is small beside it.
func (d *distributor) lookup(n *plan.Join, pairs []pair, rest []expr.Expr) bool {
	a, ok := n.Right.(*access)
	if !ok || !a.open() || len(a.order) > 0 || a.lookup != nil || a.lock != nil {
		return false
	}
	keys, others := a.lookupPairs(pairs)
	if len(keys) == 0 || estimate(n.Left)*lookupCost > a.estimate() {
		return false
	}
	a.lookBy(d, keys)
	n.Method, n.HashLeft, n.HashRight = plan.JoinLookup, nil, nil
	for _, p := range keys {
		n.HashLeft, n.HashRight = append(n.HashLeft, p.left), append(n.HashRight, p.right)
	}
	for _, p := range others {
		rest = append(rest, p.cond)
	}
	n.Rest = expr.NewAnd(rest...)
	return true
}

// lookupPairs are the equalities that SQLite can use to find rows; none when
// they do not begin the primary key or an index.
func (a *access) lookupPairs(pairs []pair) (keys, others []pair) {
	positions := map[int]bool{}
	for p := range a.equalities() {
		positions[p] = true
	}
	for _, p := range pairs {
		over := a.over(p.right)
		if at := a.plainColumn(over); at >= 0 && sqlitesql.Exact(a.atTable(a.lookupCond(p, nil))) {
			positions[at] = true
			keys = append(keys, p)
		} else {
			others = append(others, p)
		}
	}
	if len(keys) == 0 || !a.indexed(positions) {
		return nil, pairs
	}
	return keys, others
}

// indexed reports whether equalities at the positions begin the key or an index.
func (a *access) indexed(positions map[int]bool) bool {
	t := a.rel.Table
	if len(t.Key) > 0 && positions[t.Key[0]] {
		c := &t.Columns[t.Key[0]]
		return c.Type.KeyIsStored(c.Typmod)
	}
	for i := range t.Indexes {
		if positions[t.Indexes[i].Columns[0]] {
			return true
		}
	}
	return false
}

// lookupCond is a pair's equality over the scan's columns, with param for the left side.
func (a *access) lookupCond(p pair, param *expr.Param) expr.Expr {
	if param == nil {
		param = &expr.Param{Typed: expr.Typed{T: p.left.Type(), Mod: p.left.Typmod()}}
	}
	return a.over(a.scanCond(p, param))
}

// lookBy makes the access one that is run per key tuple.
func (a *access) lookBy(d *distributor, keys []pair) {
	for _, p := range keys {
		param := d.param(plan.Init{Name: "key", Type: p.left.Type()}, p.left.Typmod())
		a.lookup = append(a.lookup, param)
		a.conds = append(a.conds, a.lookupCond(p, param))
	}
	a.why("looked up by %d key columns", len(keys))
}

// setLookup says so in the fragment.
func (a *access) setLookup(f *shard.Fragment) {
	if len(a.lookup) == 0 {
		return
	}
	f.Keys, f.KeyParam = len(a.lookup), a.lookup[0].Index
	for _, p := range a.lookup {
		f.KeyTypes = append(f.KeyTypes, shard.KeyType{Type: p.T, Typmod: p.Mod})
	}
}
