package protocol

import (
	"strconv"
	"strings"
	"testing"
)

// TestMovedRowsAreFollowed: who waits for a row whose key changes meanwhile
// finds it under the new one, wherever that lies (rule 15). PostgreSQL 15
// answers the same.
func TestMovedRowsAreFollowed(t *testing.T) {
	p := newPlay(t)
	for _, c := range []struct{ sql, result, after string }{
		{"UPDATE t SET v = 1 WHERE v = 10", "", "101 1"},
		{"UPDATE t SET v = 1 WHERE v = 10 RETURNING id, v", "101,1", "101 1"},
		{"UPDATE t SET v = 1 WHERE id = 1", "", "101 10"},
		{"UPDATE t SET u = 77 WHERE v = 10 RETURNING u", "77", "101 10"},
		{"UPDATE t SET id = id + 1000 WHERE v = 10 RETURNING id", "1101", "1101 10"},
		{"UPDATE t SET v = w FROM (VALUES (10, 3)) x(k, w) WHERE v = k", "", "101 3"},
		{"UPDATE t SET v = 0; SELECT count(*) FROM t WHERE v = 0", "20", "101 0"},
		{"DELETE FROM t WHERE v = 10 RETURNING u", "1", ""},
		{"DELETE FROM t; SELECT count(*) FROM t", "0", ""},
		{"DELETE FROM t WHERE id = 1; SELECT count(*) FROM t", "20", "101 10"},
		{"DELETE FROM t USING (VALUES (10)) x(k) WHERE v = k RETURNING id", "101", ""},
		{"SELECT id FROM t WHERE v = 10 FOR UPDATE", "101", "101 10"},
		{"SELECT id FROM t ORDER BY v LIMIT 1 FOR SHARE", "101", "101 10"},
		{"WITH x AS (UPDATE t SET v = 2 WHERE v = 10 RETURNING id) SELECT * FROM x", "101", "101 2"},
		{"INSERT INTO t VALUES (30, 1, 1) ON CONFLICT (u) DO UPDATE SET v = 4 RETURNING id", "101", "101 4"},
		{"BEGIN; INSERT INTO t VALUES (99, 99, 99); UPDATE t SET v = v + 1 WHERE v IN (10, 99) RETURNING v; COMMIT", "11,100", "101 11"},
		{"BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE t SET v = 1 WHERE v = 10", "40001 could not serialize access due to concurrent update", "101 10"},
		{"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT id FROM t WHERE v = 10 FOR UPDATE", "40001 could not serialize access due to concurrent update", "101 10"},
	} {
		p.run(reset + `
			1: BEGIN
			1: UPDATE t SET id = 101 WHERE id = 1
			2 waits: ` + c.sql + `
			1: COMMIT
			2 ends: ` + c.result + `
			2: ROLLBACK
			0: SELECT id || ' ' || v FROM t WHERE u IN (1, 77) -> ` + c.after)
	}
	p.run(reset + `
		1: BEGIN
		1: UPDATE t SET id = 101 WHERE id = 1
		2: SELECT id FROM t WHERE v < 30 ORDER BY id FOR UPDATE SKIP LOCKED -> 2
		3 waits: UPDATE t SET v = 1 WHERE v = 10 RETURNING id
		1: ROLLBACK
		3 ends: 1`)
	// Each that moved is followed, one after the other.
	p.run(reset + `
		1: BEGIN
		1: UPDATE t SET id = 101 WHERE v = 10
		3: BEGIN
		3: UPDATE t SET id = 102 WHERE v = 20
		2 waits: UPDATE t SET v = v + 1 WHERE v IN (10, 20) RETURNING id
		1: COMMIT
		3: UPDATE t SET id = 103 WHERE v = 20
		3: COMMIT
		2 ends: 101,103`)
	// Here PostgreSQL knows the row in the subquery alone: the statement's snapshot
	// does not have it under that key.
	p.run(reset + `
		1: BEGIN
		1: UPDATE t SET id = 101 WHERE id = 1
		2 waits: SELECT id FROM t WHERE id IN (SELECT id FROM t WHERE v = 10 FOR UPDATE)
		1: COMMIT
		2 ends: 101`)
}

