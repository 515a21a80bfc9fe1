package planner

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// PlanFeed plans an INSERT whose rows the caller supplies (exec.Env's Feed):
// the statement has a VALUES list of one row of parameters, each cast to its
// column's type, in their place. The plan has no parameters left: literals
// elsewhere in the statement are in it.
func (c *Cache) PlanFeed(env *bind.Env, s *sqlparse.Statement) (*plan.Statement, error) {
	st, err := bind.Statement(env, s, nil)
	if err != nil {
		return nil, err
	}
	fed := *st
	found := false
	fed.Root, err = plan.Rebuild(st.Root, func(n plan.Node) (plan.Node, error) {
		if v, ok := n.(*plan.Values); ok && !found {
			found = true
			return &plan.Feed{Cols: v.Cols}, nil
		}
		return plan.MapExprs(n, func(e expr.Expr) (expr.Expr, error) { return literal(env, st, s, e) })
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, pgerr.Internal("no VALUES to feed")
	}
	fed.Params, fed.Lifted = nil, nil
	return c.planner.finish(env, &fed)
}

// literal puts lifted literals back into an expression.
func literal(env *bind.Env, st *plan.Statement, s *sqlparse.Statement, e expr.Expr) (expr.Expr, error) {
	return expr.Map(e, func(e expr.Expr) (expr.Expr, error) {
		p, ok := e.(*expr.Param)
		if !ok || p.Index < len(st.Params) {
			return e, nil
		}
		l := s.Lifted[p.Index-len(st.Params)]
		d, err := l.Datum()
		if err == nil && l.Kind == sqlparse.LiteralString && p.T != types.TUnknown {
			d, err = p.T.Parse(env.Types, l.Text, -1)
		}
		return &expr.Const{Typed: p.Typed, Value: d}, err
	})
}
