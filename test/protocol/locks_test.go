package protocol

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// reset makes the tables anew.
const reset = `
	0: DROP TABLE IF EXISTS t, tr CASCADE; DROP SCHEMA IF EXISTS sq CASCADE; DROP SEQUENCE IF EXISTS s
	0: CREATE SCHEMA sq; CREATE SEQUENCE s; CREATE TABLE t (id int PRIMARY KEY, v int, u int UNIQUE); INSERT INTO t SELECT g, 10 * g, g FROM generate_series(1, 20) g`

// TestReadersKeepTheirTables: what a block has read stays as it was to its end.
func TestReadersKeepTheirTables(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, level := range []string{"READ COMMITTED", "REPEATABLE READ"} {
			for _, ddl := range []string{
				"TRUNCATE t", "DROP TABLE t", "ALTER TABLE t DROP COLUMN v", "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (u)",
				"ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE t RENAME TO tr", "ALTER TABLE t RENAME COLUMN v TO w", "ALTER TABLE t SET SCHEMA sq",
				"CREATE UNIQUE INDEX ON t (v)",
			} {
				p.run(reset + `
					1: BEGIN ISOLATION LEVEL ` + level + `
					1: SELECT count(*) FROM t -> 20
					2 waits: ` + ddl + `
					1: SELECT count(*), sum(v) FROM t -> 20,2100
					1: UPDATE t SET v = v WHERE id = 7
					1: SELECT sum(v) FROM t WHERE u > 0 -> 2100
					1: COMMIT
					2 ends:`)
			}
		}
		// An index that is added keeps nobody from reading.
		p.run(reset + `
			1: BEGIN
			1: SELECT count(*) FROM t -> 20
			2: CREATE INDEX ON t (v)
			1: SELECT id FROM t WHERE v = 40 -> 4
			1: COMMIT`)
	})
}

// TestSchemaChangeWaitsEmptyHanded: a schema change that waits for a block has
// nothing that the block could need.
func TestSchemaChangeWaitsEmptyHanded(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, ddl := range []string{
			"ALTER TABLE t ADD COLUMN z int", "CREATE INDEX ON t (v)", "TRUNCATE t", "ALTER TABLE t ADD UNIQUE (v, u)", "DROP TABLE t",
		} {
			p.run(reset + `
				1: BEGIN
				1: UPDATE t SET v = 0 WHERE id = 7
				2 waits: ` + ddl + `
				1: UPDATE t SET v = v + 1
				1: SELECT count(*) FROM t -> 20
				3 waits: UPDATE t SET u = -u WHERE id = 1; SELECT 'done'
				1: COMMIT
				2 ends:`)
			if got := p.end("3"); got != "done" && !strings.HasPrefix(got, "42P01 ") {
				t.Errorf("%s, then an update: %s", ddl, got)
			}
		}
	})
}

