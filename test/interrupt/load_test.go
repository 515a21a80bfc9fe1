package interrupt

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// copier is a client in the middle of a COPY.
type copier struct {
	*pgconn.HijackedConn
	t    *testing.T
	next int // row
}

// begin starts a COPY and sends so many rows that some are on the shards; gate counts the calls.
func begin(t *testing.T, address string, g *gate, first int) *copier {
	t.Helper()
	g.watch()
	c := start(t, address, first)
	locked := g.seen()
	for range 12_000 / 100 {
		c.send(100)
	}
	// It goes to the shards when there is enough of it: to each of them once.
	client.Eventually(t, "rows are on the shards", func() bool { return g.seen() >= locked+shardsOfLoads })
	return c
}

// start starts a COPY, and waits until it asks for rows.
func start(t *testing.T, address string, first int, settings ...string) *copier {
	t.Helper()
	conn := client.Connect(t, address)
	client.Exec(t, conn, append(settings, "SET application_name = 'copier'")...)
	h, err := conn.PgConn().Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Conn.Close() })
	h.Conn.SetDeadline(time.Now().Add(client.Patience))
	c := &copier{h, t, first}
	c.Frontend.Send(&pgproto3.Query{String: "COPY t FROM STDIN"})
	c.flush()
	if m := c.receive(); fmt.Sprintf("%T", m) != "*pgproto3.CopyInResponse" {
		t.Fatalf("%T %v", m, m)
	}
	return c
}

const shardsOfLoads = 4

func (c *copier) flush() {
	if err := c.Frontend.Flush(); err != nil {
		c.t.Fatal(err)
	}
}

// send sends rows of about a kilobyte.
func (c *copier) send(n int) {
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "%d\t%d\t%s\n", c.next, c.next, strings.Repeat("x", 1000))
		c.next++
	}
	c.Frontend.Send(&pgproto3.CopyData{Data: []byte(b.String())})
	c.flush()
}

// receive returns the next message but notices.
func (c *copier) receive() pgproto3.BackendMessage {
	c.t.Helper()
	for {
		m, err := c.Frontend.Receive()
		if err != nil {
			c.t.Fatal(err)
		}
		if _, notice := m.(*pgproto3.NoticeResponse); !notice {
			return m
		}
	}
}

// fails reads the COPY's error.
func (c *copier) fails(severity, code, message string) {
	c.t.Helper()
	e, ok := c.receive().(*pgproto3.ErrorResponse)
	if !ok || e.Severity != severity || e.Code != code || e.Message != message {
		c.t.Errorf("the COPY ended with %+v, want %s %s %s", e, severity, code, message)
	}
}

// goesOn has the session do something else.
func (c *copier) goesOn() {
	c.t.Helper()
	if m, ok := c.receive().(*pgproto3.ReadyForQuery); !ok || m.TxStatus != 'I' {
		c.t.Fatalf("%+v", m)
	}
	c.Frontend.Send(&pgproto3.Query{String: "SELECT 'on'"})
	c.flush()
	for {
		switch m := c.receive().(type) {
		case *pgproto3.ErrorResponse:
			c.t.Fatalf("%+v", m)
		case *pgproto3.ReadyForQuery:
			c.Conn.Close()
			return
		}
	}
}

// leaving is how a client's COPY breaks off.
type leaving struct {
	name  string
	leave func(c *copier, address string, other *pgx.Conn)
}

