package distribute

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// joinOrder joins many inputs, the smallest first, and then always the one
// that leaves the fewest rows. Conditions are applied as soon as all their
// columns are there.
type joinOrder struct {
	d     *distributor
	nodes []plan.Node
	conds []expr.Expr
}

// ordered joins the inputs of a tree of inner joins in an order of our own;
// nil when there are only two, whose order method sees to.
func (d *distributor) ordered(n *plan.Join) (plan.Node, error) {
	o := &joinOrder{d: d}
	leaves := o.collect(n, nil)
	if len(leaves) < 3 {
		return nil, nil
	}
	for _, leaf := range leaves {
		in, err := d.node(leaf)
		if err != nil {
			return nil, err
		}
		o.nodes = append(o.nodes, in)
	}
	for i, c := range o.conds {
		var err error
		if o.conds[i], err = d.subplans(c); err != nil {
			return nil, err
		}
	}
	return o.join()
}

// collect finds the inputs and conditions of a tree of inner joins.
func (o *joinOrder) collect(n plan.Node, leaves []plan.Node) []plan.Node {
	j, ok := n.(*plan.Join)
	if !ok || j.Kind != plan.JoinInner || j.Lateral {
		return append(leaves, n)
	}
	o.conds = append(o.conds, expr.Conjuncts(j.On)...)
	return o.collect(j.Right, o.collect(j.Left, leaves))
}

func (o *joinOrder) join() (plan.Node, error) {
	current := o.take(o.smallest())
	for len(o.nodes) > 0 {
		i, err := o.best(current)
		if err != nil {
			return nil, err
		}
		right := o.take(i)
		j := &plan.Join{Kind: plan.JoinInner, Left: current, Right: right}
		j.On = expr.NewAnd(o.ready(current, right)...)
		joined, err := o.d.method(j)
		if err != nil {
			return nil, err
		}
		current = joined
	}
	if len(o.conds) > 0 {
		return &plan.Filter{Input: current, Cond: expr.NewAnd(o.conds...)}, nil
	}
	return current, nil
}

func (o *joinOrder) take(i int) plan.Node {
	n := o.nodes[i]
	o.nodes = append(o.nodes[:i:i], o.nodes[i+1:]...)
	return n
}

func (o *joinOrder) smallest() int {
	least := 0
	for i, n := range o.nodes {
		if estimate(n) < estimate(o.nodes[least]) {
			least = i
		}
	}
	return least
}

// best is the input to join next: of those that a condition connects, the one
// that leaves the fewest rows; else the smallest.
func (o *joinOrder) best(current plan.Node) (int, error) {
	best, fewest := -1, 0.0
	left, size := idSet(current.Columns()), estimate(current)
	for i, n := range o.nodes {
		if err := o.d.steps.Take(1 + len(o.conds)); err != nil {
			return 0, err
		}
		rows, connected := o.rows(left, size, n)
		if connected && (best < 0 || rows < fewest) {
			best, fewest = i, rows
		}
	}
	if best < 0 {
		return o.smallest(), nil
	}
	return best, nil
}

// rows guesses how many rows joining n leaves to so many, of these columns, and
// says whether an equality connects it.
func (o *joinOrder) rows(left map[expr.ColumnID]bool, have float64, n plan.Node) (rows float64, connected bool) {
	right := idSet(n.Columns())
	size := estimate(n)
	rows = have * size
	for _, c := range o.conds {
		p, ok := equiPair(c, left, right)
		if !ok {
			continue
		}
		connected = true
		share := 1 / size
		if a, ok := n.(*access); ok {
			if at := a.plainColumn(a.over(p.right)); at >= 0 {
				share = a.share(at)
			}
		}
		rows *= share
	}
	return rows, connected
}

// ready takes the conditions for which the two sides have all columns.
func (o *joinOrder) ready(left, right plan.Node) []expr.Expr {
	have := idSet(left.Columns())
	for id := range idSet(right.Columns()) {
		have[id] = true
	}
	var now, later []expr.Expr
	for _, c := range o.conds {
		if onlyFrom(c, have) {
			now = append(now, c)
		} else {
			later = append(later, c)
		}
	}
	o.conds = later
	return now
}
