package objectlock

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// Elsewhere are the other nodes' Locks.
type Elsewhere interface {
	// Self is this node's number.
	Self() uint32
	// Nodes are the numbers of the others that live, in ascending order.
	Nodes() []uint32
	// Open begins what a transaction, or a session (transaction, as for Keep;
	// else nil), holds on another node.
	Open(ctx context.Context, node uint32, owner txn.ID, transaction func() txn.ID) (Branch, error)
	// Alive is 58000 when other nodes may take this one for dead, and let others
	// have what its sessions keep.
	Alive() error
}

// Branch is what a transaction of this node holds on another one. It ends with
// Close, with either node, and with the connection between them: then Acquire
// fails with 08006.
type Branch interface {
	// Acquire takes locks in their order (Holder.Acquire). waits hears of each
	// that has to be waited for.
	Acquire(ctx context.Context, rs []lock.Request, timeout time.Duration, waits func(Entry)) error
	// Yield is Holder.Yield.
	Yield(rs []lock.Request)
	// Cut gives back what statements from number on have taken.
	Cut(from txn.Statement)
	// CatchUp has the other node know what has been published of the catalog:
	// before it can give anybody the locks.
	CatchUp()
	// Close gives everything back, and returns when others can have it, if the
	// other node answers.
	Close()
}

// AcquireAll is Acquire for several locks, in their order.
//
// Strong ones are taken on one node after the other, by number: so two
// transactions that want the same meet on the first node, and never each have
// what the other one waits for. A node that does not answer is passed over.
func (h *Holder) AcquireAll(ctx context.Context, rs []lock.Request, timeout time.Duration) (waited bool, err error) {
	var strong []lock.Request
	if !h.locks.Alone() && h.guest == nil {
		strong = h.ungranted(rs)
	}
	if len(strong) == 0 {
		for _, r := range rs {
			w, err := h.here(ctx, r, timeout)
			waited = waited || w
			if err != nil {
				return waited, err
			}
		}
		return waited, nil
	}
	if err := h.everywhere(ctx, strong, timeout); err != nil {
		return true, err
	}
	for _, r := range strong {
		if h.granted == nil {
			h.granted = map[lock.Key]lock.Request{}
		}
		h.granted[r.Key] = r
	}
	return true, nil
}

// Alone reports whether there are no other nodes.
func (l *Locks) Alone() bool { return l.elsewhere == nil || len(l.elsewhere.Nodes()) == 0 }

// ungranted are the requests that not every node has granted already.
func (h *Holder) ungranted(rs []lock.Request) (out []lock.Request) {
	for _, r := range rs {
		have, ok := h.granted[r.Key]
		if !ok || have.Statement > r.Statement || have.Mode != r.Mode && have.Mode != lock.TableAccessExclusive {
			out = append(out, r)
		}
	}
	return out
}

// everywhere takes locks on every node.
func (h *Holder) everywhere(ctx context.Context, rs []lock.Request, timeout time.Duration) error {
	e := h.locks.elsewhere
	nodes := append(slices.Clone(e.Nodes()), e.Self())
	slices.Sort(nodes)
	for _, node := range nodes {
		if node != e.Self() {
			if err := h.at(ctx, node, rs, timeout); err != nil {
				return err
			}
			continue
		}
		for _, r := range rs {
			if _, err := h.here(ctx, r, timeout); err != nil {
				return err
			}
		}
	}
	return nil
}

// at takes locks on another node, unless it does not answer.
func (h *Holder) at(ctx context.Context, node uint32, rs []lock.Request, timeout time.Duration) error {
	err := h.ask(ctx, node, rs, timeout)
	if pgerr.HasCode(err, pgerr.ConnectionFailure) {
		return nil
	}
	return err
}

// ask takes locks on another node; 08006 when it does not answer.
func (h *Holder) ask(ctx context.Context, node uint32, rs []lock.Request, timeout time.Duration) error {
	b, err := h.branch(ctx, node, rs[0].Owner)
	if err == nil {
		err = b.Acquire(ctx, rs, timeout, func(e Entry) { h.waitAway(&e) })
		h.waitAway(nil)
	}
	if b != nil && pgerr.HasCode(err, pgerr.ConnectionFailure) {
		b.Close()
		delete(h.branches, node)
	}
	return err
}

// branch is what the transaction holds on a node, opened at need.
func (h *Holder) branch(ctx context.Context, node uint32, owner txn.ID) (Branch, error) {
	if b := h.branches[node]; b != nil {
		return b, nil
	}
	b, err := h.locks.elsewhere.Open(ctx, node, owner, h.transaction)
	if err != nil {
		return nil, err
	}
	if h.branches == nil {
		h.branches = map[uint32]Branch{}
	}
	h.branches[node] = b
	return b, nil
}

// waitAway notes what is waited for on another node, for List; nil is nothing.
func (h *Holder) waitAway(e *Entry) {
	if e != nil {
		e.Waiter = e.Owner
		if h.transaction != nil {
			e.Waiter = h.transaction()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = e
}

// CatchUp is Branch's on every node that the transaction has locks on.
func (h *Holder) CatchUp() { h.eachBranch(Branch.CatchUp) }

// releaseElsewhere gives everything back on other nodes, on all at once.
func (h *Holder) releaseElsewhere() {
	if len(h.branches) > 0 {
		h.eachBranch(func(b Branch) { b.Close() })
	}
	h.branches, h.granted = nil, nil
}

// cutElsewhere is Cut on other nodes.
func (h *Holder) cutElsewhere(from txn.Statement) {
	if len(h.branches) > 0 {
		h.eachBranch(func(b Branch) { b.Cut(from) })
	}
	for k, r := range h.granted {
		if r.Statement >= from {
			delete(h.granted, k)
		}
	}
}

func (h *Holder) eachBranch(do func(Branch)) {
	var running sync.WaitGroup
	for _, b := range h.branches {
		running.Go(func() { do(b) })
	}
	running.Wait()
}

// Guest makes the Holder of a transaction of another node, or of a session
// (transaction, as for Keep; else nil); Leave when it ends. waits hears of each
// lock that it has to wait for.
func (l *Locks) Guest(waits func(Entry), transaction func() txn.ID) *Holder {
	h := &Holder{locks: l, guest: waits, transaction: transaction}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders[h] = struct{}{}
	return h
}
