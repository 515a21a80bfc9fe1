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

// Refuse makes a refusal.
func Refuse(reason RefusalReason) *Refusal {
	return &Refusal{Reason: reason, err: pgerr.New(pgerr.TRSerializationFailure,
		"could not serialize access: shard refused the request (%s)", string(reason))}
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
