package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/nodetls"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/planner"
	"github.com/pegmatitedb/pegmatite/server/admin"
	"github.com/pegmatitedb/pegmatite/server/catalogshard"
	"github.com/pegmatitedb/pegmatite/server/cluster"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	shardlog "github.com/pegmatitedb/pegmatite/shard/log"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
	"github.com/pegmatitedb/pegmatite/txn/twopc"
	"github.com/pegmatitedb/pegmatite/wire"
	"github.com/pegmatitedb/pegmatite/wire/session"
)

// textCacheBytes bounds the cache of parsed texts, planCacheBytes that of plans.
const (
	textCacheBytes = 16 << 20
	planCacheBytes = 64 << 20
	startupTimeout = 60 * time.Second // authentication_timeout
	// deadlockTimeout is PostgreSQL's deadlock_timeout.
	deadlockTimeout = time.Second
	// maxNodes have process ids of their own, which are positive int32s.
	maxNodes = 1 << 31 / wire.Processes
	// minFreeBytes is kept for what has begun: commits under way, settling, the
	// WALs of the shards, and etcd, which cannot go on without space.
	minFreeBytes = 64 << 20
)

// Node is a running node: everything that Start opened, in that order.
type Node struct {
	config  Config
	layers  Layers
	log     *slog.Logger
	dir     *DataDir
	clients []net.Listener
	// certificate is the one for clients; nodeTLS for the cluster's processes, nil without.
	certificate *certificate
	nodes       net.Listener // where other nodes come to; nil when they cannot
	nodeTLS     *nodetls.Credentials
	etcd        *etcd.Server // nil with an external one
	kv          metakvCloser
	store       *store.Store
	members     *cluster.Members
	// membership and record are what the others are told of this node.
	membership *store.Membership
	record     store.Node
	oracle     oracle
	gate       cluster.Gate // of the engine, for other nodes
	stopNodes  func() error // no other node uses the engine any more
	engine     *engine.Node
	view       atomic.Pointer[cluster.Cluster]
	locks      *objectlock.Locks
	catalog    *catalogshard.Shard
	system     *pgcatalog.Catalog
	boot       uint32
	// coordinator ends transactions.
	coordinator *twopc.Coordinator
	schema      *schemaChanges
	sweeper     *sweeper
	mover       *mover // nil when no other node can be reached
	moves       moving
	halt        chan struct{} // closed when no shard is to come any more
	halting     sync.Once     // closes it
	statements  *statements
	wire        *wire.Server
	admin       *admin.Server
	open        atomic.Bool // everything above is set
	sessions    atomic.Pointer[session.Node]
	fatal       chan error
	abandon     context.CancelCauseFunc // ends a start that is under way
	served      chan error
	closers     []func() error // undo, newest last
}

type metakvCloser interface {
	metakv.Store
	metakv.Leaser
	Close() error
}

// Start opens a node; on an error everything it opened is closed again.
func Start(ctx context.Context, c Config, log *slog.Logger) (*Node, error) {
	return StartWith(ctx, c, log, Layers{})
}

// StartWith is Start with layers between the node's parts.
func StartWith(ctx context.Context, c Config, log *slog.Logger, l Layers) (_ *Node, err error) {
	n := &Node{config: c, layers: l, log: log, system: pgcatalog.New(), statements: newStatements(), fatal: make(chan error, 1), served: make(chan error, 1), halt: make(chan struct{})}
	ctx, n.abandon = context.WithCancelCause(ctx)
	defer func() {
		if err == nil {
			return
		}
		select {
		case err = <-n.fatal: // what came after it is its consequence
		default:
		}
		err = n.ofMetadata(err)
		n.closeAll()
	}()
	if err := n.openFiles(ctx); err != nil {
		return nil, err
	}
	if err := n.join(ctx); err != nil {
		return nil, err
	}
	if err := n.openShards(ctx); err != nil {
		return nil, err
	}
	return n, n.serve(ctx, n.view.Load())
}

