package cluster

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// beyondLeases is longer than a node keeps a silent oracle from being replaced.
const beyondLeases = 3 * time.Second

// says fails the test unless a statement fails so.
func says(t *testing.T, c *pgx.Conn, sql, code, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	if _, err := c.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); client.Code(err) != code || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %s: %s", sql, err, code, text)
	}
}

// TestMetadataStoreAway: without the metadata store reads and writes of all
// kinds go on, on every node and for longer than any lease; what needs it says
// that it is what is missing; and all goes on when it is back.
func TestMetadataStoreAway(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conns[0], "INSERT INTO t SELECT i, 0 FROM generate_series(1, 40) i")
	run(t, conns[0], "CREATE TABLE numbered (id serial PRIMARY KEY, node int)")
	if got := one[int](t, conns[2], "SELECT count(*)::int FROM numbered"); got != 0 { // every node has heard of it
		t.Fatalf("%d rows", got)
	}
	c.StopStore(t)
	updates := 0
	for began := time.Now(); time.Since(began) < beyondLeases; {
		for i, conn := range conns {
			run(t, conn, "UPDATE t SET v = v + 1 WHERE id = $1", updates%40+1)
			run(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
			run(t, conn, "UPDATE t SET v = v + 1 WHERE id IN (1, 2, 3, 4, 5, 6, 7)")
			run(t, conn, "INSERT INTO numbered (node) VALUES ($1)", i)
			run(t, conn, "COMMIT")
			updates += 8
		}
		for _, conn := range conns {
			if got := one[int](t, conn, "SELECT sum(v)::int FROM t"); got != updates {
				t.Fatalf("sum %d after %d updates", got, updates)
			}
			run(t, conn, "SELECT v FROM t WHERE id = 7")
		}
	}
	const missing = "the metadata store does not answer"
	var asking sync.WaitGroup
	for i, sql := range []string{"CREATE TABLE u (a int)", "CREATE DATABASE d", "CREATE SEQUENCE s", "CREATE ROLE r", "ANALYZE t", "SELECT * FROM pegmatite.nodes"} {
		another := connect(t, c.Nodes[i%3]) // nobody needs the store to come in
		asking.Go(func() { says(t, another, sql, "58000", missing) })
	}
	asking.Wait()
	run(t, conns[0], "BEGIN")
	run(t, conns[0], "UPDATE t SET v = v + 1 WHERE id = 1")
	says(t, conns[0], "ALTER TABLE t ADD w int; COMMIT", "58000", missing)
	run(t, conns[0], "ROLLBACK")
	for _, conn := range conns {
		if got := one[int](t, conn, "SELECT sum(v)::int FROM t"); got != updates {
			t.Errorf("sum %d after %d updates", got, updates)
		}
	}
	c.StartStore(t)
	for _, conn := range conns { // the same sessions, and nodes
		client.Eventually(t, "a schema change", func() bool {
			_, err := conn.Exec(t.Context(), "ALTER TABLE t ADD w int, DROP COLUMN v; ALTER TABLE t RENAME w TO v", pgx.QueryExecModeSimpleProtocol)
			return err == nil
		})
		run(t, conn, "UPDATE t SET v = id")
		for _, other := range conns {
			if got := one[int](t, other, "SELECT sum(v)::int FROM t"); got != 820 {
				t.Errorf("sum %d", got)
			}
		}
		if got := one[int](t, conn, "SELECT count(*)::int FROM pegmatite.nodes WHERE state = 'serving'"); got != 3 {
			t.Errorf("%d nodes serve", got)
		}
	}
}

// TestMetadataStoreAndNodeAway: with a node down as well nobody can vouch for
// the oracle. What needs a timestamp says what is missing, what needs none goes
// on, and so does everything when either is back.
func TestMetadataStoreAndNodeAway(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conn := connect(t, c.Nodes[1])
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conn, "INSERT INTO t SELECT i, 0 FROM generate_series(1, 40) i")
	c.StopStore(t)
	run(t, conn, "UPDATE t SET v = v + 1")
	without := stopThird(t, c, conn)
	says(t, conn, "UPDATE t SET v = v + 1", "57P03", "the metadata store does not answer")
	without(12, "SELECT v FROM t WHERE id = $1")
	c.StartStore(t)
	c.Start(t, 2)
	client.Eventually(t, "an update", func() bool {
		_, err := conn.Exec(t.Context(), "UPDATE t SET v = 7")
		return err == nil
	})
	if got := one[int](t, connect(t, c.Nodes[2]), "SELECT sum(v)::int FROM t"); got != 280 {
		t.Errorf("sum %d", got)
	}
}
