package session

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// status is where a session stands with its transaction (access/xact.h,
// TBlockState, without the transient states).
type status uint8

const (
	idle     status = iota // no transaction
	implicit               // one that nobody asked for: a statement's, a query string's, a pipeline's up to Sync
	block                  // between BEGIN and COMMIT
	failed                 // a block after an error: waiting for ROLLBACK
)

// event is what can happen to it.
type event uint8

const (
	onBegin      event = iota // BEGIN, START TRANSACTION
	onCommit                  // COMMIT, END
	onRollback                // ROLLBACK, ABORT
	onSavepoint               // SAVEPOINT
	onRelease                 // RELEASE
	onRollbackTo              // ROLLBACK TO
	onStatement               // any other statement begins
	onError                   // a statement failed
	onEnd                     // the query string ended, or Sync
	events
)

// action is what the session does on the way to the next status.
type action uint8

const (
	nothing action = iota
	start          // begin a transaction
	adopt          // the implicit transaction becomes the block's
	commit
	rollback
)

// step is one entry of the table: the action, the status after it (when the
// action succeeds), and what the client is told.
type step struct {
	do   action
	next status
	warn *pgerr.E // NOTICE-like, execution goes on
	err  *pgerr.E // nothing is done
}

var (
	noTransaction  = pgerr.New(pgerr.NoActiveSQLTransaction, "there is no transaction in progress").WithSeverity(pgerr.SeverityWarning)
	inTransaction  = pgerr.New(pgerr.ActiveSQLTransaction, "there is already a transaction in progress").WithSeverity(pgerr.SeverityWarning)
	isAborted      = pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	needsSavepoint = pgerr.New(pgerr.NoActiveSQLTransaction, "SAVEPOINT can only be used in transaction blocks")
	needsRelease   = pgerr.New(pgerr.NoActiveSQLTransaction, "RELEASE SAVEPOINT can only be used in transaction blocks")
	needsRollback  = pgerr.New(pgerr.NoActiveSQLTransaction, "ROLLBACK TO SAVEPOINT can only be used in transaction blocks")
)

// table says, for every status and event, what happens.
var table = [...][events]step{
	idle: {
		onBegin:      {do: start, next: block},
		onCommit:     {next: idle, warn: noTransaction},
		onRollback:   {next: idle, warn: noTransaction},
		onSavepoint:  {next: idle, err: needsSavepoint},
		onRelease:    {next: idle, err: needsRelease},
		onRollbackTo: {next: idle, err: needsRollback},
		onStatement:  {do: start, next: implicit},
		onError:      {next: idle},
		onEnd:        {next: idle},
	},
	// An implicit transaction is the query string's: COMMIT in it commits what
	// came before, with the warning (manual 55.2.2.1).
	implicit: {
		onBegin:      {do: adopt, next: block},
		onCommit:     {do: commit, next: idle, warn: noTransaction},
		onRollback:   {do: rollback, next: idle, warn: noTransaction},
		onSavepoint:  {next: implicit, err: needsSavepoint},
		onRelease:    {next: implicit, err: needsRelease},
		onRollbackTo: {next: implicit, err: needsRollback},
		onStatement:  {next: implicit},
		onError:      {do: rollback, next: idle},
		onEnd:        {do: commit, next: idle},
	},
	block: {
		onBegin:      {next: block, warn: inTransaction},
		onCommit:     {do: commit, next: idle},
		onRollback:   {do: rollback, next: idle},
		onSavepoint:  {next: block},
		onRelease:    {next: block},
		onRollbackTo: {next: block},
		onStatement:  {next: block},
		onError:      {next: failed},
		onEnd:        {next: block},
	},
	failed: {
		onBegin:      {next: failed, err: isAborted},
		onCommit:     {do: rollback, next: idle},
		onRollback:   {do: rollback, next: idle},
		onSavepoint:  {next: failed, err: isAborted},
		onRelease:    {next: failed, err: isAborted},
		onRollbackTo: {next: block},
		onStatement:  {next: failed, err: isAborted},
		onError:      {next: failed},
		onEnd:        {next: failed},
	},
}

// inBlock reports whether more than one statement makes the transaction: a
// block's, those of one query string, or of a pipeline that has run some (xact.c, IsInTransactionBlock).
func (s *Session) inBlock() bool {
	return s.status == block || s.status == implicit && (s.several || s.tx.piped)
}

// alone refuses a command that must be a transaction of its own when it is not
// (xact.c, PreventInTransactionBlock). What follows it in a pipeline is another transaction.
func (s *Session) alone(command string) error {
	if s.status == implicit && s.tx.piped {
		return pgerr.New(pgerr.ActiveSQLTransaction, "%s cannot be executed within a pipeline", command)
	}
	if s.inBlock() {
		return pgerr.New(pgerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", command)
	}
	s.tx.alone = true
	return nil
}

// checkAlone refuses what its dialect would commit by itself, with what is open
// before it, in a block.
func (s *Session) checkAlone(st *sqlparse.Statement) error {
	if !st.Alone || s.status != block {
		return nil
	}
	command := "BEGIN"
	if st.Node.GetTransactionStmt() == nil {
		command = ddl.Command(st.Node)
	}
	return pgerr.New(pgerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", command)
}

// letter is the status as ReadyForQuery shows it.
func (s status) letter() byte { return [...]byte{idle: 'I', implicit: 'T', block: 'T', failed: 'E'}[s] }
