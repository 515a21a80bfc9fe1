package engine_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// The tests of this file and of rules_read_test.go are the rules of docs/rules.md
// that a model of one package cannot show, by number.

// ruled is a node of two shards with a log each, and accounts 0 and 1 on them.
func ruled(t *testing.T) (*shardtest.Instance, *shard.Table) {
	return ruledBy(t, func(*engine.Config) {})
}

func ruledBy(t *testing.T, change func(*engine.Config)) (*shardtest.Instance, *shard.Table) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 2, 2)
	change(&cfg)
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	for id := range shard.ID(2) {
		write(t, tx, at(id, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, int64(id), int64(id)+1, 1)}))
	}
	commit(t, tx)
	return in, acc
}

// ruledOnFailingLogs is ruled by logs whose syncs fail from when failing is set.
func ruledOnFailingLogs(t *testing.T) (in *shardtest.Instance, acc *shard.Table, failing *atomic.Bool) {
	failing = new(atomic.Bool)
	fs := vfs.Inject(vfs.OS{}, func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && failing.Load() && strings.Contains(op.Name, "/log/") {
			return errors.New("the disk is gone")
		}
		return nil
	})
	in, acc = ruledBy(t, func(cfg *engine.Config) { cfg.FS, cfg.Fatal, cfg.SettleEvery = fs, func(error) {}, -1 })
	return in, acc, failing
}

func at(id shard.ID, r *shard.WriteRequest) *shard.WriteRequest {
	r.Shard = id
	return r
}

func add(acc *shard.Table, row, by int64) *shard.WriteRequest {
	f := shardtest.Fragment(acc, shardtest.Condition{Column: 0, Operator: "=", Param: 0})
	return at(shard.ID(row%2), shardtest.AddBalance(f, types.Int(row), types.Int(by)))
}

func lockOnly(acc *shard.Table, row int64, wait shard.LockWait) *shard.WriteRequest {
	key := types.TInt4.Store(-1, types.Int(row)).AppendPacked(nil)
	return at(shard.ID(row%2), &shard.WriteRequest{Op: shard.OpLock, Table: acc, Rows: shardtest.Batch(key),
		Lock: shard.RowLock{Strength: shard.LockUpdate, Wait: wait}})
}

// prepareAll prepares a transaction everywhere and returns what it may commit at.
func prepareAll(t *testing.T, in *shardtest.Instance, tx *shardtest.Tx) txn.Outcome {
	t.Helper()
	return prepareFor(t, in, tx, tx.Logs())
}

// metadata is a home that nobody can ask: what it decides stays in doubt, also
// over a restart, until the test says.
var metadata = txn.LogID{'m'}

func prepareFor(t *testing.T, in *shardtest.Instance, tx *shardtest.Tx, participants []txn.LogID, fences ...txn.Fence) txn.Outcome {
	t.Helper()
	drawn, _ := in.Oracle.Commit(t.Context())
	out := txn.Outcome{State: txn.Committed, At: drawn}
	for _, l := range tx.Logs() {
		p, err := tx.PrepareAt(l, participants, drawn, fences...)
		if err != nil {
			t.Fatal(err)
		}
		out.At = max(out.At, p.At)
	}
	return out
}

// resolve brings an outcome to the logs of both shards.
func resolve(t *testing.T, in *shardtest.Instance, tx *shardtest.Tx, out txn.Outcome) {
	t.Helper()
	for id := range shard.ID(2) {
		_, p := in.Log(id)
		if err := p.Resolve(t.Context(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: out}); err != nil {
			t.Fatal(err)
		}
	}
}

