package sqlitesql

import "strings"

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
	"name", "text_", "bpchar", "bytea", "uuid_", "nametext", "textname",
}

// comparisons are the suffixes of a family and SQLite's operators.
var comparisons = map[string]string{"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

// rules are the functions that have SQL, by pg_proc.proname.
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
	"int4(int2)": true, "int8(int2)": true, "int8(int4)": true, "float8(float4)": true,
}

// signature is a function's name with its argument types, as widening has them.
func signature(name string, args []string) string {
	return name + "(" + strings.Join(args, ",") + ")"
}
