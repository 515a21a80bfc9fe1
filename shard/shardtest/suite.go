// Package shardtest is the conformance suite of shard.Service and the commit of
// transactions over it (txn.Participant): the same tests for the engine in
// process and for the service over the network.
package shardtest

import (
	"slices"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// New makes a service with some shards over some logs, closed by the test's cleanup.
type New func(t testing.TB, shards, logs int) *Instance

// Run runs the suite.
func Run(t *testing.T, newInstance New) {
	t.Run("WriteReadRestart", func(t *testing.T) { writeReadRestart(t, newInstance(t, 1, 1)) })
	t.Run("OwnWrites", func(t *testing.T) { ownWrites(t, newInstance(t, 1, 1)) })
	t.Run("Errors", func(t *testing.T) { errorsOfRows(t, newInstance(t, 1, 1)) })
	t.Run("Conflicts", func(t *testing.T) { onConflict(t, newInstance(t, 1, 1)) })
	t.Run("Snapshots", func(t *testing.T) { snapshots(t, newInstance(t, 1, 1)) })
	t.Run("Stages", func(t *testing.T) { stagesOfReads(t, newInstance(t, 1, 1)) })
	t.Run("Locks", func(t *testing.T) { rowLocks(t, newInstance(t, 1, 1)) })
	t.Run("Cancelled", func(t *testing.T) { cancelled(t, newInstance(t, 1, 1)) })
	t.Run("TwoPhase", func(t *testing.T) { twoPhase(t, newInstance(t, 4, 2)) })
	t.Run("Sequences", func(t *testing.T) { sequences(t, newInstance(t, 1, 1)) })
}

func insert(table *shard.Table, rows ...[]byte) *shard.WriteRequest {
	return &shard.WriteRequest{Op: shard.OpInsert, Table: table, Rows: Batch(rows...)}
}

// AddBalance is UPDATE … SET balance = balance + $1 WHERE …
func AddBalance(f *shard.Fragment, params ...types.Datum) *shard.WriteRequest {
	t := f.Table
	return &shard.WriteRequest{Op: shard.OpUpdate, Table: t, Find: f, Values: shard.Values{Params: params},
		Set:  []shard.Assign{{Column: colBalance, Expr: call(int4pl, "+", Col(t, colBalance), Param(1))}},
		Lock: shard.RowLock{Strength: shard.LockNoKeyUpdate}}
}

func byID(t *shard.Table) *shard.Fragment {
	return Fragment(t, Condition{Column: colID, Operator: "=", Param: 0})
}

// must ends the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v (%s)", err, pgerr.From(err).Detail)
		}
		return v
	}
}

func wantRows(t testing.TB, got []string, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("rows %q, want %q", got, want)
	}
}

func wantCode(t testing.TB, err error, code pgerr.Code, message, detail string) {
	t.Helper()
	e := pgerr.From(err)
	if err == nil || e.Code != code || message != "" && e.Message != message || detail != "" && e.Detail != detail {
		t.Fatalf("error %v (%+v), want %s %q %q", err, e, code, message, detail)
	}
}

func commitAll(t testing.TB, tx *Tx) txn.Timestamp {
	t.Helper()
	out := must(tx.Commit())(t)
	if out.State != txn.Committed {
		t.Fatalf("outcome %v", out)
	}
	return out.At
}

func writeReadRestart(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"), Account(acc, 2, 10, 200, ""), Account(acc, 3, 20, 300, "c"))))(t)
	commitAll(t, tx)
	check := func(in *Instance, want ...string) {
		t.Helper()
		got, err := in.Begin(t, txn.ReadCommitted).Read(0, Ordered(Fragment(acc), colID, false))
		wantRows(t, got, err, want...)
	}
	check(in, "1|10|100|a", "2|10|200|-", "3|20|300|c")
	tx = in.Begin(t, txn.ReadCommitted)
	reply := must(tx.Write(AddBalance(byID(acc), types.Int(1), types.Int(11))))(t)
	if reply.Count != 1 {
		t.Fatalf("updated %d rows", reply.Count)
	}
	must(tx.Write(&shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: byID(acc), Values: shard.Values{Params: []types.Datum{types.Int(2)}}}))(t)
	commitAll(t, tx)
	check(in, "1|10|111|a", "3|20|300|c")
	if in.Restart == nil {
		return
	}
	bytes := sizeOf(t, in, acc)
	for _, clean := range []bool{false, true, false} {
		in = in.Restart(t, clean)
		check(in, "1|10|111|a", "3|20|300|c")
		tx := in.Begin(t, txn.ReadCommitted)
		must(tx.Write(AddBalance(byID(acc), types.Int(1), types.Int(0))))(t)
		commitAll(t, tx)
	}
	must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlSettle}))(t)
	check(in, "1|10|111|a", "3|20|300|c")
	reply2 := must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlStats, Table: acc}))(t)
	if reply2.Rows != 2 {
		t.Fatalf("%d rows by the counter", reply2.Rows)
	}
	in = in.Restart(t, true)
	if now := sizeOf(t, in, acc); now != bytes || bytes < 2*minRowBytes || bytes > 2*maxRowBytes {
		t.Fatalf("the rows take %d bytes, were %d", now, bytes)
	}
}

// The rows of the suite are this long, by any estimate.
const minRowBytes, maxRowBytes = 4, 24

func sizeOf(t *testing.T, in *Instance, table *shard.Table) int64 {
	return must(in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlStats, Table: table}))(t).Bytes
}

func ownWrites(t *testing.T, in *Instance) {
	acc := Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	must(tx.Write(insert(acc, Account(acc, 1, 10, 100, "a"), Account(acc, 2, 20, 200, "b"))))(t)
	other := in.Begin(t, txn.ReadCommitted)
	got, err := other.Read(0, Fragment(acc))
	wantRows(t, got, err)
	got, err = tx.Read(0, byID(acc), types.Int(1))
	wantRows(t, got, err, "1|10|100|a")
	commitAll(t, tx)

	tx = in.Begin(t, txn.ReadCommitted)
	all := Fragment(acc)
	must(tx.Write(AddBalance(all, types.Null, types.Int(1))))(t)
	savepoint := tx.number
	must(tx.Write(&shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: all}))(t)
	got, err = tx.Read(0, all)
	wantRows(t, got, err)
	if err := in.Service.Cut(t.Context(), &shard.CutRequest{Header: tx.Header(0), From: savepoint + 1, Sent: tx.number}); err != nil {
		t.Fatal(err)
	}
	got, err = tx.Read(0, Ordered(all, colID, true))
	wantRows(t, got, err, "2|20|201|b", "1|10|101|a")
	// The branch index finds own rows too, and only those.
	branch := Fragment(acc, Condition{Column: colBranch, Operator: "=", Param: 0})
	got, err = tx.Read(0, branch, types.Int(20))
	wantRows(t, got, err, "2|20|201|b")
	tx.Rollback()
	got, err = in.Begin(t, txn.ReadCommitted).Read(0, Ordered(all, colID, false))
	wantRows(t, got, err, "1|10|100|a", "2|20|200|b")
}