var leavings = []leaving{
	{"connection closed", func(c *copier, _ string, _ *pgx.Conn) { c.Conn.Close() }},
	{"CopyFail", func(c *copier, _ string, _ *pgx.Conn) {
		c.Frontend.Send(&pgproto3.CopyFail{Message: "no more"})
		c.flush()
		c.fails("ERROR", "57014", "COPY from stdin failed: no more")
		c.goesOn()
	}},
	{"cancel", func(c *copier, address string, _ *pgx.Conn) {
		client.Cancel(c.t, address, c.PID, c.SecretKey)
		c.send(1)
		c.fails("ERROR", "57014", "canceling statement due to user request")
		c.send(1) // what a client has sent before it knew
		c.goesOn()
	}},
	{"terminated", func(c *copier, _ string, other *pgx.Conn) {
		client.Exec(c.t, other, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.PID))
		c.fails("FATAL", "57P01", "terminating connection due to administrator command")
	}},
	{"a row that is wrong", func(c *copier, _ string, _ *pgx.Conn) {
		c.Frontend.Send(&pgproto3.CopyData{Data: []byte("one\t1\tx\n")})
		c.Frontend.Send(&pgproto3.CopyDone{})
		c.flush()
		c.fails("ERROR", "22P02", `invalid input syntax for type integer: "one"`)
		c.goesOn()
	}},
}

// TestLoadsBrokenOff: of a COPY whose client goes away in the middle of it
// nothing is seen, nothing stays in the files, and nobody waits for its locks.
func TestLoadsBrokenOff(t *testing.T) {
	for _, logs := range []int{1, 3} {
		for _, filled := range []bool{false, true} {
			t.Run(fmt.Sprintf("logs=%d/filled=%t", logs, filled), func(t *testing.T) {
				t.Parallel()
				g := &gate{}
				n := node.StartWith(t, t.TempDir(), func(c *server.Config) { c.Shards, c.Logs, c.SharedFiles = shardsOfLoads, logs, true }, server.Layers{Shards: g.shards})
				other := client.Connect(t, n.Address())
				client.Exec(t, other, "SET lock_timeout = '1s'", "CREATE TABLE t (a int PRIMARY KEY, b int, c text)")
				before := "0"
				if filled {
					client.Exec(t, other, "INSERT INTO t SELECT g, g, 'x' FROM generate_series(1, 3000) g", "CHECKPOINT")
					before = "3000"
				}
				for _, l := range leavings {
					c := begin(t, n.Address(), g, 10_000)
					if got := client.One(t, other, "SELECT count(*) FROM t"); got != before {
						t.Errorf("%s: %s rows are seen within", l.name, got)
					}
					l.leave(c, n.Address(), other)
					client.Eventually(t, l.name, func() bool {
						return client.One(t, other, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'copier'") == "0"
					})
					if got := client.One(t, other, "SELECT count(*) FROM t"); got != before {
						t.Errorf("%s: %s rows are left", l.name, got)
					}
					client.Exec(t, other, "ALTER TABLE t ALTER b SET DEFAULT 1") // locks it on every shard
					nothingLeft(t, other, n.Dir)
					if !filled {
						noTables(t, n.Dir)
					}
				}
				loads(t, other, before)
			})
		}
	}
}

// TestCancelOfAWaitingLoad: a COPY that waits for its client hears a cancel at
// the next row, in the middle of what it takes together.
func TestCancelOfAWaitingLoad(t *testing.T) {
	n := node.Start(t, nil)
	client.Exec(t, client.Connect(t, n.Address()), "CREATE TABLE t (a int PRIMARY KEY, b int, c text)")
	c := start(t, n.Address(), 1)
	c.send(1)
	client.Cancel(c.t, n.Address(), c.PID, c.SecretKey)
	c.send(1)
	c.fails("ERROR", "57014", "canceling statement due to user request")
	c.goesOn()
}

// TestLoadsOutOfTime: statement_timeout ends a COPY where it is: while shards
// have rows of it, and while it waits for its client, at the next row.
func TestLoadsOutOfTime(t *testing.T) {
	g := &gate{}
	n := node.StartWith(t, t.TempDir(), func(c *server.Config) { c.Shards, c.SharedFiles = shardsOfLoads, true }, server.Layers{Shards: g.shards})
	other := client.Connect(t, n.Address())
	client.Exec(t, other, "SET lock_timeout = '1s'", "CREATE TABLE t (a int PRIMARY KEY, b int, c text)")
	for before, c := range []struct {
		fill string
		busy bool
	}{{"SELECT", true}, {"SELECT", false}, {"INSERT INTO t VALUES (1)", true}, {"SELECT", false}} {
		client.Exec(t, other, c.fill)
		copier := start(t, n.Address(), 10_000, "SET statement_timeout = 300")
		if c.busy {
			g.hold(2) // one shard has its rows
			for range 12_000 / 100 {
				copier.send(100)
			}
			copier.fails("ERROR", "57014", "canceling statement due to statement timeout")
		} else {
			ended := copier.sendAlways()
			copier.fails("ERROR", "57014", "canceling statement due to statement timeout")
			ended()
		}
		g.watch()
		copier.goesOn()
		if got, want := client.One(t, other, "SELECT count(*) FROM t"), fmt.Sprint(before/2); got != want {
			t.Errorf("%d: %s rows are left, want %s", before, got, want)
		}
		client.Exec(t, other, "ALTER TABLE t ALTER b SET DEFAULT 1") // locks it on every shard
		nothingLeft(t, other, n.Dir)
	}
	loads(t, other, "1")
}

// sendAlways sends row after row until stop is called.
func (c *copier) sendAlways() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				c.send(1)
			}
		}
	}()
	return func() { close(done); <-ended }
}

