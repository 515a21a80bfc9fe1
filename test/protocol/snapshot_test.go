package protocol

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

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
	other := dial(t, address, pgx.QueryExecModeSimpleProtocol)
	exec(t, other, "DROP TABLE IF EXISTS late; CREATE TABLE late (a int); CREATE TABLE IF NOT EXISTS empty (a int)")
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
			conn := dial(t, address, pgx.QueryExecModeSimpleProtocol)
			exec(t, other, "DELETE FROM late")
			exec(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
			exec(t, conn, c.first)
			exec(t, other, "INSERT INTO late VALUES (1)")
			want := "1"
			if c.takes {
				want = "0"
			}
			if got := one(t, conn, "SELECT count(*)::text FROM late"); got != want {
				t.Errorf("%s rows are seen, want %s", got, want)
			}
			exec(t, conn, "ROLLBACK")
		})
	}
	t.Run("Parse", func(t *testing.T) {
		conn := dial(t, address, pgx.QueryExecModeSimpleProtocol)
		exec(t, other, "DELETE FROM late")
		exec(t, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
		if _, err := conn.PgConn().Prepare(context.Background(), "", "SELECT 1", nil); err != nil {
			t.Fatal(err)
		}
		exec(t, other, "INSERT INTO late VALUES (1)")
		if got := one(t, conn, "SELECT count(*)::text FROM late"); got != "0" {
			t.Errorf("%s rows are seen after Parse", got)
		}
		if _, err := conn.Exec(context.Background(), "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"); code(err) != "25001" {
			t.Errorf("another level: %v", err)
		}
	})
}
