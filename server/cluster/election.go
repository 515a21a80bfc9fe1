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

	mu      sync.Mutex  // protects serving
	serving *tso.Leader // while this node is the oracle
	known   atomic.Pointer[store.Leader]

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

// Stand takes part in the election until Close.
func Stand(ctx context.Context, self store.Leader, s *store.Store, leaser metakv.Leaser, members *Members, log *slog.Logger) *Election {
	e := &Election{self: self, store: s, leaser: leaser, members: members, log: log}
	ctx, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.done.Go(func() { e.run(ctx) })
	return e
}

// Close ends the node's part. If it is the oracle it makes room for another at once.
func (e *Election) Close() error {
	e.stop()
	e.done.Wait()
	return nil
}

// Source is the oracle of the moment, for the node's tso.Client.
func (e *Election) Source(context.Context) (tso.Source, error) {
	known := e.known.Load()
	switch {
	case known == nil:
		return nil, errNoOracle()
	case known.Node == e.self.Node:
		if l := e.leader(); l != nil {
			return l, nil
		}
		return nil, errNoOracle()
	}
	n := e.members.find(known.Node)
	if n == nil || n.conn == nil {
		return nil, errNoOracle()
	}
	return source{n.conn}, nil
}

func errNoOracle() error {
	return pgerr.New(pgerr.CannotConnectNow, "the cluster has no timestamp oracle at the moment")
}

// leader is the oracle that this node serves; nil if it is none.
func (e *Election) leader() *tso.Leader {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.serving
}

// Draw answers other nodes (Peer.Draw).
func (e *Election) Draw(ctx context.Context, r tso.DrawRequest) (tso.DrawReply, error) {
	l := e.leader()
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
			return e.stand(ctx)
		}
		e.known.Store(&l)
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
	leader, err := e.open(ctx, term)
	if err != nil {
		return err
	}
	e.serve(leader)
	defer func() {
		e.serve(nil)
		leader.Close()
		e.log.Info("this node is the timestamp oracle no more")
	}()
	return e.reign(ctx, term, lease)
}

func (e *Election) serve(l *tso.Leader) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.serving = l
	if l != nil {
		e.known.Store(&e.self)
	} else {
		e.known.Store(nil)
	}
}

// open begins an epoch above all that was ever drawn.
func (e *Election) open(ctx context.Context, term *store.Term) (*tso.Leader, error) {
	revision, err := e.store.Published(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := e.store.NodeNumbers(ctx)
	if err != nil {
		return nil, err
	}
	o, err := tso.Open(ctx, bound{term}, 0)
	if err != nil {
		return nil, err
	}
	e.log.Info("this node is the timestamp oracle", "epoch", o.Epoch())
	return tso.Lead(o, term.Confirm, revision, nodes), nil
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
