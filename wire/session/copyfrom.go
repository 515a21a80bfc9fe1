package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/planner/distribute"
	"github.com/pegmatitedb/pegmatite/planner/exec"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/txn"
	"github.com/pegmatitedb/pegmatite/wire/copyfmt"
	"github.com/pegmatitedb/pegmatite/wire/frame"
)

// prepareFrom plans the INSERT.
func (c *copying) prepareFrom() error {
	s := c.session
	if c.table == nil {
		return pgerr.New(pgerr.SyntaxError, "COPY FROM needs a table")
	}
	if !s.ownTemporary(c.table) {
		if err := s.checkReadOnly("COPY FROM"); err != nil {
			return err
		}
	}
	var names []string
	for _, col := range c.columns {
		names = append(names, col.Name)
	}
	if err := c.resolveForced(names); err != nil {
		return err
	}
	bound := s.env.bind()
	if c.stmt.WhereClause != nil {
		if err := bind.CopyWhere(bound, s.statement, c.stmt.WhereClause, c.table); err != nil {
			return err
		}
	}
	stmt, err := c.insert()
	if err != nil {
		return err
	}
	s.planned = bound.Snapshot
	c.plan, err = s.node.Plans.PlanFeed(bound, stmt)
	return err
}

// from is COPY … FROM STDIN: an INSERT whose rows the client sends. They
// stream: memory holds a batch of them.
func (c *copying) from(ctx context.Context) (*result, error) {
	s := c.session
	in := newCopyInput(c)
	if err := in.guard(); err != nil {
		return nil, err
	}
	run := s.tx.txn.Run()
	defer run.Close()
	if err := s.holdRelations(ctx, c.plan); err != nil {
		return nil, err
	}
	env := s.env.exec(run)
	env.Feed, env.FeedError, env.Keys = in.next, in.fedError, exec.NewKeyChanges(env)
	if err := c.confirm(ctx, run); err != nil {
		return nil, err
	}
	in.begin()
	n, err := in.take(ctx, env, c.plan)
	if err == nil {
		err = s.followKeys(ctx, env.Keys)
	}
	if err != nil {
		return nil, shown{err}
	}
	return done("COPY " + itoa(n)), nil
}

// take inserts what the client sends.
func (in *copyInput) take(ctx context.Context, env *exec.Env, p *plan.Statement) (int64, error) {
	// As in PostgreSQL, this is looked at when the client has been asked for data.
	if err := in.copying.checkFreeze(); err != nil {
		return 0, err
	}
	n, err := in.insert(ctx, env, p)
	if err != nil && in.line() > 0 {
		err = in.where(err, in.condition()) // if it has none yet
	}
	if e := in.finish(err != nil); err == nil {
		err = e
	}
	return n, err
}

// confirm asks every shard whether it knows a newer descriptor of the table,
// before the client is asked for data: now the statement can begin again, and no data
// could be asked for twice. The shards are left again, until there are rows for
// them: a client may take its time, and none of them could move away meanwhile.
// That the table stays as it is, the session's lock on it sees to.
func (c *copying) confirm(ctx context.Context, run *txn.Run) error {
	s, p := c.session, distribute.Physical(c.table, c.schema)
	for _, id := range s.cluster().Shards(c.table.Home) {
		reply, err := s.cluster().Service(c.table.Home, id).Write(ctx, &shard.WriteRequest{
			Header: s.shardHeader(run, id), Op: shard.OpInsert, Table: p, Rows: &shard.Batch{},
			Lock: shard.RowLock{Strength: shard.LockUpdate, TimeoutMS: int64(s.derived().lockTimeoutMS)},
		})
		if err != nil {
			return err
		}
		known := run.Incarnation(uint32(id)) != 0
		run.Touched(uint32(id), reply.Incarnation)
		if known {
			continue
		}
		if err := run.Leave(ctx, uint32(id)); err != nil {
			return err
		}
	}
	return nil
}

// insert runs the plan over the client's rows.
func (in *copyInput) insert(ctx context.Context, env *exec.Env, p *plan.Statement) (int64, error) {
	cursor, err := exec.Run(ctx, env, p, nil, nil)
	if err != nil {
		return 0, err
	}
	_, err = cursor.Next(ctx)
	if e := cursor.Close(); err == nil {
		err = e
	}
	return cursor.Affected(), err
}

