package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// rowsOf are a query's rows as texts, in order.
func rowsOf(t *testing.T, c *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	slices.Sort(texts)
	return texts
}

// TestTablesAgree: pegmatite's tables are the same on each node, with what only
// the node of a transaction's session knows, and what a lock of the catalog is waited for.
func TestTablesAgree(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conns[0], "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i")

	open := connect(t, c.Nodes[1])
	run(t, open, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	run(t, open, "UPDATE t SET v = 1 WHERE id < 50")
	waiter := connect(t, c.Nodes[1])
	waiting := make(chan error, 1)
	go func() {
		_, err := waiter.Exec(t.Context(), "ALTER TABLE t ADD w int")
		waiting <- err
	}()
	const isWaiting = "SELECT count(*)::text FROM pegmatite.transactions WHERE waits_for = 'relation t'"
	client.Eventually(t, "ALTER TABLE waits", func() bool { return one[string](t, conns[1], isWaiting) == "1" })

	for _, sql := range []string{
		"SELECT r::text FROM pegmatite.nodes r",
		"SELECT r::text FROM pegmatite.ring r",
		"SELECT (shard, node, state, rows)::text FROM pegmatite.shards",
		"SELECT r::text FROM pegmatite.transactions r WHERE node = 2 AND pid <> pg_backend_pid()",
		"SELECT (virtualtransaction, pid, mode, granted)::text FROM pg_locks WHERE locktype = 'transactionid'",
	} {
		want := rowsOf(t, conns[0], sql)
		if len(want) == 0 {
			t.Errorf("%s: nothing", sql)
		}
		for i, conn := range conns[1:] {
			if got := rowsOf(t, conn, sql); !slices.Equal(got, want) {
				t.Errorf("%s: node %d has\n%s\nand node 1\n%s", sql, i+2, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	run(t, open, "COMMIT")
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}

// TestTablesOfWhatAnswers: a node that is down keeps nobody from seeing where
// shards are and what the others have open.
func TestTablesOfWhatAnswers(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conn, other := connect(t, c.Nodes[0]), connect(t, c.Nodes[1])
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conn, "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i")
	of := "SELECT shard::text FROM pegmatite.shards WHERE node = 3"
	lost := rowsOf(t, conn, of)
	if len(lost) == 0 {
		t.Fatal("the third node has no shard")
	}
	run(t, other, "BEGIN")
	run(t, other, "SELECT * FROM t FOR UPDATE LIMIT 10") // of the first shards
	if err := c.Nodes[2].Stop(); err != nil {
		t.Fatal(err)
	}
	if got := rowsOf(t, conn, of+" AND state = 'unreachable' AND rows IS NULL"); !slices.Equal(got, lost) {
		t.Errorf("unreachable are %v, and of the third node %v", got, lost)
	}
	if got := one[string](t, conn, "SELECT count(DISTINCT pid)::text FROM pegmatite.transactions WHERE node = 2"); got != "1" {
		t.Errorf("%s sessions of the second node", got)
	}
	if got := one[string](t, conn, "SELECT count(*)::text FROM pg_locks WHERE locktype = 'transactionid'"); got == "0" {
		t.Errorf("no locks")
	}
}
