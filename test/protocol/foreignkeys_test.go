package protocol

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
)

const (
	notPresent = `23503 insert or update on table "c" violates foreign key constraint "c_p_fkey"`
	stillThere = `23503 update or delete on table "p" violates foreign key constraint "c_p_fkey" on table "c"`
	concurrent = "40001 could not serialize access due to concurrent update"
)

// TestForeignKeysWait: who refers to a row, and who takes it away, wait for each
// other, and see what the other has done.
func TestForeignKeysWait(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, c := range []struct{ action, first, second, committed, back string }{
			{"", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1", stillThere, ""},
			{"", "INSERT INTO c VALUES (1, 1)", "UPDATE p SET id = 5 WHERE id = 1", stillThere, ""},
			{"", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id < 3", stillThere, ""},
			{"ON DELETE RESTRICT", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1", stillThere, ""},
			{"ON DELETE CASCADE", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1", "", ""},
			{"ON DELETE SET NULL", "UPDATE c SET p = 1 WHERE id = 100", "DELETE FROM p WHERE id = 1", "", ""},
			{"", "DELETE FROM p WHERE id = 1", "INSERT INTO c VALUES (1, 1)", notPresent, ""},
			{"", "DELETE FROM p", "INSERT INTO c VALUES (1, 2), (2, 1), (3, NULL)", notPresent, ""},
			{"ON DELETE CASCADE", "DELETE FROM p WHERE id = 1", "INSERT INTO c VALUES (1, 1)", notPresent, ""},
			{"", "UPDATE p SET id = 5 WHERE id = 1", "UPDATE c SET p = 1", notPresent, ""},
			{"", "UPDATE p SET u = 50 WHERE id = 1", "INSERT INTO c (id, u) VALUES (1, 10)", `23503 insert or update on table "c" violates foreign key constraint "c_u_fkey"`, ""},
			{"", "DELETE FROM c WHERE id = 103", "DELETE FROM p WHERE id = 3", "", stillThere},
			{"DEFERRABLE INITIALLY DEFERRED", "DELETE FROM p WHERE id = 1", "INSERT INTO c VALUES (1, 1)", notPresent, ""},
			{"", "ALTER TABLE c DROP CONSTRAINT c_p_fkey", "INSERT INTO c VALUES (1, 77)", "", notPresent},
			{"", "ALTER TABLE c DROP CONSTRAINT c_p_fkey", "DELETE FROM p WHERE id = 3", "", stillThere},
			{"", "DROP TABLE c", "DELETE FROM p WHERE id = 3", "", stillThere},
			{"", "CREATE TABLE d (p int REFERENCES p)", "DROP TABLE p", "2BP01 cannot drop table p because other objects depend on it", "2BP01 cannot drop table p because other objects depend on it"},
			{"", "DELETE FROM p WHERE id = 1", "ALTER TABLE p ADD COLUMN more int", "", ""},
			{"", "INSERT INTO n VALUES (1, 1)", "ALTER TABLE n ADD FOREIGN KEY (p) REFERENCES p", "", ""},
			{"", "INSERT INTO n VALUES (1, 7)", "ALTER TABLE n ADD FOREIGN KEY (p) REFERENCES p", `23503 insert or update on table "n" violates foreign key constraint "n_p_fkey"`, ""},
			{"", "DELETE FROM p WHERE id = 2", "ALTER TABLE n ADD FOREIGN KEY (p) REFERENCES p", `23503 insert or update on table "n" violates foreign key constraint "n_p_fkey"`, ""},
			{"", "ALTER TABLE n ADD FOREIGN KEY (p) REFERENCES p", "DELETE FROM p WHERE id = 2", `23503 update or delete on table "p" violates foreign key constraint "n_p_fkey" on table "n"`, ""},
			{"", "ALTER TABLE n ADD FOREIGN KEY (p) REFERENCES p", "INSERT INTO n VALUES (1, 7)", `23503 insert or update on table "n" violates foreign key constraint "n_p_fkey"`, ""},
		} {
			for end, want := range map[string]string{"COMMIT": c.committed, "ROLLBACK": c.back} {
				p.run(`
					0: DROP TABLE IF EXISTS d, n, c, p
					0: CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE, v int); INSERT INTO p VALUES (1, 10), (2, 20), (3, 30)
					0: CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ` + c.action + `, u int REFERENCES p (u)); INSERT INTO c VALUES (100, NULL), (103, 3)
					0: CREATE TABLE n (id int PRIMARY KEY, p int); INSERT INTO n VALUES (22, 2)
					1: BEGIN`)
				if end == "COMMIT" && c.first == "DELETE FROM p" {
					p.run("0: DELETE FROM c")
				}
				first := p.do("1", c.first)
				if first == stillThere {
					p.run("1: ROLLBACK")
					continue // DELETE FROM p with rows that refer to it
				}
				if first != "" {
					t.Errorf("%s: %s", c.first, first)
				}
				p.run(`
					2 waits: ` + c.second + `
					1: ` + end)
				if got := p.end("2"); got != want {
					t.Errorf("%s; %s\n%s\nends with %q, want %q", c.first, end, c.second, got, want)
				}
				if !strings.Contains(c.first, "DROP") && !strings.Contains(c.second, "DROP") {
					p.run("0: SELECT c.id FROM c LEFT JOIN p ON c.p = p.id WHERE c.p IS NOT NULL AND p.id IS NULL ->")
				}
			}
		}
	})
}

// TestForeignKeysAtSnapshots: above READ COMMITTED keys that the snapshot does not
// show are not there, and rows that it does not show refer to them all the same.
func TestForeignKeysAtSnapshots(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, c := range []struct{ action, meanwhile, then, want string }{
			{"", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1", stillThere},
			{"ON DELETE CASCADE", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1", concurrent},
			{"ON DELETE SET NULL", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1", concurrent},
			{"ON UPDATE CASCADE", "INSERT INTO c VALUES (1, 1)", "UPDATE p SET id = 7 WHERE id = 1", concurrent},
			{"ON DELETE CASCADE", "UPDATE c SET more = 5 WHERE id = 103", "DELETE FROM p WHERE id = 3", concurrent},
			{"", "DELETE FROM c WHERE id = 103", "DELETE FROM p WHERE id = 3", ""},
			{"", "DELETE FROM p WHERE id = 1", "INSERT INTO c VALUES (1, 1)", concurrent},
			{"", "UPDATE p SET v = 5 WHERE id = 1", "INSERT INTO c VALUES (1, 1)", ""},
			{"", "INSERT INTO p VALUES (9)", "INSERT INTO c VALUES (1, 9)", notPresent},
			{"DEFERRABLE INITIALLY DEFERRED", "INSERT INTO c VALUES (1, 1)", "DELETE FROM p WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE", stillThere},
		} {
			p.run(`
				0: DROP TABLE IF EXISTS c, p
				0: CREATE TABLE p (id int PRIMARY KEY, v int); INSERT INTO p VALUES (1), (2), (3)
				0: CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ` + c.action + `, more int); INSERT INTO c VALUES (103, 3)
				1: BEGIN ISOLATION LEVEL REPEATABLE READ
				1: SELECT count(*) FROM p -> 3
				2: ` + c.meanwhile)
			if got := p.do("1", c.then); got != c.want {
				t.Errorf("%s %s\n%s\n%q, want %q", c.action, c.meanwhile, c.then, got, c.want)
			}
			p.run("1: ROLLBACK")
		}
	})
}

// TestForeignKeysDoNotWait: rows are referred to while they change in other
// columns, by many at once; and what is deferred asks for no lock before the end.
func TestForeignKeysDoNotWait(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(`
			0: CREATE TABLE p (id int PRIMARY KEY, v int); INSERT INTO p VALUES (1), (2)
			0: CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p, d int REFERENCES p DEFERRABLE INITIALLY DEFERRED)
			1: BEGIN
			1: UPDATE p SET v = 1 WHERE id = 1
			2: BEGIN
			2: INSERT INTO c VALUES (1, 1)
			3: INSERT INTO c VALUES (2, 1)
			2: COMMIT
			1: ROLLBACK
			1: BEGIN
			1: INSERT INTO c VALUES (3, 1)
			2: UPDATE p SET v = 2 WHERE id = 1
			2: UPDATE p SET v = v + 1 FROM (VALUES (1), (7)) AS o (id) WHERE o.id = p.id RETURNING p.v -> 3
			1: COMMIT
			1: BEGIN
			1: INSERT INTO c VALUES (4, NULL, 2)
			2: DELETE FROM p WHERE id = 2
			1: COMMIT -> 23503 insert or update on table "c" violates foreign key constraint "c_d_fkey"
			1: BEGIN
			1: INSERT INTO c VALUES (4, NULL, 2)
			2: INSERT INTO p VALUES (2)
			1: COMMIT
			0: CREATE TABLE n (p int); INSERT INTO n VALUES (1)
			1: BEGIN
			1: ALTER TABLE n ADD CONSTRAINT n_p FOREIGN KEY (p) REFERENCES p NOT VALID
			2: SELECT n.p FROM n JOIN p ON n.p = p.id -> 1
			1: COMMIT
			1: BEGIN
			2: BEGIN
			2: INSERT INTO n VALUES (1)
			1: ALTER TABLE n VALIDATE CONSTRAINT n_p
			2: INSERT INTO n VALUES (2)
			3: INSERT INTO n VALUES (3) -> 23503 insert or update on table "n" violates foreign key constraint "n_p"
			1: COMMIT
			2: COMMIT
			0: SELECT convalidated FROM pg_constraint WHERE conname = 'n_p' -> t`)
	})
}

// TestNoOrphans lets many sessions add and move rows that refer to others, and
// delete, insert and renumber those: at the end none refers to nothing.
func TestNoOrphans(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprintf("nodes=%d", nodes), func(t *testing.T) {
			addresses := startNodes(t, nodes, nil)
			ctx := context.Background()
			admin := client.Connect(t, addresses[0])
			if _, err := admin.Exec(ctx, `CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE);
				CREATE TABLE c1 (id serial PRIMARY KEY, p int REFERENCES p);
				CREATE TABLE c2 (id serial PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);
				CREATE TABLE c3 (id serial PRIMARY KEY, u int REFERENCES p (u) ON DELETE SET NULL ON UPDATE CASCADE);
				CREATE TABLE c4 (id serial PRIMARY KEY, p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
				INSERT INTO p SELECT g, g FROM generate_series(1, 12) g`); err != nil {
				t.Fatal(err)
			}
			var wait sync.WaitGroup
			for i := range 6 {
				conn, r := client.Connect(t, addresses[i%len(addresses)]), rand.New(rand.NewPCG(1, uint64(i)))
				wait.Go(func() {
					for range 60 {
						begin := "BEGIN"
						if r.IntN(2) == 0 {
							begin = "BEGIN ISOLATION LEVEL REPEATABLE READ"
						}
						sql := []string{begin}
						for range 1 + r.IntN(3) {
							sql = append(sql, orphanStep(r))
						}
						for _, s := range append(sql, "COMMIT") {
							if _, err := conn.Exec(ctx, s); err != nil {
								if !expected(err) {
									t.Errorf("%s: %v", s, err)
								}
								conn.Exec(ctx, "ROLLBACK")
								break
							}
						}
					}
				})
			}
			wait.Wait()
			for _, c := range []string{"c1.p = p.id", "c2.p = p.id", "c3.u = p.u", "c4.p = p.id"} {
				table, key := c[:2], c[:4]
				var orphans, all int
				if err := admin.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FILTER (WHERE p.id IS NULL), count(*) FROM %s LEFT JOIN p ON %s WHERE %s IS NOT NULL", table, c, key)).Scan(&orphans, &all); err != nil {
					t.Fatal(err)
				}
				if orphans > 0 {
					t.Errorf("%d of %d rows of %s refer to nothing", orphans, all, table)
				}
			}
		})
	}
}

