package types

import "testing"

func TestArrayInput(t *testing.T) {
	bad := func(in, detail string) string {
		return `22P02: malformed array literal: "` + in + `" DETAIL: ` + detail
	}
	for _, c := range []struct {
		typ      *Type
		in, want string
	}{
		{TInt4Array, "{1,2,NULL}", "{1,2,NULL}"},
		{TInt4Array, " { { 1 , 2 } , {3,4} } ", "{{1,2},{3,4}}"},
		{TInt4Array, "[2:3]={1,2}", "[2:3]={1,2}"},
		{TInt4Array, "[1:1][-1:0]={{1,2}}", "[1:1][-1:0]={{1,2}}"},
		{TInt4Array, "{}", "{}"},
		{TInt4Array, "{{},{}}", bad("{{},{}}", `Unexpected "}" character.`)},
		{TTextArray, `{a b , "null",null,"",\{,"a\"b",  x\  }`, `{"a b","null",NULL,"","{","a\"b","x "}`},
		{TInt4Array, "1", bad("1", `Array value must start with "{" or dimension information.`)},
		{TInt4Array, "{1", bad("{1", "Unexpected end of input.")},
		{TInt4Array, "{1}x", bad("{1}x", "Junk after closing right brace.")},
		{TInt4Array, "{{1},2}", bad("{{1},2}", "Unexpected array element.")},
		{TInt4Array, "{1,{2}}", bad("{1,{2}}", `Unexpected "{" character.`)},
		{TInt4Array, "{{1,2},{3}}", bad("{{1,2},{3}}", "Multidimensional arrays must have sub-arrays with matching dimensions.")},
		{TInt4Array, "[1:2]={1}", bad("[1:2]={1}", "Specified array dimensions do not match array contents.")},
		{TInt4Array, "[2:1]={}", "2202E: upper bound cannot be less than lower bound"},
		{TInt4Array, "{1,}", bad("{1,}", `Unexpected "}" character.`)},
		{TInt4Array, "{{{{{{{1}}}}}}}", "54000: number of array dimensions (7) exceeds the maximum allowed (6)"},
		{TInt4Array, "{x}", `22P02: invalid input syntax for type integer: "x"`},
		{TInt2Vector, " 1 2  3", "1 2 3"},
	} {
		checkInput(t, c.typ, -1, c.in, c.want)
	}
}

func TestJSONInput(t *testing.T) {
	bad := func(detail string) string { return "22P02: invalid input syntax for type json DETAIL: " + detail }
	for _, c := range []struct {
		typ      *Type
		in, want string
	}{
		{TJSON, ` {"a" : [1, 2.50,-0e1, true,false ,null,"x\u00e4"]} `, ` {"a" : [1, 2.50,-0e1, true,false ,null,"x\u00e4"]} `},
		{TJSON, "", bad("The input string ended unexpectedly.")},
		{TJSON, "{", bad("The input string ended unexpectedly.")},
		{TJSON, "[1,]", bad(`Expected JSON value, but found "]".`)},
		{TJSON, "[1 2]", bad(`Expected "," or "]", but found "2".`)},
		{TJSON, "{1:2}", bad(`Expected string or "}", but found "1".`)},
		{TJSON, `{"a",2}`, bad(`Expected ":", but found ",".`)},
		{TJSON, `{"a":1,}`, bad(`Expected string, but found "}".`)},
		{TJSON, `"a" b`, bad(`Token "b" is invalid.`)},
		{TJSON, `1 2`, bad(`Expected end of input, but found "2".`)},
		{TJSON, `01`, bad(`Token "01" is invalid.`)},
		{TJSON, `'x'`, bad(`Token "'" is invalid.`)},
		{TJSON, `"\q"`, bad(`Escape sequence "\q" is invalid.`)},
		{TJSON, "\"a\tb\"", bad(`Character with value 0x09 must be escaped.`)},
		{TJSON, `"\u12x4"`, bad(`"\u" must be followed by four hexadecimal digits.`)},
		{TJSONB, `{"bb":1.00,"a":[1e2,"\u0041"],"bb":{}}`, `{"a": [100, "A"], "bb": {}}`},
		{TJSONB, `"\ud83d\ude00"`, `"😀"`},
		{TJSONB, `"\ud83dx"`, bad("Unicode low surrogate must follow a high surrogate.")},
		{TJSONB, `"\u0000"`, `22P05: unsupported Unicode escape sequence DETAIL: \u0000 cannot be converted to text.`},
	} {
		checkInput(t, c.typ, -1, c.in, c.want)
	}
}
