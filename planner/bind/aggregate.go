package bind

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// isAggregateName reports whether something that has the name is an aggregate:
// the others are window functions then, since no name of pg_proc is shared by
// aggregates and plain functions.
func (q *query) isAggregateName(n *pg.FuncCall, name string) bool {
	if users, _ := q.userFunctions(n); slices.ContainsFunc(users, func(p *builtin.Proc) bool { return p.Kind == 'a' }) {
		return true
	}
	if len(n.Funcname) > 1 && n.Funcname[len(n.Funcname)-2].GetString_().GetSval() != "pg_catalog" {
		return false
	}
	for _, p := range q.b.env.Library.ProcsNamed(name) {
		if p.Kind == 'a' {
			return true
		}
	}
	return false
}

// writtenName is a function's name as the call has it.
func writtenName(n *pg.FuncCall) string {
	parts := make([]string, len(n.Funcname))
	for i, f := range n.Funcname {
		parts[i] = f.GetString_().GetSval()
	}
	return strings.Join(parts, ".")
}

// aggregateCall binds a call of an aggregate. It belongs to the query of the
// innermost column among its arguments, which computes it in its Aggregate.
func (q *query) aggregateCall(n *pg.FuncCall, name string) expr.Expr {
	around := q.aggregating
	open, direct := &aggregateArgs{}, &aggregateArgs{}
	q.aggregating = open
	call := q.aggregateArguments(n, name, direct)
	q.aggregating = around
	depth := open.level()
	q.refuseInside(open, depth)
	q.refuseInside(direct, depth)
	if direct.seen && direct.nearest < depth {
		q.b.failAt(direct.nearestAt, pgerr.GroupingError, "outer-level aggregate cannot contain a lower-level variable in its direct arguments")
	}
	owner := q
	for range depth {
		owner = owner.parent
	}
	if !owner.kind.allowsAggregates() {
		q.refuseAggregate(owner.kind, n.Location)
	}
	q.tellAggregates(depth, n.Location)
	q.checkCollations(call)
	return q.addAggregate(call, depth, n.Location)
}

// tellAggregates tells those whose arguments are being read of an aggregate among
// them, which belongs to the query depth levels out.
func (q *query) tellAggregates(depth int, location int32) {
	for level, d := q, depth; d >= 0; level, d = level.parent, d-1 {
		if a := level.aggregating; a != nil {
			a.sawAggregate(d, location)
		}
	}
}

// level is how many levels out the query is that an aggregate belongs to.
func (a *aggregateArgs) level() int {
	if a.seen {
		return a.nearest
	}
	return 0
}

// refuseInside refuses what may not stand among the arguments of an aggregate that
// belongs to the query depth levels out.
func (q *query) refuseInside(args *aggregateArgs, depth int) {
	if args.window {
		q.b.failAt(args.windowAt, pgerr.GroupingError, "aggregate function calls cannot contain window function calls")
	}
	if args.inner && args.innerDepth == depth {
		q.b.failAt(args.innerAt, pgerr.GroupingError, "aggregate function calls cannot be nested")
	}
}

func (q *query) refuseAggregate(kind exprKind, location int32) {
	if kind == kindNone {
		q.b.failAt(location, pgerr.GroupingError, "aggregate functions are not allowed in FROM clause of their own query level")
	}
	q.b.failAt(location, pgerr.GroupingError, "aggregate functions are not allowed in %s", kindNames[kind])
}

// aggregateArguments binds what stands in the parentheses, WITHIN GROUP and
// FILTER. direct learns of an ordered-set aggregate's direct arguments.
func (q *query) aggregateArguments(n *pg.FuncCall, name string, direct *aggregateArgs) *expr.AggregateCall {
	open := q.aggregating
	if n.AggWithinGroup {
		q.aggregating = direct
	}
	args, names := q.callArgs(n)
	q.aggregating = open
	aggregated := q.withinGroup(n)
	all := slices.Concat(args, aggregated)
	if len(names) > 0 && len(aggregated) > 0 {
		q.b.failAt(location(n.AggOrder[0].GetSortBy().Node), pgerr.SyntaxError, "positional argument cannot follow named argument")
	}
	r := q.resolve(n, name, all, names)
	if r.Proc == nil || r.Proc.Kind != 'a' && r.Proc.Kind != 'w' {
		q.b.unsupported(n.Location, "a function that has an aggregate's name")
	}
	q.checkAggregateSyntax(n, r, all)
	if r.Proc.AggKind == 'h' {
		q.unifyHypothetical(n, r, all, len(args))
	}
	if len(names) > 0 {
		q.b.failAt(n.Location, pgerr.FeatureNotSupported, "aggregates cannot use named arguments")
	}
	if n.FuncVariadic && n.AggDistinct {
		q.b.unsupported(n.Location, "VARIADIC with DISTINCT")
	}
	q.refuseSetsIn("aggregate", all, n.Location)
	call, err := q.b.coercer.AggregateCall(r, all)
	q.b.must(err, n.Location)
	call.Distinct, call.Star = n.AggDistinct, n.AggStar
	if n.AggFilter != nil {
		q.with(kindFilter, func() { call.Filter = q.condition(n.AggFilter, "FILTER") })
	}
	if n.AggWithinGroup {
		q.splitDirect(n, call, len(args))
		return call
	}
	call.Order = q.aggregateOrder(n, call, all)
	if call.Distinct {
		q.checkAggregateDistinct(n, call)
	}
	return call
}

// refuseSetsIn refuses calls that return sets in the arguments of an aggregate
// or window function.
func (q *query) refuseSetsIn(kind string, args []expr.Expr, at int32) {
	found := false
	for _, a := range args {
		expr.Walk(a, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Call); ok && c.Func.ReturnsSet {
				found = true
				if where, known := q.b.location[c]; known {
					at = where
				}
			}
			return true
		})
	}
	if found {
		fail(pgerr.New(pgerr.FeatureNotSupported, "%s function calls cannot contain set-returning function calls", kind).
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").
			WithPosition(q.b.position(at)))
	}
}

// aggregateOrder binds ORDER BY inside of the parentheses, whose items are never numbers.
// One that is written as an argument is what has become of that (findTargetlistEntrySQL99).
func (q *query) aggregateOrder(n *pg.FuncCall, call *expr.AggregateCall, written []expr.Expr) (keys []expr.SortKey) {
	for _, o := range n.AggOrder {
		by := o.GetSortBy()
		e := q.expr(by.Node)
		if i := slices.IndexFunc(written, func(a expr.Expr) bool { return expr.Equal(a, e) }); i >= 0 && i < len(call.Args) {
			e = call.Args[i]
		}
		e = q.text(e, location(by.Node))
		k := expr.SortKey{Expr: e}
		k.Desc, k.NullsFirst = q.direction(by, e)
		q.b.checkSortable(e)
		keys = append(keys, k)
	}
	return keys
}

// checkAggregateDistinct: the sort keys must be among the arguments.
func (q *query) checkAggregateDistinct(n *pg.FuncCall, call *expr.AggregateCall) {
	if n.AggStar {
		q.b.failAt(n.Location, pgerr.SyntaxError, "DISTINCT cannot be used with *")
	}
	for i, a := range call.Args {
		at := n.Location
		if i < len(n.Args) {
			at = location(n.Args[i])
		}
		call.Args[i] = q.text(a, at)
		q.equality(call.Args[i], at)
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
