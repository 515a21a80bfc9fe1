package cluster

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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
	for _, sql := range []string{ // what an operator looks at then
		"SELECT count(*)::int FROM pg_stat_activity", "SELECT 1 + count(*)::int FROM pg_locks", "SELECT count(*)::int FROM pegmatite.transactions",
	} {
		if one[int](t, conn, sql) == 0 {
			t.Errorf("%s: nothing", sql)
		}
	}
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

// TestAdvisoryLocksWithoutMetadataStore: who has one keeps it as long as no other
// node can take this one for dead, and is ended then; nobody gets one. When the
// store is back all goes on.
func TestAdvisoryLocksWithoutMetadataStore(t *testing.T) {
	c := node.StartCluster(t, 3, 6, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "SELECT pg_advisory_lock(7)")
	c.StopStore(t)
	ended := false
	client.Eventually(t, "the end of who may have lost its lock", func() bool {
		if ended = conns[0].IsClosed(); ended {
			return true
		}
		_, err := conns[0].Exec(t.Context(), "SELECT 1", pgx.QueryExecModeSimpleProtocol)
		if err != nil && (client.Code(err) != "58000" || !strings.Contains(err.Error(), "its advisory locks may be lost")) {
			t.Errorf("a session with a lock ends with %v", err)
		}
		return err != nil
	})
	for i, conn := range conns[1:] {
		client.Eventually(t, "a node that is not sure", func() bool { // their leases end one after the other
			another := connect(t, c.Nodes[i+1])
			defer another.Close(context.Background())
			_, err := another.Exec(t.Context(), "SELECT pg_try_advisory_lock(8)", pgx.QueryExecModeSimpleProtocol)
			return err != nil
		})
		for _, sql := range []string{"SELECT pg_advisory_lock(7)", "SELECT pg_try_advisory_lock(8)"} {
			says(t, conn, sql, "58000", "advisory locks are not available: the metadata store does not answer")
		}
		run(t, conn, "SELECT pg_advisory_unlock_all()")
	}
	c.StartStore(t)
	client.Eventually(t, "a lock", func() bool {
		_, err := conns[1].Exec(t.Context(), "SELECT pg_advisory_lock(7)")
		return err == nil
	})
	var two bool
	client.Eventually(t, "an answer of the third node", func() bool { // each renews its lease by itself
		return conns[2].QueryRow(t.Context(), "SELECT pg_try_advisory_lock(7)").Scan(&two) == nil
	})
	if two {
		t.Error("two have a lock")
	}
}

// TestActivityOfWhatAnswers: a node that does not answer is left out, and said to be.
func TestActivityOfWhatAnswers(t *testing.T) {
	net := newNetwork(1)
	c := node.StartClusterWith(t, 3, 6, nil, net.layers)
	var warnings []string
	config, err := pgx.ParseConfig("postgres://postgres@" + c.Nodes[0].Address() + "/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { warnings = append(warnings, n.Message) }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	other := connect(t, c.Nodes[2])
	run(t, other, "SET application_name = 'other'")
	run(t, other, "SELECT pg_advisory_lock(7)")
	const sessions, locks = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'other'", "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'"
	if s, l := one[int](t, conn, sessions), one[int](t, conn, locks); s != 1 || l != 1 || len(warnings) > 0 {
		t.Errorf("%d sessions, %d locks, %q", s, l, warnings)
	}
	net.cut[0].Store(true)
	if s, l := one[int](t, conn, sessions), one[int](t, conn, locks); s != 0 || l != 0 {
		t.Errorf("%d sessions, %d locks of who is out of reach", s, l)
	}
	for _, want := range []string{`the sessions of node "n3" are not known: it does not answer`, `the locks of node "n3" are not known: it does not answer`} {
		if !slices.Contains(warnings, want) {
			t.Errorf("%q is not among %q", want, warnings)
		}
	}
}
