package protocol

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestTableAsWithParameters: the query's parameters are the statement's, as in
// any other; and EXPLAIN shows the query's plan and makes nothing.
func TestTableAsWithParameters(t *testing.T) {
	address := node.Start(t, nil).Address()
	for i, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec} {
		conn := client.ConnectIn(t, address, mode)
		for j := range 2 {
			tag, err := conn.Exec(t.Context(), "CREATE TABLE made AS SELECT g + $1::int AS a, $2::text AS b FROM generate_series(1, 3) g", 10*i+j, "x")
			if err != nil || tag.String() != "SELECT 3" {
				t.Fatalf("%s: %s %v", mode, tag, err)
			}
			if tag, err = conn.Exec(t.Context(), "SELECT sum(a) + $1::int AS s INTO made2 FROM made", 1); err != nil || tag.String() != "SELECT 1" {
				t.Fatalf("%s: %s %v", mode, tag, err)
			}
			if got, want := client.One(t, conn, "SELECT s::text FROM made2"), client.One(t, conn, "SELECT (sum(a) + 1)::text FROM made"); got != want {
				t.Errorf("%s: %s, want %s", mode, got, want)
			}
			if got := client.One(t, conn, "EXPLAIN CREATE TABLE made3 AS SELECT * FROM made"); got == "" {
				t.Error("no plan")
			}
			if got := client.One(t, conn, "SELECT count(*)::text FROM pg_class WHERE relname = 'made3'"); got != "0" {
				t.Error("EXPLAIN has made the table")
			}
			client.Exec(t, conn, "DROP TABLE made, made2")
		}
	}
}