// openFiles locks the directory, takes the ports and opens the metadata.
func (n *Node) openFiles(ctx context.Context) error {
	var err error
	if n.dir, err = OpenDataDir(vfs.OS{}, n.config.Data, Wanted{Name: n.config.Node, Shards: n.config.Shards, Logs: n.config.Logs}); err != nil {
		return err
	}
	n.onClose(n.dir.Close)
	if n.certificate, err = openCertificate(n.config); err != nil {
		return err
	}
	if n.nodeTLS, err = n.config.shown(n.config.NodeListen); err != nil {
		return err
	}
	if err := n.checkExposed(ctx); err != nil {
		return err
	}
	if err := checkPort(n.config.EtcdListen); err != nil {
		return err
	}
	clients, http, err := listeners(n.config, n.config.Data)
	if err != nil {
		return err
	}
	n.clients = clients
	n.onClose(func() error { closeListeners(clients); return nil })
	if n.nodes, err = listenNodes(n.config.NodeListen); err != nil {
		return err
	}
	if n.nodes != nil {
		n.onClose(func() error { n.nodes.Close(); return nil }) // unless its server has
	}
	if http != nil {
		n.admin = admin.Start(n.secureHTTP(http), newRegistry(n))
		n.onClose(func() error { n.admin.Close(); return nil })
	}
	if err := n.openMetadata(ctx); err != nil {
		return err
	}
	if err := n.checkExposed(ctx); err != nil {
		return err
	}
	return n.identify(ctx)
}

// openMetadata embeds or dials etcd and opens the catalog in it.
func (n *Node) openMetadata(ctx context.Context) error {
	if n.config.Etcd != "" {
		kv, err := dialEtcd(ctx, strings.Split(n.config.Etcd, ","), n.nodeTLS)
		if err != nil {
			return err
		}
		n.kv = kv
		n.onClose(kv.Close)
	} else {
		if err := releaseReserve(vfs.OS{}, n.config.Data, n.log); err != nil {
			return err
		}
		etcdDir := filepath.Join(n.config.Data, "etcd")
		if n.dir.Fresh {
			if err := etcd.Make(ctx, etcdDir); err != nil {
				return err
			}
		}
		options, err := n.config.etcdOptions(n.config.EtcdListen)
		if err != nil {
			return err
		}
		server, err := etcd.Embed(ctx, etcdDir, false, options)
		if err != nil {
			return err
		}
		n.etcd, n.kv = server, server.Store()
		n.onClose(server.Close)
		go n.watchEtcd(server)
	}
	var err error
	n.store, err = store.Open(ctx, n.layers.metadata(n.kv), store.Options{System: n.system.Relations(), Log: n.log})
	if err != nil {
		return err
	}
	n.onClose(func() error { n.store.Close(); return nil })
	return nil
}

// ofMetadata adds to an error about damaged metadata where that is, and what helps.
func (n *Node) ofMetadata(err error) error {
	switch {
	case !errors.Is(err, store.ErrDamaged):
		return err
	case n.etcd != nil:
		return fmt.Errorf("%s: %w; restore the whole data directory from a backup", filepath.Join(n.config.Data, "etcd"), err)
	}
	return fmt.Errorf("etcd at %s: %w; restore it and the data directories of all nodes from one backup", n.config.Etcd, err)
}

// watchEtcd ends the node when the embedded etcd fails; it returns when etcd is closed.
func (n *Node) watchEtcd(server *etcd.Server) {
	if err := server.Wait(); err != nil {
		n.fail(fmt.Errorf("embedded etcd: %w", err))
	}
}

// fail ends the node; the first reason counts.
func (n *Node) fail(err error) {
	select {
	case n.fatal <- err:
	default:
	}
	n.abandon(err)
}

// identify compares the directory's cluster with the metadata's, and finds the
// node's number by its name.
func (n *Node) identify(ctx context.Context) error {
	id, clusterID := &n.dir.Identity, n.store.ClusterID().String()
	if !n.dir.Fresh {
		if id.Cluster != clusterID {
			return fmt.Errorf("%s belongs to cluster %s, the metadata store to %s", n.config.Data, id.Cluster, clusterID)
		}
		return n.checkNotRemoved(ctx)
	}
	var err error
	id.Cluster = clusterID
	id.Node, err = n.store.NodeID(ctx, id.Name)
	if err == nil && id.Node > maxNodes {
		err = fmt.Errorf("node %q is number %d of the cluster, which has room for %d: process ids say whose they are", id.Name, id.Node, maxNodes)
	}
	return err
}

