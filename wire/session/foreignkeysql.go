package session

import (
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/exec"
)

// keySQL are the statements that look after one constraint. In them x is the
// table, and k are the keys when there are several: a parameter each, or an array each.
type keySQL struct {
	from, to      string // the tables
	columns, keys []string
	types         []*types.Type // of a key's values
	arrays        []*types.Type // of many of them; nil: there is no such type
	shownFrom     string        // as PostgreSQL writes it in its statements
}

func newKeySQL(s *Session, t *catalog.Table, k *catalog.ForeignKey, to *catalog.Table, of []*types.Type) keySQL {
	q := keySQL{from: s.sqlName(t), to: s.sqlName(to), shownFrom: always(s.schemaName(t)) + "." + always(t.Name)}
	for i, id := range k.Columns {
		q.columns = append(q.columns, t.Column(id).Name)
		q.keys = append(q.keys, to.Column(k.Keys[i]).Name)
	}
	for _, t := range of {
		base := t.Base()
		q.types = append(q.types, base)
		q.arrays = append(q.arrays, base.Array)
	}
	return q
}

// always is a name in quotes, needed or not.
func always(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// where are the rows of x whose columns are one of n keys, and what beside x
// must be read for that.
func (q *keySQL) where(columns []string, n int) (beside, condition string) {
	var parts, arrays, names []string
	for i, c := range columns {
		x := "x." + always(c)
		switch {
		case n == 1:
			parts = append(parts, fmt.Sprintf("%s = $%d", x, i+1))
		case len(columns) == 1:
			parts = append(parts, fmt.Sprintf("%s = ANY ($%d)", x, i+1))
		default:
			parts = append(parts, fmt.Sprintf("%s = k.o%d", x, i+1))
			arrays, names = append(arrays, fmt.Sprintf("$%d", i+1)), append(names, fmt.Sprintf("o%d", i+1))
		}
	}
	if arrays != nil {
		beside = fmt.Sprintf("unnest(%s) AS k(%s)", strings.Join(arrays, ", "), strings.Join(names, ", "))
	}
	return beside, strings.Join(parts, " AND ")
}

// find is a SELECT of the rows of a table with one of n keys.
func (q *keySQL) find(what, table string, columns []string, n int) string {
	beside, condition := q.where(columns, n)
	if beside != "" {
		beside += ", "
	}
	return fmt.Sprintf("SELECT %s FROM %sONLY %s x WHERE %s", what, beside, table, condition)
}

// lockReferred finds n keys where they are referred to, and locks them.
func (q *keySQL) lockReferred(n int) string {
	return q.find("1", q.to, q.keys, n) + " FOR KEY SHARE OF x"
}

// findReferring finds a row that refers to one of n keys.
func (q *keySQL) findReferring(n int, lock bool) string {
	sql := q.find("1", q.from, q.columns, n) + " LIMIT 1"
	if lock {
		sql += " FOR KEY SHARE OF x"
	}
	return sql
}

// present are those of n keys that there are to be referred to.
func (q *keySQL) present(n int) string {
	var what []string
	for _, k := range q.keys {
		what = append(what, "x."+always(k))
	}
	return q.find(strings.Join(what, ", "), q.to, q.keys, n)
}

// same finds a row that has a key, NULLs too.
func (q *keySQL) same(key exec.Row) string {
	var parts []string
	for i, c := range q.columns {
		if key[i].IsNull() {
			parts = append(parts, fmt.Sprintf("x.%s IS NULL AND $%d IS NULL", always(c), i+1))
		} else {
			parts = append(parts, fmt.Sprintf("x.%s = $%d", always(c), i+1))
		}
	}
	return fmt.Sprintf("SELECT 1 FROM ONLY %s x WHERE %s LIMIT 1", q.from, strings.Join(parts, " AND "))
}

// cascadeDelete deletes the rows that refer to n keys.
func (q *keySQL) cascadeDelete(n int) string {
	beside, condition := q.where(q.columns, n)
	if beside != "" {
		beside = " USING " + beside
	}
	return fmt.Sprintf("DELETE FROM ONLY %s x%s WHERE %s", q.from, beside, condition)
}

// set sets columns of the rows that refer to n keys to NULL or their defaults.
func (q *keySQL) set(n int, defaults bool, columns []string) string {
	value := "NULL"
	if defaults {
		value = "DEFAULT"
	}
	var list []string
	for _, c := range columns {
		list = append(list, always(c)+" = "+value)
	}
	beside, condition := q.where(q.columns, n)
	if beside != "" {
		beside = " FROM " + beside
	}
	return fmt.Sprintf("UPDATE ONLY %s x SET %s%s WHERE %s", q.from, strings.Join(list, ", "), beside, condition)
}

// cascadeUpdate gives the rows that refer to n keys the ones that these have
// become; the arguments have both.
func (q *keySQL) cascadeUpdate(n int) string {
	width := len(q.columns)
	var list, conditions, arrays, names []string
	for i, c := range q.columns {
		if n == 1 {
			list = append(list, fmt.Sprintf("%s = $%d", always(c), width+i+1))
			conditions = append(conditions, fmt.Sprintf("x.%s = $%d", always(c), i+1))
			continue
		}
		list = append(list, fmt.Sprintf("%s = k.n%d", always(c), i+1))
		conditions = append(conditions, fmt.Sprintf("x.%s = k.o%d", always(c), i+1))
	}
	beside := ""
	if n > 1 {
		for i := range 2 * width {
			arrays = append(arrays, fmt.Sprintf("$%d", i+1))
			if i < width {
				names = append(names, fmt.Sprintf("o%d", i+1))
			} else {
				names = append(names, fmt.Sprintf("n%d", i-width+1))
			}
		}
		beside = fmt.Sprintf(" FROM unnest(%s) AS k(%s)", strings.Join(arrays, ", "), strings.Join(names, ", "))
	}
	return fmt.Sprintf("UPDATE ONLY %s x SET %s%s WHERE %s", q.from, strings.Join(list, ", "), beside, strings.Join(conditions, " AND "))
}

// arguments are a statement's, of so many keys: the values of one, or arrays.
func (q *keySQL) arguments(keys []exec.Row) []types.Datum {
	if len(keys) == 1 {
		return keys[0]
	}
	out := make([]types.Datum, len(keys[0]))
	for i := range out {
		elems := make([]types.Datum, len(keys))
		for k, key := range keys {
			elems[k] = key[i]
		}
		out[i] = types.ArrayDatum(types.NewArray(q.types[i], elems))
	}
	return out
}

// declared are the types of arguments.
func (q *keySQL) declared(arguments []types.Datum) []*types.Type {
	out := make([]*types.Type, len(arguments))
	for i, d := range arguments {
		out[i] = q.types[i]
		if d.Kind() == types.KindArray && q.arrays[i] != nil {
			out[i] = q.arrays[i]
		}
	}
	return out
}

// equal reports whether two keys are.
func (q *keySQL) equal(a, b exec.Row) bool {
	for i := range a {
		if q.types[i].Compare(a[i], b[i]) != 0 {
			return false
		}
	}
	return true
}

// shown is the statement as PostgreSQL would write it, for one key.
func (q *keySQL) shown(action catalog.KeyAction, pairs bool, set []string) string {
	var list, conditions []string
	first := 1
	switch {
	case action == catalog.Cascade && pairs:
		for i, c := range q.columns {
			list = append(list, fmt.Sprintf("%s = $%d", always(c), i+1))
		}
		first += len(q.columns)
	case action != catalog.Cascade:
		for _, c := range set {
			if action == catalog.SetNull {
				list = append(list, always(c)+" = NULL")
			} else {
				list = append(list, always(c)+" = DEFAULT")
			}
		}
	}
	for i, c := range q.columns {
		conditions = append(conditions, fmt.Sprintf("$%d OPERATOR(pg_catalog.=) %s", first+i, always(c)))
	}
	where := " WHERE " + strings.Join(conditions, " AND ")
	if list == nil {
		return "DELETE FROM ONLY " + q.shownFrom + where
	}
	return "UPDATE ONLY " + q.shownFrom + " SET " + strings.Join(list, ", ") + where
}
