// Package memory is a metakv.Store in memory. It is exactly as strict as etcd,
// and deterministic: no goroutine, no clock but the one that Advance moves.
package memory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/btree"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// Store is the store; make one with New.
type Store struct {
	mu sync.Mutex
	// All below is protected by mu.
	keys      *btree.BTreeG[metakv.KV]
	revision  metakv.Revision
	history   []metakv.Event // in order of revision
	compacted metakv.Revision
	changed   chan struct{} // closed and replaced by every revision
	leases    map[metakv.LeaseID]*lease
	lastLease metakv.LeaseID
	now       time.Duration
}

type lease struct {
	ttl, deadline time.Duration
}

var (
	_ metakv.Store  = (*Store)(nil)
	_ metakv.Leaser = (*Store)(nil)
)

// New makes an empty store.
func New() *Store {
	return &Store{
		keys: btree.NewBTreeGOptions(func(a, b metakv.KV) bool { return a.Key < b.Key }, btree.Options{NoLocks: true}),
		// etcd's first revision is 1.
		revision: 1,
		changed:  make(chan struct{}),
		leases:   make(map[metakv.LeaseID]*lease),
	}
}

// Get implements metakv.Store.
func (s *Store) Get(ctx context.Context, key string) (metakv.KV, error) {
	if err := ctx.Err(); err != nil {
		return metakv.KV{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kv, _ := s.keys.Get(metakv.KV{Key: key})
	kv.Key = key
	return kv, nil
}

// Range implements metakv.Store.
func (s *Store) Range(ctx context.Context, prefix string) ([]metakv.KV, metakv.Revision, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withPrefix(prefix), s.revision, nil
}

func (s *Store) withPrefix(prefix string) []metakv.KV {
	var found []metakv.KV
	s.keys.Ascend(metakv.KV{Key: prefix}, func(kv metakv.KV) bool {
		if !strings.HasPrefix(kv.Key, prefix) {
			return false
		}
		found = append(found, kv)
		return true
	})
	return found
}

// Commit implements metakv.Store.
func (s *Store) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if err := ctx.Err(); err != nil {
		return metakv.Result{}, err
	}
	if err := metakv.CheckSize(t); err != nil {
		return metakv.Result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range t.Then {
		if op.Lease != 0 && s.leases[op.Lease] == nil {
			return metakv.Result{}, metakv.ErrLeaseGone
		}
	}
	for _, c := range t.If {
		if have, _ := s.keys.Get(metakv.KV{Key: c.Key}); have.Modified != c.Modified {
			return metakv.Result{Revision: s.revision}, nil
		}
	}
	s.apply(t.Then)
	return metakv.Result{Done: true, Revision: s.revision}, nil
}

// apply does the ops at the next revision; one without effect makes none.
func (s *Store) apply(ops []metakv.Op) {
	next := s.revision + 1
	before := len(s.history)
	for _, op := range ops {
		switch {
		case op.Prefix:
			for _, kv := range s.withPrefix(op.Key) {
				s.drop(kv.Key, next)
			}
		case op.Delete:
			s.drop(op.Key, next)
		default:
			kv := metakv.KV{Key: op.Key, Value: slices.Clone(op.Value), Modified: next, Lease: op.Lease}
			s.keys.Set(kv)
			s.history = append(s.history, metakv.Event{KV: kv})
		}
	}
	if len(s.history) == before {
		return
	}
	s.revision = next
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Store) drop(key string, at metakv.Revision) {
	if _, ok := s.keys.Delete(metakv.KV{Key: key}); ok {
		s.history = append(s.history, metakv.Event{KV: metakv.KV{Key: key, Modified: at}, Deleted: true})
	}
}

// Compact implements metakv.Store.
func (s *Store) Compact(ctx context.Context, r metakv.Revision) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r <= s.compacted {
		return nil
	}
	r = min(r, s.revision)
	s.compacted = r
	s.history = slices.DeleteFunc(s.history, func(e metakv.Event) bool { return e.Modified < r })
	return nil
}

// Watch implements metakv.Store.
func (s *Store) Watch(prefix string, from metakv.Revision) metakv.Watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from == 0 {
		from = s.revision + 1
	}
	return &watch{store: s, prefix: prefix, next: from}
}

type watch struct {
	store  *Store
	prefix string
	next   metakv.Revision
}

// Next implements metakv.Watch.
func (w *watch) Next(ctx context.Context) ([]metakv.Event, error) {
	for {
		events, changed, err := w.pending()
		if err != nil || len(events) > 0 {
			return events, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (w *watch) pending() ([]metakv.Event, <-chan struct{}, error) {
	s := w.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.next < s.compacted {
		return nil, nil, metakv.ErrCompacted
	}
	var events []metakv.Event
	for _, e := range s.history {
		if e.Modified >= w.next && strings.HasPrefix(e.Key, w.prefix) {
			events = append(events, e)
		}
	}
	w.next = max(w.next, s.revision+1)
	return events, s.changed, nil
}

// Close implements metakv.Watch.
func (w *watch) Close() {}

// Grant implements metakv.Leaser.
func (s *Store) Grant(ctx context.Context, ttl time.Duration) (metakv.LeaseID, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastLease++
	s.leases[s.lastLease] = &lease{ttl, s.now + ttl}
	return s.lastLease, nil
}

// KeepAlive implements metakv.Leaser.
func (s *Store) KeepAlive(ctx context.Context, id metakv.LeaseID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leases[id]
	if l == nil {
		return metakv.ErrLeaseGone
	}
	l.deadline = s.now + l.ttl
	return nil
}

// Revoke implements metakv.Leaser.
func (s *Store) Revoke(ctx context.Context, id metakv.LeaseID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[id] == nil {
		return metakv.ErrLeaseGone
	}
	s.end(id)
	return nil
}

func (s *Store) end(id metakv.LeaseID) {
	delete(s.leases, id)
	var ops []metakv.Op
	s.keys.Scan(func(kv metakv.KV) bool {
		if kv.Lease == id {
			ops = append(ops, metakv.Delete(kv.Key))
		}
		return true
	})
	s.apply(ops)
}

// Advance moves the store's clock on by d and ends the leases that nobody has
// kept alive, in order of their IDs.
func (s *Store) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += d
	var gone []metakv.LeaseID
	for id, l := range s.leases {
		if l.deadline < s.now {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	for _, id := range gone {
		s.end(id)
	}
}
