package engine

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

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
	if newest = b.raise(id.Node, id.Boot); id.Boot < newest {
		return pgerr.New(pgerr.TRSerializationFailure, "could not serialize access: the transaction's node has been restarted")
	}
	end(id.Node, newest)
	return nil
}

// raise says that a node has come to a boot; it returns the newest that is known.
func (b *boots) raise(node, boot uint32) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.newest == nil {
		b.newest = map[uint32]uint32{}
	}
	newest := max(b.newest[node], boot)
	b.newest[node] = newest
	return newest
}

// EndBoots ends what transactions of a node's boots before the given one have
// not prepared, and has what still comes of them refused (rule 11).
func (n *Node) EndBoots(node, before uint32) {
	n.boots.raise(node, before)
	n.dropBoots(node, before)
}

// Orphan ends what a node's transactions have not prepared: the node is down, or
// cut off. If it is alive after all, its open transactions have no write set
// here any more, and their next statement or their end is refused (rule 6).
func (n *Node) Orphan(node uint32) { n.dropBoots(node, math.MaxUint32) }

// EndLeft ends what transactions that are over have left here and that is not
// prepared, of those that began longer ago than age: the message that was to
// end it was lost, or a statement came after it (rule 11).
func (n *Node) EndLeft(ctx context.Context, age time.Duration) {
	if n.cfg.Over == nil {
		return
	}
	ids := map[uint32]map[txn.ID]bool{} // by the node that coordinates
	for _, e := range n.Engines() {
		e.branchMu.RLock()
		for id, b := range e.branches {
			if time.Since(b.since) >= age {
				if ids[id.Node] == nil {
					ids[id.Node] = map[txn.ID]bool{}
				}
				ids[id.Node][id] = true
			}
		}
		e.branchMu.RUnlock()
	}
	for node, of := range ids {
		over, err := n.cfg.Over(ctx, node, slices.Collect(maps.Keys(of)))
		if err != nil {
			continue // it is down, or asked again
		}
		for _, id := range over {
			n.endLeft(id)
		}
	}
}

func (n *Node) endLeft(id txn.ID) {
	for _, e := range n.Engines() {
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b != nil {
			b.rollback()
		}
	}
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
