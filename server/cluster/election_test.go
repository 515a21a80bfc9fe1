package cluster

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/metakv/memory"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/tso"
)

// mute does what it is asked to and, once, does not say so.
type mute struct {
	*memory.Store
	silent bool
}

func (m *mute) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	r, err := m.Store.Commit(ctx, t)
	if m.silent {
		m.silent = false
		return metakv.Result{}, errors.New("timed out")
	}
	return r, err
}

// TestBoundAfterLostAnswer: a leader goes on whose raise of the bound was done
// without an answer, unless somebody else leads by then, who may have raised it as far.
func TestBoundAfterLostAnswer(t *testing.T) {
	ctx := t.Context()
	kv := &mute{Store: memory.New()}
	s, err := store.Open(ctx, kv, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	lease, err := kv.Grant(ctx, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	term, err := s.Campaign(ctx, store.Leader{Node: 1}, lease)
	if err != nil || term == nil {
		t.Fatal(term, err)
	}
	b := bound{term}
	kv.silent = true
	if err := b.Extend(ctx, 0, 100); err == nil {
		t.Fatal("the answer was not lost")
	}
	for _, step := range []txn.Timestamp{0, 100} {
		if err := b.Extend(ctx, step, step+100); err != nil {
			t.Fatalf("from %d: %v", step, err)
		}
	}
	kv.silent = true
	if err := b.Extend(ctx, 200, 300); err == nil {
		t.Fatal("the answer was not lost")
	}
	if err := kv.Revoke(ctx, lease); err != nil {
		t.Fatal(err)
	}
	if err := b.Extend(ctx, 200, 300); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("a deposed leader goes on: %v", err)
	}
}

// TestNewOracleKnowsTheCatalog: who becomes the oracle tells nodes of what was
// published before, though no node has reported it to this one (rule 22).
func TestNewOracleKnowsTheCatalog(t *testing.T) {
	ctx := t.Context()
	kv := memory.New()
	s, err := store.Open(ctx, kv, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c := catalog.NewChange(s.Snapshot())
	c.Put(&catalog.Schema{OID: 20000, Name: "s", Owner: catalog.SuperuserOID})
	revision, err := s.Publish(ctx, c, store.Decision{})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := kv.Grant(ctx, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	term, err := s.Campaign(ctx, store.Leader{Node: 1}, lease)
	if err != nil || term == nil {
		t.Fatal(term, err)
	}
	log := slog.New(slog.DiscardHandler)
	members, err := NewMembers(ctx, 1, s, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { members.Close() })
	l, _, err := (&Election{store: s, log: log, members: members}).open(ctx, term)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if reply, err := l.Draw(ctx, tso.DrawRequest{Node: 2, Count: 1}); err != nil || reply.Revision != revision {
		t.Errorf("revision %d, %v; %d is published", reply.Revision, err, revision)
	}
}
