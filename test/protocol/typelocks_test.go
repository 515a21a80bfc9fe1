package protocol

import "testing"

// TestTypeChangesWait: who changes a type, who makes something of it, and who
// writes values of it, see what the other has done, or go on when that was taken back.
func TestTypeChangesWait(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		for _, c := range []struct{ first, second, committed, back string }{
			{"INSERT INTO tt VALUES (3, 5)", "ALTER DOMAIN dom ADD CONSTRAINT four CHECK (VALUE < 4)", `23514 column "d" of table "tt" contains values that violate the new constraint`, ""},
			{"INSERT INTO tt VALUES (3, NULL)", "ALTER DOMAIN dom SET NOT NULL", `23502 column "d" of table "tt" contains null values`, ""},
			{"ALTER DOMAIN dom ADD CONSTRAINT four CHECK (VALUE < 4)", "INSERT INTO tt VALUES (3, 5) RETURNING d", `23514 value for domain dom violates check constraint "four"`, "5"},
			{"ALTER DOMAIN dom SET NOT NULL", "UPDATE tt SET d = NULL RETURNING id", "23502 domain dom does not allow null values", "1"},
			{"ALTER DOMAIN dom DROP CONSTRAINT pos", "INSERT INTO tt VALUES (3, -1) RETURNING d", "-1", `23514 value for domain dom violates check constraint "pos"`},
			{"ALTER TYPE mood ADD VALUE 'new'", "INSERT INTO tt VALUES (3, 1, 'new') RETURNING m", "new", `22P02 invalid input value for enum mood: "new"`},
			{"ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "UPDATE tt SET id = 4 RETURNING m", "blue", "sad"},
			{"CREATE TABLE x (l lone)", "DROP TYPE lone", "2BP01 cannot drop type lone because other objects depend on it", ""},
			{"CREATE DOMAIN x AS lone", "DROP TYPE lone", "2BP01 cannot drop type lone because other objects depend on it", ""},
			{"DROP TYPE lone", "CREATE TABLE x (l lone)", `42704 type "lone" does not exist`, ""},
			{"DROP TYPE lone", "CREATE TYPE y AS (l lone)", `42704 type "lone" does not exist`, ""},
			{"CREATE TYPE x AS ENUM ('a')", "CREATE TYPE x AS (a int)", `42710 type "x" already exists`, ""},
			{"CREATE TYPE x AS (a int)", "CREATE TABLE x (a int)", `42P07 relation "x" already exists`, ""},
			{"CREATE TABLE x (a int)", "CREATE TYPE x AS ENUM ('a')", `42710 type "x" already exists`, ""},
			{"ALTER TYPE lone ADD VALUE 'a'", "ALTER TYPE lone ADD VALUE 'a'", `42710 enum label "a" already exists`, ""},
			{"ALTER TYPE lone ADD VALUE 'a'", "ALTER TYPE lone ADD VALUE 'b' BEFORE 'a'", "", `22023 "a" is not an existing enum label`},
		} {
			for end, want := range map[string]string{"COMMIT": c.committed, "ROLLBACK": c.back} {
				p.run(`
					0: DROP TABLE IF EXISTS tt, x
					0: DROP TYPE IF EXISTS x, y; DROP TYPE IF EXISTS mood, lone; DROP DOMAIN IF EXISTS dom
					0: CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE lone AS ENUM ('z'); CREATE DOMAIN dom AS int CONSTRAINT pos CHECK (VALUE > 0)
					0: CREATE TABLE tt (id int PRIMARY KEY, d dom, m mood); INSERT INTO tt VALUES (1, 1, 'sad')
					1: BEGIN
					1: ` + c.first + `
					2 waits: ` + c.second + `
					1: ` + end)
				if got := p.end("2"); got != want {
					t.Errorf("%s; %s\n%s\nends with %q, want %q", c.first, end, c.second, got, want)
				}
			}
		}
	})
}
