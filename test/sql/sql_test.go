// Package sql runs the scripts in testdata through psql and compares with what
// PostgreSQL 15 printed. `make sql-record` records anew.
package sql

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// layouts are the shapes of cluster that every script must not notice, nor
// whether rows are still in memory when they are read or in SQLite already.
var layouts = []struct {
	shards, logs, nodes int
	settled             bool
}{{1, 1, 1, false}, {8, 1, 1, false}, {8, 3, 1, false}, {8, 1, 1, true}, {8, 1, 3, false}}

func TestScripts(t *testing.T) {
	node.Psql(t)
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, l := range layouts {
		t.Run(fmt.Sprintf("shards=%d,logs=%d,nodes=%d,settled=%v", l.shards, l.logs, l.nodes, l.settled), func(t *testing.T) {
			var nodes []*node.Node
			if l.nodes == 1 {
				nodes = append(nodes, node.Start(t, func(c *server.Config) { c.Shards, c.Logs = l.shards, l.logs }))
			} else {
				nodes = node.StartCluster(t, l.nodes, l.shards, func(_ int, c *server.Config) { c.Logs = l.logs }).Nodes
			}
			if l.settled {
				settle(t, dsn(nodes[0].Address())("postgres"))
			}
			for i, script := range scripts {
				name := strings.TrimSuffix(filepath.Base(script), ".sql")
				at := func(i int) func(string) string { return dsn(nodes[i%len(nodes)].Address()) }
				t.Run(name, func(t *testing.T) { runScript(t, at(i), at(i+1), name) })
			}
		})
	}
}

// TestRecord records the expected outputs from the PostgreSQL that
// PEGMATITE_RECORD_DSN names (a host:port).
func TestRecord(t *testing.T) {
	address := os.Getenv("PEGMATITE_RECORD_DSN")
	if address == "" {
		t.Skip("records, tests nothing: runs under make sql-record")
	}
	scripts, _ := filepath.Glob("testdata/*.sql")
	for _, script := range scripts {
		name := strings.TrimSuffix(filepath.Base(script), ".sql")
		out := output(t, dsn(address), dsn(address), name)
		if err := os.WriteFile(filepath.Join("testdata", name+".out"), out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// settle has the node write what is committed to SQLite, again and again until the test ends.
func settle(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	running.Go(func() {
		for ctx.Err() == nil {
			if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		conn.Close(context.WithoutCancel(ctx))
	})
}

func dsn(address string) func(db string) string {
	host, port, _ := strings.Cut(address, ":")
	return func(db string) string {
		return fmt.Sprintf("host=%s port=%s user=postgres dbname=%s sslmode=disable", host, port, db)
	}
}

// output runs a script in a database of its own, which is made through another
// node, where there are several.
func output(t *testing.T, dsn, other func(string) string, name string) []byte {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", name+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := "script_" + name
	node.RunPsql(t, other("postgres"), "DROP DATABASE IF EXISTS "+db+"; CREATE DATABASE "+db+" TEMPLATE template0;")
	out := node.RunPsql(t, dsn(db), string(script))
	node.RunPsql(t, other("postgres"), "DROP DATABASE "+db+";")
	return out
}

func runScript(t *testing.T, dsn, other func(string) string, name string) {
	want, err := os.ReadFile(filepath.Join("testdata", name+".out"))
	if err != nil {
		t.Fatal(err)
	}
	got := output(t, dsn, other, name)
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
