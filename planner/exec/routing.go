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
	run   *run
	home  catalog.Home
	scope *scope // the keys' expressions, one tuple after the other; nil: all shards
	types []*types.Type
	width int
}

func newRouter(r *run, n plan.Node, home catalog.Home, route plan.Route) (*router, error) {
	o := &router{run: r, home: home}
	if route.Keys == nil {
		return o, nil
	}
	if len(route.Keys) > 0 {
		o.width = len(route.Keys[0])
	}
	p, err := r.st.Memo.Derive(scopeKey{n, "route"}, func() (any, error) { return compileRoute(r.st, route) })
	if err != nil {
		return nil, err
	}
	compiled := p.(*routeProgram)
	o.scope, o.types = r.with(compiled.program), compiled.types
	return o, nil
}

type routeProgram struct {
	*program
	types []*types.Type
}

func compileRoute(st *plan.Statement, route plan.Route) (*routeProgram, error) {
	p := &routeProgram{}
	var list []expr.Expr
	for _, key := range route.Keys {
		for _, e := range key {
			list = append(list, e)
			p.types = append(p.types, e.Type())
		}
	}
	var err error
	p.program, err = compile(st, nil, list)
	return p, err
}

// shards are where the rows are, in order and each once. A key with a NULL
// has no rows anywhere.
func (o *router) shards(dst []shard.ID) ([]shard.ID, error) {
	if o.scope == nil {
		return append(dst, o.run.env.Cluster.Shards(o.home)...), nil
	}
	for start := 0; start < len(o.types); start += o.width {
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
	var space [4]types.Datum
	key := space[:0]
	for i := start; i < start+o.width; i++ {
		d, err := o.scope.value(i, nil)
		if err != nil || d.IsNull() {
			return 0, true, err
		}
		key = append(key, d)
	}
	return placement.Hash(o.types[start:start+o.width], key), false, nil
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
