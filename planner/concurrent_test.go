package planner_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// raced runs second in a transaction of its own while first's transaction
// holds what it has written, and commits first once second waits for it.
func raced(t *testing.T, level txn.Isolation, first, second string) (out string, w *world, err error) {
	t.Helper()
	w = newWorld(t, 4, 1)
	schema(w)
	w.must("INSERT INTO branches VALUES (1, 10), (2, 20)")
	w.must("INSERT INTO accounts VALUES (1, 1, 100, 'a'), (2, 1, 200, 'b'), (3, 2, 300, 'c')")
	w.must("INSERT INTO people (id, email, name) VALUES (1, 'a@x', 'Ann'), (2, 'b@x', 'Bob')")
	ctx := context.Background()
	holder := w.manager.Begin(txn.ReadCommitted)
	if _, err := w.statement(ctx, holder, first); err != nil {
		t.Fatal(err)
	}
	waiter := w.manager.Begin(level)
	if level != txn.ReadCommitted {
		if _, err := waiter.Snapshot(ctx); err != nil {
			t.Fatal(err)
		}
	}
	type answer struct {
		out string
		err error
	}
	done := make(chan answer, 1)
	go func() {
		out, err := w.statement(ctx, waiter, second)
		if err == nil {
			err = waiter.Commit(ctx)
		} else {
			waiter.Rollback(ctx)
		}
		done <- answer{out, err}
	}()
	for !w.waits(ctx) {
		select {
		case a := <-done:
			t.Fatalf("%s did not wait: %q %v", second, a.out, a.err)
		default:
			runtime.Gosched()
		}
	}
	if err := holder.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	a := <-done
	return a.out, w, a.err
}

// waits reports whether a transaction waits for another on any shard.
func (w *world) waits(ctx context.Context) bool {
	for _, id := range w.Shards(catalog.HomeShards) {
		reply, err := w.node.Control(ctx, &shard.ControlRequest{Header: shard.Header{Shard: id}, Op: shard.ControlTransactions})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, info := range reply.Transactions {
			if len(info.Waiting) > 0 {
				return true
			}
		}
	}
	return false
}

func TestChangedRowsAreLookedAtAgain(t *testing.T) {
	const join = "UPDATE accounts a SET abalance = a.abalance + b.bbalance FROM branches b WHERE a.bid = b.bid AND b.bid = 1 RETURNING a.aid, a.abalance"
	for _, c := range []struct{ name, first, second, want, look, after string }{
		{"update from", "UPDATE accounts SET abalance = 1000 WHERE aid = 1", join + " + 0", "", "SELECT abalance FROM accounts WHERE aid = 1", "1010\n"},
		{"moved out of the join", "UPDATE accounts SET bid = 2 WHERE aid = 1", join, "2|210\nUPDATE 1\n", "SELECT abalance FROM accounts WHERE aid = 1", "100\n"},
		{"one trip", "UPDATE accounts SET abalance = 1000 WHERE aid = 1", "UPDATE accounts SET abalance = abalance + 1 WHERE aid = 1 RETURNING abalance", "1001\nUPDATE 1\n", "SELECT abalance FROM accounts WHERE aid = 1", "1001\n"},
		{"deleted", "DELETE FROM accounts WHERE aid = 1", join, "2|210\nUPDATE 1\n", "SELECT count(*) FROM accounts", "2\n"},
		{"delete using", "UPDATE accounts SET bid = 2 WHERE aid = 1", "DELETE FROM accounts a USING branches b WHERE a.bid = b.bid AND b.bid = 1 RETURNING aid", "2\nDELETE 1\n", "SELECT count(*) FROM accounts", "2\n"},
		{"new key", "UPDATE accounts SET abalance = 7 WHERE aid = 1", "UPDATE accounts SET aid = 50 WHERE aid = 1 RETURNING aid, abalance", "50|7\nUPDATE 1\n", "SELECT abalance FROM accounts WHERE aid = 50", "7\n"},
		{"unique index elsewhere", "UPDATE people SET name = 'Anna' WHERE id = 1", "UPDATE people SET email = email || '!' WHERE id = 1 RETURNING name, email", "Anna|a@x!\nUPDATE 1\n", "SELECT name FROM people WHERE email = 'a@x!'", "Anna\n"},
		{"locks of a join", "UPDATE accounts SET abalance = 5 WHERE aid = 1", "SELECT a.abalance FROM accounts a JOIN branches b USING (bid) WHERE a.aid = 1 FOR UPDATE OF a", "5\n", "SELECT 1", "1\n"},
		{"lock of a row", "UPDATE accounts SET abalance = 5 WHERE aid = 1", "SELECT abalance FROM accounts WHERE aid = 1 FOR UPDATE", "5\n", "SELECT 1", "1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, w, err := raced(t, txn.ReadCommitted, c.first, c.second)
			if err != nil {
				t.Fatal(err)
			}
			if c.want != "" && out != c.want {
				t.Errorf("answer %q, want %q", out, c.want)
			}
			if after := w.must(c.look); after != c.after {
				t.Errorf("%s: %q, want %q", c.look, after, c.after)
			}
		})
	}
}

