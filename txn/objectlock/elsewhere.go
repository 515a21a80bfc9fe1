package objectlock

import (
	"context"
	"maps"
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
	// Lost reports whether all that a Branch held is given back, since the other
	// node is down, or has started again. Any goroutine may ask.
	Lost(b Branch) bool
	// Alive is 58000 when other nodes may take this one for dead, and let others
	// have what its sessions keep. life is another number once they may have.
	Alive() (life uint64, err error)
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
	return true, h.everywhere(ctx, strong, timeout)
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

// everywhere takes locks on every node. Who comes when all others have granted
// them is told (Welcome), or seen here.
func (h *Holder) everywhere(ctx context.Context, rs []lock.Request, timeout time.Duration) error {
	var asked []uint32
	for noted := false; ; noted = true {
		for node, ok := h.next(asked); ok; node, ok = h.next(asked) {
			if err := h.at(ctx, node, rs, timeout); err != nil {
				return err
			}
			asked, noted = append(asked, node), false
		}
		if noted {
			return nil
		}
		h.grantedAll(rs)
	}
}

// next is the first node that has not been asked: some may have come meanwhile.
func (h *Holder) next(asked []uint32) (node uint32, ok bool) {
	e := h.locks.elsewhere
	nodes := append(slices.Clone(e.Nodes()), e.Self())
	slices.Sort(nodes)
	i := slices.IndexFunc(nodes, func(n uint32) bool { return !slices.Contains(asked, n) })
	if i < 0 {
		return 0, false
	}
	return nodes[i], true
}

// grantedAll notes that every node has granted locks.
func (h *Holder) grantedAll(rs []lock.Request) {
	h.away.Lock()
	defer h.away.Unlock()
	h.farther = true
	for _, r := range rs {
		if h.granted == nil {
			h.granted = map[lock.Key]lock.Request{}
		}
		h.granted[r.Key] = r
	}
}

// Welcome takes on a node that has just come what transactions here have locked
// everywhere before. It has no sessions yet that could be in the way.
func (l *Locks) Welcome(ctx context.Context, node uint32) {
	l.mu.Lock()
	holders := slices.Collect(maps.Keys(l.holders))
	l.mu.Unlock()
	for _, h := range holders {
		h.welcome(ctx, node)
	}
}

// tell takes on a node what all others have granted, but what somebody uses
// there: the node did not answer then, or is new. 08006 when it does not answer.
func (h *Holder) tell(ctx context.Context, b Branch) error {
	for _, r := range h.granted {
		r.Policy = lock.Try
		if err := b.Acquire(ctx, []lock.Request{r}, 0, func(Entry) {}); err != nil && !pgerr.HasCode(err, pgerr.LockNotAvailable) {
			return err
		}
	}
	return nil
}

func (h *Holder) welcome(ctx context.Context, node uint32) {
	h.away.Lock()
	defer h.away.Unlock()
	if len(h.granted) == 0 {
		return
	}
	if b := h.branches[node]; b != nil && !h.locks.elsewhere.Lost(b) {
		return // it was asked like all others
	}
	var owner txn.ID
	for _, r := range h.granted {
		owner = r.Owner
	}
	b, err := h.locks.elsewhere.Open(ctx, node, owner, nil)
	if err != nil {
		return
	}
	if h.tell(ctx, b) != nil {
		b.Close()
		return
	}
	if h.branches == nil {
		h.branches = map[uint32]Branch{}
	}
	h.branches[node] = b
}

// at takes locks on a node, unless it is another one and does not answer.
func (h *Holder) at(ctx context.Context, node uint32, rs []lock.Request, timeout time.Duration) error {
	if node == h.locks.elsewhere.Self() {
		for _, r := range rs {
			if _, err := h.here(ctx, r, timeout); err != nil {
				return err
			}
		}
		return nil
	}
	err := h.ask(ctx, node, rs, timeout)
	if pgerr.HasCode(err, pgerr.ConnectionFailure) {
		return nil
	}
	return err
}

// ask takes locks on another node; 08006 when it does not answer.
func (h *Holder) ask(ctx context.Context, node uint32, rs []lock.Request, timeout time.Duration) error {
	b, opened, err := h.branch(ctx, node, rs[0].Owner)
	if opened {
		err = h.tell(ctx, b)
	}
	if err == nil {
		err = b.Acquire(ctx, rs, timeout, func(e Entry) { h.waitAway(&e) })
		h.waitAway(nil)
	}
	if b != nil && pgerr.HasCode(err, pgerr.ConnectionFailure) {
		b.Close()
		h.away.Lock()
		defer h.away.Unlock()
		if h.branches[node] == b { // and not what Welcome has put there
			delete(h.branches, node)
		}
	}
	return err
}

// branch is what the transaction holds on a node, opened at need: then there is nothing yet.
func (h *Holder) branch(ctx context.Context, node uint32, owner txn.ID) (_ Branch, opened bool, err error) {
	h.away.Lock()
	defer h.away.Unlock()
	if b := h.branches[node]; b != nil {
		return b, false, nil
	}
	h.farther = true
	b, err := h.locks.elsewhere.Open(ctx, node, owner, h.transaction)
	if err != nil {
		return nil, false, err
	}
	if h.branches == nil {
		h.branches = map[uint32]Branch{}
	}
	h.branches[node] = b
	return b, true, nil
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
	h.waits = e
}

// CatchUp is Branch's on every node that the transaction has locks on.
func (h *Holder) CatchUp() {
	h.away.Lock()
	defer h.away.Unlock()
	h.eachBranch(Branch.CatchUp)
}

// releaseElsewhere gives everything back on other nodes, on all at once.
func (h *Holder) releaseElsewhere() {
	if !h.farther {
		return
	}
	h.away.Lock()
	defer h.away.Unlock()
	h.eachBranch(func(b Branch) { b.Close() })
	h.branches, h.granted, h.farther = nil, nil, false
}

// cutElsewhere is Cut on other nodes.
func (h *Holder) cutElsewhere(from txn.Statement) {
	if !h.farther {
		return
	}
	h.away.Lock()
	defer h.away.Unlock()
	h.eachBranch(func(b Branch) { b.Cut(from) })
	for k, r := range h.granted {
		if r.Statement >= from {
			delete(h.granted, k)
		}
	}
}

// eachBranch does something on all other nodes at once. The caller has h.away,
// or (Keep) nothing that is granted, which Welcome would have to do with.
func (h *Holder) eachBranch(do func(Branch)) {
	if len(h.branches) == 0 {
		return
	}
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
	return l.enter(&Holder{locks: l, guest: waits, transaction: transaction})
}
