package protocol

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestRepeatableReadSnapshot has a row come after a transaction's first
// statement: whether it is seen tells whether the statement took the
// transaction's snapshot. The answers are PostgreSQL 15's.
func TestRepeatableReadSnapshot(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		address = node.Start(t, nil).Address()
	}
	other := client.Connect(t, address)
	client.Exec(t, other, "DROP TABLE IF EXISTS late; CREATE TABLE late (a int); CREATE TABLE IF NOT EXISTS empty (a int)")
	for _, c := range []struct {
		first string
		takes bool
	}{
		{"SELECT 1", true},
		{"VALUES (1)", true},
		{"SELECT pg_advisory_xact_lock(8)", true},
		{"INSERT INTO empty SELECT 1 WHERE false", true},
		{"UPDATE empty SET a = 1", true},
		{"DELETE FROM empty WHERE a = 1", true},
		{"EXPLAIN SELECT 1", true},
		{"PREPARE p AS SELECT 1", true},
		{"SHOW work_mem", false},
		{"SET LOCAL work_mem = '1MB'", false},
		{"SAVEPOINT a", false},
		{"SET CONSTRAINTS ALL DEFERRED", false},
		{"UNLISTEN *", false},
		{"SET TRANSACTION READ WRITE", false},
		{"", false},
	} {
		t.Run(c.first, func(t *testing.T) {
			conn := client.Connect(t, address)
			client.Exec(t, other, "DELETE FROM late")
			client.Exec(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
			client.Exec(t, conn, c.first)
			client.Exec(t, other, "INSERT INTO late VALUES (1)")
			want := "1"
			if c.takes {
				want = "0"
			}
			if got := client.One(t, conn, "SELECT count(*)::text FROM late"); got != want {
				t.Errorf("%s rows are seen, want %s", got, want)
			}
			client.Exec(t, conn, "ROLLBACK")
		})
	}
	t.Run("Parse", func(t *testing.T) {
		conn := client.Connect(t, address)
		client.Exec(t, other, "DELETE FROM late")
		client.Exec(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
		if _, err := conn.PgConn().Prepare(context.Background(), "", "SELECT 1", nil); err != nil {
			t.Fatal(err)
		}
		client.Exec(t, other, "INSERT INTO late VALUES (1)")
		if got := client.One(t, conn, "SELECT count(*)::text FROM late"); got != "0" {
			t.Errorf("%s rows are seen after Parse", got)
		}
		if _, err := conn.Exec(context.Background(), "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"); client.Code(err) != "25001" {
			t.Errorf("another level: %v", err)
		}
	})
}

// TestSnapshotOlderThanIndex: an index that is younger than a transaction's
// snapshot hides none of the rows that the snapshot sees, be it another's or
// the transaction's own, also when others have planned the statement with it.
func TestSnapshotOlderThanIndex(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		address = node.Start(t, nil).Address()
	}
	const (
		byUnique = "SELECT string_agg(id::text, ' ') FROM indexed WHERE e = 8"
		byPlain  = "SELECT string_agg(id::text, ' ') FROM indexed WHERE f = 8"
	)
	for _, index := range []string{"CREATE UNIQUE INDEX ON indexed (e)", "ALTER TABLE indexed ADD UNIQUE (e)"} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s own %v", index, own), func(t *testing.T) {
				other := client.Connect(t, address)
				client.Exec(t, other, "DROP TABLE IF EXISTS indexed")
				client.Exec(t, other, "CREATE TABLE indexed (id int PRIMARY KEY, e int, f int)")
				client.Exec(t, other, "INSERT INTO indexed SELECT i, i, i FROM generate_series(1, 200) i")
				conn := client.Connect(t, address)
				client.Exec(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
				client.Exec(t, conn, "SELECT 1")
				client.Exec(t, other, "UPDATE indexed SET e = -e, f = -f WHERE id % 2 = 0")
				maker := other
				if own {
					maker = conn
				}
				client.Exec(t, maker, index)
				client.Exec(t, maker, "CREATE INDEX ON indexed (f)")
				if !own {
					for _, q := range []string{byUnique, byPlain} {
						if got := client.One(t, other, "SELECT coalesce(("+q+"), 'none')"); got != "none" {
							t.Errorf("%s: %s for a new snapshot", q, got)
						}
						client.Exec(t, other, q)
					}
				}
				for _, q := range []string{byUnique, byPlain} {
					if got := client.One(t, conn, "SELECT coalesce(("+q+"), 'none')"); got != "8" {
						t.Errorf("%s: %s", q, got)
					}
					if got := client.One(t, conn, q); got != "8" {
						t.Errorf("%s, as others have planned it: %s", q, got)
					}
				}
				if tag, err := conn.Exec(context.Background(), "UPDATE indexed SET f = 0 WHERE e = 7"); err != nil || tag.RowsAffected() != 1 {
					t.Errorf("UPDATE: %v, %v", tag, err)
				}
				client.Exec(t, conn, "COMMIT")
				if got := client.One(t, other, "SELECT id::text FROM indexed WHERE e = -8"); got != "8" {
					t.Errorf("afterwards: %s", got)
				}
			})
		}
	}
}

// TestSchemaChangeReadsNewest: a schema change in a REPEATABLE READ transaction
// looks at all rows, also at those that the transaction's snapshot does not see.
func TestSchemaChangeReadsNewest(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		address = node.Start(t, nil).Address()
	}
	for _, c := range []struct{ change, code string }{
		{"ALTER TABLE newest ADD PRIMARY KEY (a)", "<nil>"},
		{"ALTER TABLE newest ADD COLUMN c text DEFAULT clock_timestamp()::text", "<nil>"},
		{"CREATE UNIQUE INDEX ON newest (a)", "<nil>"},
		{"CREATE UNIQUE INDEX ON newest (b)", "23505"},
		{"ALTER TABLE newest ADD UNIQUE (b)", "23505"},
		{"ALTER TABLE newest ADD PRIMARY KEY (b)", "23505"},
		{"ALTER TABLE newest ALTER COLUMN n SET NOT NULL", "23502"},
		{"ALTER TABLE newest ADD CHECK (a < 10)", "23514"},
	} {
		t.Run(c.change, func(t *testing.T) {
			other := client.Connect(t, address)
			client.Exec(t, other, "DROP TABLE IF EXISTS newest")
			client.Exec(t, other, "CREATE TABLE newest (a int, b int, n int)")
			client.Exec(t, other, "INSERT INTO newest SELECT i, i, i FROM generate_series(1, 9) i")
			conn := client.Connect(t, address)
			client.Exec(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
			client.Exec(t, conn, "SELECT 1")
			client.Exec(t, other, "INSERT INTO newest VALUES (10, 9, NULL)")
			if _, err := conn.Exec(context.Background(), c.change); client.Code(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
			client.Exec(t, conn, "COMMIT")
			if got := client.One(t, other, "SELECT count(*)::text FROM newest"); got != "10" {
				t.Errorf("%s rows are left", got)
			}
			if got := client.One(t, other, "SELECT b::text FROM newest WHERE a = 10"); got != "9" {
				t.Errorf("%s is what is found", got)
			}
		})
	}
}