func TestConcurrentInsertsOfOneValue(t *testing.T) {
	const insert = "INSERT INTO people (id, email, name) VALUES (10, 'new@x', 'N')"
	_, _, err := raced(t, txn.ReadCommitted, insert, "INSERT INTO people (id, email, name) VALUES (11, 'new@x', 'M')")
	if !pgerr.HasCode(err, pgerr.UniqueViolation) {
		t.Errorf("second insert of a value: %v", err)
	}
	if e := pgerr.From(err); e.Message != `duplicate key value violates unique constraint "people_email_key"` ||
		e.Detail != "Key (email)=(new@x) already exists." || e.Table != "people" || e.Constraint != "people_email_key" || e.Schema != "public" {
		t.Errorf("error %+v", e)
	}
	out, w, err := raced(t, txn.ReadCommitted, insert,
		"INSERT INTO people (id, email, name) VALUES (11, 'new@x', 'M') ON CONFLICT (email) DO UPDATE SET name = people.name || excluded.name RETURNING id, name")
	if err != nil || out != "10|NM\nINSERT 1\n" {
		t.Errorf("upsert: %q %v", out, err)
	}
	out, _, err = raced(t, txn.ReadCommitted, insert,
		"INSERT INTO people (id, email, name) VALUES (11, 'new@x', 'M') ON CONFLICT (email) DO UPDATE SET id = excluded.id, email = 'other@x' RETURNING id, email, name")
	if err != nil || out != "11|other@x|N\nINSERT 1\n" {
		t.Errorf("upsert of the key: %q %v", out, err)
	}
	if out := w.must("SELECT count(*) FROM people WHERE id >= 10"); out != "1\n" {
		t.Errorf("rows: %q", out)
	}
}

func TestRepeatableReadFailsOnChangedRows(t *testing.T) {
	for _, second := range []string{
		"UPDATE accounts SET abalance = abalance + 1 WHERE aid = 1",
		"UPDATE accounts a SET abalance = a.abalance + b.bbalance FROM branches b WHERE a.bid = b.bid AND a.aid = 1",
		"SELECT abalance FROM accounts WHERE aid = 1 FOR UPDATE",
		"DELETE FROM accounts USING branches b WHERE accounts.bid = b.bid AND aid = 1",
	} {
		_, _, err := raced(t, txn.RepeatableRead, "UPDATE accounts SET abalance = 1000 WHERE aid = 1", second)
		if !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
			t.Errorf("%s: %v", second, err)
		}
	}
}

// TestConflictingInsertsRace has an upsert meet what another transaction does
// to the row in its way.
func TestConflictingInsertsRace(t *testing.T) {
	const upsert = "INSERT INTO people (id, email, name) VALUES (11, 'a@x', 'M') ON CONFLICT (email) DO UPDATE SET name = people.name || excluded.name RETURNING id, name"
	for _, c := range []struct{ name, first, second, want, after string }{
		{"deleted", "DELETE FROM people WHERE id = 1", upsert, "11|M\nINSERT 1\n", "2|Bob\n11|M\n"},
		{"updated", "UPDATE people SET name = 'Anna' WHERE id = 1", upsert, "1|AnnaM\nINSERT 1\n", "1|AnnaM\n2|Bob\n"},
		{"another value", "UPDATE people SET email = 'c@x' WHERE id = 1", upsert, "11|M\nINSERT 1\n", "1|Ann\n2|Bob\n11|M\n"},
		{"another key", "UPDATE people SET id = 5 WHERE id = 1", upsert, "5|AnnM\nINSERT 1\n", "2|Bob\n5|AnnM\n"},
		{"locked", "SELECT 1 FROM people WHERE id = 1 FOR UPDATE", upsert, "1|AnnM\nINSERT 1\n", "1|AnnM\n2|Bob\n"},
		{"no longer to change", "UPDATE people SET name = 'Zoe' WHERE id = 1", upsert[:len(upsert)-len("RETURNING id, name")] + "WHERE people.name = 'Ann'", "INSERT 0\n", "1|Zoe\n2|Bob\n"},
		{"inserted, nothing to do", "INSERT INTO people (id, email, name) VALUES (10, 'n@x', 'N')",
			"INSERT INTO people (id, email, name) VALUES (11, 'n@x', 'M'), (12, 'o@x', 'O') ON CONFLICT DO NOTHING RETURNING id", "12\nINSERT 1\n", "1|Ann\n2|Bob\n10|N\n12|O\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, w, err := raced(t, txn.ReadCommitted, c.first, c.second)
			if err != nil {
				t.Fatal(err)
			}
			if out != c.want {
				t.Errorf("answer %q, want %q", out, c.want)
			}
			if after := w.must("SELECT id, name FROM people ORDER BY id"); after != c.after {
				t.Errorf("then %q, want %q", after, c.after)
			}
		})
	}
}

