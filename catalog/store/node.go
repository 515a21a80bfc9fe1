package store

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
)

// Node is a member of the cluster.
type Node struct {
	ID      uint32
	Address string // where other nodes reach it; "" when they cannot
	Version string // of the program
	Boot    uint32
	// Live: its lease has not run out. A hint: it may be dead already, or
	// cut off and alive.
	Live bool
}

type nodeRecord struct {
	Address string `json:"address,omitempty"`
	Version string `json:"version"`
	Boot    uint32 `json:"boot"`
}

// Nodes returns all nodes that have ever joined, in order of their numbers' text.
func (s *Store) Nodes(ctx context.Context) ([]Node, error) {
	kvs, _, err := s.kv.Range(ctx, nodeRoot)
	if err != nil {
		return nil, unavailable(err)
	}
	live, _, err := s.kv.Range(ctx, liveRoot)
	if err != nil {
		return nil, unavailable(err)
	}
	alive := make(map[string]bool)
	for _, kv := range live {
		alive[kv.Key[len(liveRoot):]] = true
	}
	nodes := make([]Node, len(kvs))
	for i, kv := range kvs {
		name := kv.Key[len(nodeRoot):]
		id, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return nil, errBadRecord("%s is no node", kv.Key)
		}
		var r nodeRecord
		if err := unmarshal(kv, &r); err != nil {
			return nil, err
		}
		nodes[i] = Node{ID: uint32(id), Address: r.Address, Version: r.Version, Boot: r.Boot, Live: alive[name]}
	}
	return nodes, nil
}

// Membership keeps a node's lease alive until it is closed.
type Membership struct {
	store  *Store
	leaser metakv.Leaser
	node   Node
	ttl    time.Duration

	mu    sync.Mutex
	lease metakv.LeaseID // protected by mu

	stop context.CancelFunc
	done sync.WaitGroup
}

// Join makes the node a member: live as long as this process renews its lease,
// at thirds of the ttl. Close ends it.
func (s *Store) Join(ctx context.Context, leaser metakv.Leaser, node Node, ttl time.Duration) (*Membership, error) {
	m := &Membership{store: s, leaser: leaser, node: node, ttl: ttl}
	if err := m.register(ctx); err != nil {
		return nil, err
	}
	ctx, m.stop = context.WithCancel(context.WithoutCancel(ctx))
	m.done.Go(func() { m.renew(ctx) })
	return m, nil
}

// register takes a lease and puts the node under it.
func (m *Membership) register(ctx context.Context) error {
	lease, err := m.leaser.Grant(ctx, m.ttl)
	if err != nil {
		return unavailable(err)
	}
	name := strconv.FormatUint(uint64(m.node.ID), 10)
	record := nodeRecord{Address: m.node.Address, Version: m.node.Version, Boot: m.node.Boot}
	live := metakv.Put(liveRoot+name, nil)
	live.Lease = lease
	if _, err := m.store.kv.Commit(ctx, metakv.Txn{Then: []metakv.Op{metakv.Put(nodeRoot+name, marshal(record)), live}}); err != nil {
		return unavailable(err)
	}
	m.mu.Lock()
	m.lease = lease
	m.mu.Unlock()
	return nil
}

// renew renews the lease, or takes another when it was too late.
func (m *Membership) renew(ctx context.Context) {
	ticker := time.NewTicker(m.ttl / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		err := m.leaser.KeepAlive(ctx, m.leaseID())
		if errors.Is(err, metakv.ErrLeaseGone) {
			m.store.log.Warn("the node's lease had run out, joining again")
			err = m.register(ctx)
		}
		if err != nil && ctx.Err() == nil {
			m.store.log.Warn("renewing the node's lease failed", "error", err)
		}
	}
}

func (m *Membership) leaseID() metakv.LeaseID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lease
}

// Close leaves: the node is no longer live when it returns, if the metadata store answers within ctx.
func (m *Membership) Close(ctx context.Context) error {
	m.stop()
	m.done.Wait()
	if err := m.leaser.Revoke(ctx, m.leaseID()); err != nil && !errors.Is(err, metakv.ErrLeaseGone) {
		return unavailable(err)
	}
	return nil
}
