package store

import (
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// TestLead elects a leader, deposes it behind its back, and shows that it can
// neither confirm nor raise the bound any more.
func TestLead(t *testing.T) {
	kv := memory.New()
	s, err := Open(t.Context(), kv, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	lease, err := kv.Grant(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Campaign(t.Context(), Leader{Node: 1, Address: "a:1"}, lease)
	if err != nil || first == nil {
		t.Fatalf("nobody leads, and the campaign gave %v, %v", first, err)
	}
	other, err := s.Campaign(t.Context(), Leader{Node: 2, Address: "b:1"}, lease)
	if err != nil || other != nil {
		t.Fatalf("node 1 leads, and the campaign of node 2 gave %v, %v", other, err)
	}
	if l, ok, err := s.Leader(t.Context()); err != nil || !ok || l != (Leader{Node: 1, Address: "a:1"}) {
		t.Fatalf("the leader is %+v, %v, %v", l, ok, err)
	}
	if err := first.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.ExtendBound(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	if err := kv.Revoke(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	deposed := func() {
		t.Helper()
		if err := first.Confirm(t.Context()); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			t.Errorf("a deposed leader is confirmed: %v", err)
		}
		if err := first.ExtendBound(t.Context(), 1000); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			t.Errorf("a deposed leader raised the bound: %v", err)
		}
	}
	deposed()
	if lease, err = kv.Grant(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	second, err := s.Campaign(t.Context(), Leader{Node: 1, Address: "a:1"}, lease)
	if err != nil || second == nil {
		t.Fatalf("nobody leads, and the campaign gave %v, %v", second, err)
	}
	deposed()
	if err := second.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
}
