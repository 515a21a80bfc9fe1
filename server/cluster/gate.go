package cluster

import (
	"context"
	"sync/atomic"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Gate is a node's shards and logs for other nodes, which may ask before they
// are open: the node must be in the cluster to open them.
type Gate struct {
	node atomic.Pointer[engine.Node]
}

var (
	_ shard.Service = (*Gate)(nil)
	_ engine.Waits  = (*Gate)(nil)
)

// Open lets requests in.
func (g *Gate) Open(n *engine.Node) { g.node.Store(n) }

// engine returns the node's shards, or why not: the caller takes it for a
// connection that was not made.
func (g *Gate) engine() (*engine.Node, error) {
	if n := g.node.Load(); n != nil {
		return n, nil
	}
	return nil, pgerr.New(pgerr.ConnectionFailure, "the node is starting")
}

// Participant finds a log of the node; nil if it is not here or not open yet.
func (g *Gate) Participant(id txn.LogID) txn.Participant {
	n := g.node.Load()
	if n == nil {
		return nil
	}
	if p := n.Participant(id); p != nil {
		return p
	}
	return nil
}

// Read implements shard.Service.
func (g *Gate) Read(ctx context.Context, r *shard.ReadRequest) (shard.Rows, error) {
	n, err := g.engine()
	if err != nil {
		return nil, err
	}
	return n.Read(ctx, r)
}

// Write implements shard.Service.
func (g *Gate) Write(ctx context.Context, r *shard.WriteRequest) (*shard.WriteReply, error) {
	n, err := g.engine()
	if err != nil {
		return nil, err
	}
	return n.Write(ctx, r)
}

// Cut implements shard.Service.
func (g *Gate) Cut(ctx context.Context, r *shard.CutRequest) error {
	n, err := g.engine()
	if err != nil {
		return err
	}
	return n.Cut(ctx, r)
}

// Control implements shard.Service.
func (g *Gate) Control(ctx context.Context, r *shard.ControlRequest) (*shard.ControlReply, error) {
	n, err := g.engine()
	if err != nil {
		return nil, err
	}
	return n.Control(ctx, r)
}

// Settle has the node's logs follow the decision of a transaction with DDL,
// durably, if one is given, and returns when none of them asks for it (rule 21).
func (g *Gate) Settle(ctx context.Context, id txn.ID, out *txn.Outcome) error {
	n, err := g.engine()
	if err != nil {
		return err
	}
	if out != nil {
		for _, log := range n.Participants() {
			if err := log.Follow(ctx, &txn.ResolveRequest{Txn: id, Outcome: *out}); err != nil {
				return err
			}
		}
	}
	return n.Unasked(ctx, id)
}

// Edges implements engine.Waits.
func (g *Gate) Edges() []lock.Edge {
	if n := g.node.Load(); n != nil {
		return n.Edges()
	}
	return nil
}

// Jump implements engine.Waits.
func (g *Gate) Jump(waiter txn.ID) bool {
	n := g.node.Load()
	return n != nil && n.Jump(waiter)
}

// Search is engine.Node's, of a transaction that waits in this node's
// objectlock.Locks. As long as the node starts it finds nothing.
func (g *Gate) Search(ctx context.Context, self txn.ID, leave func()) error {
	if n := g.node.Load(); n != nil {
		return n.Search(ctx, self, leave)
	}
	return nil
}
