package expressions

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// edges are values of the types that are generated, in their input form; they
// are chosen where implementations go wrong.
var edges = map[string][]string{
	"bool":           {"t", "f"},
	"int2":           {"0", "1", "-1", "2", "7", "100", "32767", "-32768"},
	"int4":           {"0", "1", "-1", "2", "3", "5", "10", "64", "2147483647", "-2147483648"},
	"int8":           {"0", "1", "-1", "3", "10", "9223372036854775807", "-9223372036854775808", "4294967296"},
	"float4":         {"0", "-0", "1.5", "-2.25", "3e38", "NaN", "Infinity", "-Infinity", "1e-45", "0.1"},
	"float8":         {"0", "-0", "0.5", "1.5", "-2.25", "100", "1e15", "1e300", "-1e300", "NaN", "Infinity", "-Infinity", "5e-324", "0.1"},
	"numeric":        {"0", "1", "-1", "0.5", "1.50", "-2.5", "0.000001", "123456789012345678901234567890", "1e-30", "99999.999", "NaN", "Infinity", "-Infinity", "1e100"},
	"money":          {"0", "1.23", "-99.99", "92233720368547758.07", "-92233720368547758.08"},
	"text":           {"", "a", "abc", "ABC def", "aé", "É%b", "_x\\y", "  xy ", "😀z", "%", "1", "12.5", "2024-02-29", "foo.bar", "a,b,c", "{1,2}", "[1, 2]", "\\d+", "(a|b)*", "YYYY-MM-DD", "9999.99", "e\u0301", "ß"},
	"varchar":        {"", "a", "abc", "ABC def", "ünï", "  xy "},
	"bpchar":         {"", "x", "xy ", "abc  ", "é "},
	"name":           {"", "a", "abc", "pg_class", "A B"},
	"char":           {"", "a", "\\377", "z"},
	"bytea":          {"", "\\x00", "\\x0001ff", "abc", "\\xdeadbeef", "\\xc3a9"},
	"bit":            {"0", "1", "101", "11111111", "0000000000000001"},
	"varbit":         {"", "0", "1", "10110", "111111111"},
	"uuid":           {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	"date":           {"2000-01-01", "infinity", "-infinity", "1999-12-31", "4713-11-24 BC", "5874897-12-31", "2024-02-29", "2024-03-10", "0001-01-01"},
	"time":           {"00:00:00", "24:00:00", "12:34:56.789", "23:59:59.999999"},
	"timetz":         {"00:00:00+00", "24:00:00-15:59", "12:34:56.789+05:30", "02:30:00-08"},
	"timestamp":      {"2000-01-01 00:00:00", "infinity", "-infinity", "1999-12-31 23:59:59.999999", "0001-01-01 00:00:00 BC", "294276-12-31 23:59:59", "2024-02-29 12:00:00", "2024-03-10 02:30:00", "2024-11-03 01:30:00"},
	"timestamptz":    {"2000-01-01 00:00:00+00", "infinity", "-infinity", "1999-12-31 23:59:59.999999+00", "0001-01-01 00:00:00+00 BC", "294276-12-31 23:59:59+00", "2024-02-29 12:00:00+00", "2024-03-10 10:00:00+00", "2024-11-03 09:30:00+00"},
	"interval":       {"0", "1 day", "-1 mon 2 days", "1 year 2 mons 3 days 04:05:06.789", "-00:00:00.000001", "178000000 years", "1 mon", "30 days", "24:00:00", "36:30:00"},
	"oid":            {"0", "1", "23", "4294967295", "2147483648"},
	"xid":            {"0", "3", "4294967295"},
	"xid8":           {"0", "3", "18446744073709551615"},
	"tid":            {"(0,0)", "(1,2)", "(4294967295,65535)"},
	"pg_lsn":         {"0/0", "0/16AE7F8", "FFFFFFFF/FFFFFFFF"},
	"inet":           {"0.0.0.0", "192.168.1.5/24", "10.0.0.1", "255.255.255.255", "::", "2001:db8::1/64", "::ffff:1.2.3.4"},
	"cidr":           {"0.0.0.0/0", "192.168.1.0/24", "10.1.2.3/32", "::/0", "2001:db8::/32"},
	"macaddr":        {"00:00:00:00:00:00", "08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"},
	"macaddr8":       {"00:00:00:00:00:00:00:00", "08:00:2b:ff:fe:01:02:03", "ff:ff:ff:ff:ff:ff:ff:ff"},
	"json":           {"null", "1", "\"a\"", "[]", "{}", "[1, 2.50, null, \"x\"]", "{\"a\": 1, \"b\": {\"c\": [true]}, \"a\": 2}"},
	"jsonb":          {"null", "1", "-0.0", "\"a\"", "true", "[]", "{}", "[1, 2.50, null, \"x\"]", "{\"a\": 1, \"b\": {\"c\": [true]}}", "{\"f1\": \"1\"}"},
	"jsonpath":       {"$", "$.a", "$[*]", "strict $.b.c[0]", "$[*] ? (@ > 1)", "$.* ? (@.type() == \"number\")"},
	"tsvector":       {"", "'a':1 'b':2A", "'fat':2,4 'cat':3B 'rat':5C", "'é' 'x y'"},
	"point":          {"(0,0)", "(1.5,-2)", "(NaN,1)", "(1e300,-1e300)", "(Infinity,0)", "(1e-07,0)"},
	"line":           {"{1,-1,0}", "{0,1,5}", "{1,0,-2.5}", "{NaN,1,1}"},
	"lseg":           {"[(0,0),(1,1)]", "[(1,2),(1,2)]", "[(0,5),(3,-4)]", "[(Infinity,0),(0,1)]"},
	"box":            {"(1,1),(0,0)", "(3,4),(-1.5,2)", "(0,0),(0,0)", "(Infinity,5),(-Infinity,1)"},
	"path":           {"((0,0),(1,1),(2,0))", "[(0,0),(3,4)]", "((1,2))"},
	"polygon":        {"((0,0),(0,4),(4,4),(4,0))", "((1,1),(2,2),(3,1))", "((1,2))"},
	"circle":         {"<(0,0),1>", "<(1.5,-2),3>", "<(0,0),0>", "<(5,5),Infinity>"},
	"int4range":      {"empty", "(,)", "[1,5)", "[1,1]", "(5,)", "(,-3)", "[-2147483648,2147483647)", "[10,64)"},
	"int8range":      {"empty", "(,)", "[1,9223372036854775807)", "(,0]"},
	"numrange":       {"empty", "(,)", "[0.5,1.5]", "(1.5,2)", "[NaN,NaN]", "(-Infinity,Infinity)", "(,0.5)"},
	"daterange":      {"empty", "(,)", "[2000-01-01,2024-02-29]", "[-infinity,infinity]", "(1999-12-31,)"},
	"tsrange":        {"empty", "(,)", "[2000-01-01 00:00:00,2024-02-29 12:00:00)", "(,infinity]"},
	"tstzrange":      {"empty", "[2000-01-01 00:00:00+00,2024-02-29 12:00:00+00)", "(2024-03-10 10:00:00+00,)"},
	"int4multirange": {"{}", "{(,)}", "{[1,5),[10,64)}", "{(,-3),[1,1],(5,)}"},
	"nummultirange":  {"{}", "{[0.5,1.5],(1.5,2)}", "{(,0.5),[NaN,NaN]}"},
	"datemultirange": {"{}", "{[2000-01-01,2024-02-29],(2024-03-10,)}"},
	"tsquery":        {"", "a", "a & !b", "fat:AB & cat:*", "'x y' | z", "a <-> b <2> c"},
}

// texts are the values of a type; those of arrays are made of their elements'.
func texts(t *types.Type) []string {
	if v := edges[t.Name]; v != nil {
		return v
	}
	if t.Elem == nil || t.Elem.Array != t { // int2vector has elements too, but other texts
		return nil
	}
	var quoted []string
	for _, v := range edges[t.Elem.Name] {
		quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)+`"`)
	}
	if quoted == nil {
		return nil
	}
	d := string(t.Elem.Delim)
	first, second, last := quoted[0], quoted[len(quoted)/2], quoted[len(quoted)-1]
	return []string{
		"{}", "{NULL}", "{" + first + "}", "{" + strings.Join(quoted, d) + "}", "{" + last + d + "NULL" + d + first + d + last + "}",
		"{{" + first + d + second + "}" + d + "{" + second + d + last + "}}", "[0:1]={" + second + d + last + "}",
	}
}

// universe are the types with values, in a fixed order.
func universe() (list []*types.Type) {
	for _, t := range types.All() {
		if texts(t) != nil {
			list = append(list, t)
		}
	}
	return list
}

func quote(s string) string {
	if strings.Contains(s, `\`) {
		return " E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
