package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/recent"
)

// assignTo computes a new image's values: row as it was in w.row[:n], with the
// proposed row of ON CONFLICT behind it; out gets the new one.
func (w *write) assignTo(out []types.Datum, set []assign) error {
	n := len(w.r.Table.Columns)
	copy(out, w.row[:n])
	for _, a := range set {
		v, err := a.eval(w.c, w.row)
		if err != nil {
			return err
		}
		out[a.column] = v
	}
	return nil
}

// constrain checks NOT NULL and CHECK over a new row, which it puts in front of w.row.
func (w *write) constrain(row []types.Datum) error {
	t := w.r.Table
	copy(w.row, row)
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.NotNull && !c.Dropped && row[i].IsNull() {
			return shard.NotNullViolation(t, i, row, w.c.Env)
		}
	}
	for _, c := range w.code.checks {
		v, err := c.eval(w.c, w.row)
		if err != nil {
			return err
		}
		if !v.IsNull() && !v.IsTrue() {
			return shard.CheckViolation(t, c.name, row, w.c.Env)
		}
	}
	return nil
}

// errDuplicate is 23505 for a key or an index.
func (w *write) errDuplicate(name string, columns []int, row []types.Datum) error {
	t := w.r.Table
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = shownName(&t.Columns[c])
		values[i] = t.Columns[c].Show(row[c], w.c.Env, 0)
	}
	return pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", name).
		WithDetail("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(values, ", ")).
		WithTable(t.Schema, t.Name).WithConstraint(name)
}

// shownName is a column's name in a message.
func shownName(c *shard.Column) string {
	if c.Hidden {
		return c.Name
	}
	return quoteName(c.Name)
}

// quoteName quotes an identifier where it must be (quote_identifier without its
// keywords, which need no quotes to be understood in a message).
func quoteName(name string) string {
	plain := name != "" && (name[0] == '_' || name[0] >= 'a' && name[0] <= 'z')
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// conflict is a row that stands in the way of a new one.
type conflict struct {
	arbiter int // position in Table.Indexes, -1 the primary key
	key     string
}

// unique looks for rows that have one of a new image's unique values. Values
// that the old image (nil: none) has as well are its own. Each is locked first,
// the old ones too, so that who comes next waits for the outcome. The first
// conflict ends the search.
func (w *write) unique(ctx context.Context, key string, image, old []byte) (*conflict, error) {
	for i := range w.r.Table.Indexes {
		ix := &w.r.Table.Indexes[i]
		if !ix.Unique {
			continue
		}
		value := string(w.shape.keyOf(nil, image, ix.Columns))
		if old != nil {
			was := string(w.shape.keyOf(nil, old, ix.Columns))
			if was == value {
				continue
			}
			if err := w.lockOld(ctx, ix, was); err != nil {
				return nil, err
			}
		}
		if recent.HasNull(value) {
			continue
		}
		other, found, err := w.holderOf(ctx, ix, value, key)
		if err != nil {
			return nil, err
		}
		if found {
			return &conflict{arbiter: i, key: other}, nil
		}
	}
	return nil, nil
}

// holderOf locks a unique value and looks for a row other than self that has it.
func (w *write) holderOf(ctx context.Context, ix *shard.Index, value, self string) (key string, found bool, err error) {
	if err := w.lockValue(ctx, ix, value); err != nil {
		return "", false, err
	}
	w.took(valueLock(w.r.Table, ix.ID, value))
	return w.findValue(ctx, ix, value, self)
}

func (w *write) lockOld(ctx context.Context, ix *shard.Index, value string) error {
	if recent.HasNull(value) {
		return nil
	}
	return w.lockValue(ctx, ix, value)
}

// lockOldValues locks the unique values that go with a deleted row.
func (w *write) lockOldValues(ctx context.Context, old []byte) error {
	for i := range w.r.Table.Indexes {
		ix := &w.r.Table.Indexes[i]
		if !ix.Unique {
			continue
		}
		if err := w.lockOld(ctx, ix, string(w.shape.keyOf(nil, old, ix.Columns))); err != nil {
			return err
		}
	}
	return nil
}

// findValue looks for a row other than self that has a unique value now: in the
// write set, in the chains, in SQLite.
func (w *write) findValue(ctx context.Context, ix *shard.Index, value, self string) (key string, found bool, err error) {
	candidates, err := w.candidates(ctx, ix, value)
	if err != nil {
		return "", false, err
	}
	for _, c := range candidates {
		if c == self {
			continue
		}
		n, err := w.look(ctx, c)
		if err != nil {
			return "", false, err
		}
		if n.exists() && string(w.shape.keyOf(nil, n.version.Row, ix.Columns)) == value {
			return c, true, nil
		}
	}
	return "", false, nil
}

// candidates are the keys under which any image has the value.
func (w *write) candidates(ctx context.Context, ix *shard.Index, value string) ([]string, error) {
	var keys []string
	sp := span{index: ix.ID + 1, r: recent.Prefix(value)}
	add := func(c *recent.Chain) bool {
		if !slices.Contains(keys, c.Key) {
			keys = append(keys, c.Key)
		}
		return true
	}
	w.b.mu.RLock()
	sp.each(w.b.set.Table(w.t.physical), add)
	var err error
	for _, r := range w.b.runsOf(w.t.physical) {
		var more []string
		if values := r.values[ix.ID]; values != nil && err == nil {
			more, err = values.keysOf(value)
		}
		for _, key := range more {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	w.b.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	w.e.latch.RLock()
	sp.each(w.e.recent.Table(w.t.physical), add)
	columns := int(w.t.columns.Load())
	w.e.latch.RUnlock()
	if columns == 0 {
		return keys, nil
	}
	return w.sqliteKeys(ctx, ix, value, columns, keys)
}

// sqliteKeys appends the keys of SQLite's rows that have the value.
func (w *write) sqliteKeys(ctx context.Context, ix *shard.Index, value string, columns int, keys []string) ([]string, error) {
	conn, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	where, params := w.shape.whereValue(ix.Columns, value)
	st, err := conn.Prepare("SELECT " + columnList(columns) + " FROM " + shard.TableName(w.t.physical) + where)
	if err != nil {
		return nil, err
	}
	defer st.Done()
	page, err := st.Query(ctx, make([]byte, 0, 1024), params)
	for ; err == nil; page, err = st.Fetch(ctx, page.Rows[:0]) {
		for rows := page.Rows; len(rows) > 0; {
			var row []byte
			row, rows = nextRow(rows)
			if key := w.shape.rowKey(row); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		if !page.More {
			return keys, nil
		}
	}
	return nil, err
}

// whereValue is the condition that indexed columns have the values of an
// ordered key, and its parameters. Where a stored form is not its own key, the
// condition is the range of all stored forms that begin with the key.
func (s *shape) whereValue(columns []int, value string) (sql string, params []byte) {
	conditions := make([]string, len(columns))
	for i, c := range columns {
		v, rest, _ := recent.DecodeKey(value)
		value = rest
		name := shard.ColumnName(c)
		conditions[i] = name + " = ?"
		if s.columns[c].display != 0 {
			conditions[i] = name + " >= ? AND " + name + " < ?"
			params = v.AppendPacked(params)
			v = types.BlobValue([]byte(recent.After(string(v.Bytes()))))
		}
		params = v.AppendPacked(params)
	}
	return " WHERE " + strings.Join(conditions, " AND "), params
}
