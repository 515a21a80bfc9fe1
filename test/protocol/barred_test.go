package protocol

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestManyRowsOfAnotherAreNotWaitedFor: NOWAIT and SKIP LOCKED answer at once
// also when the other transaction has locked the table instead of its many rows
// (rule 29); then all rows count as locked. Of rows that it has locked PostgreSQL answers the same.
func TestManyRowsOfAnotherAreNotWaitedFor(t *testing.T) {
	p := newPlayOn(t, node.Start(t, func(c *server.Config) { c.Shards = 1 }).Address())
	p.run(`
		0: CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g, g FROM generate_series(1, 21000) g
		1: BEGIN
		1: UPDATE t SET v = v + 1 WHERE id > 10
		2: SET statement_timeout = '20s'
		2: SELECT id FROM t WHERE id = 100 FOR UPDATE NOWAIT -> 55P03 could not obtain lock on row in relation "t"
		2: SELECT id FROM t WHERE v = 100 FOR KEY SHARE NOWAIT -> 55P03 could not obtain lock on row in relation "t"
		2: SELECT id FROM t WHERE id BETWEEN 100 AND 103 FOR UPDATE SKIP LOCKED ->
		2: SELECT id FROM t WHERE id > 100 ORDER BY v LIMIT 1 FOR UPDATE SKIP LOCKED ->
		2: SELECT t.id FROM t JOIN (VALUES (100)) x(k) ON v = k FOR UPDATE OF t SKIP LOCKED ->
		2: SELECT id FROM t WHERE id = 0 FOR UPDATE NOWAIT ->
		2: SELECT id FROM t WHERE id < 3 FOR UPDATE NOWAIT -> 55P03 could not obtain lock on row in relation "t"
		2: BEGIN
		2: SELECT id FROM t WHERE id < 3 FOR UPDATE SKIP LOCKED ->
		2: COMMIT
		1: COMMIT
		2: SELECT id, v FROM t WHERE id = 100 FOR UPDATE NOWAIT -> 100,101
		2: SELECT id FROM t WHERE id < 4 FOR UPDATE SKIP LOCKED -> 1,2,3`)
}
