// Package cluster is where the rows are, as one node sees it: which nodes
// there are, which of them has which shard, and how each is reached.
//
//	cluster.go   Cluster: shards and logs by name, this node's and others' alike
//	members.go   Members: the other nodes, as the metadata store tells of them
//	route.go     each request goes to the node that has the shard, also while it moves
//	transfer.go  a shard on its way from node to node
//	moves.go     Move: what a node says of a shard that it moves away
//	reach.go     a node that does not answer costs its shards' statements an error that names it
//	gate.go      Gate: this node's shards and logs for the others, who may ask before they are open
//	election.go  Election: which node is the timestamp oracle
//	vouch.go     the other nodes' word for the oracle, when the metadata store is away
//	waits.go     what transactions wait for on other nodes, for deadlocks
//	objectlocks.go  locks on catalog objects that every node grants
//	peer.go      what nodes ask of each other beside shards and logs
package cluster

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// Cluster finds shards and logs for one node's sessions and commits
// (exec.Cluster, txn.Cutter, session.Topology).
type Cluster struct {
	local   Local
	members *Members
	store   *store.Store
	log     *slog.Logger
	shards  atomic.Pointer[placement.Map]
	ids     []shard.ID // all
}

var (
	_ exec.Cluster     = (*Cluster)(nil)
	_ txn.Cutter       = (*Cluster)(nil)
	_ session.Topology = (*Cluster)(nil)
)

// Local is the node's own part: its shards, and its logs by their UUID (nil for
// others') and by the shard.
type Local struct {
	Service     shard.Service
	Participant func(txn.LogID) txn.Participant
	LogOf       func(shard.ID) txn.LogID
}

// New makes the view of a node with the given map. Follow keeps it current.
func New(local Local, members *Members, s *store.Store, m *placement.Map, log *slog.Logger) *Cluster {
	c := &Cluster{local: local, members: members, store: s, log: log, ids: make([]shard.ID, m.Shards())}
	for i := range c.ids {
		c.ids[i] = shard.ID(i)
	}
	c.shards.Store(m)
	return c
}

// Service implements exec.Cluster.
func (c *Cluster) Service(catalog.Home, shard.ID) shard.Service { return routed{c} }

// Shards implements exec.Cluster.
func (c *Cluster) Shards(catalog.Home) []shard.ID { return c.ids }

// ShardOf implements exec.Cluster.
func (c *Cluster) ShardOf(hash uint64) shard.ID { return shard.ID(c.shards.Load().ShardOf(hash)) }

// Epoch implements exec.Cluster.
func (c *Cluster) Epoch() uint64 { return c.shards.Load().Epoch() }

// Away implements exec.Cluster.
func (c *Cluster) Away(_ catalog.Home, id shard.ID) bool { return c.NodeOf(id) != c.members.self }

// NodeOf implements session.Topology.
func (c *Cluster) NodeOf(id shard.ID) uint32 { return c.shards.Load().Node(uint32(id)) }

// Slots implements session.Topology.
func (c *Cluster) Slots(id shard.ID) int { return c.shards.Load().SlotsOf(uint32(id)) }

// LogOf says which log a shard's commands go to; none for a node that has not said.
func (c *Cluster) LogOf(id uint32) txn.LogID {
	node := c.NodeOf(shard.ID(id))
	if node == c.members.self {
		return c.local.LogOf(shard.ID(id))
	}
	return c.members.logOf(node, shard.ID(id))
}

// Participant finds a log for the commit coordinator; nil if nobody has it.
func (c *Cluster) Participant(id txn.LogID) txn.Participant {
	if p := c.local.Participant(id); p != nil {
		return p
	}
	return c.members.participant(id)
}

// Here reports whether a log is this node's.
func (c *Cluster) Here(id txn.LogID) bool { return c.local.Participant(id) != nil }

// Alone reports whether the node is the cluster's only one.
func (c *Cluster) Alone() bool { return len(*c.members.nodes.Load()) == 0 }

// Cut implements txn.Cutter.
func (c *Cluster) Cut(ctx context.Context, id txn.ID, e txn.Enlistment, from, sent txn.Statement) error {
	return c.Service(catalog.HomeShards, shard.ID(e.Shard)).Cut(ctx, &shard.CutRequest{
		Header: shard.Header{Shard: shard.ID(e.Shard), Epoch: c.Epoch(), Txn: id, Incarnation: e.Incarnation},
		From:   from, Sent: sent,
	})
}

// Ask asks a log of another node what became of a transaction (engine.Config.Ask).
func (c *Cluster) Ask(ctx context.Context, home txn.LogID, id txn.ID) (txn.Outcome, error) {
	p := c.Participant(home)
	if p == nil {
		return txn.Outcome{}, pgerr.New(pgerr.ConnectionDoesNotExist, "log %s is not of this cluster, or its node is down", home)
	}
	return p.Ask(ctx, id)
}

// Resolve tells a log of another node what one of this node's has decided
// (engine.Config.Resolve). A log whose node was removed needs no decision any more:
// until it has no shard, and nothing in doubt, no node can be removed.
func (c *Cluster) Resolve(ctx context.Context, log txn.LogID, r *txn.ResolveRequest) error {
	if p := c.Participant(log); p != nil {
		return p.Resolve(ctx, r)
	}
	nodes, err := c.store.Nodes(ctx) // a new node's record may not have come yet
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if len(n.Logs) == 0 || slices.Contains(logIDs(n.Logs), log) {
			return pgerr.New(pgerr.ConnectionFailure, "log %s cannot be reached", log)
		}
	}
	return nil
}

// Nodes implements session.Topology.
func (c *Cluster) Nodes(ctx context.Context) ([]session.NodeInfo, error) {
	nodes, err := c.store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	oracle, elected, err := c.store.Leader(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]session.NodeInfo, len(nodes))
	for i, n := range nodes {
		infos[i] = session.NodeInfo{
			Node: n.ID, Name: n.Name, Address: n.Clients, State: NodeState(n), Boot: n.Boot, Version: n.Version, Weight: n.Weight,
			Oracle: elected && n.ID == oracle.Node,
		}
	}
	return infos, nil
}

// Coordinated implements session.Topology.
func (c *Cluster) Coordinated(ctx context.Context) []session.Coordinated {
	return slices.Concat(askAll[struct{}, []session.Coordinated](ctx, c.members, "Coordinated", struct{}{})...)
}

// NodeState is a node's state in words, for operators.
func NodeState(n store.Node) string {
	switch {
	case n.Live && n.Draining:
		return "draining"
	case n.Live:
		return "serving"
	case n.Draining:
		return "down, draining"
	}
	return "down"
}

// Follow keeps the shard map current until ctx ends.
func (c *Cluster) Follow(ctx context.Context) {
	for ctx.Err() == nil {
		watch := c.store.WatchPlacement()
		err := c.Refresh(ctx)
		for err == nil {
			if _, err = watch.Next(ctx); err == nil {
				err = c.Refresh(ctx)
			}
		}
		watch.Close()
		if ctx.Err() == nil {
			c.log.Warn("lost the watch of the shard map, reading it anew", "error", err)
			pause.For(ctx, retryPause)
		}
	}
}

// Refresh reads the shard map anew.
func (c *Cluster) Refresh(ctx context.Context) error {
	m, _, err := c.store.Placement(ctx)
	if err == nil && m != nil && m.Epoch() > c.Epoch() {
		c.shards.Store(m)
	}
	return err
}

// retryPause is how long a node waits before it asks a metadata store again
// that did not answer.
const retryPause = 200 * time.Millisecond
