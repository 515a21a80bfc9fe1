package shardtest

import (
	"fmt"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/shard"
)

// The columns of Accounts, by position.
const (
	colID = iota
	colBranch
	colBalance
	colNote
)

// Accounts is the suite's table:
//
//	accounts(id int4 PRIMARY KEY, branch int4, balance int4 NOT NULL, note text), UNIQUE (note), INDEX (branch)
func Accounts(physical uint64) *shard.Table {
	return &shard.Table{
		Physical: physical, Relation: types.OID(16000 + physical), Version: 1, Schema: "public", Name: "accounts",
		Columns: []shard.Column{
			{Name: "id", Type: types.TInt4, Typmod: -1, NotNull: true},
			{Name: "branch", Type: types.TInt4, Typmod: -1},
			{Name: "balance", Type: types.TInt4, Typmod: -1, NotNull: true},
			{Name: "note", Type: types.TText, Typmod: -1},
		},
		Key: []int{colID}, KeyName: "accounts_pkey",
		Indexes: []shard.Index{
			{ID: 1, Name: "accounts_branch_idx", Columns: []int{colBranch}, Desc: []bool{false}},
			{ID: 2, Name: "accounts_note_key", Columns: []int{colNote}, Desc: []bool{false}, Unique: true},
		},
	}
}

// Notes is a table whose key is not SQLite's rowid:
//
//	notes(word text, n numeric, body text, PRIMARY KEY (word, n))
func Notes(physical uint64) *shard.Table {
	return &shard.Table{
		Physical: physical, Relation: types.OID(16000 + physical), Version: 1, Schema: "public", Name: "notes",
		Columns: []shard.Column{
			{Name: "word", Type: types.TText, Typmod: -1, NotNull: true},
			{Name: "n", Type: types.TNumeric, Typmod: -1, NotNull: true},
			{Name: "body", Type: types.TText, Typmod: -1},
		},
		Key: []int{0, 1}, KeyName: "notes_pkey",
	}
}

// Col is a column of a table as an expression.
func Col(t *shard.Table, position int) *expr.Column {
	c := &t.Columns[position]
	return &expr.Column{Typed: expr.Typed{T: c.Type, Mod: c.Typmod}, ID: expr.ColumnID(position), Name: c.Name}
}

// Param is a parameter of type int4, counted from 0.
func Param(i int) *expr.Param {
	return &expr.Param{Typed: expr.Typed{T: types.TInt4, Mod: -1}, Index: i}
}

// Int is an int4 literal.
func Int(v int64) *expr.Const {
	return &expr.Const{Typed: expr.Typed{T: types.TInt4, Mod: -1}, Value: types.Int(v)}
}

func call(f *expr.Function, operator string, a, b expr.Expr) *expr.Call {
	return &expr.Call{Typed: expr.Typed{T: f.Result, Mod: -1}, Func: f, Args: []expr.Expr{a, b}, Operator: operator}
}

// Sum is sum(column).
func Sum(t *shard.Table, column int) *expr.AggregateCall {
	return &expr.AggregateCall{Typed: expr.Typed{T: types.TInt8, Mod: -1}, Agg: sum, Args: []expr.Expr{Col(t, column)}}
}

// Condition is `column operator $param`, in SQL and as an expression.
type Condition struct {
	Column   int
	Operator string // = < >=
	Param    int
}

// Fragment builds a fragment that fetches all columns of t under some
// conditions, with both of its SQL texts.
func Fragment(t *shard.Table, where ...Condition) *shard.Fragment {
	f := &shard.Fragment{Table: t}
	var sql []string
	for _, w := range where {
		fn := map[string]*expr.Function{"=": int4eq, "<": int4lt, ">=": int4ge}[w.Operator]
		f.Where = append(f.Where, call(fn, w.Operator, Col(t, w.Column), Param(w.Param)))
		f.Bound = append(f.Bound, shard.Bound{Expr: Param(w.Param), Type: types.TInt4, Typmod: -1})
		sql = append(sql, fmt.Sprintf("%s %s ?", shard.ColumnName(w.Column), w.Operator))
		if w.Operator == "=" && len(t.Key) == 1 && w.Column == t.Key[0] {
			f.Point = []expr.Expr{Param(w.Param)}
		}
	}
	var names, keys []string
	for i := range t.Columns {
		f.Fetch = append(f.Fetch, Col(t, i))
		names = append(names, shard.ColumnName(i))
	}
	for _, k := range t.Key {
		keys = append(keys, shard.KeyColumnName(k, t.Columns[k].Type, t.Columns[k].Typmod))
	}
	recent := append(sql[:len(sql):len(sql)], "NOT pegmatite_recent(?, "+strings.Join(keys, ", ")+")")
	head := "SELECT " + strings.Join(names, ", ") + " FROM " + shard.TableName(t.Physical)
	f.SQL, f.SQLRecent = head, head+" WHERE "+strings.Join(recent, " AND ")
	if len(sql) > 0 {
		f.SQL += " WHERE " + strings.Join(sql, " AND ")
	}
	return f
}

// Ordered is f with ORDER BY a column, which its SQL promises too.
func Ordered(f *shard.Fragment, column int, desc bool) *shard.Fragment {
	g := *f
	g.Point = nil
	g.Order = []expr.SortKey{{Expr: Col(f.Table, column), Desc: desc}}
	order := " ORDER BY " + shard.ColumnName(column)
	if desc {
		order += " DESC"
	}
	g.SQL, g.SQLRecent = g.SQL+order, g.SQLRecent+order
	return &g
}

// Row packs a row of a table.
func Row(t *shard.Table, values ...types.Datum) []byte {
	var row []byte
	for i, v := range values {
		row = t.Columns[i].Type.Store(t.Columns[i].Typmod, v).AppendPacked(row)
	}
	return row
}

// Account packs a row of Accounts; an empty note is NULL.
func Account(t *shard.Table, id, branch, balance int64, note string) []byte {
	n := types.Null
	if note != "" {
		n = types.Text(note)
	}
	return Row(t, types.Int(id), types.Int(branch), types.Int(balance), n)
}

// Batch packs rows into a batch.
func Batch(rows ...[]byte) *shard.Batch {
	b := &shard.Batch{}
	for _, row := range rows {
		n := len(row)
		b.Data = append(b.Data, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		b.Data = append(b.Data, row...)
		b.Count++
	}
	return b
}

// Text shows the rows of a batch as "id|branch|balance|note" lines by their
// packed values.
func Text(b *shard.Batch) []string {
	var out []string
	for rows := b.Data; len(rows) > 0; {
		n := int(rows[0]) | int(rows[1])<<8 | int(rows[2])<<16 | int(rows[3])<<24
		row := rows[4 : 4+n]
		rows = rows[4+n:]
		var parts []string
		for len(row) > 0 {
			v, rest, ok := types.NextPacked(row)
			if !ok {
				parts = append(parts, "?")
				break
			}
			parts, row = append(parts, showValue(v)), rest
		}
		out = append(out, strings.Join(parts, "|"))
	}
	return out
}

func showValue(v types.Value) string {
	switch v.Tag {
	case types.TagNull:
		return "-"
	case types.TagInt64:
		return fmt.Sprint(v.Int())
	case types.TagReal:
		return fmt.Sprint(v.Real())
	case types.TagText:
		return v.Text()
	}
	return fmt.Sprintf("x%x", v.Bytes())
}
