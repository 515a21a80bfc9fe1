package engine_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// readAt reads account row at a snapshot, 0 for the newest, without drawing another.
func readAt(in *shardtest.Instance, acc *shard.Table, row int64, s txn.Timestamp, level txn.Isolation, point bool) error {
	f := shardtest.Fragment(acc)
	if point {
		f = shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	}
	rows, err := in.Service.Read(context.Background(), &shard.ReadRequest{
		Header: shard.Header{Shard: shard.ID(row % 2), Snapshot: s, Isolation: level}, Fragment: f,
		Values: shard.Values{Params: []types.Datum{types.Int(row)}, Env: types.DefaultEnv()}})
	if err != nil {
		return err
	}
	defer rows.Close()
	_, err = rows.Next(context.Background())
	return err
}

// Rule 12: nothing commits at or below a snapshot that was served without it,
// also one that was served before a restart.
func TestRule12ServedSnapshots(t *testing.T) {
	in, acc := ruled(t)
	for _, restart := range []bool{false, true} {
		drawn, _ := in.Oracle.Commit(t.Context())
		for _, point := range []bool{false, true} {
			served, _ := in.Oracle.Snapshot(t.Context())
			if err := readAt(in, acc, 0, served, txn.RepeatableRead, point); err != nil {
				t.Fatal(err)
			}
			if restart {
				in = in.Restart(t, false)
			}
			tx := in.Begin(t, txn.ReadCommitted)
			write(t, tx, add(acc, 0, 1))
			_, p := in.Log(0)
			out, err := p.Commit(t.Context(), &txn.CommitRequest{Txn: tx.ID(), At: drawn, Shards: tx.Enlist()})
			if err != nil || out.At <= served {
				t.Fatalf("committed at %d (%v), snapshot %d was served", out.At, err, served)
			}
			in.Oracle.Release(served)
		}
	}
}

// Rule 12: nothing commits at or below what has committed, which is what a read
// of the newest takes for its snapshot.
func TestRule12AboveCommits(t *testing.T) {
	in, acc := ruled(t)
	early, _ := in.Oracle.Commit(t.Context())
	first, second := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	write(t, first, add(acc, 0, 1))
	write(t, second, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
	before, err := first.Commit()
	if err != nil {
		t.Fatal(err)
	}
	_, p := in.Log(0)
	after, err := p.Commit(t.Context(), &txn.CommitRequest{Txn: second.ID(), At: early, Shards: second.Enlist()})
	if err != nil || after.At <= before.At {
		t.Fatalf("committed at %d (%v), before it at %d", after.At, err, before.At)
	}
}

// Rule 13: a read of the newest that meets a prepared key is refused; one of
// another key is not.
func TestRule13Newest(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
	commit(t, tx)
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, add(acc, 1, 1))
	out := prepareAll(t, in, tx)
	for _, point := range []bool{false, true} {
		wantRefusal(t, readAt(in, acc, 0, 0, txn.ReadCommitted, point), shard.RefusedNewest)
	}
	if err := readAt(in, acc, 2, 0, txn.ReadCommitted, true); err != nil {
		t.Fatal(err)
	}
	finish(t, in, tx, out)
	if err := readAt(in, acc, 0, 0, txn.ReadCommitted, false); err != nil {
		t.Fatal(err)
	}
}

// Rule 14: a snapshot below the floor is refused, by reads and by writes: for
// a statement's own to be drawn again, for a transaction's with 72000. One that
// is registered keeps the floor down.
func TestRule14Floor(t *testing.T) {
	in, acc := ruled(t)
	lost, _ := in.Oracle.Snapshot(t.Context())
	kept, _ := in.Oracle.Snapshot(t.Context())
	defer in.Oracle.Release(kept)
	change := func() {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		commit(t, tx)
		control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	}
	change()
	for _, point := range []bool{false, true} {
		if err := readAt(in, acc, 0, lost, txn.RepeatableRead, point); err != nil {
			t.Fatal(err)
		}
	}
	in.Oracle.Release(lost)
	change()
	in.Oracle.Release(kept)
	kept, _ = in.Oracle.Snapshot(t.Context())
	change()
	for _, point := range []bool{false, true} {
		wantRefusal(t, readAt(in, acc, 0, lost, txn.ReadCommitted, point), shard.RefusedFloor)
		wantCode(t, readAt(in, acc, 0, lost, txn.RepeatableRead, point), pgerr.SnapshotTooOld)
		if err := readAt(in, acc, 0, kept, txn.RepeatableRead, point); err != nil {
			t.Fatal(err)
		}
	}
	tx := in.Begin(t, txn.RepeatableRead)
	r := tx.Together(add(acc, 0, 1))[0]
	r.Snapshot = lost
	_, err := in.Service.Write(t.Context(), r)
	wantCode(t, err, pgerr.TRSerializationFailure)
}

