package engine

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// boots are the newest boots of the nodes that coordinate transactions here.
// What an earlier one has not prepared dies with it (rule 11): nobody is left
// to commit it, and its locks would stay for ever. What comes of it later still
// is refused, or it would be alone with half of a write set.
type boots struct {
	mu     sync.RWMutex // protects newest
	newest map[uint32]uint32
}

// admit lets a transaction begin here, and ends those of earlier boots of its
// node when it is the first of a new one.
func (b *boots) admit(id txn.ID, end func(node, before uint32)) error {
	b.mu.RLock()
	newest, known := b.newest[id.Node]
	b.mu.RUnlock()
	if known && id.Boot == newest {
		return nil
	}
	b.mu.Lock()
	newest = max(b.newest[id.Node], id.Boot)
	if b.newest == nil {
		b.newest = map[uint32]uint32{}
	}
	b.newest[id.Node] = newest
	b.mu.Unlock()
	if id.Boot < newest {
		return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access: the transaction's node has been restarted")
	}
	end(id.Node, newest)
	return nil
}

// dropBoots rolls back what transactions of a node's earlier boots have not
// prepared.
func (n *Node) dropBoots(node, before uint32) {
	for _, e := range n.Engines() {
		var dead []*branch
		e.branchMu.RLock()
		for id, b := range e.branches {
			if id.Node == node && id.Boot < before {
				dead = append(dead, b)
			}
		}
		e.branchMu.RUnlock()
		for _, b := range dead {
			b.rollback()
		}
	}
}
