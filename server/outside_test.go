package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// lockedBuffer takes log lines from any goroutine.
type lockedBuffer struct {
	mu sync.Mutex // protects b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.b.String()), "\n")
}

func startForTest(t *testing.T, log io.Writer, change func(*Config)) *Node {
	t.Helper()
	c := Default()
	c.Data, c.Listen, c.HTTP = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
	if change != nil {
		change(&c)
	}
	n, err := Start(context.Background(), c, slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// operations are the rows of a table in docs/operations.md whose first cell matches.
func operations(t *testing.T, first string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `("+first+")` \\|(.*)\\|$").FindAllStringSubmatch(string(text), -1) {
		for _, cell := range strings.Split(m[2], " | ") {
			rows[m[1]] = append(rows[m[1]], strings.Trim(cell, " `"))
		}
	}
	return rows
}

// TestMetricsAreDocumented: what /metrics has of ours is the table in
// docs/operations.md, kinds and all; and statements are counted.
func TestMetricsAreDocumented(t *testing.T) {
	n := startForTest(t, io.Discard, nil)
	defer n.Stop()
	conn := client.Connect(t, n.Address())
	conn.Exec(context.Background(), "SELECT 1")
	conn.Exec(context.Background(), "SELECT 1/0")
	_, body := get(t, "http://"+n.admin.Address()+"/metrics")
	exported := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (pegmatite_\w+) (\w+)$`).FindAllStringSubmatch(body, -1) {
		exported[m[1]] = m[2]
	}
	documented := map[string]string{}
	for name, cells := range operations(t, `pegmatite_\w+`) {
		documented[name] = cells[0]
	}
	if !maps.Equal(exported, documented) {
		t.Errorf("exported %v\ndocumented %v", exported, documented)
	}
	for _, line := range []string{"pegmatite_statement_seconds_count 2", "pegmatite_statements_failed_total 1", "pegmatite_connections 1"} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
}

// TestOptionsAreDocumented: flags, environment and defaults are as docs/operations.md says.
func TestOptionsAreDocumented(t *testing.T) {
	rows := operations(t, `--[a-z-]+`)
	defaults := Default()
	for _, o := range Options {
		cells := rows["--"+o.Name]
		if len(cells) < 3 || cells[0] != o.Environment() {
			t.Errorf("--%s: documented as %q, environment is %s", o.Name, cells, o.Environment())
			continue
		}
		def := o.Text(&defaults)
		switch {
		case o.Name == "shards":
			def = "8"
		case o.Name == "logs":
			def = "1"
		case def == "":
			def = "none"
		}
		if cells[1] != def {
			t.Errorf("--%s: documented default %s, is %s", o.Name, cells[1], def)
		}
	}
	if len(rows) != len(Options)+1 { // and --config
		t.Errorf("documented: %v", slices.Sorted(maps.Keys(rows)))
	}
}

func TestHealth(t *testing.T) {
	n := startForTest(t, io.Discard, nil)
	defer n.Stop()
	base := "http://" + n.admin.Address()
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/nothing": 404} {
		if got, _ := get(t, base+path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	n.admin.SetReady(false)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503} {
		if got, _ := get(t, base+path); got != want {
			t.Errorf("not ready, %s: %d, want %d", path, got, want)
		}
	}
}

// TestSlowStatements: the log has each slow statement once, with its time, text and end.
func TestSlowStatements(t *testing.T) {
	log := &lockedBuffer{}
	n := startForTest(t, log, func(c *Config) { c.SlowMS = 20 })
	defer n.Stop()
	conn := client.Connect(t, n.Address())
	ctx := context.Background()
	conn.Exec(ctx, "SET work_mem = '1MB'")
	conn.Exec(ctx, "SELECT pg_sleep(0.03)")
	conn.Exec(ctx, "SET statement_timeout = 30; SELECT pg_sleep(5)")
	var slow []map[string]any
	for _, line := range log.lines() {
		var m map[string]any
		if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == "slow statement" {
			slow = append(slow, m)
		}
	}
	if len(slow) != 2 {
		t.Fatalf("%d slow statements: %v", len(slow), log.lines())
	}
	for i, want := range []struct{ statement, sqlstate string }{{"SELECT pg_sleep(0.03)", ""}, {"SELECT pg_sleep(5)", "57014"}} {
		state, _ := slow[i]["sqlstate"].(string)
		took, _ := slow[i]["took_ms"].(float64)
		if slow[i]["level"] != "WARN" || slow[i]["statement"] != want.statement || state != want.sqlstate || took < 20 || took > 5000 || slow[i]["pid"] == nil {
			t.Errorf("%v", slow[i])
		}
	}
}

// Rule 24: what was dropped goes from the files when no snapshot in use is from
// before the drop.
func TestSweepWaitsForSnapshots(t *testing.T) {
	n := startForTest(t, io.Discard, nil)
	defer n.Stop()
	ctx := context.Background()
	old, conn := client.Connect(t, n.Address()), client.Connect(t, n.Address())
	exec := func(c *pgx.Conn, sql string) {
		t.Helper()
		if _, err := c.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(conn, "CREATE TABLE kept (a int PRIMARY KEY); CREATE TABLE gone (a int PRIMARY KEY); INSERT INTO gone SELECT generate_series(1, 20)")
	exec(old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM kept")
	exec(conn, "DROP TABLE gone")
	sweep := func(want int) {
		t.Helper()
		if left, err := n.sweeper.Sweep(ctx); err != nil || left != want {
			t.Errorf("%d drops have to wait (%v), want %d", left, err, want)
		}
	}
	sweep(1)
	exec(old, "COMMIT")
	sweep(0)
}