// finish decides and resolves a prepared transaction over the logs of both shards.
func finish(t *testing.T, in *shardtest.Instance, tx *shardtest.Tx, out txn.Outcome) {
	t.Helper()
	for i := range shard.ID(2) {
		id, p := in.Log(i)
		var err error
		if id == tx.Logs()[0] {
			_, err = p.Decide(t.Context(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out})
		} else {
			err = p.Resolve(t.Context(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: out})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func wantCode(t *testing.T, err error, code pgerr.Code) {
	t.Helper()
	if !pgerr.HasCode(err, code) {
		t.Fatalf("%v, want %s", err, code)
	}
}

func wantRefusal(t *testing.T, err error, want shard.RefusalReason) {
	t.Helper()
	if reason, _ := shard.IsRefusal(err); reason != want {
		t.Fatalf("%v, want a refusal for %q", err, want)
	}
}

// Rule 1: a file never notes more of the log than is durable. What nobody waits
// for, as that a decision is forgotten, dies with the process; what gets its
// positions afterwards must not be passed over.
func TestRule1NotedIsDurable(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, add(acc, 1, 1))
	out := prepareAll(t, in, tx)
	finish(t, in, tx, out)
	resolve(t, in, tx, out) // at the home: everybody has it, it is forgotten
	for range 3 {
		for id := range shard.ID(2) {
			control(t, in, &shard.ControlRequest{Header: shard.Header{Shard: id}, Op: shard.ControlSettle})
		}
		in = in.Restart(t, false)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		commit(t, tx)
		in = in.Restart(t, false)
	}
	if rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(acc)); err != nil || rows[0] != "0|0|5|note 0" {
		t.Fatalf("%q %v, want 1 + 1 + 3", rows, err)
	}
}

// stalled is a context that stands still where it is first waited for.
type stalled struct {
	context.Context
	once        sync.Once
	there, goOn chan struct{}
}

// Done implements context.Context.
func (s *stalled) Done() <-chan struct{} {
	s.once.Do(func() {
		close(s.there)
		<-s.goOn
	})
	return s.Context.Done()
}

// Rule 1: a log is cut by the shard that has least of it, whichever that is.
func TestRule1CutByTheLeast(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 2, 1)
	cfg.SettleEvery = -1
	broken := make(chan error, 10)
	cfg.Fatal = func(err error) { broken <- err }
	in := open(t, cfg)
	n, acc := in.Service.(*engine.Node), shardtest.Accounts(1)
	insert := func(id shard.ID, row int64) {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, at(id, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, row, row+1, 1)}))
		commit(t, tx)
	}
	for id := range shard.ID(2) {
		insert(id, int64(id))
	}
	// Shard 1 is being settled, so that whoever cuts waits there, with shard 0 synced.
	release := n.Engines()[1].HoldWriter()
	ctx := &stalled{Context: t.Context(), there: make(chan struct{}), goOn: make(chan struct{})}
	settled, cut := make(chan error, 1), make(chan error, 1)
	go func() { settled <- n.Engines()[1].Settle(ctx) }()
	<-ctx.there
	before := n.Metrics().Settled.Load()
	go func() { cut <- n.CutLogs(t.Context()) }()
	for n.Metrics().Settled.Load() == before {
		runtime.Gosched()
	}
	insert(0, 2)
	release()
	close(ctx.goOn)
	for _, err := range []error{<-settled, <-cut} {
		if err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-broken:
		t.Fatal(err)
	default:
	}
}

// Rule 3: images of a table that is gone are passed over: their transaction
// committed after it was dropped.
func TestRule3DroppedTables(t *testing.T) {
	for _, both := range []bool{false, true} { // by one log, by two
		in, acc := ruled(t)
		other := shardtest.Accounts(2)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: other, Rows: rowsOf(other, 0, 3, 1)})
		if both {
			write(t, tx, add(acc, 1, 1))
		}
		control(t, in, &shard.ControlRequest{Op: shard.ControlDropTable, Physical: other.Physical})
		commit(t, tx)
		for _, clean := range []bool{false, true} {
			in = in.Restart(t, clean)
			if rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(acc)); err != nil || rows[0] != "0|0|2|note 0" {
				t.Fatalf("%q %v", rows, err)
			}
			if rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(other)); err != nil || len(rows) > 0 {
				t.Fatalf("of the dropped table: %q %v", rows, err)
			}
		}
	}
}

