package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pause"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard/serve"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
	"github.com/pegmatitedb/pegmatite/txn/tso"
	"github.com/pegmatitedb/pegmatite/wire"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

const (
	// nodeLease is how long a node counts as alive without a sign of life.
	nodeLease = 6 * time.Second
	// leaveWithin bounds the last word to a metadata store that may be gone.
	leaveWithin = 2 * time.Second
	// answerWithin bounds the wait for a node that may be dead.
	answerWithin = time.Second
	// guardEvery is how often sessions are looked at that have advisory locks, as
	// long as the node's lease may be over.
	guardEvery = 100 * time.Millisecond
	// cancelWithin bounds the way of a cancel request to another node.
	cancelWithin = 5 * time.Second
)

// oracle is the cluster's timestamp oracle as the node draws from it.
type oracle interface {
	txn.Oracle
	// Report tells of what this node has published of the catalog, and returns
	// when the node knows all that was acknowledged before the call (rule 22).
	Report(ctx context.Context) error
	// Registered is how many snapshots are in use here.
	Registered() int
}

// leading is the oracle of a node that has the metadata store in its own
// process: nobody else ever is it.
type leading struct {
	*tso.Leader
	store *store.Store
}

// Report implements oracle.
func (l leading) Report(ctx context.Context) error {
	l.Published(l.store.Snapshot().Revision())
	_, err := l.store.WaitFor(ctx, l.Revision())
	return err
}

// join makes the node a member of the cluster, and finds the others and the oracle.
func (n *Node) join(ctx context.Context) error {
	id := &n.dir.Identity
	var err error
	if n.members, err = cluster.NewMembers(ctx, id.Node, n.store, n.log, append(dialNodes(n.nodeTLS), n.layers.Nodes...)...); err != nil {
		return err
	}
	n.onClose(n.members.Close)
	// Others take locks here as soon as the node lives, however long it takes to open its shards.
	n.locks = objectlock.New(deadlockTimeout, n.gate.Search, n.members)
	n.record = store.Node{
		ID: id.Node, Name: id.Name, Directory: id.Directory, Address: n.nodeAddress(), Clients: n.Address(),
		Version: Version, Weight: n.config.Weight,
	}
	if err := n.checkOthers(ctx); err != nil {
		return err
	}
	if err := n.checkShards(ctx); err != nil {
		return err
	}
	// A process that is refused draws no boot number: with another one, the node that
	// lives could take in no shard any more (rule 25).
	if n.boot, err = n.store.NextBoot(ctx, id.Node); err != nil {
		return err
	}
	n.record.Boot = n.boot
	if err := n.dir.Begin(); err != nil {
		return err
	}
	if n.membership, err = n.store.Join(ctx, n.kv, n.record, n.layers.lease()); err != nil {
		if pgerr.HasCode(err, pgerr.ObjectInUse) || pgerr.HasCode(err, pgerr.UndefinedObject) {
			err = errors.Join(err, n.dir.TakeBack())
		}
		return err
	}
	n.membership.OnLapse(func() {
		n.members.Lapse()
		if sessions := n.sessions.Load(); sessions != nil {
			sessions.EndUnsure()
		}
	})
	n.members.Lease(func() bool { return time.Now().Before(n.membership.Until()) })
	go n.watchMembership()
	n.onClose(n.leave)
	return n.findOracle(ctx)
}

// checkNotRemoved refuses the directory of a node that is a member no longer.
func (n *Node) checkNotRemoved(ctx context.Context) error {
	_, removed, err := n.store.Removed(ctx, n.dir.Identity.Node)
	if removed {
		return fmt.Errorf("%s is node %q's, which has been removed from the cluster: start a node with another, empty --data", n.config.Data, n.dir.Identity.Name)
	}
	return err
}

// checkShards refuses a cluster with another number of shards than is asked
// for, before the node is one of its members.
func (n *Node) checkShards(ctx context.Context) error {
	m, _, err := n.store.Placement(ctx)
	if err != nil || m == nil || n.dir.Fresh && n.config.Shards == 0 {
		return err
	}
	if id := &n.dir.Identity; m.Shards() != id.Shards {
		return wrongCall("the cluster has %d shards, not %d; the number cannot change", m.Shards(), id.Shards)
	}
	return nil
}

