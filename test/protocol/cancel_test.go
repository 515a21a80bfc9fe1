package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestCancel: a CancelRequest stops a statement wherever it is, and the session goes on.
func TestCancel(t *testing.T) {
	n := node.Start(t, nil)
	watch := client.Connect(t, n.Address())
	client.Exec(t, watch, "CREATE TABLE t (a int PRIMARY KEY, b int, c text)")
	client.Exec(t, watch, "INSERT INTO t SELECT g, g % 1000, repeat('x', 100) FROM generate_series(1, 20000) g")
	holder := client.Connect(t, n.Address())
	for _, sql := range []string{
		"SELECT pg_sleep(1000)",
		"SELECT count(*) FROM generate_series(1, 1000000000000)",
		"SELECT g FROM generate_series(1, 1000000000000) g WHERE g < 0",
		"SELECT generate_series(1, 1000000000000)",
		"SELECT count(*) FROM t x, t y, t z",
		"SELECT count(*) FROM t x JOIN t y ON x.a <> y.a JOIN t z ON y.b <> z.b",
		"SELECT g FROM generate_series(1, 1000000000) g ORDER BY g DESC",
		"INSERT INTO t SELECT g, 1, 'y' FROM generate_series(100000, 1000000000) g",
		"UPDATE t SET b = 1 WHERE a = 1",
		"SELECT * FROM t WHERE a = 1 FOR UPDATE",
		"SELECT pg_advisory_lock(7)",
		"ALTER TABLE t ADD COLUMN d int",
		"COPY (SELECT * FROM t x, t y) TO STDOUT",
	} {
		t.Run(sql, func(t *testing.T) {
			client.Exec(t, holder, "BEGIN; UPDATE t SET b = 0 WHERE a = 1; SELECT pg_advisory_xact_lock(7)")
			defer client.Exec(t, holder, "ROLLBACK")
			victim := client.Connect(t, n.Address())
			done := make(chan error, 1)
			go func() {
				if strings.HasPrefix(sql, "COPY") {
					_, err := victim.PgConn().CopyTo(context.Background(), io.Discard, sql)
					done <- err
					return
				}
				_, err := victim.Exec(context.Background(), sql)
				done <- err
			}()
			state := fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", victim.PgConn().PID())
			client.Eventually(t, "the statement runs", func() bool { return client.One(t, watch, state) == "active" })
			time.Sleep(50 * time.Millisecond) // it is where it stays
			begun := time.Now()
			if err := victim.PgConn().CancelRequest(context.Background()); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-done:
				if client.Code(err) != "57014" || !strings.Contains(err.Error(), "canceling statement due to user request") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begun); took > 2*time.Second {
					t.Errorf("it took %v", took)
				}
			case <-time.After(client.Patience):
				t.Fatal("not cancelled")
			}
			if got := client.One(t, victim, "SELECT 'on'"); got != "on" {
				t.Error(got)
			}
		})
	}
}

