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

// waiting makes a statement of tx wait for a lock that holder has on shard 0.
func waiting(t *testing.T, in *shardtest.Instance, tx, holder *shardtest.Tx, acc *shard.Table) (statement txn.Statement, ended chan error) {
	t.Helper()
	write(t, holder, lockOnly(acc, 0, shard.WaitTry))
	r := tx.Together(add(acc, 0, 1))[0]
	ended = make(chan error, 1)
	go func() {
		_, err := in.Service.Write(context.Background(), r)
		ended <- err
	}()
	waits(t, in, tx.ID())
	return r.Statement, ended
}

// Rule 10: a cut stops the statement that is writing, if that is to go; one
// that was sent later goes on.
func TestRule10CutStopsStatements(t *testing.T) {
	for _, later := range []bool{false, true} {
		in, acc := ruled(t)
		tx, holder := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
		statement, ended := waiting(t, in, tx, holder, acc)
		cut := &shard.CutRequest{Header: tx.Header(0), From: 1, Sent: statement}
		if later {
			cut.Sent--
		}
		within, cancel := context.WithTimeout(t.Context(), time.Minute)
		ctx, done := &stalled{Context: within, there: make(chan struct{}), goOn: make(chan struct{})}, make(chan error, 1)
		go func() { done <- in.Service.Cut(ctx, cut) }()
		<-ctx.there
		close(ctx.goOn)
		if later {
			holder.Rollback()
		} else {
			defer holder.Rollback()
		}
		var err error
		select {
		case err = <-ended:
		case <-time.After(20 * time.Second): // only without the rule
			t.Fatal("the statement goes on waiting")
		}
		if later && err != nil || !later && !pgerr.HasCode(err, pgerr.QueryCanceled) {
			t.Errorf("sent later %t: %v", later, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		cancel()
	}
}

// Rule 10: a cut that comes when the transaction prepares, or later, changes
// nothing: neither the write set nor what lies in the shard's file.
func TestRule10CutOfPrepared(t *testing.T) {
	for _, meanwhile := range []bool{false, true} {
		in, acc := ruled(t)
		loaded := loadTable()
		loaded.Physical, loaded.Relation = 9, 16999
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		write(t, tx, loadRequest(loaded, 0, 0, 10, 1))
		ctx, done := &stalled{Context: t.Context(), there: make(chan struct{}), goOn: make(chan struct{})}, make(chan error, 1)
		cut := func() { done <- in.Service.Cut(ctx, &shard.CutRequest{Header: tx.Header(0), From: 1, Sent: 2}) }
		if meanwhile {
			go cut()
			<-ctx.there
		}
		out := prepareFor(t, in, tx, append([]txn.LogID{metadata}, tx.Logs()...))
		close(ctx.goOn)
		if !meanwhile {
			go cut()
		}
		wantCode(t, <-done, pgerr.TRSerializationFailure)
		resolve(t, in, tx, out)
		other := in.Begin(t, txn.ReadCommitted)
		if got := count(t, other, 0, shardtest.Fragment(loaded)); got != 10 {
			t.Errorf("%d rows of 10 are in the file", got)
		}
		if rows, err := other.Read(0, byKey(acc), types.Int(0)); err != nil || rows[0] != "0|0|2|note 0" {
			t.Errorf("%q %v", rows, err)
		}
	}
}

// Rule 10: nothing commits or prepares beside a statement that is running.
func TestRule10RunningStatements(t *testing.T) {
	for _, both := range []bool{false, true} { // by one log, by two
		in, acc := ruled(t)
		tx, holder := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
		if both {
			write(t, tx, add(acc, 1, 1))
		}
		_, ended := waiting(t, in, tx, holder, acc)
		_, err := tx.Commit()
		wantRefusal(t, err, shard.RefusedRestart)
		holder.Rollback()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		tx.Rollback()
	}
}