// checkOthers refuses a cluster whose processes are of another version, and a
// second process of the same node, from a copy of its data directory.
func (n *Node) checkOthers(ctx context.Context) error {
	nodes, err := n.store.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, other := range nodes {
		switch {
		case other.ID == n.record.ID && other.Directory != n.record.Directory:
			return store.ErrAnotherNode(other)
		case !other.Live:
		case other.ID != n.record.ID:
			if other.Version != n.record.Version {
				return errVersions(other)
			}
		case other.Directory == n.record.Directory && n.alive(ctx, other.Clients):
			return fmt.Errorf("node %q is alive already, at %s: %s is a copy of its data directory", other.Name, other.Clients, n.config.Data)
		}
	}
	return n.checkKnown(ctx, nodes)
}

// alive reports whether somebody else listens at an address. A node that was
// killed counts as live until its lease ends.
func (n *Node) alive(ctx context.Context, address string) bool {
	if address == n.Address() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// watchMembership ends the node when it is a member no longer; it returns when
// the membership is closed.
func (n *Node) watchMembership() {
	if err := n.membership.Wait(); err != nil {
		n.fail(err)
	}
}

// guardLocks ends the sessions that have advisory locks before other nodes give
// these away, when this one's lease is not renewed.
func (n *Node) guardLocks(sessions *session.Node) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for pause.For(ctx, max(time.Until(n.membership.Until()), guardEvery)) == nil {
			sessions.EndUnsure()
		}
	}()
	n.onClose(func() error { stop(); <-ended; return nil })
}

// leave says that the node is down, if the metadata store hears it.
func (n *Node) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
	defer cancel()
	leave := n.membership.Close
	if n.dir.Fresh {
		leave = n.membership.Withdraw // who has never served leaves no node that is down
	}
	if err := leave(ctx); err != nil {
		n.log.Warn("leaving the cluster", "error", err)
	}
	return nil
}

// findOracle serves the timestamp oracle, for good or when elected, and draws
// from whoever does.
func (n *Node) findOracle(ctx context.Context) error {
	self := store.Leader{Node: n.dir.Identity.Node, Boot: n.boot, Address: n.nodeAddress()}
	if n.etcd != nil {
		o, err := tso.Open(ctx, bound{n.store}, 0)
		if err != nil {
			return err
		}
		revision, err := n.store.Published(ctx)
		if err != nil {
			return err
		}
		nodes, err := n.store.NodeNumbers(ctx)
		if err != nil {
			return err
		}
		others := slices.DeleteFunc(nodes, func(id uint32) bool { return id == self.Node }) // its own snapshots are the oracle's
		l := tso.Lead(o, nil, revision, others)
		n.onClose(func() error { l.Close(); return nil })
		n.oracle = leading{l, n.store}
		never := func(context.Context, uint32) (bool, error) { return false, nil } // nobody else is elected who would ask
		n.listenToNodes(l.Draw, never)
		return n.store.Crown(ctx, self)
	}
	election, err := cluster.Stand(ctx, self, n.store, n.kv, n.members, n.log)
	if err != nil {
		return err
	}
	n.onClose(election.Close)
	n.listenToNodes(election.Draw, election.Vouch)
	client, err := tso.NewClient(ctx, tso.ClientOptions{
		Node: self.Node, Source: election.Source,
		Revision: func() uint64 { return n.store.Snapshot().Revision() },
		Behind: func(ctx context.Context, revision uint64) error {
			_, err := n.store.WaitFor(ctx, revision)
			return err
		},
	})
	if err != nil {
		return err
	}
	n.onClose(func() error { client.Close(); return nil })
	n.oracle = client
	return nil
}

