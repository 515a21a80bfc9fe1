package faults

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// promptly is how long a statement may take to say that a node does not answer:
// what gRPC needs by itself is more.
const promptly = 9 * time.Second

// TestHaltedNode: a node that is halted answers nothing and closes nothing. The
// statements that need its shards say so before long, each time, with an open
// transaction as without; all others go on, and so does everything when it does.
func TestHaltedNode(t *testing.T) {
	c := startCluster(t)
	conn := c.process(0).connect(t)
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t SELECT i, 0 FROM generate_series(1, 40) i")
	c.process(2).cmd.Process.Signal(syscall.SIGSTOP)
	var reached, lost int
	var longest time.Duration
	for id := range 40 {
		for _, statements := range [][]string{{"UPDATE t SET v = v + 1 WHERE id = $1"}, {"BEGIN", "UPDATE t SET v = v + 1 WHERE id = $1", "ROLLBACK"}} {
			for _, sql := range statements {
				args := []any{id + 1}[:strings.Count(sql, "$1")]
				began := time.Now()
				_, err := conn.Exec(context.Background(), sql, args...)
				took := time.Since(began)
				longest = max(longest, took)
				var refused *pgconn.PgError
				switch {
				case err == nil:
					reached++
				case errors.As(err, &refused) && refused.Code == "58000" && strings.HasPrefix(refused.Message, "shard ") && strings.Contains(refused.Message, `"n3"`):
					lost++
				default:
					t.Fatalf("%s: %v", sql, err)
				}
				if took > promptly {
					t.Errorf("%s took %s: %v", sql, took, err)
				}
			}
		}
	}
	t.Logf("%d statements reached what they need, %d did not; the longest took %s", reached, lost, longest.Round(time.Millisecond))
	if lost < 2 || reached == 0 {
		t.Errorf("%d statements reached what they need, %d did not", reached, lost)
	}
	c.process(2).cmd.Process.Signal(syscall.SIGCONT)
	for deadline := time.Now().Add(readyWithin); ; {
		if _, err := conn.Exec(context.Background(), "UPDATE t SET v = 7"); err == nil {
			break
		} else if !excused(err) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if got := one[int](t, c.process(2).connect(t), "SELECT sum(v)::int FROM t"); got != 280 {
		t.Errorf("sum %d", got)
	}
	for i := range clusterNodes - 1 {
		if text := c.process(i).logged(); strings.Contains(text, "fallen silent\" node=n1") || strings.Contains(text, "fallen silent\" node=n2") {
			t.Errorf("node %d takes another one for silent that was not halted", i+1)
		}
	}
}
