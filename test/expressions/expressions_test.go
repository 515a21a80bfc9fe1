package expressions

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/internal/postgres"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

var (
	seed  = flag.Uint64("seed", 1, "of the expressions")
	count = flag.Int("count", 6000, "how many statements")
	long  = flag.Duration("for", 0, "compare for so long, however many statements these are")
	show  = flag.Int("show", 2, "differences shown of each producer")
)

// settings are drawn anew from time to time: texts depend on them.
var settings = []struct {
	name   string
	values []string
}{
	{"TimeZone", []string{"UTC", "America/Los_Angeles", "Europe/Paris", "Asia/Kathmandu"}},
	{"DateStyle", []string{"ISO, MDY", "Postgres, DMY", "SQL, MDY", "German, YMD"}},
	{"IntervalStyle", []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}},
	{"bytea_output", []string{"hex", "escape"}},
	{"extra_float_digits", []string{"1", "0", "-5"}},
}

// newSettingsEvery is after how many statements settings are drawn.
const newSettingsEvery = 500

func TestExpressions(t *testing.T) {
	p := start(t)
	c := newChooser(*seed)
	found := map[string]int{}
	kinds, total, done := map[string]int{}, 0, func(i int) bool { return i >= *count }
	if end := time.Now().Add(*long); *long > 0 {
		done = func(int) bool { return time.Now().After(end) }
	}
	for ; !done(total); total++ {
		if total%newSettingsEvery == 0 {
			for _, s := range settings {
				p.set(s.name, pick(c, s.values))
			}
		}
		s := c.next()
		difference, want, got := p.compare(s)
		kinds[outcome(want, got)]++
		if difference == "" {
			continue
		}
		s = p.shrink(s)
		difference, want, got = p.compare(s)
		key := difference + " of " + s.root.name
		if found[key]++; found[key] <= *show {
			t.Errorf("%s\n%s\nparameters %q, binary %v\nPostgreSQL: %s\nPegmatite:  %s", key, s.sql, s.sent, s.binary, want, got)
		}
	}
	t.Logf("%d statements, %d kinds of difference; answers: %v", total, len(found), kinds)
}

// outcome says of what kind an answer is, for the figures.
func outcome(want, got answer) string {
	switch {
	case got.code == "0A000" && want.code != "0A000":
		return "not supported"
	case want.code != "":
		return "error"
	}
	return "value"
}

// start starts both servers, with the table edges, and connects to them.
func start(t *testing.T) *pair {
	t.Helper()
	if _, err := os.Stat(filepath.Join(postgres.Programs, "postgres")); err != nil {
		t.Skip("PostgreSQL 15 is not installed (make test-setup installs it)")
	}
	n := node.Start(t, func(c *server.Config) { c.Shards = 3 })
	p := &pair{t: t, postgres: connect(t, startPostgres(t)), pegmatite: connect(t, n.Address())}
	for _, c := range []*pgconn.PgConn{p.postgres, p.pegmatite} {
		if err := c.Exec(t.Context(), table(universe())).Close(); err != nil {
			t.Fatal(err)
		}
	}
	p.set("statement_timeout", "5s")
	return p
}

func startPostgres(t *testing.T) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "expressions") // t.TempDir() is not open to the user postgres
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	address = node.FreeAddress(t, "127.0.0.1")
	_, digits, _ := strings.Cut(address, ":")
	port, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := postgres.Start(postgres.Programs, filepath.Join(dir, "data"), port, "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT)
		cmd.Wait()
	})
	return address
}

// connect waits until the server answers.
func connect(t *testing.T, address string) *pgconn.PgConn {
	t.Helper()
	var c *pgconn.PgConn
	dsn := fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", address)
	client.Eventually(t, "the server at "+address+" answers", func() bool {
		var err error
		c, err = pgconn.Connect(t.Context(), dsn)
		return err == nil
	})
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}
