package planner_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// impatient is a context that ends when it has been asked a few times, which
// nobody hears of who does not ask.
type impatient struct {
	context.Context
	left int
}

func (c *impatient) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestEvaluationAsksWhetherToGoOn has statements compute something for a batch
// of rows, here or on a shard: they ask often enough to hear of a cancel in it.
func TestEvaluationAsksWhetherToGoOn(t *testing.T) {
	w := newWorld(t, 1, 1)
	schema(w)
	w.must("INSERT INTO accounts SELECT g, 1, 100, 'name' FROM generate_series(1, 900) g")
	for _, sql := range []string{
		"SELECT sum(length(concat('x', g))) FROM generate_series(1, 900) g",
		"SELECT g FROM generate_series(1, 900) g WHERE length(concat('x', g)) > 10",
		"SELECT g FROM generate_series(1, 900) g ORDER BY concat('x', g) LIMIT 1",
		"SELECT sum(length(concat('x', abalance))) FROM accounts",
		"SELECT aid FROM accounts WHERE length(concat('x', abalance)) > 10",
		"SELECT aid FROM accounts WHERE length(concat('x', abalance)) > 10 FOR UPDATE",
		"UPDATE accounts SET filler = concat('x', abalance)",
		"DELETE FROM accounts WHERE length(concat('x', abalance)) > 10",
	} {
		ctx := &impatient{context.Background(), 20}
		tx := w.manager.Begin(txn.ReadCommitted)
		_, err := w.statement(ctx, tx, sql)
		if !errors.Is(err, context.Canceled) && !pgerr.HasCode(err, pgerr.QueryCanceled) {
			t.Errorf("%s: %v", sql, err)
		}
		tx.Rollback(context.Background())
	}
}
