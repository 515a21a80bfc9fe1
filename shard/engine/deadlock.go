package engine

import (
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// detect looks for a cycle of waiting through self over all shards of the node,
// and over those of others if Config.Edges knows them. It returns 40P01 when
// self is its victim, whose waits on all shards are over then.
func (n *Node) detect(self txn.ID) error {
	var edges []lock.Edge
	for _, e := range n.engines {
		edges = append(edges, e.locks.edges()...)
	}
	if n.cfg.Edges != nil {
		edges = append(edges, n.cfg.Edges()...)
	}
	cycle := lock.FindCycle(edges, self)
	if cycle == nil {
		return nil
	}
	if soft, ok := lock.SoftEdge(cycle); ok {
		for _, e := range n.engines {
			if e.locks.jump(soft.Waiter) {
				return nil
			}
		}
	}
	n.metrics.Deadlocks.Add(1)
	err := lock.Deadlock(cycle, n.cfg.Party, 0)
	for _, e := range n.engines {
		e.locks.fail(self, err)
	}
	return err
}
