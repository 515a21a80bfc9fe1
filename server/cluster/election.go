package cluster

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/tso"
)

// Election is a node's part in choosing the timestamp oracle: it stands
// whenever there is none, and serves while it is it. That a leader's lease has
// run out is only a hint that there is none: who answers draws is settled by
// what the metadata store says of each answer (tso.Leader).
type Election struct {
	self    store.Leader
	store   *store.Store
	leaser  metakv.Leaser
	members *Members
	log     *slog.Logger

	voucher *voucher
	away    atomic.Bool // the metadata store does not answer

	mu      sync.Mutex      // protects the fields below
	serving *tso.Leader     // while this node is the oracle
	drew    map[uint32]bool // the nodes that it was asked by
	known   *reign          // nil: nobody is known to be the oracle

	stop context.CancelFunc
	done sync.WaitGroup
}

const (
	// leaderLease is how long an oracle that is silent keeps others from
	// standing; etcd gives none shorter.
	leaderLease = 2 * time.Second
	// renewEvery leaves a lease three tries.
	renewEvery = leaderLease / 4
)

// reign is another node's time as the oracle, or this one's, as it is known here.
type reign struct {
	store.Leader
	over chan struct{} // closed when somebody else is the oracle, or nobody
}

// Stand takes part in the election until Close. The node's record is in the metadata store.
func Stand(ctx context.Context, self store.Leader, s *store.Store, leaser metakv.Leaser, members *Members, log *slog.Logger) (*Election, error) {
	v, err := newVoucher(ctx, self.Node, s)
	if err != nil {
		return nil, err
	}
	e := &Election{self: self, store: s, leaser: leaser, members: members, log: log, voucher: v}
	ctx, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.done.Go(func() { e.run(ctx) })
	return e, nil
}

// Close ends the node's part. If it is the oracle it makes room for another at once.
func (e *Election) Close() error {
	e.stop()
	e.done.Wait()
	return nil
}

// Source is the oracle of the moment, for the node's tso.Client.
func (e *Election) Source(context.Context) (tso.Source, error) {
	e.mu.Lock()
	known, serving := e.known, e.serving
	e.mu.Unlock()
	switch {
	case known == nil && e.away.Load():
		return nil, errNoStore()
	case known == nil:
		return nil, errNoOracle()
	case known.Node == e.self.Node:
		if serving == nil {
			return nil, errNoOracle()
		}
		return serving, nil
	}
	n := e.members.find(known.Node)
	if n == nil || n.conn == nil {
		return nil, errNoOracle()
	}
	return source{n, known, e}, nil
}

// knows notes who is the oracle; nil is nobody. Who waits for the answer of
// another one does so no longer: it may be halted, or cut off.
func (e *Election) knows(l *store.Leader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l != nil && e.known != nil && e.known.Leader == *l {
		return
	}
	if e.known != nil {
		close(e.known.over)
		e.known = nil
	}
	if l != nil {
		e.known = &reign{*l, make(chan struct{})}
	}
}

func errNoOracle() *pgerr.E {
	return pgerr.New(pgerr.CannotConnectNow, "the cluster has no timestamp oracle at the moment")
}

// errNoStore is errNoOracle for want of the metadata store.
func errNoStore() *pgerr.E {
	return pgerr.New(pgerr.CannotConnectNow, "the cluster has no timestamp oracle at the moment: the metadata store does not answer")
}

// Draw answers other nodes (Peer.Draw).
func (e *Election) Draw(ctx context.Context, r tso.DrawRequest) (tso.DrawReply, error) {
	e.mu.Lock()
	l := e.serving
	if l != nil {
		e.drew[r.Node] = true
	}
	e.mu.Unlock()
	if l == nil {
		return tso.DrawReply{}, errNoOracle()
	}
	return l.Draw(ctx, r)
}

// run follows who is the leader, and stands when nobody is.
func (e *Election) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := e.round(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("the election of the timestamp oracle failed, trying again", "error", err)
			pause.For(ctx, retryPause)
		}
	}
}

