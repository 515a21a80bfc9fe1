package session

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/exec"
)

// feedRows is how many rows go to the executor at a time: what PostgreSQL
// inserts together (MAX_BUFFERED_TUPLES), so that of two errors the same comes first.
const feedRows = 1000

// next is the exec.Env's Feed: the next rows, none at the end. Under WHERE they
// come one by one: an error in it is about the present line.
//
// It hears a cancel at the next row that the client sends, as PostgreSQL does.
func (in *copyInput) next(ctx context.Context) ([]exec.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	most := feedRows
	if in.copying.stmt.WhereClause != nil {
		most = 1
	}
	rows := make([]exec.Row, 0, most)
	in.slab, in.lines = make(exec.Row, most*(len(in.copying.columns)+fedExtra)), in.lines[:0]
	for len(rows) < most {
		row, err := in.row()
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err // the row may have been long in coming
		}
		if row == nil {
			break
		}
		rows = append(rows, row)
	}
	in.addLines(rows)
	return rows, nil
}

// fedExtra is what a fed row has behind its columns: the line's number, and its
// text, or NULL in binary form.
const fedExtra = 2

// newRow takes a row's memory from the batch's.
func (in *copyInput) newRow() exec.Row {
	n := len(in.copying.columns) + fedExtra
	row := in.slab[:n:n]
	in.slab = in.slab[n:]
	row[n-2] = types.Int(int64(in.line()))
	if in.reader != nil {
		in.lines = append(in.lines, in.reader.Raw()...)
		row[n-1] = types.Int(int64(len(in.lines)))
	}
	return row
}

// addLines gives the rows of a batch their lines' texts, which share memory:
// newRow has noted where they end.
func (in *copyInput) addLines(rows []exec.Row) {
	if in.reader == nil || len(rows) == 0 {
		return
	}
	all, from := string(in.lines), 0
	last := len(rows[0]) - 1
	for _, row := range rows {
		to := int(row[last].Int())
		row[last], from = types.Text(all[from:to]), to
	}
}

// fedError adds the CONTEXT of an error about a row that was fed. Duplicates
// are found when PostgreSQL has let go of the line already.
func (in *copyInput) fedError(err error, row exec.Row) error {
	n := len(in.copying.columns)
	if len(row) != n+fedExtra {
		return err
	}
	text := ""
	if !row[n+1].IsNull() && !pgerr.HasCode(err, pgerr.UniqueViolation) {
		text = ": \"" + shorten(row[n+1].Text()) + "\""
	}
	return in.whereLine(err, int(row[n].Int()), text)
}

// maxContextBytes is how much of a line or value CONTEXT shows (MAX_COPY_DATA_DISPLAY).
const maxContextBytes = 100

// quoted is the present line as CONTEXT shows it.
func (in *copyInput) quoted() string { return ": \"" + shorten(in.reader.Text()) + "\"" }

// condition is the line that an error of WHERE is about: rows come one by one then.
func (in *copyInput) condition() string {
	if in.copying.stmt.WhereClause == nil || in.reader == nil {
		return ""
	}
	return in.quoted()
}

func shorten(text string) string {
	if len(text) <= maxContextBytes {
		return text
	}
	n := maxContextBytes
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "..."
}

// where adds the CONTEXT line that says at which line of the data it happened.
func (in *copyInput) where(err error, column string) error {
	return in.whereLine(err, in.line(), column)
}

func (in *copyInput) whereLine(err error, line int, column string) error {
	e := *pgerr.From(err)
	if e.Where == "" {
		e.Where = fmt.Sprintf("COPY %s, line %d%s", in.copying.table.Name, line, column)
	}
	return &e
}
