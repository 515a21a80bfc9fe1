package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Rule 29: NOWAIT and SKIP LOCKED do not wait for one who has locked the table
// instead of its many rows: to them all rows are locked, until they are free.
func TestRule29TablesInsteadOfRows(t *testing.T) {
	const n = 20_100
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, at(0, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 2*n, 2)}))
	commit(t, tx)
	holder, tx := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	from := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: ">=", Param: 0})
	write(t, holder, shardtest.AddBalance(from, types.Int(2), types.Int(1)))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	read := func(wait shard.LockWait, below int64) (int, error) {
		t.Helper()
		h := tx.Header(0)
		h.Statement++
		f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "<", Param: 0})
		rows, err := in.Service.Read(ctx, &shard.ReadRequest{Header: h, Fragment: f, Values: shard.Values{Params: []types.Datum{types.Int(below)}},
			Lock: &shard.RowLock{Strength: shard.LockUpdate, Wait: wait}})
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		b, err := rows.Next(ctx)
		if err != nil || b == nil {
			return 0, err
		}
		return b.Count, nil
	}
	_, err := read(shard.WaitError, 5)
	wantCode(t, err, pgerr.LockNotAvailable)
	for _, wait := range []shard.LockWait{shard.WaitError, shard.WaitSkip} {
		if got, err := read(wait, -5); got != 0 || err != nil {
			t.Errorf("where no row is: %d rows, %v", got, err)
		}
	}
	if got, err := read(shard.WaitSkip, 5); got != 0 || err != nil {
		t.Errorf("%d rows not skipped, %v", got, err)
	}
	_, err = tx.WriteContext(ctx, lockOnly(acc, 4, shard.WaitError))
	wantCode(t, err, pgerr.LockNotAvailable)
	reply, err := tx.WriteContext(ctx, lockOnly(acc, 4, shard.WaitSkip))
	if err != nil || len(reply.Skipped) != 1 {
		t.Errorf("%v, %v", reply, err)
	}
	holder.Rollback()
	if got, err := read(shard.WaitError, 5); got != 3 || err != nil {
		t.Errorf("%d rows when all is free, %v", got, err)
	}
}
