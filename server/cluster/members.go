package cluster

import (
	"cmp"
	"context"
	"encoding/hex"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/remote"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// Members are the cluster's other nodes, as the metadata store tells of them.
type Members struct {
	self  uint32
	store *store.Store
	dial  []grpc.DialOption // transport credentials
	log   *slog.Logger

	serving sync.RWMutex                       // protects engine; held while the engine is told something
	engine  *engine.Node                       // nil when it does not serve
	reading sync.Mutex                         // held while the nodes are read anew
	nodes   atomic.Pointer[map[uint32]*member] // replaced under reading
	live    atomic.Pointer[[]uint32]           // those of nodes that live, in ascending order
	life    atomic.Uint64                      // how often they may have taken it for dead
	sure    atomic.Pointer[func() bool]        // whether the others take this node to be alive
	lives   lives                              // what ends with one of them
	changed chan struct{}                      // holds one when they are to be read anew
	stop    context.CancelFunc
	done    sync.WaitGroup
	pulses  sync.WaitGroup // of the connections
}

// member is another node, and the connection to it.
type member struct {
	store.Node
	conn   *grpc.ClientConn
	hangUp func() // ends the connection
	client *remote.Client
	shards shard.Service // client, with errors that say which node it is
	logs   []txn.LogID
}

// NewMembers reads who there is, and follows it until Close. dial are the
// options of connections to them: transport credentials.
func NewMembers(ctx context.Context, self uint32, s *store.Store, log *slog.Logger, dial ...grpc.DialOption) (*Members, error) {
	m := &Members{self: self, store: s, dial: dial, log: log, changed: make(chan struct{}, 1)}
	m.nodes.Store(&map[uint32]*member{})
	m.live.Store(new([]uint32))
	watches := s.WatchNodes()
	if err := m.refresh(ctx); err != nil {
		for _, w := range watches {
			w.Close()
		}
		return nil, err
	}
	ctx, m.stop = context.WithCancel(context.WithoutCancel(ctx))
	for i, w := range watches {
		m.done.Go(func() { m.follow(ctx, w, i) })
	}
	m.done.Go(func() { m.run(ctx) })
	return m, nil
}

// Close ends following, and all connections.
func (m *Members) Close() error {
	m.stop()
	m.done.Wait()
	for _, n := range *m.nodes.Load() {
		if n.conn != nil {
			n.hangUp()
		}
	}
	m.pulses.Wait()
	return nil
}

// connect makes a connection to a node, which ends when the node falls silent.
func (m *Members) connect(n *member) error {
	var pulse remote.Pulse
	conn, err := remote.Connect(n.Address, slices.Concat(m.dial, pulse.Options())...)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	m.pulses.Go(func() {
		pulse.Run(ctx, conn, func() { m.log.Warn("a node has fallen silent", "node", n.Name, "address", n.Address) })
	})
	n.conn, n.client = conn, remote.New(conn, n.Address)
	n.hangUp = func() { stop(); conn.Close() }
	return nil
}

// Serve has the engine told of nodes that are down, restarted or removed: what
// their transactions have not prepared there holds locks. nil ends that.
func (m *Members) Serve(e *engine.Node) {
	m.serving.Lock()
	defer m.serving.Unlock()
	m.engine = e
}

// Arrive tells the others that this node is about to serve clients. Those that
// answer know it from then on, are connected with it, and have locked here what
// they have locked everywhere.
func (m *Members) Arrive(ctx context.Context) {
	askAll[uint32, struct{}](ctx, m, "Welcome", m.self)
}

// Welcome is what another node's Arrive asks of this one.
func (m *Members) Welcome(ctx context.Context, node uint32, locks *objectlock.Locks) error {
	if err := m.refresh(ctx); err != nil {
		return err
	}
	if n := m.find(node); n != nil && n.client != nil {
		// Who could not be reached a moment ago would not be tried yet: its locks would not be taken.
		if err := n.client.Reconnect(ctx); err != nil {
			return err
		}
	}
	locks.Welcome(ctx, node)
	return nil
}

// living are the nodes that live, in ascending order.
func living(nodes map[uint32]*member) *[]uint32 {
	list := []uint32{}
	for id, n := range nodes {
		if n.Live && n.conn != nil {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return &list
}

// orphan ends the transactions of nodes that are not what they were. A lease is
// a hint, but whoever lives without one only sees his open transactions fail.
func (m *Members) orphan(old, now map[uint32]*member) {
	m.serving.RLock()
	defer m.serving.RUnlock()
	for id, before := range old {
		end := func(*engine.Node) {}
		switch x := now[id]; {
		case x == nil: // removed
			end = func(e *engine.Node) { e.EndBoots(id, math.MaxUint32) }
		case x.Boot > before.Boot:
			end = func(e *engine.Node) { e.EndBoots(id, x.Boot) }
		case before.Live && !x.Live:
			end = func(e *engine.Node) { e.Orphan(id) }
		default:
			continue
		}
		m.lives.end(id)
		if m.engine != nil {
			end(m.engine)
		}
	}
}

// follow is one watch of the nodes, the i-th: it says when they may be others.
func (m *Members) follow(ctx context.Context, watch metakv.Watch, i int) {
	defer func() { watch.Close() }()
	for {
		_, err := watch.Next(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			m.log.Warn("lost the watch of the nodes, reading them anew", "error", err)
			watch.Close()
			pause.For(ctx, retryPause)
			for j, w := range m.store.WatchNodes() {
				if j == i {
					watch = w
				} else {
					w.Close()
				}
			}
		}
		m.wake()
	}
}

// wake has the nodes read anew.
func (m *Members) wake() {
	select {
	case m.changed <- struct{}{}:
	default: // they will be, and have not been yet
	}
}

// run reads the nodes whenever they may be others.
func (m *Members) run(ctx context.Context) {
	for {
		select {
		case <-m.changed:
		case <-ctx.Done():
			return
		}
		if err := m.refresh(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("reading the nodes failed, trying again", "error", err)
			pause.For(ctx, retryPause)
			m.wake()
		}
	}
}

// refresh reads the nodes anew. Connections to addresses that stay are kept.
func (m *Members) refresh(ctx context.Context) error {
	m.reading.Lock()
	defer m.reading.Unlock()
	list, err := m.store.Nodes(ctx)
	if err != nil {
		return err
	}
	old, now := *m.nodes.Load(), map[uint32]*member{}
	for _, n := range list {
		if n.ID == m.self {
			continue
		}
		x := &member{Node: n, shards: reach{m, n.ID}, logs: logIDs(n.Logs)}
		if before := old[n.ID]; before != nil && before.Address == n.Address {
			x.conn, x.client, x.hangUp = before.conn, before.client, before.hangUp
		} else if n.Address != "" {
			if err := m.connect(x); err != nil {
				m.log.Warn("a node's address is of no use", "node", n.Name, "address", n.Address, "error", err)
			}
		}
		now[n.ID] = x
	}
	m.nodes.Store(&now)
	m.live.Store(living(now))
	m.orphan(old, now)
	for id, before := range old {
		if x := now[id]; before.conn != nil && (x == nil || x.conn != before.conn) {
			before.hangUp()
		}
	}
	return nil
}

// title is how people know the node: by its name, or its number if that is all that is known.
func (n *member) title() string {
	return cmp.Or(n.Name, strconv.FormatUint(uint64(n.ID), 10))
}

// logIDs reads a node's logs; what is no log's UUID is the zero log.
func logIDs(texts []string) []txn.LogID {
	ids := make([]txn.LogID, len(texts))
	for i, t := range texts {
		if b, err := hex.DecodeString(t); err == nil && len(b) == len(ids[i]) {
			copy(ids[i][:], b)
		}
	}
	return ids
}

// LogNames are logs as a node's record has them.
func LogNames(ids []txn.LogID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = hex.EncodeToString(id[:])
	}
	return texts
}

// Bind has a function called when another node is down, has started again or
// is removed, until unbind.
func (m *Members) Bind(node uint32, ended context.CancelFunc) (unbind func()) {
	return m.lives.bind(node, ended)
}

// find returns another node; nil if there is none of that number.
func (m *Members) find(node uint32) *member { return (*m.nodes.Load())[node] }

// logOf is which of a node's logs holds a shard's commands.
func (m *Members) logOf(node uint32, id shard.ID) txn.LogID {
	if n := m.find(node); n != nil && len(n.logs) > 0 {
		return n.logs[engine.LogIndex(id, len(n.logs))]
	}
	return txn.LogID{}
}

// participant finds a log of another node; nil if nobody has it.
func (m *Members) participant(id txn.LogID) txn.Participant {
	for _, n := range *m.nodes.Load() {
		for _, log := range n.logs {
			if log == id && n.client != nil {
				return n.client.Participant(id)
			}
		}
	}
	return nil
}
