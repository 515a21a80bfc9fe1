package protocol

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestSchemaChangesBesideStatements: while a table's schema changes, statements
// that name the columns they use never fail, in any protocol; PostgreSQL's
// table locks would make them wait.
func TestSchemaChangesBesideStatements(t *testing.T) {
	for _, l := range []struct{ logs, nodes int }{{1, 1}, {3, 1}, {1, 3}} {
		t.Run(fmt.Sprintf("logs=%d,nodes=%d", l.logs, l.nodes), func(t *testing.T) {
			addresses := startNodes(t, l.nodes, func(c *server.Config) { c.Logs = l.logs })
			ddl := client.Connect(t, addresses[0])
			client.Exec(t, ddl, "CREATE TABLE t (a int PRIMARY KEY, b int, c text)")
			client.Exec(t, ddl, "INSERT INTO t SELECT g, g, 'x' FROM generate_series(1, 200) g")
			var stop atomic.Bool
			var done sync.WaitGroup
			var ran [5]int
			modes := []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement,
				pgx.QueryExecModeDescribeExec, pgx.QueryExecModeCacheDescribe}
			for worker, mode := range modes {
				conn := client.ConnectIn(t, addresses[worker%len(addresses)], mode)
				done.Add(1)
				go func() {
					defer done.Done()
					for i := 0; !stop.Load(); i++ {
						if err := statements(conn, worker, i); err != nil {
							t.Errorf("mode %v, round %d: %v", mode, i, err)
							return
						}
						ran[worker]++
					}
				}()
			}
			for i := 0; i < 8 && !t.Failed(); i++ {
				for _, sql := range []string{
					"ALTER TABLE t ADD COLUMN d int DEFAULT 7",
					"CREATE INDEX t_b ON t (b)",
					"ALTER TABLE t ADD CONSTRAINT t_u UNIQUE (a, c)",
					"CREATE INDEX t_e ON t ((b + 1), upper(c))",
					"ALTER TABLE t ALTER c TYPE varchar(20)",
					"REINDEX TABLE t",
					"ALTER TABLE t DROP COLUMN d",
					"DROP INDEX t_b",
					"ALTER TABLE t ALTER c TYPE text USING c || ''",
					"DROP INDEX t_e",
					"ALTER TABLE t DROP CONSTRAINT t_u",
				} {
					if _, err := ddl.Exec(context.Background(), sql); err != nil {
						t.Errorf("%s: %v", sql, err)
					}
				}
			}
			stop.Store(true)
			done.Wait()
			t.Logf("rounds: %v", ran)
		})
	}
}

// statements are one round of a client, alone and in a block.
func statements(c *pgx.Conn, worker, i int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	key := 1000*(worker+1) + i%50
	if _, err := c.Exec(ctx, "INSERT INTO t (a, b, c) VALUES ($1, $2, 'n') ON CONFLICT (a) DO UPDATE SET b = excluded.b", key, i); err != nil {
		return fmt.Errorf("insert: %w", err)
	}
	if _, err := c.Exec(ctx, "UPDATE t SET b = b + 1 WHERE a = $1", key); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	var n int
	if err := c.QueryRow(ctx, "SELECT count(*) FROM t WHERE c = 'x'").Scan(&n); err != nil || n != 200 {
		return fmt.Errorf("count %d: %w", n, err)
	}
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, "UPDATE t SET b = $2 WHERE a = $1", key, -i); err != nil {
		return fmt.Errorf("update in a block: %w", err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM t WHERE a = $1", key); err != nil {
		return fmt.Errorf("delete in a block: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// TestSchemaChangesBesideEachOther: sessions that change schemas at the same
// time, of the same table and of others, wait for each other and do not fail.
func TestSchemaChangesBesideEachOther(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprintf("nodes=%d", nodes), func(t *testing.T) { changesBesideEachOther(t, nodes) })
	}
}

func changesBesideEachOther(t *testing.T, nodes int) {
	addresses := startNodes(t, nodes, nil)
	setup := client.Connect(t, addresses[0])
	client.Exec(t, setup, "CREATE TABLE shared (a int PRIMARY KEY)")
	client.Exec(t, setup, "INSERT INTO shared SELECT generate_series(1, 50)")
	var done sync.WaitGroup
	for worker := range 4 {
		conn := client.Connect(t, addresses[worker%len(addresses)])
		done.Add(1)
		go func() {
			defer done.Done()
			for i := range 6 {
				for _, sql := range []string{
					fmt.Sprintf("CREATE TABLE own%d (a int PRIMARY KEY, b int UNIQUE)", worker),
					fmt.Sprintf("ALTER TABLE shared ADD COLUMN c%d int DEFAULT 1", worker),
					fmt.Sprintf("BEGIN; INSERT INTO own%d VALUES (1, %d); ALTER TABLE own%d ADD COLUMN c int; COMMIT", worker, i, worker),
					fmt.Sprintf("INSERT INTO shared (a, c%d) VALUES (%d, 2)", worker, 1000*(worker+1)+i),
					fmt.Sprintf("ALTER TABLE shared DROP COLUMN c%d", worker),
					fmt.Sprintf("DROP TABLE own%d", worker),
				} {
					if _, err := conn.Exec(context.Background(), sql); err != nil {
						t.Errorf("worker %d, round %d: %s: %v", worker, i, sql, err)
						conn.Exec(context.Background(), "ROLLBACK")
					}
				}
			}
		}()
	}
	done.Wait()
	var rows int
	if err := setup.QueryRow(context.Background(), "SELECT count(*) FROM shared").Scan(&rows); err != nil || rows != 74 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestSchemaChangeThatIsNone: what a savepoint takes back, or what finds
// nothing to do, leaves the table as usable as before.
func TestSchemaChangeThatIsNone(t *testing.T) {
	n := node.Start(t, nil)
	c := client.Connect(t, n.Address())
	client.Exec(t, c, "CREATE TABLE t (a int PRIMARY KEY, b int)")
	client.Exec(t, c, "INSERT INTO t SELECT g, g FROM generate_series(1, 20) g")
	for _, sql := range []string{
		"BEGIN; SAVEPOINT s; ALTER TABLE t ADD COLUMN c int; ROLLBACK TO s; COMMIT",
		"ALTER TABLE t ADD COLUMN IF NOT EXISTS b int",
		"BEGIN; ALTER TABLE t ADD COLUMN IF NOT EXISTS b int; CREATE TABLE u (a int); DROP TABLE u; COMMIT",
		"BEGIN; ALTER TABLE t ADD COLUMN c int; ROLLBACK",
		"BEGIN; UPDATE t SET b = b; SAVEPOINT s; TRUNCATE t; ROLLBACK TO s; COMMIT",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		client.Exec(t, c, sql)
		tag, err := c.Exec(ctx, "UPDATE t SET b = b + 1")
		if err != nil || tag.RowsAffected() != 20 {
			t.Errorf("after %s: %s %v", sql, tag, err)
		}
		cancel()
	}
}
