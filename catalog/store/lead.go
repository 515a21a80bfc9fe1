package store

import (
	"bytes"
	"context"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Leader is the node that serves the cluster's timestamp oracle.
type Leader struct {
	Node    uint32 `json:"node"`
	Boot    uint32 `json:"boot"`
	Address string `json:"address"` // where nodes reach it
}

// Term is a node's time as the leader: from its election to the next one. It
// cannot know when it has ended: Confirm asks, ExtendBound fails.
type Term struct {
	store *Store
	won   metakv.Compare // leader's key is the one that this election put
}

// Campaign makes the node the leader unless there is one; then it returns nil.
// The leadership goes with the lease.
func (s *Store) Campaign(ctx context.Context, l Leader, lease metakv.LeaseID) (*Term, error) {
	put := metakv.Put(leaderKey, marshal(l))
	put.Lease = lease
	r, err := s.kv.Commit(ctx, metakv.Txn{If: []metakv.Compare{{Key: leaderKey}}, Then: []metakv.Op{put}})
	if err != nil {
		return nil, unavailable(err)
	}
	if !r.Done {
		return nil, nil
	}
	return &Term{store: s, won: metakv.Compare{Key: leaderKey, Modified: r.Revision}}, nil
}

// Crown makes the node the leader for good, under no lease: that of a cluster
// whose metadata store lives in the node's own process.
func (s *Store) Crown(ctx context.Context, l Leader) error {
	_, err := s.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{metakv.Put(leaderKey, marshal(l))}})
	return unavailableOrNil(err)
}

// Leader returns who is the leader; ok is false when nobody is.
func (s *Store) Leader(ctx context.Context) (l Leader, ok bool, err error) {
	kv, err := s.kv.Get(ctx, leaderKey)
	if err != nil {
		return Leader{}, false, unavailable(err)
	}
	if !kv.Exists() {
		return Leader{}, false, nil
	}
	return l, true, unmarshal(kv, &l)
}

// WatchLeader follows elections; every Next says that the leader may be another one.
func (s *Store) WatchLeader() metakv.Watch { return s.kv.Watch(leaderKey, 0) }

// Confirm reads, linearizably, that nobody has been elected since; 40001 if
// somebody has, or if the lease has run out.
func (t *Term) Confirm(ctx context.Context) error {
	kv, err := t.store.kv.Get(ctx, leaderKey)
	if err != nil {
		return unavailable(err)
	}
	if kv.Modified != t.won.Modified {
		return pgerr.New(pgerr.TRSerializationFailure, "this node is not the timestamp oracle any more")
	}
	return nil
}

// Bound returns the oracle's persisted bound.
func (t *Term) Bound(ctx context.Context) (int64, error) { return t.store.Bound(ctx) }

// ExtendBound raises the oracle's bound, as Store.ExtendBound, only while the term lasts.
func (t *Term) ExtendBound(ctx context.Context, to int64) error {
	return t.store.ExtendBound(ctx, to, t.won)
}

// Published returns the newest revision of the catalog, read linearizably.
func (s *Store) Published(ctx context.Context) (uint64, error) {
	kv, err := s.kv.Get(ctx, headKey)
	if err != nil {
		return 0, unavailable(err)
	}
	var head headRecord
	return head.Revision, unmarshal(kv, &head)
}

// Depose ends the time of a leader that is known to be dead, if it is still the one.
func (s *Store) Depose(ctx context.Context, l Leader) error {
	kv, err := s.kv.Get(ctx, leaderKey)
	if err != nil {
		return unavailable(err)
	}
	if !bytes.Equal(kv.Value, marshal(l)) {
		return nil
	}
	_, err = s.kv.Commit(ctx, metakv.Txn{
		If: []metakv.Compare{{Key: leaderKey, Modified: kv.Modified}}, Then: []metakv.Op{metakv.Delete(leaderKey)},
	})
	return unavailableOrNil(err)
}
