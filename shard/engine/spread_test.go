package engine_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/internal/vfs"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
	"github.com/pegmatitedb/pegmatite/txn"
)

// TestDecisionIsSpreadWhenDurable: a decision that is not synced yet, however
// long that takes, is told to no participant. After a power cut it is gone,
// and nobody may have followed it.
func TestDecisionIsSpreadWhenDurable(t *testing.T) {
	disk, err := sqlite.NewDisk()
	if err != nil {
		t.Fatal(err)
	}
	var stuck atomic.Bool // log 0's disk does not answer
	reached, released := make(chan struct{}, 64), make(chan struct{})
	fs := vfs.NewMem()
	cfg := config("data", shardtest.NewOracle(), 2, 2)
	cfg.SQLite.VFS, cfg.SettleEvery = disk.VFS(), -1
	cfg.Fatal = func(error) {} // the power goes while it runs
	cfg.FS = vfs.Inject(fs, func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && stuck.Load() && strings.HasPrefix(op.Name, "data/log/0/") {
			reached <- struct{}{}
			<-released
		}
		return nil
	})
	in := open(t, cfg)
	acc := shardtest.Accounts(1)
	for id := range shard.ID(2) {
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, &shard.WriteRequest{Header: shard.Header{Shard: id}, Op: shard.OpInsert, Table: acc, Rows: rowsOf(acc, int64(id), int64(id)+1, 1)})
		commit(t, tx)
	}
	tx := in.Begin(t, txn.ReadCommitted)
	for id := range shard.ID(2) {
		r := shardtest.AddBalance(shardtest.Fragment(acc), types.Null, types.Int(5))
		r.Shard = id
		write(t, tx, r)
	}
	home, participant := in.Log(0)
	other, _ := in.Log(1)
	at, _ := in.Oracle.Commit(context.Background())
	out := txn.Outcome{State: txn.Committed}
	logs := []txn.LogID{home, other}
	for _, l := range logs {
		p, err := tx.PrepareAt(l, logs, at)
		if err != nil {
			t.Fatal(err)
		}
		out.At = max(out.At, p.At)
	}
	stuck.Store(true)
	decided, spread := make(chan struct{}), make(chan struct{})
	go func() {
		participant.Decide(context.Background(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out})
		close(decided)
	}()
	<-reached
	n := in.Service.(*engine.Node)
	n.FallSilent()
	go func() { n.ResolveInDoubt(context.Background()); close(spread) }()
	select {
	case <-spread:
	case <-time.After(100 * time.Millisecond): // it waits, as it should
	}
	survivors := fs.PowerCut(0) // nothing unsynced is left with this seed
	disk.PowerCut(0)
	stuck.Store(false)
	close(released)
	<-decided
	<-spread
	n.Kill()
	cfg.FS = survivors
	in = open(t, cfg)
	in.Service.(*engine.Node).ResolveInDoubt(context.Background())
	var balances []string
	for id := range shard.ID(2) {
		rows, err := in.Begin(t, txn.RepeatableRead).Read(id, shardtest.Fragment(acc))
		if err != nil {
			t.Fatal(err)
		}
		balances = append(balances, strings.Split(rows[0], "|")[2])
	}
	if balances[0] != balances[1] {
		t.Fatalf("half a transaction: balances %v", balances)
	}
}
