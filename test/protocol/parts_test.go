package protocol

import "testing"

// TestPartsOfTablesBeingChanged: who names a column or constraint that a
// schema change is adding waits for its end, and then finds it, or does not.
func TestPartsOfTablesBeingChanged(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, c := range []struct{ change, use, there, not string }{
			{"ALTER TABLE t ADD COLUMN w int DEFAULT 7", "SELECT w FROM t WHERE id = 3", "7", `42703 column "w" does not exist`},
			{"ALTER TABLE t ADD COLUMN w int DEFAULT 7", "UPDATE t SET w = 8 WHERE id = 3 RETURNING w", "8", `42703 column "w" of relation "t" does not exist`},
			{"ALTER TABLE t ADD COLUMN w int DEFAULT 7", "ALTER TABLE t DROP COLUMN w", "", `42703 column "w" of relation "t" does not exist`},
			{"ALTER TABLE t RENAME COLUMN v TO w", "SELECT w FROM t WHERE id = 3", "30", `42703 column "w" does not exist`},
			{"ALTER TABLE t ADD CONSTRAINT c CHECK (v > 0)", "ALTER TABLE t DROP CONSTRAINT c", "", `42704 constraint "c" of relation "t" does not exist`},
			{"ALTER TABLE t ADD CONSTRAINT c UNIQUE (v)", "INSERT INTO t VALUES (3) ON CONFLICT (v, u) DO NOTHING",
				"42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification",
				"42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification"},
			{"ALTER TABLE t ADD CONSTRAINT c UNIQUE (v)", "INSERT INTO t VALUES (21, 30) ON CONFLICT ON CONSTRAINT c DO NOTHING RETURNING 1",
				"", `42704 constraint "c" for table "t" does not exist`},
		} {
			for _, end := range []string{"COMMIT", "ROLLBACK"} {
				result := c.there
				if end == "ROLLBACK" {
					result = c.not
				}
				p.run(reset + `
					1: BEGIN
					1: ` + c.change + `
					2 waits: ` + c.use + `
					1: ` + end + `
					2 ends: ` + result)
			}
		}
		p.run(reset + `
			1: SELECT w FROM t -> 42703 column "w" does not exist
			1: BEGIN
			1: ALTER TABLE t ADD COLUMN w int
			1: SELECT count(w) FROM t -> 0
			1: SELECT x FROM t -> 42703 column "x" does not exist
			1: ROLLBACK
			2: ALTER TABLE t DROP CONSTRAINT c -> 42704 constraint "c" of relation "t" does not exist`)
	})
}

