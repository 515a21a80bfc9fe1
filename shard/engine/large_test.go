package engine_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// smallSets is a node whose write sets hold a few dozen rows in memory.
func smallSets(t *testing.T, shards, logs int) *shardtest.Instance {
	cfg := config(t.TempDir(), shardtest.NewOracle(), shards, logs)
	cfg.WriteSetBytes = 16 << 10
	return open(t, cfg)
}

func note(i int64) string { return fmt.Sprintf("note %d", i) }

// rowsOf are accounts from, from+step, …
func rowsOf(acc *shard.Table, from, to, step int64) *shard.Batch {
	var rows [][]byte
	for i := from; i < to; i += step {
		rows = append(rows, shardtest.Account(acc, i, i%7, 1, note(i)))
	}
	return shardtest.Batch(rows...)
}

func count(t *testing.T, tx *shardtest.Tx, id shard.ID, f *shard.Fragment, params ...types.Datum) int {
	t.Helper()
	rows, err := tx.Read(id, f, params...)
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}

// write runs a write that must not fail.
func write(t *testing.T, tx *shardtest.Tx, r *shard.WriteRequest) *shard.WriteReply {
	t.Helper()
	reply, err := tx.Write(r)
	if err != nil {
		t.Fatalf("%v (%s)", err, pgerr.From(err).Detail)
	}
	return reply
}

// TestLargeWriteSet does with a write set that lies in files what can be done
// with one in memory.
func TestLargeWriteSet(t *testing.T) {
	const n = 2000
	in := smallSets(t, 1, 1)
	acc := shardtest.Accounts(1)
	all := shardtest.Fragment(acc)
	byID := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	byBranch := shardtest.Fragment(acc, shardtest.Condition{Column: 1, Operator: "=", Param: 0})

	settled := in.Begin(t, txn.ReadCommitted)
	write(t, settled, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, n, n+10, 1)})
	if _, err := settled.Commit(); err != nil {
		t.Fatal(err)
	}
	old := in.Begin(t, txn.RepeatableRead)

	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 1, n, 2)})
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, n, 2)})
	if got := count(t, tx, 0, all); got != n+10 {
		t.Fatalf("the transaction sees %d of its rows", got)
	}
	if got := count(t, tx, 0, byBranch, types.Int(3)); got != (n+10+3)/7 {
		t.Fatalf("%d rows of branch 3", got)
	}
	if got, err := tx.Read(0, byID, types.Int(77)); err != nil || len(got) != 1 || got[0] != "77|0|1|note 77" {
		t.Fatalf("row 77 is %q: %v", got, err)
	}
	_, err := tx.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 5, 6, 1)})
	if !pgerr.HasCode(err, pgerr.UniqueViolation) {
		t.Fatalf("a key twice: %v", err)
	}
	_, err = tx.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, 99999, 1, 1, note(5)))})
	if e := pgerr.From(err); e == nil || e.Constraint != "accounts_note_key" {
		t.Fatalf("a value twice: %v", err)
	}
	// Every row twice more, one of the statements taken back.
	for i := range 2 {
		r := shardtest.AddBalance(all, types.Null, types.Int(10))
		if reply := write(t, tx, r); reply.Count != n+10 {
			t.Fatalf("%d rows updated", reply.Count)
		}
		if i == 1 {
			if err := in.Service.Cut(t.Context(), &shard.CutRequest{Header: r.Header, From: r.Statement, Sent: r.Statement}); err != nil {
				t.Fatal(err)
			}
		}
	}
	del := &shard.WriteRequest{Op: shard.OpDelete, Table: acc, Find: byBranch, Values: shard.Values{Params: []types.Datum{types.Int(0)}}}
	gone := write(t, tx, del).Count
	check := func(tx *shardtest.Tx) {
		t.Helper()
		rows, err := tx.Read(0, shardtest.Ordered(all, 0, false))
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(rows)) != n+10-gone {
			t.Fatalf("%d rows, want %d", len(rows), n+10-gone)
		}
		for _, row := range rows {
			var id, branch, balance int64
			fmt.Sscanf(row, "%d|%d|%d|", &id, &branch, &balance)
			if balance != 11 || branch == 0 {
				t.Fatalf("row %q", row)
			}
		}
	}
	check(tx)
	if got := count(t, in.Begin(t, txn.RepeatableRead), 0, all); got != 10 {
		t.Fatalf("others see %d rows before the commit", got)
	}
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	check(in.Begin(t, txn.ReadCommitted))
	if _, err := old.Read(0, all); !pgerr.HasCode(err, pgerr.SnapshotTooOld) {
		t.Fatalf("an older snapshot: %v", err)
	}
	stats, err := in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlStats, Table: acc})
	if err != nil || stats.Rows != n+10-gone {
		t.Fatalf("%+v, %v", stats, err)
	}
	in = in.Restart(t, false)
	check(in.Begin(t, txn.ReadCommitted))
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, shardtest.AddBalance(byID, types.Int(1), types.Int(0)))
	if _, err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	in = in.Restart(t, true)
	check(in.Begin(t, txn.ReadCommitted))
}

