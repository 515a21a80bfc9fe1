package rewrite

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// pruner drops output columns that nobody above needs. Scans that a write or
// a row lock refers to stay whole.
type pruner struct {
	kept map[*plan.Scan]bool
	// relied are the windows right below others, which need the order of their input.
	relied map[*plan.Window]bool
}

func (r *rewriter) prune(root plan.Node) plan.Node {
	p := &pruner{kept: map[*plan.Scan]bool{}, relied: map[*plan.Window]bool{}}
	p.keep(root)
	return p.all(root)
}

// keep finds the scans that writes and locks name, also inside of expressions.
func (p *pruner) keep(n plan.Node) {
	plan.Walk(n, func(n plan.Node) bool {
		switch n := n.(type) {
		case *plan.Update:
			p.kept[n.Target] = true
		case *plan.Delete:
			p.kept[n.Target] = true
		case *plan.Merge:
			p.kept[n.Target] = true
		case *plan.LockRows:
			for _, m := range n.Marks {
				p.kept[m.Target] = true
			}
		}
		plan.EachExpr(n, func(e expr.Expr) { plan.EachSubplan(e, p.keep) })
		return true
	})
}

// all prunes below n, whose own output is needed whole.
func (p *pruner) all(n plan.Node) plan.Node { return p.node(n, outputs(n)) }

// needs adds the columns that a node's own expressions use, and prunes the
// plans inside of them.
func (p *pruner) needs(n plan.Node, need idSet) (plan.Node, idSet) {
	out := idSet{}
	for id := range need {
		out[id] = true
	}
	mapped, err := plan.MapExprs(n, func(e expr.Expr) (expr.Expr, error) {
		for _, id := range expr.Columns(e) {
			out[id] = true
		}
		return plan.MapSubplans(e, func(root plan.Node) (plan.Node, error) { return p.all(root), nil })
	})
	if err != nil {
		return n, out
	}
	return mapped, out
}

func (p *pruner) node(n plan.Node, need idSet) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return p.scan(n, need)
	case *plan.Project:
		n = p.project(n, need)
		return p.inputs(n, idSet{})
	case *plan.Aggregate:
		return p.inputs(p.aggregate(n, need), idSet{})
	case *plan.Window:
		return p.window(n, need)
	case *plan.Filter:
		if s, ok := n.Input.(*plan.Scan); ok && !p.kept[s] {
			return p.filter(n, need)
		}
	case *plan.CTEScan:
		return p.cteScan(n, need)
	case *plan.SetOp, *plan.With, *plan.Insert, *plan.LockRows:
		return p.whole(n)
	case *plan.Distinct:
		if n.On == nil {
			return p.whole(n)
		}
	case *plan.Update, *plan.Delete, *plan.Merge:
		return p.whole(n)
	}
	return p.inputs(n, need)
}

// inputs prunes n's inputs to what n needs of them.
func (p *pruner) inputs(n plan.Node, need idSet) plan.Node {
	n, need = p.needs(n, need)
	if j, ok := n.(*plan.Join); ok && j.Lateral {
		// The right side's own expressions use the left side's columns.
		for _, c := range j.Left.Columns() {
			need[c.ID] = true
		}
	}
	out, err := plan.MapInputs(n, func(in plan.Node) (plan.Node, error) { return p.node(in, need), nil })
	if err != nil {
		return n
	}
	return out
}

// whole keeps the outputs of all inputs.
func (p *pruner) whole(n plan.Node) plan.Node {
	n, _ = p.needs(n, idSet{})
	out, err := plan.MapInputs(n, func(in plan.Node) (plan.Node, error) { return p.all(in), nil })
	if err != nil {
		return n
	}
	return out
}

func (p *pruner) scan(n *plan.Scan, need idSet) plan.Node {
	if p.kept[n] || !slices.ContainsFunc(n.Cols, func(c plan.Column) bool { return !need[c.ID] }) {
		return n
	}
	c := *n
	c.Cols, c.Positions = nil, nil
	for i, col := range n.Cols {
		if need[col.ID] {
			c.Cols, c.Positions = append(c.Cols, col), append(c.Positions, n.Positions[i])
		}
	}
	return &c
}

// filter drops the columns that only the condition needs once it has decided.
func (p *pruner) filter(n *plan.Filter, need idSet) plan.Node {
	in := p.inputs(n, need)
	drop := &plan.Project{Input: in}
	for _, c := range in.Columns() {
		if need[c.ID] {
			drop.Cols = append(drop.Cols, c)
			drop.Exprs = append(drop.Exprs, expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod))
		}
	}
	if len(drop.Cols) == len(in.Columns()) {
		return in
	}
	return drop
}

func (p *pruner) cteScan(n *plan.CTEScan, need idSet) plan.Node {
	if len(n.Source) != len(n.Cols) || n.CTE.Recursive != nil {
		return n
	}
	c := *n
	c.Cols, c.Source = nil, nil
	for i, col := range n.Cols {
		if need[col.ID] {
			c.Cols, c.Source = append(c.Cols, col), append(c.Source, n.Source[i])
		}
	}
	return &c
}

// project drops outputs; of set-returning ones none, since they make rows.
func (p *pruner) project(n *plan.Project, need idSet) *plan.Project {
	if n.Sets {
		return n
	}
	c := *n
	c.Exprs, c.Cols = nil, nil
	for i, col := range n.Cols {
		if need[col.ID] {
			c.Exprs, c.Cols = append(c.Exprs, n.Exprs[i]), append(c.Cols, col)
		}
	}
	return &c
}

// window drops calls, and itself with the last one; then also the sort that was for it alone.
func (p *pruner) window(n *plan.Window, need idSet) plan.Node {
	c := *n
	c.Calls, c.Cols = nil, nil
	for i, call := range n.Calls {
		if col := n.Cols[i]; need[col.ID] {
			c.Calls, c.Cols = append(c.Calls, call), append(c.Cols, col)
		}
	}
	below, _ := n.Input.(*plan.Window)
	if len(c.Calls) > 0 {
		p.relied[below] = true
		return p.inputs(&c, need)
	}
	if s, ok := n.Input.(*plan.Sort); ok && !p.relied[n] {
		return p.node(s.Input, need)
	}
	p.relied[below] = p.relied[below] || p.relied[n]
	return p.node(n.Input, need)
}

// aggregate drops aggregates and GROUPINGs; the keys stay, they make the groups.
func (p *pruner) aggregate(n *plan.Aggregate, need idSet) *plan.Aggregate {
	c := *n
	c.Aggs, c.Groupings, c.Cols = nil, nil, n.Cols[:len(n.Groups):len(n.Groups)]
	for i, a := range n.Aggs {
		if col := n.Cols[len(n.Groups)+i]; need[col.ID] {
			c.Aggs, c.Cols = append(c.Aggs, a), append(c.Cols, col)
		}
	}
	for i, g := range n.Groupings {
		if col := n.Cols[len(n.Groups)+len(n.Aggs)+i]; need[col.ID] {
			c.Groupings, c.Cols = append(c.Groupings, g), append(c.Cols, col)
		}
	}
	return &c
}
