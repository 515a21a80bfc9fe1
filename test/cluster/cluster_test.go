// Package cluster runs several servers over one etcd.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

func connect(t *testing.T, n *node.Node) *pgx.Conn {
	t.Helper()
	return client.ConnectIn(t, n.Address(), pgx.QueryExecModeCacheStatement)
}

func connectAll(t *testing.T, c *node.Cluster) []*pgx.Conn {
	t.Helper()
	conns := make([]*pgx.Conn, len(c.Nodes))
	for i, n := range c.Nodes {
		conns[i] = connect(t, n)
	}
	return conns
}

func run(t *testing.T, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func one[T any](t *testing.T, c *pgx.Conn, sql string, args ...any) (v T) {
	t.Helper()
	if err := c.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// TestSchemaChangeIsSeenNext: what one node has acknowledged, the next
// statement on another knows, and so does a session that has used the table before.
func TestSchemaChangeIsSeenNext(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conns := connectAll(t, c)
	for i := range 60 {
		a, b := conns[i%3], conns[(i+1)%3]
		table := fmt.Sprintf("t%d", i)
		run(t, a, "CREATE TABLE "+table+" (id int PRIMARY KEY, v int)")
		run(t, b, "INSERT INTO "+table+" SELECT i, i FROM generate_series(1, 100) i")
		run(t, a, "ALTER TABLE "+table+" RENAME COLUMN v TO w")
		if got := one[int64](t, b, "SELECT sum(w) FROM "+table); got != 5050 {
			t.Fatalf("sum %d", got)
		}
		run(t, b, "DROP TABLE "+table)
		run(t, a, "CREATE TABLE "+table+" (other text)")
		if got := one[int](t, b, "SELECT count(*)::int FROM pg_class WHERE relname = $1", table); got != 1 {
			t.Fatalf("%d tables of the name in pg_class", got)
		}
	}
}

// TestTypeChangesAreSeenNext: so it is with types: labels that were added or
// renamed are read, written and listed on the other nodes at once.
func TestTypeChangesAreSeenNext(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conns := connectAll(t, c)
	for i := range 30 {
		a, b, other := conns[i%3], conns[(i+1)%3], conns[(i+2)%3]
		mood, table := fmt.Sprintf("mood%d", i), fmt.Sprintf("t%d", i)
		run(t, a, "CREATE TYPE "+mood+" AS ENUM ('sad', 'ok')")
		run(t, b, "CREATE TABLE "+table+" (id int PRIMARY KEY, m "+mood+")")
		run(t, other, "INSERT INTO "+table+" VALUES (1, 'sad'), (2, 'ok')")
		run(t, a, "ALTER TYPE "+mood+" ADD VALUE 'glad'")
		if got := one[string](t, b, "SELECT enum_last(NULL::"+mood+")::text"); got != "glad" {
			t.Fatalf("the last label is %s", got)
		}
		run(t, b, "INSERT INTO "+table+" VALUES (3, 'glad')")
		if got := one[string](t, other, "SELECT m::text FROM "+table+" WHERE id = 3"); got != "glad" {
			t.Fatalf("read %q", got)
		}
		run(t, other, "ALTER TYPE "+mood+" RENAME VALUE 'sad' TO 'blue'")
		if got := one[string](t, a, "SELECT m::text FROM "+table+" WHERE id = 1"); got != "blue" {
			t.Fatalf("read %q", got)
		}
		run(t, b, "UPDATE "+table+" SET m = 'blue'")
		run(t, a, "DROP TYPE "+mood+" CASCADE")
		run(t, b, "CREATE TYPE "+mood+" AS ENUM ('new')")
		run(t, other, "ALTER TABLE "+table+" ADD COLUMN m "+mood+" DEFAULT 'new'")
		if got := one[int](t, a, "SELECT count(*)::int FROM "+table+" WHERE m = 'new'"); got != 3 {
			t.Fatalf("%d rows", got)
		}
	}
}

// TestTransactionsBetweenNodes: transfers through all nodes at once keep the
// sum, which every node sees at any time.
func TestTransactionsBetweenNodes(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conns := connectAll(t, c)
	const accounts, transfers = 50, 60
	run(t, conns[0], "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL)")
	run(t, conns[0], "INSERT INTO accounts SELECT i, 100 FROM generate_series(1, $1::int) i", accounts)
	ended := make(chan error)
	for i, conn := range conns {
		go func() { ended <- transfer(t.Context(), conn, i, transfers, accounts) }()
	}
	reader := connect(t, c.Nodes[1])
	for running := len(conns); running > 0; {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			running--
		default:
			if got := one[int](t, reader, "SELECT sum(balance)::int FROM accounts"); got != accounts*100 {
				t.Fatalf("sum %d in between", got)
			}
		}
	}
	for i := range c.Nodes {
		if got := one[int](t, connect(t, c.Nodes[i]), "SELECT sum(balance)::int FROM accounts"); got != accounts*100 {
			t.Errorf("sum %d on node %d", got, i+1)
		}
	}
}

// transfer moves money between accounts; a deadlock is tried again.
func transfer(ctx context.Context, conn *pgx.Conn, seed, n, accounts int) error {
	for i := 0; i < n; i++ {
		from, to := (i*7+seed*13)%accounts+1, (i*11+seed*17+5)%accounts+1
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE accounts SET balance = balance - 1 WHERE id = $1", from); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "UPDATE accounts SET balance = balance + 1 WHERE id = $1", to)
			return err
		})
		if client.Code(err) == "40P01" {
			i--
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stopThird stops the third node. What it returns runs a statement for each row,
// and answers how many it has reached: as many as are on no shard of that node,
// which all others have to name.
func stopThird(t *testing.T, c *node.Cluster, conn *pgx.Conn) (without func(rows int, sql string) (reached int)) {
	t.Helper()
	lost := one[[]string](t, conn, `SELECT array_agg('shard ' || shard || ' is not available: node "n3" does not answer') FROM pegmatite.shards WHERE node = 3`)
	if err := c.Nodes[2].Stop(); err != nil {
		t.Fatal(err)
	}
	return func(rows int, sql string) (reached int) {
		t.Helper()
		for i := range rows {
			_, err := conn.Exec(t.Context(), sql, i+1)
			var refused *pgconn.PgError
			switch {
			case err == nil:
				reached++
			case !errors.As(err, &refused) || refused.Code != "58000" || !slices.Contains(lost, refused.Message):
				t.Fatalf("row %d: %v, want one of %q", i+1, err, lost)
			}
		}
		if reached == 0 || reached == rows {
			t.Errorf("%d rows of %d reached", reached, rows)
		}
		return reached
	}
}

// TestNodeDown: a node that is down costs its shards' statements an error that
// names it, and nothing else; the session lives on, and all is well when it is back.
func TestNodeDown(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil)
	conn := connect(t, c.Nodes[0])
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	run(t, conn, "INSERT INTO t SELECT i, 0 FROM generate_series(1, 100) i")
	without := stopThird(t, c, conn)
	reached := without(100, "UPDATE t SET v = v + 1 WHERE id = $1")
	c.Start(t, 2)
	if got := one[int](t, conn, "SELECT sum(v)::int FROM t"); got != reached {
		t.Errorf("sum %d after %d updates", got, reached)
	}
	run(t, connect(t, c.Nodes[2]), "UPDATE t SET v = 1")
	if got := one[int](t, conn, "SELECT sum(v)::int FROM t"); got != 100 {
		t.Errorf("sum %d", got)
	}
}

// TestOracleStops: another node becomes the timestamp oracle, and statements go on.
func TestOracleStops(t *testing.T) {
	c := node.StartCluster(t, 3, 8, nil) // the first node is elected, being alone
	conn := connect(t, c.Nodes[1])
	run(t, conn, "CREATE TABLE t (id int PRIMARY KEY)")
	before := one[int64](t, conn, "SELECT max(id) FROM (SELECT 0 AS id UNION ALL SELECT id FROM t) x")
	if err := c.Nodes[0].Stop(); err != nil {
		t.Fatal(err)
	}
	var err error
	for deadline := time.Now().Add(client.Patience); time.Now().Before(deadline); {
		if _, err = conn.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; COMMIT"); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatalf("no snapshot from another oracle: %v", err)
	}
	c.Start(t, 0)
	run(t, connect(t, c.Nodes[0]), "INSERT INTO t SELECT generate_series(1, 100)")
	if got := one[int64](t, conn, "SELECT count(*) FROM t"); got != 100 || before != 0 {
		t.Errorf("%d rows", got)
	}
}

// TestCancelThroughAnotherNode: a CancelRequest may reach any node.
func TestCancelThroughAnotherNode(t *testing.T) {
	c := node.StartCluster(t, 2, 4, nil)
	conn := connect(t, c.Nodes[0])
	key := conn.PgConn()
	ended := make(chan error)
	go func() {
		_, err := conn.Exec(context.WithoutCancel(t.Context()), "SELECT pg_sleep(60)")
		ended <- err
	}()
	watcher := connect(t, c.Nodes[0])
	for one[int](t, watcher, "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == 0 {
	}
	client.Cancel(t, c.Nodes[1].Address(), key.PID(), key.SecretKey())
	select {
	case err := <-ended:
		if client.Code(err) != "57014" {
			t.Errorf("%v", err)
		}
	case <-time.After(client.Patience):
		t.Fatal("the statement goes on")
	}
}
