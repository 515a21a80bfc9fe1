package server

import (
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/rowcodec"
)

// shardOf tells an engine which shard a row belongs to whose shard key changed.
func shardOf(m *placement.Map) func(t *shard.Table, key []int, row []byte) shard.ID {
	return func(t *shard.Table, key []int, row []byte) shard.ID {
		cols := make([]*types.Type, len(key))
		all := make([]rowcodec.Column, len(t.Columns))
		for i, c := range t.Columns {
			all[i] = rowcodec.Column{Type: c.Type, Typmod: c.Typmod}
		}
		for i, at := range key {
			cols[i] = t.Columns[at].Type
		}
		values := make([]types.Datum, len(key))
		if err := rowcodec.DecodeSome(values, row, all, key); err != nil {
			return 0 // the engine made the row: it is well formed
		}
		return shard.ID(m.ShardOf(placement.Hash(cols, values)))
	}
}
