package sqlparse

import (
	"strings"
	"testing"
)

// TestRewrite: strings with escapes become ones without, in the same places.
func TestRewrite(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{`select 'a', 1`, `select 'a', 1`},
		{`select 'a\\b', 1`, `select 'a\b' , 1`},
		{`select 'a\'b''c' x`, `select 'a''b''c' x`},
		{`select 'a\nb'`, "select 'a\nb' "},
		{`select '\101\x42\u00e9'`, `select 'ABé'          `},
		{`select E'\\', "a\", $$'\'$$ -- '\'`, `select E'\\', "a\", $$'\'$$ -- '\'`},
		{`select N'\\', B'0', X'\'`, `select N'\' , B'0', X'\'`},
		{`select/* '\' */'\q'`, `select/* '\' */'q' `},
		{`select '\xff'`, `select E'\xff'`},
		{`select'\uD800'`, `select E'\uD800'`},
		{`select 'never\'`, `select E'never\'`},
		{`select $1, $1'\\'`, `select $1, $1'\' `},
	} {
		got, _, err := Quoting{Backslashes: true}.Rewrite(c.sql)
		if err != nil || got != c.want {
			t.Errorf("%s: %s (%v), want %s", c.sql, got, err, c.want)
		}
	}
}

// FuzzRewrite: a text without backslashes stays as it is, and none grows but by letters in front.
func FuzzRewrite(f *testing.F) {
	for _, s := range []string{`select 'a\\b', E'\'', $a$'$a$ /* ' */`, `'\`, `U&'\0041'`, `'a' 'b\'`, "'a\\'\n'b'", `x'\`, `$`} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, sql string, backslashes bool) {
		got, warnings, err := Quoting{Backslashes: backslashes, Warn: true, NoBackslashQuote: !backslashes}.Rewrite(sql)
		switch {
		case err != nil:
		case !strings.Contains(sql, `\`) && (got != sql || warnings != nil):
			t.Fatalf("%q became %q", sql, got)
		case len(got) < len(sql) || len(got) > 2*len(sql)+2:
			t.Fatalf("%q became %q", sql, got)
		}
	})
}
