package engine

import (
	"context"
	"slices"

	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

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

// Search looks for a deadlock of a transaction that waits on the node, in
// Config.Waits or on a shard. If it is the victim its waits on shards end with
// the error, 40P01, and leave is called to end others, before anybody else can
// be the victim of the same cycle.
func (n *Node) Search(ctx context.Context, self txn.ID, leave func()) error {
	here, jump := n.Edges(), n.Jump
	cycle := lock.FindCycle(here, self)
	if cycle == nil && n.cfg.Elsewhere != nil {
		cycle, here = n.cycleAcross(ctx, self)
		jump = func(waiter txn.ID) bool { return n.Jump(waiter) || n.cfg.Elsewhere.Jump(ctx, waiter) }
	}
	if cycle == nil {
		return nil
	}
	if soft, ok := lock.SoftEdge(cycle); ok && jump(soft.Waiter) {
		return nil
	}
	err := lock.Deadlock(cycle, func(id txn.ID) lock.Party { return n.party(ctx, id) }, n.cfg.Database)
	if ctx.Err() != nil {
		return nil // the wait is over, and not all parties have their names
	}
	mine := slices.DeleteFunc(cycle, func(e lock.Edge) bool { return !slices.Contains(here, e) })
	if !n.sacrifice(self, mine, err, leave) {
		return nil
	}
	return err
}

// cycleAcross looks for a cycle over several nodes of which self is the victim,
// and returns the waits on this one too. Waits are seen one node after the
// other: what was there each time of two was there all at once in between. As
// several nodes may look, the victim is the youngest by number, which finds
// itself here or where it waits.
func (n *Node) cycleAcross(ctx context.Context, self txn.ID) (cycle, here []lock.Edge) {
	away := n.cfg.Elsewhere
	before := append(away.Waits(ctx), n.Edges()...)
	if lock.FindCycle(before, self) == nil {
		return nil, nil
	}
	there := away.Waits(ctx)
	here = n.Edges()
	edges := slices.DeleteFunc(append(there, here...), func(e lock.Edge) bool { return !slices.Contains(before, e) })
	cycle = lock.FindCycle(edges, self)
	if cycle == nil || lock.Youngest(cycle) != self {
		return nil, nil
	}
	return cycle, here
}

// sacrifice ends self's waits if the cycle's waits on this node are still there:
// each of two that wait for each other finds the same cycle, and the first one
// here breaks it for both.
func (n *Node) sacrifice(self txn.ID, mine []lock.Edge, err error, leave func()) bool {
	n.victims.Lock()
	defer n.victims.Unlock()
	now := n.Edges()
	if slices.ContainsFunc(mine, func(e lock.Edge) bool { return !slices.Contains(now, e) }) {
		return false
	}
	n.metrics.Deadlocks.Add(1)
	for _, e := range n.Engines() {
		e.locks.fail(self, err)
	}
	leave()
	return true
}

// party names a transaction, which another node may coordinate.
func (n *Node) party(ctx context.Context, id txn.ID) lock.Party {
	p := n.cfg.Party(id)
	if p.Process == 0 && n.cfg.Elsewhere != nil {
		return n.cfg.Elsewhere.Party(ctx, id)
	}
	return p
}
