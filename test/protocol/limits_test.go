package protocol

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestIndexRows: what is indexed is at most 256 kB a row, whichever way it comes in.
func TestIndexRows(t *testing.T) {
	n := node.Start(t, nil)
	c := client.Connect(t, n.Address())
	client.Exec(t, c, "CREATE TABLE t (a text PRIMARY KEY, b text, c text, d text)")
	client.Exec(t, c, "CREATE INDEX t_b ON t (b, d)")
	client.Exec(t, c, "CREATE UNIQUE INDEX t_c ON t (c)")
	client.Exec(t, c, "CREATE TABLE loaded (a text PRIMARY KEY)")
	client.Exec(t, c, "CREATE TABLE bare (a int PRIMARY KEY, b text)")
	client.Exec(t, c, "INSERT INTO bare SELECT 1, repeat('x', 262145)")
	client.Exec(t, c, "CHECKPOINT")
	client.Exec(t, c, "INSERT INTO bare SELECT 2, repeat('y', 262145)")
	client.Exec(t, c, "INSERT INTO t SELECT repeat('x', 262144), repeat('x', 200000), 'fits', repeat('x', 62144)")
	for _, q := range []struct{ sql, index string }{
		{"INSERT INTO t SELECT repeat('x', 262145)", "t_pkey"},
		{"INSERT INTO t SELECT 'a', repeat('x', 200000), 'b', repeat('x', 62145)", "t_b"},
		{"INSERT INTO t SELECT 'a', 'b', repeat('x', 262145)", "t_c"},
		{"INSERT INTO t SELECT 'a', 'b', repeat('x', 262145) ON CONFLICT DO NOTHING", "t_c"},
		{"INSERT INTO t SELECT repeat('x', 262144) ON CONFLICT (a) DO UPDATE SET c = repeat('x', 262145)", "t_c"},
		{"UPDATE t SET a = a || 'x'", "t_pkey"},
		{"UPDATE t SET d = d || 'x'", "t_b"},
		{"UPDATE t SET c = repeat('x', 262145)", "t_c"},
		{"INSERT INTO loaded SELECT repeat('x', g + 262000) FROM generate_series(1, 4000) g", "loaded_pkey"},
		{"CREATE INDEX bare_b ON bare (b)", "bare_b"},
		{"ALTER TABLE bare DROP CONSTRAINT bare_pkey, ADD PRIMARY KEY (b)", "bare_pkey"},
		{"ALTER TABLE bare ADD UNIQUE (b)", "bare_b_key"},
	} {
		_, err := c.Exec(context.Background(), q.sql)
		if client.Code(err) != "54000" || !strings.Contains(err.Error(), `exceeds maximum 262144 for index "`+q.index+`"`) {
			t.Errorf("%s: %v", q.sql, err)
		}
	}
	if got := client.One(t, c, "SELECT count(*) FROM t"); got != "1" {
		t.Error(got)
	}
}

// TestParametersBeyondBind: a number that no Bind can give costs nothing.
func TestParametersBeyondBind(t *testing.T) {
	c := client.Connect(t, node.Start(t, nil).Address())
	for sql, want := range map[string]string{
		"PREPARE x AS SELECT $2147483647::int": "42P02", "SELECT $65536::int": "42P02", "PREPARE x AS SELECT $99999999999": "42P02",
		"PREPARE x AS SELECT $268435455::int": "42P18", "PREPARE x AS SELECT $65535::int": "42P18",
	} {
		if _, err := c.Exec(t.Context(), sql); client.Code(err) != want {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestViewsOverViews: what defines views does not expand them.
func TestViewsOverViews(t *testing.T) {
	c := client.Connect(t, node.Start(t, nil).Address())
	client.Exec(t, c, "CREATE TABLE t (a int)")
	client.Exec(t, c, "CREATE VIEW v0 AS SELECT a FROM t")
	for i := range 60 {
		client.Exec(t, c, fmt.Sprintf("CREATE VIEW v%d AS SELECT x.a FROM v%d x JOIN v%d y USING (a)", i+1, i, i))
	}
	client.Exec(t, c, "ALTER VIEW v0 RENAME TO w; ALTER VIEW w RENAME COLUMN a TO b; ALTER TABLE t RENAME COLUMN a TO c; ALTER TABLE t ADD COLUMN a int")
	if got := client.One(t, c, "SELECT pg_get_viewdef('v1', true)"); got != " SELECT x.a\n   FROM w x(a)\n     JOIN w y(a) USING (a);" {
		t.Errorf("%s", got)
	}
	client.Exec(t, c, "DROP VIEW w CASCADE")
}