// openShards opens the shards and logs, and what reaches them.
func (n *Node) openShards(ctx context.Context) error {
	m, err := n.placement(ctx)
	if err != nil {
		return err
	}
	id := n.dir.Identity
	own := []shard.ID{}
	for _, i := range m.ShardsOf(id.Node) {
		own = append(own, shard.ID(i))
	}
	n.engine, err = engine.OpenNode(ctx, engine.Config{
		Dir: n.config.Data, Shards: id.Shards, Logs: id.Logs, Epoch: m.Epoch(), Own: own, Oracle: n.oracle, Logger: n.log,
		SQLite: n.sqliteOptions(), Log: shardlog.Options{MinFreeBytes: minFreeBytes, SegmentBytes: n.layers.SegmentBytes}, MemoryBytes: int64(n.config.MemoryMB) << 20,
		FS: n.layers.files(), WriteSetBytes: n.layers.WriteSetBytes, Silence: n.layers.Silence, Ask: n.ask, Resolve: n.resolve, Over: n.members.Over, Fatal: n.fail,
		Waits: n.locks, Elsewhere: n.members, Party: n.party, Database: n.databaseOf, DeadlockTimeout: deadlockTimeout,
	})
	if err != nil {
		return err
	}
	n.onClose(n.engine.Close)
	n.members.Serve(n.engine)
	n.onClose(func() error { n.members.Serve(nil); return nil })
	if n.stopNodes != nil {
		// Again, and so before the engine is closed, which nobody may be using then.
		n.onClose(n.stopNodes)
	}
	n.follow(cluster.New(n.local(), n.members, n.store, m, n.log))
	if err := n.settleSealed(ctx); err != nil {
		return err
	}
	if n.catalog, err = catalogshard.New(ctx, n.system, n.log); err != nil {
		return err
	}
	n.onClose(n.catalog.Close)
	return n.announce(ctx)
}

// local is the node's own part of the cluster.
func (n *Node) local() cluster.Local {
	return cluster.Local{
		Service: n.layers.shards(n.engine),
		LogOf:   n.engine.LogOf,
		Participant: func(id txn.LogID) txn.Participant {
			if p := n.engine.Participant(id); p != nil {
				return n.layers.log(id, p)
			}
			return nil
		},
	}
}

// follow has the node see the cluster by a view that is kept current.
func (n *Node) follow(view *cluster.Cluster) {
	n.view.Store(view)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); view.Follow(ctx) }()
	n.onClose(func() error { stop(); <-ended; return nil })
}

// sqliteOptions chooses the file layer: the fast one keeps other processes out.
func (n *Node) sqliteOptions() sqlite.Options {
	if n.config.SharedFiles {
		return sqlite.Options{VFS: "unix"}
	}
	return sqlite.Options{}
}

// placement reads the shard map, or makes the first one: then all shards are
// this node's. From here on the directory is the cluster's.
func (n *Node) placement(ctx context.Context) (*placement.Map, error) {
	m, unchanged, err := n.store.Placement(ctx)
	if err != nil {
		return nil, err
	}
	id := &n.dir.Identity
	if m != nil {
		if n.dir.Fresh && n.config.Shards == 0 {
			id.Shards = m.Shards()
		}
		if err := n.checkShards(ctx); err != nil { // a map that was made since
			return nil, err
		}
		return m, n.dir.Commit()
	}
	fresh := n.dir.Fresh
	if err := n.dir.Commit(); err != nil {
		return nil, err
	}
	if m, err = placement.New(id.Shards, []ring.Member{{Node: id.Node, Weight: 1}}); err != nil {
		return nil, err
	}
	err = n.store.SetPlacement(ctx, m, unchanged)
	if !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		return m, err
	}
	// Another node's first start was faster: this is a node like any other.
	if err := n.dir.Uncommit(fresh); err != nil {
		return nil, err
	}
	return n.placement(ctx)
}

// serve accepts clients.
func (n *Node) serve(ctx context.Context, c *cluster.Cluster) error {
	if err := n.setFirstPassword(ctx); err != nil {
		return err
	}
	secret, err := n.store.Secret(ctx)
	if err != nil {
		return err
	}
	n.coordinator = twopc.NewCoordinator(n.oracle, c.Participant, c.Here)
	n.onClose(func() error { n.coordinator.Close(); return nil })
	n.schema = newSchemaChanges(n, c)
	n.sweeper = startSweeper(n, c)
	n.onClose(n.sweeper.Close)
	txns := txn.NewManager(n.dir.Identity.Node, n.boot, n.oracle, n.coordinator, c, c.LogOf)
	texts := sqlparse.NewCache(textCacheBytes)
	n.onClose(texts.Close)
	sessions := &session.Node{
		Catalog: published{n.store, n.oracle}, Schema: n.schema,
		Allocate: allocator{n}, Cluster: c, CatalogShard: n.catalog, Topology: c, Others: otherSessions{n.members}, Txns: txns, Oracle: n.oracle, Locks: n.locks,
		Library: builtin.Default(), System: n.system, Texts: texts, Plans: planner.NewCache(planner.New(), planCacheBytes),
		Maintenance: &maintenance{n}, Log: n.log, Defaults: n.defaults(), Version: VersionText(),
		Started: time.Now(), Metrics: n.statements, Slow: time.Duration(n.config.SlowMS) * time.Millisecond,
	}
	n.sessions.Store(sessions)
	n.sweeper.Wake() // for what its sessions of earlier times have left
	n.guardLocks(sessions)
	n.wire = wire.NewServer(sessions, wire.Config{
		MaxConnections: n.config.MaxConnections, Reserved: n.reserved(), StartupTimeout: startupTimeout,
		TrustLoopback: n.config.TrustLoopback, Certificate: n.certificate.current.Load, Secret: secret, Log: n.log,
		FirstProcess: (n.dir.Identity.Node - 1) * wire.Processes, Elsewhere: n.cancelElsewhere,
	})
	go func() { n.served <- n.wire.Serve(n.clients...) }()
	if err := makeReserve(vfs.OS{}, n.config.Data); err != nil {
		n.log.Warn("no reserve for starting on a full disk", "error", err)
	}
	if n.nodes != nil {
		n.mover = startMover(n, c)
		n.onClose(n.stopMoving)
	}
	n.open.Store(true)
	if n.admin != nil {
		n.admin.SetReady(true)
	}
	return nil
}

