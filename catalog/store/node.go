package store

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Node is a member of the cluster, as it is stored but for ID, Live and Draining.
type Node struct {
	ID   uint32 `json:"-"`
	Name string `json:"name"`
	// Directory is the UUID of its data directory: two that say they are the
	// same node are not, when their directories differ.
	Directory string `json:"directory"`
	Address   string `json:"address,omitempty"` // where other nodes reach it; "" when they cannot
	Clients   string `json:"clients"`           // where PostgreSQL clients reach it
	Version   string `json:"version"`           // of the program
	Boot      uint32 `json:"boot"`
	Weight    int    `json:"weight"` // its share of the shards, relative to the others'
	// Logs are the UUIDs of its logs, by their number; empty until it serves shards.
	Logs []string `json:"logs,omitempty"`
	// Live: its lease has not run out. A hint: it may be dead already, or
	// cut off and alive.
	Live bool `json:"-"`
	// Draining: an operator wants it to have no shards (Drain).
	Draining bool `json:"-"`
}

// Nodes returns all nodes that have joined and were not removed, in order of
// their numbers' text.
func (s *Store) Nodes(ctx context.Context) ([]Node, error) {
	kvs, _, err := s.kv.Range(ctx, nodeRoot)
	if err != nil {
		return nil, unavailable(err)
	}
	live, err := s.marked(ctx, liveRoot)
	if err != nil {
		return nil, err
	}
	draining, err := s.marked(ctx, drainRoot)
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, len(kvs))
	for i, kv := range kvs {
		name := kv.Key[len(nodeRoot):]
		id, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return nil, errBadRecord("key %q does not end with a node's number", kv.Key)
		}
		if err := unmarshal(kv, &nodes[i]); err != nil {
			return nil, err
		}
		nodes[i].ID, nodes[i].Live, nodes[i].Draining = uint32(id), live[name], draining[name]
	}
	return nodes, nil
}

// NodeNumbers are the numbers of all nodes that have joined, live or not.
func (s *Store) NodeNumbers(ctx context.Context) (numbers []uint32, err error) {
	nodes, err := s.Nodes(ctx)
	for _, n := range nodes {
		numbers = append(numbers, n.ID)
	}
	return numbers, err
}

// marked are the nodes, as text, that have a key under a root.
func (s *Store) marked(ctx context.Context, root string) (map[string]bool, error) {
	kvs, _, err := s.kv.Range(ctx, root)
	if err != nil {
		return nil, unavailable(err)
	}
	nodes := make(map[string]bool)
	for _, kv := range kvs {
		nodes[kv.Key[len(root):]] = true
	}
	return nodes, nil
}

// NodeID returns the number of the node of that name: the same until the node is
// removed, and then another.
func (s *Store) NodeID(ctx context.Context, name string) (uint32, error) {
	key := nameRoot + name
	numbers := sequenceBlock{store: s, key: nodeKey, first: 1, size: 1, limit: 1<<31 - 1}
	for {
		kv, err := s.kv.Get(ctx, key)
		if err != nil {
			return 0, unavailable(err)
		}
		if kv.Exists() {
			id, err := strconv.ParseUint(string(kv.Value), 10, 32)
			if err != nil {
				return 0, errBadRecord("%s is %q", key, kv.Value)
			}
			return uint32(id), nil
		}
		id, err := numbers.take(ctx, 1)
		if err != nil {
			return 0, err
		}
		put := metakv.Put(key, strconv.AppendUint(nil, id, 10))
		if _, err := s.kv.Commit(ctx, metakv.Txn{If: []metakv.Compare{{Key: key}}, Then: []metakv.Op{put}}); err != nil {
			return 0, unavailable(err)
		}
	}
}

// WatchNodes follows the nodes; every Next says that they may be others, that
// one is live that was not, or is to be drained, or the other way round.
func (s *Store) WatchNodes() []metakv.Watch {
	return []metakv.Watch{s.kv.Watch(nodeRoot, 0), s.kv.Watch(liveRoot, 0), s.kv.Watch(drainRoot, 0)}
}

// Membership keeps a node's lease alive until it is closed.
type Membership struct {
	store  *Store
	leaser metakv.Leaser
	ttl    time.Duration
	lease  atomic.Int64 // a metakv.LeaseID; 0 is none
	// until is when the lease may be over, if it is not renewed; nil: there is none.
	until  atomic.Pointer[time.Time]
	lapsed atomic.Pointer[func()] // OnLapse

	node      Node        // of the goroutine that renews
	announced chan func() // what it is to do beside that

	stop    context.CancelFunc
	ended   chan struct{} // closed when the goroutine has ended
	refused error         // why it ended by itself; written before ended is closed
}

