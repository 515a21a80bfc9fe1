package cluster

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestRule20MapsThatAreOld: shards are elsewhere, and a node has not heard of it.
// What it sends to where they were goes on to where they are, and neither the
// statement nor its client notices, also where nothing could begin again: when the
// client has seen rows, and when the node that had them is down.
func TestRule20MapsThatAreOld(t *testing.T) {
	var hearing deaf
	c := node.StartClusterWith(t, 3, 9, func(i int, c *server.Config) {
		if i == 3 {
			c.Weight = 0 // it has no shards, and so no part in moves
		}
	}, func(i int) (l server.Layers) {
		if i == 3 {
			l.Metadata = hearing.layer
		}
		return l
	})
	c.Nodes = append(c.Nodes, nil)
	c.Start(t, 3)
	conn := connect(t, c.Nodes[3])
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	const rows, sequences = 300, 9
	run(t, conn, "INSERT INTO t SELECT i, 0 FROM generate_series(1, $1::int) i", rows)
	next := "SELECT 0"
	for i := range sequences {
		run(t, conn, fmt.Sprintf("CREATE SEQUENCE s%d", i))
		next += fmt.Sprintf(" + nextval('s%d')", i)
	}
	s, err := store.Open(t.Context(), c.Etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(hearing.begin())
	moves := func(node uint32, drained bool) {
		t.Helper()
		if err := s.Drain(t.Context(), node, drained); err != nil {
			t.Fatal(err)
		}
		if have := planned(t, c); (have[node] == 0) != drained {
			t.Fatalf("node %d has %d shards", node, have[node])
		}
	}
	const others = 5000 // whose rows are more than fit between the node and its client
	read, err := conn.Query(t.Context(), "SELECT repeat('x', 10000) FROM generate_series(1, $1::int) UNION ALL SELECT '' FROM t", others)
	if err != nil || !read.Next() {
		t.Fatal(err)
	}
	moves(2, true)
	for read.Next() {
	}
	if err := read.Err(); err != nil || read.CommandTag().RowsAffected() != others+rows {
		t.Errorf("what was begun before: %s, %v", read.CommandTag(), err)
	}
	for i, statement := range []struct {
		sql  string
		want int
	}{
		{"SELECT count(*)::int FROM t", rows},
		{"WITH u AS (UPDATE t SET v = v + 1 RETURNING v) SELECT sum(v)::int FROM u", rows},
		{next, 1 * sequences},
		{"SELECT count(*)::int FROM (SELECT FROM t FOR UPDATE) t", rows},
	} {
		moves(3, i%2 == 0)
		if got := one[int](t, conn, statement.sql); got != statement.want {
			t.Errorf("%s: %d, want %d", statement.sql, got, statement.want)
		}
	}
	moves(3, true)
	if err := c.Nodes[2].Stop(); err != nil {
		t.Fatal(err)
	}
	if got := one[int](t, conn, "SELECT sum(v)::int FROM t"); got != rows {
		t.Errorf("when the node that had them is down the sum is %d, want %d", got, rows)
	}
}
