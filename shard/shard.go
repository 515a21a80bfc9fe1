// Package shard is the contract between a statement's plan and the shards
// that hold its rows: what can be asked of a shard, as plain data.
//
//	shard          this contract
//	shard/sqlite   SQLite through a thin C layer (only importer of the driver)
//	shard/rowcodec packed rows ↔ datums
//	shard/recent   version chains: what memory holds over SQLite (pure)
//	shard/engine   one shard: an SQLite file and its recent layer; read, write, settle
//	shard/log      the node's log: commands, one fsync for many
//	shard/remote   Service over gRPC, the caller's side; shard/serve the callee's
//
// A read's way:  exec → Service.Read → engine: register S, open the SQLite
// read, capture chains → packed rows, filtered, grouped or ordered → exec.
//
// A write's way: exec → Service.Write → engine: find rows, lock, re-check,
// put images into the transaction's write set → … → txn.Participant.Commit:
// log → chains → (settling, later) SQLite.
package shard

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// ID numbers the shards of a cluster from 0. A session's own shard and the
// catalog shard are reached through Services of their own and are 0 there.
type ID uint32

// Service is the shards of one node. Implementations: the engine in process,
// and remote over gRPC; one conformance suite runs against both.
//
// Every error is a *pgerr.E. Refusals that the caller retries unseen by the
// client are those that IsRefusal reports.
type Service interface {
	// Read runs a fragment; rows stream with back-pressure until Close.
	Read(ctx context.Context, r *ReadRequest) (Rows, error)
	// Write runs a statement's writes on one shard: all or, on an error, nothing of them.
	Write(ctx context.Context, r *WriteRequest) (*WriteReply, error)
	// Cut takes back what a transaction's statements >= From did on the shard (ROLLBACK TO SAVEPOINT, a failed statement).
	Cut(ctx context.Context, r *CutRequest) error
	// Control is everything that is not a statement's rows: physical DDL, sequences, statistics, settling.
	Control(ctx context.Context, r *ControlRequest) (*ControlReply, error)
}

// Header is what every request on behalf of a statement carries.
type Header struct {
	Shard ID
	// Epoch is the shard map's, Version the descriptor's that the request was
	// planned with: older than the shard's is a refusal.
	Epoch       uint64
	Txn         txn.ID // zero for a read outside any transaction
	Statement   txn.Statement
	Incarnation txn.Incarnation // 0 on first contact
	Isolation   txn.Isolation
	// Snapshot is S; 0 reads the newest, which only a statement of one trip to one shard may.
	Snapshot txn.Timestamp
}

// Table is a relation's physical form: what a shard needs to keep and read its
// rows. It is derived from a catalog.Table and as immutable.
type Table struct {
	Physical uint64    // the SQLite table is "t<Physical>"
	Relation types.OID // the identity that locks and messages use
	Version  uint64    // of the descriptor
	Schema   string    // for messages and views
	Name     string
	Columns  []Column // by position: column ID - 1
	Key      []int    // positions of the primary key's columns
	KeyName  string   // of the primary key's constraint, for 23505
	Indexes  []Index
}

// Column is a column of a row image: "c<position+1>" in SQLite.
type Column struct {
	Name    string // for messages and views
	Type    *types.Type
	Typmod  int32
	NotNull bool
	Dropped bool
	Hidden  bool        // nobody sees it; the Name of one that serves an index is what messages say
	Boxed   bool        // its values are arrays of the one value that messages show
	Missing types.Datum // what images older than the column hold
}

// Index is an index that lies beside the rows. A unique one is checked under
// key locks, never by SQLite.
type Index struct {
	ID      uint32 // the SQLite index is "t<Physical>i<ID>"
	Name    string // of the index or constraint, for 23505
	Columns []int  // positions
	Desc    []bool
	Unique  bool
}

