package interrupt

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// rows is how many rows the tables have: so many that to move them takes more
// than one load for each shard.
const rows = 5000

// change is a schema change that has to look at all rows of table t.
type change struct {
	name, sql string
	key       string // of t's column a, before
	done      string // a query that is true when it has been made
}

var changes = []change{
	{"index", "CREATE INDEX made ON t (b)", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_indexes WHERE indexname = 'made'"},
	{"unique beside the rows", "CREATE UNIQUE INDEX made ON t (a, b)", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_indexes WHERE indexname = 'made'"},
	{"unique across shards", "CREATE UNIQUE INDEX made ON t (b)", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_indexes WHERE indexname = 'made'"},
	{"primary key", "ALTER TABLE t ADD CONSTRAINT made PRIMARY KEY (a)", "", "SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'made'"},
	{"not null", "ALTER TABLE t ALTER b SET NOT NULL", " PRIMARY KEY", "SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'b'"},
	{"check", "ALTER TABLE t ADD CONSTRAINT made CHECK (b > -100000)", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'made'"},
	{"column computed for each row", "ALTER TABLE t ADD d serial, ADD UNIQUE (d)", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'd'"},
	{"constraint of a domain", "ALTER DOMAIN number ADD CONSTRAINT made CHECK (VALUE > -100000)", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'made'"},
	{"index over an expression", "CREATE INDEX made ON t ((b + 1))", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_indexes WHERE indexname = 'made'"},
	{"unique over a part", "CREATE UNIQUE INDEX made ON t (b) WHERE a > 100", " PRIMARY KEY", "SELECT count(*) = 1 FROM pg_indexes WHERE indexname = 'made'"},
	{"type", "ALTER TABLE t ALTER a TYPE bigint", " PRIMARY KEY", "SELECT atttypid = 'bigint'::regtype FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'"},
	{"reindex", "REINDEX TABLE t", " UNIQUE", "SELECT true"},
	{"domain not null", "ALTER DOMAIN number SET NOT NULL", " PRIMARY KEY", "SELECT typnotnull FROM pg_type WHERE typname = 'number'"},
}

// fill makes t: half of its rows are in the files, half in memory.
func (ch change) fill(t *testing.T, c *pgx.Conn) {
	t.Helper()
	client.Exec(t, c, "CREATE DOMAIN number AS int", "CREATE TABLE t (a int"+ch.key+", b number, c text)")
	insert := "INSERT INTO t SELECT g, g, repeat('x', 1800) FROM generate_series(%d, %d) g"
	client.Exec(t, c, fmt.Sprintf(insert, 1, rows/2), "VACUUM", fmt.Sprintf(insert, rows/2+1, rows))
}

// catalogOf is what the catalog says of all that a user has made.
const catalogOf = `SELECT string_agg(x, ' ' ORDER BY x) FROM (
	SELECT relname || relkind::text || relnatts || relchecks FROM pg_class WHERE oid >= 16384
	UNION ALL SELECT conname FROM pg_constraint WHERE oid >= 16384
	UNION ALL SELECT attname || attnotnull FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0) AS all_of_them (x)`

// untouched fails the test unless t is as it was, and can be used at once, by
// the session whose statement has failed and by others.
func untouched(t *testing.T, before string, sessions ...*pgx.Conn) {
	t.Helper()
	for _, c := range sessions {
		client.Exec(t, c, "SET lock_timeout = '1s'")
		if now := client.One(t, c, catalogOf); now != before {
			t.Errorf("the catalog has\n%s, it had\n%s", now, before)
		}
		client.Exec(t, c, "INSERT INTO t (a, b, c) VALUES (-1, -1, 'new')", "UPDATE t SET b = -2 WHERE a = -1")
		got := client.One(t, c, "SELECT count(*) || ' ' || sum(a) || ' ' || sum(b) || ' ' || count(c) FROM t")
		if want := fmt.Sprint(rows+1, rows*(rows+1)/2-1, rows*(rows+1)/2-2, rows+1); got != want {
			t.Errorf("t has %s, want %s", got, want)
		}
		client.Exec(t, c, "DELETE FROM t WHERE a = -1", "RESET lock_timeout")
	}
}

// TestSchemaChangesBrokenOff: a schema change that is cancelled, or runs out of
// time, at its first, its last and other of its calls to the shards was never there.
func TestSchemaChangesBrokenOff(t *testing.T) {
	for _, logs := range []int{1, 3} {
		for i, ch := range changes {
			if logs == 1 && i%2 == 0 {
				continue // half of them, for their time
			}
			t.Run(fmt.Sprintf("logs=%d/%s", logs, ch.name), func(t *testing.T) {
				t.Parallel()
				g, dir := &gate{}, t.TempDir()
				n := node.StartWith(t, dir, func(c *server.Config) { c.Shards, c.Logs, c.SharedFiles = 4, logs, true }, server.Layers{Shards: g.shards})
				victim, other := client.Connect(t, n.Address()), client.Connect(t, n.Address())
				ch.fill(t, victim)
				before := client.One(t, victim, catalogOf)
				client.Exec(t, victim, "BEGIN")
				g.watch()
				client.Exec(t, victim, ch.sql)
				calls := g.seen()
				client.Exec(t, victim, "ROLLBACK")
				untouched(t, before, victim, other)
				for _, at := range []int{1, calls / 3, calls * 2 / 3, calls} {
					cancelAt(t, g, max(at, 1), victim, ch.sql)
					untouched(t, before, other, victim)
				}
				timeoutAt(t, g, calls/2, victim, ch.sql)
				untouched(t, before, other, victim)
				nothingLeft(t, victim, dir)
				client.Exec(t, victim, ch.sql)
				if made := client.One(t, other, ch.done); made != "t" {
					t.Errorf("made: %s", made)
				}
				nothingLeft(t, victim, dir)
				t.Logf("%d calls", calls)
			})
		}
	}
}

// cancelAt runs a statement and cancels it at its n-th call.
func cancelAt(t *testing.T, g *gate, n int, victim *pgx.Conn, sql string) {
	t.Helper()
	reached := g.hold(n)
	done := make(chan error, 1)
	go func() {
		_, err := victim.Exec(context.Background(), sql)
		done <- err
	}()
	select {
	case <-reached:
	case err := <-done:
		t.Fatalf("%s did not come to call %d: %v", sql, n, err)
	}
	if err := victim.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; client.Code(err) != "57014" || !strings.Contains(err.Error(), "canceling statement due to user request") {
		t.Errorf("cancelled at call %d: %v", n, err)
	}
	g.watch()
}

// timeoutAt lets a statement run out of its time at its n-th call.
func timeoutAt(t *testing.T, g *gate, n int, victim *pgx.Conn, sql string) {
	t.Helper()
	client.Exec(t, victim, "SET statement_timeout = 300")
	g.hold(n)
	_, err := victim.Exec(context.Background(), sql)
	if client.Code(err) != "57014" || !strings.Contains(err.Error(), "canceling statement due to statement timeout") {
		t.Errorf("out of time at call %d: %v", n, err)
	}
	g.watch()
	client.Exec(t, victim, "RESET statement_timeout")
}