// Rule 14: the old images die with the process, so a start's floor is the highest
// commit, wherever that was.
func TestRule14FloorOfAStart(t *testing.T) {
	for _, clean := range []bool{false, true} {
		in, acc := ruled(t)
		old, _ := in.Oracle.Snapshot(t.Context())
		defer in.Oracle.Release(old)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		commit(t, tx)
		in = in.Restart(t, clean)
		fresh, _ := in.Oracle.Snapshot(t.Context())
		defer in.Oracle.Release(fresh)
		for _, point := range []bool{false, true} {
			wantRefusal(t, readAt(in, acc, 0, old, txn.ReadCommitted, point), shard.RefusedFloor)
			if err := readAt(in, acc, 0, fresh, txn.ReadCommitted, point); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Rule 14: a statement that reads the newest, and has waited since, is a snapshot
// like others: what has been committed meanwhile keeps its chain, where the
// statement finds it though its read of the file is older.
func TestRule14PinnedMoment(t *testing.T) {
	for _, settled := range []bool{false, true} { // does the file have the table when the statement begins
		in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.SettleEvery = -1 })
		settle := func() {
			for range 2 {
				control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
			}
		}
		if settled {
			settle()
		}
		holder := in.Begin(t, txn.ReadCommitted)
		write(t, holder, lockOnly(acc, 0, shard.WaitTry))
		waiter := in.Begin(t, txn.ReadCommitted)
		ended := make(chan error, 1)
		go func() { // UPDATE … SET note = 'taken'
			_, err := waiter.Write(&shard.WriteRequest{Op: shard.OpUpdate, Table: acc, Find: shardtest.Fragment(acc),
				Set: []shard.Assign{{Column: 3, Expr: &expr.Const{Typed: expr.Typed{T: types.TText, Mod: -1}, Value: types.Text("taken")}}}})
			ended <- err
		}()
		waits(t, in, waiter.ID())
		other := in.Begin(t, txn.ReadCommitted)
		write(t, other, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, 2, 1, 1, "taken"))})
		commit(t, other)
		settle()
		holder.Rollback()
		wantCode(t, <-ended, pgerr.UniqueViolation)
		in.Restart(t, true) // needs every connection back
	}
}

// Rule 15: who has waited for a row looks at what it is now: under READ
// COMMITTED the conditions count again, and the statement begins again when the
// row has been given another key; above it is 40001.
func TestRule15AfterTheLock(t *testing.T) {
	in, acc := ruled(t)
	richer := shardtest.Fragment(acc, shardtest.Condition{Column: 2, Operator: "<", Param: 2})
	grow := func() *shard.WriteRequest { // UPDATE … SET balance = balance + 10 WHERE balance < 5
		return shardtest.AddBalance(richer, types.Null, types.Int(10), types.Int(5))
	}
	move := &shard.WriteRequest{Op: shard.OpMove, Table: acc, Rows: shardtest.Batch(shardtest.Row(acc, types.Int(0)))} // it comes again under another key
	for _, test := range []struct {
		name  string
		level txn.Isolation
		by    *shard.WriteRequest // the other's
		count int64               // rows of the waiter's grow; -1: 40001, -2: it is to begin again
	}{
		{"still", txn.ReadCommitted, add(acc, 0, 1), 1},
		{"no longer", txn.ReadCommitted, add(acc, 0, 8), 0},
		{"moved", txn.ReadCommitted, move, -2},
		{"snapshot", txn.RepeatableRead, add(acc, 0, 1), -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, _ = ruled(t)
			first, waiter := in.Begin(t, txn.ReadCommitted), in.Begin(t, test.level)
			write(t, first, test.by)
			type answer struct {
				reply *shard.WriteReply
				err   error
			}
			done := make(chan answer, 1)
			go func() {
				reply, err := waiter.Write(grow())
				done <- answer{reply, err}
			}()
			waits(t, in, waiter.ID())
			commit(t, first)
			got := <-done
			if test.count == -2 {
				wantRefusal(t, got.err, shard.RefusedMoved)
			} else if test.count < 0 {
				wantCode(t, got.err, pgerr.TRSerializationFailure)
			} else if got.err != nil || got.reply.Count != test.count {
				t.Fatalf("%+v %v, want %d rows", got.reply, got.err, test.count)
			}
			waiter.Rollback()
		})
	}
}

