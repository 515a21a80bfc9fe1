package shardtest

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

func errorsOfRows(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"))))(t)
	commitAll(t, tx)
	tx = in.Begin(t, txn.ReadCommitted)
	_, err := tx.Write(insert(acc, Account(acc, 7, 1, 1, "x"), Account(acc, 1, 10, 100, "z")))
	wantCode(t, err, pgerr.UniqueViolation, `duplicate key value violates unique constraint "accounts_pkey"`, "Key (id)=(1) already exists.")
	got, err := tx.Read(0, Fragment(acc))
	wantRows(t, got, err, "1|10|100|a") // a failed statement leaves nothing
	_, err = tx.Write(insert(acc, Account(acc, 2, 10, 100, "a")))
	wantCode(t, err, pgerr.UniqueViolation, `duplicate key value violates unique constraint "accounts_note_key"`, "Key (note)=(a) already exists.")
	_, err = tx.Write(insert(acc, Row(acc, types.Int(2), types.Null, types.Null, types.Null)))
	wantCode(t, err, pgerr.NotNullViolation, `null value in column "balance" of relation "accounts" violates not-null constraint`,
		"Failing row contains (2, null, null, null).")
	r := insert(acc, Account(acc, 2, 10, -5, "b"))
	r.Checks = []shard.Check{{Name: "accounts_balance_check", Expr: call(int4ge, ">=", Col(acc, colBalance), Int(0))}}
	_, err = tx.Write(r)
	wantCode(t, err, pgerr.CheckViolation, `new row for relation "accounts" violates check constraint "accounts_balance_check"`,
		"Failing row contains (2, 10, -5, b).")
	// A value that a row gives up in the same transaction is free again.
	must(tx.Write(&shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: byID(acc), Values: shard.Values{Params: []types.Datum{types.Int(1)}}}))(t)
	must(tx.Write(insert(acc, Account(acc, 2, 10, 100, "a"))))(t)
	// Changing keys: 2 → 3, and into a key that is taken.
	move := func(from, to int64) error {
		must(tx.Write(&shard.WriteRequest{Op: shard.OpMove, Table: acc, Rows: Batch(Row(acc, types.Int(from)))}))(t)
		_, err := tx.Write(insert(acc, Account(acc, to, 10, 100, "a")))
		return err
	}
	if err := move(2, 3); err != nil {
		t.Fatal(err)
	}
	must(tx.Write(insert(acc, Account(acc, 2, 1, 1, "q"))))(t)
	wantCode(t, move(2, 3), pgerr.UniqueViolation, "", "Key (id)=(3) already exists.")
	must(tx.Write(insert(acc, Account(acc, 2, 1, 1, "q"))))(t)
	_, err = tx.Write(&shard.WriteRequest{Op: shard.OpUpdate, Table: acc, Find: byID(acc), Values: shard.Values{Params: []types.Datum{types.Int(2)}},
		Set: []shard.Assign{{Column: colID, Expr: Int(4)}}})
	wantCode(t, err, pgerr.InternalError, "an assignment to a key column of accounts: the row has to move", "")
	commitAll(t, tx)
	got, err = in.Begin(t, txn.ReadCommitted).Read(0, Ordered(Fragment(acc), colID, false))
	wantRows(t, got, err, "2|1|1|q", "3|10|100|a")
}

