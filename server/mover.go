package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pause"
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
	rests   map[uint32]rest // by shard; of the goroutine that moves
}

// rest is how long a shard is left alone after moves that failed.
type rest struct {
	until  time.Time
	before time.Duration // that it was left alone for
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
	// takeOverWithin is how long a destination has to take over what has come.
	takeOverWithin = 10 * time.Second
	// longestRest is how long a shard is left alone at most after moves that failed.
	longestRest = time.Minute
	// reportEvery is how often a long move says how far it is.
	reportEvery = 10 * time.Second
)

func startMover(n *Node, c *cluster.Cluster) *mover {
	ctx, cancel := context.WithCancel(context.Background())
	m := &mover{node: n, cluster: c, cancel: cancel, done: make(chan struct{}), rests: map[uint32]rest{}}
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
			m.node.log.Warn("looking for shards to move", "error", err)
		}
		if !moved {
			pause.For(ctx, lookEvery)
		}
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
		to := find(nodes, plan[id])
		if to == nil || to.ID == self || !to.Live || len(to.Logs) == 0 || time.Now().Before(m.rests[id].until) {
			continue
		}
		err := m.move(ctx, shard.ID(id), to, now.Moves(id))
		if err == nil || ctx.Err() != nil {
			delete(m.rests, id)
			m.node.moves.ended(shard.ID(id))
			return err == nil, nil
		}
		m.failed(id, to, err)
	}
	m.node.moves.keep(func(id shard.ID) bool { return now.Node(uint32(id)) == self && plan[id] != self })
	return false, nil
}

// failed has a shard that could not be moved left alone for a while, each time
// for longer: others can be moved meanwhile.
func (m *mover) failed(id uint32, to *store.Node, err error) {
	again := min(max(2*m.rests[id].before, lookEvery), longestRest)
	m.rests[id] = rest{time.Now().Add(again), again}
	m.node.moves.failed.Add(1)
	m.node.moves.rests(shard.ID(id), to.ID, err, again)
	m.node.log.Warn("a shard could not be moved", "shard", id, "to", to.Name, "error", err, "detail", pgerr.From(err).Detail, "again_s", again.Seconds())
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
	begun := time.Now()
	log.Info("moving a shard", "bytes", move.Bytes())
	m.node.moves.begun(to.ID, move)
	stop := m.report(ctx, log, move)
	err = move.Copy(ctx)
	stop()
	if err != nil {
		return err
	}
	transfer.Hurry()
	handover, err := m.seal(ctx, move)
	if err != nil {
		return err
	}
	m.node.moves.closes(id)
	if err := m.settle(ctx, log, move, transfer.Finish(handover, moves, m.node.layers.takeOverWithin())); err != nil {
		return err
	}
	m.node.moves.shards.Add(1)
	m.node.moves.bytes.Add(move.Sent())
	log.Info("moved a shard", "sent", move.Sent(), "ms", time.Since(begun).Milliseconds(), "closed_ms", time.Since(move.Closed()).Milliseconds())
	return nil
}

// report logs how far a move is until the function that it returns is called.
func (m *mover) report(ctx context.Context, log *slog.Logger, move *engine.Move) func() {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for pause.For(ctx, reportEvery); ctx.Err() == nil; pause.For(ctx, reportEvery) {
			log.Info("moving a shard", "bytes", move.Bytes(), "sent", move.Sent())
		}
	}()
	return func() { cancel(); <-ended }
}

// seal closes the shard in a moment when nobody has a transaction open on it. It
// fails when some are left whose time to be ended has passed: they are in doubt.
func (m *mover) seal(ctx context.Context, move *engine.Move) (*engine.Handover, error) {
	since := time.Now()
	stay := staying{}
	m.node.moves.waits(move.Shard(), nil)
	for window := firstWindow; ; window = min(2*window, lastWindow) {
		evict := time.Since(since) > m.node.layers.movePatience()
		handover, err := move.Seal(ctx, window, evict)
		if !pgerr.HasCode(err, pgerr.ObjectInUse) {
			return handover, err
		}
		if evict {
			return nil, err
		}
		m.node.moves.waits(move.Shard(), stay.since(move.Open(), time.Now()))
		pause.For(ctx, window)
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
			if err = move.Reopen(); err == nil {
				return answer
			}
			log.Error("a shard cannot be opened again", "error", err)
		case ctx.Err() != nil:
			return err // sealed: the next start asks again
		case try == 0:
			log.Warn("a shard between two nodes serves nobody until the metadata store answers", "error", err)
		}
		pause.For(ctx, lookEvery)
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
