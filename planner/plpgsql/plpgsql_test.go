package plpgsql

import (
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func functionOf(result *types.Type, body string) *catalog.Function {
	return &catalog.Function{
		Name: "f", Language: "plpgsql", Result: result, Body: body,
		Args: []catalog.Argument{{Name: "a", Mode: 'i', Type: types.TInt4}, {Mode: 'i', Type: types.TText}},
	}
}

func TestParse(t *testing.T) {
	for body, want := range map[string]Return{
		"begin return $1; end":             {1, "$1"},
		"\nbegin\n  return a + 1;\nend;\n": {3, "a + 1"},
		"BEGIN RETURN $x$ $body$ $x$; END": {1, "$x$ $body$ $x$"},
	} {
		list, err := Parse(functionOf(types.TInt4, body))
		if err != nil || len(list) != 1 || *list[0].(*Return) != want {
			t.Errorf("%q: %v %v", body, list, err)
		}
	}
	if list, err := Parse(functionOf(types.TVoid, "begin end")); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

func TestRefused(t *testing.T) {
	for body, want := range map[string]string{
		"begin if a > 1 then return 1; end if; return 2; end":        "PL/pgSQL statement IF is not supported",
		"begin perform 1; return 2; end":                             "PL/pgSQL statement PERFORM is not supported",
		"begin insert into t values (1); return 2; end":              "PL/pgSQL statement (a command in SQL) is not supported",
		"declare x int; begin return 1; end":                         "PL/pgSQL declaration of \"x\" is not supported",
		"begin return 1; exception when others then return 2; end":   "PL/pgSQL clause EXCEPTION is not supported",
		"begin return 1; return 2; end":                              "PL/pgSQL block of several statements is not supported",
		"begin retrun 1; end":                                        "syntax error at or near \"retrun\"",
		"begin for i in 1..3 loop return i; end loop; return 0; end": "PL/pgSQL statement FOR with integer loop variable is not supported",
		"begin": "syntax error at end of input",
	} {
		if _, err := Parse(functionOf(types.TInt4, body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", body, err, want)
		}
	}
	set := functionOf(types.TInt4, "begin return; end")
	set.ReturnsSet = true
	for _, f := range []*catalog.Function{set, functionOf(types.TTrigger, "begin return new; end")} {
		if _, err := Parse(f); err == nil || !strings.HasSuffix(err.Error(), "is not supported") {
			t.Error(err)
		}
	}
}
