// Package sql runs the scripts in testdata through psql and compares with what
// PostgreSQL 15 printed. `make sql-record` records anew.
package sql

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// layouts are the shapes of cluster that every script must not notice.
var layouts = []struct{ shards, logs int }{{1, 1}, {8, 1}, {8, 3}}

func TestScripts(t *testing.T) {
	node.Psql(t)
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, l := range layouts {
		t.Run(fmt.Sprintf("shards=%d,logs=%d", l.shards, l.logs), func(t *testing.T) {
			n := node.Start(t, func(c *server.Config) { c.Shards, c.Logs = l.shards, l.logs })
			for _, script := range scripts {
				name := strings.TrimSuffix(filepath.Base(script), ".sql")
				t.Run(name, func(t *testing.T) { runScript(t, dsn(n.Address()), name) })
			}
		})
	}
}

// TestRecord records the expected outputs from the PostgreSQL that
// PEGMATITE_RECORD_DSN names (a host:port).
func TestRecord(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		t.Skip("PEGMATITE_RECORD_DSN is not set: nothing to record from")
	}
	scripts, _ := filepath.Glob("testdata/*.sql")
	for _, script := range scripts {
		name := strings.TrimSuffix(filepath.Base(script), ".sql")
		out := output(t, dsn(address), name)
		if err := os.WriteFile(filepath.Join("testdata", name+".out"), out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func dsn(address string) func(db string) string {
	host, port, _ := strings.Cut(address, ":")
	return func(db string) string {
		return fmt.Sprintf("host=%s port=%s user=postgres dbname=%s sslmode=disable", host, port, db)
	}
}

// output runs a script in a database of its own.
func output(t *testing.T, dsn func(string) string, name string) []byte {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", name+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := "script_" + name
	node.RunPsql(t, dsn("postgres"), "DROP DATABASE IF EXISTS "+db+"; CREATE DATABASE "+db+" TEMPLATE template0;")
	out := node.RunPsql(t, dsn(db), string(script))
	node.RunPsql(t, dsn("postgres"), "DROP DATABASE "+db+";")
	return out
}

func runScript(t *testing.T, dsn func(string) string, name string) {
	want, err := os.ReadFile(filepath.Join("testdata", name+".out"))
	if err != nil {
		t.Fatal(err)
	}
	got := output(t, dsn, name)
	if string(got) != string(want) {
		t.Errorf("output differs from PostgreSQL's:\n%s", diff(string(want), string(got)))
	}
}

// diff shows the lines around the first differences.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	shown := 0
	for i := 0; i < len(w) || i < len(g); i++ {
		var x, y string
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x == y {
			continue
		}
		fmt.Fprintf(&b, "line %d\n  want %s\n  got  %s\n", i+1, x, y)
		if shown++; shown == 12 {
			break
		}
	}
	return b.String()
}