// TestCancelParsing: a long text that is being parsed is left at once, by either
// protocol. Parsed to its end it would be a syntax error.
func TestCancelParsing(t *testing.T) {
	n := node.Start(t, nil)
	watch, victim := client.Connect(t, n.Address()), client.Connect(t, n.Address())
	state := fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", victim.PgConn().PID())
	sql := "SELECT " + strings.Repeat("1,", 1<<20)
	for what, run := range map[string]func() error{
		"simple": func() error { _, err := victim.PgConn().Exec(context.Background(), sql).ReadAll(); return err },
		"Parse": func() error {
			_, err := victim.PgConn().Prepare(context.Background(), "", sql, nil)
			return err
		},
	} {
		done := make(chan error, 1)
		go func() { done <- run() }()
		client.Eventually(t, "the text is parsed", func() bool { return client.One(t, watch, state) == "active" })
		if err := victim.PgConn().CancelRequest(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; client.Code(err) != "57014" || !strings.Contains(err.Error(), "canceling statement due to user request") {
			t.Errorf("%s, cancelled: %v", what, err)
		}
		client.Exec(t, victim, "SET statement_timeout = 20")
		if err := run(); client.Code(err) != "57014" || !strings.Contains(err.Error(), "canceling statement due to statement timeout") {
			t.Errorf("%s, too long: %v", what, err)
		}
		client.Exec(t, victim, "SET statement_timeout = 0")
		if err := run(); client.Code(err) != "42601" {
			t.Errorf("%s, to its end: %v", what, err)
		}
	}
}

// TestTimeouts: each timeout ends what it is for, with PostgreSQL's error.
func TestTimeouts(t *testing.T) {
	n := node.Start(t, nil)
	holder := client.Connect(t, n.Address())
	client.Exec(t, holder, "CREATE TABLE t (a int PRIMARY KEY)")
	client.Exec(t, holder, "INSERT INTO t VALUES (1)")
	client.Exec(t, holder, "BEGIN; UPDATE t SET a = 1")
	for _, c := range []struct{ set, sql, code, message string }{
		{"statement_timeout = 20", "SELECT pg_sleep(1000)", "57014", "canceling statement due to statement timeout"},
		{"statement_timeout = 20", "UPDATE t SET a = 1", "57014", "canceling statement due to statement timeout"},
		{"lock_timeout = 20", "UPDATE t SET a = 1", "55P03", "canceling statement due to lock timeout"},
		{"lock_timeout = 20", "SELECT * FROM t FOR UPDATE", "55P03", "canceling statement due to lock timeout"},
		{"lock_timeout = 20", "ALTER TABLE t ADD COLUMN b int", "55P03", "canceling statement due to lock timeout"},
		{"lock_timeout = 20", "SELECT * FROM t FOR UPDATE NOWAIT", "55P03", `could not obtain lock on row in relation "t"`},
	} {
		victim := client.Connect(t, n.Address())
		client.Exec(t, victim, "SET "+c.set)
		_, err := victim.Exec(context.Background(), c.sql)
		if client.Code(err) != c.code || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s; %s: %v", c.set, c.sql, err)
		}
	}
	for _, c := range []struct{ sql, code, message string }{
		{"SET idle_session_timeout = 20", "57P05", "terminating connection due to idle-session timeout"},
		{"SET idle_in_transaction_session_timeout = 20; BEGIN", "25P03", "terminating connection due to idle-in-transaction timeout"},
		{"SET idle_in_transaction_session_timeout = 20; BEGIN; SELECT nothing", "25P03", "terminating connection due to idle-in-transaction timeout"},
	} {
		f := raw(t, n.Address())
		f.Send(&pgproto3.Query{String: c.sql})
		f.Flush()
		e := lastError(t, f)
		if e.Severity != "FATAL" || e.Code != c.code || e.Message != c.message {
			t.Errorf("%s: %s", c.sql, problem(e))
		}
	}
}

// raw is a session without a driver.
func raw(t *testing.T, address string) *pgproto3.Frontend {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(4 * client.Patience))
	nc.Write(startup([]string{"user=postgres", "database=postgres"}))
	f := pgproto3.NewFrontend(nc, nc)
	for {
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			return f
		}
	}
}

// lastError reads to the end of the connection and returns the last error before it.
func lastError(t *testing.T, f *pgproto3.Frontend) *pgproto3.ErrorResponse {
	t.Helper()
	last, err := lastWords(f)
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return last
}

// lastWords is lastError, and how the connection ended.
func lastWords(f *pgproto3.Frontend) (*pgproto3.ErrorResponse, error) {
	last := &pgproto3.ErrorResponse{}
	for {
		m, err := f.Receive()
		if err != nil {
			return last, err
		}
		if e, ok := m.(*pgproto3.ErrorResponse); ok {
			copied := *e
			last = &copied
		}
	}
}

// TestLostClient: the locks of a client that vanishes in the middle of a
// statement become free.
func TestLostClient(t *testing.T) {
	n := node.Start(t, nil)
	holder := client.Connect(t, n.Address())
	client.Exec(t, holder, "CREATE TABLE t (a int PRIMARY KEY)")
	client.Exec(t, holder, "INSERT INTO t VALUES (1), (2)")
	client.Exec(t, holder, "BEGIN; UPDATE t SET a = 1 WHERE a = 1")
	nc, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	nc.Write(startup([]string{"user=postgres", "database=postgres", "application_name=lost"}))
	q, _ := (&pgproto3.Query{String: "BEGIN; UPDATE t SET a = 2 WHERE a = 2; UPDATE t SET a = 1 WHERE a = 1"}).Encode(nil)
	nc.Write(q)
	other := client.Connect(t, n.Address())
	there := "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'lost'"
	client.Eventually(t, "it waits", func() bool {
		_, err := other.Exec(context.Background(), "SELECT a FROM t WHERE a = 2 FOR UPDATE NOWAIT")
		return client.Code(err) == "55P03"
	})
	nc.Close()
	client.Eventually(t, "the session ends", func() bool { return client.One(t, other, there) == "0" })
	client.Exec(t, other, "SET lock_timeout = '5s'")
	client.Exec(t, other, "UPDATE t SET a = 2 WHERE a = 2")
	client.Exec(t, holder, "COMMIT")
}

