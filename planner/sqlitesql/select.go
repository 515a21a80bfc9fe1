package sqlitesql

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// Select writes f's SQL, SQLRecent and Bound from its Table, Where, Fetch,
// Order and Limit. The caller has made sure that Where is Exact; Order and
// Limit are left to the engine when Filter or Group come before them. It fails
// only on a Fragment that is not well formed.
func Select(f *shard.Fragment) error {
	w := &writer{table: f.Table}
	head, err := w.head(f)
	if err != nil {
		return err
	}
	where := w.point(f)
	conds, err := w.where(f.Where)
	if err != nil {
		return err
	}
	for _, c := range conds {
		if !slices.Contains(where, c) {
			where = append(where, c)
		}
	}
	tail, err := w.tail(f)
	if err != nil {
		return err
	}
	recent := w.recent(f.Table)
	f.SQL = head + clause(where) + tail
	f.SQLRecent = head + clause(append(where[:len(where):len(where)], recent)) + tail
	f.Bound = w.bound
	return nil
}

func clause(where []string) string {
	if len(where) == 0 {
		return ""
	}
	return " WHERE " + chain(where, " AND ")
}

// head is SELECT … FROM. A fragment that fetches nothing (count(*)) selects a constant.
func (w *writer) head(f *shard.Fragment) (string, error) {
	columns := make([]string, len(f.Fetch))
	for i, e := range f.Fetch {
		sql, ok := w.expr(e)
		if !ok {
			return "", pgerr.Internal("no SQL for a fetched expression of type %s", e.Type().SQLName)
		}
		columns[i] = sql
	}
	if len(columns) == 0 {
		columns = []string{"1"}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + shard.TableName(f.Table.Physical), nil
}

// point says the key's values, whether or not a condition does.
func (w *writer) point(f *shard.Fragment) []string {
	var out []string
	for i, e := range f.Point {
		k := f.Table.Key[i]
		c := &f.Table.Columns[k]
		value, ok := "", false
		if lit, isConst := e.(*expr.Const); isConst {
			value, ok = w.literal(lit)
		}
		if !ok {
			value = w.bind(e, e.Type(), e.Typmod())
		}
		out = append(out, shard.KeyColumnName(k, c.Type, c.Typmod)+" = "+value)
	}
	return out
}

func (w *writer) where(conds []expr.Expr) ([]string, error) {
	out := make([]string, len(conds))
	for i, e := range conds {
		sql, ok := w.expr(e)
		if !ok {
			return nil, pgerr.Internal("no SQL for a condition of a fragment")
		}
		out[i] = strip(sql)
	}
	return out, nil
}

// strip takes off the parentheses around a condition that stands alone between ANDs.
func strip(sql string) string {
	if !strings.HasPrefix(sql, "(") || !strings.HasSuffix(sql, ")") || strings.Contains(sql, " OR ") {
		return sql
	}
	depth := 0
	for i, c := range sql {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 && i < len(sql)-1 {
			return sql
		}
	}
	return sql[1 : len(sql)-1]
}

// tail is ORDER BY and LIMIT, when nothing of the engine's comes between.
func (w *writer) tail(f *shard.Fragment) (string, error) {
	if f.Filter != nil || f.Group != nil {
		return "", nil
	}
	var b strings.Builder
	for i, k := range f.Order {
		sep := ", "
		if i == 0 {
			sep = " ORDER BY "
		}
		sql, err := w.sortKey(f, k)
		if err != nil {
			return "", err
		}
		b.WriteString(sep + sql)
	}
	if f.Limit != nil {
		// A NULL limit is none, which SQLite calls -1.
		b.WriteString(" LIMIT coalesce(" + w.bind(f.Limit, types.TInt8, -1) + ", -1)")
	}
	return b.String(), nil
}

// sortKey writes one key. Where a column has no NULLs nothing is said about
// them: then an index on the column serves the order.
func (w *writer) sortKey(f *shard.Fragment, k expr.SortKey) (string, error) {
	c, ok := k.Expr.(*expr.Column)
	if !ok {
		return "", pgerr.Internal("order of a fragment by something else than a column")
	}
	fetched := f.Fetch[c.ID]
	sql, ok := w.expr(fetched)
	if !ok {
		return "", pgerr.Internal("no SQL for an order of a fragment")
	}
	if k.Desc {
		sql += " DESC"
	}
	if !neverNull(f.Table, fetched) && k.NullsFirst != !k.Desc {
		if k.NullsFirst {
			sql += " NULLS FIRST"
		} else {
			sql += " NULLS LAST"
		}
	}
	return sql, nil
}

// neverNull reports whether e is a column without NULLs.
func neverNull(t *shard.Table, e expr.Expr) bool {
	c, ok := e.(*expr.Column)
	if !ok {
		return false
	}
	for _, k := range t.Key {
		if k == int(c.ID) {
			return true
		}
	}
	return t.Columns[c.ID].NotNull
}

// recent leaves out the keys that memory answers: the set is the last parameter.
func (w *writer) recent(t *shard.Table) string {
	args := []string{"?" + strconv.Itoa(len(w.bound)+1)}
	for _, k := range t.Key {
		args = append(args, shard.KeyColumnName(k, t.Columns[k].Type, t.Columns[k].Typmod))
	}
	return "NOT pegmatite_recent(" + strings.Join(args, ", ") + ")"
}
