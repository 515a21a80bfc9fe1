package cluster

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestDeadlockOverNodes: transactions of three nodes that wait for each other,
// each on another node, lose one of them, no more; it is told who waited for what.
func TestDeadlockOverNodes(t *testing.T) {
	c := node.StartCluster(t, 3, 6, nil)
	conns := connectAll(t, c)
	run(t, conns[0], "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conns[0], "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i")
	keys := keysOnEachNode(t, conns[0], len(conns))
	for i, conn := range conns {
		run(t, conn, "BEGIN")
		run(t, conn, "UPDATE t SET v = v + 1 WHERE id = $1", keys[i])
	}
	ended := make(chan error)
	for i, conn := range conns {
		go func() {
			_, err := conn.Exec(context.WithoutCancel(t.Context()), "UPDATE t SET v = v + 1 WHERE id = $1", keys[(i+1)%len(keys)])
			if err != nil {
				_, _ = conn.Exec(context.WithoutCancel(t.Context()), "ROLLBACK")
			} else {
				_, err = conn.Exec(context.WithoutCancel(t.Context()), "COMMIT")
			}
			ended <- err
		}()
	}
	victims := 0
	for range conns {
		select {
		case err := <-ended:
			if err == nil {
				continue
			}
			victims++
			checkDeadlock(t, err, conns)
		case <-time.After(client.Patience):
			t.Fatal("the circle goes on")
		}
	}
	if victims != 1 {
		t.Errorf("%d victims", victims)
	}
	if got := one[int](t, conns[0], "SELECT sum(v)::int FROM t"); got != 4 {
		t.Errorf("sum %d after two transactions of two updates", got)
	}
}

// checkDeadlock fails the test unless a deadlock's error names all sessions.
func checkDeadlock(t *testing.T, err error, conns []*pgx.Conn) {
	t.Helper()
	if client.Code(err) != "40P01" {
		t.Errorf("%v", err)
		return
	}
	detail := err.(*pgconn.PgError).Detail
	for _, conn := range conns {
		if !strings.Contains(detail, fmt.Sprintf("Process %d waits for ShareLock on transaction", conn.PgConn().PID())) {
			t.Errorf("process %d is not in %q", conn.PgConn().PID(), detail)
		}
	}
}

var shardInPlan = regexp.MustCompile(`Shards: #(\d+)`)

// keysOnEachNode finds a row of t on each of so many nodes.
func keysOnEachNode(t *testing.T, conn *pgx.Conn, nodes int) []int {
	t.Helper()
	byNode := map[string]int{}
	for id := 1; id <= 100 && len(byNode) < nodes; id++ {
		rows, err := conn.Query(t.Context(), fmt.Sprintf("EXPLAIN SELECT * FROM t WHERE id = %d", id))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		m := shardInPlan.FindStringSubmatch(strings.Join(plan, "\n"))
		if m == nil {
			t.Fatalf("no shard in %q", plan)
		}
		node := one[string](t, conn, "SELECT node::text FROM pegmatite.shards WHERE shard = "+m[1])
		if byNode[node] == 0 {
			byNode[node] = id
		}
	}
	var keys []int
	for _, id := range byNode {
		keys = append(keys, id)
	}
	if len(keys) < nodes {
		t.Fatalf("keys on %d nodes", len(keys))
	}
	return keys
}
