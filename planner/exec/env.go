package exec

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Cluster is where the rows are.
type Cluster interface {
	// Service serves a shard of a home.
	Service(home catalog.Home, id shard.ID) shard.Service
	// Shards are all shards of a home, in order. The IDs of a session's own
	// shard and of the catalog shard are ones that no other home uses, since a
	// transaction enlists them by ID.
	Shards(home catalog.Home) []shard.ID
	// ShardOf is which of HomeShards' shards holds the rows of a shard key's hash.
	ShardOf(hash uint64) shard.ID
	// Epoch is the shard map's.
	Epoch() uint64
	// Away reports whether a shard is on another node at the moment.
	Away(home catalog.Home, id shard.ID) bool
}

// Transaction is the statement's place in its transaction; *txn.Run is the real one.
type Transaction interface {
	ID() txn.ID
	Isolation() txn.Isolation
	// Statement is the number that the statement's writes carry.
	Statement() txn.Statement
	// Incarnation is what the shard said on first contact, 0 before.
	Incarnation(shard uint32) txn.Incarnation
	// Touched records that the shard acknowledged writes or locks; incarnation
	// 0: that it may have written or locked, and its answer was lost.
	Touched(shard uint32, incarnation txn.Incarnation)
}

// Snapshots draws what a statement reads at; *txn.Run is the real one.
type Snapshots interface {
	// Snapshot is drawn at the first call: the transaction's, or under READ
	// COMMITTED the statement's own.
	Snapshot(ctx context.Context) (txn.Timestamp, error)
	// Redraw gives a refused snapshot up; false: it is the transaction's and cannot change.
	Redraw() bool
}

// Env is what a run needs of its session and node. It is the caller's, and
// does not change during the run.
type Env struct {
	Cluster   Cluster
	Txn       Transaction
	Snapshots Snapshots
	// Types are the session's settings; Session answers functions that look
	// beyond their arguments.
	Types   *types.Env
	Session expr.Session
	// TransactionMicros and StatementMicros are the starts, µs since 2000-01-01 UTC.
	TransactionMicros, StatementMicros int64
	// WorkMemBytes bounds what one operator keeps in memory; 0 is DefaultWorkMemBytes.
	WorkMemBytes int64
	// TempDir is where rows go that do not fit; "" is the system's.
	TempDir string
	// LockTimeoutMS is lock_timeout for the locks that writes take; 0 is none.
	LockTimeoutMS int64
	// TakeBack undoes what the statement has written and locked so far and gives
	// it a new number, or reports false (txn.Run). Nil: never.
	TakeBack func(ctx context.Context) (bool, error)
	// Draw draws a timestamp from the oracle (txn.Oracle's Commit).
	Draw func(ctx context.Context) (txn.Timestamp, error)
	// RowIDs are the node's, for tables without a primary key.
	RowIDs *RowIDs
	// Feed gives the rows of a plan.Feed (COPY FROM), none at the end. They may
	// be longer than the plan knows, with what FeedError wants of them.
	Feed func(ctx context.Context) ([]Row, error)
	// FeedError adds to an error what the caller knows of the fed row that it is
	// about. It may be called while Feed runs.
	FeedError func(err error, row Row) error
	// Keys takes what rows' foreign keys, and keys that are referred to, become;
	// nil: nobody looks at them.
	Keys *KeyChanges
	// Notice takes notices and warnings; nil drops them.
	Notice func(*pgerr.E)
	// Analyze, when set, is filled with what each node did.
	Analyze *plan.Analysis
}

// DefaultWorkMemBytes is PostgreSQL's default of work_mem.
const DefaultWorkMemBytes = 4 << 20
