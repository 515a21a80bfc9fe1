package bind

import (
	"cmp"
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// computeWindows puts the nodes that compute the query's window calls over its
// rows; g is the query's grouping, nil is none.
func (s *selectList) computeWindows(node plan.Node, g *grouping) plan.Node {
	q := s.q
	active := q.activeWindows()
	if len(active) == 0 {
		return node
	}
	w := &windowPlan{q: q, columns: map[*sortKey]plan.Column{}, computed: map[plan.Column]expr.Expr{}}
	for _, of := range active {
		for _, k := range of.sortKeys() {
			w.want(k.key)
		}
	}
	node = w.computeKeys(node, g)
	for i, t := range s.list { // what is sorted by is computed once
		for c, e := range w.computed {
			if expr.Equal(t.expr, e) {
				s.list[i].expr = ref(c)
			}
		}
	}
	for _, of := range active {
		node = w.window(node, of, g)
	}
	return node
}

// activeWindows are the windows that calls are over, in the order in which they
// are computed (select_active_windows in planner.c): those that sort alike one
// behind the other, the longer sort first, and what ORDER BY sorts by last.
func (q *query) activeWindows() (active []*window) {
	for _, w := range q.windows {
		if slices.ContainsFunc(q.windowCalls, func(c windowCall) bool { return c.of == w }) {
			active = append(active, w)
		}
	}
	slices.SortStableFunc(active, func(a, b *window) int {
		x, y := a.sortKeys(), b.sortKeys()
		for i := range min(len(x), len(y)) {
			if c := compareKeys(x[i], y[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(len(y), len(x))
	})
	return active
}

func compareKeys(a, b windowKey) int {
	switch {
	case a.key.number != b.key.number:
		return cmp.Compare(b.key.number, a.key.number)
	case a.desc != b.desc:
		return falling(a.desc)
	case a.nullsFirst != b.nullsFirst:
		return falling(a.nullsFirst)
	}
	return 0
}

// falling orders true before false.
func falling(first bool) int {
	if first {
		return -1
	}
	return 1
}

// sortKeys is what the window's rows have to be sorted by.
func (w *window) sortKeys() []windowKey {
	keys := slices.Clone(w.partition)
	for _, k := range w.order {
		if findKey(w.partition, k.key) == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// windowPlan makes the nodes of a query's windows.
type windowPlan struct {
	q *query
	// keys are what is sorted by, columns those that stand for them.
	keys    []*sortKey
	columns map[*sortKey]plan.Column
	// computed are the expressions of columns that are there for the windows alone.
	computed map[plan.Column]expr.Expr
	// sorted is how the rows come.
	sorted []windowKey
}

func (w *windowPlan) want(k *sortKey) {
	if !slices.Contains(w.keys, k) {
		w.keys = append(w.keys, k)
	}
}

// computeKeys computes once what is sorted by, beside the columns of node.
func (w *windowPlan) computeKeys(node plan.Node, g *grouping) plan.Node {
	cols := node.Columns()
	p := &plan.Project{Input: node}
	for _, c := range cols {
		p.Exprs, p.Cols = append(p.Exprs, ref(c)), append(p.Cols, c)
	}
	for _, k := range w.keys {
		e := g.replace(k.expr)
		if c, ok := e.(*expr.Column); ok {
			if i := slices.IndexFunc(cols, func(have plan.Column) bool { return have.ID == c.ID }); i >= 0 {
				w.columns[k] = cols[i]
				continue
			}
		}
		c := w.q.b.column("?column?", e.Type(), e.Typmod())
		p.Exprs, p.Cols = append(p.Exprs, e), append(p.Cols, c)
		p.Sets = p.Sets || expr.HasSet(e)
		w.columns[k], w.computed[c] = c, e
	}
	if len(p.Cols) == len(cols) {
		return node
	}
	return p
}

// window puts one window over node, and below it a sort unless the rows come in that order.
func (w *windowPlan) window(node plan.Node, of *window, g *grouping) plan.Node {
	keys := of.sortKeys()
	if !startsWith(w.sorted, keys) {
		sort := &plan.Sort{Input: node, Quick: true}
		for _, k := range keys {
			sort.Keys = append(sort.Keys, w.key(k))
		}
		node, w.sorted = sort, keys
	}
	n := &plan.Window{Input: node, Frame: of.frame}
	for _, k := range of.partition {
		e := ref(w.columns[k.key])
		if w.q.b.env.Library.Less(e.T) == nil {
			fail(pgerr.New(pgerr.FeatureNotSupported, "could not implement window PARTITION BY").
				WithDetail("Window partitioning columns must be of sortable datatypes."))
		}
		n.Partition = append(n.Partition, e)
	}
	for _, k := range of.order {
		n.Order = append(n.Order, w.key(k))
	}
	for _, c := range w.q.windowCalls {
		if c.of == of {
			n.Calls, n.Cols = append(n.Calls, g.overWindow(c.call)), append(n.Cols, c.col)
		}
	}
	return n
}

func (w *windowPlan) key(k windowKey) expr.SortKey {
	return expr.SortKey{Expr: ref(w.columns[k.key]), Desc: k.desc, NullsFirst: k.nullsFirst}
}

func startsWith(sorted, keys []windowKey) bool {
	return len(keys) <= len(sorted) && slices.Equal(sorted[:len(keys)], keys)
}

// overWindow has the parts of a call over the groups of a grouped query.
func (g *grouping) overWindow(call *expr.WindowCall) *expr.WindowCall {
	if g == nil {
		return call
	}
	c := *call
	c.Args = slices.Clone(call.Args)
	for i, e := range c.Args {
		c.Args[i] = g.replace(e)
	}
	c.Filter = g.replace(call.Filter)
	return &c
}
