package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestKill runs pgbench's load, with and without VACUUM beside it, and kills the
// server at random moments of it, some of them while it starts up again.
func TestKill(t *testing.T) {
	for _, logs := range []int{1, 3} {
		t.Run(fmt.Sprintf("logs=%d", logs), func(t *testing.T) { kills(t, logs) })
	}
}

func kills(t *testing.T, logs int) {
	rng := rand.New(rand.NewPCG(*seed, uint64(logs)))
	dir := filepath.Join(t.TempDir(), "data")
	args := []string{"--logs", fmt.Sprint(logs)}
	p := start(t, dir, args...)
	makeBank(t, p.connect(t))
	book := newLedger()
	rounds := scaled(3, 20)
	for round := range rounds {
		w := book.begin(p.dsn(), fmt.Sprint("r", round), 8, *seed+uint64(round))
		vacuumed := make(chan error, 1)
		if round%2 == 0 {
			go vacuuming(p.connect(t), vacuumed)
		} else {
			close(vacuumed)
		}
		// A few commits in, then anywhere: between two of them or within one.
		book.until(p, 1+rng.IntN(scaled(150, 2000)), 10*time.Second)
		time.Sleep(time.Duration(rng.IntN(30_000)) * time.Microsecond)
		if p.dead() {
			t.Fatal("the server ended by itself")
		}
		p.kill()
		w.end(t)
		var refused *pgconn.PgError
		if err := <-vacuumed; errors.As(err, &refused) {
			t.Errorf("VACUUM: %v", err)
		}
		if rng.IntN(2) == 0 {
			dieInStartup(t, dir, rng, args)
		}
		p = start(t, dir, args...)
		t.Logf("round %d: %d acknowledged, %d snapshots read, ready after %s", round, book.count(), w.reads, p.ready)
		book.audit(t, p.connect(t))
	}
	settled(t, p)
	p.stop(t)
	p = start(t, dir, args...)
	book.audit(t, p.connect(t))
	p.stop(t)
}

// vacuuming has the shards' files written anew until the server is gone. A
// table that comes and goes leaves free pages in them.
func vacuuming(c *pgx.Conn, ended chan<- error) {
	for {
		for _, sql := range []string{`DROP TABLE IF EXISTS comes`, `CREATE TABLE comes (a int PRIMARY KEY, b text)`,
			`INSERT INTO comes SELECT i, repeat('x', 500) FROM generate_series(1, 4000) i`, `CHECKPOINT`, `DROP TABLE comes`, `VACUUM FULL`} {
			if _, err := c.Exec(context.Background(), sql); err != nil {
				ended <- err
				return
			}
		}
	}
}

// dieInStartup starts the server and kills it before or soon after it is ready.
func dieInStartup(t *testing.T, dir string, rng *rand.Rand, args []string) {
	t.Helper()
	p := spawn(t, dir, args...)
	select {
	case <-p.exited:
		t.Fatalf("the server ended by itself:\n%s", p.logged())
	case <-time.After(time.Duration(rng.IntN(900)) * time.Millisecond):
	}
	p.kill()
}

// settled waits until no transaction is in doubt any more.
func settled(t *testing.T, p *process) {
	t.Helper()
	c := p.connect(t)
	deadline := time.Now().Add(30 * time.Second)
	for {
		n := one[int](t, c, `SELECT count(*)::int FROM pegmatite.transactions WHERE state <> 'active'`)
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d transactions are still in doubt", n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
