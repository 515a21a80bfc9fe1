package server

import (
	"io"
	"testing"

	"github.com/pegmatitedb/pegmatite/test/client"
	"github.com/pegmatitedb/pegmatite/txn/tso"
)

// Rule 22: the oracle of a node that has started again tells the others of the
// catalog that was published before, which nobody has reported to it.
func TestOracleOfAStartKnowsTheCatalog(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		n := startForTest(t, io.Discard, func(c *Config) { c.Data = dir })
		published, err := n.store.Published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		reply, err := n.oracle.(leading).Draw(t.Context(), tso.DrawRequest{Node: 2, Count: 1})
		if err != nil || reply.Revision < published {
			t.Errorf("revision %d, %v; %d is published", reply.Revision, err, published)
		}
		if _, err := client.Connect(t, n.Address()).Exec(t.Context(), "CREATE SCHEMA IF NOT EXISTS s"); err != nil {
			t.Fatal(err)
		}
		n.Stop()
	}
}

// Rule 9: a start's transactions are none of an earlier one's.
func TestTransactionsOfAStartAreNew(t *testing.T) {
	dir, last := t.TempDir(), int64(0)
	for range 3 {
		n := startForTest(t, io.Discard, func(c *Config) { c.Data = dir })
		var id int64
		if err := client.Connect(t, n.Address()).QueryRow(t.Context(), "SELECT txid_current()").Scan(&id); err != nil || id <= last {
			t.Errorf("transaction %d after %d: %v", id, last, err)
		}
		last = max(last, id+1000) // there were others
		n.Stop()
	}
}
