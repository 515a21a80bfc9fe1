package interrupt

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestSchemaChangesKilled kills the server within a schema change: what was
// not decided was never there, what was is made.
func TestSchemaChangesKilled(t *testing.T) {
	for _, ch := range changes {
		if ch.name == "unique beside the rows" || ch.name == "column computed for each row" {
			continue // what they do on the shards, others do
		}
		t.Run(ch.name, func(t *testing.T) {
			t.Parallel()
			killed(t, ch)
		})
	}
}

func killed(t *testing.T, ch change) {
	dir := filepath.Join(t.TempDir(), "data")
	c := launch(t, dir, neverDies, 0)
	session := client.Connect(t, c.address)
	ch.fill(t, session)
	before := client.One(t, session, catalogOf)
	session.Close(t.Context())
	c.stop()
	undecided := func(place string, n int) bool {
		c := launch(t, dir, place, n)
		session := client.Connect(t, c.address)
		untouched(t, before, session)
		nothingLeft(t, session, dir)
		if c.dies(session, ch.sql) {
			return true
		}
		c.stop()
		return false
	}
	for _, n := range []int{1, childLogs} {
		if !undecided(diePrepared, n) {
			t.Errorf("not killed when %d logs had prepared", n)
		}
	}
	if !undecided(dieDecide, firstPassing) {
		t.Error("not killed before the decision")
	}
	n := 3
	for ; undecided(dieShards, n); n += 4 {
	}
	if n <= childShards+1 {
		t.Errorf("made with less than %d calls", n)
	}
	c = launch(t, dir, neverDies, 0)
	made(t, client.Connect(t, c.address), ch, dir)
	c.stop()
}

// made fails the test unless the change has been made, once and for all.
func made(t *testing.T, session *pgx.Conn, ch change, dir string) {
	t.Helper()
	if made := client.One(t, session, ch.done); made != "t" {
		t.Errorf("made: %s", made)
	}
	client.Exec(t, session, "INSERT INTO t (a, b, c) VALUES (-1, -1, 'new')")
	if n := client.One(t, session, "SELECT count(*) FROM t"); n != fmt.Sprint(rows+1) {
		t.Errorf("%s rows", n)
	}
	nothingLeft(t, session, dir)
}

// TestDecidedSchemaChangesKilled: once it is decided, a schema change is made,
// though nobody was told.
func TestDecidedSchemaChangesKilled(t *testing.T) {
	for _, ch := range changes {
		if ch.name != "unique across shards" && ch.name != "primary key" {
			continue
		}
		for _, place := range []string{dieDecided, dieResolve} {
			t.Run(ch.name+"/"+place, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "data")
				c := launch(t, dir, place, firstPassing)
				session := client.Connect(t, c.address)
				ch.fill(t, session)
				if !c.dies(session, ch.sql) {
					t.Fatal("not killed")
				}
				c = launch(t, dir, neverDies, 0)
				made(t, client.Connect(t, c.address), ch, dir)
				c.stop()
			})
		}
	}
}
