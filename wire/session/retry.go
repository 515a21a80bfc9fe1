package session

import (
	"context"
	"errors"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/txn"
)

// fruitless is how often a statement that shards refuse is begun again, after a
// moment each, before the client hears of it: a node's catalog follows within
// much less. Tries are counted, not time, which may have gone into locks.
const fruitless = 500

// shown is an error that came after the client was sent something of the
// statement, which cannot begin again.
type shown struct{ error }

func (e shown) Unwrap() error { return e.error }

// persist runs a statement to its first row, and does so again as long as a
// shard refuses it for a reason that is none of the client's business: the
// catalog, the shard map or a shard's floor has moved on, or a row has moved to another key (rule 20). Nothing of it has
// been seen, and what it has written is taken back.
func (s *Session) persist(ctx context.Context, attempt func() (*result, error)) (*result, error) {
	before, wrote := s.point(), s.tx.txn.Wrote()
	for left := fruitless; ; {
		seen := s.node.Catalog.Snapshot()
		r, err := attempt()
		if err == nil {
			err = r.prime(ctx)
		} else {
			r.close()
			r = nil // commands answer with their tag and what went wrong
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
		e := s.takeBack(ctx, before)
		if ctx.Err() != nil {
			return nil, pgerr.From(ctx.Err())
		}
		if e != nil {
			return nil, err
		}
		if s.gainedOn(err, seen) {
			left = fruitless
			continue
		}
		if left--; left == 0 {
			return nil, err
		}
		s.moved(ctx, seen)
	}
}

// gainedOn reports whether another try has more to go by than the one that was
// refused. Who follows a row does so as often as others move it: the next
// snapshot sees where it is, and is above the floor. REPEATABLE READ has one only.
func (s *Session) gainedOn(err error, seen *catalog.Snapshot) bool {
	if reason, _ := shard.IsRefusal(err); reason == shard.RefusedMoved || reason == shard.RefusedFloor {
		return s.tx.txn.Isolation() == txn.ReadCommitted
	}
	return s.node.Catalog.Snapshot() != seen
}

// retriable reports whether a refusal can be answered by planning anew. A
// transaction that has lost writes to a restart is lost.
func retriable(err error, wrote bool) bool {
	if errors.As(err, new(shown)) {
		return false
	}
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

// moved waits a moment for a newer catalog than the one that was refused. Not
// every refusal needs one.
func (s *Session) moved(ctx context.Context, seen *catalog.Snapshot) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 20 {
		if s.node.Catalog.Snapshot() != seen {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
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
	s.follow()
	if s.snapshot() == seen {
		return err
	}
	return do()
}

// fellBehind reports whether the catalog turns out to be newer than the one that was planned with.
func (s *Session) fellBehind(ctx context.Context) bool {
	if s.node.Catalog.Confirm(ctx) != nil {
		return false // as far as one can know
	}
	s.follow()
	return s.snapshot() != s.planned
}

// looksUp reports whether a command goes by the catalog: schema changes and
// others that name objects, but those that plan a query, which is confirmed. It does not begin
// again as a plan would, so it asks what there is before (rule 22).
func looksUp(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_CopyStmt, *pg.Node_VacuumStmt:
		return true
	case *pg.Node_VariableSetStmt, *pg.Node_VariableShowStmt, *pg.Node_PrepareStmt, *pg.Node_ExecuteStmt, *pg.Node_DeallocateStmt,
		*pg.Node_DiscardStmt, *pg.Node_ExplainStmt, *pg.Node_ClosePortalStmt, *pg.Node_UnlistenStmt, *pg.Node_CheckPointStmt,
		*pg.Node_ConstraintsSetStmt, *pg.Node_TransactionStmt:
		return false
	}
	return !plannable(n)
}

// ofCatalog reports whether an error may be another one with a newer catalog:
// names, schemas, databases, what depends on an object, an enum's labels.
func ofCatalog(err error) bool {
	switch e := pgerr.From(err); e.Code[:2] {
	case "42", "3F", "3D", "2B":
		return true
	default:
		return e.Code == pgerr.InvalidTextRepresentation // it may be a label
	}
}
