// Package metakv is what the catalog asks of the store that holds the
// cluster's metadata: a small, ordered, watched key-value store with
// revisions. The words are etcd's, which is the real implementation.
//
//	metakv/etcd        etcd, embedded or a cluster's (the only importer of etcd)
//	metakv/memory      a map, for tests and simulation
//	metakv/metakvtest  what both must do
//
// Every committed transaction has a Revision, one more than the one before.
// Reads are linearizable: they see all that was committed before they began.
package metakv

import (
	"context"
	"errors"
	"time"
)

// Revision numbers the states of the store. 0 is "before everything": in a
// Compare it means that the key is absent.
type Revision int64

// MaxOps and MaxRequestBytes are etcd's defaults for one transaction
// (embed.DefaultMaxTxnOps, embed.DefaultMaxRequestBytes). Every implementation
// refuses more with ErrTooLarge, so that what works in memory works in etcd.
const (
	MaxOps          = 128
	MaxRequestBytes = 1536 * 1024
)

// Errors that callers act upon.
var (
	// ErrTooLarge: the transaction exceeds MaxOps or MaxRequestBytes; nothing was done.
	ErrTooLarge = errors.New("metadata transaction is too large")
	// ErrCompacted: the revisions that a watch asks for are gone; read anew.
	ErrCompacted = errors.New("metadata revision has been compacted")
	// ErrLeaseGone: the lease has expired, was revoked or never was.
	ErrLeaseGone = errors.New("metadata lease is gone")
)

// KV is a key with its value.
type KV struct {
	Key      string
	Value    []byte // not to be written to
	Modified Revision
	Lease    LeaseID
}

// Exists reports whether the key was there.
func (kv KV) Exists() bool { return kv.Modified != 0 }

// Compare is a condition: Key was last modified at Modified (0: it is absent).
type Compare struct {
	Key      string
	Modified Revision
}

// Op is a step of a transaction: a put, or a deletion of a key or (Prefix) of
// all keys that begin with it. A transaction must not touch a key twice.
type Op struct {
	Key    string
	Value  []byte
	Lease  LeaseID // of a put; the key goes with the lease. 0 is none.
	Delete bool
	Prefix bool
}

// Put makes an Op.
func Put(key string, value []byte) Op { return Op{Key: key, Value: value} }

// Delete makes an Op.
func Delete(key string) Op { return Op{Key: key, Delete: true} }

// DeletePrefix makes an Op.
func DeletePrefix(prefix string) Op { return Op{Key: prefix, Delete: true, Prefix: true} }

// Txn does all of Then, at one revision, if all of If hold; else nothing.
type Txn struct {
	If   []Compare
	Then []Op
}

// Result is what became of a Txn.
type Result struct {
	Done     bool     // the conditions held
	Revision Revision // of the store after it
}

// Store is the store.
type Store interface {
	// Get reads one key; KV.Exists says whether it is there.
	Get(ctx context.Context, key string) (KV, error)
	// Range reads all keys with the prefix, in order, at the returned revision.
	Range(ctx context.Context, prefix string) ([]KV, Revision, error)
	// Commit runs a transaction. After an error its outcome is unknown, unless
	// the error is ErrTooLarge or ErrLeaseGone: then nothing was done.
	Commit(ctx context.Context, t Txn) (Result, error)
	// Watch follows all changes under the prefix from revision from on; 0 is from now on.
	Watch(prefix string, from Revision) Watch
	// Compact drops the history before the revision; the present stays.
	Compact(ctx context.Context, r Revision) error
}

// Watch is a stream of changes. It belongs to one goroutine.
type Watch interface {
	// Next waits for the next changes: every revision whole, in order. After
	// an error (ErrCompacted, or the store is lost) the watch is over.
	Next(ctx context.Context) ([]Event, error)
	// Close ends the watch.
	Close()
}

// Event is a change of one key.
type Event struct {
	KV
	Deleted bool // Value and Lease are empty then
}

// LeaseID names a lease.
type LeaseID int64

// Leaser gives out leases: keys put under one vanish when nobody has kept it
// alive for its time. That a lease lives is a hint, never proof: what acts on
// it must be fenced by something else.
type Leaser interface {
	// Grant makes a lease that lives for at least ttl (whole seconds) after the last KeepAlive.
	Grant(ctx context.Context, ttl time.Duration) (LeaseID, error)
	// KeepAlive renews the lease once. ErrLeaseGone ends it.
	KeepAlive(ctx context.Context, id LeaseID) error
	// Revoke ends the lease and deletes its keys.
	Revoke(ctx context.Context, id LeaseID) error
}

// CheckSize is ErrTooLarge for a transaction beyond the limits.
func CheckSize(t Txn) error {
	size := 0
	for _, op := range t.Then {
		size += len(op.Key) + len(op.Value)
	}
	if len(t.Then) > MaxOps || len(t.If) > MaxOps || size > MaxRequestBytes-requestOverhead*(len(t.Then)+len(t.If)+1) {
		return ErrTooLarge
	}
	return nil
}

// requestOverhead bounds what the encoding of an op or a compare adds to its key and value.
const requestOverhead = 64