func onConflict(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"), Account(acc, 2, 10, 200, "b"))))(t)
	commitAll(t, tx)
	tx = in.Begin(t, txn.ReadCommitted)
	nothing := insert(acc, Account(acc, 1, 0, 0, "z"), Account(acc, 5, 0, 0, "b"), Account(acc, 3, 0, 0, "c"), Account(acc, 3, 0, 0, "d"))
	nothing.OnConflict = &shard.OnConflict{}
	reply := must(tx.Write(nothing))(t)
	if reply.Count != 1 || len(reply.Skipped) != 3 || reply.Skipped[0] != 0 || reply.Skipped[1] != 1 || reply.Skipped[2] != 3 {
		t.Fatalf("%d inserted, skipped %v", reply.Count, reply.Skipped)
	}
	// DO UPDATE SET balance = accounts.balance + excluded.balance
	excluded := &expr.Column{Typed: expr.Typed{T: types.TInt4, Mod: -1}, ID: expr.ColumnID(4 + colBalance)}
	upsert := func(rows ...[]byte) *shard.WriteRequest {
		r := insert(acc, rows...)
		r.OnConflict = &shard.OnConflict{Arbiters: []int{-1}, Update: true,
			Set: []shard.Assign{{Column: colBalance, Expr: call(int4pl, "+", Col(acc, colBalance), excluded)}}}
		return r
	}
	reply = must(tx.Write(upsert(Account(acc, 1, 0, 7, "n"), Account(acc, 9, 0, 9, "m"))))(t)
	if reply.Count != 2 {
		t.Fatalf("%d upserted", reply.Count)
	}
	_, err := tx.Write(upsert(Account(acc, 1, 0, 7, "n"), Account(acc, 1, 0, 7, "o")))
	wantCode(t, err, pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time", "")
	show := insert(acc, Account(acc, 8, 0, 7, "b"), Account(acc, 2, 0, 7, "c"))
	show.OnConflict = &shard.OnConflict{Arbiters: []int{-1, 1}, Update: true}
	show.Returning = []expr.Expr{Col(acc, colID)}
	if reply = must(tx.Write(show))(t); len(reply.Skipped) != 2 || reply.Returning.Count != 2 {
		t.Fatalf("shown %v", reply)
	}
	show.Rows = insert(acc, Account(acc, 20, 0, 7, "v"), Account(acc, 20, 0, 7, "w")).Rows
	_, err = tx.Write(show)
	wantCode(t, err, pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time", "")
	_, err = tx.Write(upsert(Account(acc, 11, 0, 7, "a")))
	wantCode(t, err, pgerr.UniqueViolation, `duplicate key value violates unique constraint "accounts_note_key"`, "")
	commitAll(t, tx)
	got, err := in.Begin(t, txn.ReadCommitted).Read(0, Ordered(Fragment(acc), colID, false))
	wantRows(t, got, err, "1|10|107|a", "2|10|200|b", "3|0|0|c", "9|0|9|m")
}

func snapshots(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"), Account(acc, 2, 20, 200, "b"))))(t)
	commitAll(t, tx)
	old := in.Begin(t, txn.RepeatableRead)
	tx = in.Begin(t, txn.ReadCommitted)
	must(tx.Write(AddBalance(byID(acc), types.Int(1), types.Int(1))))(t)
	must(tx.Write(&shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: byID(acc), Values: shard.Values{Params: []types.Datum{types.Int(2)}}}))(t)
	must(tx.Write(insert(acc, Account(acc, 3, 20, 300, "c"))))(t)
	commitAll(t, tx)
	for range 2 {
		got, err := old.Read(0, Ordered(Fragment(acc), colID, false))
		wantRows(t, got, err, "1|10|100|a", "2|20|200|b")
		got, err = old.Read(0, Fragment(acc, Condition{Column: colBranch, Operator: "=", Param: 0}), types.Int(20))
		wantRows(t, got, err, "2|20|200|b")
		got, err = old.Read(0, byID(acc), types.Int(3))
		wantRows(t, got, err)
		must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSettle}))(t)
	}
	_, err := old.Write(AddBalance(byID(acc), types.Int(1), types.Int(1)))
	wantCode(t, err, pgerr.TRSerializationFailure, "could not serialize access due to concurrent update", "")
	_, err = old.Write(&shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: Fragment(acc, Condition{Column: colID, Operator: ">=", Param: 0}),
		Values: shard.Values{Params: []types.Datum{types.Int(2)}}})
	wantCode(t, err, pgerr.TRSerializationFailure, "could not serialize access due to concurrent delete", "")
	_, err = old.Write(insert(acc, Account(acc, 3, 1, 1, "q")))
	wantCode(t, err, pgerr.UniqueViolation, "", "")
	old.Rollback()
}

