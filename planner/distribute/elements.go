package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/planner/sqlitesql"
)

// byElements turns `column = ANY (array)` over an indexed column into a lookup
// by the array's elements, when nothing better is known of the rows; nil if
// there is no such condition.
func (a *access) byElements() plan.Node {
	if !a.open() || a.lookup != nil || len(a.order) > 0 || a.route().Keys != nil || a.point() != nil {
		return nil
	}
	for i, c := range a.conds {
		e, ok := c.(*expr.AnyAll)
		if !ok || e.All || e.Operator != "=" || e.Op.Loose || e.Array == nil || !fixed(e.Array) || e.Array.Type().Elem == nil {
			continue
		}
		p := a.plainColumn(e.Left)
		if p < 0 || !sameHash(e.Left.Type(), e.Array.Type().Elem) || !a.indexed(map[int]bool{p: true}) {
			continue
		}
		if j := a.elementsJoin(i, e); j != nil {
			return j
		}
	}
	return nil
}

func (a *access) elementsJoin(at int, e *expr.AnyAll) plan.Node {
	d, elem := a.d, e.Array.Type().Elem
	col := plan.Column{ID: d.column(), Name: "element", Type: elem, Typmod: -1}
	left := expr.NewColumn(col.ID, col.Name, elem, -1)
	eq := &expr.Call{Typed: expr.Typed{T: e.Op.Result, Mod: -1}, Func: e.Op, Operator: "=", Args: []expr.Expr{e.Left, left}}
	p := pair{cond: eq, left: left, right: e.Left}
	// e.Left is over the scan already, so the pair's right side is as well.
	cond := a.scanCond(p, &expr.Param{Typed: left.Typed})
	if !sqlitesql.Exact(a.atTable(cond)) {
		return nil
	}
	a.conds = slices.Delete(slices.Clone(a.conds), at, at+1)
	param := d.param(plan.Init{Name: "key", Type: elem}, -1)
	a.lookup = append(a.lookup, param)
	a.conds = append(a.conds, a.scanCond(p, param))
	a.why("looked up by an array's elements")
	return &plan.Join{
		Kind: plan.JoinInner, Method: plan.JoinLookup, Right: a,
		Left:     &plan.Elements{Array: e.Array, Cols: []plan.Column{col}},
		HashLeft: []expr.Expr{left}, HashRight: []expr.Expr{e.Left},
	}
}

// scanCond is a pair's equality with param for the left side.
func (a *access) scanCond(p pair, param *expr.Param) expr.Expr {
	c := *p.cond
	c.Args = slices.Clone(p.cond.Args)
	for i, arg := range p.cond.Args {
		if arg == p.left {
			c.Args[i] = param
		}
	}
	return &c
}
