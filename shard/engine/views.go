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
		return infinite(x, "2147483647", "-2147483648", fmt.Sprintf("date(%s * 86400 + %d, 'unixepoch')", x, epochSeconds))
	case types.TTimestamp:
		return infinite(x, "9223372036854775807", "-9223372036854775807 - 1", instant(x))
	case types.TTimestamptz:
		return infinite(x, "9223372036854775807", "-9223372036854775807 - 1", instant(x)+" || '+00'")
	case types.TTime:
		return fmt.Sprintf("time(%s / 1000000, 'unixepoch') || %s", x, fraction(x))
	case types.TUUID:
		h := "lower(hex(" + x + "))"
		return fmt.Sprintf("substr(%s, 1, 8) || '-' || substr(%s, 9, 4) || '-' || substr(%s, 13, 4) || '-' || substr(%s, 17, 4) || '-' || substr(%s, 21)", h, h, h, h, h)
	case types.TBytea:
		return `'\x' || lower(hex(` + x + "))"
	case types.TNumeric:
		if t.KeyIsStored(typmod) {
			return scaled(t, typmod, x)
		}
	}
	if t.Storing == types.StoreBlob {
		return "lower(hex(" + x + "))"
	}
	return x
}

func infinite(x, high, low, finite string) string {
	return "CASE " + x + " WHEN " + high + " THEN 'infinity' WHEN " + low + " THEN '-infinity' ELSE " + finite + " END"
}

// instant is a timestamp's date and time of day. Division must round down, also
// before 2000.
func instant(x string) string {
	seconds := fmt.Sprintf("(%s - ((%s %% 1000000) + 1000000) %% 1000000) / 1000000 + %d", x, x, epochSeconds)
	return fmt.Sprintf("datetime(%s, 'unixepoch') || %s", seconds, fraction(x))
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
