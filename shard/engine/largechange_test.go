package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

const largeRows = 40

// largeChanged is a shard with largeRows settled rows, more than a write set
// keeps in memory.
func largeChanged(t *testing.T) (*shardtest.Instance, *shard.Table) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.WriteSetBytes, cfg.SettleEvery = 1<<10, -1
	in, acc := open(t, cfg), shardtest.Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, largeRows, 1)})
	commit(t, tx)
	for _, e := range in.Service.(*engine.Node).Engines() {
		if err := e.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return in, acc
}

// largeChange is what a transaction does to all rows.
type largeChange struct {
	name string
	run  func(t *testing.T, tx *shardtest.Tx, acc *shard.Table)
	same bool // they are only locked
	gone bool // there are none any more under their keys
}

// keys are those of rows from … to-1.
func keys(acc *shard.Table, from, to int64) *shard.Batch {
	var rows [][]byte
	for i := from; i < to; i++ {
		rows = append(rows, shardtest.Row(acc, types.Int(i)))
	}
	return shardtest.Batch(rows...)
}

// rekeyed gives every row another key.
func rekeyed(by int64) func(*testing.T, *shardtest.Tx, *shard.Table) {
	return func(t *testing.T, tx *shardtest.Tx, acc *shard.Table) {
		write(t, tx, &shard.WriteRequest{Op: shard.OpMove, Table: acc, Rows: keys(acc, 0, largeRows)})
		var rows [][]byte
		for i := range int64(largeRows) {
			rows = append(rows, shardtest.Account(acc, i+by, i%7, 1, note(i)))
		}
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(rows...)})
	}
}

var largeChanges = []largeChange{
	{name: "update", run: func(t *testing.T, tx *shardtest.Tx, acc *shard.Table) {
		write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1)))
	}},
	{name: "delete", gone: true, run: func(t *testing.T, tx *shardtest.Tx, acc *shard.Table) {
		write(t, tx, &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: shardtest.Fragment(acc)})
	}},
	{name: "new keys", gone: true, run: rekeyed(1000)},
	{name: "keys of others", run: rekeyed(1)},
	{name: "other rows", same: true, run: func(t *testing.T, tx *shardtest.Tx, acc *shard.Table) {
		write(t, tx, &shard.WriteRequest{Op: shard.OpLock, Table: acc, Rows: keys(acc, 0, largeRows), Lock: shard.RowLock{Strength: shard.LockUpdate}})
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2000, 2000+largeRows, 1)})
	}},
}

// waiter is a statement that wants a row, which it knows by its key, or has
// found by its note.
type waiter struct {
	name  string
	named bool // by its key, and looks at what is there now
	run   wants
}

type wants func(tx *shardtest.Tx, acc *shard.Table, row int64, seen txn.Timestamp) (rows int64, err error)

func byNote(acc *shard.Table, row int64) (*shard.Fragment, shard.Values) {
	return shardtest.Fragment(acc, shardtest.Condition{Column: 3, Operator: "=", Param: 0}),
		shard.Values{Params: []types.Datum{types.Text(note(row))}}
}

func finds(op shard.WriteOp, wait shard.LockWait) wants {
	return func(tx *shardtest.Tx, acc *shard.Table, row int64, _ txn.Timestamp) (int64, error) {
		find, values := byNote(acc, row)
		r := &shard.WriteRequest{Op: op, Table: acc, Find: find, Values: values, Lock: shard.RowLock{Wait: wait}}
		if op == shard.OpUpdate {
			r.Set = []shard.Assign{{Column: 2, Expr: shardtest.Int(9)}}
		}
		return counted(tx.Write(r))
	}
}

func knows(op shard.WriteOp, wait shard.LockWait) wants {
	return func(tx *shardtest.Tx, acc *shard.Table, row int64, seen txn.Timestamp) (int64, error) {
		rows := keys(acc, row, row+1)
		if op == shard.OpPut {
			rows = shardtest.Batch(shardtest.Account(acc, row, row%7, 9, note(row)))
		}
		return counted(tx.Write(&shard.WriteRequest{Op: op, Table: acc, Rows: rows, Seen: []txn.Timestamp{seen}, Lock: shard.RowLock{Wait: wait}}))
	}
}

func counted(reply *shard.WriteReply, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return reply.Count, nil
}

var waiters = []waiter{
	{name: "UPDATE", run: finds(shard.OpUpdate, shard.WaitBlock)},
	{name: "DELETE", run: finds(shard.OpDelete, shard.WaitBlock)},
	{name: "UPDATE of one key", named: true, run: func(tx *shardtest.Tx, acc *shard.Table, row int64, _ txn.Timestamp) (int64, error) {
		return counted(tx.Write(shardtest.AddBalance(shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0}), types.Int(row), types.Int(1))))
	}},
	{name: "OpPut", run: knows(shard.OpPut, shard.WaitBlock)},
	{name: "OpPut in order", run: knows(shard.OpPut, shard.WaitOrdered)},
	{name: "OpRemove", run: knows(shard.OpRemove, shard.WaitBlock)},
	{name: "OpMove", run: knows(shard.OpMove, shard.WaitBlock)},
	{name: "OpLock", run: knows(shard.OpLock, shard.WaitBlock)},
	{name: "FOR UPDATE", run: func(tx *shardtest.Tx, acc *shard.Table, row int64, _ txn.Timestamp) (int64, error) {
		h := tx.Header(0)
		h.Statement++
		find, values := byNote(acc, row)
		rows, err := tx.ReadRequest(&shard.ReadRequest{Header: h, Lock: &shard.RowLock{Strength: shard.LockUpdate}, Fragment: find, Values: values})
		return int64(len(rows)), err
	}},
}

