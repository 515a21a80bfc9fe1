package store_test

import (
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/store"
)

func TestMembership(t *testing.T) {
	kv := memory.New()
	s := open(t, kv)
	node := store.Node{ID: 3, Address: "127.0.0.1:1", Version: "0.1", Boot: 2}
	m, err := s.Join(t.Context(), kv, node, 15*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(live bool) {
		t.Helper()
		node.Live = live
		nodes, err := s.Nodes(t.Context())
		if err != nil || len(nodes) != 1 || nodes[0] != node {
			t.Fatalf("nodes %+v, %v; want %+v", nodes, err, node)
		}
	}
	expect(true)
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
}
