package interrupt

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/catalog/metakv"
	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestStatisticsAreNotInterrupted: a cancel that comes while statistics are
// being published comes too late; one before them ends the statement, and
// none leaves anybody in doubt.
func TestStatisticsAreNotInterrupted(t *testing.T) {
	o, n := startWithOutages(t)
	c := client.Connect(t, n.Address())
	client.Exec(t, c, "CREATE TABLE t (a int PRIMARY KEY)", "CREATE TABLE u (a int PRIMARY KEY)", "INSERT INTO t SELECT g FROM generate_series(1, 100) g")
	for _, sql := range []string{"ANALYZE t", "VACUUM t", "VACUUM ANALYZE t", "ANALYZE t, u"} {
		client.Exec(t, c, "INSERT INTO t SELECT max(a) + 1 FROM t")
		met := 0
		o.faring(func(metakv.Txn) (bool, bool) {
			if met++; met == 1 {
				cancelled(t, c) // the metadata store hears of it with what it was asked
			}
			return true, true
		})
		_, err := c.Exec(context.Background(), sql)
		o.comeBack()
		if met == 0 || err != nil {
			t.Errorf("%s: %d requests, then %v", sql, met, err)
		}
		if got := client.One(t, c, "SELECT reltuples = (SELECT count(*) FROM t) FROM pg_class WHERE relname = 't'"); got != "t" {
			t.Errorf("%s has counted: %s", sql, got)
		}
	}
}

// cancelled returns when the server has heard of a cancel.
func cancelled(t *testing.T, c *pgx.Conn) {
	if err := c.PgConn().CancelRequest(context.Background()); err != nil {
		t.Error(err)
	}
}
