package protocol

import "testing"

// TestPartsOfTablesBeingChanged: who names a column or constraint that a
// schema change is adding waits for its end, and then finds it, or does not.
func TestPartsOfTablesBeingChanged(t *testing.T) {
	p := newPlay(t)
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
}