// defaults are the server's settings over PostgreSQL's.
func (n *Node) defaults() map[string]string {
	d := map[string]string{
		"server_version": ServerVersion, "server_version_num": ServerVersionNum, "TimeZone": "Etc/UTC",
		"server_encoding": "UTF8", "client_encoding": "UTF8", "lc_collate": "C", "lc_ctype": "C.UTF-8",
		"lc_messages": "C", "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C",
		"max_connections": fmt.Sprint(n.config.MaxConnections), "superuser_reserved_connections": fmt.Sprint(n.reserved()), "port": n.port(), "listen_addresses": n.host(),
		"data_directory": n.config.Data, "unix_socket_directories": n.config.Data, "data_checksums": "off",
		"config_file": n.config.File, "log_timezone": "Etc/UTC", "timezone_abbreviations": "Default", "max_stack_depth": "2048",
		"pegmatite.shards": fmt.Sprint(n.dir.Identity.Shards), "pegmatite.etcd": n.config.Etcd,
	}
	if n.etcd != nil {
		d["pegmatite.etcd"] = cmp.Or(n.etcd.ListenURL(), n.etcd.ClientURL())
	}
	return d
}

// reserved is how many sessions only superusers get: PostgreSQL's three, of as many as there are.
func (n *Node) reserved() int { return min(reservedConnections, n.config.MaxConnections-1) }

// reservedConnections is PostgreSQL's superuser_reserved_connections.
const reservedConnections = 3

// Stop drains sessions, settles and closes everything.
func (n *Node) Stop() error {
	n.log.Info("stopping: no new connections, running transactions finish", "within_s", n.config.DrainS)
	if n.admin != nil {
		n.admin.SetReady(false)
	}
	ctx, cancel := context.WithTimeout(context.Background(), n.config.Drain())
	defer cancel()
	n.wire.Drain(ctx)
	errMoving := n.stopMoving()
	if !n.view.Load().Alone() {
		n.engine.Drain(ctx) // transactions of other nodes, which these may end
	}
	err := <-n.served
	return errors.Join(err, errMoving, n.writeViews(), n.closeAll())
}

// stopMoving ends what moves here and away; a second call does nothing.
func (n *Node) stopMoving() error {
	if n.mover == nil {
		return nil
	}
	n.halting.Do(func() { close(n.halt) })
	return n.mover.Close()
}

// onClose remembers what to undo.
func (n *Node) onClose(f func() error) { n.closers = append(n.closers, f) }

// closeAll undoes, newest first.
func (n *Node) closeAll() error {
	var errs []error
	for i := len(n.closers) - 1; i >= 0; i-- {
		errs = append(errs, n.closers[i]())
	}
	n.closers = nil
	return errors.Join(errs...)
}

// host and port are where TCP clients connect.
func (n *Node) host() string {
	host, _, _ := net.SplitHostPort(n.clients[0].Addr().String())
	return host
}

func (n *Node) port() string {
	_, port, _ := net.SplitHostPort(n.clients[0].Addr().String())
	return port
}

// HTTPAddress is where metrics and health are, host:port; "" when nowhere.
func (n *Node) HTTPAddress() string {
	if n.admin == nil {
		return ""
	}
	return n.admin.Address()
}

// Address is where TCP clients connect, host:port.
func (n *Node) Address() string { return n.clients[0].Addr().String() }
