package protocol

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestTemporaryTablesAreTheSessions: each session has its own under the same
// name, in plans that are shared as well, and none reaches another's.
func TestTemporaryTablesAreTheSessions(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: CREATE TEMP TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g, 1 FROM generate_series(1, 5) g
			2: CREATE TEMP TABLE t (id int PRIMARY KEY, v text) ON COMMIT DELETE ROWS; INSERT INTO t VALUES (1, 'x')
			0: SELECT count(*) FROM t -> 20
			1: SELECT count(*) FROM t -> 5
			2: SELECT count(*) FROM t -> 0
			1: BEGIN; UPDATE t SET v = 2; SELECT sum(v) FROM t -> 10
			2: BEGIN; INSERT INTO t VALUES (2, 'y'); SELECT v FROM t -> y
			0: SELECT sum(v) FROM t -> 2100
			1: COMMIT; SELECT sum(v) FROM t -> 10
			2: COMMIT; SELECT v FROM t ->
			1: CREATE TABLE t2 (a int); CREATE TEMP TABLE t2 (a int, b int)
			0: SELECT a FROM t2 ->
			0: SELECT b FROM t2 -> 42703 column "b" does not exist
			1: SELECT b FROM t2 ->
			1: DROP TABLE t2
			1: SELECT b FROM t2 -> 42703 column "b" does not exist
			1: DROP TABLE t2
			1: DROP TABLE t; SELECT count(*) FROM t -> 20
			2: DISCARD TEMP; SELECT count(*) FROM t -> 20`)
		client.Exec(t, p.conn("1"), "CREATE TEMP TABLE mine (a serial PRIMARY KEY)", "CREATE TEMP VIEW seen AS SELECT a FROM mine")
		for session, want := range map[string]string{"1": "1", "2": "0"} {
			if got := client.One(t, p.conn(session), "SELECT count(*) FROM pg_sequences WHERE sequencename = 'mine_a_seq'"); got != want {
				t.Errorf("session %s is shown %s sequences", session, got)
			}
		}
		schema := client.One(t, p.conn("1"), "SELECT pg_my_temp_schema()::regnamespace::text")
		for _, s := range []struct{ sql, code string }{
			{"SELECT * FROM " + schema + ".mine", "0A000"},
			{"SELECT * FROM " + schema + ".seen", "0A000"},
			{"INSERT INTO " + schema + ".mine DEFAULT VALUES", "0A000"},
			{"ALTER TABLE " + schema + ".mine ADD COLUMN b int", "0A000"},
			{"TRUNCATE " + schema + ".mine", "0A000"},
			{"CREATE TABLE " + schema + ".other (a int)", "42P16"},
			{"SELECT nextval('" + schema + ".mine_a_seq')", "0A000"},
			{"SELECT setval('" + schema + ".mine_a_seq', 7)", "0A000"},
			{"SELECT * FROM mine", "42P01"},
			{"SELECT * FROM pg_temp.mine", "42P01"},
		} {
			if _, err := p.conn("2").Exec(t.Context(), s.sql); client.Code(err) != s.code {
				t.Errorf("%s: %v", s.sql, err)
			}
		}
	})
}

// TestTemporaryTablesGoWithTheSession: nothing of them is left after its end, for
// a session that has the process id after it neither, nor in tables that last.
func TestTemporaryTablesGoWithTheSession(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		look := client.Connect(t, p.addresses[0])
		left := func() string {
			return client.One(t, look, "SELECT count(*)::text FROM pg_class WHERE relpersistence = 't'") + " " +
				client.One(t, look, "SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'pg_temp%'")
		}
		for _, end := range []string{"SELECT 1", "BEGIN", "BEGIN; DROP TABLE a", "BEGIN; CREATE TEMP TABLE b (x int)", "SELECT 1/0"} {
			conn := client.Connect(t, p.addresses[len(p.addresses)-1])
			client.Exec(t, conn, "CREATE TEMP TABLE a (x serial PRIMARY KEY)", "INSERT INTO a DEFAULT VALUES",
				"DROP TABLE IF EXISTS lasts", "CREATE TABLE lasts (x int DEFAULT nextval('a_x_seq'), y int DEFAULT 7 CHECK (y > 'a'::regclass::oid::int * 0))")
			if got := left(); got != "3 1" {
				t.Errorf("before the end: %s", got)
			}
			conn.PgConn().Exec(t.Context(), end).ReadAll() // one of them fails
			conn.Close(context.Background())
			client.Eventually(t, "temporary tables of a session that ended by "+end+" are gone", func() bool { return left() == "0 0" })
			if got := client.One(t, look, "INSERT INTO lasts DEFAULT VALUES RETURNING x IS NULL AND y = 7"); got != "t" {
				t.Errorf("the default of a table that is left: %s", got)
			}
			if got := client.One(t, look, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'lasts'::regclass"); got != "0" {
				t.Errorf("%s constraints of a table that is left", got)
			}
		}
	})
}
