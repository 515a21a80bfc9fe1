package server

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestSmallCopyIsInOneLog: a COPY commits where its rows went, not where it
// held its table; the shards that it has left come back when they are needed.
func TestSmallCopyIsInOneLog(t *testing.T) {
	n := startForTest(t, io.Discard, func(c *Config) { c.Shards, c.Logs = 6, 3 })
	defer n.Stop()
	c, ctx := client.Connect(t, n.Address()), context.Background()
	run := func(sql string) {
		t.Helper()
		if _, err := c.Exec(ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	rows := 0
	load := func(count int) {
		t.Helper()
		var text strings.Builder
		for range count {
			rows++
			fmt.Fprintf(&text, "%d\n", rows)
		}
		if _, err := c.PgConn().CopyFrom(ctx, strings.NewReader(text.String()), "COPY t FROM STDIN"); err != nil {
			t.Fatal(err)
		}
	}
	twoPhase := func() int64 { return int64(n.coordinator.Metrics().TwoPhase.Load()) }
	run("CREATE TABLE t (a int PRIMARY KEY)")
	before := twoPhase()
	for range 20 {
		load(1)
	}
	load(0)
	if got := twoPhase() - before; got != 0 {
		t.Errorf("%d of 20 COPYs of a row committed by two phases", got)
	}
	load(100)
	if got := twoPhase() - before; got != 1 {
		t.Errorf("a COPY to every shard: %d commits by two phases", got)
	}
	run("BEGIN; INSERT INTO t VALUES (-1); SAVEPOINT s")
	load(1)
	run("ROLLBACK TO s; SAVEPOINT s")
	rows--
	load(1)
	run("INSERT INTO t SELECT -i FROM generate_series(2, 50) i; COMMIT")
	run("BEGIN")
	load(1)
	run("ROLLBACK")
	rows--
	var got int
	if err := c.QueryRow(ctx, "SELECT count(*) FROM t").Scan(&got); err != nil || got != rows+50 {
		t.Errorf("%d rows instead of %d: %v", got, rows+50, err)
	}
	run("ALTER TABLE t ADD COLUMN b int; DROP TABLE t")
}
