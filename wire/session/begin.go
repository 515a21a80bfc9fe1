package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/txn"
)

// transactionCommand runs BEGIN, COMMIT, ROLLBACK and the savepoint commands.
func (s *Session) transactionCommand(ctx context.Context, n *pg.TransactionStmt) (*result, error) {
	switch n.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN:
		return s.beginCommand(ctx, n, "BEGIN")
	case pg.TransactionStmtKind_TRANS_STMT_START:
		return s.beginCommand(ctx, n, "START TRANSACTION")
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
		return s.endCommand(ctx, n, onCommit)
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		return s.endCommand(ctx, n, onRollback)
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		if err := s.step(ctx, onSavepoint); err != nil {
			return nil, err
		}
		s.savepoint(n.SavepointName)
		return done("SAVEPOINT"), nil
	case pg.TransactionStmtKind_TRANS_STMT_RELEASE:
		if err := s.step(ctx, onRelease); err != nil {
			return nil, err
		}
		return done("RELEASE"), s.releaseSavepoint(n.SavepointName)
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return s.rollbackToCommand(ctx, n.SavepointName)
	case pg.TransactionStmtKind_TRANS_STMT_PREPARE:
		return nil, pgerr.Unsupported("PREPARE TRANSACTION")
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:
		return nil, pgerr.Unsupported("COMMIT PREPARED")
	}
	return nil, pgerr.Unsupported("ROLLBACK PREPARED")
}

// beginCommand opens a block with its modes.
func (s *Session) beginCommand(ctx context.Context, n *pg.TransactionStmt, tag string) (*result, error) {
	nested := s.status == block
	if err := s.step(ctx, onBegin); err != nil {
		return nil, err
	}
	if err := s.setModes(n.Options); err != nil {
		if !nested { // no block has begun
			if stepErr := s.step(ctx, onRollback); stepErr != nil {
				return nil, stepErr
			}
		}
		return nil, err
	}
	return done(tag), nil
}

// endCommand is COMMIT or ROLLBACK, AND CHAIN opening the next with the same characteristics.
func (s *Session) endCommand(ctx context.Context, n *pg.TransactionStmt, e event) (*result, error) {
	tag := "COMMIT"
	if e == onRollback || s.status == failed {
		tag = "ROLLBACK"
	}
	if n.Chain && (s.status == idle || s.status == implicit) {
		word := "COMMIT AND CHAIN"
		if e == onRollback {
			word = "ROLLBACK AND CHAIN"
		}
		return nil, pgerr.New(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", word)
	}
	old := s.tx
	if err := s.step(ctx, e); err != nil {
		return nil, err
	}
	if !n.Chain {
		return done(tag), nil
	}
	if err := s.step(ctx, onBegin); err != nil {
		return nil, err
	}
	s.tx.readOnly, s.tx.deferrable, s.tx.uncommitted = old.readOnly, old.deferrable, old.uncommitted
	if err := s.tx.txn.SetIsolation(old.txn.Isolation()); err != nil {
		return nil, err
	}
	s.showTransaction()
	return done(tag), nil
}

// rollbackToCommand goes back to a savepoint; it is what revives a failed block.
func (s *Session) rollbackToCommand(ctx context.Context, name string) (*result, error) {
	if st := table[s.status][onRollbackTo]; st.err != nil {
		return nil, st.err
	}
	if err := s.rollbackToSavepoint(ctx, name); err != nil {
		return nil, err
	}
	return done("ROLLBACK"), s.step(ctx, onRollbackTo)
}

// setModes applies ISOLATION LEVEL, READ ONLY and DEFERRABLE to the transaction.
func (s *Session) setModes(options []*pg.Node) error {
	for _, o := range options {
		d := o.GetDefElem()
		arg := d.GetArg().GetAConst()
		switch d.GetDefname() {
		case "transaction_isolation":
			if err := s.setIsolation(arg.GetSval().GetSval()); err != nil {
				return err
			}
		case "transaction_read_only":
			if err := s.setReadOnly(arg.GetIval().GetIval() != 0); err != nil {
				return err
			}
		case "transaction_deferrable":
			s.tx.deferrable = arg.GetIval().GetIval() != 0
		}
	}
	return nil
}

// setIsolation changes the transaction's level. SERIALIZABLE is refused as
// long as snapshot isolation is all there is: it would be a weaker promise under the same name.
func (s *Session) setIsolation(name string) error {
	level := isolationOf(name)
	if level == txn.Serializable {
		return pgerr.Unsupported("isolation level SERIALIZABLE")
	}
	if err := s.tx.txn.SetIsolation(level); err != nil {
		return err
	}
	s.tx.uncommitted = name == "read uncommitted"
	s.showTransaction()
	return nil
}

// setReadOnly changes the mode; to READ WRITE only before any query (25001).
func (s *Session) setReadOnly(readOnly bool) error {
	if !readOnly && s.tx.readOnly && s.tx.txn.Begun() {
		return pgerr.New(pgerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
	}
	s.tx.readOnly = readOnly
	return nil
}
