package engine

import (
	"slices"

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

// Edges are the waits on the node's shards and those that Config.Waits knows.
func (n *Node) Edges() []lock.Edge {
	var edges []lock.Edge
	for _, e := range n.Engines() {
		edges = append(edges, e.locks.edges()...)
	}
	if n.cfg.Waits != nil {
		edges = append(edges, n.cfg.Waits.Edges()...)
	}
	return edges
}

// Jump grants what only the fairness of a queue of this node holds up
// (lock.SoftEdge), and reports whether it could.
func (n *Node) Jump(waiter txn.ID) bool {
	for _, e := range n.Engines() {
		if e.locks.jump(waiter) {
			return true
		}
	}
	return n.cfg.Waits != nil && n.cfg.Waits.Jump(waiter)
}

// detect looks for a cycle of waiting through self, on this node first. It
// returns 40P01 when self is its victim, whose waits here are over then.
func (n *Node) detect(self txn.ID) error {
	if cycle := lock.FindCycle(n.Edges(), self); cycle != nil {
		return n.breakCycle(cycle, self, n.Jump)
	}
	if n.cfg.Elsewhere == nil {
		return nil
	}
	return n.detectAcross(self)
}

// detectAcross looks for a cycle over several nodes. Their waits are seen one
// node after the other: what was there each time of two was there all at once
// in between. As several nodes may look, the victim is the youngest by number,
// which finds itself here or where it waits.
func (n *Node) detectAcross(self txn.ID) error {
	away := n.cfg.Elsewhere
	before := append(away.Waits(), n.Edges()...)
	if lock.FindCycle(before, self) == nil {
		return nil
	}
	edges := slices.DeleteFunc(append(away.Waits(), n.Edges()...), func(e lock.Edge) bool { return !slices.Contains(before, e) })
	cycle := lock.FindCycle(edges, self)
	if cycle == nil || lock.Youngest(cycle) != self {
		return nil
	}
	return n.breakCycle(cycle, self, func(waiter txn.ID) bool { return n.Jump(waiter) || away.Jump(waiter) })
}

// breakCycle lets a waiter of the cycle jump its queue, if one can; otherwise
// self dies of it.
func (n *Node) breakCycle(cycle []lock.Edge, self txn.ID, jump func(waiter txn.ID) bool) error {
	if soft, ok := lock.SoftEdge(cycle); ok && jump(soft.Waiter) {
		return nil
	}
	n.metrics.Deadlocks.Add(1)
	err := lock.Deadlock(cycle, n.party, n.cfg.Database)
	for _, e := range n.Engines() {
		e.locks.fail(self, err)
	}
	return err
}

// party names a transaction, which another node may coordinate.
func (n *Node) party(id txn.ID) lock.Party {
	p := n.cfg.Party(id)
	if p.Process == 0 && n.cfg.Elsewhere != nil {
		return n.cfg.Elsewhere.Party(id)
	}
	return p
}
