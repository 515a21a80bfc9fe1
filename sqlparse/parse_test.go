package sqlparse

import (
	"context"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// Messages, codes and positions are PostgreSQL 15's.
func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		sql      string
		code     pgerr.Code
		message  string
		position int
	}{
		{"selec 1", "42601", `syntax error at or near "selec"`, 1},
		{"select 'é', from", "42601", `syntax error at or near "from"`, 13},
		{"select 'abc", "42601", `unterminated quoted string at or near "'abc"`, 8},
		{`select "abc`, "42601", `unterminated quoted identifier at or near ""abc"`, 8},
		{"select /* abc", "42601", `unterminated /* comment at or near "/* abc"`, 8},
		{"select 1 +", "42601", "syntax error at end of input", 11},
		{`select ""`, "42601", `zero-length delimited identifier at or near """"`, 8},
		{"select $$abc", "42601", `unterminated dollar-quoted string at or near "$$abc"`, 8},
		{"select 123abc", "42601", `trailing junk after numeric literal at or near "123abc"`, 8},
		{"select 0x1F", "42601", `trailing junk after numeric literal at or near "0x1F"`, 8},
		{"select 1; select 1_000", "42601", `trailing junk after numeric literal at or near "1_000"`, 18},
		{"select $1a", "42601", `trailing junk after parameter at or near "$1a"`, 8},
		{`select U&'+0061' UESCAPE '+'`, "42601", `invalid Unicode escape character at or near "'+'"`, 26},
		{`select U&'\+2FFFFF'`, "42601", "invalid Unicode escape value", 11},
		{`select E'\U002FFFFF'`, "42601", `invalid Unicode escape value at or near "\U002FFFFF"`, 10},
		{`select E'\u00'`, "22025", "invalid Unicode escape", 10},
		{`select U&'\zzzz'`, "42601", "invalid Unicode escape", 11},
		{`select E'\xff'`, "22021", `invalid byte sequence for encoding "UTF8": 0xff`, 0},
		{"select '\xff'", "22021", `invalid byte sequence for encoding "UTF8": 0xff`, 0},
		{"select '\xc3('", "22021", `invalid byte sequence for encoding "UTF8": 0xc3 0x28`, 0},
		{"create role public", "42939", `role name "public" is reserved`, 13},
		{"select 1 limit 1,2", "42601", "LIMIT #,# syntax is not supported", 10},
		{"merge into t using s on a=b when not matched by source then delete", "42601", `syntax error at or near "by"`, 46},
		{"select json_object(1:2)", "42601", `syntax error at or near ":"`, 21},
		{"select 1 is json", "42601", `syntax error at or near "json"`, 13},
		{"select system_user", "42703", `column "system_user" does not exist`, 8},
		{"select now() at local", "42601", `syntax error at or near "local"`, 17},
		{"merge into t using s on a=b when matched then delete returning a", "42601", `syntax error at or near "returning"`, 54},
		{"create table t(a int storage plain)", "42601", `syntax error at or near "storage"`, 22},
		{"select 1" + strings.Repeat("+1", 30000), "54001", "stack depth limit exceeded", 0},
		{"select 1" + strings.Repeat(" union select 1", 30000), "54001", "stack depth limit exceeded", 0},
		{"select a" + strings.Repeat("::int", 30000), "54001", "stack depth limit exceeded", 0},
		{"select a" + strings.Repeat("[1]", 30000), "54001", "stack depth limit exceeded", 0},
	} {
		_, err := Parse(c.sql)
		e := pgerr.From(err)
		if e == nil {
			t.Errorf("%.60q: no error", c.sql)
			continue
		}
		if e.Code != c.code || e.Message != c.message || e.Position != c.position {
			t.Errorf("%.60q:\n got %s %q at %d\nwant %s %q at %d", c.sql, e.Code, e.Message, e.Position, c.code, c.message, c.position)
		}
	}
}

func TestFlatTextsAreNotDeep(t *testing.T) {
	for _, sql := range []string{
		"select 1 where a=1" + strings.Repeat(" or a=1", 3000),
		"insert into t values (1,-1)" + strings.Repeat(",(1,-1)", 5000),
		"select " + strings.Repeat("a+1,", 5000) + "1",
		"select '" + strings.Repeat("+-()", 5000) + "'",
		"select 1" + strings.Repeat("+1", 3000),
	} {
		if _, err := Parse(sql); err != nil {
			t.Errorf("%.40q: %v", sql, err)
		}
	}
}

func TestStatementsOfAString(t *testing.T) {
	out, err := Parse("  select 'é' ; ; update t set a = 1 where b = 'x';")
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || out[0].Text != "select 'é'" || out[1].Text != "update t set a = 1 where b = 'x'" {
		t.Fatalf("%+v", out)
	}
	where := out[1].Node.GetUpdateStmt().WhereClause.GetAExpr()
	if got := out[1].Position(where.Lexpr.GetColumnRef().Location); got != 43 {
		t.Errorf("position %d", got)
	}
	if got := out[1].LiteralPosition(1); got != 47 {
		t.Errorf("literal position %d", got)
	}
	for _, sql := range []string{"", " ", ";;", "-- nothing"} {
		if out, err := Parse(sql); err != nil || len(out) != 0 {
			t.Errorf("%q: %v %v", sql, out, err)
		}
	}
}

func TestParseExpr(t *testing.T) {
	_, n, err := ParseExpr("nextval('s'::regclass) + 1")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := DeparseExpr(n); err != nil || text != "nextval('s'::regclass) + 1" {
		t.Errorf("%q %v", text, err)
	}
	for _, bad := range []string{"", "1, 2", "1; select 2", "1 +"} {
		if _, _, err := ParseExpr(bad); err == nil {
			t.Errorf("%q parsed", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, sql := range []string{
		"select 1", "update t set a=$1 where b='x'", "select E'\\n', U&'\\0041', $$x$$", "select -1, - 2147483648, 1e5, .5",
		"insert into t values (1, 'a''b') on conflict do nothing", "/* c */ select 1 -- x", "select a from t order by 1 limit 2",
	} {
		f.Add(sql)
	}
	c := NewCache(1 << 20)
	f.Fuzz(func(t *testing.T, sql string) {
		direct, err := Parse(sql)
		cached, cachedErr := c.Parse(context.Background(), Postgres, sql)
		again, againErr := c.Parse(context.Background(), Postgres, sql)
		if (err == nil) != (cachedErr == nil) || (err == nil) != (againErr == nil) {
			t.Fatalf("%q: %v, cached %v, again %v", sql, err, cachedErr, againErr)
		}
		sameStatements(t, sql, direct, cached)
		sameStatements(t, sql, direct, again)
	})
}