func stagesOfReads(t *testing.T, in *Instance) {
	acc := Accounts(1)
	var rows [][]byte
	for i := range int64(100) {
		rows = append(rows, Account(acc, i, i%3, i, ""))
	}
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, rows...)))(t)
	commitAll(t, tx)
	group := Fragment(acc)
	group.Group = &shard.Group{Keys: []expr.Expr{Col(acc, colBranch)},
		Aggs: []*expr.AggregateCall{Sum(acc, colBalance)}}
	group.Order = []expr.SortKey{{Expr: &expr.Column{Typed: expr.Typed{T: types.TInt4, Mod: -1}, ID: 0}, Desc: true}}
	filtered := Ordered(Fragment(acc), colBalance, true)
	filtered.Filter = call(int4eq, "=", call(int4mod, "%", Col(acc, colID), Int(10)), Int(0))
	filtered.Limit = &expr.Const{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Value: types.Int(3)}
	filtered.Output = []expr.Expr{Col(acc, colID), call(int4pl, "+", Col(acc, colBalance), Int(1000))}
	lookup := byID(acc)
	lookup.Keys, lookup.KeyTypes = 1, []shard.KeyType{{Type: types.TInt4, Typmod: -1}}
	check := func() {
		t.Helper()
		tx := in.Begin(t, txn.RepeatableRead)
		got, err := tx.Read(0, group)
		wantRows(t, got, err, "2|1650", "1|1617", "0|1683")
		got, err = tx.Read(0, filtered)
		wantRows(t, got, err, "90|1090", "80|1080", "70|1070")
		got, err = tx.ReadRequest(&shard.ReadRequest{Header: tx.Header(0), Fragment: lookup,
			Keys: Batch(types.IntValue(5).AppendPacked(nil), types.IntValue(500).AppendPacked(nil), types.IntValue(7).AppendPacked(nil))})
		wantRows(t, got, err, "0|5|2|5|-", "2|7|1|7|-")
		got, err = tx.Read(0, Ordered(Fragment(acc, Condition{Column: colID, Operator: ">=", Param: 0}), colID, false), types.Int(98))
		wantRows(t, got, err, "98|2|98|-", "99|0|99|-")
	}
	check()
	must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSettle}))(t)
	check()
	tx = in.Begin(t, txn.ReadCommitted) // chains beside settled rows
	must(tx.Write(AddBalance(Fragment(acc, Condition{Column: colBranch, Operator: "=", Param: 0}), types.Int(1), types.Int(0))))(t)
	commitAll(t, tx)
	check()
}

func sequences(t *testing.T, in *Instance) {
	q := &shard.SequenceStep{Physical: 9, Name: "s", Start: 1, Increment: 1, Min: 1, Max: 1000, Count: 1}
	next := func(in *Instance) int64 {
		t.Helper()
		return must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSequenceNext, Sequence: q}))(t).First
	}
	for want := int64(1); want <= 40; want++ {
		if got := next(in); got != want {
			t.Fatalf("value %d, want %d", got, want)
		}
	}
	if in.Restart != nil {
		in = in.Restart(t, false)
		if got := next(in); got <= 40 || got > 40+33 {
			t.Fatalf("after a crash the sequence gives %d", got)
		}
	}
	q.Value, q.Called = 998, true
	must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSequenceSet, Sequence: q}))(t)
	if in.Restart != nil {
		in = in.Restart(t, false)
	}
	if a, b := next(in), next(in); a != 999 || b != 1000 {
		t.Fatalf("values %d, %d after setval", a, b)
	}
	_, err := in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSequenceNext, Sequence: q})
	wantCode(t, err, pgerr.SequenceGeneratorLimitExceeded, `nextval: reached maximum value of sequence "s" (1000)`, "")
}
