package cluster

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/tso"
)

// Whether a leader still is the oracle, the metadata store says. While that is
// away no other can be elected, but a leader cannot tell a store that is away
// from a network that keeps only itself from it. So it asks all other nodes,
// and goes on if each of them vouches for it: none stands, or has been the
// oracle of a later epoch. Whoever could have been elected is among them:
//
//   - who stands says no from before its campaign on, and for ever if it was
//     elected; a start reads how far the epochs are before it answers;
//   - a leader asks every node that was a member when its epoch had begun, and
//     every one that it has answered since;
//   - a node that was no member then stands only once it has been answered by
//     an oracle, which from then on asks it, too.

// voucher is what a node knows of oracles that came after another.
type voucher struct {
	mu       sync.Mutex // protects the fields below
	standing bool       // a campaign is under way
	seen     uint32     // the last epoch that is known here
	mayStand bool       // an oracle has answered this node, or there was none to answer it
}

// newVoucher reads what was before this start. It comes after the node's own
// record is in the metadata store: of two new nodes one sees the other.
func newVoucher(ctx context.Context, self uint32, s *store.Store) (*voucher, error) {
	nodes, err := s.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	bound, err := s.Bound(ctx)
	if err != nil {
		return nil, err
	}
	v := &voucher{mayStand: bound == 0 || len(nodes) == 1}
	if bound > 0 {
		v.seen = tso.Epoch(txn.Timestamp(bound - 1))
	}
	for _, n := range nodes {
		if n.ID == self && len(n.Logs) > 0 {
			v.mayStand = true // it has served before
		}
	}
	return v, nil
}

// stand says that a campaign begins; false if the node may not yet.
func (v *voucher) stand() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.standing = v.mayStand
	return v.standing
}

// stood says that a campaign is over: lost (0), or won with an epoch, which has not answered anybody yet.
func (v *voucher) stood(epoch uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.standing, v.seen = false, max(v.seen, epoch)
}

// answered says that another node's oracle has answered this one.
func (v *voucher) answered() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mayStand = true
}

// Vouch reports that this node knows of no oracle after that of the given epoch (Peer.Vouch).
func (e *Election) Vouch(_ context.Context, epoch uint32) (bool, error) {
	v := e.voucher
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.standing && v.seen <= epoch, nil
}

const (
	// storeWithin is how long a leader waits for the metadata store before it asks the nodes.
	storeWithin = 300 * time.Millisecond
	// vouchWithin is how long it waits for them.
	vouchWithin = time.Second
)

// confirm says that this node still is the oracle of its term; the error is
// one after which whoever draws looks for another.
func (e *Election) confirm(ctx context.Context, term *store.Term, o *tso.Oracle) error {
	away := e.away.Load()
	var unvouched error
	if away {
		unvouched = e.vouched(ctx, o.LastEpoch())
		if unvouched == nil || pgerr.HasCode(unvouched, pgerr.TRSerializationFailure) {
			return unvouched
		}
	}
	within, cancel := context.WithTimeout(ctx, storeWithin)
	err := term.Confirm(within)
	cancel()
	switch {
	case err == nil || ctx.Err() != nil || pgerr.HasCode(err, pgerr.TRSerializationFailure):
		return err
	case away:
		return unvouched
	}
	e.away.Store(true) // until reign hears of it
	return e.vouched(ctx, o.LastEpoch())
}

// vouched asks all other nodes.
func (e *Election) vouched(ctx context.Context, epoch uint32) error {
	ctx, cancel := context.WithTimeout(ctx, vouchWithin)
	defer cancel()
	nodes := maps.Clone(*e.members.nodes.Load())
	e.mu.Lock()
	for id := range e.drew {
		if nodes[id] == nil && id != e.self.Node {
			nodes[id] = &member{Node: store.Node{ID: id}}
		}
	}
	e.mu.Unlock()
	answers := make(chan error, len(nodes))
	for _, n := range nodes {
		go func() { answers <- n.vouch(ctx, epoch) }()
	}
	var err error
	for range nodes {
		if answer := <-answers; err == nil || pgerr.HasCode(answer, pgerr.TRSerializationFailure) {
			err = answer
		}
	}
	return err
}

// vouch asks the node.
func (n *member) vouch(ctx context.Context, epoch uint32) error {
	none := errNoStore().WithDetail("Without it the oracle has to hear of every other node that it still is the one; node %q does not answer either.", n.title())
	if n.conn == nil {
		return none
	}
	follows, err := ask[uint32, bool](ctx, n.conn, "Vouch", epoch)
	switch {
	case err != nil:
		return none.WithCause(err)
	case !follows:
		return pgerr.New(pgerr.TRSerializationFailure, "this node is not the timestamp oracle any more")
	}
	return nil
}
