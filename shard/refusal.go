package shard

import (
	"errors"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// RefusalReason says why a shard refused a request that did nothing wrong.
type RefusalReason string

// The reasons. The coordinator refreshes or redraws and tries again as long as
// it has sent no row and written nothing; a client sees 40001 only where
// PostgreSQL could give it.
const (
	RefusedEpoch   RefusalReason = "epoch"   // the shard map is newer
	RefusedVersion RefusalReason = "version" // the descriptor is newer
	RefusedFloor   RefusalReason = "floor"   // the snapshot is below the shard's floor
	RefusedNewest  RefusalReason = "newest"  // a "newest" read met a prepared transaction: draw an S
	RefusedLocked  RefusalReason = "locked"  // WaitTry met a lock
	RefusedRestart RefusalReason = "restart" // the incarnation changed: the write set is lost
	RefusedMoved   RefusalReason = "moved"   // READ COMMITTED: a row that was found has another key now
)

// Refusal is the error of a refused request.
type Refusal struct {
	Reason RefusalReason
	err    *pgerr.E
}

// refusals say why, to a client whose statement cannot be begun again.
var refusals = map[RefusalReason]string{
	RefusedEpoch:   "its shard is moving to another node",
	RefusedVersion: "a table was changed meanwhile",
	RefusedFloor:   "what its snapshot sees is not kept any more",
	RefusedNewest:  "a concurrent transaction is about to commit",
	RefusedLocked:  "a row is locked",
	RefusedRestart: "a shard was restarted or moved since the transaction began there",
	RefusedMoved:   "a row was moved to another key, or changed by a large transaction",
}

// Refuse makes a refusal.
func Refuse(reason RefusalReason) *Refusal {
	return &Refusal{Reason: reason, err: pgerr.New(pgerr.TRSerializationFailure, "could not serialize access: %s", refusals[reason]).
		WithHint("The transaction might succeed if retried.")}
}

func (r *Refusal) Error() string { return r.err.Error() }

// Unwrap gives the error that a client sees when the refusal cannot be retried.
func (r *Refusal) Unwrap() error { return r.err }

// IsRefusal reports whether err is a refusal, and why.
func IsRefusal(err error) (RefusalReason, bool) {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason, true
	}
	return "", false
}
