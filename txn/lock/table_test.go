package lock_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pegmatitedb/pegmatite/internal/fixedseed"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/txn/lock"
)

// fataler is what *testing.T and *rapid.T have in common here.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkTable asserts what holds between any two calls: no two holders
// conflict, nobody waits without a reason, and nobody who has left waits on.
func checkTable(t fataler, table *lock.Table, waiters []*lock.Waiter) {
	t.Helper()
	type held struct {
		owner txn.ID
		lock.Holding
	}
	byKey := map[lock.Key][]held{}
	for seq := range uint64(10) {
		id := txn.ID{Node: 1, Boot: 1, Seq: seq}
		for _, h := range table.Holdings(id) {
			byKey[h.Key] = append(byKey[h.Key], held{id, h})
			if !table.Holds(id, h.Key, h.Mode) {
				t.Fatalf("%v does not hold what it holds", id)
			}
		}
	}
	for key, list := range byKey {
		for i, a := range list {
			for _, b := range list[:i] {
				if a.owner != b.owner && lock.Conflict(a.Mode, b.Mode) {
					t.Fatalf("%v: %v holds %v beside %v's %v", key, a.owner, a.Mode, b.owner, b.Mode)
				}
			}
		}
	}
	edges := table.Edges()
	for _, w := range waiters {
		waits := slices.ContainsFunc(edges, func(e lock.Edge) bool { return e.Waiter == w.Owner && e.Key == w.Key })
		select {
		case <-w.Done():
			if w.Result() == lock.Waiting {
				t.Fatalf("%v is done and waits", w.Owner)
			}
		default:
			if w.Result() != lock.Waiting || !waits {
				t.Fatalf("%v waits for %v and nothing is in its way", w.Owner, w.Key)
			}
		}
	}
}

// PostgreSQL's tables 13.2 and 13.3, as the manual prints them.
func TestConflicts(t *testing.T) {
	tables := map[lock.Mode][]string{
		lock.KeyShare: {
			"...X",
			"..XX",
			".XXX",
			"XXXX",
		},
		lock.TableAccessShare: {
			".......X",
			"......XX",
			"....XXXX",
			"...XXXXX",
			"..XX.XXX",
			"..XXXXXX",
			".XXXXXXX",
			"XXXXXXXX",
		},
	}
	for first, rows := range tables {
		for i, row := range rows {
			for j, cell := range row {
				a, b := first+lock.Mode(i), first+lock.Mode(j)
				if lock.Conflict(a, b) != (cell == 'X') {
					t.Errorf("%v against %v", a, b)
				}
			}
		}
	}
}

// Random requests, ends, cuts and time-outs keep the table's promises, and
// when everybody has ended nothing is left.
func TestRandomPlay(t *testing.T) {
	fixedseed.Check(t, func(t *rapid.T) {
		table := lock.New()
		var waiters []*lock.Waiter
		actors := rapid.Custom(func(t *rapid.T) txn.ID {
			return txn.ID{Node: 1, Boot: 1, Seq: rapid.Uint64Range(0, 5).Draw(t, "actor")}
		})
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		for i := range steps {
			who := actors.Draw(t, "who")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				table.Release(who)
			case 1:
				from := txn.Statement(rapid.IntRange(0, i+1).Draw(t, "from"))
				table.Cut(who, from, from+txn.Statement(rapid.IntRange(0, i+1).Draw(t, "and more")))
			case 2:
				if len(waiters) > 0 {
					table.Cancel(rapid.SampledFrom(waiters).Draw(t, "waiter"))
				}
			case 3:
				if len(waiters) > 0 {
					table.Jump(rapid.SampledFrom(waiters).Draw(t, "waiter"))
				}
			case 4:
				table.Prepare(who)
			default:
				result, w := table.Acquire(drawRequest(t, who, txn.Statement(i+1)))
				if (result == lock.Waiting) != (w != nil) {
					t.Fatalf("%v with waiter %v", result, w)
				}
				if w != nil {
					waiters = append(waiters, w)
				}
			}
			checkTable(t, table, waiters)
		}
		for seq := range uint64(6) {
			table.Release(txn.ID{Node: 1, Boot: 1, Seq: seq})
			checkTable(t, table, waiters)
		}
		if table.Len() != 0 || len(table.Edges()) != 0 {
			t.Fatalf("%d keys are left", table.Len())
		}
	})
}

func drawRequest(t *rapid.T, who txn.ID, statement txn.Statement) lock.Request {
	r := lock.Request{Owner: who, Statement: statement, Policy: lock.Policy(rapid.IntRange(0, 4).Draw(t, "policy"))}
	if rapid.IntRange(0, 3).Draw(t, "space") == 0 {
		r.Key = lock.Key{Space: lock.Relation, Object: 1}
		r.Mode = lock.Mode(rapid.IntRange(int(lock.TableAccessShare), int(lock.TableAccessExclusive)).Draw(t, "mode"))
	} else {
		r.Key = lock.Key{Space: lock.Row, Object: 1, Bytes: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")}
		r.Mode = lock.Mode(rapid.IntRange(int(lock.KeyShare), int(lock.Update)).Draw(t, "mode"))
	}
	return r
}

// What a transaction holds comes back from its holdings.
func TestRestore(t *testing.T) {
	id := txn.ID{Node: 1, Boot: 1, Seq: 1}
	before := lock.New()
	for i, mode := range []lock.Mode{lock.KeyShare, lock.Update} {
		for _, key := range []string{"a", "b"} {
			before.Acquire(lock.Request{Owner: id, Statement: txn.Statement(i + 1), Mode: mode,
				Key: lock.Key{Space: lock.Unique, Object: 9, Bytes: key}})
		}
	}
	after := lock.New()
	after.Restore(id, before.Holdings(id))
	after.Restore(id, before.Holdings(id))
	if got, want := fmt.Sprint(after.Holdings(id)), fmt.Sprint(before.Holdings(id)); got != want {
		t.Errorf("restored %s, want %s", got, want)
	}
	if !after.IsPrepared(id) {
		t.Error("the restored transaction is not prepared")
	}
	after.Release(id)
	if after.Len() != 0 || after.IsPrepared(id) {
		t.Error("something is left after its end")
	}
}

func BenchmarkLockAndRelease(b *testing.B) {
	table := lock.New()
	keys := make([]lock.Key, 8)
	for i := range keys {
		keys[i] = lock.Key{Space: lock.Row, Object: 1, Bytes: fmt.Sprint("key", i)}
	}
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		id := txn.ID{Node: 1, Boot: 1, Seq: i}
		for _, k := range keys {
			table.Acquire(lock.Request{Owner: id, Statement: 1, Key: k, Mode: lock.NoKeyUpdate})
		}
		table.Release(id)
	}
}
