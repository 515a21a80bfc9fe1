package session

import (
	"context"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
)

// plannable reports whether a statement becomes a plan; the others are commands.
func plannable(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return sqlparse.Into(n.GetSelectStmt()) == nil
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		return true
	}
	return false
}

// analyzed reports whether a statement is analyzed against a snapshot before it
// runs (analyze.c, analyze_requires_snapshot).
func analyzed(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt,
		*pg.Node_DeclareCursorStmt, *pg.Node_ExplainStmt, *pg.Node_CreateTableAsStmt, *pg.Node_CallStmt:
		return true
	}
	return false
}

// readsRows reports whether a statement runs at the transaction's snapshot,
// and so fixes it. What a schema change finds must not depend on when the
// transaction began: it fixes none.
func readsRows(n *pg.Node) bool {
	switch n.GetNode().(type) {
	case *pg.Node_PrepareStmt, *pg.Node_ExecuteStmt, *pg.Node_DeallocateStmt, *pg.Node_CopyStmt, *pg.Node_DoStmt:
		return true
	}
	return analyzed(n)
}

// fixSnapshot draws the snapshot of a REPEATABLE READ transaction with the
// first statement that PostgreSQL takes it for, whether it reads rows or not.
func (s *Session) fixSnapshot(ctx context.Context) error {
	if s.tx == nil || s.tx.txn.Isolation() == txn.ReadCommitted || s.tx.txn.Drawn() != 0 {
		return nil
	}
	s.tx.since, s.tx.published = s.snapshot(), s.node.Catalog.Snapshot() // before: what they show is older than the snapshot
	_, err := s.tx.txn.Snapshot(ctx)
	return err
}

// endsBlock reports whether a statement may run in a failed transaction
// (postgres.c, IsTransactionExitStmt).
func endsBlock(n *pg.Node) bool {
	t := n.GetTransactionStmt()
	if t == nil {
		return false
	}
	switch t.Kind {
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT, pg.TransactionStmtKind_TRANS_STMT_PREPARE,
		pg.TransactionStmtKind_TRANS_STMT_ROLLBACK, pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		return true
	}
	return false
}

// command runs a statement that is not a plan.
func (s *Session) command(ctx context.Context, x *execution) (*result, error) {
	switch n := x.stmt.Node.GetNode().(type) {
	case *pg.Node_VariableSetStmt:
		return s.set(ctx, n.VariableSetStmt)
	case *pg.Node_VariableShowStmt:
		return s.show(n.VariableShowStmt)
	case *pg.Node_PrepareStmt:
		return s.prepareCommand(ctx, x.stmt, n.PrepareStmt)
	case *pg.Node_ExecuteStmt:
		return s.executeCommand(ctx, x.stmt, n.ExecuteStmt)
	case *pg.Node_DeallocateStmt:
		return s.deallocate(n.DeallocateStmt)
	case *pg.Node_DiscardStmt:
		return s.discard(ctx, n.DiscardStmt)
	case *pg.Node_CreateTableAsStmt, *pg.Node_SelectStmt:
		return s.createTableAs(ctx, x)
	case *pg.Node_ExplainStmt:
		return s.explain(ctx, x, n.ExplainStmt)
	case *pg.Node_CopyStmt:
		return s.copy(ctx, x.stmt, n.CopyStmt)
	case *pg.Node_CallStmt:
		return s.call(ctx, x, n.CallStmt)
	case *pg.Node_ClosePortalStmt:
		return closeCursor(n.ClosePortalStmt)
	case *pg.Node_UnlistenStmt:
		return done("UNLISTEN"), nil // nobody listens
	case *pg.Node_VacuumStmt:
		return s.vacuum(ctx, x.stmt, n.VacuumStmt)
	case *pg.Node_CheckPointStmt:
		return done("CHECKPOINT"), s.node.Maintenance.Checkpoint(ctx)
	case *pg.Node_ConstraintsSetStmt:
		return s.setConstraints(ctx, n.ConstraintsSetStmt)
	}
	return s.define(ctx, x)
}

// closeCursor is CLOSE: there is no DECLARE, so only ALL finds what it names.
func closeCursor(n *pg.ClosePortalStmt) (*result, error) {
	if n.Portalname != "" {
		return nil, pgerr.New(pgerr.InvalidCursorName, "cursor %q does not exist", n.Portalname)
	}
	return done("CLOSE CURSOR ALL"), nil
}

// commandColumns are the columns of a command's result, for Describe before it runs.
func (s *Session) commandColumns(ctx context.Context, st *sqlparse.Statement) ([]plan.Column, error) {
	switch n := st.Node.GetNode().(type) {
	case *pg.Node_VariableShowStmt:
		return s.showColumns(n.VariableShowStmt), nil
	case *pg.Node_ExplainStmt:
		return textColumn("QUERY PLAN"), nil
	case *pg.Node_ExecuteStmt:
		p, err := s.findPrepared(n.ExecuteStmt.Name)
		if err != nil {
			return nil, err
		}
		return s.columns(ctx, p)
	case *pg.Node_CallStmt:
		c, err := s.bindCall(ctx, &execution{stmt: st}, n.CallStmt)
		if err != nil {
			return nil, err
		}
		return c.Columns, nil
	}
	return nil, nil
}

// checkReadOnly refuses a command in a READ ONLY transaction (25006; utility.c,
// PreventCommandIfReadOnly). tag is its name in the message.
func (s *Session) checkReadOnly(tag string) error {
	if s.tx != nil && s.tx.readOnly {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", tag)
	}
	return nil
}