// TestWaitingForTablesEnds by lock_timeout, a cancel, the end of what it is taken in.
func TestWaitingForTablesEnds(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: BEGIN
			1: SAVEPOINT a
			1: SELECT count(*) FROM t -> 20
			2: SET lock_timeout = 1
			2: DROP TABLE t -> 55P03 canceling statement due to lock timeout
			2: SET lock_timeout = 0
			2 waits: DROP TABLE t`)
		p.do("3", fmt.Sprintf("SELECT pg_cancel_backend(%d)", p.conn("2").PgConn().PID()))
		p.run(`
			2 ends: 57014 canceling statement due to user request
			2 waits: DROP TABLE t
			1: ROLLBACK TO a
			2 ends:
			1: SELECT count(*) FROM t -> 42P01 relation "t" does not exist
			1: ROLLBACK`)
	})
}

// TestDeadlockOfTables: of two that wait for each other's tables one is ended,
// and told of whom it waited for, where; the other goes on at once.
func TestDeadlockOfTables(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			0: CREATE TABLE tr (a int)
			1: BEGIN
			1: SELECT count(*) FROM t -> 20
			2: BEGIN
			2: SELECT count(*) FROM tr -> 0`)
		database := p.do("0", "SELECT oid FROM pg_database WHERE datname = current_database()")
		victims := make(chan string, 2)
		for who, table := range map[string]string{"1": "tr", "2": "t"} {
			c, other := p.conn(who), p.conn(map[string]string{"1": "2", "2": "1"}[who]).PgConn().PID()
			want := fmt.Sprintf("Process %d waits for AccessExclusiveLock on relation %s of database %s; blocked by process %d.",
				c.PgConn().PID(), p.do("0", "SELECT '"+table+"'::regclass::oid"), database, other)
			go func() {
				_, err := c.Exec(context.Background(), "DROP TABLE "+table)
				var e *pgconn.PgError
				if errors.As(err, &e) && (e.Code != "40P01" || !strings.HasPrefix(e.Detail, want)) {
					t.Errorf("%s %s\n%s\nwant %s", e.Code, e.Message, e.Detail, want)
				}
				if err != nil {
					victims <- who
					return
				}
				victims <- ""
			}()
		}
		if victim := <-victims + <-victims; len(victim) != 1 {
			t.Errorf("victims: %q", victim)
		}
	})
}

// TestActivityShowsLocks: what a session waits for, and that it waits no more.
func TestActivityShowsLocks(t *testing.T) {
	p := newPlay(t)
	p.run(reset + `
		1: BEGIN; UPDATE t SET v = 0 WHERE id = 7
		2: SET application_name = 'waiter'`)
	const event = " 3: SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE application_name = 'waiter' -> "
	p.run(event + `Client,ClientRead
		2 waits: UPDATE t SET v = 1 WHERE id = 7
		` + event + `Lock,transactionid
		1: ROLLBACK
		2 ends:
		` + event + `Client,ClientRead
		1: BEGIN; SELECT FROM t
		2 waits: TRUNCATE t
		` + event + `Lock,relation
		1: ROLLBACK
		2 ends:`)
}