// Rules 14, 15: a large commit leaves no chains, and ends the snapshots below it. Who
// has waited for one of its rows knows no more than that: above READ COMMITTED it is
// 40001, under READ COMMITTED the statement begins again, if the row is
// not as it was found.
func TestRule15LargeChanges(t *testing.T) {
	for _, change := range largeChanges {
		for _, level := range []txn.Isolation{txn.ReadCommitted, txn.RepeatableRead} {
			t.Run(fmt.Sprint(change.name, "/", level), func(t *testing.T) {
				in, acc := largeChanged(t)
				seen, _ := in.Oracle.Snapshot(t.Context())
				defer in.Oracle.Release(seen)
				holder := in.Begin(t, txn.ReadCommitted)
				change.run(t, holder, acc)
				type answer struct {
					rows int64
					err  error
				}
				var ended []chan answer
				for i, w := range waiters {
					tx, done := in.Begin(t, level), make(chan answer, 1)
					ended = append(ended, done)
					go func() {
						rows, err := w.run(tx, acc, int64(i), seen)
						done <- answer{rows, err}
					}()
					waits(t, in, tx.ID())
				}
				commit(t, holder)
				for i, w := range waiters {
					t.Log(w.name)
					got := <-ended[i]
					switch known := change.same && w.name[:2] != "Op" || w.named; {
					case level != txn.ReadCommitted:
						wantCode(t, got.err, pgerr.TRSerializationFailure)
					case !known:
						wantRefusal(t, got.err, shard.RefusedMoved)
					case got.err != nil || (got.rows == 0) != (w.named && change.gone):
						t.Errorf("%d rows, %v", got.rows, got.err)
					}
				}
			})
		}
	}
}

// Rule 17: a statement whose read of the file is older than a large commit looks
// for unique values beside it.
func TestUniqueValuesOfLargeCommits(t *testing.T) {
	in, acc := largeChanged(t)
	holder, tx := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	write(t, holder, &shard.WriteRequest{Op: shard.OpLock, Table: acc, Rows: keys(acc, 3, 4), Lock: shard.RowLock{Strength: shard.LockUpdate}})
	write(t, holder, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2000, 2000+largeRows, 1)})
	find, values := byNote(acc, 3)
	ended := make(chan error, 1)
	go func() {
		_, err := tx.Write(&shard.WriteRequest{Op: shard.OpUpdate, Table: acc, Find: find, Values: values,
			Set: []shard.Assign{{Column: 3, Expr: &expr.Const{Typed: expr.Typed{T: types.TText, Mod: -1}, Value: types.Text(note(2003))}}}})
		ended <- err
	}()
	waits(t, in, tx.ID())
	commit(t, holder)
	wantCode(t, <-ended, pgerr.UniqueViolation)
}

// Rule 17: ON CONFLICT, too, is 40001 for what the snapshot may not see.
func TestConflictsWithLargeCommits(t *testing.T) {
	in, acc := largeChanged(t)
	old := []*shardtest.Tx{in.Begin(t, txn.RepeatableRead), in.Begin(t, txn.RepeatableRead)}
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1)))
	commit(t, tx)
	for i, update := range []bool{false, true} {
		r := &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 3, 4, 1), OnConflict: &shard.OnConflict{Update: update}}
		if update {
			r.OnConflict.Set = []shard.Assign{{Column: 2, Expr: shardtest.Int(7)}}
		}
		_, err := old[i].Write(r)
		wantCode(t, err, pgerr.TRSerializationFailure)
	}
}

// Rule 29: who waits for nobody does not wait either for one who has locked the
// table instead of its rows: others could need what he holds elsewhere.
func TestRule29TablesAreTried(t *testing.T) {
	in, acc := ruled(t)
	holder, tx := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	holder.LockTable(0, acc)
	r := shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(1))
	r.Lock.Wait = shard.WaitTry
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := tx.WriteContext(ctx, r)
	wantRefusal(t, err, shard.RefusedLocked)
	h := tx.Header(0)
	h.Statement++
	_, err = in.Service.Read(ctx, &shard.ReadRequest{Header: h, Fragment: shardtest.Fragment(acc), Lock: &shard.RowLock{Strength: shard.LockUpdate, Wait: shard.WaitTry}})
	wantRefusal(t, err, shard.RefusedLocked)
}
