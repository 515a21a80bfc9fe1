package cluster

import (
	"context"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// Move is what a node says of a shard that it moves away, or that it is to move.
type Move struct {
	Shard shard.ID
	To    uint32 // the node
	State MoveState
	// Bytes is the size of the shard's file, Sent how many have been sent: in the
	// end more than that, for pages that change are sent again. MS is how long it
	// has been copied, milliseconds.
	Bytes, Sent, MS int64
	// ForMS is how long it has been in this state, milliseconds.
	ForMS int64
	// Open, of MoveWaits, are transactions that have stayed open on the shard.
	Open []txn.ID
	// Error, of MoveRests, is why the last try has failed; it is tried again
	// after AgainMS milliseconds.
	Error   string
	AgainMS int64
}

// MoveState is how far a move is.
type MoveState string

// The states.
const (
	MoveCopies MoveState = "copies" // the file is sent, beside all work on it
	MoveWaits  MoveState = "waits"  // for a moment without transactions on the shard
	MoveCloses MoveState = "closes" // nobody serves it until the destination or the map says whose it is
	MoveRests  MoveState = "rests"  // it has failed, and is tried again later
)

// Moves asks a node which shards it is moving away.
func (m *Members) Moves(ctx context.Context, node uint32) ([]Move, error) {
	n := m.find(node)
	if n == nil || n.conn == nil {
		return nil, pgerr.New(pgerr.ConnectionDoesNotExist, "node %d has not joined", node)
	}
	return ask[struct{}, []Move](ctx, n.conn, "Moves", struct{}{})
}
