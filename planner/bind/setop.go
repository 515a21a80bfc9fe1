package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
)

var setKinds = map[pg.SetOperation]struct {
	kind plan.SetKind
	name string
}{
	pg.SetOperation_SETOP_UNION:     {plan.Union, "UNION"},
	pg.SetOperation_SETOP_INTERSECT: {plan.Intersect, "INTERSECT"},
	pg.SetOperation_SETOP_EXCEPT:    {plan.Except, "EXCEPT"},
}

// setStatement binds UNION, INTERSECT and EXCEPT with what stands behind them.
func (q *query) setStatement(n *pg.SelectStmt) plan.Node {
	if len(n.LockingClause) > 0 {
		q.b.failAt(-1, pgerr.FeatureNotSupported, "%s is not allowed with UNION/INTERSECT/EXCEPT", lockName(n.LockingClause[0].GetLockingClause()))
	}
	return q.tail(n, q.setOperation(n), true)
}

// setOperation binds the two sides and gives their columns common types.
func (q *query) setOperation(n *pg.SelectStmt) plan.Node {
	op := setKinds[n.Op]
	left, right := q.setSide(n.Larg), q.setSide(n.Rarg)
	return q.combine(op.kind, op.name, n.All, left, right, n)
}

// combine makes the SetOp of two bound sides.
func (q *query) combine(kind plan.SetKind, name string, all bool, left, right plan.Node, n *pg.SelectStmt) plan.Node {
	rightTree := n.Rarg
	l, r := left.Columns(), right.Columns()
	if len(l) != len(r) {
		q.b.failAt(firstTarget(rightTree), pgerr.SyntaxError, "each %s query must have the same number of columns", name)
	}
	want := make([]*types.Type, len(l))
	out := &plan.SetOp{Kind: kind, All: all}
	for i := range l {
		pair := []expr.Expr{ref(l[i]), ref(r[i])}
		want[i] = q.commonType(name, pair, []int32{-1, targetLocation(rightTree, i)})
		for side, at := range []int32{-1, targetLocation(rightTree, i)} {
			if from := pair[side].Type(); !q.canCoerce(from, want[i], implicitly) {
				q.b.failAt(at, pgerr.CannotCoerce, "%s could not convert type %s to %s", name, from.SQLName, want[i].SQLName)
			}
		}
		if !all {
			at := targetLocation(n.Larg, i)
			if l[i].Type != want[i] && r[i].Type == want[i] {
				at = targetLocation(rightTree, i)
			}
			q.equality(expr.NewConst(want[i], types.Null), at)
		}
		typmod := int32(-1)
		if l[i].Type == r[i].Type && l[i].Typmod == r[i].Typmod {
			typmod = l[i].Typmod
		}
		c := q.b.column(l[i].Name, want[i], typmod)
		q.combineCollations(&c, pair, kind == plan.Union && all, targetLocation(rightTree, i))
		out.Cols = append(out.Cols, c)
	}
	out.Left, out.Right = q.coerceOutputs(left, want, implicitly), q.coerceOutputs(right, want, implicitly)
	return out
}

// setSide binds one side: a query of its own that sees no more than q does.
func (q *query) setSide(n *pg.SelectStmt) plan.Node {
	sub := q.sub()
	if n.IntoClause != nil {
		q.b.failAt(n.IntoClause.Rel.GetLocation(), pgerr.SyntaxError, "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT")
	}
	if n.Op != pg.SetOperation_SETOP_NONE && n.WithClause == nil && len(n.SortClause) == 0 && n.LimitCount == nil && n.LimitOffset == nil {
		return sub.setOperation(n)
	}
	return sub.selectStatement(n, keepUnknowns)
}

func firstTarget(n *pg.SelectStmt) int32 { return targetLocation(n, 0) }

// targetLocation is where column i of a query is written; -1 when that is not plain to see.
func targetLocation(n *pg.SelectStmt, i int) int32 {
	for n != nil && n.Op != pg.SetOperation_SETOP_NONE {
		n = n.Larg
	}
	switch {
	case n == nil:
		return -1
	case i < len(n.TargetList):
		return location(n.TargetList[i].GetResTarget().Val)
	case len(n.ValuesLists) > 0 && i < len(n.ValuesLists[0].GetList().Items):
		return location(n.ValuesLists[0].GetList().Items[i])
	}
	return -1
}
