package bind

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// withinGroup binds what WITHIN GROUP orders by: the aggregated arguments.
func (q *query) withinGroup(n *pg.FuncCall) (args []expr.Expr) {
	if n.AggWithinGroup {
		for _, o := range n.AggOrder {
			args = append(args, q.expr(o.GetSortBy().Node))
		}
	}
	return args
}

// checkAggregateSyntax refuses a call that is not written as its aggregate is
// to be called (ParseFuncOrColumn in parse_func.c).
func (q *query) checkAggregateSyntax(n *pg.FuncCall, r *builtin.Resolution, args []expr.Expr) {
	name := writtenName(n)
	switch {
	case r.Proc.Kind == 'w':
		q.b.failAt(n.Location, pgerr.WrongObjectType, "window function %s requires an OVER clause", name)
	case r.Proc.AggKind == 'n' && n.AggWithinGroup:
		q.b.failAt(n.Location, pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
	case r.Proc.AggKind == 'n':
		q.refuseEmptyCall(n, args)
	case !n.AggWithinGroup:
		q.b.failAt(n.Location, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", name)
	default:
		q.checkDirect(n, r.Proc, args)
	}
}

// refuseEmptyCall: an aggregate without arguments is called with a star.
func (q *query) refuseEmptyCall(n *pg.FuncCall, args []expr.Expr) {
	if len(args) == 0 && !n.AggStar {
		q.b.failAt(n.Location, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", writtenName(n))
	}
}

// checkDirect: the arguments were resolved as one list, in which the direct and
// the aggregated ones have to meet where the aggregate has them.
func (q *query) checkDirect(n *pg.FuncCall, p *builtin.Proc, args []expr.Expr) {
	aggregated := len(n.AggOrder)
	direct := len(args) - aggregated
	hint := ""
	switch {
	case p.AggKind == 'h' && direct != aggregated:
		hint = "To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d)."
	case p.AggKind == 'o' && direct != p.AggDirect:
		hint, direct, aggregated = "There is an ordered-set aggregate %s, but it requires %d direct arguments, not %d.", p.AggDirect, direct
	default:
		return
	}
	list := make([]*types.Type, len(args))
	for i, a := range args {
		list[i] = a.Type()
	}
	name := writtenName(n)
	fail(pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", expr.Signature(name, list)).
		WithHint(hint, name, direct, aggregated).WithPosition(q.b.position(n.Location)))
}

// unifyHypothetical gives the hypothetical row and the rows that it is compared
// with common types (unify_hypothetical_args).
func (q *query) unifyHypothetical(n *pg.FuncCall, r *builtin.Resolution, args []expr.Expr, direct int) {
	for i, o := range n.AggOrder {
		at := []int32{location(o.GetSortBy().Node), location(n.Args[i])}
		pair := []expr.Expr{args[direct+i], args[i]}
		t := q.commonType("WITHIN GROUP", pair, at)
		for j, k := range []int{direct + i, i} {
			args[k] = q.common(pair[j], t, "WITHIN GROUP", at[j])
			r.Types[k] = t
		}
	}
}

// splitDirect parts the arguments of an ordered-set aggregate.
func (q *query) splitDirect(n *pg.FuncCall, call *expr.AggregateCall, direct int) {
	call.Direct, call.Args = call.Args[:direct:direct], call.Args[direct:]
	for i, o := range n.AggOrder {
		by := o.GetSortBy()
		call.Args[i] = q.text(call.Args[i], location(by.Node))
		k := expr.SortKey{Expr: call.Args[i]}
		k.Desc, k.NullsFirst = q.direction(by, k.Expr)
		call.Order = append(call.Order, k)
	}
}