// Fragment is a scan of one table with what can be done to its rows before
// they travel. It is data: immutable, shared by executions, the same on every
// shard. The stages, in order:
//
//  1. SQLite runs SQL (or SQLRecent, see there): rows of Table for which Where
//     holds, as the Fetch expressions. For rows that memory answers (chains,
//     own writes) the engine evaluates Where and Fetch itself.
//  2. Filter drops rows; Group aggregates, or Order and Limit cut.
//  3. Output makes the packed rows that travel.
//
// Column IDs: Where and Fetch see Table's columns by position; Filter, Group,
// Order and Output see Fetch's by position; after a Group, Output and Order see
// its keys, then its aggregates' partial states.
type Fragment struct {
	ID    uint64 // hash of all below; keys statement caches
	Table *Table
	// Point, when set, is one expression (over parameters only) per column of
	// Table.Key: at most one row can match, and a chain can answer it alone.
	Point []expr.Expr
	Where []expr.Expr // all must be true; exactly what SQL's WHERE says
	Fetch []expr.Expr
	// SQL is the SELECT that SQLite runs when the table has no chains here.
	// SQLRecent is the same with rows left out whose key is in the set bound as
	// its last parameter. Bound are the parameters: expressions over Params.
	SQL       string
	SQLRecent string
	Bound     []Bound

	Filter expr.Expr // nil is all
	Group  *Group
	Order  []expr.SortKey // also promised by SQL's ORDER BY when Filter and Group are nil
	Limit  expr.Expr      // over parameters; nil is none. At most this many rows travel.
	Output []expr.Expr    // nil: the fetched (or grouped) columns as they are
	// Keys: the fragment is run once per tuple of ReadRequest.Keys, whose
	// values are parameters KeyParam…; rows travel with the tuple's number as
	// an int8 column in front.
	Keys     int // columns of a key tuple; 0 is no lookup
	KeyParam int
	KeyTypes []KeyType
}

// KeyType is the type of a lookup key's column.
type KeyType struct {
	Type   *types.Type
	Typmod int32
}

// Bound is one SQL parameter: the value of Expr in the storage form of a
// column of the given type.
type Bound struct {
	Expr   expr.Expr
	Type   *types.Type
	Typmod int32
}

// Group is grouping at the shard: partial aggregates by key.
type Group struct {
	Keys []expr.Expr
	Aggs []*expr.AggregateCall // with Agg.State
}

// Batch is packed rows back to back, each with its length in front
// (uint32, little endian).
type Batch struct {
	Count int
	Data  []byte
}

// Rows streams packed rows.
type Rows interface {
	// Next returns the next batch, nil at the end. It is valid until the next call.
	Next(ctx context.Context) (*Batch, error)
	// Close ends the read on the shard; it is idempotent.
	Close() error
}

// Enlisted is what the Rows of a locking read are, too: the shard holds locks
// for the transaction now, and the coordinator counts it in.
type Enlisted interface {
	// Incarnation is that of the shard which holds the locks.
	Incarnation() txn.Incarnation
}

// Values is what a fragment's expressions may depend on, beside the row.
type Values struct {
	Params []types.Datum
	Types  []*types.Type // of Params, to travel
	Env    *types.Env
	// NowMicros and StatementMicros are the transaction's and the statement's start (µs since 2000-01-01 UTC).
	NowMicros, StatementMicros int64
}

// ReadRequest runs Fragment on one shard.
type ReadRequest struct {
	Header
	Values
	Fragment *Fragment
	Keys     *Batch // tuples of Fragment.KeyTypes
	// Lock locks the rows that come back (SELECT … FOR UPDATE on one table), in
	// the fragment's order and only as many as Limit lets through; the rows are
	// re-checked as an UPDATE's are. The Rows are Enlisted then.
	Lock *RowLock
}

// LockStrength is a row lock's mode (manual 13.3.2), weakest first.
type LockStrength uint8

// The row lock modes.
const (
	LockKeyShare LockStrength = iota + 1
	LockShare
	LockNoKeyUpdate
	LockUpdate
)

// LockWait is what to do about a row that another transaction holds.
type LockWait uint8

// The ways to wait.
const (
	WaitBlock LockWait = iota
	WaitSkip           // SKIP LOCKED
	WaitError          // NOWAIT: 55P03
	// WaitTry does not wait for anybody: RefusedLocked.
	WaitTry
	// WaitOrdered waits, having locked the rows in the order of their keys before it writes any.
	WaitOrdered
)

// RowLock is a row lock clause.
type RowLock struct {
	Strength LockStrength
	Wait     LockWait
	// TimeoutMS is lock_timeout; 0 is none.
	TimeoutMS int64
}

// WriteOp is which kind of write.
type WriteOp uint8

// The kinds of writes.
const (
	OpInsert WriteOp = iota // Rows are full images
	OpUpdate                // rows that Find finds get Set's values
	OpDelete                // rows that Find finds go
	OpPut                   // Rows are full images of rows that the coordinator read (UPDATE … FROM, moved keys): Seen says at which snapshot
	OpRemove                // Rows are keys of rows that the coordinator read; Seen as above
	OpMove                  // OpRemove of rows that come again under other keys, maybe elsewhere
	OpLock                  // Rows are keys: lock only (FOR UPDATE over a join)
)