// Rule 9: a shard follows the log that it was made with, by the log's UUID.
func TestRule9LogsHaveNames(t *testing.T) {
	cfg := config(t.TempDir(), shardtest.NewOracle(), 2, 2)
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, at(0, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 0, 1, 1)}))
	commit(t, tx)
	if err := in.Service.(*engine.Node).Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cfg.Dir, "log")
	for _, names := range [][2]string{{"0", "x"}, {"1", "0"}, {"x", "1"}} {
		if err := os.Rename(filepath.Join(dir, names[0]), filepath.Join(dir, names[1])); err != nil {
			t.Fatal(err)
		}
	}
	n, err := engine.OpenNode(t.Context(), cfg)
	if err == nil {
		n.Kill()
	}
	wantCode(t, err, pgerr.DataCorrupted)
	if !strings.Contains(pgerr.From(err).Message, "follows another log") {
		t.Errorf("%v", err)
	}
}

// Rule 5: after a crash a prepared transaction has its locks back, also those
// that protect no write, on shards where it wrote nothing.
func TestRule5LocksOfPrepares(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, lockOnly(acc, 1, shard.WaitBlock))
	prepareFor(t, in, tx, append([]txn.LogID{metadata}, tx.Logs()...))
	in = in.Restart(t, false)
	for row := range int64(2) {
		other := in.Begin(t, txn.ReadCommitted)
		_, err := other.Write(lockOnly(acc, row, shard.WaitTry))
		wantRefusal(t, err, shard.RefusedLocked)
	}
	resolve(t, in, tx, txn.Outcome{State: txn.Aborted})
	other := in.Begin(t, txn.ReadCommitted)
	write(t, other, lockOnly(acc, 1, shard.WaitTry))
	other.Rollback()
}

// Rule 6: what does not hold every statement that the coordinator counts, in
// one incarnation, neither commits nor prepares.
func TestRule6NoWriteSetNoPrepare(t *testing.T) {
	for _, both := range []bool{false, true} { // by one log, by two
		in, acc := ruled(t)
		begin := func() *shardtest.Tx {
			tx := in.Begin(t, txn.ReadCommitted)
			write(t, tx, add(acc, 0, 1))
			if both {
				write(t, tx, add(acc, 1, 1))
			}
			return tx
		}
		tx := begin()
		for _, inc := range []txn.Incarnation{0, tx.Enlist(0)[0].Incarnation + 1} {
			e := tx.Enlist(0)[0]
			e.Incarnation = inc
			_, p := in.Log(0)
			_, err := p.Commit(t.Context(), &txn.CommitRequest{Txn: tx.ID(), Shards: []txn.Enlistment{e}})
			wantRefusal(t, err, shard.RefusedRestart)
			_, err = p.Prepare(t.Context(), &txn.PrepareRequest{Txn: tx.ID(), Shards: []txn.Enlistment{e}})
			wantRefusal(t, err, shard.RefusedRestart)
		}
		tx.Miscount(0, 1)
		_, err := tx.Commit()
		wantRefusal(t, err, shard.RefusedRestart)
		tx.Rollback()
		tx = begin()
		in = in.Restart(t, false)
		tx = tx.On(in)
		_, err = tx.Write(add(acc, 0, 1))
		wantRefusal(t, err, shard.RefusedRestart)
		_, err = tx.Commit()
		wantRefusal(t, err, shard.RefusedRestart)
		if rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(acc)); err != nil || rows[0] != "0|0|1|note 0" {
			t.Fatalf("%q %v", rows, err)
		}
	}
}

// Rule 6: a prepare that comes again after the end prepares nothing.
func TestRule6LatePrepare(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, add(acc, 1, 1))
	out := prepareAll(t, in, tx)
	finish(t, in, tx, out)
	drawn, _ := in.Oracle.Commit(t.Context())
	_, err := tx.PrepareAt(tx.Logs()[1], tx.Logs(), drawn)
	wantCode(t, err, pgerr.TRSerializationFailure)
	other := in.Begin(t, txn.ReadCommitted)
	write(t, other, lockOnly(acc, 1, shard.WaitTry))
	other.Rollback()
}

