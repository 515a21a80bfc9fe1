package shardtest

import (
	"context"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// result is what a statement that may wait has come to.
type result struct {
	reply *shard.WriteReply
	err   error
}

// async runs a statement that is expected to wait.
func async(tx *Tx, r *shard.WriteRequest) chan result {
	out := make(chan result, 1)
	go func() {
		reply, err := tx.Write(r)
		out <- result{reply, err}
	}()
	return out
}

// waiting returns when a transaction waits for another's lock.
func waiting(t testing.TB, in *Instance, id txn.ID) {
	t.Helper()
	for {
		reply := must(in.Service.Control(context.Background(), &shard.ControlRequest{Op: shard.ControlTransactions}))(t)
		for _, x := range reply.Transactions {
			if x.Txn == id && len(x.Waiting) > 0 {
				return
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// locksOf is how many locks a transaction holds.
func locksOf(t testing.TB, in *Instance, id txn.ID) int {
	t.Helper()
	reply := must(in.Service.Control(context.Background(), &shard.ControlRequest{Op: shard.ControlTransactions}))(t)
	for _, x := range reply.Transactions {
		if x.Txn == id {
			return x.Locks
		}
	}
	return 0
}

func rowLocks(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"), Account(acc, 2, 10, 200, "b"))))(t)
	commitAll(t, tx)

	// The waiter sees the newest version (EvalPlanQual), with the sum of both.
	a, b := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	must(a.Write(AddBalance(byID(acc), types.Int(1), types.Int(1))))(t)
	waiter := async(b, AddBalance(byID(acc), types.Int(1), types.Int(10)))
	waiting(t, in, b.id)
	commitAll(t, a)
	if r := <-waiter; r.err != nil || r.reply.Count != 1 {
		t.Fatalf("%+v", r)
	}
	commitAll(t, b)
	got, err := in.Begin(t, txn.ReadCommitted).Read(0, byID(acc), types.Int(1))
	wantRows(t, got, err, "1|10|111|a")

	// A duplicate key waits for the first inserter's outcome.
	a, b = in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	must(a.Write(insert(acc, Account(acc, 5, 1, 1, "five"))))(t)
	waiter = async(b, insert(acc, Account(acc, 6, 1, 1, "five")))
	waiting(t, in, b.id)
	a.Rollback()
	if r := <-waiter; r.err != nil {
		t.Fatal(r.err)
	}
	b.Rollback()

	// NOWAIT, SKIP LOCKED.
	a, b = in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	must(a.Write(AddBalance(byID(acc), types.Int(1), types.Int(1))))(t)
	w := AddBalance(byID(acc), types.Int(1), types.Int(1))
	w.Lock.Wait = shard.WaitError
	_, err = b.Write(w)
	wantCode(t, err, pgerr.LockNotAvailable, `could not obtain lock on row in relation "accounts"`, "")
	w.Lock.Wait = shard.WaitTry
	_, err = b.Write(w)
	if reason, _ := shard.IsRefusal(err); reason != shard.RefusedLocked {
		t.Fatalf("a write that does not wait: %v", err)
	}
	ordered := &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: Ordered(Fragment(acc), colID, true)}
	ordered.Lock.Wait = shard.WaitOrdered
	other := in.Begin(t, txn.ReadCommitted)
	stop, cancelOrdered := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() {
		_, err := other.WriteContext(stop, ordered)
		stopped <- err
	}()
	waiting(t, in, other.id)
	if held := locksOf(t, in, other.id); held > 1 {
		t.Fatalf("%d locks before the first row's", held) // the table's alone
	}
	cancelOrdered()
	wantCode(t, <-stopped, pgerr.QueryCanceled, "", "")
	other.Rollback()
	b.number++
	got, err = b.ReadRequest(&shard.ReadRequest{Header: b.Header(0), Fragment: Ordered(Fragment(acc), colID, false),
		Lock: &shard.RowLock{Strength: shard.LockUpdate, Wait: shard.WaitSkip}})
	wantRows(t, got, err, "2|10|200|b")
	b.Rollback()
	ctx, cancel := context.WithCancel(context.Background())
	c := in.Begin(t, txn.ReadCommitted)
	canceled := make(chan error, 1)
	go func() {
		_, err := c.WriteContext(ctx, AddBalance(byID(acc), types.Int(1), types.Int(1)))
		canceled <- err
	}()
	waiting(t, in, c.id)
	cancel()
	wantCode(t, <-canceled, pgerr.QueryCanceled, "", "")
	c.Rollback()
	a.Rollback()
	deadlock(t, in, acc)
}

func deadlock(t *testing.T, in *Instance, acc *shard.Table) {
	a, b := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	must(a.Write(AddBalance(byID(acc), types.Int(1), types.Int(1))))(t)
	must(b.Write(AddBalance(byID(acc), types.Int(2), types.Int(1))))(t)
	ends := make(chan error, 2)
	for _, w := range []struct {
		tx *Tx
		id int64
	}{{a, 2}, {b, 1}} {
		go func() {
			_, err := w.tx.Write(AddBalance(byID(acc), types.Int(w.id), types.Int(1)))
			w.tx.Rollback() // the victim's locks go with its transaction
			ends <- err
		}()
	}
	first, second := <-ends, <-ends
	wantCode(t, first, pgerr.TRDeadlockDetected, "deadlock detected", "")
	if second != nil {
		t.Fatalf("both were ended: %v", second)
	}
}

func twoPhase(t *testing.T, in *Instance) {
	acc := Accounts(1)
	on := func(id shard.ID, r *shard.WriteRequest) *shard.WriteRequest {
		r.Shard = id
		return r
	}
	tx := in.Begin(t, txn.ReadCommitted)
	for id := range shard.ID(2) {
		must(tx.Write(on(id, insert(acc, Account(acc, int64(id), 1, 100, "")))))(t)
	}
	commitAll(t, tx)

	// A prepared transaction: reads at or above p wait, older ones do not.
	old := in.Begin(t, txn.RepeatableRead)
	tx = in.Begin(t, txn.ReadCommitted)
	for id := range shard.ID(2) {
		must(tx.Write(on(id, AddBalance(byID(acc), types.Int(int64(id)), types.Int(5)))))(t)
	}
	at := must(in.Oracle.Commit(t.Context()))(t)
	logs := tx.Logs()
	out := txn.Outcome{State: txn.Committed}
	for _, l := range logs {
		p := must(tx.PrepareAt(l, logs, at))(t)
		again := must(tx.PrepareAt(l, logs, at))(t) // a duplicate changes nothing
		if p != again || p.At < at {
			t.Fatalf("p = %d, then %d; drawn %d", p.At, again.At, at)
		}
		out.At = max(out.At, p.At)
	}
	got, err := old.Read(1, byID(acc), types.Int(1))
	wantRows(t, got, err, "1|1|100|-")
	fresh := in.Begin(t, txn.RepeatableRead)
	answers := make(chan []string, 1)
	go func() {
		got, err := fresh.Read(1, byID(acc), types.Int(1))
		if err != nil {
			got = []string{err.Error()}
		}
		answers <- got
	}()
	_, home := in.Log(0)
	_, other := in.Log(1)
	decided := must(home.Decide(t.Context(), &txn.DecideRequest{Txn: tx.id, Outcome: out}))(t)
	if decided != out {
		t.Fatalf("decided %v", decided)
	}
	select {
	case got := <-answers:
		t.Fatalf("a read above p answered %q before the outcome", got)
	default:
	}
	for range 2 {
		if err := other.Resolve(t.Context(), &txn.ResolveRequest{Txn: tx.id, Outcome: out}); err != nil {
			t.Fatal(err)
		}
	}
	wantRows(t, <-answers, nil, "1|1|105|-")
	late := must(home.Decide(t.Context(), &txn.DecideRequest{Txn: tx.id, Outcome: txn.Outcome{State: txn.Aborted}}))(t)
	if late != out {
		t.Fatalf("the second decision won: %v", late)
	}
	if in.Restart != nil {
		inDoubt(t, in, acc)
	}
}

// inDoubt crashes between the steps of a commit over two logs.
func inDoubt(t *testing.T, in *Instance, acc *shard.Table) {
	balance := int64(105)
	for _, decide := range []bool{false, true} {
		tx := in.Begin(t, txn.ReadCommitted)
		for id := range shard.ID(2) {
			r := AddBalance(byID(acc), types.Int(int64(id)), types.Int(1))
			r.Shard = id
			must(tx.Write(r))(t)
		}
		at := must(in.Oracle.Commit(t.Context()))(t)
		logs := tx.Logs()
		out := txn.Outcome{State: txn.Committed}
		for _, l := range logs {
			out.At = max(out.At, must(tx.PrepareAt(l, logs, at))(t).At)
		}
		if decide {
			_, home := in.Log(0)
			must(home.Decide(t.Context(), &txn.DecideRequest{Txn: tx.id, Outcome: out}))(t)
			balance++
		}
		in = in.Restart(t, false)
		for id := range shard.ID(2) {
			reader := in.Begin(t, txn.RepeatableRead)
			got, err := reader.Read(id, byID(acc), types.Int(int64(id)))
			want := showValue(types.IntValue(int64(id))) + "|1|" + showValue(types.IntValue(balance)) + "|-"
			wantRows(t, got, err, want)
		}
	}
}

// cancelled has requests of transactions come with a context that has ended:
// whether they begin or not, nothing is left of them.
func cancelled(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"))))(t)
	commitAll(t, tx)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 32 {
		for name, ask := range map[string]func(tx *Tx) error{
			"write": func(tx *Tx) error {
				_, err := tx.WriteContext(ctx, AddBalance(byID(acc), types.Int(1), types.Int(1)))
				return err
			},
			"locking read": func(tx *Tx) error {
				tx.number++
				rows, err := in.Service.Read(ctx, &shard.ReadRequest{
					Header: tx.Header(0), Values: shard.Values{Params: []types.Datum{types.Int(1)}, Env: types.DefaultEnv()},
					Fragment: byID(acc), Lock: &shard.RowLock{Strength: shard.LockUpdate},
				})
				if err == nil {
					tx.enlisted[0] = txn.Enlistment{Incarnation: rows.(shard.Enlisted).Incarnation(), Last: tx.number}
					rows.Close()
				}
				return err
			},
			"table lock": func(tx *Tx) error {
				tx.number++
				reply, err := in.Service.Control(ctx, &shard.ControlRequest{Header: tx.Header(0), Op: shard.ControlLockTable, Table: acc})
				if err == nil {
					tx.enlisted[0] = txn.Enlistment{Incarnation: reply.Incarnation, Last: tx.number}
				}
				return err
			},
		} {
			tx := in.Begin(t, txn.ReadCommitted)
			if err := ask(tx); err == nil {
				tx.Rollback()
			}
			reply := must(in.Service.Control(context.Background(), &shard.ControlRequest{Op: shard.ControlTransactions}))(t)
			if len(reply.Transactions) > 0 {
				t.Fatalf("a cancelled %s leaves %+v", name, reply.Transactions)
			}
		}
	}
}
