package session

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/objectlock"
)

// Node is what all sessions of a process share. It is made by server and does
// not change.
type Node struct {
	Catalog  Catalog
	Schema   SchemaChanges
	Allocate ddl.Allocator
	Cluster  exec.Cluster
	// CatalogShard is where pg_catalog is read.
	CatalogShard CatalogShard
	Topology     Topology
	Others       Sessions
	Txns         *txn.Manager
	Locks        *objectlock.Locks
	Oracle       txn.Oracle
	Library      *builtin.Library
	// System is the rows and definitions of the catalogs.
	System      *pgcatalog.Catalog
	Texts       *sqlparse.Cache
	Plans       *planner.Cache
	Maintenance Maintenance
	Log         *slog.Logger
	// Defaults are the server's settings over PostgreSQL's defaults.
	Defaults map[string]string
	// Version is what version() answers.
	Version string
	// TempDir is where queries spill.
	TempDir string
	Started time.Time
	// Slow is how long a statement may take before it is logged; negative is for ever.
	Slow time.Duration
	// Metrics hears of statements; nil hears nothing.
	Metrics Metrics

	sessions sessions
	outcomes outcomes
	rowIDs   exec.RowIDs // of tables without a primary key
}

// Maintenance is work on the node's files that a statement can ask for.
type Maintenance interface {
	// Checkpoint settles every shard, syncs its file, and frees what WALs and logs need no more.
	Checkpoint(ctx context.Context) error
	// Shrink gives the file system what lies free in the shards' files: where it is
	// half of the file, or (full) any.
	Shrink(ctx context.Context, full bool) error
	// Sweep drops on the shards what no descriptor names and no snapshot can see.
	Sweep(ctx context.Context) error
	// PublishStatistics makes what ANALYZE found current everywhere. A cancel ends it before it begins.
	PublishStatistics(ctx context.Context, statistics map[catalog.OID]catalog.Statistics) error
}

// Metrics hears of what sessions do.
type Metrics interface {
	// Statement is told of a finished statement: how long it took, whether it failed.
	Statement(took time.Duration, failed bool)
}

// Sessions are those of the cluster's other nodes.
type Sessions interface {
	// Signal interrupts or ends the one with a process id, and reports whether it
	// is there.
	Signal(ctx context.Context, process int32, terminate bool) bool
	// InDatabase counts those in a database, of nodes that answer.
	InDatabase(ctx context.Context, database catalog.OID) int
	// Activities are those of nodes that answer, and the names of nodes that live and do not.
	Activities(ctx context.Context) (list []Activity, silent []string)
	// Locks are those of them and their transactions that no shard has, of nodes that answer.
	Locks(ctx context.Context) (list []SessionLock, silent []string)
}

// connectWithin bounds how long a client that connects, or sends a value that
// names an object, waits for what other nodes have published: one that cannot be known must keep nobody out.
const connectWithin = time.Second

// CatchUp has the node know what other nodes have acknowledged before, of roles
// and databases above all, unless that cannot be known soon.
func (n *Node) CatchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	n.catchUp(ctx)
}

// catchUp is CatchUp for as long as ctx lasts.
func (n *Node) catchUp(ctx context.Context) {
	if n.Locks.Alone() {
		return
	}
	if err := n.Catalog.Confirm(ctx); err != nil {
		n.Log.Warn("the catalog may be old", "error", err)
	}
}

// ErrShutdown is what a client reads that is sent away (postgres.c, ProcessInterrupts).
var ErrShutdown = pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command").WithSeverity(pgerr.SeverityFatal)

// Signal interrupts or ends a session of this node, and reports whether it is there.
func (n *Node) Signal(process int32, terminate bool) bool {
	s := n.sessions.find(process)
	switch {
	case s == nil:
		return false
	case terminate:
		s.client.Interrupts.Terminate(ErrShutdown)
	default:
		s.client.Interrupts.Interrupt(pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request"))
	}
	return true
}

// InDatabase counts this node's sessions in a database.
func (n *Node) InDatabase(database catalog.OID) int { return n.sessions.inDatabase(database) }

// sessions are the open sessions of the node.
type sessions struct {
	mu   sync.Mutex // protects open
	open map[int32]*Session
}

func (ss *sessions) add(s *Session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.open == nil {
		ss.open = map[int32]*Session{}
	}
	ss.open[s.pid()] = s
}

func (ss *sessions) remove(s *Session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, s.pid())
}

func (ss *sessions) find(pid int32) *Session {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.open[pid]
}

// list returns them in order of process id.
func (ss *sessions) list() []*Session {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	list := make([]*Session, 0, len(ss.open))
	for _, s := range ss.open {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Session) int { return int(a.pid()) - int(b.pid()) })
	return list
}

// inDatabase counts the sessions of a database.
func (ss *sessions) inDatabase(db catalog.OID) int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	n := 0
	for _, s := range ss.open {
		if s.database == db {
			n++
		}
	}
	return n
}
