package session

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/sqlparse"
	"github.com/pegmatitedb/pegmatite/wire/copyfmt"
)

// prepareTo plans what is read.
func (c *copying) prepareTo(ctx context.Context, st *sqlparse.Statement) (err error) {
	if c.read, err = c.query(st); err != nil {
		return err
	}
	if c.read.Node.GetMergeStmt() != nil {
		return pgerr.New(pgerr.FeatureNotSupported, "MERGE not supported in COPY")
	}
	if c.plan, err = c.session.plan(ctx, c.read, nil); err != nil {
		return err
	}
	if c.plan.Result == nil {
		return pgerr.New(pgerr.FeatureNotSupported, "COPY query must have a RETURNING clause")
	}
	var names []string
	for _, col := range c.plan.Result {
		names = append(names, col.Name)
	}
	return c.resolveForced(names)
}

// to is COPY … TO STDOUT: rows go out as they come.
func (c *copying) to(ctx context.Context) (*result, error) {
	r, err := c.session.runPlan(ctx, &execution{stmt: c.read, text: c.read.Text}, c.plan, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.prime(ctx); retriable(err, false) {
		return nil, err
	}
	n, err := c.send(ctx, r)
	if err != nil {
		return nil, shown{err}
	}
	return done("COPY " + itoa(n)), nil
}

// query is what COPY reads: its own query, or the table's columns.
func (c *copying) query(st *sqlparse.Statement) (*sqlparse.Statement, error) {
	if c.table == nil {
		if sqlparse.Into(c.stmt.Query.GetSelectStmt()) != nil {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "COPY (SELECT INTO) is not supported")
		}
		return st.Inner(c.stmt.Query), nil
	}
	list := c.columnNames()
	stmts, err := sqlparse.Parse(fmt.Sprintf("SELECT %s FROM ONLY %s", list, c.target()))
	if err != nil {
		return nil, err
	}
	return stmts[0], nil
}

// send writes the rows as CopyData messages.
func (c *copying) send(ctx context.Context, r *result) (int64, error) {
	s := c.session
	w := s.client.Writer
	format, codes := c.formats(len(r.columns))
	w.Send(&pgproto3.CopyOutResponse{OverallFormat: byte(format), ColumnFormatCodes: codes})
	if c.options.Binary {
		return c.sendBinary(ctx, r)
	}
	out := copyfmt.NewWriter(c.options)
	fields := make([]copyfmt.Field, len(r.columns))
	var line, text []byte
	if c.options.Header {
		w.Send(&pgproto3.CopyData{Data: out.AppendNames(nil, header(r.columns))})
	}
	for n := int64(0); ; n++ {
		row, err := r.next(ctx)
		if err != nil {
			return n, err
		}
		if row == nil {
			w.Send(&pgproto3.CopyDone{})
			return n, nil
		}
		text = text[:0]
		for i, d := range row {
			fields[i] = copyfmt.Field{Null: d.IsNull()}
			if !d.IsNull() {
				from := len(text)
				text = r.columns[i].Type.Format(s.env.output(), text, d)
				fields[i].Text = text[from:len(text):len(text)]
			}
		}
		line = out.Append(line[:0], fields)
		w.Send(&pgproto3.CopyData{Data: line})
		if err := w.Err(); err != nil {
			return n, pgerr.New(pgerr.ConnectionFailure, "could not send data to client: %v", err)
		}
	}
}

// sendBinary writes the rows in binary form: the header goes with the first of them.
func (c *copying) sendBinary(ctx context.Context, r *result) (int64, error) {
	s := c.session
	w := s.client.Writer
	fields := make([]copyfmt.Field, len(r.columns))
	var values []byte
	line := copyfmt.AppendBinaryHeader(nil)
	for n := int64(0); ; n++ {
		row, err := r.next(ctx)
		if err != nil {
			return n, err
		}
		if row == nil {
			w.Send(&pgproto3.CopyData{Data: copyfmt.AppendBinaryEnd(line)})
			w.Send(&pgproto3.CopyDone{})
			return n, nil
		}
		values = values[:0]
		for i, d := range row {
			fields[i] = copyfmt.Field{Null: d.IsNull()}
			if !d.IsNull() {
				from := len(values)
				values = r.columns[i].Type.Encode(s.env.output(), values, d)
				fields[i].Text = values[from:len(values):len(values)]
			}
		}
		line = copyfmt.AppendBinaryRow(line, fields)
		w.Send(&pgproto3.CopyData{Data: line})
		line = line[:0]
		if err := w.Err(); err != nil {
			return n, pgerr.New(pgerr.ConnectionFailure, "could not send data to client: %v", err)
		}
	}
}

// formats are the format codes of CopyInResponse and CopyOutResponse.
func (c *copying) formats(columns int) (overall uint16, each []uint16) {
	each = make([]uint16, columns)
	if c.options.Binary {
		overall = 1
	}
	for i := range each {
		each[i] = overall
	}
	return overall, each
}

// header is CSV's (and text's) first line: the column names.
func header(columns []plan.Column) []copyfmt.Field {
	fields := make([]copyfmt.Field, len(columns))
	for i, col := range columns {
		fields[i].Text = []byte(col.Name)
	}
	return fields
}
