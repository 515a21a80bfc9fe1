package exec

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
)

// hashKey is placement.Hash of n columns.
func hashKey(n int, at func(i int) (*types.Type, types.Datum)) uint64 {
	var typeSpace [4]*types.Type
	var valueSpace [4]types.Datum
	of, key := typeSpace[:0], valueSpace[:0]
	for i := range n {
		t, d := at(i)
		of, key = append(of, t), append(key, d)
	}
	return placement.Hash(of, key)
}

// shardOf is the shard of a row with the given shard key.
func (r *run) shardOf(home catalog.Home, hash uint64) shard.ID {
	if home == catalog.HomeShards {
		return r.env.Cluster.ShardOf(hash)
	}
	return r.env.Cluster.Shards(home)[0]
}

// rowShard is the shard of a full row image.
func (r *run) rowShard(rel *plan.Relation, image Row) shard.ID {
	return r.shardOf(rel.Home, hashKey(len(rel.ShardKey), func(i int) (*types.Type, types.Datum) {
		p := rel.ShardKey[i]
		return rel.Table.Columns[p].Type, image[p]
	}))
}

// router finds the shards of a Route.
type router struct {
	run  *run
	home catalog.Home
	keys *routeKeys // nil: all shards
	// ctx is what the keys are evaluated in; nil is the run's.
	ctx *expr.Context
}

// routeKeys are a Route's keys compiled, one tuple after the other. They
// contain no subqueries.
type routeKeys struct {
	*program
	types []*types.Type
	width int
}

func (r *run) router(n plan.Node, home catalog.Home, route plan.Route) (router, error) {
	o := router{run: r, home: home}
	if route.Keys == nil {
		return o, nil
	}
	v, err := r.st.Memo.Derive(scopeKey{n, "route"}, func() (any, error) { return compileRoute(r.st, route) })
	if err != nil {
		return o, err
	}
	o.keys = v.(*routeKeys)
	return o, nil
}

func compileRoute(st *plan.Statement, route plan.Route) (*routeKeys, error) {
	k := &routeKeys{}
	var list []expr.Expr
	for _, key := range route.Keys {
		k.width = len(key)
		for _, e := range key {
			list = append(list, e)
			k.types = append(k.types, e.Type())
		}
	}
	var err error
	k.program, err = compile(st, nil, list)
	return k, err
}

// shards are where the rows are, in order and each once. A key with a NULL
// has no rows anywhere.
func (o *router) shards(dst []shard.ID) ([]shard.ID, error) {
	if o.keys == nil {
		return append(dst, o.run.env.Cluster.Shards(o.home)...), nil
	}
	for start := 0; start < len(o.keys.types); start += o.keys.width {
		hash, null, err := o.hash(start)
		if err != nil {
			return nil, err
		}
		if !null {
			dst = insertShard(dst, o.run.shardOf(o.home, hash))
		}
	}
	return dst, nil
}

func (o *router) hash(start int) (h uint64, null bool, err error) {
	ctx := o.ctx
	if ctx == nil {
		ctx = &o.run.ctx
	}
	var space [4]types.Datum
	key := space[:0]
	for _, eval := range o.keys.evals[start : start+o.keys.width] {
		d, err := eval(ctx, nil)
		if err != nil || d.IsNull() {
			return 0, true, err
		}
		key = append(key, d)
	}
	return placement.Hash(o.keys.types[start:start+o.keys.width], key), false, nil
}

// insertShard keeps a short list sorted and free of duplicates.
func insertShard(list []shard.ID, id shard.ID) []shard.ID {
	i := len(list)
	for i > 0 && list[i-1] >= id {
		i--
	}
	if i < len(list) && list[i] == id {
		return list
	}
	list = append(list, 0)
	copy(list[i+1:], list[i:])
	list[i] = id
	return list
}
