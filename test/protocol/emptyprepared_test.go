package protocol

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestEmptyPreparedStatement: clients can prepare an empty query by the protocol,
// and SQL can name it then.
func TestEmptyPreparedStatement(t *testing.T) {
	conn := client.Connect(t, node.Start(t, nil).Address()).PgConn()
	if _, err := conn.Prepare(t.Context(), "x", "", nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sql, tag, code string }{
		{"EXECUTE x", "EXECUTE", ""},
		{"EXPLAIN EXECUTE x", "EXPLAIN", ""},
		{"CREATE TABLE t AS EXECUTE x", "", "42809"},
	} {
		results, err := conn.Exec(t.Context(), c.sql).ReadAll()
		if (err == nil) != (c.code == "") || err != nil && client.Code(err) != c.code {
			t.Errorf("%s: %v", c.sql, err)
		}
		for _, r := range results {
			if r.CommandTag.String() != c.tag || len(r.Rows) > 0 {
				t.Errorf("%s: %s, %d rows", c.sql, r.CommandTag, len(r.Rows))
			}
		}
	}
}