// round waits until nobody is the leader, stands, and serves if elected.
func (e *Election) round(ctx context.Context) error {
	watch := e.store.WatchLeader()
	defer watch.Close()
	for {
		l, ok, err := e.store.Leader(ctx)
		e.away.Store(err != nil)
		if err != nil {
			return err
		}
		if ok && l.Node == e.self.Node {
			// An earlier boot of this node, which is dead: DIR is locked by us.
			if err := e.store.Depose(ctx, l); err != nil {
				return err
			}
			continue
		}
		if !ok {
			e.knows(nil)
			return e.stand(ctx)
		}
		e.knows(&l)
		// A look now and then also helps when the watch has been silent for a fault.
		within, cancel := context.WithTimeout(ctx, leaderLease)
		_, err = watch.Next(within)
		cancel()
		if err != nil && within.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// stand asks to be the leader, and serves if nobody was faster.
func (e *Election) stand(ctx context.Context) error {
	if !e.voucher.stand() {
		pause.For(ctx, retryPause)
		return nil
	}
	epoch := uint32(0)
	defer func() { e.voucher.stood(epoch) }()
	lease, err := e.leaser.Grant(ctx, leaderLease)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaderLease)
		defer cancel()
		_ = e.leaser.Revoke(ctx, lease) // else it runs out
	}()
	term, err := e.store.Campaign(ctx, e.self, lease)
	if err != nil || term == nil {
		return err
	}
	leader, o, err := e.open(ctx, term)
	if err != nil {
		return err
	}
	e.voucher.stood(o.Epoch())
	e.serve(leader)
	defer func() {
		e.serve(nil)
		leader.Close()
		epoch = o.LastEpoch()
		e.log.Info("this node is the timestamp oracle no more")
	}()
	return e.reign(ctx, term, lease)
}

func (e *Election) serve(l *tso.Leader) {
	e.mu.Lock()
	e.serving, e.drew = l, map[uint32]bool{}
	e.mu.Unlock()
	if l != nil {
		e.knows(&e.self)
	} else {
		e.knows(nil)
	}
}

// open begins an epoch above all that was ever drawn, and looks then who is a
// member: whoever is none yet may not stand before this oracle knows it.
func (e *Election) open(ctx context.Context, term *store.Term) (*tso.Leader, *tso.Oracle, error) {
	revision, err := e.store.Published(ctx)
	if err != nil {
		return nil, nil, err
	}
	nodes, err := e.store.NodeNumbers(ctx)
	if err != nil {
		return nil, nil, err
	}
	o, err := tso.Open(ctx, bound{term}, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := e.members.refresh(ctx); err != nil {
		return nil, nil, err
	}
	e.log.Info("this node is the timestamp oracle", "epoch", o.Epoch())
	return tso.Lead(o, func(ctx context.Context) error { return e.confirm(ctx, term, o) }, revision, nodes), o, nil
}

// reign keeps the lease until it is gone, or the node stops.
func (e *Election) reign(ctx context.Context, term *store.Term, lease metakv.LeaseID) error {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		within, cancel := context.WithTimeout(ctx, leaderLease)
		err := e.leaser.KeepAlive(within, lease)
		if err == nil {
			err = term.Confirm(within)
		}
		cancel()
		if ctx.Err() == nil {
			e.away.Store(err != nil && !pgerr.HasCode(err, pgerr.TRSerializationFailure))
		}
		if errors.Is(err, metakv.ErrLeaseGone) || pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			e.log.Warn("renewing the timestamp oracle's lease failed", "error", err)
		}
	}
}

// bound is the oracle's persisted bound, which only the term's leader raises.
type bound struct{ term *store.Term }

// Load implements tso.Bound.
func (b bound) Load(ctx context.Context) (txn.Timestamp, error) {
	v, err := b.term.Bound(ctx)
	return txn.Timestamp(v), err
}

// Extend implements tso.Bound.
func (b bound) Extend(ctx context.Context, from, to txn.Timestamp) error {
	have, err := b.Load(ctx)
	if err != nil {
		return err
	}
	if have == to {
		// The answer to an earlier attempt was lost: as long as the term lasts nobody else raises it.
		return b.term.Confirm(ctx)
	}
	if have != from {
		return pgerr.New(pgerr.TRSerializationFailure, "the timestamp oracle's bound was moved by another process")
	}
	return b.term.ExtendBound(ctx, int64(to))
}
