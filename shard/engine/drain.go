package engine

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// A shard that moves to another node is drained first: transactions that are
// here already go on to their ends, others wait at the entrance. Nobody has to
// be turned away, as long as those inside wait for nobody who waits outside;
// so the entrance is closed for moments only, and opened again when they were
// not enough.
//
//	open      everybody comes in
//	draining  who has a branch here goes on; reads that lock nothing, too
//	stopping  who has a branch here, or on another shard of the node, goes on
//	sealed    nobody: the shard is another node's, or about to be
type entrance struct {
	state    entranceState
	reopened chan struct{} // closed when the state is no longer draining or stopping
	emptied  chan struct{} // holds one when somebody has left
	visitors int           // control operations that change the shard
	leaving  int           // branches that are no longer listed and not quite gone
}

type entranceState uint8

const (
	entranceOpen entranceState = iota
	entranceDraining
	entranceStopping
	entranceSealed
)

// closeEntrance lets nobody new in.
func (e *Engine) closeEntrance(why entranceState) {
	e.branchMu.Lock()
	defer e.branchMu.Unlock()
	if e.entrance.state == entranceOpen {
		e.entrance.state = why
		e.entrance.reopened, e.entrance.emptied = make(chan struct{}), make(chan struct{}, 1)
	}
}

// setEntrance ends draining, one way or the other.
func (e *Engine) setEntrance(s entranceState) {
	e.branchMu.Lock()
	defer e.branchMu.Unlock()
	if e.entrance.state == entranceDraining || e.entrance.state == entranceStopping {
		close(e.entrance.reopened)
	}
	e.entrance.state = s
	e.sealed.Store(s == entranceSealed)
}

// admitNew waits until something new of a transaction may begin here; the caller
// holds branchMu, and has it again when admitNew returns.
func (e *Engine) admitNew(ctx context.Context, id txn.ID) error {
	for {
		switch e.entrance.state {
		case entranceOpen:
			return nil
		case entranceSealed:
			return shard.Refuse(shard.RefusedEpoch)
		case entranceStopping:
			e.branchMu.Unlock()
			known := e.participant.node.knows(id)
			e.branchMu.Lock()
			if known {
				return nil
			}
		}
		reopened := e.entrance.reopened
		e.branchMu.Unlock()
		var err error
		select {
		case <-reopened:
		case <-ctx.Done():
			err = pgerr.From(ctx.Err())
		}
		e.branchMu.Lock()
		if err != nil {
			return err
		}
	}
}

// visit admits a control operation that changes the shard, at once when its
// transaction is here already, or when the node stops: a transaction of another
// node that still goes on may need the next value of a sequence, and nothing in
// the request says whose it is. The function that it returns ends the visit.
func (e *Engine) visit(ctx context.Context, h *shard.Header) (func(), error) {
	e.branchMu.Lock()
	defer e.branchMu.Unlock()
	if e.branches[h.Txn] == nil && e.entrance.state != entranceStopping {
		if err := e.admitNew(ctx, h.Txn); err != nil {
			return nil, err
		}
	}
	e.entrance.visitors++
	return func() {
		e.branchMu.Lock()
		defer e.branchMu.Unlock()
		e.entrance.visitors--
		e.departed()
	}, nil
}

// departed tells who drains that somebody has left; the caller holds branchMu.
func (e *Engine) departed() {
	if e.entrance.state == entranceDraining {
		select {
		case e.entrance.emptied <- struct{}{}:
		default:
		}
	}
}

// inside is how many are here; the caller holds branchMu.
func (e *Engine) inside() int { return len(e.branches) + e.entrance.visitors + e.entrance.leaving }

// errBusy: the time was not enough for all to leave.
func errBusy(id shard.ID, inside int) error {
	return pgerr.New(pgerr.ObjectInUse, "shard %d has %d open transactions", id, inside)
}

// drain closes the entrance and waits until everybody has left; 55006 when they
// have not after a while, with the entrance open again.
func (e *Engine) drain(ctx context.Context, within time.Duration) error {
	e.closeEntrance(entranceDraining)
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		e.branchMu.RLock()
		inside, emptied := e.inside(), e.entrance.emptied
		e.branchMu.RUnlock()
		if inside == 0 {
			return nil
		}
		var err error
		select {
		case <-emptied:
			continue
		case <-timer.C:
			err = errBusy(e.id, inside)
		case <-ctx.Done():
			err = pgerr.From(ctx.Err())
		}
		e.setEntrance(entranceOpen)
		return err
	}
}

// evict ends the transactions here that have not begun to commit: they get
// 40001 with their next statement.
func (e *Engine) evict() {
	e.branchMu.RLock()
	var list []*branch
	for _, b := range e.branches {
		list = append(list, b)
	}
	e.branchMu.RUnlock()
	for _, b := range list {
		b.rollback()
	}
}

// drainPause is how long a node that stops waits before it looks again who is left.
const drainPause = 5 * time.Millisecond

// Drain lets no new transaction in, on any shard, and waits until those that
// are here have ended or prepared, or ctx has. It is for a stop: nobody comes in
// any more.
func (n *Node) Drain(ctx context.Context) {
	for _, e := range n.Engines() {
		e.closeEntrance(entranceStopping)
	}
	for _, e := range n.Engines() {
		for e.active() && ctx.Err() == nil {
			select {
			case <-time.After(drainPause):
			case <-ctx.Done():
			}
		}
	}
}

// knows reports whether a transaction has a branch on any shard of the node.
func (n *Node) knows(id txn.ID) bool {
	for _, e := range n.Engines() {
		e.branchMu.RLock()
		b := e.branches[id]
		e.branchMu.RUnlock()
		if b != nil {
			return true
		}
	}
	return false
}

// active reports whether a transaction is here that has not begun to commit.
func (e *Engine) active() bool {
	e.branchMu.RLock()
	defer e.branchMu.RUnlock()
	for _, b := range e.branches {
		b.mu.RLock()
		active := b.state == branchActive
		b.mu.RUnlock()
		if active {
			return true
		}
	}
	return false
}