// orphanStep is a statement that adds, moves or takes away.
func orphanStep(r *rand.Rand) string {
	k := 1 + r.IntN(12)
	switch r.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("INSERT INTO c%d (p) VALUES (%d)", []int{1, 2, 4}[r.IntN(3)], k)
	case 2:
		return fmt.Sprintf("INSERT INTO c3 (u) SELECT u FROM p WHERE id IN (%d, %d)", k, 1+r.IntN(12))
	case 3:
		return fmt.Sprintf("UPDATE c%d SET p = %d WHERE p = %d", []int{1, 2, 4}[r.IntN(3)], k, 1+r.IntN(12))
	case 4, 5:
		return fmt.Sprintf("DELETE FROM p WHERE id = %d", k)
	case 6:
		return fmt.Sprintf("UPDATE p SET u = u + 100 WHERE id = %d", k)
	case 7:
		return fmt.Sprintf("DELETE FROM c1 WHERE p = %d", k)
	}
	return fmt.Sprintf("INSERT INTO p VALUES (%d, %d) ON CONFLICT DO NOTHING", k, k)
}

// expected reports whether an error is one that PostgreSQL could give: a broken
// constraint, a serialization failure, a deadlock.
func expected(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "23503", "23505", "40001", "40P01":
		return true
	}
	return false
}
