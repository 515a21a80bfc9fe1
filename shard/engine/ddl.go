package engine

import (
	"context"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// Physical tables in SQLite are named by number and additive. They are made
// by the settler with the first row, widened when a request needs a column
// that they lack, and dropped by a logged command.

// keyColumn is the column by which a key column is found: see shard.KeyColumnName.
func (s *shape) keyColumn(position int) string {
	if s.columns[position].display == 0 {
		return shard.ColumnName(position)
	}
	return "k" + strconv.Itoa(position+1)
}

func (s *shape) keyColumns() string {
	names := make([]string, len(s.key))
	for i, k := range s.key {
		names[i] = s.keyColumn(k)
	}
	return strings.Join(names, ", ")
}

// beside are the positions of key columns that have a column "k<n>" beside them.
func (s *shape) beside() []int {
	var out []int
	for _, k := range s.key {
		if s.columns[k].display != 0 {
			out = append(out, k)
		}
	}
	return out
}

func (s *shape) createTable() string {
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + shard.TableName(s.physical) + " (")
	for i, c := range s.columns {
		b.WriteString(shard.ColumnName(i) + " " + c.storing.String())
		if s.rowid() && s.key[0] == i {
			b.WriteString(" PRIMARY KEY")
		}
		b.WriteString(", ")
	}
	for _, k := range s.beside() {
		b.WriteString(s.keyColumn(k) + " BLOB, ")
	}
	if s.rowid() {
		return strings.TrimSuffix(b.String(), ", ") + ") STRICT"
	}
	return b.String() + "PRIMARY KEY (" + s.keyColumns() + ")) STRICT, WITHOUT ROWID"
}

// addColumn adds the column at a position to an existing table; rows that are
// there get its missing value.
func (s *shape) addColumn(position int) string {
	c := &s.columns[position]
	sql := "ALTER TABLE " + shard.TableName(s.physical) + " ADD COLUMN " + shard.ColumnName(position) + " " + c.storing.String()
	v, _, _ := types.NextPacked(c.missing)
	if v.Tag != types.TagNull {
		sql += " DEFAULT " + literal(v)
	}
	return sql
}

// literal writes a value in SQLite's syntax.
func literal(v types.Value) string {
	switch v.Tag {
	case types.TagInt64:
		return "(" + strconv.FormatInt(v.Int(), 10) + ")"
	case types.TagReal:
		s := strconv.FormatFloat(v.Real(), 'e', 17, 64)
		switch s {
		case "+Inf":
			return "(9e999)"
		case "-Inf":
			return "(-9e999)"
		}
		return "(" + s + ")"
	case types.TagText:
		return "'" + strings.ReplaceAll(v.Text(), "'", "''") + "'"
	case types.TagBlob:
		const digits = "0123456789abcdef"
		out := []byte("x'")
		for _, c := range v.Bytes() {
			out = append(out, digits[c>>4], digits[c&15])
		}
		return string(append(out, '\''))
	}
	return "NULL"
}

func (s *shape) createIndex(ix *indexShape) string {
	names := make([]string, len(ix.columns))
	for i, c := range ix.columns {
		names[i] = shard.ColumnName(c)
		if i < len(ix.desc) && ix.desc[i] {
			names[i] += " DESC"
		}
	}
	return "CREATE INDEX IF NOT EXISTS " + shard.IndexName(s.physical, ix.id) + " ON " +
		shard.TableName(s.physical) + " (" + strings.Join(names, ", ") + ")"
}

// insertRow is the statement that puts an image in; its parameters are the
// image's columns, then those beside the key.
func (s *shape) insertRow(columns int) string {
	n := columns + len(s.beside())
	names := make([]string, 0, n)
	for i := range columns {
		names = append(names, shard.ColumnName(i))
	}
	for _, k := range s.beside() {
		names = append(names, s.keyColumn(k))
	}
	return "INSERT OR REPLACE INTO " + shard.TableName(s.physical) + " (" + strings.Join(names, ", ") +
		") VALUES (?" + strings.Repeat(", ?", n-1) + ")"
}

// loadRow is insertRow for a key that must not be there.
func (s *shape) loadRow(columns int) string {
	return strings.Replace(s.insertRow(columns), "INSERT OR REPLACE", "INSERT", 1)
}

func (s *shape) whereKey() string {
	names := make([]string, len(s.key))
	for i, k := range s.key {
		names[i] = s.keyColumn(k) + " = ?"
	}
	return " WHERE " + strings.Join(names, " AND ")
}

func (s *shape) deleteRow() string {
	return "DELETE FROM " + shard.TableName(s.physical) + s.whereKey()
}

