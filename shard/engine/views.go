package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// The views with SQL names let anyone read a shard's file with sqlite3. They
// are written on a clean stop and into backups, and use nothing that plain
// SQLite lacks.

// writeViews replaces all views by those of the given tables, named
// "Schema.Name"; Schema holds the database too ("postgres.public"). A table
// that the shard never had rows of has an empty view.
func (e *Engine) writeViews(ctx context.Context, tables []*shard.Table) error {
	if err := e.Settle(ctx); err != nil {
		return err
	}
	conn, err := e.db.Writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var script strings.Builder
	err = eachRow(conn, `SELECT name FROM sqlite_schema WHERE type = 'view'`, nil, func(row []byte) error {
		v, _, _ := types.NextPacked(row)
		script.WriteString("DROP VIEW " + quoted(v.Text()) + ";\n")
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range tables {
		have := 0
		if tab := (*e.tables.Load())[t.Physical]; tab != nil {
			have = int(tab.columns.Load())
		}
		script.WriteString(createView(t, have) + ";\n")
	}
	if script.Len() == 0 {
		return nil
	}
	if err := conn.Begin(); err != nil {
		return err
	}
	if err := conn.Script(script.String()); err != nil {
		return err
	}
	return conn.Commit()
}

// quoted is a name in SQLite's syntax.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// createView is the view of a table of which the file has some columns.
func createView(t *shard.Table, have int) string {
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
	sql := "CREATE VIEW " + quoted(t.Schema+"."+t.Name) + " AS SELECT " + strings.Join(columns, ", ")
	if have == 0 {
		return sql + " WHERE 0"
	}
	return sql + " FROM " + shard.TableName(t.Physical)
}

// epochSeconds is 2000-01-01 in Unix seconds.
const epochSeconds = 946684800

// readable is an SQLite expression for a stored value as text or number.
func readable(t *types.Type, typmod int32, x string) string {
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

// known keeps NULL out of expressions that would make text of it.
func known(x, text string) string { return "CASE WHEN " + x + " IS NOT NULL THEN " + text + " END" }

func infinite(x, high, low, finite string) string {
	return "CASE " + x + " WHEN " + high + " THEN 'infinity' WHEN " + low + " THEN '-infinity' ELSE " + finite + " END"
}

// instant is a timestamp: its day, and its time of that day with the zone.
func instant(x, zone string) string {
	return fmt.Sprintf("(SELECT %s FROM (SELECT %s - us AS start, us FROM (SELECT ((%s %% 86400000000) + 86400000000) %% 86400000000 AS us)))",
		dateText("start / 86400000000", "' ' || "+clockText("us")+" || '"+zone+"'"), x, x)
}

// The days from 2000-01-01 between which SQLite writes years as PostgreSQL does.
const (
	firstDay = -730119 // 0001-01-01
	lastDay  = 2921939 // 9999-12-31
	// cycleDays are 400 years, after which the calendar repeats itself.
	cycleDays = 146097
)

// dateText is a date, of so many days, with what follows it: years before
// Christ say so behind it, those beyond SQLite's are counted by cycles.
func dateText(days, rest string) string {
	day := func(d string) string { return fmt.Sprintf("date((%s) * 86400 + %d, 'unixepoch')", d, epochSeconds) }
	before := fmt.Sprintf("(SELECT printf('%%04d', 1 - CAST(substr(x, 1, length(x) - 6) AS INTEGER)) || substr(x, -6) FROM (SELECT %s AS x)) || %s || ' BC'", day(days), rest)
	cycles := fmt.Sprintf("(((%s) - %d) / %d + 1)", days, lastDay+1, cycleDays)
	beyond := fmt.Sprintf("(SELECT (CAST(substr(x, 1, 4) AS INTEGER) + 400 * %s) || substr(x, 5) FROM (SELECT %s AS x)) || %s",
		cycles, day(fmt.Sprintf("(%s) - %s * %d", days, cycles, cycleDays)), rest)
	return fmt.Sprintf("CASE WHEN (%s) < %d THEN %s WHEN (%s) > %d THEN %s ELSE %s || %s END", days, firstDay, before, days, lastDay, beyond, day(days), rest)
}

func fraction(x string) string {
	micros := fmt.Sprintf("((%s %% 1000000) + 1000000) %% 1000000", x)
	return fmt.Sprintf("CASE WHEN %s = 0 THEN '' ELSE rtrim(printf('.%%06d', %s), '0') END", micros, micros)
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