// TestFailedBlocksLockNothing beyond what was locked before their last savepoint.
func TestFailedBlocksLockNothing(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: BEGIN
			1: UPDATE t SET v = 0
			1: SELECT 1 / 0 -> 22012 division by zero
			2: UPDATE t SET v = 1 WHERE id = 1
			2: ALTER TABLE t ADD COLUMN w int
			1: ROLLBACK
			1: BEGIN; UPDATE t SET v = 2 WHERE id = 1; SAVEPOINT a; UPDATE t SET v = 2 WHERE id = 2
			1: SELECT 1 / 0 -> 22012 division by zero
			2: UPDATE t SET v = 3 WHERE id = 2
			2 waits: TRUNCATE t
			1: ROLLBACK TO a; COMMIT
			2 ends:`)
	})
}

// TestSchemaChangesWaitForEachOther: the second sees what the first has made,
// or goes on when that was taken back.
func TestSchemaChangesWaitForEachOther(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, c := range []struct{ first, second, committed, back string }{
			{"ALTER TABLE t RENAME COLUMN v TO w", "CREATE INDEX ON t (v)", `42703 column "v" does not exist`, ""},
			{"CREATE VIEW vw AS SELECT v FROM t", "ALTER TABLE t DROP COLUMN v", "2BP01 cannot drop column v of table t because other objects depend on it", ""},
			{"CREATE VIEW vw AS SELECT v FROM t", "ALTER TABLE t DROP COLUMN v, ADD CHECK (id >= 0)", "2BP01 cannot drop column v of table t because other objects depend on it", ""},
			{"CREATE VIEW vw AS SELECT v FROM t", "DROP TABLE t", "2BP01 cannot drop table t because other objects depend on it", ""},
			{"ALTER TABLE t DROP COLUMN v", "CREATE VIEW vw AS SELECT v FROM t", `42703 column "v" does not exist`, ""},
			{"CREATE TABLE sq.x (a int)", "DROP SCHEMA sq", "2BP01 cannot drop schema sq because other objects depend on it", ""},
			{"DROP SCHEMA sq", "CREATE TABLE sq.x (a int)", `3F000 schema "sq" does not exist`, ""},
			{"CREATE TABLE x (a int)", "CREATE TABLE x (a int)", `42P07 relation "x" already exists`, ""},
			{"CREATE TABLE x (a int)", "CREATE TABLE IF NOT EXISTS x (a int)", "", ""},
			{"CREATE INDEX y ON t (v)", "CREATE VIEW y AS SELECT 1 AS v", `42P07 relation "y" already exists`, ""},
			{"CREATE INDEX y ON t (v)", "CREATE OR REPLACE VIEW y AS SELECT 1 AS v", `42809 "y" is not a view`, ""},
			{"ALTER TABLE t ADD CONSTRAINT y UNIQUE (v, id)", "CREATE VIEW y AS SELECT 1 AS v", `42P07 relation "y" already exists`, ""},
			{"CREATE ROLE twin", "CREATE ROLE twin", `42710 role "twin" already exists`, ""},
			{"CREATE SCHEMA twin", "CREATE SCHEMA twin", `42P06 schema "twin" already exists`, ""},
			{"ALTER TABLE t ADD COLUMN w int", "ALTER TABLE t ADD COLUMN w int", `42701 column "w" of relation "t" already exists`, ""},
			{"ALTER TABLE t ADD COLUMN w int", "ALTER TABLE t ADD COLUMN x int", "", ""},
			{"SELECT nextval('s')", "DROP SEQUENCE s", "", ""},
			{"SELECT nextval('s')", "ALTER SEQUENCE s INCREMENT 5", "", ""},
			{"DROP SEQUENCE s", "SELECT nextval('s')", "", "1"},
			{"ALTER SEQUENCE s INCREMENT 5 RESTART 7", "SELECT nextval('s')", "7", "1"},
			{"DROP TABLE t", "SELECT count(*) FROM t", `42P01 relation "t" does not exist`, "20"},
			{"CREATE OR REPLACE VIEW one AS SELECT 2 AS v", "SELECT v FROM one", "2", "1"},
			{"DROP VIEW one", "SELECT v FROM one", `42P01 relation "one" does not exist`, "1"},
			{"TRUNCATE t", "INSERT INTO t VALUES (1) RETURNING id", "1", `23505 duplicate key value violates unique constraint "t_pkey"`},
		} {
			for end, want := range map[string]string{"COMMIT": c.committed, "ROLLBACK": c.back} {
				p.run(reset + `
					0: DROP TABLE IF EXISTS x; DROP VIEW IF EXISTS vw, one, y; DROP ROLE IF EXISTS twin; DROP SCHEMA IF EXISTS twin
					0: CREATE VIEW one AS SELECT 1 AS v
					1: BEGIN
					1: ` + c.first + " -> " + map[bool]string{true: "1"}[strings.HasPrefix(c.first, "SELECT")] + `
					2 waits: ` + c.second + `
					1: ` + end)
				if got := p.end("2"); got != want && !(strings.HasPrefix(c.first, "DROP SEQUENCE") && end == "COMMIT" && isError(got)) {
					t.Errorf("%s; %s\n%s\nends with %q, want %q", c.first, end, c.second, got, want)
				}
			}
		}
	})
}

// TestTransactionsWithSchemaChangesFollow: what others have published since
// its first schema change is there for a transaction's statements.
func TestTransactionsWithSchemaChangesFollow(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: BEGIN; CREATE TABLE tr (a int)
			2: CREATE TABLE sq.x (a int); INSERT INTO sq.x VALUES (5)
			1: INSERT INTO tr SELECT a FROM sq.x
			1: ALTER TABLE sq.x ADD COLUMN b int
			1: SAVEPOINT a; DROP TABLE sq.x; ROLLBACK TO a
			1: COMMIT
			2: SELECT a, b IS NULL FROM sq.x -> 5,t
			2: SELECT a FROM tr -> 5`)
	})
}
