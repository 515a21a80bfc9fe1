package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/catalog/metakv/etcd"
	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
)

// metadata opens the catalog of an etcd beside the nodes.
func metadata(t *testing.T, e *etcd.Server) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), e.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestRemovedNode: what an operator wants of a node is shown by all; the
// directory of one that was removed is refused, and its name another's.
func TestRemovedNode(t *testing.T) {
	etcd, dir := newEtcd(t), t.TempDir()
	s, ctx := metadata(t, etcd), context.Background()
	join := func(name, data string, more ...string) *process {
		t.Helper()
		more = append(more, "--etcd", etcd.ClientURL(), "--node", name, "--node-listen", "127.0.0.1:0")
		return launch(t, filepath.Join(dir, data), more...).ready()
	}
	first, second := join("a", "a"), join("b", "b", "--weight", "0")
	conn := first.connect()
	states := func(want ...string) {
		t.Helper()
		rows, _ := conn.Query(ctx, "SELECT node || ' ' || state FROM pegmatite.nodes ORDER BY node")
		if got, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	states("1 serving", "2 serving")
	var weights []int32
	if err := conn.QueryRow(ctx, "SELECT array_agg(weight ORDER BY node) FROM pegmatite.ring").Scan(&weights); err != nil || !slices.Equal(weights, []int32{1, 0}) {
		t.Errorf("weights %v, %v", weights, err)
	}
	if err := s.Drain(ctx, 2, true); err != nil {
		t.Fatal(err)
	}
	states("1 serving", "2 draining")
	second.stop()
	states("1 serving", "2 down, draining")
	if err := s.RemoveNode(ctx, 2); err != nil {
		t.Fatal(err)
	}
	states("1 serving")
	old := filepath.Join(dir, "b")
	before := tree(t, old)
	refused(t, exitFailure, old+` is node "b"'s, which has been removed from the cluster: start a node with another, empty --data`,
		"serve", "--data", old, "--listen", "127.0.0.1:0", "--etcd", etcd.ClientURL())
	if after := tree(t, old); after != before {
		t.Errorf("it touched the directory:\n%s\nwas\n%s", after, before)
	}
	third := join("b", "c")
	states("1 serving", "3 serving")
	if _, err := os.Stat(filepath.Join(dir, "c", "pegmatite.json")); err != nil {
		t.Error(err)
	}
	third.stop()
	first.stop()
}
