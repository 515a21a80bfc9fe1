package server

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/rowcodec"
	"github.com/pegmatitedb/pegmatite/txn"
)

// cluster is where the rows are, as this process sees it: all shards are its
// own. It is what sessions' executors and the commit coordinator reach shards by.
type cluster struct {
	node    *Node
	service shard.Service // of all shards
	shards  *placement.Map
}

// Service implements exec.Cluster.
func (c *cluster) Service(catalog.Home, shard.ID) shard.Service { return c.service }

// Shards implements exec.Cluster.
func (c *cluster) Shards(catalog.Home) []shard.ID {
	ids := make([]shard.ID, c.shards.Shards())
	for i := range ids {
		ids[i] = shard.ID(i)
	}
	return ids
}

// ShardOf implements exec.Cluster.
func (c *cluster) ShardOf(hash uint64) shard.ID { return shard.ID(c.shards.ShardOf(hash)) }

// Epoch implements exec.Cluster.
func (c *cluster) Epoch() uint64 { return c.shards.Epoch() }

// logOf says which log a shard's commands go to.
func (c *cluster) logOf(id uint32) txn.LogID { return c.node.engine.LogOf(shard.ID(id)) }

// Participant finds a log for the commit coordinator; nil if nobody has it.
func (c *cluster) Participant(id txn.LogID) txn.Participant {
	if p := c.node.engine.Participant(id); p != nil {
		return c.node.layers.log(id, p)
	}
	return nil
}

// Cut implements txn.Cutter.
func (c *cluster) Cut(ctx context.Context, id txn.ID, e txn.Enlistment, from, sent txn.Statement) error {
	return c.service.Cut(ctx, &shard.CutRequest{
		Header: shard.Header{Shard: shard.ID(e.Shard), Epoch: c.Epoch(), Txn: id, Incarnation: e.Incarnation},
		From:   from, Sent: sent,
	})
}

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
