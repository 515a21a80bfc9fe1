package planner_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/shard"
	"github.com/pegmatitedb/pegmatite/shard/engine"
)

var (
	seed       = flag.Uint64("seed", 1, "of the generated conditions")
	conditions = flag.Int("conditions", 250, "how many conditions to generate")
)

// generator makes conditions over the columns of values, by type.
type generator struct{ *rand.Rand }

// columnsOf are the columns of the table, by type.
var columnsOf = map[string][]string{
	"int2": {"small"}, "int4": {"a", "b"}, "int8": {"big"}, "oid": {"o"}, "text": {"s", "v"}, "float4": {"r"}, "float8": {"f"}, "date": {"d"}, "bool": {"t"},
	"numeric": {"n"}, "char": {"c"}, "name": {"nm"}, "bytea": {"by"}, "uuid": {"u"}, "time": {"tm"}, "timestamp": {"ts"}, "timestamptz": {"tz"},
}

var literalsOf = map[string][]string{
	"int2": {"0::int2", "1::int2", "'-32768'::int2", "32767::int2"},
	"int4": {"0", "1", "-1", "7", "2147483647", "-2147483648"}, "int8": {"0::int8", "9223372036854775807", "-5::int8"},
	"oid": {"0::oid", "1::oid", "4294967295::oid"}, "float4": {"0::float4", "1.5::float4", "'NaN'::float4", "'-Infinity'::float4"},
	"text": {"''", "'abc'", "'B'", "'a%'", "'é'"}, "float8": {"0::float8", "1.5::float8", "'NaN'::float8", "'-0'::float8", "'Infinity'::float8"},
	"date": {"'2000-01-01'::date", "'infinity'::date", "'1999-12-31'::date"}, "bool": {"true", "false"},
	"numeric": {"1.50::numeric(10,2)", "0::numeric", "'NaN'::numeric", "2.345"}, "char": {"'x'::char(4)", "'xy  '::char(4)"},
	"name": {"'abc'::name", "''::name"}, "bytea": {"''::bytea", "'\\x00ff'::bytea"}, "uuid": {"'00000000-0000-0000-0000-000000000001'::uuid"},
	"time": {"'00:00'::time", "'24:00'::time"}, "timestamp": {"'2000-01-01'::timestamp", "'infinity'::timestamp", "'1999-12-31 23:59:59.5'::timestamp"},
	"timestamptz": {"'2000-01-01 00:00+00'::timestamptz", "'-infinity'::timestamptz"},
}

// form is an expression over others, each of a type.
type form struct {
	sql  string
	args []string
}

// formsOf are the forms of a type's values; planner/sqlitesql goes through all
// functions one by one.
var formsOf = map[string][]form{
	"int2": {{"(%s + %s)", []string{"int2", "int2"}}, {"(- %s)", []string{"int2"}}, {"(%s)::int2", []string{"int4"}}},
	"int4": {
		{"(%s + %s)", []string{"int4", "int4"}}, {"(%s - %s)", []string{"int2", "int4"}}, {"(%s * %s)", []string{"int4", "int4"}},
		{"(%s / %s)", []string{"int4", "int4"}}, {"(%s %% %s)", []string{"int4", "int4"}}, {"abs(%s)", []string{"int4"}}, {"length(%s)", []string{"text"}},
		{"strpos(%s, %s)", []string{"text", "text"}}, {"octet_length(%s)", []string{"text"}}, {"(%s - %s)", []string{"date", "date"}}, {"(%s)::int4", []string{"oid"}},
	},
	"int8":   {{"(%s + %s)", []string{"int8", "int4"}}, {"(%s * %s)", []string{"int8", "int8"}}, {"(%s - %s)", []string{"int2", "int8"}}, {"(%s)::int8", []string{"int4"}}},
	"oid":    {{"(%s)::oid", []string{"int4"}}},
	"float4": {{"(%s + %s)", []string{"float4", "float4"}}, {"(%s * %s)", []string{"float4", "float4"}}},
	"float8": {
		{"(%s + %s)", []string{"float8", "float4"}}, {"(%s * %s)", []string{"float8", "float8"}}, {"(%s / %s)", []string{"float8", "float8"}},
		{"abs(%s)", []string{"float8"}}, {"(- %s)", []string{"float8"}}, {"(%s)::float8", []string{"int8"}},
	},
	"text": {
		{"lower(%s)", []string{"text"}}, {"upper(%s)", []string{"text"}}, {"btrim(%s)", []string{"text"}}, {"substr(%s, %s)", []string{"text", "int4"}},
		{"left(%s, %s)", []string{"text", "int4"}}, {"right(%s, %s)", []string{"text", "int4"}}, {"(%s)::text", []string{"char"}}, {"(%s)::text", []string{"name"}},
	},
	"bool":      {{"starts_with(%s, %s)", []string{"text", "text"}}, {"(%s IS TRUE)", []string{"bool"}}, {"(%s IS UNKNOWN)", []string{"bool"}}},
	"date":      {{"(%s + %s)", []string{"date", "int4"}}, {"(%s)::date", []string{"timestamp"}}},
	"timestamp": {{"(%s)::timestamp", []string{"date"}}},
}

func (g generator) pick(list []string) string { return list[g.IntN(len(list))] }

