package engine_test

import (
	"context"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Rule 21: a decision is not forgotten while a log asks for it, and other
// transactions' are.
func TestRule21ForgottenUnasked(t *testing.T) {
	asking, decided := make(chan struct{}), make(chan txn.Outcome)
	in, acc := ruledBy(t, func(cfg *engine.Config) {
		cfg.Ask = func(context.Context, txn.LogID, txn.ID) (txn.Outcome, error) {
			asking <- struct{}{}
			return <-decided, nil
		}
	})
	n := in.Service.(*engine.Node)
	tx := in.Begin(t, txn.ReadCommitted)
	write(t, tx, add(acc, 0, 1))
	log, participant := in.Log(0)
	at, _ := in.Oracle.Commit(t.Context())
	if _, err := tx.PrepareAt(log, []txn.LogID{{1}, log}, at); err != nil {
		t.Fatal(err)
	}
	n.FallSilent()
	over := make(chan int)
	go func() { over <- n.ResolveInDoubt(context.WithoutCancel(t.Context())) }()
	<-asking
	if err := n.Unasked(t.Context(), txn.ID{Node: 9}); err != nil {
		t.Errorf("another transaction's: %v", err)
	}
	// The coordinator brings the decision while the question is on its way.
	out := txn.Outcome{State: txn.Committed, At: at}
	if err := participant.Resolve(t.Context(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: out}); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	wantCode(t, n.Unasked(impatient, tx.ID()), pgerr.QueryCanceled)
	decided <- out
	if left := <-over; left != 0 {
		t.Errorf("%d left in doubt", left)
	}
	if err := n.Unasked(t.Context(), tx.ID()); err != nil {
		t.Error(err)
	}
}