// Rule 7: a home that is asked about an undecided transaction aborts it, durably.
func TestRule7AskingIsAborting(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, add(acc, 1, 1))
	out := prepareAll(t, in, tx)
	_, home := in.Log(0)
	if got, err := home.Ask(t.Context(), tx.ID()); err != nil || got.State != txn.Aborted {
		t.Fatalf("%v %v", got, err)
	}
	in = in.Restart(t, false)
	_, home = in.Log(0)
	if got, err := home.Decide(t.Context(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out}); err != nil || got.State != txn.Aborted {
		t.Fatalf("the second decision won: %v %v", got, err)
	}
	// Before it has prepared, too: the write set goes with the answer.
	tx = in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	if got, err := home.Ask(t.Context(), tx.ID()); err != nil || got.State != txn.Aborted {
		t.Fatalf("%v %v", got, err)
	}
	if _, err := tx.Commit(); err == nil {
		t.Fatal("committed after it was answered that it has aborted")
	}
}

// Rule 10: a cut takes back what its coordinator had sent by then. What it had
// sent and comes later is refused; what it has sent since stays, if the cut
// comes a second time.
func TestRule10LateStatements(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1)) // statement 1
	late := add(acc, 0, 10)
	write(t, tx, add(acc, 0, 100)) // 2
	cut := &shard.CutRequest{Header: tx.Header(0), From: 2, Sent: 4}
	if err := in.Service.Cut(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	late.Header, late.Env = tx.Header(0), types.DefaultEnv()
	late.Statement = 3
	if _, err := in.Service.Write(t.Context(), late); !pgerr.HasCode(err, pgerr.TRSerializationFailure) {
		t.Fatalf("a statement that was taken back before it came: %v", err)
	}
	tx.Skip(2) // 3 and 4 were sent and are lost
	write(t, tx, add(acc, 0, 1000))
	if err := in.Service.Cut(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	other := in.Begin(t, txn.ReadCommitted)
	_, err := other.Write(lockOnly(acc, 0, shard.WaitTry))
	wantRefusal(t, err, shard.RefusedLocked)
	commit(t, tx)
	rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(acc))
	if err != nil || rows[0] != "0|0|1002|note 0" {
		t.Fatalf("%q %v, want 1 + 1 + 1000", rows, err)
	}
}

// Rule 10: nothing is added to what has prepared.
func TestRule10PrepareFreezes(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, add(acc, 1, 1))
	out := prepareAll(t, in, tx)
	_, err := tx.Write(add(acc, 0, 1))
	wantCode(t, err, pgerr.TRSerializationFailure)
	finish(t, in, tx, out)
}

// Rule 11: what a coordinator has not prepared dies with its boot, locks and
// all, and what still comes of it is refused; what it has prepared stays.
func TestRule11DeadCoordinators(t *testing.T) {
	in, acc := ruled(t)
	dead := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: 4, Seq: 1})
	write(t, dead, add(acc, 0, 1))
	inDoubt := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: 4, Seq: 2})
	write(t, inDoubt, add(acc, 1, 1))
	drawn, _ := in.Oracle.Commit(t.Context())
	log1, _ := in.Log(1)
	log0, _ := in.Log(0)
	if _, err := inDoubt.PrepareAt(log1, []txn.LogID{log1, log0}, drawn); err != nil {
		t.Fatal(err)
	}
	next := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: 5, Seq: 1})
	write(t, next, lockOnly(acc, 0, shard.WaitTry)) // the dead one's lock is free
	_, err := next.Write(lockOnly(acc, 1, shard.WaitTry))
	wantRefusal(t, err, shard.RefusedLocked) // that of the prepared one is not
	if _, err := dead.Commit(); err == nil {
		t.Fatal("half a write set could commit")
	}
	straggler := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: 4, Seq: 3})
	_, err = straggler.Write(add(acc, 0, 1))
	wantCode(t, err, pgerr.TRSerializationFailure)
	next.Rollback()
}