// insert is the INSERT that a COPY FROM is. Its VALUES are a place holder for
// the rows to come; PlanInput finds it.
func (c *copying) insert() (*sqlparse.Statement, error) {
	var values []string
	for i, col := range c.columns {
		name := types.FormatType(col.Type, -1)
		if types.ByOID(col.Type.OID) == nil {
			name = c.session.typeName(col.Type.OID)
		}
		values = append(values, fmt.Sprintf("$%d::%s", i+1, name))
	}
	where := ""
	if c.stmt.WhereClause != nil {
		text, err := sqlparse.DeparseExpr(c.stmt.WhereClause)
		if err != nil {
			return nil, err
		}
		where = " WHERE " + text
	}
	names := c.columnNames()
	sql := fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT * FROM (VALUES (%s)) AS %s (%s)%s",
		c.target(), names, strings.Join(values, ", "), quoteIdent(c.table.Name), names, where)
	stmts, err := sqlparse.Parse(sql)
	if err != nil {
		return nil, err
	}
	return stmts[0], nil
}

// copyInput turns the client's CopyData into rows.
type copyInput struct {
	copying *copying
	env     *types.Env
	reader  *copyfmt.Reader
	binary  *copyfmt.BinaryReader // in reader's place, when the format is binary
	chunk   []byte
	ended   bool // CopyDone was read
	failure error
	guards  []func(*expr.Context, types.Datum) error // by column; nil where there is nothing to obey
	slab    exec.Row                                 // the batch's rows to come
	lines   []byte                                   // of the batch, back to back
}

func newCopyInput(c *copying) *copyInput {
	in := &copyInput{copying: c, env: c.session.env.input()}
	if c.options.Binary {
		in.binary = copyfmt.NewBinaryReader(in)
	} else {
		in.reader = copyfmt.NewReader(in, c.options)
	}
	return in
}

// begin asks the client for data.
func (in *copyInput) begin() {
	w := in.copying.session.client.Writer
	format, codes := in.copying.formats(len(in.copying.columns))
	w.Send(&pgproto3.CopyInResponse{OverallFormat: byte(format), ColumnFormatCodes: codes})
	w.Flush()
}

// Read implements io.Reader over the CopyData messages.
func (in *copyInput) Read(p []byte) (int, error) {
	for len(in.chunk) == 0 {
		if in.failure != nil {
			return 0, in.failure
		}
		if in.ended {
			return 0, io.EOF
		}
		in.receive()
	}
	n := copy(p, in.chunk)
	in.chunk = in.chunk[n:]
	return n, nil
}

