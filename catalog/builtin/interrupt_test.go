package builtin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/ending"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// longExpressions are functions and casts of a long value, which stands for the
// %s of the calls, one in a line.
var longExpressions = []struct{ value, calls string }{
	{`repeat('ab', 400000)`, `%s || 'c'
		length(%s)
		upper(%s)
		initcap(%s)
		reverse(%s)
		lpad(%s, 800001, 'xyz')
		rpad('x', 800000, left(%s, 3))
		lpad('x', length(left(%s, 1)) + 800000)
		right(%s, -780000)
		right(%s, 5)
		left(%s, -5)
		substr(%s, 780000, 7)
		overlay(%s placing 'x' from 780000 for 5)
		position('c' in %s)
		btrim(%s, 'abä')
		rtrim(%s, 'ab')
		replace(%s, 'a', 'x')
		replace(%s, 'c', 'x')
		translate(%s, 'a', 'x')
		split_part(%s, 'b', 380000)
		split_part(%s, 'c', 2)
		quote_literal(%s)
		quote_ident(%s)
		quote_nullable(%s)
		format('%%s', %s)
		format('%%I', %s)
		format('%%L', %s)
		format(%s)
		format('%%' || length(%s) || 's', 'x')
		concat(%s, 'x')
		concat_ws(',', %s, 'x')
		md5(%s)
		convert_to(%s, 'UTF8')
		decode(%s, 'hex')
		decode(%s, 'base64')
		decode(%s, 'escape')
		(%s)::bytea
		('\x' || %s)::bytea
		normalize(%s)
		normalize(%s, NFD)
		%s is normalized
		%s like '%%c%%'
		%s like repeat('_', 800000)
		like_escape(%s, 'x')
		like_escape(%s, '')
		%s ~ 'c'
		string_to_array(%s, 'b')
		regexp_split_to_array(%s, 'b')
		to_json(%s)
		to_jsonb(%s)
		json_build_array(%s)
		('"' || %s || '"')::json
		('"' || %s || '"')::jsonb
		array[%s || '"']::text
		('{"' || %s || '"}')::text[]
		row(%s || '"')::text
		parse_ident(%s)
		parse_ident('"' || %s || '"')
		to_char(1, left(%s, 30000))
		to_char(date '2026-01-01', replace(left(%s, 30000), 'b', 'D'))
		to_char(interval '1 day', '"' || left(%s, 30000) || '"')
		to_number('1', '9' || left(%s, 30000))
		to_date('ab', left(%s, 30000))
		to_timestamp('ab', left(%s, 30000))`},
	{`decode(repeat('ab', 400000), 'escape')`, `encode(%s, 'hex')
		encode(%s, 'base64')
		encode(%s, 'escape')
		(%s)::text
		convert_from(%s, 'UTF8')
		length(%s, 'UTF8')
		bit_count(%s)
		btrim(%s, 'ab'::bytea)
		set_byte(%s, 5, 5)
		set_bit(%s, 5, 1)
		sha256(%s)
		%s || 'a'::bytea
		overlay(%s placing 'x' from 5)`},
	{`array_fill(1, array[200000])`, `(%s)::text
		(%s)::bigint[]
		(%s)::text[]
		((%s)::text)::int[]
		array_remove(%s, 1)
		array_replace(%s, 1, 2)
		array_position(%s, 2)
		array_positions(%s, 1)
		array_append(%s, 2)
		array_prepend(2, %s)
		%s || %s
		%s @> array[2]
		%s && array[2]
		array_to_string(%s, ',')
		num_nulls(variadic %s)
		2 = any(%s)
		1 <= all(%s)
		to_json(%s)
		to_jsonb(%s)`},
	{`('[' || repeat('1,', 150000) || '1]')`, `(%s)::json
		(%s)::jsonb
		json_array_length((%s)::json)
		(%s)::json -> -1
		jsonb_strip_nulls((%s)::jsonb)
		jsonb_pretty((%s)::jsonb)
		(%s)::jsonb @> '2'
		(%s)::jsonb || '1'
		(%s)::jsonb ? 'x'`},
	{`('{' || repeat('[1,2),', 100000) || '[3,4)}')`, `(%s)::int4multirange
		int4multirange(variadic array_fill(range_merge((%s)::int4multirange), array[100000]))
		(%s)::nummultirange + '{[5,6]}'`},
}

// evaluate is the value of an expression, and how often the statement was asked,
// which ends at one of the times.
func evaluate(t *testing.T, sql string, end int) (int, error) {
	t.Helper()
	e, err := bindSQL(types.DefaultEnv(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	eval, err := expr.Compile(e, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	running := &ending.Request{At: end}
	_, err = eval(&expr.Context{Env: types.DefaultEnv(), Running: running}, nil)
	return running.Times, err
}

// TestLongValuesAreAskedFor: while one function or cast goes through a long
// value its statement is asked all the time, and ends in the middle of it.
func TestLongValuesAreAskedFor(t *testing.T) {
	const often = 3 // of a dozen pieces, or of the windows of a search
	for _, l := range longExpressions {
		before, err := evaluate(t, l.value, 0)
		if err != nil {
			t.Fatalf("%s: %v", l.value, err)
		}
		for _, call := range strings.Split(l.calls, "\n") {
			call = strings.TrimSpace(call)
			uses := strings.Count(strings.ReplaceAll(call, "%%", ""), "%s")
			args := make([]any, uses)
			for i := range args {
				args[i] = l.value
			}
			sql := fmt.Sprintf(call, args...)
			times, err := evaluate(t, sql, 0)
			if err != nil {
				t.Errorf("%s: %v", sql, err)
			}
			if times < uses*before+often {
				t.Errorf("%s: asked %d times, the value alone %d", sql, times, before)
			}
			end := uses*before + often - 1
			if _, err := evaluate(t, sql, end); !errors.Is(err, ending.Err) {
				t.Errorf("%s: at %d of %d: %v", sql, end, times, err)
			}
		}
	}
}

// TestLongComparisonsAreAskedFor: so it is while two long values are compared.
func TestLongComparisonsAreAskedFor(t *testing.T) {
	array := types.ArrayDatum(types.NewArray(types.TInt4, slices.Repeat([]types.Datum{types.Int(1)}, 200000)))
	longer := types.ArrayDatum(types.NewArray(types.TInt4, slices.Repeat([]types.Datum{types.Int(1)}, 200001)))
	document := types.Text("[" + strings.Repeat("1, ", 150000) + "1]")
	for name, args := range map[string][]types.Datum{
		"array_eq": {array, longer}, "btarraycmp": {array, longer}, "array_larger": {array, longer},
		"jsonb_eq": {document, types.Text("1")}, "jsonb_lt": {types.Text("1"), document}, "jsonb_cmp": {document, types.Text("1")},
	} {
		running := &ending.Request{At: 3}
		_, err := compareImpls[name](&expr.Context{Env: types.DefaultEnv(), Running: running}, args)
		if !errors.Is(err, ending.Err) {
			t.Errorf("%s: asked %d times: %v", name, running.Times, err)
		}
	}
}
