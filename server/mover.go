package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
)

// mover gives this node's shards to the nodes that the ring wants them on, one
// after the other: when a node joins, and when one is drained. What the ring
// wants, every node computes for itself from what the metadata store says of
// the nodes; each moves only what it has.
type mover struct {
	node    *Node
	cluster *cluster.Cluster
	cancel  context.CancelFunc
	done    chan struct{}
}

// moveMetrics count what has moved since the node's start.
type moveMetrics struct {
	shards, bytes, failed atomic.Int64 // away
	taken                 atomic.Int64 // here
}

const (
	// lookEvery is how often the map is compared with the ring.
	lookEvery = time.Second
	// firstWindow is how long transactions on a shard get to end while others
	// wait, for the first time; then twice as long, up to lastWindow, and as long
	// in between nobody waits.
	firstWindow = 50 * time.Millisecond
	lastWindow  = 2 * time.Second
	// movePatience is how long a move waits for transactions that stay open.
	// Then those that have not begun to commit are ended, with 40001.
	movePatience = time.Minute
	// reportEvery is how often a long move says how far it is.
	reportEvery = 10 * time.Second
)

func startMover(n *Node, c *cluster.Cluster) *mover {
	ctx, cancel := context.WithCancel(context.Background())
	m := &mover{node: n, cluster: c, cancel: cancel, done: make(chan struct{})}
	go m.run(ctx)
	return m
}

// Close stops the mover, and what it is moving.
func (m *mover) Close() error {
	m.cancel()
	<-m.done
	return nil
}

