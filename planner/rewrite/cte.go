package rewrite

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// inline puts WITH queries in the place of their one use, as PostgreSQL 12 and
// later do: not recursive ones, none that write, none with volatile functions,
// none that are MATERIALIZED. What is used more often is computed once, also
// when it is NOT MATERIALIZED: which rows come is the same. What nobody uses is
// not run at all, unless it writes.
func (r *rewriter) inline(n plan.Node) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		w, ok := n.(*plan.With)
		if !ok {
			return n, nil
		}
		return r.inlineWith(w)
	})
}

func (r *rewriter) inlineWith(w *plan.With) (plan.Node, error) {
	c := *w
	c.CTEs = append([]*plan.CTE(nil), w.CTEs...)
	for i := len(c.CTEs) - 1; i >= 0; i-- {
		cte := c.CTEs[i]
		uses := countUses(&c, cte.ID)
		if why := stays(cte, uses); why != "" {
			r.because("WITH query %s stays: %s", cte.Name, why)
			continue
		}
		if uses == 0 {
			r.because("WITH query %s is not used", cte.Name)
		} else {
			if err := replaceUses(&c, cte); err != nil {
				return nil, err
			}
			r.because("WITH query %s is used once: put in its place", cte.Name)
		}
		c.CTEs = append(c.CTEs[:i:i], c.CTEs[i+1:]...)
	}
	if len(c.CTEs) == 0 {
		return c.Body, nil
	}
	return &c, nil
}

// stays says why a WITH query can neither be left out nor put in its place; ""
// is that it can.
func stays(cte *plan.CTE, uses int) string {
	switch {
	case cte.Modifies:
		return "it writes"
	case uses == 0:
		return ""
	case cte.Recursive != nil:
		return "it is recursive"
	case uses > 1:
		return "it is used more than once"
	case cte.Materialize == plan.Materialized:
		return "it is MATERIALIZED"
	case volatilePlan(cte.Plan):
		return "it is volatile"
	}
	return ""
}

// countUses counts the scans of a CTE in the body and the other CTEs.
func countUses(w *plan.With, id int) int {
	uses := usesIn(w.Body, id)
	for _, c := range w.CTEs {
		if c.Recursive != nil {
			uses += usesIn(c.Recursive.Base, id)
			if c.ID != id {
				uses += usesIn(c.Recursive.Step, id)
			}
		} else {
			uses += usesIn(c.Plan, id)
		}
	}
	return uses
}

func usesIn(n plan.Node, id int) (uses int) {
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*plan.CTEScan); ok && s.CTE.ID == id {
			uses++
		}
		plan.EachExpr(n, func(e expr.Expr) {
			plan.EachSubplan(e, func(sub plan.Node) { uses += usesIn(sub, id) })
		})
		return true
	})
	return uses
}

// volatilePlan reports whether running the plan twice, or partly, shows.
func volatilePlan(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		switch n.(type) {
		case *plan.Insert, *plan.Update, *plan.Delete, *plan.Merge, *plan.LockRows:
			found = true
		}
		plan.EachExpr(n, func(e expr.Expr) { found = found || volatileDeep(e) })
		return !found
	})
	return found
}

// volatileDeep looks into subqueries too.
func volatileDeep(e expr.Expr) bool {
	found := expr.HasVolatile(e)
	plan.EachSubplan(e, func(sub plan.Node) { found = found || volatilePlan(sub) })
	return found
}

func replaceUses(w *plan.With, cte *plan.CTE) error {
	var err error
	if w.Body, err = replaceScans(w.Body, cte); err != nil {
		return err
	}
	for i, c := range w.CTEs {
		if c == cte {
			continue
		}
		k := *c
		if c.Recursive != nil {
			rec := *c.Recursive
			if rec.Base, err = replaceScans(rec.Base, cte); err != nil {
				return err
			}
			if rec.Step, err = replaceScans(rec.Step, cte); err != nil {
				return err
			}
			k.Recursive = &rec
		} else if k.Plan, err = replaceScans(c.Plan, cte); err != nil {
			return err
		}
		w.CTEs[i] = &k
	}
	return nil
}

// replaceScans puts the CTE's plan where it is scanned, under the scan's column IDs.
func replaceScans(n plan.Node, cte *plan.CTE) (plan.Node, error) {
	return plan.Rebuild(n, func(n plan.Node) (plan.Node, error) {
		if s, ok := n.(*plan.CTEScan); ok && s.CTE.ID == cte.ID {
			return renamed(cte.Plan, s), nil
		}
		return plan.MapExprs(n, func(e expr.Expr) (expr.Expr, error) {
			return plan.MapSubplans(e, func(root plan.Node) (plan.Node, error) { return replaceScans(root, cte) })
		})
	})
}

func renamed(source plan.Node, s *plan.CTEScan) plan.Node {
	p := &plan.Project{Input: source, Cols: s.Cols}
	at := map[expr.ColumnID]plan.Column{}
	for _, c := range source.Columns() {
		at[c.ID] = c
	}
	for i, id := range s.Source {
		c, ok := at[id]
		if !ok {
			c = source.Columns()[i]
		}
		p.Exprs = append(p.Exprs, expr.NewColumn(c.ID, c.Name, c.Type, c.Typmod))
	}
	return p
}
