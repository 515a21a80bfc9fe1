package faults

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestAdvisoryLocksOfDeadNodes: what sessions of a killed node have locked, and
// of one that stands still, others get when those count as dead, and not before.
// One that comes back can do nothing in the locks' name any more.
func TestAdvisoryLocksOfDeadNodes(t *testing.T) {
	c := startCluster(t)
	killed, stands, lives := c.process(0).connect(t), c.process(1).connect(t), c.process(2)
	run := func(conn *pgx.Conn, sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	run(stands, "CREATE TABLE t (id int)")
	run(killed, "SELECT pg_advisory_lock(1)")
	run(stands, "SELECT pg_advisory_lock(2); BEGIN; INSERT INTO t SELECT generate_series(1, 100)")
	look, try := lives.connect(t), lives.connect(t)
	got := make(chan error, 2)
	for _, w := range []struct{ sql, node string }{{"SELECT pg_advisory_lock(1)", "n1"}, {"SELECT pg_advisory_lock_shared(2)", "n2"}} {
		waiter := lives.connect(t)
		go func() {
			_, err := waiter.Exec(context.WithoutCancel(t.Context()), w.sql, pgx.QueryExecModeSimpleProtocol)
			var state string
			if err == nil {
				err = waiter.QueryRow(context.WithoutCancel(t.Context()), "SELECT state FROM pegmatite.nodes WHERE name = '"+w.node+"'").Scan(&state)
			}
			if err == nil && state != "down" {
				err = errors.New(w.node + " is " + state + " when its session's lock goes to another")
			}
			got <- err
		}()
	}
	client.Eventually(t, "two waiters", func() bool {
		return client.One(t, look, "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "2"
	})
	c.process(0).kill()
	if err := c.process(1).cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if _, err := try.Exec(t.Context(), "SELECT pg_try_advisory_lock(3)", pgx.QueryExecModeSimpleProtocol); client.Code(err) != "58000" {
		t.Errorf("a lock that a silent node may have: %v", err)
	}
	for range 2 {
		select {
		case err := <-got:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(client.Patience):
			t.Fatal("the locks of dead nodes stay")
		}
	}
	if err := c.process(1).cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	_, err := stands.Exec(t.Context(), "COMMIT", pgx.QueryExecModeSimpleProtocol)
	var e *pgconn.PgError
	if err == nil || errors.As(err, &e) && e.Message != "terminating connection because its advisory locks may be lost" {
		t.Errorf("COMMIT of who may have lost its lock: %v", err)
	}
	c.start(t, 0)
	client.Eventually(t, "all three nodes", func() bool {
		return client.One(t, look, "SELECT count(*)::text FROM pegmatite.nodes WHERE state = 'serving'") == "3"
	})
	if n := client.One(t, c.process(1).connect(t), "SELECT count(*)::text FROM t"); n != "0" {
		t.Errorf("%s rows of a transaction without its lock", n)
	}
	again := c.process(0).connect(t)
	for _, want := range []struct{ sql, is string }{
		{"SELECT pg_try_advisory_lock(1)::text", "false"}, {"SELECT pg_try_advisory_lock_shared(2)::text", "true"}, {"SELECT pg_try_advisory_lock(3)::text", "true"},
	} {
		if is := client.One(t, again, want.sql); is != want.is {
			t.Errorf("%s: %s", want.sql, is)
		}
	}
}