func (m *mover) run(ctx context.Context) {
	defer close(m.done)
	for ctx.Err() == nil {
		moved, err := m.moveOne(ctx)
		if err != nil && ctx.Err() == nil {
			m.node.moves.failed.Add(1)
			m.node.log.Warn("moving a shard", "error", err, "detail", pgerr.From(err).Detail)
		}
		if !moved {
			pause(ctx, lookEvery)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// moveOne moves one of the shards that are to be elsewhere, if there is any
// whose destination is alive.
func (m *mover) moveOne(ctx context.Context) (moved bool, err error) {
	self := m.node.dir.Identity.Node
	members, nodes, err := m.node.store.RingMembers(ctx)
	if err != nil {
		return false, err
	}
	now, _, err := m.node.store.Placement(ctx)
	if err != nil {
		return false, err
	}
	plan := now.Plan(members)
	for _, id := range now.ShardsOf(self) {
		if to := find(nodes, plan[id]); to != nil && to.ID != self && to.Live && len(to.Logs) > 0 {
			err = m.move(ctx, shard.ID(id), to, now.Moves(id))
			return err == nil, err
		}
	}
	return false, nil
}

func find(nodes []store.Node, id uint32) *store.Node {
	for i := range nodes {
		if nodes[i].ID == id {
			return &nodes[i]
		}
	}
	return nil
}

// move moves one shard.
func (m *mover) move(ctx context.Context, id shard.ID, to *store.Node, moves uint32) error {
	log := m.node.log.With("shard", id, "to", to.Name)
	transfer, err := m.node.members.Transfer(ctx, to.ID, id, int64(m.node.config.MoveRateMB)<<20)
	if err != nil {
		return err
	}
	defer transfer.Close()
	move, err := m.node.engine.BeginMove(id, transfer)
	if err != nil {
		return err
	}
	defer move.End()
	log.Info("moving a shard", "bytes", move.Bytes())
	stop := m.report(ctx, log, move)
	err = move.Copy(ctx)
	stop()
	if err != nil {
		return err
	}
	transfer.Hurry()
	handover, err := m.seal(ctx, log, move)
	if err != nil {
		return err
	}
	sealed := time.Now()
	if err := m.settle(ctx, log, move, transfer.Finish(handover, moves)); err != nil {
		return err
	}
	m.node.moves.shards.Add(1)
	m.node.moves.bytes.Add(move.Sent())
	log.Info("moved a shard", "bytes", move.Sent(), "ms", time.Since(sealed).Milliseconds())
	return nil
}

// report logs how far a move is until the function that it returns is called.
func (m *mover) report(ctx context.Context, log *slog.Logger, move *engine.Move) func() {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for pause(ctx, reportEvery); ctx.Err() == nil; pause(ctx, reportEvery) {
			log.Info("moving a shard", "bytes", move.Bytes(), "sent", move.Sent())
		}
	}()
	return func() { cancel(); <-ended }
}

// seal closes the shard in a moment when nobody has a transaction open on it.
func (m *mover) seal(ctx context.Context, log *slog.Logger, move *engine.Move) (*engine.Handover, error) {
	since := time.Now()
	for window := firstWindow; ; window = min(2*window, lastWindow) {
		evict := time.Since(since) > movePatience
		handover, err := move.Seal(ctx, window, evict)
		if !pgerr.HasCode(err, pgerr.ObjectInUse) {
			return handover, err
		}
		if evict {
			log.Warn("transactions that are about to commit, or in doubt, hold a shard that is to move", "error", err)
		}
		pause(ctx, window)
		if ctx.Err() != nil {
			return nil, pgerr.From(ctx.Err())
		}
	}
}

// settle brings a sealed shard to one end or the other: what the destination
// has answered (nil: that the shard is its own) is only a hint, the map says.
func (m *mover) settle(ctx context.Context, log *slog.Logger, move *engine.Move, answer error) error {
	self, id := m.node.dir.Identity.Node, move.Shard()
	for try := 0; ; try++ {
		now, err := m.node.store.GiveUp(ctx, uint32(id), self)
		switch {
		case err == nil && now.Node(uint32(id)) != self:
			m.refresh(ctx)
			move.Finish()
			return nil
		case err == nil:
			m.refresh(ctx)
			if answer == nil {
				answer = pgerr.Internal("the destination of shard %d says that it has it, and the map does not", id)
			}
			if err := move.Reopen(); err != nil {
				return err
			}
			return answer
		case ctx.Err() != nil:
			return err // sealed: the next start asks again
		case try == 0:
			log.Warn("a shard between two nodes serves nobody until the metadata store answers", "error", err)
		}
		pause(ctx, lookEvery)
	}
}

// refresh has this node follow the map at once.
func (m *mover) refresh(ctx context.Context) {
	if err := m.cluster.Refresh(ctx); err != nil && ctx.Err() == nil {
		m.node.log.Warn("reading the shard map", "error", err)
	}
}

// settleSealed brings the shards to an end that a move had sealed when the
// node's last process ended.
func (n *Node) settleSealed(ctx context.Context) error {
	for _, id := range n.engine.Sealed() {
		now, err := n.store.GiveUp(ctx, uint32(id), n.dir.Identity.Node)
		if err != nil {
			return err
		}
		if now.Node(uint32(id)) != n.dir.Identity.Node { // claimed since the start read the map
			err = n.engine.Forget(id)
		} else {
			err = n.engine.Reopen(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// incoming is a shard on its way to this node (cluster.Incoming).
type incoming struct {
	*engine.Adoption
	node *Node
	id   shard.ID
	keep bool // it is this node's, or may be
}

var _ cluster.Incoming = (*incoming)(nil)

// adopt prepares to take in a shard.
func (n *Node) adopt(id shard.ID) (cluster.Incoming, error) {
	select {
	case <-n.halt:
		return nil, errNotServing()
	default:
	}
	if !n.open.Load() {
		return nil, errNotServing()
	}
	if err := n.engine.CheckSpace(); err != nil {
		return nil, err
	}
	a, err := n.engine.BeginAdoption(id)
	if err != nil {
		return nil, err
	}
	return &incoming{Adoption: a, node: n, id: id}, nil
}

// Pages implements cluster.Incoming. The disk is to have space left for what is here already.
func (in *incoming) Pages(ctx context.Context, first uint32, pages []byte) error {
	if err := in.node.engine.CheckSpace(); err != nil {
		return err
	}
	return in.Adoption.Pages(ctx, first, pages)
}

func errNotServing() error {
	return pgerr.New(pgerr.CannotConnectNow, "the node is starting or stopping")
}

// Finish implements cluster.Incoming. What was claimed is served, even if the
// source hears nothing of it any more.
func (in *incoming) Finish(ctx context.Context, h *engine.Handover, moves uint32) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		select {
		case <-in.node.halt:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := in.Adoption.Finish(ctx, h, func(ctx context.Context) (epoch uint64, err error) {
		in.keep = true
		epoch, err = in.node.store.Claim(ctx, store.Claim{Shard: uint32(in.id), Moves: moves, Node: in.node.dir.Identity.Node, Boot: in.node.boot})
		in.keep = err != nil || epoch != 0
		return epoch, err
	})
	if err != nil {
		return err
	}
	in.node.moves.taken.Add(1)
	in.node.log.Info("took in a shard", "shard", in.id, "bytes", int64(h.Pages)*engine.PageBytes)
	return in.node.view.Load().Refresh(ctx)
}

// End implements cluster.Incoming. What has come of a shard that stays where it was goes.
func (in *incoming) End() {
	if !in.keep {
		if err := in.Adoption.Discard(); err != nil {
			in.node.log.Warn("what has come of a shard cannot be removed", "shard", in.id, "error", err)
		}
	}
	in.Adoption.End()
}