// TestDoNothingLocksNothing: a row that was left out is nobody's to wait for.
func TestDoNothingLocksNothing(t *testing.T) {
	for _, target := range []string{"", "(id)", "(email)"} {
		w := newWorld(t, 4, 1)
		schema(w)
		w.must("INSERT INTO people (id, email, name) VALUES (1, 'a@x', 'Ann')")
		insert := "INSERT INTO people (id, email, name) VALUES (1, 'a@x', 'M') ON CONFLICT " + target + " DO NOTHING"
		ctx := context.Background()
		holder := w.manager.Begin(txn.ReadCommitted)
		if _, err := w.statement(ctx, holder, insert); err != nil {
			t.Fatal(err)
		}
		if out := w.must(insert); out != "INSERT 0\n" {
			t.Errorf("ON CONFLICT %s: %q", target, out)
		}
		w.must("UPDATE people SET email = 'b@x' WHERE id = 1")
		holder.Rollback(ctx)
	}
}

// TestMergeMeetsChangedRows: what another transaction has done to a row decides
// anew which action is taken (the answers are PostgreSQL's).
func TestMergeMeetsChangedRows(t *testing.T) {
	const (
		on     = "MERGE INTO accounts a USING branches b ON a.bid = b.bid AND b.bid = 2 "
		add    = " WHEN NOT MATCHED THEN INSERT (aid, bid, abalance) VALUES (100 + b.bid, b.bid, b.bbalance)"
		choose = on + "WHEN MATCHED AND a.abalance < 0 THEN DELETE WHEN MATCHED AND a.abalance > 500 THEN UPDATE SET abalance = a.abalance + 1" +
			" WHEN MATCHED THEN UPDATE SET abalance = a.abalance + b.bbalance" + add
		one  = on + "WHEN MATCHED AND a.abalance = 300 THEN DELETE" + add
		keys = on + "WHEN MATCHED THEN UPDATE SET aid = a.aid + 10"
	)
	for _, c := range []struct{ name, first, second, want, after string }{
		{"another action", "UPDATE accounts SET abalance = 1000 WHERE aid = 3", choose, "MERGE 2\n", "1|1|100\n2|1|200\n3|2|1001\n101|1|10\n"},
		{"to delete now", "UPDATE accounts SET abalance = -1 WHERE aid = 3", choose, "MERGE 2\n", "1|1|100\n2|1|200\n101|1|10\n"},
		{"no action", "UPDATE accounts SET abalance = 1000 WHERE aid = 3", one, "MERGE 1\n", "1|1|100\n2|1|200\n3|2|1000\n101|1|10\n"},
		{"moved out of the join", "UPDATE accounts SET bid = 1 WHERE aid = 3", choose, "MERGE 2\n", "1|1|100\n2|1|200\n3|1|300\n101|1|10\n102|2|20\n"},
		{"moved, to delete", "UPDATE accounts SET bid = 1 WHERE aid = 3", one, "MERGE 2\n", "1|1|100\n2|1|200\n3|1|300\n101|1|10\n102|2|20\n"},
		{"deleted", "DELETE FROM accounts WHERE aid = 3", choose, "MERGE 2\n", "1|1|100\n2|1|200\n101|1|10\n102|2|20\n"},
		{"deleted, to delete", "DELETE FROM accounts WHERE aid = 3", one, "MERGE 2\n", "1|1|100\n2|1|200\n101|1|10\n102|2|20\n"},
		{"deleted, nothing else to do", "DELETE FROM accounts WHERE aid = 3", keys, "MERGE 0\n", "1|1|100\n2|1|200\n"},
		{"new key", "UPDATE accounts SET abalance = 7 WHERE aid = 3", keys, "MERGE 1\n", "1|1|100\n2|1|200\n13|2|7\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, w, err := raced(t, txn.ReadCommitted, c.first, c.second)
			if err != nil {
				t.Fatal(err)
			}
			if out != c.want {
				t.Errorf("answer %q, want %q", out, c.want)
			}
			if after := w.must("SELECT aid, bid, abalance FROM accounts ORDER BY aid"); after != c.after {
				t.Errorf("then %q, want %q", after, c.after)
			}
			if _, _, err := raced(t, txn.RepeatableRead, c.first, c.second); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
				t.Errorf("repeatable read: %v", err)
			}
		})
	}
	_, _, err := raced(t, txn.ReadCommitted, "INSERT INTO accounts VALUES (9, 7, 7)",
		"MERGE INTO accounts a USING (VALUES (9)) v(x) ON a.aid = v.x WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (aid) VALUES (x)")
	if !pgerr.HasCode(err, pgerr.UniqueViolation) {
		t.Errorf("two inserts of a key: %v", err)
	}
}