// Join makes the node a member: live as long as this process renews its lease,
// at thirds of the ttl and more often after failures. Close ends it. It is refused (55006) as long as another
// directory is the node's, (42704) for a node that was removed and (55000) for one
// that has been started since.
func (s *Store) Join(ctx context.Context, leaser metakv.Leaser, node Node, ttl time.Duration) (*Membership, error) {
	m := &Membership{store: s, leaser: leaser, node: node, ttl: ttl, announced: make(chan func()), ended: make(chan struct{})}
	if err := m.register(ctx); err != nil {
		return nil, err
	}
	ctx, m.stop = context.WithCancel(context.WithoutCancel(ctx))
	go m.renew(ctx)
	return m, nil
}

// Announce replaces what the node says of itself.
func (m *Membership) Announce(ctx context.Context, node Node) error {
	registered := make(chan error, 1)
	announce := func() {
		m.node = node
		registered <- m.register(ctx)
	}
	select {
	case m.announced <- announce:
		return <-registered
	case <-m.ended:
		return errClosed()
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}

func errClosed() error { return pgerr.New(pgerr.AdminShutdown, "the node has left the cluster") }

// Wait waits until the node has left: nil after Close, else why it cannot be a
// member any more: it was removed while its lease had run out (42704), or started
// from a copy of its directory (55000).
func (m *Membership) Wait() error {
	<-m.ended
	return m.refused
}

// ErrAnotherNode refuses a node whose name another one has, with a data
// directory of its own.
func ErrAnotherNode(old Node) error {
	return pgerr.New(pgerr.ObjectInUse, "node %q is another one, at %s, with a data directory of its own", old.Name, old.Address)
}

// errElsewhere refuses a node that was faster, or withdrew, under the same name at this moment.
func errElsewhere(name string) error {
	return pgerr.New(pgerr.ObjectInUse, "node %q has just joined from elsewhere", name)
}

// errStartedAgain refuses a process of a node that has been started after it:
// shards that both have written to are nobody's any more.
func errStartedAgain(now Node) error {
	return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "node %q has been started again, at %s, from a copy of this data directory", now.Name, now.Clients)
}

// errRemoved refuses a node that an operator has taken out of the cluster.
func errRemoved(name string) error {
	return pgerr.New(pgerr.UndefinedObject, "node %q has been removed from the cluster", name)
}

// checkNotRemoved is errRemoved for a node that was.
func (m *Membership) checkNotRemoved(ctx context.Context) error {
	_, removed, err := m.store.Removed(ctx, m.node.ID)
	if removed {
		return errRemoved(m.node.Name)
	}
	return err
}

// found refuses a node that may not register, and returns what register has to
// find unchanged: the node's record, or none, whose logs it keeps, and its name's.
func (m *Membership) found(ctx context.Context) (before, name metakv.KV, err error) {
	id := nodeText(m.node.ID)
	if err := m.checkNotRemoved(ctx); err != nil {
		return before, name, err
	}
	if before, err = m.store.kv.Get(ctx, nodeRoot+id); err != nil {
		return before, name, unavailable(err)
	}
	if before.Exists() {
		var old Node
		if err := unmarshal(before, &old); err != nil {
			return before, name, err
		}
		if old.Directory != m.node.Directory {
			return before, name, ErrAnotherNode(old)
		}
		if old.Boot > m.node.Boot {
			return before, name, errStartedAgain(old)
		}
		if m.node.Logs == nil {
			m.node.Logs = old.Logs // they are the directory's: nobody is to forget them while the node starts
		}
	}
	if name, err = m.store.kv.Get(ctx, nameRoot+m.node.Name); err != nil {
		return before, name, unavailable(err)
	}
	if string(name.Value) != id {
		return before, name, errElsewhere(m.node.Name) // the number was taken back, and never comes again
	}
	return before, name, nil
}

