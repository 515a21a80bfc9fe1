package session

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestTransactionReason: pegmatite.transactions says why a transaction is open, waits or is in doubt.
func TestTransactionReason(t *testing.T) {
	home := txn.LogID{0xab, 0xcd}
	for want, info := range map[string]*shard.TransactionInfo{
		"shard 3: 2 locks, 10 bytes":                   {State: txn.Active, Locks: 2, Bytes: 10},
		"shard 3: 1 locks, 0 bytes, waits for [1.2.3]": {State: txn.Active, Locks: 1, Waiting: []txn.ID{{Node: 1, Boot: 2, Seq: 3}}},
		"shard 3: 2 locks, 10 bytes, in doubt: prepared, and log abcd0000, the first of its participants, has the decision": {State: txn.Prepared, Locks: 2, Bytes: 10,
			Participants: []txn.LogID{home, {1}}},
		"log abcd0000 keeps the decision until all of its participants have it": {State: txn.Committed, Participants: []txn.LogID{home}},
	} {
		if got := transactionReason(3, info); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
