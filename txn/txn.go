// Package txn is what transactions need to agree on: identities, timestamps,
// who takes part, and how a commit is asked for. It knows no SQL, no rows and
// no shards beyond their numbers.
//
//	txn        this contract, and Txn: a transaction as its coordinator sees it
//	txn/tso    the timestamp oracle
//	txn/lock   the lock table of one shard
//	txn/twopc  commit: one log in one command, several by two phases
//
// A commit's way:
//
//	Txn.Commit ─ twopc.Coordinator ─┬─ one log:  Participant.Commit
//	                                └─ several:  Participant.Prepare on all, in parallel
//	                                             Participant.Decide at the home (the first written)
//	                                             ... the client is answered ...
//	                                             Participant.Resolve on the others
//
// The rules are in docs/architecture.md, "Commit".
package txn

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Timestamp orders snapshots and commits. The oracle draws multiples of
// TimestampStep; the low bits are the small increments that a participant adds
// to stay above what it has served. 0 is "none".
type Timestamp int64

// TimestampStep is the distance of two drawn timestamps: 2^12 increments are
// free before a timestamp has to be drawn again.
const TimestampStep Timestamp = 4096

// ID names a transaction for ever: the node that coordinates it, that node's
// boot number (from the metadata store, raised at every start) and a sequence.
type ID struct {
	Node uint32
	Boot uint32
	Seq  uint64
}

// IsZero reports whether id is "no transaction".
func (id ID) IsZero() bool { return id == ID{} }

// ofSession is set in the Seq of what IsSession.
const ofSession = 1 << 63

// IsSession reports whether id is no transaction but a session, which holds
// what its transactions leave locked (Manager.Session). No shard hears of it.
func (id ID) IsSession() bool { return id.Seq&ofSession != 0 }

func (id ID) String() string {
	if id.IsSession() {
		return fmt.Sprintf("%d.%d.s%d", id.Node, id.Boot, id.Seq&^ofSession)
	}
	return fmt.Sprintf("%d.%d.%d", id.Node, id.Boot, id.Seq)
}

// ParseID reads what ID.String writes.
func ParseID(text string) (id ID, err error) {
	if _, err := fmt.Sscanf(text, "%d.%d.%d", &id.Node, &id.Boot, &id.Seq); err != nil || id.String() != text {
		return ID{}, pgerr.New(pgerr.DataCorrupted, "%q is no transaction", text)
	}
	return id, nil
}

// LogID is the UUID of a log, made with it.
type LogID [16]byte

func (id LogID) String() string { return hex.EncodeToString(id[:4]) }

// Statement numbers the statements of one transaction from 1; 0 is none.
// Every request that writes carries it, and savepoints cut there.
type Statement uint32

// Incarnation changes whenever a shard loses what it held in memory for
// transactions that had not prepared: a restart, a move, a new leader.
type Incarnation uint64

// Isolation is a transaction's isolation level. READ UNCOMMITTED is READ COMMITTED.
type Isolation uint8

// The isolation levels.
const (
	ReadCommitted Isolation = iota
	RepeatableRead
	Serializable
)

func (l Isolation) String() string {
	return [...]string{"read committed", "repeatable read", "serializable"}[l]
}

// Oracle hands out timestamps. Drawing a snapshot registers it: no version
// that it can see is dropped until it is released.
type Oracle interface {
	// Snapshot draws a timestamp to read at, and registers it. Every commit
	// acknowledged before the call is at or below it.
	Snapshot(ctx context.Context) (Timestamp, error)
	// Release ends the registration of one drawn snapshot.
	Release(s Timestamp)
	// Commit draws a timestamp to commit at: above every snapshot drawn before.
	Commit(ctx context.Context) (Timestamp, error)
	// Oldest is a bound at or below every registered snapshot; with none
	// registered it is the last drawn timestamp.
	Oldest() Timestamp
	// InUse appends registered snapshots to dst. All others that are in use, or
	// will be, are at or above known: what lies between two versions' times with
	// no snapshot there, and below known, nobody can see any more.
	InUse(dst []Timestamp) (snapshots []Timestamp, known Timestamp)
}

// Enlistment is one shard's part in a transaction, as its coordinator counted it.
type Enlistment struct {
	Shard       uint32
	Incarnation Incarnation
	Last        Statement // the last statement that the shard acknowledged
}

// State is where a transaction stands.
type State uint8

// The states that a participant can answer.
const (
	Unknown   State = iota // not known here (any more)
	Active                 // writes in memory only
	Prepared               // durable here, undecided
	Committed              // Outcome.At is its timestamp
	Aborted
)

func (s State) String() string {
	return [...]string{"unknown", "active", "prepared", "committed", "aborted"}[s]
}

// Outcome is a transaction's end (State Committed or Aborted), or that there
// is none yet.
type Outcome struct {
	State State
	At    Timestamp // of Committed
}

// CommitRequest asks a log to commit a transaction that wrote nowhere else.
type CommitRequest struct {
	Txn    ID
	At     Timestamp // drawn from the oracle after the last statement
	Shards []Enlistment
}

// PrepareRequest asks a log to make its part of a transaction durable. Only a
// write set that the shard built itself from the transaction's statements can
// be prepared; a mismatch in any Enlistment is 40001.
type PrepareRequest struct {
	Txn          ID
	At           Timestamp // drawn from the oracle after the last statement
	Shards       []Enlistment
	Home         LogID   // where the decision will be
	Participants []LogID // all logs, the home first
	// Fences are of a transaction with DDL: they stand on its shards, durably,
	// once it has committed.
	Fences []Fence
}

// Fence keeps out who does not know of a schema change: statements on Relation
// that were planned with a descriptor older than Version and read what came
// after the change, or write.
type Fence struct {
	Relation uint32
	Version  uint64 // DroppedVersion: no descriptor is good any more
}

// DroppedVersion is the fence of a relation that was dropped. It goes with the
// relation's tables.
const DroppedVersion = ^uint64(0)

// PrepareReply carries p: the smallest timestamp at which this log can commit
// the transaction.
type PrepareReply struct {
	At Timestamp
}

// DecideRequest asks the home to record the decision. The first one wins:
// the reply is what was recorded, which may differ from what was asked.
type DecideRequest struct {
	Txn     ID
	Outcome Outcome
}

// ResolveRequest tells a participant the home's outcome. For a transaction
// that has not prepared it is a plain rollback (Aborted): the write set and
// locks go.
type ResolveRequest struct {
	Txn     ID
	Outcome Outcome
}

// Participant is one log as the coordinator of a commit sees it. Calls are
// idempotent: a late duplicate changes nothing and gets the same answer.
type Participant interface {
	// Commit is the one-log commit: durable and visible when it returns.
	Commit(ctx context.Context, r *CommitRequest) (Outcome, error)
	// Prepare is durable when it returns.
	Prepare(ctx context.Context, r *PrepareRequest) (PrepareReply, error)
	// Decide records the outcome durably; at the home only. For its own part
	// the home applies it too.
	Decide(ctx context.Context, r *DecideRequest) (Outcome, error)
	// Resolve applies the outcome; durable when it returns.
	Resolve(ctx context.Context, r *ResolveRequest) error
	// Ask answers what became of a transaction; at the home only. Asking
	// about an undecided one aborts it first, durably.
	Ask(ctx context.Context, id ID) (Outcome, error)
}
