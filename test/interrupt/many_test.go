package interrupt

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestManyObjects: thousands of objects, made in one transaction, are rolled
// back and committed whole. In the metadata store they are more than one request.
func TestManyObjects(t *testing.T) {
	const each = 400 // 5,000 objects (1,250 of each kind) take seconds, not more for each
	n := node.StartWith(t, t.TempDir(), func(c *server.Config) { c.Shards, c.Logs, c.SharedFiles = 4, 3, true }, server.Layers{})
	c := client.Connect(t, n.Address())
	var made strings.Builder
	for i := range each {
		fmt.Fprintf(&made, "CREATE TABLE t%d (a int PRIMARY KEY, b text); CREATE INDEX i%d ON t%d (b); CREATE SEQUENCE s%d; CREATE VIEW v%d AS SELECT a, b FROM t%d;\n", i, i, i, i, i, i)
	}
	const count = "SELECT coalesce(string_agg(relkind || ' ' || n, ', ' ORDER BY relkind), 'none') FROM (SELECT relkind::text, count(*) AS n FROM pg_class WHERE oid >= 16384 GROUP BY 1) AS kinds"
	all := fmt.Sprintf("S %d, i %d, r %d, v %d", each, 2*each, each, each)
	client.Exec(t, c, "BEGIN", made.String(), "INSERT INTO t7 SELECT g, 'x' FROM generate_series(1, 100) g")
	if got := client.One(t, c, count); got != all {
		t.Errorf("within: %s", got)
	}
	client.Exec(t, c, "ROLLBACK")
	if got := client.One(t, c, count); got != "none" {
		t.Errorf("rolled back: %s", got)
	}
	nothingLeft(t, c, n.Dir)
	client.Exec(t, c, "BEGIN", made.String(), "INSERT INTO t7 SELECT g, 'x' FROM generate_series(1, 100) g", "COMMIT")
	if got := client.One(t, client.Connect(t, n.Address()), count+" "); got != all {
		t.Errorf("committed: %s", got)
	}
	if got := client.One(t, c, "SELECT count(*) || ' ' || nextval('s7') FROM v7"); got != "100 1" {
		t.Errorf("v7 and s7 have %s", got)
	}
	nothingLeft(t, c, n.Dir)
	var drops []string
	for i := range each {
		drops = append(drops, fmt.Sprintf("t%d", i))
	}
	client.Exec(t, c, "DROP TABLE "+strings.Join(drops, ", ")+" CASCADE")
	nothingLeft(t, c, n.Dir)
}
