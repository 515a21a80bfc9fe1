// Package lock is a lock table, of a shard or of the objects that a node's
// transactions use: who holds what, who waits, and
// who waits for whom. It is a plain struct without clock, I/O or goroutine;
// its owner calls it under a mutex of its own.
//
//	lock.go      keys, requests, waiters
//	mode.go      modes and which of them conflict
//	table.go     Table: Acquire, Release, Cut
//	deadlock.go  cycles of waiting, and what PostgreSQL says of them
//
// What is granted when: a request that conflicts with no other holder and with
// no request queued before it is granted at once; else it queues, first come
// first served. A transaction that holds the key already goes ahead of those
// that do not, since they may be waiting for it. Every release grants all that
// can be granted, so there is nothing to wake by hand.
//
// A prepared transaction may have committed and been acknowledged already,
// with its locks only about to go. So its locks are waited out, even by who
// asked not to wait: an answer "locked" would contradict what that client was
// told before.
package lock

import (
	"fmt"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Space says what kind of thing a Key is.
type Space uint8

// The spaces.
const (
	Row        Space = iota + 1 // Object is the table, Bytes its primary key
	Unique                      // Object is the index, Bytes the indexed values
	Relation                    // Object is the table
	Descriptor                  // Object is the catalog object under its database, Bytes the catalog's OID
	Name                        // Object is where it lies, Bytes its class and name
	Advisory                    // see AdvisoryKey
)

// Key is a thing that can be locked. What Object and Bytes hold is the
// caller's business; equal keys are the same thing.
type Key struct {
	Space  Space
	Object uint64
	Bytes  string
}

// AdvisoryKey is what an advisory lock of a database is on: a number, of one
// part or two. Those are locks of their own.
func AdvisoryKey(database uint32, number uint64, parts int) Key {
	return Key{Space: Advisory, Object: number, Bytes: fmt.Sprintf("%d,%d", database, parts)}
}

// Advisory is the database of an AdvisoryKey, and how many parts its number has.
func (k Key) Advisory() (database uint32, parts int) {
	if _, err := fmt.Sscanf(k.Bytes, "%d,%d", &database, &parts); err != nil {
		return 0, 0 // another node's, which may know more kinds
	}
	return database, parts
}

// Policy is what to do about a key that cannot be had at once.
type Policy uint8

// The policies.
const (
	Block  Policy = iota // wait
	NoWait               // Busy, unless only prepared transactions stand in the way
	Skip                 // the same: the caller leaves the row out
	Try                  // Busy, whatever stands in the way
	NoRows               // of a table: Busy where an unprepared transaction has it instead of its rows (TableExclusive)
)

// ErrTimeout is the end of a wait for longer than lock_timeout (postgres.c, ProcessInterrupts).
func ErrTimeout() *pgerr.E {
	return pgerr.New(pgerr.LockNotAvailable, "canceling statement due to lock timeout")
}

// Request asks for a lock.
type Request struct {
	Owner     txn.ID
	Statement txn.Statement // that takes it: Cut releases by it
	Key       Key
	Mode      Mode
	Policy    Policy
}

// Result is how a request stands.
type Result uint8

// The results.
const (
	Waiting  Result = iota // see Waiter
	Granted                // held until Release or Cut
	Busy                   // not to be had without waiting
	Canceled               // given up by Cancel, or its owner was released
)

func (r Result) String() string {
	return [...]string{"waiting", "granted", "busy", "canceled"}[r]
}

// Waiter is a request in a queue. Table closes Done when it has left it;
// Result, read under the owner's mutex, says how.
type Waiter struct {
	Request
	Since  time.Time // for whoever looks on; the caller sets it
	result Result
	done   chan struct{}
	owner  *owner
	entry  *entry
}

// Done is closed when the waiting is over.
func (w *Waiter) Done() <-chan struct{} { return w.done }

// Result is how the waiting ended.
func (w *Waiter) Result() Result { return w.result }

// Holding is a lock that a transaction holds, as a prepare record keeps it.
type Holding struct {
	Key       Key
	Mode      Mode
	Statement txn.Statement
}

// entry is a key that somebody holds or waits for.
type entry struct {
	key     Key
	holders []holder
	queue   []*Waiter
}

// holder is one grant. A transaction can have several on a key: stronger ones
// taken by later statements, so that Cut can take back the later alone.
type holder struct {
	owner     *owner
	mode      Mode
	statement txn.Statement
}

// owner is a transaction that holds or waits for something.
type owner struct {
	id       txn.ID
	prepared bool
	entries  []*entry // with a holder of it, each once
	waiting  []*Waiter
}
