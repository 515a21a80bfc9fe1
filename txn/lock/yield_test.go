package lock

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/txn"
)

func TestYield(t *testing.T) {
	table := New()
	a, b := txn.ID{Seq: 1}, txn.ID{Seq: 2}
	k := Key{Space: Row, Object: 1, Bytes: "k"}
	take := func(id txn.ID, statement txn.Statement, mode Mode) (Result, *Waiter) {
		return table.Acquire(Request{Owner: id, Statement: statement, Key: k, Mode: mode})
	}
	take(a, 1, KeyShare)
	take(a, 2, Update)
	_, w := take(b, 1, NoKeyUpdate)
	if w == nil {
		t.Fatal("granted beside an update lock")
	}
	table.Yield(a, k, 2)
	if w.Result() != Granted || !table.Holds(a, k, KeyShare) || table.Holds(a, k, Update) {
		t.Fatalf("waiter %v; share %v, update %v", w.Result(), table.Holds(a, k, KeyShare), table.Holds(a, k, Update))
	}
	table.Yield(a, k, 1)
	table.Release(b)
	if table.Len() != 0 || table.Count(a) != 0 {
		t.Fatalf("%d keys left", table.Len())
	}
}
