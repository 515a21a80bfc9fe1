package protocol

import "testing"

// TestMovedTableIsNotEmpty: a change of the primary key puts a table's rows
// where older snapshots do not see them, which PostgreSQL's does not. Who has
// such a snapshot is told so; the table is empty for him where PostgreSQL's is.
func TestMovedTableIsNotEmpty(t *testing.T) {
	p := newPlay(t)
	const moved = "40001 could not serialize access due to concurrent schema change"
	p.run(`0: CREATE TABLE z (a int)`)
	for _, c := range []struct{ change, count string }{
		{"ALTER TABLE t DROP CONSTRAINT t_pkey", moved},
		{"ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (u)", moved},
		{"ALTER TABLE t DROP COLUMN id", moved},
		{"ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (u); ALTER TABLE t ADD COLUMN w int", moved},
		{"BEGIN; ALTER TABLE t ADD COLUMN w int; ALTER TABLE t DROP CONSTRAINT t_pkey; COMMIT", moved},
		{"CREATE INDEX ON t ((v + 1))", moved},
		{"CREATE UNIQUE INDEX ON t (v) WHERE v > 5", moved},
		{"CREATE UNIQUE INDEX ON t (v)", "20"},
		{"REINDEX TABLE t", "20"},
		{"ALTER TABLE t ADD COLUMN w int", "20"},
		{"TRUNCATE t", "0"},
		{"ALTER TABLE t ALTER u TYPE bigint", "0"},
		{"CREATE INDEX ON t ((v + 1)); ALTER TABLE t ALTER u TYPE bigint", "0"},
		{"ALTER TABLE t DROP CONSTRAINT t_pkey; TRUNCATE t", "0"},
		{"ALTER TABLE t ADD COLUMN w int GENERATED ALWAYS AS (v + 1) STORED", "0"},
		{"ALTER TABLE t DROP CONSTRAINT t_pkey, ADD COLUMN w serial PRIMARY KEY", "0"},
	} {
		for _, read := range []string{
			"SELECT count(*) FROM t", "SELECT count(*) FROM tv", "WITH w AS (UPDATE t SET v = v RETURNING 1) SELECT count(*) FROM w",
			"WITH w AS (DELETE FROM t WHERE u > 0 RETURNING 1) SELECT count(*) FROM w", "SELECT count(*) FROM z LEFT JOIN t ON a < v",
		} {
			count := c.count
			if count == "20" && read == "SELECT count(*) FROM z LEFT JOIN t ON a < v" {
				count = "0" // z is empty
			}
			p.run(reset + `
				0: CREATE VIEW tv AS SELECT v FROM t
				1: BEGIN ISOLATION LEVEL REPEATABLE READ
				1: SELECT count(*) FROM z -> 0
				2: ` + c.change + `
				1: SAVEPOINT a
				1: ` + read + ` -> ` + count + `
				1: ROLLBACK TO a
				1: SELECT count(*) FROM z -> 0
				1: COMMIT
				1: SELECT count(*) > 0 FROM pg_class WHERE relname = 't' -> t`)
		}
	}
}

// TestMovedTableOfOneRow: rows are missed by no look-up of a key or an index either,
// nor by what reads at the newest; a new transaction sees all.
func TestMovedTableOfOneRow(t *testing.T) {
	p := newPlay(t)
	const moved = "40001 could not serialize access due to concurrent schema change"
	p.run(`0: CREATE TABLE z (a int)`)
	for _, read := range []string{
		"SELECT v FROM t WHERE id = 5", "SELECT v FROM t WHERE u = 5", "SELECT v FROM t WHERE id = 5 FOR UPDATE",
		"UPDATE t SET v = v WHERE id = 5 RETURNING v", "DELETE FROM t WHERE u = 5 RETURNING v", "COPY t (v) TO STDOUT",
	} {
		p.run(reset + `
			1: BEGIN ISOLATION LEVEL REPEATABLE READ
			1: SELECT count(*) FROM z -> 0
			2: ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id)
			1: ` + read + ` -> ` + moved + `
			1: ROLLBACK
			1: BEGIN ISOLATION LEVEL REPEATABLE READ
			1: SELECT v FROM t WHERE id = 5 -> 50
			1: COMMIT`)
	}
}

// TestMovedTableOfOurOwn: rows are seen by who moved them, and others' changes are
// found that came between a savepoint's and the snapshot.
func TestMovedTableOfOurOwn(t *testing.T) {
	p := newPlay(t)
	p.run(`0: CREATE TABLE z (a int)` + reset + `
		1: BEGIN ISOLATION LEVEL REPEATABLE READ
		1: SELECT count(*) FROM z -> 0
		1: ALTER TABLE t DROP CONSTRAINT t_pkey
		1: SELECT count(*) FROM t -> 20
		1: ALTER TABLE t ADD PRIMARY KEY (u)
		1: UPDATE t SET v = 1 WHERE u = 5 RETURNING id -> 5
		1: COMMIT` + reset + `
		1: BEGIN ISOLATION LEVEL REPEATABLE READ
		1: SELECT count(*) FROM z -> 0
		2: ALTER TABLE t DROP CONSTRAINT t_pkey
		1: ALTER TABLE t ADD PRIMARY KEY (id)
		1: COMMIT
		1: SELECT count(*) FROM t -> 20` + reset + `
		1: BEGIN ISOLATION LEVEL REPEATABLE READ
		1: SAVEPOINT a
		1: ALTER TABLE t ADD COLUMN w int
		1: SELECT count(*) FROM z -> 0
		1: ROLLBACK TO a
		2: ALTER TABLE t DROP CONSTRAINT t_pkey
		1: SELECT count(*) FROM t -> 40001 could not serialize access due to concurrent schema change
		1: ROLLBACK`)
}