// TestRowsThatAreComing: a row that another transaction has not committed yet
// is nobody else's to wait for, whatever names it; one that it has changed is.
func TestRowsThatAreComing(t *testing.T) {
	p := newPlay(t)
	p.run("2: SET lock_timeout = '10s'")
	for _, sql := range []string{
		"UPDATE t SET v = 0 WHERE id = 30 RETURNING id", "UPDATE t SET v = 0 WHERE id = 30 AND v = 300 RETURNING id",
		"DELETE FROM t WHERE id = 30 RETURNING id", "DELETE FROM t WHERE v = 300 RETURNING id",
		"UPDATE t SET v = 0 FROM (VALUES (30)) x(k) WHERE id = k RETURNING id", "SELECT id FROM t WHERE id = 30 FOR UPDATE",
		"UPDATE t SET id = 31 WHERE id = 30 RETURNING id",
	} {
		for _, level := range []string{"READ COMMITTED", "REPEATABLE READ"} {
			p.run(reset + `
				1: BEGIN
				1: INSERT INTO t VALUES (30, 300, 30)
				2: BEGIN ISOLATION LEVEL ` + level + `
				2: ` + sql + ` ->
				1: COMMIT
				2: COMMIT
				2: SELECT v FROM t WHERE id = 30 -> 300`)
		}
	}
	// Each has a row coming that the other names: no circle.
	p.run(reset + `
		1: BEGIN
		1: INSERT INTO t VALUES (30, 300, 30)
		2: BEGIN
		2: INSERT INTO t VALUES (31, 310, 31)
		1: UPDATE t SET v = 1 WHERE id = 31
		2: UPDATE t SET v = 1 WHERE id = 30
		1: COMMIT
		2: COMMIT
		1: SELECT sum(v) FROM t WHERE id >= 30 -> 610`)
	// Rows that are there, going or changing, are waited for.
	p.run(reset + `
		1: BEGIN
		1: DELETE FROM t WHERE id = 3
		2 waits: UPDATE t SET v = 0 WHERE id = 3 RETURNING id
		1: COMMIT
		2 ends:
		1: BEGIN
		1: INSERT INTO t VALUES (3, 1, 3)
		2: UPDATE t SET v = 0 WHERE id = 3 RETURNING id ->
		1: COMMIT
		1: BEGIN
		1: UPDATE t SET v = 2 WHERE id = 3
		2 waits: UPDATE t SET v = v + 5 WHERE id = 3 RETURNING v
		1: COMMIT
		2 ends: 7
		1: BEGIN
		1: DELETE FROM t WHERE id = 3
		2 waits: UPDATE t SET v = v + 5 WHERE id = 3 RETURNING v
		1: ROLLBACK
		2 ends: 12`)
}

// TestMovedRowsBehindOthers: of many rows that a LIMIT lets through none is given
// before all are locked, so one that has moved is followed whichever it is.
func TestMovedRowsBehindOthers(t *testing.T) {
	p := newPlay(t)
	var all []string
	for id := range 2500 {
		all = append(all, strconv.Itoa(id+1))
	}
	all[2399] = "100000"
	p.run(`
		0: CREATE TABLE many (id int PRIMARY KEY, v int); INSERT INTO many SELECT g, 10 * g FROM generate_series(1, 3000) g
		1: BEGIN
		1: UPDATE many SET id = 100000 WHERE id = 2400
		2 waits: SELECT id FROM many ORDER BY v LIMIT 2500 FOR UPDATE
		1: COMMIT
		2 ends: ` + strings.Join(all, ",") + `
		2: SET work_mem = '64kB'
		1: BEGIN
		1: UPDATE many SET id = 2400 WHERE id = 100000
		2 waits: SELECT id FROM many ORDER BY v OFFSET 2398 LIMIT 2 FOR UPDATE
		1: COMMIT
		2 ends: 2399,2400`)
}
