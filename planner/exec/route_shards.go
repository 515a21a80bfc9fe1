package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// RouteShards finds the shards of a statement's routes before it runs, for
// plan.ExplainOptions: those that the parameters' values decide. Of env it uses
// Cluster, Types and Session.
func RouteShards(ctx context.Context, env *Env, st *plan.Statement, params, lifted []types.Datum) func(plan.Node, catalog.Home, plan.Route) ([]shard.ID, int, bool) {
	return func(_ plan.Node, home catalog.Home, route plan.Route) ([]shard.ID, int, bool) {
		total := len(env.Cluster.Shards(home))
		if !decided(st, route, len(params)) {
			return nil, total, false
		}
		r, err := newRun(ctx, env, st, params, lifted)
		if err != nil {
			return nil, total, false
		}
		o := router{run: r, home: home}
		if route.Keys != nil {
			if o.keys, err = compileRoute(st, route); err != nil {
				return nil, total, false
			}
		}
		ids, err := o.shards(nil)
		return ids, total, err == nil
	}
}

// decided reports whether a route needs nothing but the client's values and literals.
func decided(st *plan.Statement, route plan.Route, params int) bool {
	ok := params >= len(st.Params)
	for _, key := range route.Keys {
		for _, e := range key {
			expr.Walk(e, func(e expr.Expr) bool {
				switch e := e.(type) {
				case *expr.Param:
					ok = ok && e.Index < len(st.Params)+len(st.Lifted)
				case *expr.Column, *expr.Subquery:
					ok = false
				}
				return ok
			})
		}
	}
	return ok || route.Keys == nil
}
