package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/sqlite"
)

// The views with SQL names let anyone read a shard's file with sqlite3. They
// are written on a clean stop, and use nothing that plain SQLite lacks. A start
// takes them away: every connection would read them with the schema, and after
// kill -9 they would be those of the stop before.

// writeViews makes the views those of the given tables, named "Schema.Name";
// Schema holds the database too ("postgres.public"). A table that the shard
// never had rows of has an empty view.
func (e *Engine) writeViews(ctx context.Context, tables []*shard.Table) error {
	if err := e.Settle(ctx); err != nil {
		return err
	}
	// The connection that does this is opened now: after this it would read all the views.
	if err := e.db.SyncWAL(); err != nil {
		return err
	}
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return replaceViews(conn, e.viewTexts(tables))
}

// dropViews takes the views out of a file that is about to be served.
func (e *Engine) dropViews(ctx context.Context) error {
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	found := false
	err = eachRow(conn, `SELECT 1 FROM sqlite_schema WHERE type = 'view' LIMIT 1`, nil, func([]byte) error {
		found = true
		return nil
	})
	if err != nil || !found {
		return err
	}
	return replaceViews(conn, nil)
}

// replaceViews makes the views of a file those named, with their texts.
func replaceViews(conn *sqlite.Conn, views map[string]string) error {
	if err := conn.Begin(); err != nil {
		return err
	}
	if err := changeViews(conn, views); err != nil {
		conn.Rollback()
		return err
	}
	return conn.Commit()
}

// viewTexts are the views of tables by name. SQLite does not tell A from a, so
// the later of two such names has its table's number behind it.
func (e *Engine) viewTexts(tables []*shard.Table) map[string]string {
	have := *e.tables.Load()
	out, taken := make(map[string]string, len(tables)), make(map[string]bool, len(tables))
	for _, t := range tables {
		name := t.Schema + "." + t.Name
		if taken[asciiLower(name)] {
			name += "." + shard.TableName(t.Physical)
		}
		taken[asciiLower(name)] = true
		columns := 0
		if tab := have[t.Physical]; tab != nil {
			columns = int(tab.columns.Load())
		}
		out[name] = createView(t, name, columns)
	}
	return out
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// changeViews edits SQLite's schema as a table, in the open transaction: CREATE
// and DROP VIEW look through all of it for each one. The schema is then read
// anew, which fails if it cannot be.
func changeViews(conn *sqlite.Conn, views map[string]string) error {
	if err := conn.Script("PRAGMA writable_schema = ON"); err != nil {
		return err
	}
	err := editViews(conn, views)
	if err := errors.Join(err, conn.Script("PRAGMA writable_schema = RESET")); err != nil {
		return err
	}
	return conn.Script("SELECT count(*) FROM sqlite_schema")
}

// editViews drops all views and writes others.
func editViews(conn *sqlite.Conn, views map[string]string) error {
	if err := conn.Script(`DELETE FROM sqlite_schema WHERE type = 'view'`); err != nil {
		return err
	}
	for name, text := range views {
		row := types.TextValue(text).AppendPacked(types.TextValue(name).AppendPacked(nil))
		if _, err := exec(conn, `INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) VALUES('view', ?1, ?1, 0, ?2)`, row); err != nil {
			return err
		}
	}
	// Connections look at this number to see whether they know the schema.
	var version int64
	err := eachRow(conn, "PRAGMA schema_version", nil, func(row []byte) error {
		v, _, _ := types.NextPacked(row)
		version = v.Int()
		return nil
	})
	if err != nil {
		return err
	}
	return conn.Script("PRAGMA schema_version = " + strconv.FormatInt(int64(int32(version+1)), 10))
}

// quoted is a name in SQLite's syntax.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// createView is the view of a table of which the file has some columns.
func createView(t *shard.Table, name string, have int) string {
	var columns []string
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || c.Hidden {
			continue
		}
		from := "NULL"
		switch {
		case i < have:
			from = readable(c.Type, c.Typmod, shard.ColumnName(i))
		case have > 0 && !c.Missing.IsNull():
			from = readable(c.Type, c.Typmod, literal(c.Type.Store(c.Typmod, c.Missing)))
		}
		columns = append(columns, from+" AS "+quoted(c.Name))
	}
	if len(columns) == 0 {
		columns = []string{"NULL AS " + quoted("no columns")}
	}
	sql := "CREATE VIEW " + quoted(name) + " AS SELECT " + strings.Join(columns, ", ")
	if have == 0 {
		return sql + " WHERE 0"
	}
	return sql + " FROM " + shard.TableName(t.Physical)
}

// epochSeconds is 2000-01-01 in Unix seconds.
const epochSeconds = 946684800

