package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// shape brings projections, sorts and limits into the order in which shards
// can take them in.
func (r *rewriter) shape(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		switch n := n.(type) {
		case *plan.Project:
			return r.mergeProjects(n)
		case *plan.Limit:
			return r.limit(n), nil
		}
		return n, nil
	})
}

// mergeProjects makes one of two projections, when nothing is computed twice by that.
func (r *rewriter) mergeProjects(n *plan.Project) (plan.Node, error) {
	in, ok := n.Input.(*plan.Project)
	if !ok || in.Sets || n.Sets {
		return n, nil
	}
	for _, e := range in.Exprs {
		if !movable(e) || expr.HasSubquery(e) {
			return n, nil
		}
	}
	c := &plan.Project{Input: in.Input, Cols: n.Cols, Exprs: make([]expr.Expr, len(n.Exprs))}
	used := map[expr.ColumnID]int{}
	for i, e := range n.Exprs {
		expr.Walk(e, func(e expr.Expr) bool {
			if col, ok := e.(*expr.Column); ok {
				used[col.ID]++
			}
			return true
		})
		var err error
		if c.Exprs[i], err = plan.SubstituteExpr(e, projected(in)); err != nil {
			return nil, err
		}
	}
	for i, col := range in.Cols {
		if _, plain := in.Exprs[i].(*expr.Column); !plain && used[col.ID] > 1 {
			return n, nil
		}
	}
	return c, nil
}

// limit puts projections above and tells a sort below how many rows are wanted.
func (r *rewriter) limit(n *plan.Limit) plan.Node {
	if n.Ties != nil {
		return n
	}
	switch in := n.Input.(type) {
	case *plan.Project:
		if in.Sets {
			return n
		}
		l, p := *n, *in
		l.Input = in.Input
		p.Input = r.limit(&l)
		return &p
	case *plan.Sort:
		if n.Count == nil || expr.HasVolatile(n.Count) || n.Offset != nil && expr.HasVolatile(n.Offset) {
			if n.Count != nil {
				r.because("sort keeps all rows: LIMIT is volatile")
			}
			return n
		}
		if n.Offset != nil && len(expr.Columns(n.Count))+len(expr.Columns(n.Offset)) > 0 {
			r.because("sort keeps all rows: LIMIT and OFFSET depend on outer rows")
			return n
		}
		l, s := *n, *in
		s.Top = r.wanted(n.Count, n.Offset)
		l.Input = &s
		r.because("sort keeps what LIMIT wants")
		return &l
	}
	return n
}

// wanted is how many rows LIMIT and OFFSET together can ask for.
func (r *rewriter) wanted(count, offset expr.Expr) expr.Expr {
	if offset == nil {
		return count
	}
	index := len(r.st.Params) + len(r.st.Lifted) + len(r.st.Inits)
	r.st.Inits = append(r.st.Inits[:len(r.st.Inits):len(r.st.Inits)], plan.Init{Name: "limit", Type: types.TInt8, Expr: count, Plus: offset})
	return &expr.Param{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Index: index}
}
