package engine

import (
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Search looks for a deadlock of a transaction that waits in Config.Waits. If
// it is the victim, leave is called with the error before others may look.
func (n *Node) Search(self txn.ID, leave func(error)) error {
	n.victims.Lock()
	defer n.victims.Unlock()
	err := n.detect(self)
	if err != nil {
		leave(err)
	}
	return err
}

// detect looks for a cycle of waiting through self over all shards of the node,
// and over those that Config.Waits knows. It returns 40P01 when
// self is its victim, whose waits on all shards are over then.
func (n *Node) detect(self txn.ID) error {
	var edges []lock.Edge
	for _, e := range n.Engines() {
		edges = append(edges, e.locks.edges()...)
	}
	if n.cfg.Waits != nil {
		edges = append(edges, n.cfg.Waits.Edges()...)
	}
	cycle := lock.FindCycle(edges, self)
	if cycle == nil {
		return nil
	}
	if soft, ok := lock.SoftEdge(cycle); ok {
		for _, e := range n.Engines() {
			if e.locks.jump(soft.Waiter) {
				return nil
			}
		}
		if n.cfg.Waits != nil && n.cfg.Waits.Jump(soft.Waiter) {
			return nil
		}
	}
	n.metrics.Deadlocks.Add(1)
	err := lock.Deadlock(cycle, n.cfg.Party, n.cfg.Database)
	for _, e := range n.Engines() {
		e.locks.fail(self, err)
	}
	return err
}
