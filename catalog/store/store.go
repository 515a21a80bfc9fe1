// Package store keeps the catalog in the metadata store, and a copy of it here.
//
// Descriptors are published, not stored one by one: a log of changes, each
// numbered by one more than the last (the catalog's revision), above a
// checkpoint of everything. What makes a change current is one transaction that
// compares the head of the log and appends, however many descriptors the
// change holds; large ones are written beside the log before, where nobody looks.
// Every node applies the log to its own Snapshot, in order, as it arrives.
//
//	keys.go    where everything is          record.go, encode.go, encodetype.go, encodefunction.go  what it looks like
//	load.go    the catalog as it is          follow.go  the log as it grows
//	publish.go a transaction's DDL          decision.go  its outcome
//	check.go   checkpoints, cleaning         cluster.go  identity, boots, numbers, bound, settings
//	node.go    who is a member              placement.go  the shard map
//	wishes.go  what an operator wants of members, and their end
//	secret.go  what only nodes know
//	dropped.go what the sweep may take       lead.go  who serves the timestamp oracle
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Format is the version of what stands in the metadata store. A store with
// another one is refused.
const Format = 1

// Options are what Open needs to know.
type Options struct {
	// System are the relations that every database has: pgcatalog.Relations().
	System []catalog.Relation
	// Existing refuses (3D000) an empty metadata store instead of making a cluster in it.
	Existing bool
	// Log hears of lost watches and failed checkpoints.
	Log *slog.Logger
}

// Store is a node's view of the cluster's metadata. It is safe for concurrent use.
type Store struct {
	kv      metakv.Store
	system  []catalog.Relation
	log     *slog.Logger
	cluster uuid.UUID

	oids      sequenceBlock
	physicals sequenceBlock

	current atomic.Pointer[state]
	mu      sync.Mutex
	// changed is closed and replaced when current advances; protected by mu,
	// which everyone holds who advances it.
	changed chan struct{}

	// due asks the runner for a checkpoint.
	due  chan struct{}
	stop context.CancelFunc
	done sync.WaitGroup
}

// state is the catalog at one place of the log.
type state struct {
	snapshot *catalog.Snapshot
	// head is the metadata revision of the log entry that snapshot ends with:
	// what a publication on top of it compares.
	head metakv.Revision
	// entries and bytes are the log since the checkpoint, as far as it was seen here.
	entries, bytes int
}

// Open reads the catalog, makes it when the metadata store is empty, and
// follows it until Close.
func Open(ctx context.Context, kv metakv.Store, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{kv: kv, system: o.System, log: o.Log, changed: make(chan struct{}), due: make(chan struct{}, 1)}
	s.oids = sequenceBlock{store: s, key: oidKey, first: uint64(catalog.FirstNormalOID), size: oidBlock, limit: 1<<32 - 1}
	s.physicals = sequenceBlock{store: s, key: physicalKey, first: 1, size: physicalBlock, limit: 1 << 62}
	if o.Existing {
		if err := s.exists(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.identify(ctx); err != nil {
		return nil, err
	}
	loaded, next, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.current.Store(loaded)
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(func() { s.follow(ctx, next) })
	s.done.Go(func() { s.checkpoints(ctx) })
	return s, nil
}

// Close stops following, and waits for it. The metakv.Store stays open.
func (s *Store) Close() {
	s.stop()
	s.done.Wait()
}

// Snapshot returns the catalog as far as this node knows it.
func (s *Store) Snapshot() *catalog.Snapshot { return s.current.Load().snapshot }

// ClusterID is the cluster's identity, made with it.
func (s *Store) ClusterID() uuid.UUID { return s.cluster }

// WaitFor waits until the node knows the given revision, and returns a
// snapshot at or above it.
func (s *Store) WaitFor(ctx context.Context, revision uint64) (*catalog.Snapshot, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if snapshot := s.Snapshot(); snapshot.Revision() >= revision {
			return snapshot, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Confirm waits until the node knows everything that was published before the
// call: before "does not exist" is answered to somebody who drew no snapshot.
func (s *Store) Confirm(ctx context.Context) (*catalog.Snapshot, error) {
	kv, err := s.kv.Get(ctx, headKey)
	if err != nil {
		return nil, unavailable(err)
	}
	var head headRecord
	if err := unmarshal(kv, &head); err != nil {
		return nil, err
	}
	return s.WaitFor(ctx, head.Revision)
}

// advance makes next current unless current is already as new.
func (s *Store) advance(next *state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.snapshot.Revision() <= s.current.Load().snapshot.Revision() {
		return
	}
	s.current.Store(next)
	close(s.changed)
	s.changed = make(chan struct{})
}

// exists refuses a metadata store that has no cluster.
func (s *Store) exists(ctx context.Context) error {
	kv, err := s.kv.Get(ctx, formatKey)
	if err != nil {
		return unavailable(err)
	}
	if !kv.Exists() {
		return pgerr.New(pgerr.InvalidCatalogName, "no cluster has its metadata there: no node has been started with it yet")
	}
	return nil
}

// identify checks the format and finds the cluster's identity, or makes both.
func (s *Store) identify(ctx context.Context) error {
	created, err := s.kv.Commit(ctx, metakv.Txn{
		If:   []metakv.Compare{{Key: formatKey}},
		Then: append(s.newCluster(), metakv.Put(formatKey, strconv.AppendInt(nil, Format, 10)), metakv.Put(clusterKey, []byte(uuid.NewString()))),
	})
	if err != nil {
		return unavailable(err)
	}
	if !created.Done {
		kv, err := s.kv.Get(ctx, formatKey)
		if err != nil {
			return unavailable(err)
		}
		if string(kv.Value) != strconv.Itoa(Format) {
			return fmt.Errorf("the metadata has format %q, this program knows format %d", kv.Value, Format)
		}
	}
	kv, err := s.kv.Get(ctx, clusterKey)
	if err != nil {
		return unavailable(err)
	}
	if s.cluster, err = uuid.ParseBytes(kv.Value); err != nil {
		return errBadRecord("the cluster's identity is %q", kv.Value)
	}
	return nil
}

// newCluster is the first entry of the log: what every cluster is born with.
func (s *Store) newCluster() []metakv.Op {
	first := logRecord{ID: "bootstrap"}
	for _, o := range catalog.Bootstrap() {
		first.Ops = append(first.Ops, encodeOp(catalog.Op{Key: o.ObjectKey(), Object: o}))
	}
	return []metakv.Op{
		metakv.Put(headKey, marshal(headRecord{Revision: 1})),
		metakv.Put(logKey(1), marshal(first)),
	}
}

// unavailable is what callers learn of a metadata store that does not answer.
func unavailable(err error) error {
	var e *pgerr.E
	if errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return pgerr.New(pgerr.SystemError, "the metadata store does not answer: %v", err).WithCause(err)
}
