package session

import (
	"context"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/wire/frame"
)

// result is what a statement answers: rows (Columns not nil) and a tag.
type result struct {
	columns []plan.Column // nil: the statement returns no rows
	rows    rowSource     // nil when there are none left to read
	// tag makes the command tag of n rows.
	tag func(n int64) string
	// sent counts the rows that went to the client.
	sent int64
	// writes: the rows are of a statement that must run to its end.
	writes bool
	// first is the row that prime has read.
	first  []types.Datum
	primed bool
	failed error // instead of a first row
}

// prime reads the first row: what a shard refuses shows by then. The error is
// kept for next as well, since the client gets the columns before it.
func (r *result) prime(ctx context.Context) error {
	if r.rows != nil && !r.primed {
		r.first, r.failed = r.rows.Next(ctx)
		r.primed = true
	}
	return r.failed
}

// next returns the next row, nil at the end.
func (r *result) next(ctx context.Context) ([]types.Datum, error) {
	if r.failed != nil {
		return nil, r.failed
	}
	if r.primed {
		row := r.first
		r.first, r.primed = nil, row == nil // the end stays the end
		return row, nil
	}
	return r.rows.Next(ctx)
}

// finish runs a statement to its end now, and keeps its rows for later.
func (r *result) finish(ctx context.Context) error {
	all := &memory{}
	for {
		row, err := r.next(ctx)
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		all.rows = append(all.rows, append([]types.Datum(nil), row...))
	}
	err := r.rows.Close()
	r.rows, r.primed = all, false
	return err
}

// rowSource yields rows; nil at the end. A row is valid until the next call.
type rowSource interface {
	Next(ctx context.Context) ([]types.Datum, error)
	Close() error
}

// memory is rows that are there already (SHOW, EXPLAIN).
type memory struct {
	rows [][]types.Datum
	at   int
}

// Next implements rowSource.
func (m *memory) Next(context.Context) ([]types.Datum, error) {
	if m.at == len(m.rows) {
		return nil, nil
	}
	m.at++
	return m.rows[m.at-1], nil
}

// Close implements rowSource.
func (*memory) Close() error { return nil }

// done is the result of a command without rows.
func done(tag string) *result {
	return &result{tag: func(int64) string { return tag }}
}

// textRows is a result of one text column.
func textRows(column, tag string, lines ...string) *result {
	m := &memory{}
	for _, l := range lines {
		m.rows = append(m.rows, []types.Datum{types.Text(l)})
	}
	return &result{columns: textColumn(column), rows: m, tag: func(int64) string { return tag }}
}

func textColumn(name string) []plan.Column {
	return []plan.Column{{Name: name, Type: types.TText, Typmod: -1}}
}

// describe sends the RowDescription of columns, or NoData. formats are Bind's
// result format codes: none, one for all, or one each.
func describe(w *frame.Writer, columns []plan.Column, formats []int16) {
	if columns == nil {
		w.Send(&pgproto3.NoData{})
		return
	}
	fields := make([]pgproto3.FieldDescription, len(columns))
	for i, c := range columns {
		t, typmod := c.Type, c.Typmod
		if under, _ := t.Under(); under != nil { // clients see the type under a domain
			t, typmod = t.Base(), t.BaseTypmod()
		}
		oid := t.OID
		if oid == types.TUnknown.OID {
			t, oid = types.TText, types.TText.OID
		}
		fields[i] = pgproto3.FieldDescription{
			Name:                 []byte(c.Name),
			TableOID:             uint32(c.Table),
			TableAttributeNumber: uint16(c.Attnum),
			DataTypeOID:          uint32(oid),
			DataTypeSize:         t.Len,
			TypeModifier:         typmod,
			Format:               formatOf(formats, i),
		}
	}
	w.Send(&pgproto3.RowDescription{Fields: fields})
}

// formatOf is the format code of column i.
func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	}
	return formats[i]
}

// stream sends up to limit rows (0 is all). It reports whether the result is
// exhausted.
func (r *result) stream(ctx context.Context, w *frame.Writer, env *types.Env, formats []int16, limit int64) (bool, error) {
	if r.rows == nil {
		return true, nil
	}
	for n := int64(0); limit == 0 || n < limit; n++ {
		row, err := r.next(ctx)
		if err != nil {
			return false, err
		}
		if row == nil {
			return true, nil
		}
		writeRow(w, env, r.columns, formats, row)
		r.sent++
		if err := w.Err(); err != nil {
			return false, pgerr.New(pgerr.ConnectionFailure, "could not send data to client: %v", err)
		}
	}
	return false, nil
}

// writeRow sends one DataRow.
func writeRow(w *frame.Writer, env *types.Env, columns []plan.Column, formats []int16, row []types.Datum) {
	w.BeginRow(len(columns))
	for i := range columns {
		d := row[i]
		if d.IsNull() {
			w.Null()
			continue
		}
		buf := w.BeginValue()
		if formatOf(formats, i) == 1 {
			buf = columns[i].Type.Encode(env, buf, d)
		} else {
			buf = columns[i].Type.Format(env, buf, d)
		}
		w.EndValue(buf)
	}
	w.EndRow()
}

// close ends the reading of rows.
func (r *result) close() error {
	if r == nil || r.rows == nil {
		return nil
	}
	err := r.rows.Close()
	r.rows = nil
	return err
}