// Rule 15: a read that locks does so too.
func TestRule15LockingReads(t *testing.T) {
	for _, c := range []struct {
		level txn.Isolation
		below int64 // WHERE balance < below
		want  string
		code  pgerr.Code
	}{
		{txn.ReadCommitted, 5, "0|0|2|note 0", ""},
		{txn.ReadCommitted, 2, "", ""},
		{txn.RepeatableRead, 5, "", pgerr.TRSerializationFailure},
	} {
		in, acc := ruled(t)
		holder, waiter := in.Begin(t, txn.ReadCommitted), in.Begin(t, c.level)
		write(t, holder, add(acc, 0, 1))
		type answer struct {
			rows []string
			err  error
		}
		ended := make(chan answer, 1)
		h := waiter.Header(0)
		h.Statement++
		go func() {
			rows, err := waiter.ReadRequest(&shard.ReadRequest{Header: h, Lock: &shard.RowLock{Strength: shard.LockUpdate},
				Fragment: shardtest.Fragment(acc, shardtest.Condition{Column: 2, Operator: "<", Param: 0}),
				Values:   shard.Values{Params: []types.Datum{types.Int(c.below)}}})
			ended <- answer{rows, err}
		}()
		waits(t, in, waiter.ID())
		commit(t, holder)
		switch got := <-ended; {
		case c.code != "":
			wantCode(t, got.err, c.code)
		case got.err != nil || strings.Join(got.rows, " ") != c.want:
			t.Errorf("%q %v, want %q", got.rows, got.err, c.want)
		}
		waiter.Rollback()
	}
}

// Rule 17: a key that the snapshot cannot see is taken all the same.
func TestRule17ConstraintsReadTheNewest(t *testing.T) {
	in, acc := ruled(t)
	old := in.Begin(t, txn.RepeatableRead)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
	commit(t, tx)
	_, err := old.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
	wantCode(t, err, pgerr.UniqueViolation)
	_, err = old.Write(&shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(shardtest.Account(acc, 8, 1, 1, note(2)))})
	wantCode(t, err, pgerr.UniqueViolation)
	for _, update := range []bool{false, true} { // ON CONFLICT has no row to show or to change
		r := &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1), OnConflict: &shard.OnConflict{Update: update}}
		if update {
			r.OnConflict.Set = []shard.Assign{{Column: 2, Expr: shardtest.Int(7)}}
		}
		_, err = old.Write(r)
		wantCode(t, err, pgerr.TRSerializationFailure)
	}
}

// Rule 21: a committed schema change fences its tables durably. An older
// descriptor writes nothing, and reads only what was before the change; while
// the change is prepared, reads that could be after it wait.
func TestRule21Fences(t *testing.T) {
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.Log.SegmentBytes = 1 << 13 })
	before := in.Begin(t, txn.RepeatableRead)
	drawnBefore, _ := in.Oracle.Snapshot(t.Context())
	defer in.Oracle.Release(drawnBefore)
	change := in.Begin(t, txn.ReadCommitted)
	change.LockTable(0, acc)
	out := prepareFor(t, in, change, append([]txn.LogID{metadata}, change.Logs()...),
		txn.Fence{Relation: uint32(acc.Relation), Version: acc.Version + 1})
	for _, point := range []bool{false, true} {
		wantRefusal(t, readAt(in, acc, 0, 0, txn.ReadCommitted, point), shard.RefusedNewest)
		if err := readAt(in, acc, 0, drawnBefore, txn.RepeatableRead, point); err != nil {
			t.Fatal(err)
		}
	}
	in = in.Restart(t, false) // prepared, and still so
	wantRefusal(t, readAt(in, acc, 0, 0, txn.ReadCommitted, false), shard.RefusedNewest)
	_, p := in.Log(0)
	if err := p.Resolve(t.Context(), &txn.ResolveRequest{Txn: change.ID(), Outcome: out}); err != nil {
		t.Fatal(err)
	}
	newer := *acc
	newer.Version++
	fenced := func(in *shardtest.Instance) {
		t.Helper()
		tx := in.Begin(t, txn.ReadCommitted)
		_, err := tx.Write(add(acc, 0, 1))
		wantRefusal(t, err, shard.RefusedVersion)
		for _, point := range []bool{false, true} {
			wantRefusal(t, readAt(in, acc, 0, 0, txn.ReadCommitted, point), shard.RefusedVersion)
			if err := readAt(in, &newer, 0, 0, txn.ReadCommitted, point); err != nil {
				t.Fatal(err)
			}
		}
		write(t, tx, add(&newer, 0, 1))
		tx.Rollback()
	}
	fenced(in)
	if _, err := before.On(in).Read(1, shardtest.Fragment(acc)); err != nil { // the change was not on shard 1
		t.Fatal(err)
	}
	for range 3 {
		in = in.Restart(t, false)
		fenced(in)
		for range 100 { // more than a segment: then the file alone knows
			tx := in.Begin(t, txn.ReadCommitted)
			write(t, tx, add(&newer, 0, 1))
			commit(t, tx)
		}
		if err := in.Service.(*engine.Node).CutLogs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	in = in.Restart(t, true)
	fenced(in)
}

