package distribute

import (
	"math"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

// The guesses where statistics say nothing; those of PostgreSQL
// (src/include/utils/selfuncs.h) but for the size of a table.
const (
	unknownTableRows  = 10000
	unknownSetRows    = 1000 // CTEs, set-returning functions: ROWS 1000
	equalSelectivity  = 0.005
	rangeSelectivity  = 1.0 / 3
	otherSelectivity  = 0.5
	groupsPerRow      = 0.1
	semiJoinSelection = 0.5
)

// estimate guesses how many rows n yields. Only ratios matter: which side of
// a join to look up in the other.
func estimate(n plan.Node) float64 {
	switch n := n.(type) {
	case *access:
		return n.estimate()
	case *plan.Values:
		return float64(len(n.Rows))
	case *plan.Result:
		return 1
	case *plan.TableFunction, *plan.CTEScan:
		return unknownSetRows
	case *plan.Filter:
		return estimate(n.Input) * math.Pow(rangeSelectivity, float64(len(expr.Conjuncts(n.Cond))))
	case *plan.Aggregate:
		if len(n.Groups) == 0 {
			return 1
		}
		return math.Max(1, estimate(n.Input)*groupsPerRow)
	case *plan.Limit:
		return limited(estimate(n.Input), n.Count)
	case *plan.Join:
		return estimateJoin(n)
	case *plan.SetOp:
		return estimate(n.Left) + estimate(n.Right)
	}
	if in := n.Inputs(); len(in) == 1 {
		return estimate(in[0])
	}
	return unknownSetRows
}

func limited(rows float64, count expr.Expr) float64 {
	if c, ok := count.(*expr.Const); ok && !c.Value.IsNull() {
		return math.Min(rows, float64(c.Value.Int()))
	}
	if count != nil {
		return math.Min(rows, 100)
	}
	return rows
}

func estimateJoin(n *plan.Join) float64 {
	l, r := estimate(n.Left), estimate(n.Right)
	switch n.Kind {
	case plan.JoinSemi, plan.JoinAnti:
		return math.Max(1, l*semiJoinSelection)
	}
	if n.On == nil && len(n.HashLeft) == 0 {
		return l * r
	}
	return math.Max(l, r)
}

func (a *access) estimate() float64 {
	if a.group != nil && len(a.group.keys) == 0 || a.once() {
		return 1
	}
	rows := tableRows(a.scan.Table)
	for _, c := range a.conds {
		rows *= a.selectivity(c)
	}
	if a.group != nil {
		rows *= groupsPerRow
	}
	return math.Max(1, limited(rows, a.limit))
}

func tableRows(t *catalog.Table) float64 {
	if t.Stats.Rows > 0 {
		return t.Stats.Rows
	}
	return unknownTableRows
}

// selectivity is the share of rows for which a condition holds.
func (a *access) selectivity(cond expr.Expr) float64 {
	if eq, ok := a.equality(cond); ok {
		return math.Min(1, a.share(eq.position)*float64(len(eq.values)))
	}
	if e, ok := cond.(*expr.Call); ok && len(e.Args) == 2 {
		switch e.Operator {
		case "=":
			return equalSelectivity
		case "<", "<=", ">", ">=":
			return rangeSelectivity
		}
	}
	return otherSelectivity
}

// share is the part of the rows that one value of a column has.
func (a *access) share(position int) float64 {
	t := a.scan.Table
	s, ok := t.Stats.Columns[catalog.ColumnID(position+1)]
	switch {
	case ok && s.Distinct > 0:
		return 1 / s.Distinct
	case ok && s.Distinct < 0:
		return math.Min(1, 1/(-s.Distinct*tableRows(t)))
	}
	if len(t.Key) == 1 && int(t.Key[0]) == position+1 {
		return 1 / tableRows(t)
	}
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; ix.Unique && len(ix.Columns) == 1 && int(ix.Columns[0].Column) == position+1 {
			return 1 / tableRows(t)
		}
	}
	return equalSelectivity
}