// Rule 11: a node that is known to be down, to have been restarted, or to be none
// any more holds no locks but those of what it has prepared.
func TestRule11NodesThatAreGone(t *testing.T) {
	in, acc := ruled(t)
	n := in.Service.(*engine.Node)
	seq := uint64(0)
	free := func(boot uint32, gone func()) {
		t.Helper()
		seq++
		dead := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: boot, Seq: seq})
		write(t, dead, add(acc, 0, 1))
		gone()
		other := in.Begin(t, txn.ReadCommitted)
		write(t, other, lockOnly(acc, 0, shard.WaitTry))
		other.Rollback()
		_, err := dead.Write(add(acc, 0, 1))
		wantCode(t, err, pgerr.TRSerializationFailure)
		if _, err := dead.Commit(); err == nil {
			t.Fatal("a write set that is gone could commit")
		}
	}
	free(4, func() { n.Orphan(9) })
	free(4, func() { n.EndBoots(9, 5) })
	free(5, func() { n.Orphan(9) })
	free(5, func() { n.EndBoots(9, math.MaxUint32) })
	for _, boot := range []uint32{4, 5, 6} {
		straggler := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: boot, Seq: 100})
		_, err := straggler.Write(add(acc, 0, 1))
		wantCode(t, err, pgerr.TRSerializationFailure)
	}
	inDoubt := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 8, Boot: 4, Seq: 2})
	write(t, inDoubt, add(acc, 1, 1))
	drawn, _ := in.Oracle.Commit(t.Context())
	log1, _ := in.Log(1)
	log0, _ := in.Log(0)
	if _, err := inDoubt.PrepareAt(log1, []txn.LogID{log1, log0}, drawn); err != nil {
		t.Fatal(err)
	}
	n.Orphan(8)
	n.EndBoots(8, math.MaxUint32)
	next := in.Begin(t, txn.ReadCommitted)
	_, err := next.Write(lockOnly(acc, 1, shard.WaitTry))
	wantRefusal(t, err, shard.RefusedLocked)
	next.Rollback()
}

// Rule 16: who would not wait for a lock waits for a prepared transaction's.
func TestRule16PreparedLocks(t *testing.T) {
	in, acc := ruled(t)
	for _, wait := range []shard.LockWait{shard.WaitError, shard.WaitSkip} {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		write(t, tx, add(acc, 1, 1))
		out := prepareAll(t, in, tx)
		other := in.Begin(t, txn.ReadCommitted)
		ended := make(chan *shard.WriteReply, 1)
		go func() {
			reply, _ := other.Write(lockOnly(acc, 0, wait))
			ended <- reply
		}()
		waits(t, in, other.ID())
		finish(t, in, tx, out)
		if reply := <-ended; reply == nil || reply.Count != 1 {
			t.Fatalf("%+v", reply)
		}
		other.Rollback()
	}
}

// Rule 16: so it does after a restart.
func TestRule16PreparedLocksOfAStart(t *testing.T) {
	in, acc := ruled(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	write(t, tx, add(acc, 1, 1))
	out := prepareFor(t, in, tx, append([]txn.LogID{metadata}, tx.Logs()...))
	in = in.Restart(t, false)
	other := in.Begin(t, txn.ReadCommitted)
	ended := make(chan error, 1)
	go func() {
		_, err := other.Write(lockOnly(acc, 0, shard.WaitError))
		ended <- err
	}()
	waits(t, in, other.ID())
	resolve(t, in, tx, out)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	other.Rollback()
}

// waits returns when a transaction waits for another's lock on shard 0.
func waits(t *testing.T, in *shardtest.Instance, id txn.ID) {
	t.Helper()
	for {
		reply, err := in.Service.Control(context.Background(), &shard.ControlRequest{Op: shard.ControlTransactions})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range reply.Transactions {
			if x.Txn == id && len(x.Waiting) > 0 {
				return
			}
		}
	}
}

// Rule 19: when the increments above maxRead run into the next timestamp to be
// drawn, another is drawn: no two commits, and no commit and snapshot, share one.
func TestRule19Increments(t *testing.T) {
	for _, rows := range [][]int64{{0}, {0, 1}} { // by one log, by two
		in, acc := ruled(t)
		tx := in.Begin(t, txn.ReadCommitted)
		for _, row := range rows {
			write(t, tx, add(acc, row, 1))
		}
		drawn, _ := in.Oracle.Commit(t.Context())
		runOut(t, in, acc, drawn)
		out, err := tx.CommitThrough()
		if err != nil {
			t.Fatal(err)
		}
		next, _ := in.Oracle.Snapshot(t.Context())
		in.Oracle.Release(next)
		if out.At >= next {
			t.Fatalf("committed at %d, the next snapshot is %d", out.At, next)
		}
	}
}

// Rule 29: of transactions that wait for each other in a circle one is the
// victim, though it waits on several shards at once.
func TestRule29OneVictim(t *testing.T) {
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout = 300 * time.Millisecond })
	a, b := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	write(t, b, add(acc, 0, 1))
	write(t, b, add(acc, 1, 1))
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
	commit(t, tx)
	write(t, a, add(acc, 2, 1))
	// a waits for b on one shard, b for a, and a for b on the other one too: a
	// looks for a circle first, b before a does on the other shard.
	ends := make(chan error, 2)
	parts := a.Together(add(acc, 0, 1), add(acc, 1, 1))
	send := func(r *shard.WriteRequest) {
		_, err := in.Service.Write(context.Background(), r)
		ends <- err
	}
	go send(parts[0])
	waits(t, in, a.ID())
	done := make(chan error, 1)
	go func() {
		_, err := b.Write(add(acc, 2, 1))
		done <- err
	}()
	waits(t, in, b.ID())
	go send(parts[1])
	select {
	case err := <-ends:
		wantCode(t, err, pgerr.TRDeadlockDetected)
		wantCode(t, <-ends, pgerr.TRDeadlockDetected)
		a.Rollback()
		if err := <-done; err != nil {
			t.Fatalf("both were ended: %v", err)
		}
		b.Rollback()
	case err := <-done: // on a slow machine
		wantCode(t, err, pgerr.TRDeadlockDetected)
		b.Rollback()
		for range 2 {
			if err := <-ends; err != nil {
				t.Fatalf("both were ended: %v", err)
			}
		}
		a.Rollback()
	}
}