// Rule 21: what was written by an older descriptor neither commits nor
// prepares, even if the lock that should keep the change out does not.
func TestRule21PreparesAreChecked(t *testing.T) {
	for _, both := range []bool{false, true} { // by one log, by two
		in, acc := ruled(t)
		change := in.Begin(t, txn.ReadCommitted)
		other := shardtest.Accounts(2)
		write(t, change, &shard.WriteRequest{Op: shard.OpInsert, Table: other, Rows: rowsOf(other, 0, 1, 1)})
		newer := *acc
		newer.Version++
		old, back, kept := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
		write(t, old, add(acc, 0, 1))
		write(t, kept, lockOnly(acc, 1, shard.WaitTry)) // not where the change is
		write(t, back, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
		if both {
			write(t, old, add(other, 1, 1))
		}
		out := prepareFor(t, in, change, append([]txn.LogID{metadata}, change.Logs()...),
			txn.Fence{Relation: uint32(acc.Relation), Version: newer.Version})
		resolve(t, in, change, out)
		_, err := old.Commit()
		wantRefusal(t, err, shard.RefusedVersion)
		old.Rollback()
		if err := in.Service.Cut(t.Context(), &shard.CutRequest{Header: back.Header(0), From: 1, Sent: 1}); err != nil {
			t.Fatal(err)
		}
		write(t, back, add(&newer, 0, 1)) // what was taken back does not count
		commit(t, back)
		commit(t, kept)
	}
}

// Rule 21: a fence never goes back, whatever comes late.
func TestRule21FencesStay(t *testing.T) {
	in, acc := ruled(t)
	for _, version := range []uint64{acc.Version + 2, acc.Version + 1} {
		change := in.Begin(t, txn.ReadCommitted)
		write(t, change, &shard.WriteRequest{Op: shard.OpInsert, Table: shardtest.Accounts(2), Rows: rowsOf(acc, int64(version), int64(version)+1, 1)})
		resolve(t, in, change, prepareFor(t, in, change, append([]txn.LogID{metadata}, change.Logs()...),
			txn.Fence{Relation: uint32(acc.Relation), Version: version}))
	}
	older := *acc
	older.Version++
	_, err := in.Begin(t, txn.ReadCommitted).Write(add(&older, 0, 1))
	wantRefusal(t, err, shard.RefusedVersion)
}

// Rule 21: the fences of rows that were written through another relation, as a
// change does that moves a table's rows, are those of the table they are now in.
func TestRule21MovedRows(t *testing.T) {
	in, acc := ruled(t)
	moved := *acc
	moved.Relation += 1000
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	commit(t, tx)
	if err := readAt(in, &moved, 0, 0, txn.ReadCommitted, false); err != nil {
		t.Fatal(err)
	}
	change := in.Begin(t, txn.ReadCommitted)
	change.LockTable(0, &moved)
	out := prepareFor(t, in, change, append([]txn.LogID{metadata}, change.Logs()...),
		txn.Fence{Relation: uint32(moved.Relation), Version: moved.Version + 1})
	for _, point := range []bool{false, true} {
		wantRefusal(t, readAt(in, &moved, 0, 0, txn.ReadCommitted, point), shard.RefusedNewest)
	}
	resolve(t, in, change, out)
	wantRefusal(t, readAt(in, &moved, 0, 0, txn.ReadCommitted, false), shard.RefusedVersion)
}

// Rule 21: at a snapshot from before the change, the older descriptor is right.
func TestRule21OldPlansAtOldSnapshots(t *testing.T) {
	in, acc := ruled(t)
	before, _ := in.Oracle.Snapshot(t.Context())
	defer in.Oracle.Release(before)
	change := in.Begin(t, txn.ReadCommitted)
	change.LockTable(0, acc)
	out := prepareFor(t, in, change, append([]txn.LogID{metadata}, change.Logs()...),
		txn.Fence{Relation: uint32(acc.Relation), Version: acc.Version + 1})
	resolve(t, in, change, out)
	after, _ := in.Oracle.Snapshot(t.Context())
	defer in.Oracle.Release(after)
	for _, point := range []bool{false, true} {
		if err := readAt(in, acc, 0, before, txn.ReadCommitted, point); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, readAt(in, acc, 0, after, txn.ReadCommitted, point), shard.RefusedVersion)
	}
}

