package faults

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestTemporaryTablesOfKilledNodes: sessions that were killed with their node
// leave temporary tables behind until it starts again, others' stay.
func TestTemporaryTablesOfKilledNodes(t *testing.T) {
	c := startCluster(t)
	lives := c.process(1).connect(t)
	for range 3 {
		killed := c.process(0).connect(t)
		run(t, killed, "CREATE TEMP TABLE mine (a serial PRIMARY KEY)", "INSERT INTO mine SELECT generate_series(1, 100)")
		run(t, lives, "CREATE TEMP TABLE IF NOT EXISTS kept (a int)", "INSERT INTO kept VALUES (1)")
		c.process(0).kill()
		c.start(t, 0)
		client.Eventually(t, "what killed sessions left is gone", func() bool {
			return client.One(t, lives, "SELECT string_agg(relname, ',')::text FROM pg_class WHERE relpersistence = 't'") == "kept"
		})
	}
	if n := one[int64](t, lives, "SELECT count(*) FROM kept"); n != 3 {
		t.Errorf("%d rows of a session that lives", n)
	}
}