// Rule 29: a victim waits nowhere any more.
func TestRule29VictimLeavesEverywhere(t *testing.T) {
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout = time.Hour })
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, 2, 3, 1)})
	commit(t, tx)
	a, b := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
	write(t, b, add(acc, 0, 1))
	write(t, b, add(acc, 1, 1))
	write(t, a, add(acc, 2, 1))
	ends, done := make(chan error, 2), make(chan error, 1)
	for _, r := range a.Together(add(acc, 0, 1), add(acc, 1, 1)) {
		go func() {
			_, err := in.Service.Write(context.Background(), r)
			ends <- err
		}()
	}
	go func() {
		_, err := b.Write(add(acc, 2, 1))
		done <- err
	}()
	waits(t, in, b.ID())
	n := in.Service.(*engine.Node)
	for n.Waits(a.ID()) < 2 {
		runtime.Gosched()
	}
	wantCode(t, n.Search(t.Context(), a.ID(), func() {}), pgerr.TRDeadlockDetected)
	if left := n.Waits(a.ID()); left > 0 {
		b.Rollback()
		t.Fatalf("the victim waits on %d shards", left)
	}
	for range 2 {
		wantCode(t, <-ends, pgerr.TRDeadlockDetected)
	}
	a.Rollback()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	b.Rollback()
}

// Rule 29: so it is when both find the circle at the same moment.
func TestRule29BrokenOnce(t *testing.T) {
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout = 5 * time.Millisecond })
	for range 30 {
		txs := [2]*shardtest.Tx{in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)}
		for i, tx := range txs {
			write(t, tx, add(acc, int64(i), 1))
		}
		var ended sync.WaitGroup
		var victims atomic.Int64
		for i, tx := range txs {
			ended.Go(func() {
				if _, err := tx.Write(add(acc, int64(1-i), 1)); err != nil {
					victims.Add(1)
				}
				tx.Rollback()
			})
		}
		ended.Wait()
		if n := victims.Load(); n != 1 {
			t.Fatalf("%d were ended", n)
		}
	}
}

