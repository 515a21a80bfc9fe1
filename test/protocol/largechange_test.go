package protocol

import "testing"

// TestLargeChangesAreFollowed: who waits for rows that a commit without chains
// changes, deletes or gives other keys does with them what PostgreSQL 15 does (rules 14, 15).
func TestLargeChangesAreFollowed(t *testing.T) {
	p := newLargePlay(t)
	const (
		update = "UPDATE b SET v = v + 1000"
		moved  = "UPDATE b SET id = id + 100"
		turned = "UPDATE b SET id = -id" // and back: others' keys
		delete = "DELETE FROM b WHERE v > 0"
	)
	for _, table := range []string{"b (id int PRIMARY KEY, v int)", "b (id int PRIMARY KEY, v int, u int UNIQUE)"} {
		again := `
			0: DROP TABLE IF EXISTS b
			0: CREATE TABLE ` + table + `; INSERT INTO b SELECT g, 10 * g FROM generate_series(-20, 20) g WHERE g <> 0`
		for _, c := range []struct{ change, sql, result, after string }{
			{update, "UPDATE b SET v = v + 1 WHERE v = 1010 OR v = 10 RETURNING v", "1011", "1 1011"},
			{update, "UPDATE b SET v = v + 1 WHERE v = 10 RETURNING id", "", "1 1010"},
			{update, "UPDATE b SET v = v + 1 WHERE id = 1 RETURNING v", "1011", "1 1011"},
			{update, "WITH x AS (UPDATE b SET v = v + 1 RETURNING id) SELECT count(*) FROM x", "40", "1 1011"},
			{moved, "UPDATE b SET v = v + 1 WHERE v = 10 RETURNING id", "101", "101 11"},
			{moved, "UPDATE b SET v = v + 1 WHERE id = 1 RETURNING id", "", "101 10"},
			{moved, "WITH x AS (UPDATE b SET v = v + 1 RETURNING id) SELECT count(*), min(id) FROM x", "40,80", "101 11"},
			{moved, "UPDATE b SET id = id + 1000 WHERE v = 10 RETURNING id", "1101", "1101 10"},
			{moved, "DELETE FROM b WHERE v = 10 RETURNING id", "101", ""},
			{moved, "DELETE FROM b USING (VALUES (10)) x(k) WHERE v = k RETURNING id", "101", ""},
			{moved, "SELECT id FROM b WHERE v = 10 FOR UPDATE", "101", "101 10"},
			{moved, "SELECT id FROM b ORDER BY abs(v - 10) LIMIT 1 FOR SHARE", "101", "101 10"},
			{moved, "SELECT b.id FROM b JOIN (VALUES (10)) x(k) ON v = k FOR UPDATE OF b", "101", "101 10"},
			{turned, "UPDATE b SET v = v + 1 WHERE v = 10 RETURNING id", "-1", "-1 11"},
			{turned, "DELETE FROM b WHERE v = 10 RETURNING id", "-1", ""},
			{turned, "SELECT id FROM b WHERE v = 10 FOR UPDATE", "-1", "-1 10"},
			{delete, "UPDATE b SET v = v + 1 WHERE v = 10 RETURNING id", "", ""},
			{delete, "DELETE FROM b WHERE v IN (10, -10) RETURNING id", "-1", ""},
			{delete, "INSERT INTO b VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET v = 8 RETURNING v", "7", "1 7"},
			{update, "INSERT INTO b VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET v = b.v + 1 RETURNING v", "1011", "1 1011"},
			{moved, "INSERT INTO b VALUES (1, 7) ON CONFLICT (id) DO NOTHING RETURNING v", "7", "101 10,1 7"},
		} {
			p.run(again + `
				1: BEGIN
				1: ` + c.change + `
				2 waits: ` + c.sql + `
				1: COMMIT
				2 ends: ` + c.result + `
				0: SELECT id || ' ' || v FROM b WHERE v IN (7, 10, 11, 1010, 1011) ORDER BY id DESC -> ` + c.after)
		}
		for _, change := range []string{update, moved, turned, delete} {
			for _, sql := range []string{
				"UPDATE b SET v = v + 1 WHERE v = 10", "UPDATE b SET v = v + 1 WHERE id = 1", "UPDATE b SET v = v + 1",
				"UPDATE b SET id = id + 1000 WHERE v = 10", "DELETE FROM b WHERE v = 10", "SELECT id FROM b WHERE v = 10 FOR SHARE",
			} {
				p.run(again + `
					1: BEGIN
					1: ` + change + `
					2: BEGIN ISOLATION LEVEL REPEATABLE READ
					2: SELECT 1 FROM b WHERE id = 2 -> 1
					2 waits: ` + sql + `
					1: COMMIT
					2 ends: 40001 could not serialize access due to concurrent update
					2: ROLLBACK`)
			}
		}
	}
}

// TestLargeChangesOfUniqueValues: what is in the way is known by the key that it has.
func TestLargeChangesOfUniqueValues(t *testing.T) {
	p := newLargePlay(t)
	for _, c := range []struct{ change, sql, result, after string }{
		{"UPDATE t SET id = id + 100", "INSERT INTO t VALUES (30, 1, 1) ON CONFLICT (u) DO UPDATE SET v = 4 RETURNING id", "101", "101 4"},
		{"UPDATE t SET id = id + 100", "INSERT INTO t VALUES (30, 1, 1) ON CONFLICT DO NOTHING RETURNING id", "", "101 10"},
		{"UPDATE t SET id = id + 100", "INSERT INTO t VALUES (30, 1, 1)", `23505 duplicate key value violates unique constraint "t_u_key"`, "101 10"},
		{"UPDATE t SET u = -u", "INSERT INTO t VALUES (30, 1, 1) ON CONFLICT (u) DO UPDATE SET v = 4 RETURNING id", "30", "30 1"},
		{"DELETE FROM t", "INSERT INTO t VALUES (30, 1, 1) ON CONFLICT (u) DO UPDATE SET v = 4 RETURNING id", "30", "30 1"},
		{"UPDATE t SET u = -u", "UPDATE t SET u = 1 WHERE id = 2 RETURNING id", "2", "2 20"},
		{"UPDATE t SET v = v + 5", "INSERT INTO t VALUES (30, 1, 1) ON CONFLICT (u) DO UPDATE SET v = t.v + 4 RETURNING v", "19", "1 19"},
	} {
		p.run(reset + `
			1: BEGIN
			1: ` + c.change + `
			2 waits: ` + c.sql + `
			1: COMMIT
			2 ends: ` + c.result + `
			0: SELECT id || ' ' || v FROM t WHERE u = 1 -> ` + c.after)
	}
}
