package engine

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// removeEngine takes a shard out of the node that another one has now.
func (n *Node) removeEngine(e *Engine) {
	n.changing.Lock()
	rest := slices.DeleteFunc(slices.Clone(n.Engines()), func(x *Engine) bool { return x == e })
	n.engines.Store(newEngines(n.cfg.Shards, n.cfg.Logs, rest))
	n.passing[e.id] = true
	n.changing.Unlock()
	close(e.retired)
	n.running.Go(func() { n.bury(e) })
}

// bury removes the file of a shard that has moved away, when its last read has ended.
func (n *Node) bury(e *Engine) {
	err := e.db.Retire()
	if err == nil {
		err = sqlite.Remove(e.db.Path(), n.cfg.SQLite)
	}
	if err != nil {
		n.cfg.Logger.Warn("the file of a shard that has moved away cannot be removed", "shard", e.id, "error", err)
	}
	n.forgetMemory(e)
	n.changing.Lock()
	defer n.changing.Unlock()
	delete(n.passing, e.id)
}

// forgetMemory gives back what a shard takes that is not here any more, or did not come.
func (n *Node) forgetMemory(e *Engine) {
	e.scratch.close()
	e.latch.Lock()
	defer e.latch.Unlock()
	n.memory.add(-e.used)
	e.used = 0
}

// Sealed are the shards that a move had sealed when the process ended: the
// shard map says whose they are, and Reopen serves those that are this node's.
func (n *Node) Sealed() []shard.ID {
	var list []shard.ID
	for _, e := range n.Engines() {
		if e.sealed.Load() {
			list = append(list, e.id)
		}
	}
	return list
}

// Reopen serves a shard again that was sealed when the node started, as
// Move.Reopen does.
func (n *Node) Reopen(id shard.ID) error {
	e, err := n.engine(id)
	if err != nil {
		return err
	}
	return e.reopen()
}

// Forget takes a shard out of the node that was sealed when the node started,
// as Move.Finish does.
func (n *Node) Forget(id shard.ID) error {
	e, err := n.engine(id)
	if err == nil {
		n.removeEngine(e)
	}
	return err
}
