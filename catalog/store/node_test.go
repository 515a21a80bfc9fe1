package store_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

func TestMembership(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := s.NodeID(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	node := store.Node{ID: 3, Name: "c", Directory: "d", Address: "127.0.0.1:1", Clients: "127.0.0.1:2", Version: "0.1", Boot: 2, Weight: 1}
	m, err := s.Join(t.Context(), kv, node, 15*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(live bool) {
		t.Helper()
		node.Live = live
		nodes, err := s.Nodes(t.Context())
		if err != nil || len(nodes) != 1 || !reflect.DeepEqual(nodes[0], node) {
			t.Fatalf("nodes %+v, %v; want %+v", nodes, err, node)
		}
	}
	expect(true)
	node.Logs = []string{"a", "b"}
	if err := m.Announce(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	expect(true)
	again := node
	again.Logs = nil
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, err = s.Join(t.Context(), kv, again, 15*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	expect(true)
	other := node
	other.Directory = "e"
	if _, err := s.Join(t.Context(), kv, other, time.Second); !pgerr.HasCode(err, pgerr.ObjectInUse) {
		t.Fatalf("the same node in another directory: %v", err)
	}
	// The store's clock leaps: the lease is gone, the node joins again.
	watch := kv.Watch("/pegmatite/live/", 0)
	defer watch.Close()
	kv.Advance(time.Hour)
	for again := false; !again; {
		events, err := watch.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			again = again || !e.Deleted
		}
	}
	expect(true)
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(false)
	if err := m.Announce(t.Context(), node); !pgerr.HasCode(err, pgerr.AdminShutdown) {
		t.Errorf("announced after it has left: %v", err)
	}
}

// unheard is a metadata store that does not hear everything.
type unheard struct {
	*memory.Store
	keepAlive, commit atomic.Bool // that it does not hear
	commits           atomic.Int32
}

var errUnheard = errors.New("not heard")

func (u *unheard) KeepAlive(ctx context.Context, id metakv.LeaseID) error {
	if u.keepAlive.Load() {
		return errUnheard
	}
	return u.Store.KeepAlive(ctx, id)
}

func (u *unheard) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	if u.commit.Load() {
		u.commits.Add(1)
		return metakv.Result{}, errUnheard
	}
	return u.Store.Commit(ctx, t)
}

// TestLeaseIsCertain: a node knows until when it certainly counts as alive, and
// joins again until the others see it.
func TestLeaseIsCertain(t *testing.T) {
	const ttl = 24 * time.Millisecond
	kv := &unheard{Store: memory.New()}
	s := open(t, kv)
	id, err := s.NodeID(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	m, err := s.Join(t.Context(), kv, store.Node{ID: id, Name: "c", Directory: "d"}, ttl)
	if err != nil {
		t.Fatal(err)
	}
	joined := time.Now()
	var lapses, late atomic.Int32
	m.OnLapse(func() {
		lapses.Add(1)
		if !m.Until().IsZero() {
			late.Add(1)
		}
	})
	if until := m.Until(); until.Before(asked) || until.After(joined.Add(ttl)) {
		t.Errorf("joined between %v and %v, alive until %v", asked, joined, until)
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	until("the lease is never renewed", func() bool { return m.Until().After(joined.Add(ttl)) })
	kv.keepAlive.Store(true)
	until("who is not heard counts as alive", func() bool { return time.Now().After(m.Until()) })
	kv.commit.Store(true)
	kv.keepAlive.Store(false)
	kv.Advance(time.Hour)
	until("who has no lease does not join", func() bool { return kv.commits.Load() > 1 })
	if !m.Until().IsZero() {
		t.Errorf("alive until %v under a lease that nobody sees", m.Until())
	}
	if lapses.Load() == 0 || late.Load() > 0 {
		t.Errorf("told of %d ends of leases, of %d when there was another", lapses.Load(), late.Load())
	}
	kv.commit.Store(false)
	until("a node is never seen again", func() bool {
		nodes, err := s.Nodes(t.Context())
		return err == nil && nodes[0].Live && time.Now().Before(m.Until())
	})
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStartedFromACopy: who was halted while a copy of its directory was started
// is not the node any more, and does not come back.
func TestStartedFromACopy(t *testing.T) {
	kv := &unheard{Store: memory.New()}
	s := open(t, kv)
	id, err := s.NodeID(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	node := store.Node{ID: id, Name: "c", Directory: "d", Clients: "127.0.0.1:1", Boot: 1}
	halted, err := s.Join(t.Context(), kv, node, 15*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	kv.keepAlive.Store(true)
	kv.Advance(time.Hour)
	copied := node
	copied.Boot, copied.Clients = 2, "127.0.0.1:2"
	m, err := s.Join(t.Context(), kv, copied, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	kv.keepAlive.Store(false)
	time.AfterFunc(10*time.Second, func() { halted.Close(context.Background()) })
	if err := halted.Wait(); !pgerr.HasCode(err, pgerr.ObjectNotInPrerequisiteState) || !strings.Contains(err.Error(), "at 127.0.0.1:2, from a copy") {
		t.Errorf("it goes on: %v", err)
	}
	if _, err := s.Join(t.Context(), kv, node, time.Second); !pgerr.HasCode(err, pgerr.ObjectNotInPrerequisiteState) {
		t.Errorf("a start that was overtaken: %v", err)
	}
	nodes, err := s.Nodes(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].Boot != 2 || !nodes[0].Live {
		t.Errorf("%+v, %v", nodes, err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNodeID: a name is one number, for ever and whoever asks.
func TestNodeID(t *testing.T) {
	kv := memory.New()
	a, b := open(t, kv), open(t, kv)
	for _, c := range []struct {
		s    *store.Store
		name string
		want uint32
	}{{a, "one", 1}, {b, "two", 2}, {b, "one", 1}, {a, "two", 2}, {a, "three", 3}} {
		if id, err := c.s.NodeID(t.Context(), c.name); err != nil || id != c.want {
			t.Errorf("%s is %d, %v; want %d", c.name, id, err, c.want)
		}
	}
}

// TestWithdraw: of a node that has never served nothing is left, unless it has shards.
func TestWithdraw(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	for _, c := range []struct {
		shards bool
		left   int
	}{{false, 0}, {true, 1}} {
		id, err := s.NodeID(t.Context(), "n")
		if err != nil {
			t.Fatal(err)
		}
		if c.shards {
			m, err := placement.New(1, []ring.Member{{Node: id, Weight: 1}})
			if err != nil {
				t.Fatal(err)
			}
			_, unchanged, err := s.Placement(t.Context())
			if err == nil {
				err = s.SetPlacement(t.Context(), m, unchanged)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		m, err := s.Join(t.Context(), kv, store.Node{ID: id, Name: "n", Directory: "d"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Withdraw(t.Context()); err != nil {
			t.Fatal(err)
		}
		if nodes, err := s.Nodes(t.Context()); err != nil || len(nodes) != c.left {
			t.Errorf("with shards %v: %d nodes are left, %v", c.shards, len(nodes), err)
		}
		// For the others a number that has gone is over for good (rule 11).
		if next, err := s.NodeID(t.Context(), "n"); err != nil || (next == id) != c.shards {
			t.Errorf("with shards %v: node %d comes back as %d, %v", c.shards, id, next, err)
		}
		m, err = s.Join(t.Context(), kv, store.Node{ID: id, Name: "n", Directory: "d"}, time.Minute)
		if (err == nil) != c.shards {
			t.Errorf("with shards %v: joining under the number again: %v", c.shards, err)
		}
		if err == nil {
			leave(t, m)
		}
	}
}
