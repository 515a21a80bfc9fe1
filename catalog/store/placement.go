package store

import (
	"context"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Placement returns the shard map, and the compare that holds as long as it is
// this one: for Publish's extra compares. Before the first SetPlacement the map is nil.
func (s *Store) Placement(ctx context.Context) (*placement.Map, metakv.Compare, error) {
	kv, err := s.kv.Get(ctx, placementKey)
	if err != nil {
		return nil, metakv.Compare{}, unavailable(err)
	}
	unchanged := metakv.Compare{Key: placementKey, Modified: kv.Modified}
	if !kv.Exists() {
		return nil, unchanged, nil
	}
	m, err := placement.Decode(kv.Value)
	if err != nil {
		return nil, unchanged, errBadRecord("%v", err)
	}
	return m, unchanged, nil
}

// SetPlacement replaces the shard map, if it is still the one that the compare
// came with; 40001 if not.
func (s *Store) SetPlacement(ctx context.Context, m *placement.Map, unchanged metakv.Compare) error {
	r, err := s.kv.Commit(ctx, metakv.Txn{
		If:   []metakv.Compare{unchanged},
		Then: []metakv.Op{metakv.Put(placementKey, m.Encode())},
	})
	if err != nil {
		return unavailable(err)
	}
	if !r.Done {
		return pgerr.New(pgerr.TRSerializationFailure, "the shard map was changed by another node")
	}
	return nil
}

// WatchPlacement follows the shard map: every Next says that it may be another.
func (s *Store) WatchPlacement() metakv.Watch { return s.kv.Watch(placementKey, 0) }