// register puts the node under a lease.
func (m *Membership) register(ctx context.Context) error {
	id := nodeText(m.node.ID)
	before, name, err := m.found(ctx)
	if err != nil {
		return err
	}
	asked := time.Now()
	granted := m.Lease() == 0
	if granted {
		lease, err := m.leaser.Grant(ctx, m.ttl)
		if err != nil {
			return unavailable(err)
		}
		m.lease.Store(int64(lease))
	}
	live := metakv.Put(liveRoot+id, nil)
	live.Lease = m.Lease()
	r, err := m.store.kv.Commit(ctx, metakv.Txn{
		If:   []metakv.Compare{{Key: nodeRoot + id, Modified: before.Modified}, {Key: removedRoot + id}, {Key: name.Key, Modified: name.Modified}},
		Then: []metakv.Op{metakv.Put(nodeRoot+id, marshal(m.node)), live},
	})
	if err != nil {
		return unavailable(err)
	}
	if !r.Done {
		if err := m.checkNotRemoved(ctx); err != nil {
			return err
		}
		return errElsewhere(m.node.Name)
	}
	if granted {
		m.renewed(asked) // not before others see it live
	}
	return nil
}

// renew renews the lease, or takes another when it was too late.
func (m *Membership) renew(ctx context.Context) {
	defer close(m.ended)
	timer := time.NewTimer(m.ttl / 3)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case announce := <-m.announced:
			announce()
			continue
		case <-ctx.Done():
			return
		}
		err := m.keepAlive(ctx)
		if errors.Is(err, metakv.ErrLeaseGone) {
			m.store.log.Warn("the node's lease had run out, joining again")
			m.lease.Store(0)
			m.until.Store(nil)
			if lapsed := m.lapsed.Load(); lapsed != nil {
				(*lapsed)()
			}
			if err = m.register(ctx); forGood(err) {
				m.refused = err
				return
			}
			if err != nil {
				m.lease.Store(0) // a new one may be without the node
			}
		}
		next := m.ttl / 3
		if err != nil {
			next = m.ttl / 12
		}
		timer.Reset(next)
		if err != nil && ctx.Err() == nil {
			m.store.log.Warn("renewing the node's lease failed", "error", err)
		}
	}
}

// forGood reports whether who was refused with an error will always be.
func forGood(err error) bool {
	return pgerr.HasCode(err, pgerr.UndefinedObject) || pgerr.HasCode(err, pgerr.ObjectNotInPrerequisiteState)
}

// keepAlive renews the lease once.
func (m *Membership) keepAlive(ctx context.Context) error {
	asked := time.Now()
	ctx, cancel := context.WithTimeout(ctx, m.ttl/3)
	defer cancel()
	err := m.leaser.KeepAlive(ctx, m.Lease())
	if err == nil {
		m.renewed(asked)
	}
	return err
}

// renewed notes that the lease has at least its whole time from when it was asked for.
func (m *Membership) renewed(asked time.Time) {
	until := asked.Add(m.ttl - m.ttl/12)
	m.until.Store(&until)
}

// Until is when others may begin to take this node for dead, unless its lease
// is renewed before; a bit early, so that there is time to do something.
func (m *Membership) Until() time.Time {
	if until := m.until.Load(); until != nil {
		return *until
	}
	return time.Time{}
}

// OnLapse has a function called when the node's lease was over, before it joins again.
func (m *Membership) OnLapse(lapsed func()) { m.lapsed.Store(&lapsed) }

// Lease is the node's lease of the moment.
func (m *Membership) Lease() metakv.LeaseID { return metakv.LeaseID(m.lease.Load()) }

// Withdraw is Close of a node that has never served: nothing is left of it, as
// long as no shard is its. Its number neither: for those who have seen it go,
// all transactions of that number are over (rule 11).
func (m *Membership) Withdraw(ctx context.Context) error {
	if err := m.Close(ctx); err != nil {
		return err
	}
	p, _, err := m.store.Placement(ctx)
	if err != nil || p != nil && len(p.ShardsOf(m.node.ID)) > 0 {
		return err
	}
	record, err := m.store.kv.Get(ctx, nodeRoot+nodeText(m.node.ID))
	if err != nil || !record.Exists() {
		return unavailableOrNil(err)
	}
	var now Node
	if err := unmarshal(record, &now); err != nil || now.Directory != m.node.Directory {
		return err
	}
	_, err = m.store.kv.Commit(ctx, metakv.Txn{
		If:   []metakv.Compare{{Key: record.Key, Modified: record.Modified}},
		Then: []metakv.Op{metakv.Delete(record.Key), metakv.Delete(nameRoot + now.Name)},
	})
	return unavailableOrNil(err)
}

// Close leaves: the node is no longer live when it returns, if the metadata store answers within ctx.
func (m *Membership) Close(ctx context.Context) error {
	m.stop()
	<-m.ended
	if err := m.leaser.Revoke(ctx, m.Lease()); err != nil && !errors.Is(err, metakv.ErrLeaseGone) {
		return unavailable(err)
	}
	return nil
}
