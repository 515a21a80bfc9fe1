package protocol

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestOpenTransactions: pegmatite.transactions has who reads, who holds and who
// waits, for what, since when and for whom.
func TestOpenTransactions(t *testing.T) {
	n := node.Start(t, nil)
	boss := client.Connect(t, n.Address())
	client.Exec(t, boss, "CREATE TABLE t (a int PRIMARY KEY)")
	client.Exec(t, boss, "INSERT INTO t VALUES (1)")
	session := func(statements ...string) *pgx.Conn {
		c := client.Connect(t, n.Address())
		for _, sql := range statements {
			client.Exec(t, c, sql)
		}
		return c
	}
	show := func(c *pgx.Conn, columns string) string {
		return client.One(t, boss, fmt.Sprintf("SELECT string_agg(DISTINCT concat_ws('|', %s), ';') FROM pegmatite.transactions WHERE pid = %d", columns, c.PgConn().PID()))
	}
	waits := func(c *pgx.Conn, sql, blocker, want string) {
		t.Helper()
		done := make(chan error, 1)
		go func() {
			_, err := c.Exec(context.Background(), sql)
			done <- err
		}()
		columns := "waits_for, wait_mode, waiting_since BETWEEN started AND clock_timestamp(), blocked_by"
		client.Eventually(t, sql+" waits", func() bool { return strings.Contains(show(c, columns), "|t|") })
		if got := show(c, columns); got != want+"|t|"+blocker {
			t.Errorf("%s: %s, blocked by %s", sql, got, blocker)
		}
		if err := c.PgConn().CancelRequest(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; client.Code(err) != "57014" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	reader := session("BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM t")
	if got := show(reader, "state, isolation, snapshot > 0, participants, reason, waits_for"); got != "active|repeatable read|t|none|has nothing on a shard" {
		t.Error(got)
	}
	waits(session(), "ALTER TABLE t ADD COLUMN b int", show(reader, "txn"), "relation t|AccessExclusiveLock")
	client.Exec(t, reader, "COMMIT")
	holder := session("BEGIN", "SELECT * FROM t FOR UPDATE")
	if got := show(holder, "state, participants, waits_for"); !strings.HasPrefix(got, "active|shards ") {
		t.Error(got)
	}
	waits(session(), "UPDATE t SET a = 2", show(holder, "txn"), "row of t|update")
	waits(session(), "UPDATE t SET a = 1", show(holder, "txn"), "row of t|no key update") // the key stays (heap_update)
	client.Exec(t, holder, "ROLLBACK")
	if left := client.One(t, boss, "SELECT count(*)::text FROM pegmatite.transactions WHERE pid <> pg_backend_pid()"); left != "0" {
		t.Errorf("%s transactions are left", left)
	}
}
