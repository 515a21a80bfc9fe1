package protocol

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
)

// TestTransactionStatus: a transaction's number tells later what became of it.
func TestTransactionStatus(t *testing.T) {
	onOneAndThree(t, func(t *testing.T, p *play) {
		p.run(reset)
		first, other := p.conn("1"), client.Connect(t, p.addresses[p.at("1")])
		status := func(number string) string {
			return client.One(t, other, "SELECT pg_xact_status('"+number+"')")
		}
		for _, c := range []struct{ during, end, want string }{
			{"INSERT INTO t VALUES (50, 1, 50)", "COMMIT", "committed"}, {"SELECT 1", "COMMIT", "committed"}, {"INSERT INTO t VALUES (51, 1, 51)", "ROLLBACK", "aborted"},
			{"CREATE TABLE made (a int)", "COMMIT", "committed"}, {"CREATE TABLE made2 (a int)", "ROLLBACK", "aborted"}, {"SELECT 1/0", "COMMIT", "aborted"},
		} {
			client.Exec(t, first, "BEGIN")
			number := client.One(t, first, "SELECT pg_current_xact_id()::text")
			first.Exec(t.Context(), c.during) // one of them fails
			if got := status(number); got != "in progress" {
				t.Errorf("%s: %s before the end", c.during, got)
			}
			first.Exec(t.Context(), c.end)
			if got := status(number); got != c.want {
				t.Errorf("%s, %s: %s", c.during, c.end, got)
			}
		}
		p.run(`
			1: SELECT pg_xact_status('1'), txid_status(2) -> committed,committed
			1: SELECT pg_xact_status('3') IS NULL, pg_xact_status('0') IS NULL -> t,t
			1: SELECT txid_status(txid_current()) -> in progress`)
		_, err := first.Exec(t.Context(), "SELECT pg_xact_status((pg_current_xact_id()::text::numeric + 10000)::text::xid8)")
		if client.Code(err) != "22023" {
			t.Errorf("a transaction of the future: %v", err)
		}
	})
}