// TestStatementsAboutPartsBeingChanged: whatever names a part, or finds that
// there is one already, looks when it has the relation's lock, as PostgreSQL does.
func TestStatementsAboutPartsBeingChanged(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		const (
			added  = "ALTER TABLE t ADD COLUMN w int DEFAULT 7"
			left   = "ALTER TABLE t DROP COLUMN v"
			check  = "ALTER TABLE t ADD CONSTRAINT c CHECK (v > 0)"
			unique = "ALTER TABLE t ADD CONSTRAINT c UNIQUE (v)"
			none   = `42703 column "w" of relation "t" does not exist`
		)
		for _, c := range []struct{ change, use, there, not string }{
			{added, "COPY t (w) TO STDOUT", "", none},
			{added, "COPY (SELECT w FROM t) TO STDOUT", "", `42703 column "w" does not exist`},
			{added, "COPY (SELECT * FROM t) TO STDOUT (FORMAT csv, FORCE_QUOTE (w))", "", `42703 column "w" does not exist`},
			{added, "COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE (w))", "", none},
			{added, "COPY t (w) FROM STDIN", "", none},
			{added, "COPY t FROM STDIN WHERE w > 0", "", `42703 column "w" does not exist`},
			{added, "INSERT INTO t VALUES (21, 210, 21, 8) RETURNING w", "8", "42601 INSERT has more expressions than target columns"},
			{added, "INSERT INTO t SELECT 21, 210, 21, 8 RETURNING w", "8", "42601 INSERT has more expressions than target columns"},
			{added, "INSERT INTO t (id, w) VALUES (21, 8) RETURNING w", "8", none},
			{added, "UPDATE t SET (v, w) = (1, 2) WHERE id = 3", "", none},
			{added, "SELECT x.w FROM t AS x WHERE id = 3 FOR UPDATE", "7", "42703 column x.w does not exist"},
			{added, "SELECT x FROM t AS y (id, v, u, x) WHERE id = 3", "7", `42P10 table "y" has 3 columns available but 4 columns specified`},
			{added, "SELECT id, v, u, 4 FROM t WHERE id = 3 UNION SELECT * FROM t WHERE id = 3 ORDER BY 4", "3,30,3,4,3,30,3,7", "42601 each UNION query must have the same number of columns"},
			{added, "PREPARE q AS SELECT w FROM t WHERE id = 3; EXECUTE q; DEALLOCATE q", "7", `42703 column "w" does not exist`},
			{added, "ANALYZE t (w)", "", none},
			{added, "VACUUM (ANALYZE) t (w)", "", none},
			{added, "COMMENT ON COLUMN t.w IS 'x'", "", none},
			{added, "CREATE SEQUENCE owned OWNED BY t.w; DROP SEQUENCE owned", "", none},
			{added, "ALTER SEQUENCE s OWNED BY t.w", "", none},
			{added, "CREATE INDEX ON t (w)", "", `42703 column "w" does not exist`},
			{added, "CREATE UNIQUE INDEX ON t (w, id)", "", `42703 column "w" does not exist`},
			{added, "CREATE VIEW sq.made AS SELECT w FROM t", "", `42703 column "w" does not exist`},
			{added, "ALTER TABLE t ADD COLUMN w text", `42701 column "w" of relation "t" already exists`, ""},
			{added, "ALTER TABLE t ADD COLUMN IF NOT EXISTS w text", "", ""},
			{added, "ALTER TABLE t DROP COLUMN IF EXISTS w", "", ""},
			{added, "ALTER TABLE t RENAME COLUMN w TO x", "", `42703 column "w" does not exist`},
			{added, "ALTER TABLE t RENAME COLUMN v TO w", `42701 column "w" of relation "t" already exists`, ""},
			{added, "ALTER TABLE t ALTER COLUMN w SET NOT NULL", "", none},
			{added, "ALTER TABLE t ALTER COLUMN w SET DEFAULT 3", "", none},
			{added, "ALTER TABLE t ALTER w SET STATISTICS 7", "", none},
			{added, "ALTER TABLE t ADD CHECK (w > 0)", "", `42703 column "w" does not exist`},
			{added, "ALTER TABLE t ADD UNIQUE (w, id)", "", `42703 column "w" named in key does not exist`},
			{left, "SELECT v FROM t WHERE id = 3", `42703 column "v" does not exist`, "30"},
			{left, "COPY t (v) TO STDOUT", `42703 column "v" of relation "t" does not exist`, ""},
			{left, "COMMENT ON COLUMN t.v IS 'x'", `42703 column "v" of relation "t" does not exist`, ""},
			{left, "ALTER TABLE t ADD COLUMN v int", "", `42701 column "v" of relation "t" already exists`},
			{left, "ALTER TABLE t RENAME COLUMN u TO v", "", `42701 column "v" of relation "t" already exists`},
			{left, "ANALYZE t (v)", `42703 column "v" of relation "t" does not exist`, ""},
			{left, "ANALYZE t", "", ""},
			{left, "VACUUM t", "", ""},
			{left, "VACUUM FULL ANALYZE t", "", ""},
			{check, "COMMENT ON CONSTRAINT c ON t IS 'x'", "", `42704 constraint "c" for table "t" does not exist`},
			{check, "ALTER TABLE t RENAME CONSTRAINT c TO d", "", `42704 constraint "c" for table "t" does not exist`},
			{check, "ALTER TABLE t ADD CONSTRAINT c CHECK (v > 1)", `42710 constraint "c" for relation "t" already exists`, ""},
			{check, "ALTER TABLE t DROP CONSTRAINT IF EXISTS c", "", ""},
			{unique, "INSERT INTO t VALUES (21, 30) ON CONFLICT (v) DO NOTHING RETURNING 1", "", "42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification"},
			{"ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE t ADD PRIMARY KEY (u)", "", `42P16 multiple primary keys for table "t" are not allowed`},
			{"CREATE OR REPLACE VIEW tv AS SELECT id, v FROM t", "SELECT v FROM tv WHERE id = 3", "30", `42703 column "v" does not exist`},
			{"CREATE OR REPLACE VIEW tv AS SELECT id, v FROM t", "CREATE OR REPLACE VIEW tv AS SELECT id FROM t", "42P16 cannot drop columns from view", ""},
			{"DROP TABLE t CASCADE", "ANALYZE t", `42P01 relation "t" does not exist`, ""},
			{"DROP TABLE t CASCADE", "VACUUM t", `42P01 relation "t" does not exist`, ""},
			{"DROP TABLE t CASCADE", "COPY t (w) TO STDOUT", `42P01 relation "t" does not exist`, none},
			{"DROP TABLE t CASCADE; CREATE TABLE t (w int)", "ANALYZE t (w)", "", none},
			{"DROP TABLE t CASCADE; CREATE TABLE t (w int)", "COMMENT ON COLUMN t.w IS 'x'", "", none},
		} {
			for _, end := range []string{"COMMIT", "ROLLBACK"} {
				result := c.there
				if end == "ROLLBACK" {
					result = c.not
				}
				p.run(reset + `
					0: CREATE VIEW tv AS SELECT id FROM t
					1: BEGIN
					1: ` + c.change + `
					2 waits: ` + c.use + `
					1: ` + end + `
					2 ends: ` + result)
			}
		}
	})
}

// TestNobodyElseWaits: what is not about the relation does not wait for it, nor
// what SKIP_LOCKED passes over; and tables that ANALYZE is done with are free.
func TestNobodyElseWaits(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset + `
			0: CREATE TABLE tr (a int)
			1: BEGIN
			1: ALTER TABLE t ADD COLUMN w int
			2: SET lock_timeout = '10s'
			2: SELECT * FROM nosuch, t -> 42P01 relation "nosuch" does not exist
			2: CREATE TABLE t (a int) -> 42P07 relation "t" already exists
			2: ANALYZE nosuch (w) -> 42P01 relation "nosuch" does not exist
			2: VACUUM t (w) -> 0A000 ANALYZE option must be specified when a column list is provided
			2: VACUUM (SKIP_LOCKED) t
			2: ANALYZE (SKIP_LOCKED) t (w)
			2: ANALYZE (SKIP_LOCKED) tr, t
			2: SET lock_timeout = 1
			2: ANALYZE t (w) -> 55P03 canceling statement due to lock timeout
			2: COPY t (w) TO STDOUT -> 55P03 canceling statement due to lock timeout
			2: COMMENT ON COLUMN t.w IS 'x' -> 55P03 canceling statement due to lock timeout
			2: SET lock_timeout = 0
			2 waits: ANALYZE tr, t
			3: ALTER TABLE tr ADD COLUMN b int
			1: COMMIT
			2 ends:
			2: BEGIN
			2: ANALYZE tr
			3 waits: ALTER TABLE tr ADD COLUMN c int
			2: COMMIT
			3 ends:`)
	})
}
