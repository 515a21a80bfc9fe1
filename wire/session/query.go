package session

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/ddl"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/frame"
)

// Query serves a simple Query message: any number of statements, one implicit
// transaction around those outside a block (manual 55.2.2.1). The client has
// been told of errors when it returns; a FATAL one is returned.
func (s *Session) Query(ctx context.Context, sql string) error {
	s.closePortal("")
	s.dropStatement("")
	err := s.query(ctx, sql)
	if err == nil {
		return nil
	}
	return s.Fail(ctx, err)
}

func (s *Session) query(ctx context.Context, sql string) error {
	dialect := s.dialect()
	stmts, err := s.parse(ctx, sql)
	if err != nil {
		return err
	}
	if len(stmts) == 0 {
		s.client.Writer.Send(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	s.several = len(stmts) > 1 && !dialect.EndsEach()
	defer func() { s.several = false }()
	for i, st := range stmts {
		if err := s.simple(ctx, st, i == len(stmts)-1 || dialect.EndsEach()); err != nil {
			return err
		}
	}
	return nil
}

// parse parses a message's text. A long one can be cancelled meanwhile, and has
// as long as a statement.
func (s *Session) parse(ctx context.Context, sql string) ([]*sqlparse.Statement, error) {
	if q := s.derived().quoting; !q.Plain() {
		plain, warnings, err := q.Rewrite(sql)
		for _, w := range warnings {
			s.Notice(w)
		}
		if err != nil {
			return nil, err
		}
		sql = plain
	}
	if len(sql) < sqlparse.LongText {
		return s.node.Texts.Parse(ctx, s.dialect(), sql)
	}
	s.activity.set(sql)
	s.activity.run(true, time.Now())
	defer func() { s.activity.run(false, time.Now()) }()
	ctx, cancel := s.limited(ctx)
	defer cancel()
	stmts, err := s.node.Texts.Parse(ctx, s.dialect(), sql)
	return stmts, interrupted(ctx, err)
}

// simple runs one statement of a query string. The implicit transaction that
// ends with it (last) commits before its CommandComplete: that message is the promise.
func (s *Session) simple(ctx context.Context, st *sqlparse.Statement, last bool) (err error) {
	ctx, stop := s.startStatement(ctx, st.Text)
	defer func() {
		err = interrupted(ctx, err)
		stop(err)
	}()
	r, err := s.execute(ctx, &execution{stmt: st, text: st.Text})
	if err != nil {
		return err
	}
	defer r.close()
	if r.writes {
		// RETURNING's columns come when rows do: an error stands alone, as PostgreSQL's does.
		if err := r.prime(ctx); err != nil {
			return err
		}
	}
	if r.columns != nil {
		describe(s.client.Writer, r.columns, nil)
	}
	if _, err := r.stream(ctx, s.client.Writer, s.env.output(), nil, 0); err != nil {
		return err
	}
	if err := r.close(); err != nil {
		return err
	}
	if last {
		if err := s.step(ctx, onEnd); err != nil {
			return err
		}
	}
	s.complete(r)
	return nil
}

// complete sends a result's CommandComplete.
func (s *Session) complete(r *result) {
	s.client.Writer.Send(&pgproto3.CommandComplete{CommandTag: []byte(r.tag(r.sent))})
}

// execution is one statement about to run, by either protocol.
type execution struct {
	stmt     *sqlparse.Statement
	text     string
	prepared *prepared // nil in the simple protocol
	params   []types.Datum
	declared []*types.Type // the parameters' types, of what is not prepared itself
	in       *routine      // the function that it is a statement of
	within   *txn.Run      // it reads what that statement reads
	latest   bool          // it reads what is newest, whatever the transaction's level
	as       *ddl.TableAs  // of CREATE TABLE AS
	own      bool          // nobody asked for it: it runs as the superuser, and says nothing
}

// Fail tells the client of an error and moves the transaction to where an
// error leads. It returns the error when it ends the connection.
func (s *Session) Fail(ctx context.Context, err error) error {
	e := pgerr.From(interrupted(ctx, err))
	if e.IsBroken() {
		s.node.Log.Error("internal error", "error", e.Message, "cause", e.Unwrap(), "statement", s.activity.text())
	}
	if stepErr := s.step(context.WithoutCancel(ctx), onError); stepErr != nil {
		s.node.Log.Error("rollback after an error", "error", stepErr)
	}
	if e.Severity == pgerr.SeverityFatal {
		return e
	}
	s.client.Writer.Send(frame.ErrorMessage(e))
	if s.desynchronized {
		return errLostSync
	}
	return nil
}

// interrupted replaces a cancelled context's error by why it was cancelled. Of a
// session that is ended nothing else matters, a message that does not come least.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if !pgerr.HasCode(cause, pgerr.AdminShutdown) && !pgerr.HasCode(pgerr.From(err), pgerr.QueryCanceled) {
		return err
	}
	if pgerr.HasCode(cause, pgerr.QueryCanceled, pgerr.AdminShutdown, pgerr.IdleInTransactionSessionTimeout) {
		if where := pgerr.From(err).Where; where != "" {
			c := *pgerr.From(cause)
			c.Where = where
			return &c
		}
		return cause
	}
	return err
}