// loads makes a COPY that comes to its end.
func loads(t *testing.T, c *pgx.Conn, before string) {
	t.Helper()
	tag, err := load(context.Background(), c)
	if err != nil || tag.RowsAffected() != 5000 {
		t.Errorf("%s, %v", tag, err)
	}
	if got := client.One(t, c, "SELECT count(*) - 5000 FROM t"); got != before {
		t.Errorf("%s rows beside the loaded ones", got)
	}
}

// load makes a COPY of 5000 rows.
func load(ctx context.Context, c *pgx.Conn) (pgconn.CommandTag, error) {
	var rows strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&rows, "%d\t%d\tx\n", 10_000+i, i)
	}
	return c.PgConn().CopyFrom(ctx, strings.NewReader(rows.String()), "COPY t FROM STDIN")
}

// TestLoadsKilled kills the server within a COPY, into an empty table and into
// one with rows: what was not decided was never there, what was is there as a whole.
func TestLoadsKilled(t *testing.T) {
	for before, fill := range []string{"SELECT", "INSERT INTO t VALUES (1)"} {
		t.Run(fill, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			c := launch(t, dir, neverDies, 0)
			client.Exec(t, client.Connect(t, c.address), "CREATE TABLE t (a int PRIMARY KEY, b int, c text)", fill)
			c.stop()
			check := func(session *pgx.Conn, want int) {
				t.Helper()
				client.Exec(t, session, "SET lock_timeout = '1s'")
				if got := client.One(t, session, "SELECT count(*) FROM t"); got != fmt.Sprint(want) {
					t.Errorf("%s rows are left, want %d", got, want)
				}
				client.Exec(t, session, "ALTER TABLE t ALTER b SET DEFAULT 1")
				nothingLeft(t, session, dir)
			}
			for _, d := range []struct {
				place string
				n     int
			}{{dieLoading, 1}, {dieLoading, childShards}, {dieLoaded, 1}, {dieLoaded, childLogs}, {dieCommitted, firstPassing}} {
				c := launch(t, dir, d.place, d.n)
				session := client.Connect(t, c.address)
				check(session, before)
				if !c.diesOf(session, "COPY", func(ctx context.Context) error { _, err := load(ctx, session); return err }) {
					t.Fatalf("not killed at %s %d", d.place, d.n)
				}
			}
			c = launch(t, dir, neverDies, 0)
			check(client.Connect(t, c.address), before+5000)
			c.stop()
		})
	}
}

// noTables fails the test if there is a table in the shards' files.
func noTables(t *testing.T, dir string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "shards", "*.db"))
	for _, f := range files {
		for _, name := range objects(t, f) {
			if name[0] == 't' {
				t.Errorf("%s has %s, where no row has been committed", filepath.Base(f), name)
			}
		}
	}
}
