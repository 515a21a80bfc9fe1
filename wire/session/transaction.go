package session

import (
	"context"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// transaction is the session's present transaction: its data (txn), its DDL
// (change), and how far savepoints go back in both.
type transaction struct {
	txn        *txn.Txn
	change     *catalog.Change // nil until the first DDL
	readOnly   bool
	deferrable bool
	// uncommitted: READ UNCOMMITTED was asked for. It is READ COMMITTED under another name.
	uncommitted bool
	started     time.Time
	since       *catalog.Snapshot // the catalog when the snapshot was fixed
	published   *catalog.Snapshot // the same without the transaction's own DDL
	savepoints  []savepoint
	numbered    bool // its number was asked for
	piped       bool // a statement of a pipeline has run in it
	alone       bool // its statement is to be the only one
	// constraints are what is checked when it ends.
	constraints constraints
	// statistics are ANALYZE's of tables that only the transaction can see yet.
	statistics map[catalog.OID]catalog.Statistics
}

// savepoint is a named place to go back to.
type savepoint struct {
	name     string
	mark     txn.Mark
	ddl      catalog.Mark
	hadDDL   bool
	schema   *catalog.Snapshot // as it was
	settings setting.Mark
	advisory uint64 // advisory.taken
	timing   timing
}

// step makes one event of the status table happen.
func (s *Session) step(ctx context.Context, e event) error {
	st := table[s.status][e]
	if st.err != nil {
		return st.err
	}
	if st.warn != nil {
		s.Notice(st.warn)
	}
	switch st.do {
	case start:
		s.begin()
	case commit:
		s.status = idle
		return s.commit(ctx)
	case rollback:
		s.rollback(ctx)
	}
	if s.status == block && st.next == failed {
		s.abandon(ctx)
	}
	s.status = st.next
	return nil
}

// abandon gives back at once what a failed block has locked since its last
// savepoint, as PostgreSQL does (xact.c, AbortCurrentTransaction): others
// need not wait until the client has heard of the error. What cannot be reached
// goes with the transaction.
func (s *Session) abandon(ctx context.Context) {
	var to txn.Mark
	var advisory uint64
	if n := len(s.tx.savepoints); n > 0 {
		to, advisory = s.tx.savepoints[n-1].mark, s.tx.savepoints[n-1].advisory
	}
	err := s.tx.txn.RollbackTo(context.WithoutCancel(ctx), to)
	if err != nil && !pgerr.HasCode(err, pgerr.SystemError, pgerr.ConnectionFailure) {
		s.node.Log.Warn("taking back a failed block's statements", "transaction", s.tx.txn.ID().String(), "error", err)
	}
	s.locks.Cut(txn.Statement(to) + 1)
	s.releaseAdvisory(advisory)
}

// begin opens a transaction with the session's default characteristics.
func (s *Session) begin() {
	d := s.derived()
	s.statementStart = time.Now()
	s.tx = &transaction{
		txn:         s.node.Txns.Begin(isolationOf(d.isolation)),
		uncommitted: d.isolation == "read uncommitted",
		readOnly:    d.readOnly,
		deferrable:  d.deferrable,
		started:     s.statementStart,
	}
	s.showTransaction()
	s.env.stale()
}

// showTransaction lets other sessions see what the transaction is.
func (s *Session) showTransaction() {
	s.activity.transaction.Store(&openTransaction{s.tx.txn, s.tx.txn.Isolation(), s.tx.started})
}

// isolationOf reads a level's name; READ UNCOMMITTED is READ COMMITTED.
func isolationOf(name string) txn.Isolation {
	switch name {
	case "repeatable read":
		return txn.RepeatableRead
	case "serializable":
		return txn.Serializable
	}
	return txn.ReadCommitted
}

// commit ends the transaction; on an error it is rolled back whole.
func (s *Session) commit(ctx context.Context) error {
	tx := s.tx
	s.closePortals()
	s.keepStatistics(tx)
	if err := s.checkAdvisory(); err != nil {
		s.rollback(ctx)
		return err
	}
	if err := s.checkConstraints(ctx); err != nil {
		s.rollback(ctx)
		return err
	}
	if err := s.onCommit(ctx); err != nil {
		s.rollback(ctx)
		return err
	}
	err := s.commitData(ctx, tx)
	if err == nil && tx.statistics != nil {
		if e := s.node.Maintenance.PublishStatistics(context.WithoutCancel(ctx), tx.statistics); e != nil {
			s.node.Log.Warn("publishing statistics", "error", e) // the transaction is committed: ANALYZE can be run again
		}
	}
	s.noteOutcome(err)
	s.endTransaction(err == nil)
	return err
}

// keepStatistics has the statistics of rewritten tables published with the
// commit: the catalog forgets those of rows that are elsewhere now.
func (s *Session) keepStatistics(tx *transaction) {
	if tx.change == nil {
		return
	}
	for _, op := range tx.change.Ops() {
		t, ok := op.Object.(*catalog.Table)
		if !ok || t.Stats.Rows <= 0 {
			continue
		}
		old := tx.change.Base().Table(t.OID)
		if old == nil || old.Physical == t.Physical {
			continue
		}
		if tx.statistics == nil {
			tx.statistics = map[catalog.OID]catalog.Statistics{}
		}
		tx.statistics[t.OID] = t.Stats
	}
}

// commitData makes data and DDL durable together.
func (s *Session) commitData(ctx context.Context, tx *transaction) error {
	if tx.change == nil || tx.change.Empty() {
		return tx.txn.Commit(ctx)
	}
	if err := s.node.Schema.Commit(ctx, tx.txn, tx.change); err != nil {
		return err
	}
	s.locks.CatchUp()
	return nil
}

// rollback gives the transaction up. It is not interrupted: ctx may be dead.
func (s *Session) rollback(ctx context.Context) {
	tx := s.tx
	s.closePortals()
	tx.txn.Rollback(context.WithoutCancel(ctx))
	if tx.change != nil {
		s.node.Schema.Rollback(context.WithoutCancel(ctx), tx.txn, tx.change)
	}
	s.noteOutcome(errRolledBack)
	s.endTransaction(false)
}

// endTransaction forgets the transaction; its settings stay or go.
func (s *Session) endTransaction(committed bool) {
	s.tx.constraints.close()
	s.tx = nil
	s.activity.transaction.Store(nil)
	s.releaseAdvisory(0)
	s.locks.Release()
	s.settings.End(committed)
	s.noteSettings()
	s.env.stale()
}

// snapshot is the catalog as the session sees it: the node's newest, under
// what the transaction's own DDL made of it.
func (s *Session) snapshot() *catalog.Snapshot {
	if s.tx != nil && s.tx.change != nil {
		return s.tx.change.Snapshot()
	}
	return s.node.Catalog.Snapshot()
}

// schemaChange returns the transaction's DDL, started at need.
func (s *Session) schemaChange() *catalog.Change {
	if s.tx.change == nil {
		s.tx.change = catalog.NewChange(s.node.Catalog.Snapshot())
	}
	return s.tx.change
}

// savepoint sets one.
func (s *Session) savepoint(name string) {
	sp := savepoint{name: name, mark: s.tx.txn.Mark(), schema: s.snapshot(), settings: s.settings.Mark(), advisory: s.advisory.taken, timing: s.tx.constraints.timing}
	if s.tx.change != nil {
		sp.hadDDL, sp.ddl = true, s.tx.change.Mark()
	}
	s.tx.savepoints = append(s.tx.savepoints, sp)
}

// findSavepoint returns the newest of the name (3B001).
func (s *Session) findSavepoint(name string) (int, error) {
	for i := len(s.tx.savepoints) - 1; i >= 0; i-- {
		if s.tx.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, pgerr.New(pgerr.SEInvalidSpecification, "savepoint %q does not exist", name)
}

// releaseSavepoint forgets a savepoint and those set after it.
func (s *Session) releaseSavepoint(name string) error {
	i, err := s.findSavepoint(name)
	if err != nil {
		return err
	}
	s.tx.savepoints = s.tx.savepoints[:i]
	s.adoptPortals(i)
	return nil
}

// rollbackToSavepoint takes back all since a savepoint, which stays.
func (s *Session) rollbackToSavepoint(ctx context.Context, name string) error {
	i, err := s.findSavepoint(name)
	if err != nil {
		return err
	}
	sp := s.tx.savepoints[i]
	s.closePortalsSince(i)
	if err := s.tx.txn.RollbackTo(ctx, sp.mark); err != nil {
		return err
	}
	switch {
	case sp.hadDDL:
		s.tx.change.Rollback(sp.ddl)
	case s.tx.change != nil:
		s.tx.change = nil
	}
	s.locks.Cut(txn.Statement(sp.mark) + 1)
	s.releaseAdvisory(sp.advisory)
	s.settings.RollbackTo(sp.settings)
	s.noteSettings()
	s.tx.constraints.timing = sp.timing
	s.tx.savepoints = s.tx.savepoints[:i+1]
	return nil
}
