package protocol

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// TestCutOff: whatever is still going on when a stop's client.Patience ends, its client
// is told FATAL 57P01 before the connection closes.
func TestCutOff(t *testing.T) {
	n := node.StartIn(t, t.TempDir(), func(c *server.Config) { c.DrainS = 1 })
	setup := client.Connect(t, n.Address())
	client.Exec(t, setup, "CREATE TABLE t (a int PRIMARY KEY, b int, c text)")
	client.Exec(t, setup, "CREATE TABLE u (a int PRIMARY KEY)")
	client.Exec(t, setup, "CREATE TABLE v (a int PRIMARY KEY)")
	client.Exec(t, setup, "INSERT INTO t SELECT g, g % 1000, repeat('x', 100) FROM generate_series(1, 20000) g")
	holder := raw(t, n.Address())
	holder.Send(&pgproto3.Query{String: "BEGIN; UPDATE t SET b = 0 WHERE a = 1; TRUNCATE u; SELECT pg_advisory_xact_lock(7)"})
	holder.Flush()
	untilReady(t, holder)
	victims := map[string]*pgproto3.Frontend{"a block without a statement": holder}
	for i, sql := range []string{
		"SELECT pg_sleep(1000)",
		"SELECT count(*) FROM generate_series(1, 1000000000000)",
		"SELECT g FROM generate_series(1, 1000000000000) g",
		"SELECT g FROM generate_series(1, 1000000000) g ORDER BY g DESC",
		"INSERT INTO t SELECT g, 1, 'y' FROM generate_series(100000, 1000000000) g",
		"UPDATE t SET b = 1 WHERE a = 1",
		"SELECT * FROM t WHERE a = 1 FOR UPDATE",
		"SELECT pg_advisory_lock(7)",
		"ALTER TABLE t ADD COLUMN d int",
		"SELECT * FROM u",
		"BEGIN; INSERT INTO t VALUES (-1); TRUNCATE u",
		"COPY (SELECT * FROM t x, t y) TO STDOUT",
		"COPY v FROM STDIN",
	} {
		for _, extended := range []bool{false, true} {
			if extended && i%3 != 0 {
				continue
			}
			f := raw(t, n.Address())
			f.Send(&pgproto3.Query{String: fmt.Sprintf("SET application_name = 'victim %d %v'", i, extended)})
			f.Flush()
			untilReady(t, f)
			if extended {
				f.Send(&pgproto3.Parse{Query: sql})
				f.Send(&pgproto3.Bind{})
				f.Send(&pgproto3.Execute{})
				f.Send(&pgproto3.Sync{})
			} else {
				f.Send(&pgproto3.Query{String: sql})
			}
			f.Flush()
			client.Eventually(t, sql, func() bool {
				return client.One(t, setup, fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE application_name = 'victim %d %v'", i, extended)) == "active"
			})
			victims[fmt.Sprintf("%s, extended: %v", sql, extended)] = f
		}
	}
	half := raw(t, n.Address())
	begin, err := (&pgproto3.Query{String: "BEGIN"}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	half.SendUnbufferedEncodedCopyData(append(begin, 'Q', 0, 0)) // any bytes are sent as they are
	untilReady(t, half)
	victims["half a message"] = half
	stopped := make(chan error, 1)
	go func() { stopped <- n.Stop() }()
	var reading sync.WaitGroup
	for what, f := range victims {
		reading.Go(func() {
			last, err := lastWords(f)
			if last.Severity != "FATAL" || last.Code != "57P01" || last.Message != "terminating connection due to administrator command" {
				t.Errorf("%s: %s, then %v", what, problem(last), err)
			}
		})
	}
	reading.Wait()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// untilReady reads up to ReadyForQuery.
func untilReady(t *testing.T, f *pgproto3.Frontend) {
	t.Helper()
	for {
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			return
		}
	}
}
