package protocol

import (
	"io"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pegmatitedb/pegmatite/server"
	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/test/node"
)

// crowd is more sessions than a shard has connections to its file.
const crowd = 24

// TestCrowdAtARow: however many wait for a row, who has it goes on, and so do
// those who read something else of its shard.
func TestCrowdAtARow(t *testing.T) {
	n := node.Start(t, func(c *server.Config) { c.Shards = 1 })
	holder := client.Connect(t, n.Address())
	client.Exec(t, holder, "CREATE TABLE t (id int PRIMARY KEY, v int, u int UNIQUE)", "INSERT INTO t SELECT g, g, g FROM generate_series(1, 100) g")
	var sessions []*pgx.Conn
	for range crowd {
		sessions = append(sessions, client.Connect(t, n.Address()))
	}
	for _, waits := range []string{
		"UPDATE t SET v = v WHERE id = 7", "UPDATE t SET v = v WHERE v = 7", "UPDATE t SET v = v WHERE id BETWEEN 7 AND 8", "DELETE FROM t WHERE id = 7 AND v = 0",
		"SELECT FROM t WHERE id = 7 FOR UPDATE", "SELECT FROM t WHERE v = 7 FOR UPDATE", "INSERT INTO t VALUES (7) ON CONFLICT (id) DO UPDATE SET v = t.v", "INSERT INTO t VALUES (1000, 1, 7)",
	} {
		client.Exec(t, holder, "CHECKPOINT", "BEGIN", "UPDATE t SET v = v, u = CASE id WHEN 7 THEN 107 ELSE u END WHERE id = 7")
		ended := make(chan error, crowd)
		for _, c := range sessions {
			go func() {
				_, err := c.Exec(t.Context(), waits)
				ended <- err
			}()
		}
		client.Eventually(t, "the crowd", func() bool {
			return client.One(t, holder, "SELECT count(*) FROM pegmatite.transactions WHERE waits_for IS NOT NULL") == strconv.Itoa(crowd)
		})
		client.Exec(t, holder, "SET LOCAL statement_timeout = '10s'", "UPDATE t SET v = v WHERE id = 8", "SELECT count(*) FROM t", "ROLLBACK")
		for range crowd {
			if err := <-ended; err != nil && client.Code(err) != "23505" {
				t.Errorf("%s: %v", waits, err)
			}
		}
	}
}

// TestCrowdThatDoesNotRead: clients that leave the rows unread that they have
// asked for keep nobody else from the shard.
func TestCrowdThatDoesNotRead(t *testing.T) {
	n := node.Start(t, func(c *server.Config) { c.Shards = 1 })
	conn := client.Connect(t, n.Address())
	client.Exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v text)", "INSERT INTO t SELECT g, repeat('x', 10000) FROM generate_series(1, 3000) g", "CHECKPOINT")
	for range crowd {
		c := client.Connect(t, n.Address())
		r, w := io.Pipe()
		go func() {
			_, err := c.PgConn().CopyTo(t.Context(), w, "COPY t TO STDOUT")
			w.CloseWithError(err)
		}()
		if _, err := io.ReadFull(r, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Error(err)
			}
		}()
	}
	client.Exec(t, conn, "SET statement_timeout = '20s'", "SELECT count(*) FROM t", "SELECT FROM t WHERE id = 1", "UPDATE t SET v = '' WHERE id = 2")
}
