package session

import (
	"context"
	"errors"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// retryFor is how long a statement that shards refuse is begun again before
// the client hears of it: a node's catalog follows within much less.
const retryFor = 10 * time.Second

// persist runs a statement to its first row, and does so again as long as a
// shard refuses it for a reason that is none of the client's business: the
// catalog, the shard map or a shard's floor has moved on, or a row has moved to another key (rule 20). Nothing of it has
// been seen, and what it has written is taken back.
func (s *Session) persist(ctx context.Context, attempt func() (*result, error)) (*result, error) {
	before, wrote := s.point(), s.tx.txn.Wrote()
	var deadline time.Time
	for {
		seen := s.node.Catalog.Snapshot()
		r, err := attempt()
		if err == nil {
			err = r.prime(ctx)
		}
		if err == nil || s.tx == nil || !retriable(err, wrote) {
			if r != nil {
				err = nil // reading the rows tells
			}
			return r, err
		}
		r.close()
		if errors.Is(err, errMoved) { // the locks that were waited for are held now; nothing else was done yet
			continue
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(retryFor)
		}
		if time.Now().After(deadline) || s.takeBack(ctx, before) != nil {
			return nil, err
		}
		if reason, _ := shard.IsRefusal(err); reason == shard.RefusedMoved || reason == shard.RefusedFloor {
			continue // the next snapshot is above the floor, and sees where the row is
		}
		if !s.moved(ctx, seen) {
			return nil, err
		}
	}
}

// retriable reports whether a refusal can be answered by planning anew. A
// transaction that has lost writes to a restart is lost.
func retriable(err error, wrote bool) bool {
	if errors.Is(err, errMoved) {
		return true
	}
	switch reason, _ := shard.IsRefusal(err); reason {
	case shard.RefusedVersion, shard.RefusedEpoch, shard.RefusedMoved, shard.RefusedFloor:
		return true
	case shard.RefusedRestart:
		return !wrote
	}
	return false
}

// point is where a transaction is before a statement.
type point struct {
	rows   txn.Mark
	hadDDL bool
	ddl    catalog.Mark
}

func (s *Session) point() point {
	p := point{rows: s.tx.txn.Mark(), hadDDL: s.tx.change != nil}
	if p.hadDDL {
		p.ddl = s.tx.change.Mark()
	}
	return p
}

// takeBack undoes what the statement has done since.
func (s *Session) takeBack(ctx context.Context, p point) error {
	if p.hadDDL {
		s.tx.change.Rollback(p.ddl)
	} else {
		s.tx.change = nil
	}
	return s.tx.txn.RollbackTo(ctx, p.rows)
}

// moved waits a moment for a newer catalog than the one that was refused; it
// reports false when ctx ends. Not every refusal needs one.
func (s *Session) moved(ctx context.Context, seen *catalog.Snapshot) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 20 {
		if s.node.Catalog.Snapshot() != seen {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// confirmed does what depends on the catalog. When it fails for what the
// catalog has or lacks, and another node has changed that since, it is done again (rule 22).
func (s *Session) confirmed(ctx context.Context, do func() error) error {
	seen := s.snapshot()
	err := do()
	if err == nil || !ofCatalog(err) {
		return err
	}
	if e := s.node.Catalog.Confirm(ctx); e != nil {
		return err // as far as one can know
	}
	if s.snapshot() == seen {
		return err
	}
	return do()
}

// ofCatalog reports whether an error may be another one with a newer catalog:
// names, schemas, databases, what depends on an object.
func ofCatalog(err error) bool {
	switch pgerr.From(err).Code[:2] {
	case "42", "3F", "3D", "2B":
		return true
	}
	return false
}
