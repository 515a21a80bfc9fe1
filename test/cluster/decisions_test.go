package cluster

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
	"github.com/pegmatitedb/pegmatite/txn"
)

func openStore(t *testing.T, c *node.Cluster) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c.Etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func decisions(t *testing.T, s *store.Store) []string {
	t.Helper()
	left, err := s.Decisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(left))
}

// TestDecisionsAreForgotten (rule 21): those that commits have left behind, by
// the node whose they are, or any if it was removed, and not while a node is down that may need them.
func TestDecisionsAreForgotten(t *testing.T) {
	var looks held
	c := node.StartClusterWith(t, 3, 6, nil, func(i int) (l server.Layers) {
		if i == 0 {
			l.Metadata = looks.layer
		}
		return l
	})
	s, conns := openStore(t, c), connectAll(t, c)
	run(t, conns[0], "CREATE TABLE t (id int PRIMARY KEY)")
	aborted := append([]byte{byte(txn.Aborted)}, make([]byte, 8)...)
	leave := func(nodes ...uint32) (ids []string) {
		for _, n := range nodes {
			ids = append(ids, txn.ID{Node: n, Boot: 1, Seq: 1 << 40}.String())
			if _, err := s.Decide(t.Context(), ids[len(ids)-1], aborted); err != nil {
				t.Fatal(err)
			}
		}
		return ids
	}
	ids := leave(1, 2, 9)
	sweep := func(i int) {
		t.Helper()
		run(t, conns[i], "VACUUM")
	}
	sweep(0)
	if left := decisions(t, s); !slices.Equal(left, ids[1:2]) {
		t.Errorf("%v are left, want the other node's: %v", left, ids[1:2])
	}
	sweep(1)
	if left := decisions(t, s); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	if err := c.Nodes[2].Stop(); err != nil {
		t.Fatal(err)
	}
	ids = leave(1)
	// The second look comes after all that follows the first.
	for before := looks.ranges.Load(); looks.ranges.Load() < before+2; {
		run(t, conns[0], "CREATE OR REPLACE VIEW v AS SELECT 1 AS a")
	}
	if left := decisions(t, s); !slices.Equal(left, ids) {
		t.Errorf("%v are left while a node is down, want %v", left, ids)
	}
	c.Start(t, 2)
	one[int](t, conns[0], "SELECT count(*)::int FROM t") // it is reached
	client.Eventually(t, "the decision is forgotten", func() bool {
		sweep(0)
		return len(decisions(t, s)) == 0
	})
}

// held is a metadata store that sees, and can hold up, what concerns decisions.
type held struct {
	metakv.Store
	before atomic.Pointer[func(metakv.Txn) error]
	ranges atomic.Int32 // how often all decisions were read
}

func (h *held) layer(kv metakv.Store) metakv.Store {
	h.Store = kv
	return h
}

func (h *held) Range(ctx context.Context, prefix string) ([]metakv.KV, metakv.Revision, error) {
	if strings.HasSuffix(prefix, "/decision/") {
		h.ranges.Add(1)
	}
	return h.Store.Range(ctx, prefix)
}

func (h *held) Commit(ctx context.Context, t metakv.Txn) (metakv.Result, error) {
	before := h.before.Load()
	if before != nil && slices.ContainsFunc(t.Then, func(op metakv.Op) bool { return strings.Contains(op.Key, "/decision/") }) {
		if err := (*before)(t); err != nil {
			return metakv.Result{}, err
		}
	}
	return h.Store.Commit(ctx, t)
}

// TestDecisionIsKeptForWhoAsks: a log of another node that is asking for a
// decision would have another one made, were it forgotten meanwhile.
func TestDecisionIsKeptForWhoAsks(t *testing.T) {
	t.Parallel() // it waits for the time that a coordinator may be silent
	kvs := []*held{{}, {}}
	c := node.StartClusterWith(t, 2, 4, nil, func(i int) server.Layers { return server.Layers{Metadata: kvs[i].layer} })
	s, conns := openStore(t, c), connectAll(t, c)
	run(t, conns[0], "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conns[0], "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i")
	asks, told := make(chan struct{}), make(chan struct{})
	var asking atomic.Bool
	ask := func(metakv.Txn) error {
		if asking.CompareAndSwap(false, true) {
			close(asks)
			<-told
		}
		return nil
	}
	publish := func(tx metakv.Txn) error {
		switch {
		case len(tx.Then) > 1:
			<-asks // the publication waits until the other log has lost patience
		case len(tx.If) > 0:
			return errors.New("the node's own log asks later")
		default:
			select {
			case <-told:
			default:
				t.Error("the decision is forgotten while a log asks for it")
			}
		}
		return nil
	}
	kvs[0].before.Store(&publish)
	kvs[1].before.Store(&ask)
	run(t, conns[0], "ALTER TABLE t ADD CHECK (v = 0)")
	close(told)
	if got := one[int](t, conns[1], "SELECT count(*)::int FROM pg_constraint WHERE conrelid = 't'::regclass AND contype = 'c'"); got != 1 {
		t.Errorf("%d constraints", got)
	}
	run(t, conns[1], "UPDATE t SET v = 0")
	client.Eventually(t, "the decision is forgotten", func() bool {
		run(t, conns[0], "VACUUM")
		return len(decisions(t, s)) == 0
	})
}
