package server

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// Nodes implements session.Topology: this process is the only node.
func (c *cluster) Nodes(context.Context) ([]session.NodeInfo, error) {
	n := c.node
	return []session.NodeInfo{{
		Node: n.dir.Identity.Node, Address: n.Address(), State: "serving", Boot: n.boot, Version: Version, Weight: 1,
	}}, nil
}

// NodeOf implements session.Topology.
func (c *cluster) NodeOf(id shard.ID) uint32 { return c.shards.Node(uint32(id)) }

// Slots implements session.Topology.
func (c *cluster) Slots(id shard.ID) int {
	n := 0
	for slot := range placement.Slots {
		if c.shards.ShardOf(uint64(slot)<<(64-placement.SlotBits)) == uint32(id) {
			n++
		}
	}
	return n
}
