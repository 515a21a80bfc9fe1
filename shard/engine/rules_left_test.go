package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Rule 11: what a transaction that is over has left, whose end was lost or came
// before its last statement, goes when its node has been asked; nothing else does.
func TestRule11WhatIsLeft(t *testing.T) {
	over := map[txn.ID]bool{}
	in, acc := ruledBy(t, func(c *engine.Config) {
		c.Over = func(_ context.Context, node uint32, ids []txn.ID) (gone []txn.ID, err error) {
			for _, id := range ids {
				if id.Node != node {
					t.Errorf("node %d is asked about %s", node, id)
				}
				if over[id] {
					gone = append(gone, id)
				}
			}
			return gone, nil
		}
	})
	n := in.Service.(*engine.Node)
	lost := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: 4, Seq: 1})
	write(t, lost, add(acc, 0, 1))
	open := in.BeginAs(t, txn.ReadCommitted, txn.ID{Node: 9, Boot: 4, Seq: 2})
	write(t, open, add(acc, 1, 1))
	other := in.Begin(t, txn.ReadCommitted)
	over[txn.ID{Node: 9, Boot: 4, Seq: 1}] = true
	n.EndLeft(t.Context(), time.Hour) // too young: its end may be on the way
	_, err := other.Write(lockOnly(acc, 0, shard.WaitTry))
	wantRefusal(t, err, shard.RefusedLocked)
	n.EndLeft(t.Context(), 0)
	write(t, other, lockOnly(acc, 0, shard.WaitTry))
	_, err = other.Write(lockOnly(acc, 1, shard.WaitTry))
	wantRefusal(t, err, shard.RefusedLocked)
	if _, err := lost.Commit(); err == nil {
		t.Error("what is gone could commit")
	}
	commit(t, open)
	other.Rollback()
}
