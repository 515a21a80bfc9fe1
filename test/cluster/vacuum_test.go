package cluster

import (
	"log/slog"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog/pgcatalog"
	"github.com/pegmatitedb/pegmatite/catalog/store"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestVacuumFullWhileShardsMove: files are written anew, shorter, and grow again
// while they are copied to other nodes, and while the moves wait for somebody who
// stays open: neither fails, and nothing is lost.
func TestVacuumFullWhileShardsMove(t *testing.T) {
	c := node.StartCluster(t, 2, 4, func(_ int, c *server.Config) { c.MoveRateMB = 4 })
	conn := connect(t, c.Nodes[0])
	const rows = 8000
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, b text)")
	add := "INSERT INTO t SELECT i, -i, repeat(chr(97 + i % 26), 1000) FROM generate_series(1, $1::int) i WHERE i % 4 < $2"
	run(t, conn, add, rows, 4)
	s, err := store.Open(t.Context(), c.Etcd.Store(), store.Options{System: pgcatalog.New().Relations(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	other := connect(t, c.Nodes[1])
	for _, drained := range []uint32{1, 2} {
		run(t, other, "BEGIN")
		run(t, other, "INSERT INTO t SELECT -i FROM generate_series(1, 50) i")
		if err := s.Drain(t.Context(), drained, true); err != nil {
			t.Fatal(err)
		}
		var vacuums, beside int
		for moved := false; !moved; _, moved = placed(t, s) {
			run(t, conn, "DELETE FROM t WHERE id % 4 < 3")
			if one[int](t, conn, "SELECT count(*)::int FROM pegmatite.shards WHERE state = 'moving'") > 0 {
				beside++
			}
			run(t, conn, "VACUUM FULL")
			run(t, conn, add, rows, 3)
			if vacuums++; beside == 2 {
				run(t, other, "ROLLBACK")
			}
		}
		t.Logf("%d times, %d of them while a shard moved", vacuums, beside)
		if beside == 0 {
			t.Error("never while a shard moved")
		}
		if err := s.Drain(t.Context(), drained, false); err != nil {
			t.Fatal(err)
		}
	}
	planned(t, c)
	for _, n := range c.Nodes {
		conn := connect(t, n)
		if got := one[int](t, conn, "SELECT count(*)::int FROM t WHERE b = repeat(chr(97 + id % 26), 1000) AND u = -id"); got != rows {
			t.Errorf("%d rows as they were", got)
		}
		if got := one[int](t, conn, "SELECT count(DISTINCT u)::int FROM t WHERE u IN (SELECT -i FROM generate_series(1, $1::int) i)", rows); got != rows {
			t.Errorf("%d rows by their unique values", got)
		}
	}
}
