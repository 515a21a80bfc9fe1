package protocol

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/refused.golden anew")

// TestRefused: what is not supported says so in SQL's words. In refused.golden
// each statement has its error under it.
func TestRefused(t *testing.T) {
	const file = "testdata/refused.golden"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := node.Start(t, nil)
	c := client.Connect(t, n.Address())
	client.Exec(t, c, "CREATE TABLE t (a int PRIMARY KEY, b text, c int)")
	client.Exec(t, c, "CREATE TABLE u (a int)")
	client.Exec(t, c, "CREATE VIEW v AS SELECT a, b FROM t")
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		sql := strings.TrimSpace(line)
		if strings.HasPrefix(line, "\t") || sql == "" {
			continue
		}
		_, err := c.Exec(context.Background(), sql)
		said := "done"
		var e *pgconn.PgError
		if errors.As(err, &e) {
			said = e.Code + " " + e.Message
		} else if err != nil {
			t.Fatal(err)
		}
		out.WriteString(sql + "\n\t" + said + "\n")
		if status := c.PgConn().TxStatus(); status != 'I' {
			t.Fatalf("%s: the session is in state %c", sql, status)
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(text), "\n")
	for i, got := range strings.Split(out.String(), "\n") {
		if i >= len(want) || got != want[i] {
			t.Fatalf("line %d\n got %s\nwant %s", i+1, got, want[min(i, len(want)-1)])
		}
	}
}