// receive takes one message.
func (in *copyInput) receive() {
	r := in.copying.session.client.Reader
	kind, err := r.Peek()
	switch {
	case err != nil:
		in.failure = errClientGone
		return
	case !strings.ContainsRune("dcfHS", rune(kind)):
		in.failure = pgerr.New(pgerr.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", kind)
		in.desynchronize()
		return
	}
	m, err := r.Next()
	var broken *frame.Malformed
	switch {
	case errors.As(err, &broken):
		in.failure = broken
		in.desynchronize()
		return
	case err != nil:
		in.failure = errClientGone
		return
	}
	switch m := m.(type) {
	case *pgproto3.CopyData:
		in.chunk = m.Data
	case *pgproto3.CopyDone:
		in.ended = true
	case *pgproto3.CopyFail:
		in.ended = true
		in.failure = pgerr.New(pgerr.QueryCanceled, "COPY from stdin failed: %s", m.Message)
	case *pgproto3.Flush, *pgproto3.Sync: // allowed, and ignored
	}
}

// desynchronize ends the connection with the COPY's error: what follows a
// message that is no part of the data cannot be told from data.
func (in *copyInput) desynchronize() { in.copying.session.desynchronized = true }

// errClientGone ends the session of a client that left in the middle of its data.
var errClientGone = pgerr.New(pgerr.ConnectionFailure, "unexpected EOF on client connection with an open transaction").WithSeverity(pgerr.SeverityFatal)

// errLostSync follows the error of a message that does not belong into a COPY.
var errLostSync = pgerr.New(pgerr.ProtocolViolation, "terminating connection because protocol synchronization was lost").WithSeverity(pgerr.SeverityFatal)

// finish reads what the client still sends after the end of the data. When the
// COPY has failed the client is told first: it may be waiting for that, and
// what it has sent meanwhile is dropped as it comes.
func (in *copyInput) finish(failed bool) error {
	if failed {
		return nil
	}
	for !in.ended && in.failure == nil {
		in.chunk = nil
		in.receive()
	}
	return in.failure
}

// row reads one line; nil at the end.
func (in *copyInput) row() (exec.Row, error) {
	if in.binary != nil {
		return in.binaryRow()
	}
	fields, err := in.reader.Next()
	if err == nil && fields != nil && in.copying.options.Header && in.reader.Line() == 1 {
		if err = in.matchHeader(fields); err != nil {
			return nil, in.where(err, in.quoted())
		}
		fields, err = in.reader.Next()
	}
	if err != nil && err == in.failure {
		return nil, in.whereLine(err, in.reader.Line()+1, "") // the one that did not come
	}
	if err != nil && in.reader.Raw() != nil {
		return nil, in.where(err, in.quoted())
	}
	if err != nil {
		return nil, in.where(err, "")
	}
	if fields == nil {
		return nil, nil
	}
	return in.convert(fields)
}

// binaryRow reads one row in binary form; nil at the end.
func (in *copyInput) binaryRow() (exec.Row, error) {
	cols := in.copying.columns
	fields, err := in.binary.Next(len(cols))
	if err != nil && in.binary.Line() == 0 {
		return nil, err // the header's, which has no line
	}
	if err != nil {
		return nil, in.where(err, "")
	}
	if fields == nil {
		return nil, nil
	}
	row := in.newRow()
	for i, col := range cols {
		if !fields[i].Null {
			row[i], err = col.Type.Decode(in.env, fields[i].Text, col.Typmod)
		}
		if err == nil {
			err = in.obeys(i, row[i])
		}
		if err != nil {
			return nil, in.where(err, ", column "+col.Name)
		}
	}
	return row, nil
}

// obeys checks a column's value against the domains in its type.
func (in *copyInput) obeys(column int, d types.Datum) error {
	if in.guards == nil || in.guards[column] == nil {
		return nil
	}
	s := in.copying.session
	return in.guards[column](&expr.Context{Env: in.env, Session: s, TransactionTime: s.tx.started, StatementTime: s.statementStart}, d)
}

// guard prepares obeys for the columns that have domains.
func (in *copyInput) guard() error {
	for i, col := range in.copying.columns {
		g, err := bind.Guard(in.copying.session.env.bind(), col.Type)
		if err != nil {
			return err
		}
		if g == nil {
			continue
		}
		if in.guards == nil {
			in.guards = make([]func(*expr.Context, types.Datum) error, len(in.copying.columns))
		}
		if in.guards[i], err = expr.Obey(g); err != nil {
			return err
		}
	}
	return nil
}

// line is the number of the present line or row.
func (in *copyInput) line() int {
	if in.binary != nil {
		return in.binary.Line()
	}
	return in.reader.Line()
}

// matchHeader checks the first line under HEADER MATCH.
func (in *copyInput) matchHeader(fields []copyfmt.Field) error {
	if !in.copying.options.Match {
		return nil
	}
	cols := in.copying.columns
	if len(fields) != len(cols) {
		return pgerr.New(pgerr.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", len(fields), len(cols))
	}
	for i, f := range fields {
		if f.Null || string(f.Text) != cols[i].Name {
			return pgerr.New(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got %q, expected %q", i+1, f.Text, cols[i].Name)
		}
	}
	return nil
}

// convert reads a line's fields in their columns' types.
func (in *copyInput) convert(fields []copyfmt.Field) (exec.Row, error) {
	cols := in.copying.columns
	row := in.newRow()
	if len(fields) > len(cols) {
		if len(cols) > 0 || len(fields) > 1 || len(fields[0].Text) > 0 {
			return nil, in.where(pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column"), in.quoted())
		}
	}
	for i, col := range cols {
		if i >= len(fields) {
			return nil, in.where(pgerr.New(pgerr.BadCopyFileFormat, "missing data for column %q", col.Name), in.quoted())
		}
		if fields[i].Null {
			if err := in.obeys(i, types.Null); err != nil {
				return nil, in.where(err, fmt.Sprintf(", column %s: null input", col.Name))
			}
			continue
		}
		d, err := col.Type.Parse(in.env, string(fields[i].Text), col.Typmod)
		if err == nil {
			err = in.obeys(i, d)
		}
		if err != nil {
			return nil, in.where(err, fmt.Sprintf(", column %s: \"%s\"", col.Name, shorten(string(fields[i].Text))))
		}
		row[i] = d
	}
	return row, nil
}
