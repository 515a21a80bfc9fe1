package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/shard/shardtest"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Invariant 4: what the log could not sync is neither acknowledged, the first
// time or again, nor told to who asks, nor seen.
func TestInvariant4SyncedFirst(t *testing.T) {
	for name, step := range map[string]struct {
		both     bool // in two phases
		prepared bool // before the log's disk fails
		at       shard.ID
		do       []func(p txn.Participant, tx *shardtest.Tx, out txn.Outcome) error
	}{
		"commit":  {do: []func(txn.Participant, *shardtest.Tx, txn.Outcome) error{commitOnce, commitOnce}},
		"prepare": {both: true, do: []func(txn.Participant, *shardtest.Tx, txn.Outcome) error{prepareOnce, prepareOnce}},
		"decide": {both: true, prepared: true, do: []func(txn.Participant, *shardtest.Tx, txn.Outcome) error{
			decideOnce, decideOnce, askOnce, resolveOnce}},
		"resolve": {both: true, prepared: true, at: 1, do: []func(txn.Participant, *shardtest.Tx, txn.Outcome) error{
			resolveOnce, resolveOnce, followOnce}},
	} {
		in, acc, failing := ruledOnFailingLogs(t)
		tx := in.Begin(t, txn.ReadCommitted)
		write(t, tx, add(acc, 0, 1))
		if step.both {
			write(t, tx, add(acc, 1, 1))
		}
		var out txn.Outcome
		if step.prepared {
			out = prepareAll(t, in, tx)
		}
		failing.Store(true)
		_, p := in.Log(step.at)
		for i, do := range step.do {
			if err := do(p, tx, out); err == nil {
				t.Errorf("%s: request %d is acknowledged, its record is not synced", name, i)
			}
		}
		for _, point := range []bool{false, true} {
			wantRefusal(t, readAt(in, acc, int64(step.at), 0, txn.ReadCommitted, point), shard.RefusedNewest)
		}
		in.Service.(*engine.Node).Kill()
	}
}

func commitOnce(_ txn.Participant, tx *shardtest.Tx, _ txn.Outcome) error {
	_, err := tx.Commit()
	return err
}

func prepareOnce(_ txn.Participant, tx *shardtest.Tx, _ txn.Outcome) error {
	_, err := tx.PrepareAt(tx.Logs()[0], tx.Logs(), 1)
	return err
}

func decideOnce(p txn.Participant, tx *shardtest.Tx, out txn.Outcome) error {
	_, err := p.Decide(context.Background(), &txn.DecideRequest{Txn: tx.ID(), Outcome: out})
	return err
}

func askOnce(p txn.Participant, tx *shardtest.Tx, _ txn.Outcome) error {
	out, err := p.Ask(context.Background(), tx.ID())
	if err == nil && out.State == txn.Active { // under way: says nothing
		return errors.New("no answer")
	}
	return err
}

func resolveOnce(p txn.Participant, tx *shardtest.Tx, out txn.Outcome) error {
	return p.Resolve(context.Background(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: out})
}

func followOnce(p txn.Participant, tx *shardtest.Tx, out txn.Outcome) error {
	return p.(*engine.Participant).Follow(context.Background(), &txn.ResolveRequest{Txn: tx.ID(), Outcome: out})
}
