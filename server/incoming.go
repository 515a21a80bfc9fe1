package server

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
)

// incoming is a shard on its way to this node (cluster.Incoming).
type incoming struct {
	*engine.Adoption
	node *Node
	id   shard.ID
	keep bool // it is this node's, or may be
}

var _ cluster.Incoming = (*incoming)(nil)

// adopt prepares to take in a shard.
func (n *Node) adopt(id shard.ID) (cluster.Incoming, error) {
	select {
	case <-n.halt:
		return nil, errNotServing()
	default:
	}
	if !n.open.Load() {
		return nil, errNotServing()
	}
	if err := n.engine.CheckSpace(); err != nil {
		return nil, err
	}
	a, err := n.engine.BeginAdoption(id)
	if err != nil {
		return nil, err
	}
	return &incoming{Adoption: a, node: n, id: id}, nil
}

// Pages implements cluster.Incoming. The disk is to have space left for what is here already.
func (in *incoming) Pages(ctx context.Context, first uint32, pages []byte) error {
	if err := in.node.engine.CheckSpace(); err != nil {
		return err
	}
	return in.Adoption.Pages(ctx, first, pages)
}

func errNotServing() error {
	return pgerr.New(pgerr.CannotConnectNow, "the node is starting or stopping")
}

// Finish implements cluster.Incoming. What was claimed is served, even if the
// source hears nothing of it any more.
func (in *incoming) Finish(ctx context.Context, h *engine.Handover, moves uint32) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-in.node.halt:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(); <-ended }()
	err := in.Adoption.Finish(ctx, h, func(ctx context.Context) (epoch uint64, err error) {
		in.keep = true
		epoch, err = in.node.store.Claim(ctx, store.Claim{Shard: uint32(in.id), Moves: moves, Node: in.node.dir.Identity.Node, Boot: in.node.boot})
		in.keep = err != nil || epoch != 0
		return epoch, err
	})
	if err != nil {
		return err
	}
	in.node.moves.taken.Add(1)
	in.node.log.Info("took in a shard", "shard", in.id, "bytes", int64(h.Pages)*engine.PageBytes)
	return in.node.view.Load().Refresh(ctx)
}

// End implements cluster.Incoming. What has come of a shard that stays where it was goes.
func (in *incoming) End() {
	if !in.keep {
		if err := in.Adoption.Discard(); err != nil {
			in.node.log.Warn("what has come of a shard cannot be removed", "shard", in.id, "error", err)
		}
	}
	in.Adoption.End()
}