// Rule 21: a schema change that is taken back, or that changes nothing after
// all, fences nothing.
func TestRule21NothingChanged(t *testing.T) {
	in, acc := ruled(t)
	fence := txn.Fence{Relation: uint32(acc.Relation), Version: acc.Version + 1}
	for _, end := range []func(tx *shardtest.Tx){
		func(tx *shardtest.Tx) { tx.Rollback() },
		func(tx *shardtest.Tx) { commit(t, tx) },
		func(tx *shardtest.Tx) {
			prepareFor(t, in, tx, append([]txn.LogID{metadata}, tx.Logs()...), fence)
			resolve(t, in, tx, txn.Outcome{State: txn.Aborted})
		},
	} {
		change := in.Begin(t, txn.ReadCommitted)
		change.LockTable(0, acc)
		end(change)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		tx.Rollback()
		if err := readAt(in, acc, 0, 0, txn.ReadCommitted, false); err != nil {
			t.Fatal(err)
		}
	}
}

// hooked is an oracle that lets something happen right after it has said which
// snapshots are in use.
type hooked struct {
	*shardtest.Oracle
	next atomic.Pointer[func()]
}

// InUse implements txn.Oracle.
func (o *hooked) InUse(dst []txn.Timestamp) ([]txn.Timestamp, txn.Timestamp) {
	list, known := o.Oracle.InUse(dst)
	if f := o.next.Swap(nil); f != nil {
		(*f)()
	}
	return list, known
}

// Rule 14: what is drawn after the snapshots in use were asked for counts too,
// when versions between them go.
func TestRule14SnapshotsDrawnMeanwhile(t *testing.T) {
	oracle := &hooked{Oracle: shardtest.NewOracle()}
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.Oracle, cfg.SettleEvery = oracle, -1 })
	change := func() {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		commit(t, tx)
	}
	change()
	var s txn.Timestamp
	meanwhile := func() {
		change()
		s, _ = oracle.Snapshot(t.Context())
		change()
	}
	oracle.next.Store(&meanwhile)
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	defer oracle.Release(s)
	h := in.Begin(t, txn.ReadCommitted).Header(0)
	h.Snapshot = s
	rows, err := in.Begin(t, txn.ReadCommitted).ReadRequest(&shard.ReadRequest{Header: h, Fragment: shardtest.Fragment(acc)})
	if err != nil || len(rows) != 1 || rows[0] != "0|0|3|note 0" {
		t.Fatalf("%q %v", rows, err)
	}
}

// Rule 28: chains are ordered by each index of their table.
func TestRule28ChainsByIndex(t *testing.T) {
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.SettleEvery = -1 })
	for _, ix := range acc.Indexes {
		if !in.Service.(*engine.Node).Engines()[0].ChainsByIndex(acc.Physical, ix.ID) {
			t.Errorf("not by %s", ix.Name)
		}
	}
}

// Rule 27: while memory is full, new writes wait and what has written commits.
func TestRule27OnlyNewStatementsWait(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 1, 1)
	cfg.SettleEvery, cfg.MemoryBytes = -1, 4<<10
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	under := in.Begin(t, txn.ReadCommitted)
	write(t, under, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, 10, 1)})
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 100, 200, 1)})
	commit(t, tx)
	stop, cancel := context.WithCancel(t.Context())
	waiter, refused := in.Begin(t, txn.ReadCommitted), make(chan error, 1)
	go func() {
		_, err := waiter.WriteContext(stop, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 300, 301, 1)})
		refused <- err
	}()
	commit(t, under)
	cancel()
	wantCode(t, <-refused, pgerr.QueryCanceled)
	write(t, in.Begin(t, txn.ReadCommitted), settledFirst(t, in, acc))
}

// settledFirst settles, which gives the memory back, and is a write for after it.
func settledFirst(t *testing.T, in *shardtest.Instance, acc *shard.Table) *shard.WriteRequest {
	control(t, in, &shard.ControlRequest{Op: shard.ControlSettle})
	return &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 300, 301, 1)}
}
