package store_test

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/metakvtest"
	"github.com/pegmatitedb/pegmatite/catalog/placement"
	"github.com/pegmatitedb/pegmatite/catalog/ring"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// overBoth runs a test over each metadata store there is.
func overBoth(t *testing.T, test func(t *testing.T, kv metakvtest.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, memory.New()) })
	t.Run("etcd", func(t *testing.T) {
		server, err := etcd.Embed(t.Context(), filepath.Join(t.TempDir(), "etcd"), true, etcd.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		test(t, server.Store())
	})
}

// join makes a node of that name a member.
func join(t *testing.T, s *store.Store, kv metakvtest.Store, name string, weight int) (*store.Membership, store.Node) {
	t.Helper()
	id, err := s.NodeID(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	n := store.Node{ID: id, Name: name, Directory: "of " + name, Address: name + ":1", Clients: name + ":2", Version: "0.1", Boot: 1, Weight: weight}
	m, err := s.Join(t.Context(), kv, n, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return m, n
}

func leave(t *testing.T, m *store.Membership) {
	t.Helper()
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// says expects an error with a code and a text.
func says(t *testing.T, err error, code pgerr.Code, text string) {
	t.Helper()
	if !pgerr.HasCode(err, code) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v; want %s: %s", err, code, text)
	}
}

// TestDrain: the wish is beside what the node writes of itself, which does not
// undo it, and it is told to those who follow the nodes.
func TestDrain(t *testing.T) {
	overBoth(t, func(t *testing.T, kv metakvtest.Store) {
		s := open(t, kv)
		join(t, s, kv, "a", 1)
		m, _ := join(t, s, kv, "b", 3)
		wishes := s.WatchNodes()[2]
		defer wishes.Close()
		if err := s.Drain(t.Context(), 2, true); err != nil {
			t.Fatal(err)
		}
		if _, err := wishes.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		ringIs(t, s, ring.Member{Node: 1, Weight: 1}, ring.Member{Node: 2})
		leave(t, m)
		m, _ = join(t, s, kv, "b", 2)
		ringIs(t, s, ring.Member{Node: 1, Weight: 1}, ring.Member{Node: 2})
		nodes, err := s.Nodes(t.Context())
		if err != nil || len(nodes) != 2 || nodes[0].Draining || !nodes[1].Draining || nodes[1].Weight != 2 {
			t.Errorf("%+v, %v", nodes, err)
		}
		if err := s.Drain(t.Context(), 2, false); err != nil {
			t.Fatal(err)
		}
		ringIs(t, s, ring.Member{Node: 1, Weight: 1}, ring.Member{Node: 2, Weight: 2})
		says(t, s.Drain(t.Context(), 7, true), pgerr.UndefinedObject, "node 7 does not exist")
		leave(t, m)
	})
}

func ringIs(t *testing.T, s *store.Store, want ...ring.Member) {
	t.Helper()
	got, _, err := s.RingMembers(t.Context())
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the ring %v, %v; want %v", got, err, want)
	}
}

// TestRingMembers: who cannot be reached gets no shards; who is down keeps its
// own. When everyone is drained nothing is planned.
func TestRingMembers(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	id, err := s.NodeID(t.Context(), "alone")
	if err != nil {
		t.Fatal(err)
	}
	alone := store.Node{ID: id, Name: "alone", Directory: "d", Weight: 1}
	if _, err := s.Join(t.Context(), kv, alone, time.Minute); err != nil {
		t.Fatal(err)
	}
	ringIs(t, s)
	m, _ := join(t, s, kv, "a", 1)
	leave(t, m)
	ringIs(t, s, ring.Member{Node: 2, Weight: 1})
	if err := s.Drain(t.Context(), 2, true); err != nil {
		t.Fatal(err)
	}
	shards, err := placement.New(8, []ring.Member{{Node: 9, Weight: 1}})
	if err != nil {
		t.Fatal(err)
	}
	members, _, err := s.RingMembers(t.Context())
	if plan := shards.Plan(members); err != nil || slices.ContainsFunc(plan, func(node uint32) bool { return node != 9 }) {
		t.Errorf("with nobody to have shards the plan is %v, %v", plan, err)
	}
}

// TestRemoveNode: a node goes only when it is down and has no shards; its name
// is another node's then, and its directory nobody's.
func TestRemoveNode(t *testing.T) {
	overBoth(t, func(t *testing.T, kv metakvtest.Store) {
		s := open(t, kv)
		join(t, s, kv, "a", 1)
		m, b := join(t, s, kv, "b", 1)
		shards, err := placement.New(8, []ring.Member{{Node: 2, Weight: 1}})
		if err != nil {
			t.Fatal(err)
		}
		place(t, s, shards)
		says(t, s.RemoveNode(t.Context(), 7), pgerr.UndefinedObject, "node 7 does not exist")
		says(t, s.RemoveNode(t.Context(), 2), pgerr.ObjectInUse, `node "b" is alive`)
		leave(t, m)
		says(t, s.RemoveNode(t.Context(), 2), pgerr.ObjectNotInPrerequisiteState, `node "b" has 8 shards`)
		for i := range uint32(8) {
			shards = shards.Moved(i, 1)
		}
		place(t, s, shards)
		if err := s.Drain(t.Context(), 2, true); err != nil {
			t.Fatal(err)
		}
		boot, err := s.NextBoot(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveNode(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if next, err := s.NextBoot(t.Context(), 2); err != nil || next != boot+2 {
			t.Errorf("the boot after %d and the removal is %d, %v", boot, next, err)
		}
		says(t, s.RemoveNode(t.Context(), 2), pgerr.UndefinedObject, "node 2 does not exist")
		says(t, s.Drain(t.Context(), 2, true), pgerr.UndefinedObject, "node 2 does not exist")
		ringIs(t, s, ring.Member{Node: 1, Weight: 1})
		if was, ok, err := s.Removed(t.Context(), 2); err != nil || !ok || was.Name != "b" || was.ID != 2 {
			t.Errorf("removed: %+v, %v, %v", was, ok, err)
		}
		if _, ok, err := s.Removed(t.Context(), 1); err != nil || ok {
			t.Errorf("node 1 is removed: %v, %v", ok, err)
		}
		_, err = s.Join(t.Context(), kv, b, time.Minute)
		says(t, err, pgerr.UndefinedObject, `node "b" has been removed from the cluster`)
		if _, again := join(t, s, kv, "b", 1); again.ID != 3 {
			t.Errorf("the next node of the name is number %d", again.ID)
		}
		ringIs(t, s, ring.Member{Node: 1, Weight: 1}, ring.Member{Node: 3, Weight: 1})
	})
}

func place(t *testing.T, s *store.Store, m *placement.Map) {
	t.Helper()
	_, unchanged, err := s.Placement(t.Context())
	if err == nil {
		err = s.SetPlacement(t.Context(), m, unchanged)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRemoveNodeRaces: what happens between a removal's look and its
// transaction is looked at again.
func TestRemoveNodeRaces(t *testing.T) {
	for _, c := range []struct {
		what      string
		meanwhile func(t *testing.T, s *store.Store, kv metakvtest.Store)
		code      pgerr.Code
	}{
		{"it starts", func(t *testing.T, s *store.Store, kv metakvtest.Store) { join(t, s, kv, "a", 1) }, pgerr.ObjectInUse},
		{"its lease lives", func(t *testing.T, _ *store.Store, kv metakvtest.Store) {
			if _, err := kv.Commit(t.Context(), metakv.Txn{Then: []metakv.Op{metakv.Put("/pegmatite/live/1", nil)}}); err != nil {
				t.Fatal(err)
			}
		}, pgerr.ObjectInUse},
		{"it gets a shard", func(t *testing.T, s *store.Store, _ metakvtest.Store) {
			m, _, err := s.Placement(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			place(t, s, m.Moved(0, 1))
		}, pgerr.ObjectNotInPrerequisiteState},
		{"it is removed", func(t *testing.T, s *store.Store, _ metakvtest.Store) {
			if err := s.RemoveNode(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}, pgerr.UndefinedObject},
	} {
		t.Run(c.what, func(t *testing.T) {
			kv := memory.New()
			s := open(t, kv)
			m, _ := join(t, s, kv, "a", 1)
			leave(t, m)
			shards, err := placement.New(8, []ring.Member{{Node: 5, Weight: 1}})
			if err != nil {
				t.Fatal(err)
			}
			place(t, s, shards)
			happened := false
			slow := open(t, &forgetfulStore{Store: kv, lose: func(txn metakv.Txn) (do, fail bool) {
				if !happened && slices.ContainsFunc(txn.Then, func(op metakv.Op) bool { return op.Key == "/pegmatite/removed/1" }) {
					happened = true
					c.meanwhile(t, s, kv)
				}
				return true, false
			}})
			says(t, slow.RemoveNode(t.Context(), 1), c.code, "node")
		})
	}
}

// gatedLeases keeps a lease alive only once open is closed; asked is closed by the first who wants that.
type gatedLeases struct {
	*memory.Store
	once        sync.Once
	asked, open chan struct{}
}

func (g *gatedLeases) KeepAlive(ctx context.Context, id metakv.LeaseID) error {
	g.once.Do(func() { close(g.asked) })
	<-g.open
	return g.Store.KeepAlive(ctx, id)
}

// TestRemovedWhileCutOff: a node whose lease had run out when it was removed
// learns that when it is back.
func TestRemovedWhileCutOff(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	id, err := s.NodeID(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	gate := &gatedLeases{Store: kv, asked: make(chan struct{}), open: make(chan struct{})}
	m, err := s.Join(t.Context(), gate, store.Node{ID: id, Name: "a", Directory: "d"}, 3*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	<-gate.asked
	kv.Advance(time.Hour)
	if err := s.RemoveNode(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	close(gate.open)
	says(t, m.Wait(), pgerr.UndefinedObject, `node "a" has been removed from the cluster`)
	says(t, m.Announce(t.Context(), store.Node{}), pgerr.AdminShutdown, "the node has left the cluster")
	leave(t, m)
}

// TestRemovedNodesDecideNothing: the decisions of a node that was removed are
// others' to forget, so what it still has under way is refused.
func TestRemovedNodesDecideNothing(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	publish := func(oid catalog.OID) error {
		c := catalog.NewChange(s.Snapshot())
		c.Put(table(oid, "t"+strconv.Itoa(int(oid))))
		_, err := s.Publish(t.Context(), c, store.Decision{Txn: "2.1." + strconv.Itoa(int(oid)), Value: []byte("committed")}, store.NotRemoved(2))
		return err
	}
	m, _ := join(t, s, kv, "a", 1)
	leave(t, m)
	m, _ = join(t, s, kv, "b", 1)
	if err := publish(20000); err != nil {
		t.Fatal(err)
	}
	leave(t, m)
	if err := s.RemoveNode(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := publish(20001); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("after its removal: %v", err)
	}
	if _, decided, _ := s.Decided(t.Context(), "2.1.20001"); decided || s.Snapshot().Table(20001) != nil {
		t.Error("a removed node has decided")
	}
}
