package planner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// in runs a statement in an open transaction, and takes it back when it fails.
func (w *world) in(tx *txn.Txn, sql string) (string, error) {
	ctx := context.Background()
	mark := tx.Mark()
	out, err := w.statement(ctx, tx, sql)
	if err != nil {
		if e := tx.RollbackTo(ctx, mark); e != nil {
			w.t.Fatal(e)
		}
	}
	return out, err
}

// held are the ids of q that some transaction has locked.
func (w *world) held() string {
	w.t.Helper()
	tx := w.manager.Begin(txn.ReadCommitted)
	defer tx.Rollback(context.Background())
	free, err := w.in(tx, "SELECT id FROM q FOR UPDATE SKIP LOCKED")
	if err != nil {
		w.t.Fatal(err)
	}
	is := map[string]bool{}
	for _, id := range strings.Fields(free) {
		is[id] = true
	}
	var held []string
	for _, id := range strings.Fields(w.must("SELECT id FROM q ORDER BY id")) {
		if !is[id] {
			held = append(held, id)
		}
	}
	return strings.Join(held, " ")
}

func queue(t *testing.T, shards int) *world {
	t.Helper()
	w := newWorld(t, shards, 1)
	w.table("q", "id int4 key", "st text", "pri int4", "index pri")
	w.must("INSERT INTO q SELECT g, CASE WHEN g <= 2 THEN 'done' ELSE 'new' END, 100 - g FROM generate_series(1, 60) g")
	return w
}

// TestWorkersOfAQueue takes jobs as a second worker does while a first one
// holds the first of them: the rows are the next ones in order, and nothing but
// what is returned is locked.
func TestWorkersOfAQueue(t *testing.T) {
	for _, c := range []struct{ name, sql, first, second, held string }{
		{"by key", "SELECT id FROM q WHERE st = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED", "3", "4", "3 4"},
		{"several", "SELECT id FROM q WHERE st = 'new' ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED", "3 4 5 6 7", "8 9 10 11 12", "3 4 5 6 7 8 9 10 11 12"},
		{"by an index", "SELECT id FROM q ORDER BY pri LIMIT 2 FOR UPDATE SKIP LOCKED", "60 59", "58 57", "57 58 59 60"},
		{"by an expression", "SELECT id FROM q WHERE length(st) = 3 ORDER BY abs(id - 20), id LIMIT 2 FOR UPDATE SKIP LOCKED", "20 19", "21 18", "18 19 20 21"},
		{"offset", "SELECT id FROM q ORDER BY id LIMIT 1 OFFSET 1 FOR UPDATE SKIP LOCKED", "2", "4", "1 2 3 4"},
		{"computed limit", "SELECT id FROM q ORDER BY id LIMIT (SELECT count(*) / 30 FROM q) FOR UPDATE SKIP LOCKED", "1 2", "3 4", "1 2 3 4"},
		{"volatile list", "SELECT id, NULLIF(random(), random() - 2) > 2 FROM q ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED", "1|f", "2|f", "1 2"},
		{"share", "SELECT id FROM q ORDER BY id LIMIT 2 FOR SHARE SKIP LOCKED", "1 2", "1 2", "1 2"},
		{"one row", "SELECT id FROM q WHERE id = 7 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED", "7", "", "7"},
		{"in FROM", "SELECT id + 0 FROM (SELECT id FROM q ORDER BY id FOR UPDATE SKIP LOCKED) s LIMIT 2", "1 2", "3 4", "1 2 3 4"},
		{"join", "SELECT q.id FROM q JOIN (VALUES (5), (6), (7)) v(id) USING (id) ORDER BY q.id LIMIT 1 FOR UPDATE OF q SKIP LOCKED", "5", "6", "5 6"},
		{"update", "UPDATE q SET st = 'taken' WHERE id = (SELECT id FROM q WHERE st = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id", "3 UPDATE 1", "4 UPDATE 1", "3 4"},
		{"delete in", "DELETE FROM q WHERE id IN (SELECT id FROM q ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING 0", "0 0 DELETE 2", "0 0 DELETE 2", "1 2 3 4"},
		{"with", "WITH j AS (SELECT id FROM q ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE q SET st = 't' FROM j WHERE q.id = j.id RETURNING 0", "0 0 UPDATE 2", "0 0 UPDATE 2", "1 2 3 4"},
	} {
		for _, shards := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s/%d", c.name, shards), func(t *testing.T) {
				w := queue(t, shards)
				ctx := context.Background()
				for _, want := range []string{c.first, c.second} {
					tx := w.manager.Begin(txn.ReadCommitted)
					defer tx.Rollback(ctx)
					out, err := w.in(tx, c.sql)
					if got := strings.Join(strings.Fields(out), " "); err != nil || got != want {
						t.Errorf("took %q, want %q (%v)", got, want, err)
					}
				}
				if held := w.held(); held != c.held {
					t.Errorf("locked %q, want %q", held, c.held)
				}
			})
		}
	}
}

// TestLimitWithoutOrderLocksWhatItReturns has no order to check, only how many.
func TestLimitWithoutOrderLocksWhatItReturns(t *testing.T) {
	w := queue(t, 8)
	tx := w.manager.Begin(txn.ReadCommitted)
	defer tx.Rollback(context.Background())
	for taken, sql := range []string{
		"SELECT id FROM q LIMIT 3 FOR UPDATE SKIP LOCKED", "SELECT id FROM q LIMIT 3 FOR NO KEY UPDATE NOWAIT",
	} {
		other := w.manager.Begin(txn.ReadCommitted)
		defer other.Rollback(context.Background())
		out, err := w.in(other, sql)
		if taken == 0 && (err != nil || strings.Count(out, "\n") != 3) {
			t.Errorf("%s: %q %v", sql, out, err)
		}
		if taken == 1 && !pgerr.HasCode(err, pgerr.LockNotAvailable) {
			t.Errorf("%s: %q %v", sql, out, err)
		}
	}
	if held := strings.Fields(w.held()); len(held) != 3 {
		t.Errorf("locked %v", held)
	}
}

// TestLimitGoesOnPastRowsThatChanged waits for a row that does not match any
// more when it is free: another one takes its place.
func TestLimitGoesOnPastRowsThatChanged(t *testing.T) {
	for _, c := range []struct{ name, first, second, want string }{
		{"another instead", "UPDATE accounts SET abalance = 0 WHERE aid = 1", "SELECT aid FROM accounts WHERE abalance > 0 ORDER BY aid LIMIT 2 FOR UPDATE", "2\n3\n"},
		{"deleted", "DELETE FROM accounts WHERE aid = 1", "SELECT aid FROM accounts ORDER BY aid LIMIT 1 FOR UPDATE", "2\n"},
		{"changed", "UPDATE accounts SET abalance = 5 WHERE aid = 1", "SELECT abalance FROM accounts ORDER BY aid LIMIT 1 FOR SHARE", "5\n"},
		{"without order", "UPDATE accounts SET bid = 9", "SELECT bid FROM accounts WHERE bid = 9 OR abalance > 0 LIMIT 1 FOR UPDATE", "9\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _, err := raced(t, txn.ReadCommitted, c.first, c.second)
			if err != nil || out != c.want {
				t.Errorf("answer %q, want %q (%v)", out, c.want, err)
			}
		})
	}
	_, _, err := raced(t, txn.RepeatableRead, "UPDATE accounts SET abalance = 0 WHERE aid = 1", "SELECT aid FROM accounts ORDER BY aid LIMIT 1 FOR UPDATE")
	if !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Errorf("repeatable read: %v", err)
	}
}