// WriteRequest is a statement's writes on one shard.
//
// Column IDs in Set, Returning and OnConflict: 0…n-1 are the row as it was
// (OpInsert: the conflicting row; in Returning and Checks: the row as it is
// written, or as it was deleted), n…2n-1 are the proposed row in OnConflict and the row as it
// was in Returning of an update.
type WriteRequest struct {
	Header
	Values
	Op    WriteOp
	Table *Table
	Find  *Fragment // OpUpdate, OpDelete: Where and Filter say which rows; Fetch is all of Table's columns by position
	Rows  *Batch
	Seen  []txn.Timestamp // per row of OpPut, OpRemove, OpMove, OpLock: the snapshot at which the coordinator read it (a newer version is stale); 0 is "any"
	Set   []Assign        // of columns outside of the key
	// Checks are evaluated over every new row: 23514 when false. NOT NULL comes from Table (23502).
	Checks     []Check
	OnConflict *OnConflict
	Returning  []expr.Expr
	// Strength of the row locks: LockNoKeyUpdate for an update that leaves keys alone.
	Lock RowLock
}

// Assign sets a column (by position).
type Assign struct {
	Column int
	Expr   expr.Expr
}

// Check is a CHECK constraint.
type Check struct {
	Name string
	Expr expr.Expr
}

// OnConflict is INSERT … ON CONFLICT. Inference has been done: Indexes are the
// arbiters on this shard, by Table.Indexes position; -1 is the primary key.
//
// An Update without Set only shows the row in the way: its index is in Skipped
// and Returning is over the row, which is neither locked nor written. 21000 if
// the statement itself has written it.
type OnConflict struct {
	Arbiters []int // empty: any
	Update   bool  // DO UPDATE, else DO NOTHING
	Set      []Assign
	Where    expr.Expr
}

// WriteReply is what a write did.
type WriteReply struct {
	Incarnation txn.Incarnation
	Count       int64 // rows inserted, updated, deleted or locked
	// Returning are packed rows of WriteRequest.Returning.
	Returning *Batch
	// Stale are indexes into Rows whose version is no longer the Seen one, with
	// the newest images (an empty row: deleted); nothing was done about them. READ COMMITTED only.
	Stale  []int
	Newest *Batch
	// Skipped are indexes into Rows that ON CONFLICT DO NOTHING or SKIP LOCKED
	// left out; of OpLock also those that the statement itself has written.
	Skipped []int
}

// CutRequest takes back statements.
type CutRequest struct {
	Header
	From txn.Statement // this one and all later are taken back
	Sent txn.Statement // the highest number ever sent: lower ones that arrive later are refused
}

// ControlOp is which control operation.
type ControlOp uint8

// The control operations.
const (
	ControlBuildIndex   ControlOp = iota // make Table's index Index on the shard, from what is there
	ControlDropTable                     // drop physical table Physical
	ControlDropIndex                     // drop index Index of Table
	ControlStats                         // rows, bytes and state of the shard (Table nil) or of a table
	ControlSettle                        // settle everything, checkpoint, cut the log
	ControlSequenceNext                  // advance sequence Physical by N values
	ControlSequenceSet                   // setval
	ControlSequenceRead                  // last_value, is_called
	ControlTransactions                  // what is open and in doubt
	ControlViews                         // write the views with SQL names, of Tables whose Schema is "database.schema" (clean stop)
	ControlLockTable                     // lock Table for a schema change, to the transaction's end; waits like any lock
	ControlShrink                        // settle; give the file's free pages to the file system if they are half of it
	ControlShrinkFull                    // the same, however few they are
)

// ControlRequest is a control operation on one shard.
type ControlRequest struct {
	Header
	Op       ControlOp
	Table    *Table
	Tables   []*Table // ControlViews: the cluster's tables
	Physical uint64
	Index    uint32
	Sequence *SequenceStep
}

// SequenceStep is a sequence's parameters and what to do.
type SequenceStep struct {
	Physical  uint64
	Name      string // for 2200H
	Start     int64
	Increment int64
	Min, Max  int64
	Cycle     bool
	Count     int64 // ControlSequenceNext: how many values
	Value     int64 // ControlSequenceSet
	Called    bool
}

// ControlReply answers a ControlRequest.
type ControlReply struct {
	Incarnation txn.Incarnation
	State       string
	Rows        int64
	Bytes       int64
	First       int64 // ControlSequenceNext: the first of the values
	// Value is the last value: of ControlSequenceRead, and of ControlSequenceNext,
	// which gives fewer than asked for at a sequence's end or turn.
	Value        int64
	Called       bool
	Transactions []TransactionInfo
}

// TransactionInfo is a row of pegmatite.transactions.
type TransactionInfo struct {
	Txn          txn.ID
	State        txn.State
	At           txn.Timestamp
	Participants []txn.LogID
	Locks        int
	Bytes        int64
	Waiting      []txn.ID // whom it waits for
	Wait         *Wait    // for what; nil when it does not wait
}

// Wait is a lock that a transaction waits for. Of its key the row's or the
// values' bytes are left out.
type Wait struct {
	Key   lock.Key
	Mode  lock.Mode
	Since time.Time
}
