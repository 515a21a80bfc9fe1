package store

import (
	"context"
	"strconv"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/internal/pause"
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

// Claim is how a node takes a shard over that has come to it.
type Claim struct {
	Shard uint32
	Moves uint32 // of the shard, when the node that had it gave it up
	// Node and Boot are who claims: this process of the node. A later one may
	// have thrown away what had come.
	Node, Boot uint32
}

// Claim gives a shard to the node that claims it, and returns the map's epoch; 0
// when the shard has become something else meanwhile. It tries until it knows, or ctx ends.
func (s *Store) Claim(ctx context.Context, c Claim) (epoch uint64, err error) {
	for {
		epoch, known, err := s.tryClaim(ctx, c)
		if known || ctx.Err() != nil {
			return epoch, err
		}
		if err != nil {
			s.log.Warn("claiming a shard, trying again", "shard", c.Shard, "error", err)
		}
		pause.For(ctx, retryPause)
	}
}

func (s *Store) tryClaim(ctx context.Context, c Claim) (epoch uint64, known bool, err error) {
	m, unchanged, err := s.Placement(ctx)
	switch {
	case err != nil:
		return 0, false, err
	case m == nil || int(c.Shard) >= m.Shards():
		return 0, true, nil
	case m.Node(c.Shard) == c.Node && m.Moves(c.Shard) == c.Moves+1:
		return m.Epoch(), true, nil // an earlier try, whose answer was lost
	case m.Moves(c.Shard) != c.Moves:
		return 0, true, nil
	}
	same, err := s.sameBoot(ctx, c.Node, c.Boot)
	if err != nil {
		return 0, false, err
	}
	if same == nil {
		return 0, true, nil
	}
	next := m.Moved(c.Shard, c.Node)
	r, err := s.kv.Commit(ctx, metakv.Txn{If: []metakv.Compare{unchanged, *same}, Then: []metakv.Op{metakv.Put(placementKey, next.Encode())}})
	if err != nil {
		return 0, false, unavailable(err)
	}
	return next.Epoch(), r.Done, nil
}

// sameBoot is the compare that holds as long as a node has not started again; nil if it has.
func (s *Store) sameBoot(ctx context.Context, node, boot uint32) (*metakv.Compare, error) {
	kv, err := s.kv.Get(ctx, bootRoot+nodeText(node))
	if err != nil {
		return nil, unavailable(err)
	}
	if string(kv.Value) != strconv.FormatUint(uint64(boot)+1, 10) { // the next one's
		return nil, nil
	}
	return &metakv.Compare{Key: kv.Key, Modified: kv.Modified}, nil
}

// GiveUp ends a move of a shard that has not come to its end, so that no claim
// to it can succeed any more, and returns the map. If the shard is another
// node's by then, the move had come to its end.
func (s *Store) GiveUp(ctx context.Context, shard, node uint32) (*placement.Map, error) {
	for {
		m, unchanged, err := s.Placement(ctx)
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, errBadRecord("the shard map is gone")
		}
		if m.Node(shard) != node {
			return m, nil
		}
		next := m.Moved(shard, node)
		r, err := s.kv.Commit(ctx, metakv.Txn{If: []metakv.Compare{unchanged}, Then: []metakv.Op{metakv.Put(placementKey, next.Encode())}})
		if err != nil {
			return nil, unavailable(err)
		}
		if r.Done {
			return next, nil
		}
	}
}
