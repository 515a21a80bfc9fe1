package operator

import (
	"context"
	"fmt"
	"slices"

	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Remove takes a node that is down and has no shards out of the cluster.
func (o *Operator) Remove(ctx context.Context, name string) error {
	s, err := o.look(ctx)
	if err != nil {
		return err
	}
	n, err := s.find(name)
	if err != nil {
		return err
	}
	left := len(s.shards.ShardsOf(n.ID))
	switch { // what else is in the way the store says
	case !n.Live && left > 0:
		err = o.takers(ctx, n.ID, fmt.Sprintf("node %q cannot be removed: it has %s, and", name, count(left, "shard")))
	case !n.Live:
		err = o.nobodyAsks(ctx, s, n)
	}
	if err != nil {
		return err
	}
	if err := o.Store.RemoveNode(ctx, n.ID); err != nil {
		return err
	}
	o.say("node %q is removed; nothing of the cluster's is in its data directory any more", name)
	return nil
}

// nobodyAsks refuses to remove a node whose logs may know the outcome of a
// transaction that some shard is in doubt about (rule 8). It has no shards and is
// down: there will be none that were not there before.
func (o *Operator) nobodyAsks(ctx context.Context, s *state, n store.Node) error {
	all := make([]uint32, s.shards.Shards())
	for i := range all {
		all[i] = uint32(i)
	}
	replies, err := o.ask(ctx, s.shards, all, shard.ControlTransactions)
	if err != nil {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState,
			"node %q cannot be removed yet: all shards are asked first whether they wait for an answer of it: %v", n.Name, err)
	}
	for _, id := range all {
		for _, t := range replies[id].Transactions {
			if t.State == txn.Prepared && slices.ContainsFunc(cluster.LogNames(t.Participants), func(log string) bool { return slices.Contains(n.Logs, log) }) {
				return pgerr.New(pgerr.ObjectNotInPrerequisiteState,
					"node %q cannot be removed yet: shard %d is in doubt about transaction %s, whose outcome the node may know: start it until pegmatite.transactions has none in doubt", n.Name, id, fmt.Sprint(t.Txn))
			}
		}
	}
	return nil
}
