package cluster

import (
	"fmt"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// late is by how much a node of these tests hears too late of what the metadata
// store tells; veryLate is longer than it takes to connect and make a table.
const (
	late     = 50 * time.Millisecond
	veryLate = time.Second
)

// TestWritesToNodesThatJustJoined: a node that has not heard yet where a shard's
// node is, or which logs it has, asks before it writes there.
func TestWritesToNodesThatJustJoined(t *testing.T) {
	c := node.StartClusterWith(t, 3, 6, nil, func(int) server.Layers { return node.Late(veryLate) })
	conn := client.Connect(t, c.Nodes[0].Address())
	client.Exec(t, conn, `CREATE TABLE t (id int PRIMARY KEY)`, `INSERT INTO t SELECT generate_series(1, 100)`,
		`SELECT id FROM t FOR UPDATE`)
}

// TestSchemaChangesAreKnownElsewhere: the next statement on another node goes
// by a schema change, also where no shard can tell that what is known of it there is old.
func TestSchemaChangesAreKnownElsewhere(t *testing.T) {
	c := node.StartClusterWith(t, 3, 6, nil, func(int) server.Layers { return node.Late(late) })
	here, there := client.Connect(t, c.Nodes[0].Address()), client.Connect(t, c.Nodes[2].Address())
	client.Exec(t, here, `CREATE SEQUENCE s`)
	client.Exec(t, there, `PREPARE n AS SELECT nextval('s')`, `EXECUTE n`)
	client.Exec(t, here, `ALTER SEQUENCE s INCREMENT BY 10`)
	if got := client.One(t, there, `EXECUTE n`); got != "11" {
		t.Errorf("after ALTER SEQUENCE on another node: %s", got)
	}
	client.Exec(t, here, `DROP SEQUENCE s`)
	if _, err := there.Exec(t.Context(), `EXECUTE n`); client.Code(err) != "42P01" {
		t.Errorf("after DROP SEQUENCE on another node: %v", err)
	}
}

// TestSchemaChangeIsSeenLate: also by a node that hears of changes long after
// the other one's client does, and by every statement.
func TestSchemaChangeIsSeenLate(t *testing.T) {
	c := node.StartClusterWith(t, 2, 4, nil, func(i int) server.Layers {
		if i == 1 {
			return node.Late(late)
		}
		return server.Layers{}
	})
	conns := connectAll(t, c)
	const parameter = "SELECT $1::regclass"
	for i, sql := range []string{
		"SELECT id FROM %s", "INSERT INTO %s VALUES (1)", "COPY %s TO STDOUT", "ANALYZE %s", "VACUUM %s",
		"EXPLAIN SELECT * FROM %s", "PREPARE p AS SELECT * FROM %s", "ALTER TABLE %s ADD COLUMN v int", "CREATE INDEX ON %s (id)",
		"CREATE VIEW w AS SELECT id FROM %s", "COMMENT ON TABLE %s IS 'x'", "TRUNCATE %s", "DROP TABLE %s", "SELECT '%s'::regclass",
		"CREATE TABLE again_%[1]s (id int)", "LOCK TABLE %s", "GRANT SELECT ON %s TO PUBLIC", "BEGIN; ALTER TABLE %s RENAME COLUMN id TO k; COMMIT",
		"SELECT has_table_privilege('%s', 'SELECT')", "SELECT pg_get_serial_sequence('%s', 'id')", "SELECT has_column_privilege('%s', 'id', 'SELECT')", parameter,
	} {
		table := fmt.Sprintf("t%d", i)
		run(t, conns[0], "CREATE TABLE again_"+table+" (id int)")
		run(t, conns[0], "CREATE TABLE "+table+" (id int)")
		run(t, conns[0], "DROP TABLE again_"+table)
		err := error(nil)
		if sql == parameter {
			err = conns[1].PgConn().ExecParams(t.Context(), sql, [][]byte{[]byte(table)}, nil, nil, nil).Read().Err
		} else {
			err = conns[1].PgConn().Exec(t.Context(), fmt.Sprintf(sql, table)).Close()
		}
		if err != nil && client.Code(err) != "0A000" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	run(t, conns[0], "CREATE DATABASE made")
	client.Exec(t, client.ConnectTo(t, c.Nodes[1].Address(), "made"), "SELECT 1")
}
