package protocol

import (
	"context"
	"fmt"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestRowLocksOfOtherNodes: rows are locked, waited for, and not waited for,
// whichever node the sessions are on.
func TestRowLocksOfOtherNodes(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: BEGIN; UPDATE t SET v = v + 1 WHERE id <= 10
			2: SELECT id FROM t WHERE id = 3 FOR UPDATE NOWAIT -> 55P03 could not obtain lock on row in relation "t"
			0: SELECT count(*) FROM (SELECT id FROM t FOR UPDATE SKIP LOCKED) x -> 10
			2: SELECT id FROM t WHERE id > 8 ORDER BY id LIMIT 2 FOR NO KEY UPDATE SKIP LOCKED -> 11,12
			2 waits: UPDATE t SET v = v * 2 WHERE id = 3 RETURNING v
			0 waits: DELETE FROM t WHERE id = 4 RETURNING v
			1: COMMIT
			2 ends: 62
			0 ends: 41
			1: BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT sum(v) FROM t WHERE id IN (5, 6) -> 112
			2: UPDATE t SET v = 0 WHERE id = 5
			0: SELECT v FROM t WHERE id = 5 -> 0
			1: SELECT sum(v) FROM t WHERE id IN (5, 6) -> 112
			1: UPDATE t SET v = 1 WHERE id = 5 -> 40001 could not serialize access due to concurrent update
			1: ROLLBACK
			1: BEGIN; INSERT INTO t VALUES (30, 1, 30)
			2 waits: INSERT INTO t VALUES (31, 1, 30) ON CONFLICT DO NOTHING RETURNING id
			0 waits: INSERT INTO t VALUES (30, 2, 31)
			1: COMMIT
			2 ends:
			0 ends: 23505 duplicate key value violates unique constraint "t_pkey"`)
	})
}

// TestPlansOfChangedTables: a plan that a session keeps is not older than what
// another node has made of its table.
func TestPlansOfChangedTables(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			1: PREPARE one AS SELECT v FROM t WHERE id = $1; PREPARE every AS SELECT * FROM t WHERE id = $1
			1: PREPARE next AS SELECT nextval('s'); PREPARE new AS INSERT INTO t VALUES ($1, $2) RETURNING id, v
			1: EXECUTE one(3); EXECUTE every(3); EXECUTE next; EXECUTE new(40, 1) -> 30,3,30,3,1,40,1
			2: ALTER TABLE t ADD COLUMN w int DEFAULT 9
			1: EXECUTE one(3); EXECUTE new(41, 1) -> 30,41,1
			1: EXECUTE every(3) -> 0A000 cached plan must not change result type
			2: ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (w, id)
			1: EXECUTE one(3); EXECUTE new(3, 1) -> 23505 duplicate key value violates unique constraint "t_pkey"
			2: ALTER TABLE t DROP CONSTRAINT t_pkey; CREATE UNIQUE INDEX ON t (id)
			1: EXECUTE new(3, 1) -> 23505 duplicate key value violates unique constraint "t_id_idx"
			2: TRUNCATE t
			1: EXECUTE one(3) ->
			2: INSERT INTO t VALUES (3, 31)
			1: EXECUTE one(3) -> 31
			2: DROP SEQUENCE s
			1: EXECUTE next -> 42P01 relation "s" does not exist
			2: CREATE SEQUENCE s START 5
			2: ALTER TABLE t RENAME TO tr
			1: EXECUTE one(3) -> 42P01 relation "t" does not exist
			0: CREATE TABLE t (id int, v text); INSERT INTO t VALUES (3, 'x')
			1: EXECUTE one(3) -> 0A000 cached plan must not change result type
			0: DROP TABLE t; ALTER TABLE tr RENAME TO t
			1: EXECUTE one(3) -> 31`)
	})
}

// TestSnapshotsAcrossSchemaChanges: REPEATABLE READ sees rows as of its
// snapshot, tables as they are.
func TestSnapshotsAcrossSchemaChanges(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			0: CREATE TABLE tr (id int)
			1: BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM tr -> 0
			2: INSERT INTO t VALUES (50, 500, 50); ALTER TABLE t ADD COLUMN w int DEFAULT 9
			1: SELECT count(*), sum(v), sum(w) FROM t -> 20,2100,180
			1: SELECT w FROM t WHERE id = 50 ->
			2 waits: ALTER TABLE t DROP COLUMN v
			1: SELECT sum(v) FROM t -> 2100
			1: COMMIT
			2 ends:
			1: SELECT count(*), sum(w) FROM t -> 21,189
			1: BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM tr -> 0
			2: CREATE TABLE sq.later (a int); INSERT INTO sq.later VALUES (1)
			1: SELECT count(*) FROM sq.later -> 0
			1: INSERT INTO sq.later VALUES (2) RETURNING a -> 2
			1: COMMIT
			0: SELECT sum(a) FROM sq.later -> 3`)
	})
}

// TestDatabaseInUse: a database stays as long as a session of any node is in
// it; and any session ends those of any node.
func TestDatabaseInUse(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run("1: CREATE DATABASE inuse")
		conn := client.ConnectTo(t, p.addresses[p.at("2")], "inuse")
		client.Exec(t, conn, "CREATE TABLE t (a int)")
		pid := conn.PgConn().PID()
		p.run(`
			1: DROP DATABASE inuse -> 55006 database "inuse" is being accessed by other users
			1: ALTER DATABASE inuse RENAME TO used -> 55006 database "inuse" is being accessed by other users
			0: SELECT pg_cancel_backend(-1) -> f
			0: SELECT pg_terminate_backend(` + fmt.Sprint(pid) + `) -> t`)
		if _, err := conn.Exec(context.Background(), "SELECT 1"); client.Code(err) != "57P01" {
			t.Errorf("after pg_terminate_backend: %v", err)
		}
		p.run(`
			1: DROP DATABASE inuse
			2: CREATE DATABASE inuse
			0: DROP DATABASE inuse`)
	})
}

// TestLocksEndWithTheirSession: what a schema change has locked on other nodes
// is free when its transaction ends, whatever ends it.
func TestLocksEndWithTheirSession(t *testing.T) {
	p := newClusterPlay(t)
	for _, end := range []func(){
		func() { p.run("1: ROLLBACK") },
		func() {
			p.do("0", fmt.Sprintf("SELECT pg_terminate_backend(%d)", p.conn("1").PgConn().PID()))
			delete(p.conns, "1")
		},
		func() {
			if err := p.nodes[p.at("1")].Stop(); err != nil {
				t.Error(err)
			}
		},
	} {
		p.run(`
			0: CREATE SEQUENCE s
			1: BEGIN; CREATE SCHEMA twin; CREATE VIEW twin.x AS SELECT 1 AS a
			1: SAVEPOINT a; ALTER SEQUENCE s INCREMENT 2; ROLLBACK TO a
			2: DROP SEQUENCE s
			2 waits: CREATE SCHEMA twin`)
		end()
		p.run(`
			2 ends:
			2: DROP SCHEMA twin`)
	}
}
