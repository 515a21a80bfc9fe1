package engine_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// interrupting is an oracle whose next draw for a commit something is done before.
type interrupting struct {
	*shardtest.Oracle
	before atomic.Pointer[func()]
}

func (o *interrupting) Commit(ctx context.Context) (txn.Timestamp, error) {
	if f := o.before.Swap(nil); f != nil {
		(*f)()
	}
	return o.Oracle.Commit(ctx)
}

// Rule 7: who was told that a transaction has aborted was told the truth,
// though its write sets were frozen already for a prepare, or a commit in one log.
func TestRule7AbortedBeforeTheRecord(t *testing.T) {
	oracle := &interrupting{Oracle: shardtest.NewOracle()}
	in, acc := ruledBy(t, func(cfg *engine.Config) { cfg.Oracle = oracle })
	for _, phases := range []int{1, 2} {
		tx := in.Begin(t, txn.ReadCommitted)
		for row := range int64(phases) {
			write(t, tx, add(acc, row, 1))
		}
		drawn, _ := oracle.Commit(t.Context())
		runOut(t, in, acc, drawn)
		log, home := in.Log(0)
		abort := func() {
			out, err := home.Decide(t.Context(), &txn.DecideRequest{Txn: tx.ID(), Outcome: txn.Outcome{State: txn.Aborted}})
			if err != nil || out.State != txn.Aborted {
				t.Errorf("decided %v %v", out, err)
			}
		}
		oracle.before.Store(&abort)
		var err error
		if phases == 1 {
			_, err = home.Commit(t.Context(), &txn.CommitRequest{Txn: tx.ID(), At: drawn, Shards: tx.Enlist(0)})
		} else {
			_, err = tx.PrepareAt(log, tx.Logs(), drawn)
		}
		if oracle.before.Load() != nil {
			t.Fatal("nothing was drawn anew")
		}
		wantCode(t, err, pgerr.TRSerializationFailure)
		tx.Rollback()
		next := in.Begin(t, txn.ReadCommitted)
		if _, err := next.Write(lockOnly(acc, 0, shard.WaitTry)); err != nil {
			t.Errorf("its locks are kept: %v", err)
		}
		next.Rollback()
		in = in.Restart(t, false)
		if rows, err := in.Begin(t, txn.ReadCommitted).Read(0, shardtest.Fragment(acc)); err != nil || rows[0] != "0|0|1|note 0" {
			t.Errorf("in %d phases: %q %v", phases, rows, err)
		}
	}
}

// runOut has a shard serve a snapshot as high as increments can have led: who commits at drawn draws again.
func runOut(t *testing.T, in *shardtest.Instance, acc *shard.Table, drawn txn.Timestamp) {
	t.Helper()
	reader := in.Begin(t, txn.ReadCommitted)
	h := reader.Header(0)
	h.Snapshot = drawn + 2*txn.TimestampStep - 1
	if _, err := reader.ReadRequest(&shard.ReadRequest{Header: h, Fragment: shardtest.Fragment(acc)}); err != nil {
		t.Fatal(err)
	}
}

// Rule 7: asking does not abort a commit in one log whose record is on its way, and
// a copy of its request, whose answer may be the one that the coordinator hears, says
// nothing of its outcome.
func TestRule7AskedDuringACommit(t *testing.T) {
	in, acc, during := syncing(t)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	_, home := in.Log(0)
	drawn, err := in.Oracle.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := &txn.CommitRequest{Txn: tx.ID(), At: drawn, Shards: tx.Enlist(0)}
	ask := func() {
		if out, err := home.Ask(t.Context(), tx.ID()); err != nil || out.State != txn.Active {
			t.Errorf("%v %v", out, err)
		}
		if _, err := home.Commit(t.Context(), request); !pgerr.HasCode(err, pgerr.ConnectionFailure) {
			t.Errorf("a copy: %v", err)
		}
	}
	during.Store(&ask)
	first, err := home.Commit(t.Context(), request)
	if err != nil || during.Load() != nil {
		t.Fatal("nobody asked", err)
	}
	if out, err := home.Commit(t.Context(), request); err != nil || out != first || out.State != txn.Committed {
		t.Errorf("%v %v after %v", out, err, first)
	}
}

// syncing is an instance in which something is done before the next sync of its first log.
func syncing(t *testing.T) (*shardtest.Instance, *shard.Table, *atomic.Pointer[func()]) {
	t.Helper()
	var during atomic.Pointer[func()]
	in, acc := ruledBy(t, func(cfg *engine.Config) {
		cfg.SettleEvery = -1
		cfg.FS = vfs.Inject(vfs.OS{}, func(op vfs.Op) error {
			if op.Kind == vfs.OpSync && strings.Contains(op.Name, "/log/0/") {
				if f := during.Swap(nil); f != nil {
					(*f)()
				}
			}
			return nil
		})
	})
	return in, acc, &during
}