// listenToNodes answers other nodes; for shards and logs once the gate is open.
func (n *Node) listenToNodes(draw func(context.Context, tso.DrawRequest) (tso.DrawReply, error), vouch func(context.Context, uint32) (bool, error)) {
	if n.nodes == nil {
		return
	}
	g := grpc.NewServer(slices.Concat(serve.Options(), n.serveNodes(), n.layers.Served)...)
	serve.New(&n.gate, n.gate.Participant, builtin.Default()).Register(g)
	peer := &cluster.Peer{
		Draw: draw, Vouch: vouch, CatchUp: n.catchUp, Adopt: n.adopt, Moves: n.moves.list,
		Waits: &n.gate, Party: n.party, Coordinated: n.coordinated, Over: n.over, Settle: n.gate.Settle,
		Locks: n.locks, Follow: n.members.Bind, Lives: n.members.Lives, Welcome: n.welcome,
		Cancel: n.cancelHere, Signal: n.signalHere, Sessions: n.sessionsHere, Activities: n.activities, SessionLocks: n.sessionLocks,
	}
	peer.Register(g)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := g.Serve(n.nodes); err != nil {
			n.fail(err)
		}
	}()
	n.stopNodes = func() error { g.Stop(); <-ended; return nil }
	n.onClose(n.stopNodes)
}

// cancelHere interrupts a session of this node.
func (n *Node) cancelHere(process, secret uint32) {
	if n.open.Load() {
		n.wire.Cancel(process, secret)
	}
}

// over says which of this node's transactions are; none as long as it starts.
func (n *Node) over(ids []txn.ID) []txn.ID {
	if sessions := n.sessions.Load(); sessions != nil {
		return sessions.Txns.Over(ids)
	}
	return nil
}

// coordinated are the transactions of this node's sessions, for other nodes.
func (n *Node) coordinated() []session.Coordinated {
	if sessions := n.sessions.Load(); sessions != nil {
		return sessions.Coordinated()
	}
	return nil
}

// signalHere interrupts or ends a session of this node, and reports whether there is one.
func (n *Node) signalHere(process int32, terminate bool) bool {
	sessions := n.sessions.Load()
	return sessions != nil && sessions.Signal(process, terminate)
}

// sessionsHere counts this node's sessions in a database.
func (n *Node) sessionsHere(database catalog.OID) int {
	if sessions := n.sessions.Load(); sessions != nil {
		return sessions.InDatabase(database)
	}
	return 0
}

// activities are this node's sessions, for other nodes.
func (n *Node) activities() []session.Activity {
	if sessions := n.sessions.Load(); sessions != nil {
		return sessions.Activities()
	}
	return nil
}

// sessionLocks are what this node's sessions hold that no shard has, likewise.
func (n *Node) sessionLocks() []session.SessionLock {
	if sessions := n.sessions.Load(); sessions != nil {
		return sessions.SessionLocks()
	}
	return nil
}

// catchUp has the node know what others have published of the catalog, if it
// has sessions: those that come begin with that.
func (n *Node) catchUp(ctx context.Context) error {
	if n.sessions.Load() == nil {
		return nil
	}
	return n.oracle.Report(ctx)
}

// cancelElsewhere passes a CancelRequest on to the node that its process id is of.
func (n *Node) cancelElsewhere(process, secret uint32) {
	ctx, cancel := context.WithTimeout(context.Background(), cancelWithin)
	defer cancel()
	if err := n.members.Cancel(ctx, nodeOf(process), process, secret); err != nil {
		n.log.Warn("passing a cancel request on", "error", err)
	}
}

// nodeOf is the node whose session has a process id.
func nodeOf(process uint32) uint32 { return process/wire.Processes + 1 }

// otherSessions are those of the other nodes (session.Sessions).
type otherSessions struct{ *cluster.Members }

// Signal implements session.Sessions.
func (o otherSessions) Signal(ctx context.Context, process int32, terminate bool) bool {
	return o.Members.Signal(ctx, nodeOf(uint32(process)), process, terminate)
}

// nodeAddress is where other nodes reach this one; "" when they cannot.
func (n *Node) nodeAddress() string {
	if n.nodes == nil {
		return ""
	}
	return n.nodes.Addr().String()
}

// announce tells the others of the node's logs: it serves shards.
func (n *Node) announce(ctx context.Context) error {
	n.gate.Open(n.engine)
	var logs []txn.LogID
	for _, p := range n.engine.Participants() {
		logs = append(logs, p.ID())
	}
	n.record.Logs = cluster.LogNames(logs)
	if err := n.membership.Announce(ctx, n.record); err != nil {
		return err
	}
	n.members.Arrive(ctx)
	return nil
}

// welcome is what another node asks that is about to serve clients.
func (n *Node) welcome(ctx context.Context, node uint32) error {
	return n.members.Welcome(ctx, node, n.locks)
}