// selectRow reads the image of one key.
func (s *shape) selectRow(columns int) string {
	return "SELECT " + columnList(columns) + " FROM " + shard.TableName(s.physical) + s.whereKey()
}

func columnList(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = shard.ColumnName(i)
	}
	return strings.Join(names, ", ")
}

// loadSchema finds which tables, columns and indexes the file has.
func (e *Engine) loadSchema(conn *sqlite.Conn) error {
	const tables = `SELECT m.name, count(*) FROM sqlite_schema m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name GLOB 't[0-9]*' AND c.name GLOB 'c[0-9]*' GROUP BY m.name`
	err := eachRow(conn, tables, nil, func(row []byte) error {
		name, row, _ := types.NextPacked(row)
		count, _, _ := types.NextPacked(row)
		physical, err := strconv.ParseUint(strings.TrimPrefix(name.Text(), "t"), 10, 64)
		t := (*e.tables.Load())[physical]
		if err != nil || t == nil {
			return pgerr.New(pgerr.DataCorrupted, "shard file \"%s\" has an unknown table \"%s\"", e.db.Path(), name.Text())
		}
		t.columns.Store(int32(count.Int()))
		return nil
	})
	if err != nil {
		return err
	}
	const indexes = `SELECT name FROM sqlite_schema WHERE type = 'index' AND name GLOB 't[0-9]*i[0-9]*'`
	return eachRow(conn, indexes, nil, func(row []byte) error {
		name, _, _ := types.NextPacked(row)
		table, index, _ := strings.Cut(strings.TrimPrefix(name.Text(), "t"), "i")
		physical, _ := strconv.ParseUint(table, 10, 64)
		id, _ := strconv.ParseUint(index, 10, 32)
		if t := (*e.tables.Load())[physical]; t != nil {
			t.indexed[uint32(id)] = true
		}
		return nil
	})
}

// makeTable brings the SQLite table up to its shape, inside the caller's
// transaction, and returns how many columns it has then.
func (t *table) makeTable(conn *sqlite.Conn, s *shape) error {
	if err := t.markReshape(conn, s); err != nil {
		return err
	}
	if t.columns.Load() == 0 {
		if err := conn.Script(s.createTable()); err != nil {
			return err
		}
	}
	have := int(t.columns.Load())
	for i := have; have > 0 && i < len(s.columns); i++ {
		if err := conn.Script(s.addColumn(i)); err != nil {
			return err
		}
	}
	for i := range s.indexes {
		if ix := &s.indexes[i]; !t.indexed[ix.id] {
			if err := conn.Script(s.createIndex(ix)); err != nil {
				return err
			}
		}
	}
	return nil
}

// made notes, after the transaction of makeTable has committed, what SQLite
// has. The caller has the writer.
func (e *Engine) made(t *table, s *shape) {
	for i := range s.indexes {
		t.indexed[s.indexes[i].id] = true
	}
	e.latch.Lock()
	t.columns.Store(max(t.columns.Load(), int32(len(s.columns))))
	e.latch.Unlock()
}

// narrower reports whether the SQLite table lacks columns that a request knows.
func (t *table) narrower(than *shard.Table) bool {
	have := int(t.columns.Load())
	return have > 0 && have < len(than.Columns)
}

// widen adds the columns that a request knows and the SQLite table lacks. Who then
// reads the file looks again under the latch: where there was no table yet, settling
// may have made it meanwhile, with the columns that were known when it began.
func (e *Engine) widen(ctx context.Context, t *table, want *shard.Table) error {
	if !t.narrower(want) {
		return nil
	}
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	s := t.shape.Load()
	if int(t.columns.Load()) >= len(s.columns) {
		return nil
	}
	return e.remake(conn, t, s)
}

// remake brings a table's columns, its indexes and its stored shape up to s, in
// a transaction of the writer's.
func (e *Engine) remake(conn *sqlite.Conn, t *table, s *shape) error {
	if err := conn.Begin(); err != nil {
		return err
	}
	if err := t.makeTable(conn, s); err != nil {
		return err
	}
	if err := e.storeShape(conn, t, s); err != nil {
		return err
	}
	if err := conn.Commit(); err != nil {
		return err
	}
	t.stored.Store(s)
	e.made(t, s)
	return nil
}

// storeShape writes a table's shape beside it, inside the caller's transaction.
func (e *Engine) storeShape(conn *sqlite.Conn, t *table, s *shape) error {
	if t.stored.Load() == s {
		return nil
	}
	return putMeta(conn, numbered(metaShape, t.physical), types.BlobValue(s.append(nil)))
}