// readable is an SQLite expression for a stored value as text or number.
func readable(t *types.Type, typmod int32, x string) string {
	if t = t.Base(); t.Kind == 'e' {
		return labels(t, x)
	}
	switch t {
	case types.TBool:
		return "CASE " + x + " WHEN 0 THEN 'f' WHEN 1 THEN 't' END"
	case types.TDate:
		return infinite(x, "2147483647", "-2147483648", dateText(x, "''"))
	case types.TTimestamp:
		return infinite(x, "9223372036854775807", "-9223372036854775807 - 1", instant(x, ""))
	case types.TTimestamptz:
		return infinite(x, "9223372036854775807", "-9223372036854775807 - 1", instant(x, "+00"))
	case types.TTime:
		return known(x, clockText(x))
	case types.TTimeTZ:
		return decoded(x, timetzText("1"))
	case types.TInterval:
		return decoded(x, intervalText("1", "13"))
	case types.TUUID, types.TBytea:
		return known(x, readableHex(t, "lower(hex("+x+"))"))
	case types.TFloat4, types.TFloat8:
		return infiniteFloat(x)
	case types.TBpchar:
		return padded(typmod, x)
	case types.TNumeric:
		if t.KeyIsStored(typmod) {
			return scaled(t, typmod, x)
		}
		return decoded(x, numericText("1", "length(b) - 2", bigEndian("length(b) - 1", 2, false)))
	}
	if t.Datum == types.KindArray && t.Base().Elem != nil {
		return decoded(x, arrayText(t.Base().Elem))
	}
	if t.Storing == types.StoreBlob {
		return "lower(hex(" + x + "))"
	}
	return x
}

// labels is an enum's label, as of the last statement that named the table.
func labels(t *types.Type, x string) string {
	var b strings.Builder
	b.WriteString("CASE " + x)
	for _, l := range t.Labels() {
		fmt.Fprintf(&b, " WHEN %d THEN '%s'", l.Sort, strings.ReplaceAll(l.Label, "'", "''"))
	}
	return b.String() + " END"
}

// known keeps NULL out of expressions that would make text of it.
func known(x, text string) string { return "CASE WHEN " + x + " IS NOT NULL THEN " + text + " END" }

// infiniteFloat is a float as SQLite prints it, but for what it has other names of.
func infiniteFloat(x string) string {
	return "CASE " + x + " WHEN 9e999 THEN 'Infinity' WHEN -9e999 THEN '-Infinity' ELSE " + x + " END"
}

// padded is a char(n), which is stored without its blanks.
func padded(typmod int32, x string) string {
	length, ok := types.CharLength(typmod)
	if !ok {
		return x
	}
	return fmt.Sprintf("(%s || printf('%%*s', %d - length(%s), ''))", x, length, x)
}

func infinite(x, high, low, finite string) string {
	return "CASE " + x + " WHEN " + high + " THEN 'infinity' WHEN " + low + " THEN '-infinity' ELSE " + finite + " END"
}

// instant is a timestamp: its day, and its time of that day with the zone.
func instant(x, zone string) string {
	return fmt.Sprintf("(SELECT %s FROM (SELECT d, %s - d * 86400000000 AS us FROM (SELECT %s / 86400000000 - (%s %% 86400000000 < 0) AS d)))",
		dateText("d", "' ' || "+clockText("us")+" || '"+zone+"'"), x, x, x)
}

const (
	// cycleDays are 400 years, after which the calendar repeats itself.
	cycleDays = 146097
	// pastCycles before 2000-01-01 lies no date of PostgreSQL's.
	pastCycles = 20
)

// dateText is a date, of so many days, with what follows it. SQLite is asked
// for the day of the same name of 2000 to 2399 (s); y is the year, which before
// Christ is 0 and less, and says so behind all.
func dateText(days, rest string) string {
	return fmt.Sprintf("(SELECT printf('%%04d', abs(y - (y < 1))) || substr(s, 5) || %s || substr(' BC', 1, 3 * (y < 1)) FROM "+
		"(SELECT s, substr(s, 1, 4) + 400 * (c / %d - %d) AS y FROM (SELECT c, date(c %% %d * 86400 + %d, 'unixepoch') AS s FROM (SELECT (%s) + %d AS c))))",
		rest, cycleDays, pastCycles, cycleDays, epochSeconds, days, pastCycles*cycleDays)
}

// scaled is a small numeric, which lies in SQLite as an integer.
func scaled(t *types.Type, typmod int32, x string) string {
	_, scale, ok := types.NumericPrecision(typmod)
	if !ok || scale <= 0 {
		zeros := strings.Repeat("0", int(max(-scale, 0)))
		return "CASE typeof(" + x + ") WHEN 'integer' THEN " + x + " || '" + zeros + "' ELSE " + x + " END"
	}
	unit := "1" + strings.Repeat("0", int(scale))
	return fmt.Sprintf("CASE typeof(%s) WHEN 'integer' THEN printf('%%s%%d.%%0%dd', CASE WHEN %s < 0 THEN '-' ELSE '' END, abs(%s) / %s, abs(%s) %% %s) ELSE %s END",
		x, scale, x, x, unit, x, unit, x)
}