// value is an expression of a type.
func (g generator) value(t string, depth int) string {
	switch forms := formsOf[t]; {
	case depth > 0 && len(forms) > 0 && g.IntN(3) == 0:
		f := forms[g.IntN(len(forms))]
		args := make([]any, len(f.args))
		for i, a := range f.args {
			args[i] = g.value(a, depth-1)
		}
		return fmt.Sprintf(f.sql, args...)
	case depth > 0 && g.IntN(8) == 0:
		return "coalesce(" + g.value(t, 0) + ", " + g.value(t, 0) + ")"
	case depth > 0 && g.IntN(10) == 0:
		return "CASE WHEN " + g.condition(0) + " THEN " + g.value(t, 0) + " ELSE " + g.value(t, 0) + " END"
	case g.IntN(3) == 0:
		return g.pick(literalsOf[t])
	}
	return g.pick(columnsOf[t])
}

// kinds are the types of the table's columns after its key, in order.
var kinds = []string{"int4", "int4", "int8", "text", "text", "float8", "date", "bool", "numeric", "char",
	"int2", "oid", "float4", "name", "bytea", "uuid", "time", "timestamp", "timestamptz"}

// varying is an expression of a type that has a column in it. SQLite computes
// what no row changes first, and then skips the rest where it decides: that
// hides errors, as it does in PostgreSQL.
func (g generator) varying(t string, depth int) string {
	for {
		if v := g.value(t, depth); hasColumn(v) {
			return v
		}
	}
}

// hasColumn looks for a column's name between what cannot be part of one.
func hasColumn(v string) bool {
	for _, word := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("() ,+-*/%:'<>=", r) }) {
		for _, list := range columnsOf {
			if slices.Contains(list, word) {
				return true
			}
		}
	}
	return false
}

// condition is a boolean expression.
func (g generator) condition(depth int) string {
	if depth > 0 {
		switch g.IntN(5) {
		case 0:
			return "(" + g.condition(depth-1) + " AND " + g.condition(depth-1) + ")"
		case 1:
			return "(" + g.condition(depth-1) + " OR " + g.condition(depth-1) + ")"
		case 2:
			return "(NOT " + g.condition(depth-1) + ")"
		}
	}
	t := g.pick(kinds)
	switch g.IntN(7) {
	case 0:
		return "(" + g.varying(t, depth) + g.pick([]string{" IS NULL", " IS NOT NULL"}) + ")"
	case 1:
		return "(" + g.varying(t, depth) + g.pick([]string{" IN (", " NOT IN ("}) + g.varying(t, 0) + ", " + literalsOf[t][0] + "))"
	case 2:
		return "(" + g.varying(t, depth) + g.pick([]string{" IS DISTINCT FROM ", " IS NOT DISTINCT FROM "}) + g.value(t, depth) + ")"
	case 3:
		return "(" + g.varying("text", depth) + g.pick([]string{" LIKE ", " NOT LIKE ", " ILIKE "}) + g.pick([]string{"'a%'", "'%b'", "'_B%'", "'%É%'", "''"}) + ")"
	}
	return "(" + g.varying(t, depth) + g.pick([]string{" = ", " <> ", " < ", " <= ", " > ", " >= "}) + g.value(t, depth) + ")"
}

// What memory answers is evaluated in Go, what has settled by SQLite: the same
// conditions must give the same rows before and after.
func TestSQLAgreesWithEvaluation(t *testing.T) {
	w := newWorldOf(t, engine.Config{Shards: 2, Logs: 1, SettleEvery: time.Hour})
	w.table("values", "id int4 key", "a int4", "b int4", "big int8", "s text", "v varchar(10)", "f float8", "d date", "t bool", "n numeric(10,2)", "c bpchar(4)",
		"small int2", "o oid", "r float4", "nm name", "by bytea", "u uuid", "tm time", "ts timestamp", "tz timestamptz")
	g := generator{rand.New(rand.NewPCG(*seed, 2))}
	for i := range 40 {
		var row []string
		for _, k := range kinds {
			v := g.pick(literalsOf[k])
			if g.IntN(6) == 0 {
				v = "NULL"
			}
			row = append(row, v)
		}
		w.must(fmt.Sprintf("INSERT INTO values VALUES (%d, %s)", i, strings.Join(row, ", ")))
	}
	var sql, before []string
	for range *conditions {
		q := "SELECT id FROM values WHERE " + g.condition(2) + " ORDER BY id"
		out, err := w.exec(q)
		if err != nil {
			out = "error"
		}
		sql, before = append(sql, q), append(before, out)
	}
	for _, id := range w.Shards(catalog.HomeShards) {
		if _, err := w.node.Control(context.Background(), &shard.ControlRequest{Header: shard.Header{Shard: id}, Op: shard.ControlSettle}); err != nil {
			t.Fatal(err)
		}
	}
	pushed, failed := 0, 0
	for i, q := range sql {
		out, err := w.exec(q)
		if err != nil {
			out = "error"
			failed++
		}
		if out != before[i] {
			st, _, planErr := w.plan(q)
			t.Errorf("seed %d: %s\nin memory %q\nin SQLite %q %v\n%s %v", *seed, q, before[i], out, err, explain(st), planErr)
		}
		if st, _, err := w.plan(q); err == nil && strings.Contains(explain(st), " WHERE ") {
			pushed++
		}
	}
	if pushed*2 < len(sql) {
		t.Errorf("only %d of %d conditions reached SQLite", pushed, len(sql))
	}
	if failed*2 > len(sql) {
		t.Errorf("%d of %d conditions failed: too few say anything", failed, len(sql))
	}
}
