package sqlitesql

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
)

// shape is how a function's call is written.
type shape uint8

const (
	shapeOperator shape = iota // (a op b)
	shapeCall                  // name(a, b)
	shapeSame                  // a: the stored form does not change
)

// rule says how SQLite computes one function of PostgreSQL's.
type rule struct {
	shape shape
	sql   string
	// compares: the arguments must be of one comparable form.
	compares bool
	// fails: the call can raise an error, so it may not run for rows that an
	// earlier condition would have kept from it.
	fails bool
}

// comparisonFamilies are the prefixes of comparison functions in pg_proc, whose
// six names are made by adding eq, ne, lt, le, gt and ge.
var comparisonFamilies = []string{
	"int2", "int4", "int8", "int24", "int42", "int28", "int82", "int48", "int84",
	"oid", "bool", "date_", "time_", "timestamp_", "timestamptz_",
	"float4", "float8", "float48", "float84",
	"enum_", "name", "text_", "bpchar", "bytea", "uuid_", "nametext", "textname", "range_", "multirange_",
}

// comparisons are the suffixes of a family and SQLite's operators.
var comparisons = map[string]string{"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

// called are the functions that C functions of shard/sqlite compute, by
// signature (see there: functions.go; a test compares the two tables).
var called = makeCalled()

func makeCalled() map[string]rule {
	m := map[string]rule{}
	add := func(name string, fails bool, procs ...string) {
		for _, p := range procs {
			m[p] = rule{shape: shapeCall, sql: name, fails: fails}
		}
	}
	for _, op := range []string{"pl", "mi", "mul", "div"} {
		add("pg_int2"+op, true, "int2"+op+"(int2,int2)")
		add("pg_int4"+op, true, "int4"+op+"(int4,int4)", "int24"+op+"(int2,int4)", "int42"+op+"(int4,int2)")
		add("pg_int8"+op, true, "int8"+op+"(int8,int8)", "int28"+op+"(int2,int8)", "int82"+op+"(int8,int2)",
			"int48"+op+"(int4,int8)", "int84"+op+"(int8,int4)")
		add("pg_float4"+op, true, "float4"+op+"(float4,float4)")
		add("pg_float8"+op, true, "float8"+op+"(float8,float8)", "float48"+op+"(float4,float8)", "float84"+op+"(float8,float4)")
	}
	add("pg_intmod", true, "int2mod(int2,int2)", "int4mod(int4,int4)", "int8mod(int8,int8)",
		"mod(int2,int2)", "mod(int4,int4)", "mod(int8,int8)")
	for _, t := range []string{"int2", "int4", "int8"} {
		add("pg_"+t+"um", true, t+"um("+t+")")
		add("pg_"+t+"abs", true, t+"abs("+t+")", "abs("+t+")")
	}
	add("pg_int2", true, "int2(int4)", "int2(int8)")
	add("pg_int4", true, "int4(int8)")
	add("pg_int_float8", false, "float8(int2)", "float8(int4)", "float8(int8)")
	add("pg_floatum", false, "float8um(float8)")
	add("pg_floatabs", false, "float8abs(float8)", "abs(float8)")
	addText(add)
	add("pg_date_pli", true, "date_pli(date,int4)")
	add("pg_date_mii", true, "date_mii(date,int4)")
	add("pg_date_mi", true, "date_mi(date,date)")
	add("pg_date_timestamp", true, "timestamp(date)")
	add("pg_timestamp_date", false, "date(timestamp)")
	return m
}

func addText(add func(name string, fails bool, procs ...string)) {
	add("pg_like", true, "textlike(text,text)", "like(text,text)")
	add("pg_nlike", true, "textnlike(text,text)", "notlike(text,text)")
	add("pg_ilike", true, "texticlike(text,text)")
	add("pg_nilike", true, "texticnlike(text,text)")
	add("pg_length", false, "length(text)", "char_length(text)", "character_length(text)")
	add("pg_octet_length", false, "octet_length(text)")
	add("pg_lower", false, "lower(text)")
	add("pg_upper", false, "upper(text)")
	add("pg_strpos", false, "strpos(text,text)", "position(text,text)")
	add("pg_starts_with", false, "starts_with(text,text)")
	add("pg_substr", false, "substr(text,int4)", "substring(text,int4)")
	add("pg_substr", true, "substr(text,int4,int4)", "substring(text,int4,int4)")
	add("pg_left", false, "left(text,int4)")
	add("pg_right", false, "right(text,int4)")
	add("pg_ltrim", false, "ltrim(text)")
	add("pg_rtrim", false, "rtrim(text)")
	add("pg_btrim", false, "btrim(text)")
}

// ruleOf returns how SQLite computes f; false: it does not.
func ruleOf(f *expr.Function) (rule, bool) {
	if f.IsInC {
		return rule{}, false
	}
	if r, ok := rules[f.Name]; ok {
		return r, true
	}
	args := make([]string, len(f.Args))
	for i, t := range f.Args {
		args[i] = t.Name
	}
	r, ok := called[signature(f.Name, args)]
	return r, ok
}

// rules are the functions that SQLite's operators compute, by pg_proc.proname.
var rules = makeRules()

func makeRules() map[string]rule {
	m := map[string]rule{
		// The equality of text has names of its own.
		"texteq": {sql: "=", compares: true}, "textne": {sql: "<>", compares: true},
		"nameeqtext": {sql: "=", compares: true}, "nametexteq": {sql: "=", compares: true},
		"texteqname": {sql: "=", compares: true},
	}
	for _, family := range comparisonFamilies {
		for suffix, op := range comparisons {
			m[family+suffix] = rule{sql: op, compares: true}
		}
	}
	return m
}

// widening are the casts between types of one stored form that lose nothing.
var widening = map[string]bool{
	"int4(int2)": true, "int8(int2)": true, "int8(int4)": true, "float8(float4)": true, "text(varchar)": true,
}

// signature is a function's name with its argument types, as widening has them.
func signature(name string, args []string) string {
	return name + "(" + strings.Join(args, ",") + ")"
}

// Pushed says how SQLite computes f on a shard, by one of its operators or a C
// function; ok is false where it does not, and the engine computes f beside it.
func Pushed(f *expr.Function) (sql string, ok bool) {
	r, ok := ruleOf(f)
	return r.sql, ok
}
