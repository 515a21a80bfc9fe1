package distribute

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// ConflictUpdate plans what ON CONFLICT DO UPDATE of n, an Insert of st, does
// to the existing row of a key, for the coordinator to run when the shards
// cannot. Its parameters are all of st's, then the key, then the proposed row
// by position. The row that it returns is the written one, by position.
func ConflictUpdate(st *plan.Statement, n *plan.Insert) (*plan.Statement, error) {
	all := slices.Concat(st.Params, st.Lifted)
	for _, init := range st.Inits {
		all = append(all, init.Type)
	}
	c := &conflictPlanner{insert: n, scan: &plan.Scan{Table: n.Table, Alias: n.Table.Name}, excluded: map[expr.ColumnID]expr.Expr{}}
	out := &plan.Statement{Tag: "UPDATE", Writes: true, Lasting: true, Columns: st.Columns, Memo: &plan.Memo{}}
	d := &distributor{
		st: out, accesses: map[*plan.Scan]*access{}, known: map[*plan.Scan][]equality{},
		relations: &Relations{made: map[catalog.OID]madeRelation{n.Table.OID: {n.Table, n.Relation}}},
		schemaOf:  func(*catalog.Table) string { return n.Relation.Table.Schema },
	}
	for _, p := range n.Relation.Table.Key {
		param := &expr.Param{Typed: columnTyped(n.Table, p), Index: len(all)}
		d.known[c.scan] = append(d.known[c.scan], equality{p, []expr.Expr{param}})
		all = append(all, param.T)
	}
	for i := range n.Table.Columns {
		typed := columnTyped(n.Table, i)
		c.scan.Cols = append(c.scan.Cols, plan.Column{ID: n.OnConflict.Existing[i], Name: n.Table.Columns[i].Name, Type: typed.T, Typmod: typed.Mod})
		c.scan.Positions = append(c.scan.Positions, i)
		c.excluded[n.OnConflict.Excluded[i]] = &expr.Param{Typed: typed, Index: len(all)}
		all = append(all, typed.T)
	}
	out.Params = all
	d.firstInit = len(all)
	var err error
	out.Root, err = d.tree(c.update(d))
	out.Result = out.Root.Columns()
	return out, err
}

// conflictPlanner puts the UPDATE together.
type conflictPlanner struct {
	insert   *plan.Insert
	scan     *plan.Scan
	excluded map[expr.ColumnID]expr.Expr
}

func columnTyped(t *catalog.Table, position int) expr.Typed {
	c := &t.Columns[position]
	if c.Type == nil {
		return expr.Typed{T: types.TText, Mod: -1}
	}
	return expr.Typed{T: c.Type, Mod: c.Typmod}
}

// over puts the proposed row's parameters in the place of its columns, also
// where a subquery takes them from outside.
func (c *conflictPlanner) over(e expr.Expr) expr.Expr {
	return expr.Replace(e, func(e expr.Expr) expr.Expr {
		switch e := e.(type) {
		case *expr.Column:
			return c.excluded[e.ID]
		case *expr.Subquery:
			p, ok := e.Plan.(*plan.SubPlan)
			if !ok || len(p.Args) == 0 {
				return nil
			}
			out, sub := *e, &plan.SubPlan{Root: p.Root, Args: slices.Clone(p.Args)}
			for i := range sub.Args {
				sub.Args[i].Value = c.over(sub.Args[i].Value)
			}
			out.Plan, out.Test = sub, c.over(e.Test)
			return &out
		}
		return nil
	})
}

func (c *conflictPlanner) update(d *distributor) plan.Node {
	oc := c.insert.OnConflict
	u := &plan.Update{Table: c.insert.Table, Target: c.scan, Source: c.scan, Checks: c.insert.Checks}
	if oc.Where != nil {
		u.Source = &plan.Filter{Input: c.scan, Cond: c.over(oc.Where)}
	}
	for _, s := range oc.Set {
		u.Set = append(u.Set, plan.Assign{Position: s.Position, Expr: c.over(s.Expr)})
	}
	for _, col := range c.scan.Cols {
		col.ID = d.column()
		u.New = append(u.New, col.ID)
		u.Returning = append(u.Returning, expr.NewColumn(col.ID, col.Name, col.Type, col.Typmod))
		col.ID = d.column()
		u.Cols = append(u.Cols, col)
	}
	return u
}
