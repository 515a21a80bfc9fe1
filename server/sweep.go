package server

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// sweeper drops on the shards the physical tables and indexes that no
// descriptor names, once every snapshot in use is newer than their drop:
// an older one may still read them. So do the decisions of schema changes that
// have been left behind, and temporary objects of sessions that were broken off. It sweeps after schema changes, and when VACUUM asks.
type sweeper struct {
	node    *Node
	cluster *cluster.Cluster
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}

	turn chan struct{} // holds one element while it sweeps; protects seen
	// seen has, for drops that were published without a commit timestamp, one
	// that was drawn after the publication.
	seen map[uint64]txn.Timestamp
}

// sweepRetry is how long the sweeper lets snapshots grow old that are in its way.
const sweepRetry = 10 * time.Second

func startSweeper(n *Node, c *cluster.Cluster) *sweeper {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sweeper{node: n, cluster: c, wake: make(chan struct{}, 1), turn: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}), seen: map[uint64]txn.Timestamp{}}
	s.Wake() // what was dropped before the start
	go s.run(ctx)
	return s
}

// Wake says that something may have been dropped.
func (s *sweeper) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close stops the sweeper and waits for it.
func (s *sweeper) Close() error {
	s.cancel()
	<-s.done
	return nil
}

func (s *sweeper) run(ctx context.Context) {
	defer close(s.done)
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-again:
		}
		again = nil
		left, err := s.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			s.node.log.Warn("sweeping dropped tables", "error", err)
		}
		if left > 0 || err != nil {
			again = time.After(sweepRetry)
		}
	}
}

// Sweep drops what can be dropped now, and answers how many decisions, and
// revisions' drops, have to wait.
func (s *sweeper) Sweep(ctx context.Context) (left int, err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, pgerr.From(ctx.Err())
	}
	defer func() { <-s.turn }()
	if left, err = s.node.schema.Forget(ctx); err != nil {
		return 0, err
	}
	if err := s.node.sweepTemporary(ctx); err != nil {
		return 0, err
	}
	list, err := s.node.store.Dropped(ctx)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return left, nil
	}
	// Without snapshots in use the oldest is what was drawn last: newer than
	// the drops only if something has been drawn since.
	if _, err := s.node.oracle.Commit(ctx); err != nil {
		return 0, err
	}
	for _, d := range list {
		at, err := s.droppedAt(ctx, &d)
		if err != nil {
			return 0, err
		}
		if s.node.oracle.Oldest() <= at {
			left++
			continue
		}
		if err := s.drop(ctx, &d); err != nil {
			return 0, err
		}
		if err := s.node.store.Swept(ctx, d.Revision); err != nil {
			return 0, err
		}
		delete(s.seen, d.Revision)
	}
	return left, nil
}

// droppedAt is a timestamp that snapshots must be newer than: the commit of
// the transaction that dropped, or, of one that had no part on a shard, a moment since.
func (s *sweeper) droppedAt(ctx context.Context, d *store.Dropped) (txn.Timestamp, error) {
	if len(d.Outcome) > 0 {
		o, err := decodeOutcome(d.Outcome)
		return o.At, err
	}
	if at, ok := s.seen[d.Revision]; ok {
		return at, nil
	}
	at, err := s.node.oracle.Commit(ctx)
	if err != nil {
		return 0, err
	}
	s.seen[d.Revision] = at - 1 // a snapshot drawn from now on is above at
	return at - 1, nil
}

func (s *sweeper) drop(ctx context.Context, d *store.Dropped) error {
	for _, id := range s.cluster.Shards(catalog.HomeShards) {
		for _, physical := range d.Tables {
			if err := s.control(ctx, id, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: physical}); err != nil {
				return err
			}
		}
		for _, x := range d.Indexes {
			r := &shard.ControlRequest{Op: shard.ControlDropIndex, Table: &shard.Table{Physical: x.Table}, Index: x.Index}
			if err := s.control(ctx, id, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sweeper) control(ctx context.Context, id shard.ID, r *shard.ControlRequest) error {
	r.Header = shard.Header{Shard: id, Epoch: s.cluster.Epoch()}
	_, err := s.cluster.Service(catalog.HomeShards, id).Control(ctx, r)
	return err
}
