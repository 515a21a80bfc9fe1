package planner_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/sqlparse"
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

// TestPlanningAsksWhetherToGoOn: a statement that is long to rewrite and to
// distribute hears of a cancel there, behind all the looks that binding takes.
func TestPlanningAsksWhetherToGoOn(t *testing.T) {
	w := newWorld(t, 1, 1)
	schema(w)
	join := "SELECT count(*) FROM accounts a0"
	for i := 1; i < 60; i++ {
		join += fmt.Sprintf(" JOIN accounts a%d ON a%d.aid = a%d.aid", i, i, i-1)
	}
	var alike []string
	for i := range 3000 {
		alike = append(alike, fmt.Sprintf("abalance = %d", i))
	}
	for name, sql := range map[string]string{
		"values": "VALUES (1)" + strings.Repeat(", (1)", 10_000),
		"or":     "SELECT aid FROM accounts WHERE " + strings.Join(alike, " OR "),
		"unions": "SELECT aid FROM accounts" + strings.Repeat(" UNION ALL SELECT aid FROM accounts", 1000),
		"joins":  join,
	} {
		s, err := sqlparse.ParseQuery(sql)
		if err != nil {
			t.Fatal(err)
		}
		looks := &impatient{context.Background(), math.MaxInt}
		env := w.env()
		env.Interrupted = looks.Err
		if _, err := bind.Statement(env, s, nil); err != nil {
			t.Fatal(err)
		}
		bound := math.MaxInt - looks.left
		looks.left = math.MaxInt
		if _, err := planner.New().Plan(env, s, nil); err != nil {
			t.Fatal(err)
		}
		if all := math.MaxInt - looks.left; all < bound+3 {
			t.Errorf("%s: binding looks %d times, planning %d", name, bound, all)
		}
		looks.left = bound + 2
		if _, err := planner.New().Plan(env, s, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
