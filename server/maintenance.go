package server

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
)

// maintenance is what statements can ask of the node's files.
type maintenance struct{ node *Node }

// Checkpoint implements session.Maintenance.
func (m *maintenance) Checkpoint(ctx context.Context) error {
	return m.everywhere(ctx, shard.ControlSettle)
}

// Shrink implements session.Maintenance.
func (m *maintenance) Shrink(ctx context.Context, full bool) error {
	if full {
		return m.everywhere(ctx, shard.ControlShrinkFull)
	}
	return m.everywhere(ctx, shard.ControlShrink)
}

// everywhere has every shard of the cluster do it, one after the other.
func (m *maintenance) everywhere(ctx context.Context, op shard.ControlOp) error {
	c := m.node.view.Load()
	for _, id := range c.Shards(catalog.HomeShards) {
		r := &shard.ControlRequest{Header: shard.Header{Shard: id, Epoch: c.Epoch()}, Op: op}
		if _, err := c.Service(catalog.HomeShards, id).Control(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// Sweep implements session.Maintenance.
func (m *maintenance) Sweep(ctx context.Context) error {
	_, err := m.node.sweeper.Sweep(ctx)
	return err
}

// PublishStatistics implements session.Maintenance. As what is sent cannot be
// called back, it hears a cancel before that, and then waits for the outcome.
func (m *maintenance) PublishStatistics(ctx context.Context, s map[catalog.OID]catalog.Statistics) error {
	if err := m.node.checkSpace(); err != nil {
		return err
	}
	if err := m.node.reachMetadata(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return pgerr.From(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.node.layers.metadataTimeout())
	defer cancel()
	_, err := m.node.store.PublishStatistics(ctx, s)
	return err
}