// TestLargeWriteSetInDoubt crashes between prepare and resolve of one.
func TestLargeWriteSetInDoubt(t *testing.T) {
	for _, decide := range []bool{false, true} {
		t.Run(fmt.Sprint(decide), func(t *testing.T) {
			in := smallSets(t, 2, 2)
			acc := shardtest.Accounts(1)
			tx := in.Begin(t, txn.ReadCommitted)
			for id := range shard.ID(2) {
				write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, 500, 1)})
			}
			at, err := in.Oracle.Commit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			logs, out := tx.Logs(), txn.Outcome{State: txn.Committed}
			for _, l := range logs {
				p, err := tx.PrepareAt(l, logs, at)
				if err != nil {
					t.Fatal(err)
				}
				out.At = max(out.At, p.At)
			}
			want := 0
			if decide {
				_, home := in.Log(0)
				if _, err := home.Decide(t.Context(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out}); err != nil {
					t.Fatal(err)
				}
				want = 500
			}
			in = in.Restart(t, false)
			for id := range shard.ID(2) {
				if got := count(t, in.Begin(t, txn.RepeatableRead), id, shardtest.Fragment(acc)); got != want {
					t.Fatalf("%d rows on shard %d, want %d", got, id, want)
				}
			}
		})
	}
}

// TestLargeWriteSetOutlivesCuts: its side file goes with the copies of its
// prepare that cuts of the log leave behind them.
func TestLargeWriteSetOutlivesCuts(t *testing.T) {
	const n = 700
	for _, setBytes := range []int64{16 << 10, 16 << 20} { // as runs, or for the size of its record
		cfg := config(t.TempDir(), shardtest.NewOracle(), 2, 2)
		cfg.WriteSetBytes, cfg.Log.SegmentBytes = setBytes, 64<<10
		in := open(t, cfg)
		acc := shardtest.Accounts(1)
		tx := in.Begin(t, txn.ReadCommitted)
		for id := range shard.ID(2) {
			write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, n, 1)})
		}
		out := prepareFor(t, in, tx, append([]txn.LogID{metadata}, tx.Logs()...))
		other := shardtest.Accounts(2)
		for i := range int64(2) {
			for round := range int64(2) { // more than a segment each
				more := in.Begin(t, txn.ReadCommitted)
				r := &shard.WriteRequest{Header: shard.Header{Shard: shard.ID(i)}, Op: shard.OpInsert, Table: other}
				for k := range int64(12) {
					r.Rows = shardtest.Batch(shardtest.Account(other, 2*(12*round+k)+i, 0, 1, fmt.Sprint(12*round+k, strings.Repeat("x", 9000))))
					write(t, more, r)
				}
				commit(t, more)
			}
		}
		for range 2 {
			if err := in.Service.(*engine.Node).CutLogs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		in = in.Restart(t, false)
		resolve(t, in, tx, out)
		for id := range shard.ID(2) {
			if got := count(t, in.Begin(t, txn.ReadCommitted), id, shardtest.Fragment(acc)); got != n {
				t.Errorf("sets of %d bytes: %d rows of %d on shard %d", setBytes, got, n, id)
			}
		}
	}
}

// TestLargeWriteSetIsNoted: what went straight into SQLite is noted there
// without another commit's help, so that a start does not do it again.
func TestLargeWriteSetIsNoted(t *testing.T) {
	for _, logs := range []int{1, 2} {
		in := smallSets(t, 2, logs)
		acc := shardtest.Accounts(1)
		tx := in.Begin(t, txn.ReadCommitted)
		for id := range shard.ID(2) {
			write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, int64(id), 2000, 2)})
		}
		commit(t, tx)
		for _, e := range in.Service.(*engine.Node).Engines() {
			for deadline := time.Now().Add(10 * time.Second); e.Behind() > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d logs: the shard is %d commands behind its log", logs, e.Behind())
				}
			}
		}
	}
}

// TestLargeWriteSetAfterCut: the record of a commit outlives its side files in
// the log's last segment, whether they were written commit by commit or as runs.
func TestLargeWriteSetAfterCut(t *testing.T) {
	for _, setBytes := range []int64{16 << 10, 16 << 20} {
		for _, clean := range []bool{true, false} {
			cfg := config(t.TempDir(), shardtest.NewOracle(), 2, 1)
			cfg.WriteSetBytes, cfg.Log.SegmentBytes = setBytes, 128<<10
			in := open(t, cfg)
			acc := shardtest.Accounts(1)
			tx := in.Begin(t, txn.ReadCommitted)
			for id := range shard.ID(2) {
				write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, int64(id), 4000, 2)})
			}
			commit(t, tx)
			if err := in.Service.(*engine.Node).CutLogs(t.Context()); err != nil {
				t.Fatal(err)
			}
			if files, _ := filepath.Glob(filepath.Join(cfg.Dir, "log", "0", "*.side")); len(files) > 0 {
				t.Errorf("sets of %d bytes: %q are left", setBytes, files)
			}
			in = in.Restart(t, clean)
			read := in.Begin(t, txn.ReadCommitted)
			if got := count(t, read, 0, shardtest.Fragment(acc)); got != 2000 {
				t.Errorf("sets of %d bytes, clean stop %v: %d rows of 2000", setBytes, clean, got)
			}
		}
	}
}

// TestRowsAreCountedOnce: a start that applies a command again, of which the
// file has the rows but not the log position, does not count them twice.
func TestRowsAreCountedOnce(t *testing.T) {
	const n = 2000
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.WriteSetBytes, cfg.SettleEvery = 16<<10, -1
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	// Not the first rows of the table, which would go straight in.
	for _, batch := range []*shard.Batch{rowsOf(acc, n, n+1, 1), rowsOf(acc, 0, n, 1)} {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: batch})
		commit(t, tx)
		if batch.Count == 1 {
			control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
		}
	}
	for range 3 {
		reply, err := in.Service.Control(t.Context(), &shard.ControlRequest{Op: shard.ControlStats, Table: acc})
		if err != nil || reply.Rows != n+1 {
			t.Fatalf("%d rows counted, want %d (%v)", reply.Rows, n+1, err)
		}
		in = in.Restart(t, false)
	}
}