// Rule 29: who may wait with locks in hand takes them in the order of the keys,
// whatever order the rows come in: given, found, or read to be locked.
func TestRule29KeyOrder(t *testing.T) {
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout = time.Hour })
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, &shard.WriteRequest{Op: shard.OpInsert, Table: acc, Rows: shardtest.Batch(
		shardtest.Account(acc, 2, 9, 1, ""), shardtest.Account(acc, 4, 8, 1, ""), shardtest.Account(acc, 6, 7, 1, ""))})
	commit(t, tx)
	falling := shardtest.Ordered(shardtest.Fragment(acc), 0, true)
	key := func(id int64) []byte { return types.TInt4.Store(-1, types.Int(id)).AppendPacked(nil) }
	ordered := shard.RowLock{Strength: shard.LockUpdate, Wait: shard.WaitOrdered}
	for name, run := range map[string]func(ctx context.Context, tx *shardtest.Tx) error{
		"given": func(ctx context.Context, tx *shardtest.Tx) error {
			_, err := tx.WriteContext(ctx, &shard.WriteRequest{Op: shard.OpLock, Table: acc, Rows: shardtest.Batch(key(6), key(4), key(2), key(0)), Lock: ordered})
			return err
		},
		"found": func(ctx context.Context, tx *shardtest.Tx) error {
			r := shardtest.AddBalance(falling, types.Int(0), types.Int(1))
			r.Lock = ordered
			_, err := tx.WriteContext(ctx, r)
			return err
		},
		"read": func(ctx context.Context, tx *shardtest.Tx) error {
			h := tx.Header(0)
			h.Statement++
			rows, err := in.Service.Read(ctx, &shard.ReadRequest{Header: h, Fragment: falling, Lock: &ordered, Values: shard.Values{Env: types.DefaultEnv()}})
			if err == nil {
				rows.Close()
			}
			return err
		},
	} {
		holder, waiter := in.Begin(t, txn.ReadCommitted), in.Begin(t, txn.ReadCommitted)
		write(t, holder, lockOnly(acc, 4, shard.WaitTry))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx, waiter) }()
		waits(t, in, waiter.ID())
		other := in.Begin(t, txn.ReadCommitted)
		for _, row := range []int64{0, 2} {
			if _, err := other.Write(lockOnly(acc, row, shard.WaitTry)); err == nil {
				t.Errorf("%s: row %d is not locked before row 4", name, row)
			}
		}
		if _, err := other.Write(lockOnly(acc, 6, shard.WaitTry)); err != nil {
			t.Errorf("%s: row 6 is locked before row 4", name)
		}
		cancel()
		wantCode(t, <-ended, pgerr.QueryCanceled)
		for _, tx := range []*shardtest.Tx{holder, waiter, other} {
			tx.Rollback()
		}
	}
}

// Rule 29: a row's unique values are locked in the order of the indexes, also
// where ON CONFLICT looks at a later one first; and what is not in the way stays
// free.
func TestRule29ValueOrder(t *testing.T) {
	in, _ := ruledBy(t, func(cfg *engine.Config) { cfg.DeadlockTimeout = time.Hour })
	two := *shardtest.Accounts(7)
	two.Indexes = []shard.Index{
		{ID: 1, Name: "two_branch_key", Columns: []int{1}, Desc: []bool{false}, Unique: true},
		{ID: 2, Name: "two_note_key", Columns: []int{3}, Desc: []bool{false}, Unique: true},
	}
	insert := func(id, branch int64, note string) *shard.WriteRequest {
		return &shard.WriteRequest{Op: shard.OpInsert, Table: &two, Rows: shardtest.Batch(shardtest.Account(&two, id, branch, 1, note))}
	}
	upsert := func(id, branch int64, note string) *shard.WriteRequest {
		r := insert(id, branch, note)
		r.OnConflict = &shard.OnConflict{Arbiters: []int{1}, Update: true, Set: []shard.Assign{{Column: 2, Expr: shardtest.Int(5)}}}
		return r
	}
	try := func(r *shard.WriteRequest) error {
		tx := in.Begin(t, txn.ReadCommitted)
		defer tx.Rollback()
		r.Lock.Wait = shard.WaitTry
		_, err := tx.Write(r)
		return err
	}
	first := in.Begin(t, txn.ReadCommitted)
	write(t, first, insert(1, 10, "a"))
	second := in.Begin(t, txn.ReadCommitted)
	ended := make(chan error, 1)
	go func() {
		_, err := second.Write(upsert(2, 20, "a"))
		ended <- err
	}()
	waits(t, in, second.ID())
	wantRefusal(t, try(insert(3, 20, "b")), shard.RefusedLocked)
	commit(t, first)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := try(insert(3, 20, "b")); err != nil {
		t.Fatalf("the value of a row that was not inserted: %v", err)
	}
	second.Rollback()
}
