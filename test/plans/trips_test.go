// Package plans looks at what statements cost: requests to shards and rows that travel.
package plans

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/internal/golden"
	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// layouts are where the rows lie.
var layouts = []struct {
	name  string
	start func(t *testing.T) *node.Node
}{
	{"1 shard", func(t *testing.T) *node.Node { return node.Start(t, func(c *server.Config) { c.Shards = 1 }) }},
	{"8 shards", func(t *testing.T) *node.Node { return node.Start(t, nil) }},
	{"8 shards on 3 nodes", func(t *testing.T) *node.Node { return node.StartCluster(t, 3, 8, nil).Nodes[0] }},
}

// sizes are the schemas in which the tables are made, and with how many rows.
var sizes = []struct {
	schema string
	rows   int
}{{"few", 10}, {"many", 10_000}}

// tables has one whose unique column is not the shard key, one whose rows lie with
// its own, one whose rows lie apart, and one with indexes over expressions and parts of it.
const tables = `
CREATE SCHEMA %[1]s;
SET search_path = %[1]s;
CREATE TABLE t (id int PRIMARY KEY, v int, u int UNIQUE, w int);
CREATE INDEX ON t (w);
CREATE TABLE detail (t_id int, n int, x int, PRIMARY KEY (t_id, n)) WITH (shard_key = 't_id');
CREATE TABLE apart (id int PRIMARY KEY, t_id int, x int);
CREATE TABLE computed (id int PRIMARY KEY, a int, b text);
CREATE UNIQUE INDEX ON computed (lower(b));
CREATE UNIQUE INDEX ON computed (a) WHERE a > 5;
INSERT INTO t SELECT i, i %% 5, i, i FROM generate_series(1, %[2]d) i;
INSERT INTO detail SELECT (i - 1) / 2 + 1, i %% 2, i FROM generate_series(1, %[2]d) i;
INSERT INTO apart SELECT i, i, i FROM generate_series(1, %[2]d) i;
INSERT INTO computed SELECT i, i, 'B' || i FROM generate_series(1, %[2]d) i;
ANALYZE`

// TestTrips: how often each statement of testdata/trips.txt waits for a shard,
// and how many rows travel. What goes up here makes statements slower.
func TestTrips(t *testing.T) {
	golden.Files(t, "testdata/trips.txt", func(t *testing.T, text string) string {
		answers := map[string][]string{}
		for _, layout := range layouts {
			c := client.Connect(t, layout.start(t).Address())
			for _, size := range sizes {
				client.Exec(t, c, strings.Split(fmt.Sprintf(tables, size.schema, size.rows), ";")...)
				golden.Blocks(text, func(sql string) string {
					answers[sql] = append(answers[sql], fmt.Sprintf("%-19s %6d rows:  %s", layout.name, size.rows, sent(t, c, sql)))
					return ""
				})
			}
		}
		return golden.Blocks(text, func(sql string) string { return strings.Join(answers[sql], "\n") })
	})
}

// sent is what EXPLAIN ANALYZE says of all of a statement, which leaves nothing behind.
func sent(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	client.Exec(t, c, "BEGIN")
	defer client.Exec(t, c, "ROLLBACK")
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	rows, err := c.Query(ctx, "EXPLAIN (ANALYZE, SUMMARY OFF) "+sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, line := range lines {
		if all, ok := strings.CutPrefix(line, "Shipped In All: "); ok {
			return all
		}
	}
	return "nothing"
}
