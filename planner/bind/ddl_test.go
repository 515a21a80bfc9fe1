package bind

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

func TestExpression(t *testing.T) {
	env := testEnv()
	columns := []Column{{Name: "a", Type: types.TInt4, Typmod: -1}, {Name: "b", Type: types.TText, Typmod: -1}}
	number := &Column{Name: "n", Type: types.TInt8, Typmod: -1}
	for _, c := range []struct {
		sql     string
		purpose Purpose
		target  *Column
		want    string
	}{
		{"5", ForDefault, number, "5"},
		{"'7'", ForDefault, number, "'7'::bigint"},
		{"a > 1 AND b <> ''", ForCheck, nil, "((a > 1) AND (b <> ''::text))"},
		{"a * 2", ForGenerated, number, "(a * 2)"},
		{"now()", ForDefault, nil, "now()"},
		{"a", ForDefault, number, "0A000 cannot use column reference in DEFAULT expression"},
		{"(SELECT 1)", ForCheck, nil, "0A000 cannot use subquery in check constraint"},
		{"a + 1", ForCheck, nil, "42804 argument of CHECK must be type boolean, not type integer"},
		{"count(*) > 1", ForCheck, nil, "42803 aggregate functions are not allowed in check constraints"},
		{"generate_series(1, 2)", ForDefault, number, "0A000 set-returning functions are not allowed in DEFAULT expressions"},
		{"b", ForGenerated, number, "42804 column \"n\" is of type bigint but generation expression is of type text"},
		{"nope", ForCheck, nil, "42703 column \"nope\" does not exist"},
		{"$1", ForDefault, number, "42P02 there is no parameter $1"},
		{"1 +", ForDefault, number, "42601 syntax error at end of input"},
	} {
		e, err := Expression(env, c.sql, columns, c.purpose, c.target)
		got := ""
		if err != nil {
			got = string(pgerr.From(err).Code) + " " + err.Error()
		} else {
			got = expr.Format(env.Types, e)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.sql, got, c.want)
		}
	}
}

func TestViewText(t *testing.T) {
	env := testEnv()
	for sql, want := range map[string]string{
		"SELECT * FROM t":                           "SELECT t.a, t.b, t.c, t.d FROM public.t",
		"SELECT x.*, 1 AS one FROM u x":             "SELECT x.a, x.x, x.y, x.z, 1 AS one FROM public.u x",
		"SELECT * FROM t JOIN u ON t.a = u.a":       "SELECT t.a, t.b, t.c, t.d, u.a, u.x, u.y, u.z FROM public.t JOIN public.u ON t.a = u.a",
		"SELECT * FROM t JOIN u USING (a)":          "SELECT t.a, t.b, t.c, t.d, u.x, u.y, u.z FROM public.t JOIN public.u USING (a)",
		"SELECT b FROM t NATURAL JOIN u":            "SELECT t.b FROM public.t JOIN public.u USING (a)",
		"SELECT b, (SELECT d FROM u t) FROM t":      "SELECT b, (SELECT d FROM public.u t) FROM public.t",
		"WITH t AS (SELECT 1 AS q) SELECT * FROM t": "WITH t AS (SELECT 1 AS q) SELECT t.q FROM t",
		"SELECT (SELECT count(*) FROM u) FROM v":    "SELECT (SELECT count(*) FROM public.u) FROM public.v",
	} {
		s, err := sqlparse.ParseQuery(sql)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := ViewText(env, s, s.Node, nil); err != nil || got != want {
			t.Errorf("%s\n got %s %v\nwant %s", sql, got, err, want)
		}
	}
}

// A literal whose value binding must know becomes part of the statement's key.
func TestPinnedLiteral(t *testing.T) {
	env := testEnv()
	list, err := sqlparse.Parse("SELECT a FROM t WHERE b BETWEEN 'x' AND 'y'")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Statement(env, list[0], nil); err != nil {
		t.Fatal(err)
	}
	// The same literal as two types: BETWEEN SYMMETRIC binds its bounds twice.
	list, _ = sqlparse.Parse("SELECT 1 FROM flag WHERE 'q' BETWEEN SYMMETRIC name AND arr[1]")
	before := list[0].Key()
	st, err := Statement(env, list[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if list[0].Key() == before || !list[0].Pinned(1) || st.Lifted[1] != nil {
		t.Errorf("key %q, lifted %v", list[0].Key(), st.Lifted)
	}
}

func BenchmarkUpdate(b *testing.B) {
	env := testEnv()
	list, err := sqlparse.Parse("UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = 2")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Statement(env, list[0], nil); err != nil {
			b.Fatal(err)
		}
	}
}
