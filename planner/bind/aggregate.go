package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// isAggregateName reports whether all that has the name are aggregates: no
// name of pg_proc is shared by aggregates and functions.
func (q *query) isAggregateName(name string) bool {
	procs := q.b.env.Library.ProcsNamed(name)
	return len(procs) > 0 && procs[0].Kind == 'a'
}

// aggregateCall binds a call of an aggregate. It belongs to the query of the
// innermost column among its arguments, which computes it in its Aggregate.
func (q *query) aggregateCall(n *pg.FuncCall, name string) expr.Expr {
	if n.AggWithinGroup || len(n.Args) == 0 && !n.AggStar && q.takesNone(name) {
		q.refuseEmptyCall(n, name)
	}
	around := q.aggregating
	open := &aggregateArgs{}
	q.aggregating = open
	call := q.aggregateArguments(n, name)
	q.aggregating = around
	depth := 0
	if open.seen {
		depth = open.nearest
	}
	if open.inner {
		q.b.failAt(open.innerAt, pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
	owner := q
	for range depth {
		owner = owner.parent
	}
	if !owner.kind.allowsAggregates() {
		q.refuseAggregate(owner.kind, n.Location)
	}
	if around != nil && depth == 0 {
		around.inner, around.innerAt = true, n.Location
	}
	return q.addAggregate(call, depth, n.Location)
}

func (q *query) takesNone(name string) bool {
	for _, p := range q.b.env.Library.ProcsNamed(name) {
		if len(p.Args) == 0 {
			return true
		}
	}
	return false
}

func (q *query) refuseEmptyCall(n *pg.FuncCall, name string) {
	if n.AggWithinGroup {
		q.b.unsupported(n.Location, "WITHIN GROUP")
	}
	q.b.failAt(n.Location, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", name)
}

func (q *query) refuseAggregate(kind exprKind, location int32) {
	if kind == kindNone {
		q.b.failAt(location, pgerr.GroupingError, "aggregate functions are not allowed in FROM clause of their own query level")
	}
	q.b.failAt(location, pgerr.GroupingError, "aggregate functions are not allowed in %s", kindNames[kind])
}

// aggregateArguments binds what stands in the parentheses and FILTER.
func (q *query) aggregateArguments(n *pg.FuncCall, name string) *expr.AggregateCall {
	args, _ := q.list(n.Args)
	r := q.resolve(n, name, args, nil)
	if n.FuncVariadic && n.AggDistinct {
		q.b.unsupported(n.Location, "VARIADIC with DISTINCT")
	}
	q.refuseOrderedSet(n, r)
	q.refuseSetArguments(args, n)
	call, err := q.b.coercer.AggregateCall(r, args)
	q.b.must(err, n.Location)
	call.Distinct, call.Star = n.AggDistinct, n.AggStar
	if n.AggFilter != nil {
		q.with(kindFilter, func() { call.Filter = q.condition(n.AggFilter, "FILTER") })
	}
	call.Order = q.aggregateOrder(n, call)
	if call.Distinct {
		q.checkAggregateDistinct(n, call)
	}
	return call
}

func (q *query) refuseOrderedSet(n *pg.FuncCall, r *builtin.Resolution) {
	if r.Proc != nil && r.Proc.AggKind != 'n' {
		q.b.failAt(n.Location, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", r.Proc.Name)
	}
}

func (q *query) refuseSetArguments(args []expr.Expr, n *pg.FuncCall) {
	for _, a := range args {
		if expr.HasSet(a) {
			fail(pgerr.New(pgerr.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").
				WithPosition(q.b.position(n.Location)))
		}
	}
}

// aggregateOrder binds ORDER BY inside of the parentheses, whose items are never numbers.
func (q *query) aggregateOrder(n *pg.FuncCall, call *expr.AggregateCall) (keys []expr.SortKey) {
	for _, o := range n.AggOrder {
		by := o.GetSortBy()
		e := q.text(q.expr(by.Node), location(by.Node))
		k := expr.SortKey{Expr: e}
		k.Desc, k.NullsFirst = q.direction(by, e)
		keys = append(keys, k)
	}
	return keys
}

// checkAggregateDistinct: the sort keys must be among the arguments.
func (q *query) checkAggregateDistinct(n *pg.FuncCall, call *expr.AggregateCall) {
	if n.AggStar {
		q.b.failAt(n.Location, pgerr.SyntaxError, "DISTINCT cannot be used with *")
	}
	for _, a := range call.Args {
		q.equality(a, n.Location)
	}
	for i, k := range call.Order {
		found := false
		for _, a := range call.Args {
			found = found || expr.Equal(a, k.Expr)
		}
		if !found {
			q.b.failAt(location(n.AggOrder[i].GetSortBy().Node), pgerr.InvalidColumnReference,
				"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
	}
}