func TestTooManyClients(t *testing.T) {
	n := node.Start(t, func(c *server.Config) { c.MaxConnections = 5 })
	refused := func(user, why string) {
		t.Helper()
		_, err := pgx.Connect(context.Background(), "postgres://"+user+"@"+n.Address()+"/postgres?sslmode=disable")
		if client.Code(err) != "53300" || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %v", user, err)
		}
	}
	boss := client.Connect(t, n.Address())
	client.Exec(t, boss, "CREATE ROLE plain LOGIN")
	plain, err := pgx.Connect(context.Background(), "postgres://plain@"+n.Address()+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close(context.Background())
	refused("plain", "remaining connection slots are reserved for non-replication superuser connections")
	for range 3 {
		client.Connect(t, n.Address())
	}
	refused("postgres", "sorry, too many clients already")
	refused("plain", "sorry, too many clients already")
	if got := client.One(t, boss, "SHOW superuser_reserved_connections"); got != "3" {
		t.Errorf("%s are reserved", got)
	}
}

// TestTerminate: pg_terminate_backend ends sessions that run and that are idle.
func TestTerminate(t *testing.T) {
	n := node.Start(t, nil)
	boss := client.Connect(t, n.Address())
	for _, sql := range []string{"", "BEGIN", "SELECT pg_sleep(1000)", "COPY (SELECT generate_series(1, 1000000000)) TO STDOUT"} {
		f := raw(t, n.Address())
		f.Send(&pgproto3.Query{String: "SET application_name = 'victim'"})
		f.Send(&pgproto3.Query{String: sql})
		f.Flush()
		client.Eventually(t, "the victim is there", func() bool {
			return client.One(t, boss, "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'victim'") == "1"
		})
		client.Exec(t, boss, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'")
		if e := lastError(t, f); e.Severity != "FATAL" || e.Code != "57P01" {
			t.Errorf("%q: %s", sql, problem(e))
		}
		client.Eventually(t, "the victim is gone", func() bool {
			return client.One(t, boss, "SELECT count(*)::text FROM pg_stat_activity WHERE application_name = 'victim'") == "0"
		})
	}
}

// TestDrain: a stop ends idle sessions at once, lets statements and
// transactions finish for a while, and takes no new clients.
func TestDrain(t *testing.T) {
	n := node.StartIn(t, t.TempDir(), func(c *server.Config) { c.DrainS = 60 })
	setup := client.Connect(t, n.Address())
	client.Exec(t, setup, "CREATE TABLE t (a int PRIMARY KEY)")
	idle := raw(t, n.Address())
	block := client.Connect(t, n.Address())
	client.Exec(t, block, "BEGIN; INSERT INTO t VALUES (1)")
	busy := client.Connect(t, n.Address())
	ran := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "SELECT pg_sleep(0.5)")
		ran <- err
	}()
	client.Eventually(t, "it runs", func() bool {
		return client.One(t, setup, fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", busy.PgConn().PID())) == "active"
	})
	silent, err := net.Dial("tcp", n.Address()) // says nothing at all
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	halfway, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer halfway.Close()
	halfway.Write([]byte{0, 0, 0})
	stopped := make(chan error, 1)
	begun := time.Now()
	go func() { stopped <- n.Stop() }()
	if e := lastError(t, idle); e.Code != "57P01" {
		t.Errorf("idle: %s", problem(e))
	}
	if err := <-ran; err != nil {
		t.Errorf("busy: %v", err)
	}
	if _, err := block.Exec(context.Background(), "INSERT INTO t VALUES (2)"); err != nil {
		t.Errorf("in a block: %v", err)
	}
	if _, err := pgx.Connect(context.Background(), "postgres://postgres@"+n.Address()+"/postgres?sslmode=disable"); err == nil {
		t.Error("a new client was let in")
	}
	if _, err := block.Exec(context.Background(), "COMMIT"); err != nil {
		t.Errorf("commit: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the stop waited %v for clients that never said who they are", took)
	}
}
