package types

import (
	"testing"
	"time"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

var (
	pairType              = NewComposite(16400, "pair", "", []Column{{"a", TInt4, -1}, {"b", TText, -1}})
	textRange, floatRange = NewRange(RangeNames{OID: 16420, Name: "textrange", Multirange: 16421, MultirangeName: "textmultirange"}, TText),
		NewRange(RangeNames{OID: 16430, Name: "floatrange", Multirange: 16431, MultirangeName: "floatmultirange"}, TFloat8)
	moodType = NewEnum(16410, "mood", "", []EnumLabel{{20, "ok", false}, {10, "sad", false}, {30, "happy day", false}, {25, "new", true}})
)

func TestCompositeInput(t *testing.T) {
	bad := func(in, detail string) string {
		return `22P02: malformed record literal: "` + in + `" DETAIL: ` + detail
	}
	for _, c := range []struct{ in, want string }{
		{"(1,x)", "(1,x)"},
		{"(,)", "(,)"},
		{`( 1 ,"a""b\\c")`, `(1,"a""b\\c")`},
		{"(1,a b )", `(1,"a b ")`},
		{`  (1,"")  `, `(1,"")`},
		{`(1,\,x)`, `(1,",x")`},
		{"1,x", bad("1,x", "Missing left parenthesis.")},
		{"(1)", bad("(1)", "Too few columns.")},
		{"(1,2,3)", bad("(1,2,3)", "Too many columns.")},
		{"(1,2", bad("(1,2", "Unexpected end of input.")},
		{"(1,2)x", bad("(1,2)x", "Junk after right parenthesis.")},
		{"()", bad("()", "Too few columns.")},
		{"(x,2)", `22P02: invalid input syntax for type integer: "x"`},
	} {
		checkInput(t, pairType, -1, c.in, c.want)
	}
	checkInput(t, TRecord, -1, "(1)", "0A000: input of anonymous composite types is not implemented")
}

func TestCompositeForms(t *testing.T) {
	for _, in := range []string{"(1,x)", "(,)", `(-5,"")`} {
		d, err := pairType.Parse(env, in, -1)
		if err != nil {
			t.Fatal(err)
		}
		back, err := pairType.Decode(env, pairType.Encode(env, nil, d), -1)
		if err != nil || pairType.Compare(back, d) != 0 {
			t.Errorf("%s: binary form: %v", in, err)
		}
		checkStored(t, pairType, -1, d)
		checkStored(t, TRecord, -1, d)
	}
}

func TestEnum(t *testing.T) {
	checkInput(t, moodType, -1, "happy day", "happy day")
	checkInput(t, moodType, -1, "bad", `22P02: invalid input value for enum mood: "bad"`)
	checkInput(t, moodType, -1, "new", `55P04: unsafe use of new value "new" of enum type mood`)
	sad, _ := moodType.Parse(env, "sad", -1)
	ok, _ := moodType.Parse(env, "ok", -1)
	if moodType.Compare(sad, ok) >= 0 {
		t.Error("labels are not in their order")
	}
	checkStored(t, moodType, -1, sad)
	checkInput(t, NewArrayOf(moodType, 16411, "_mood"), -1, `{ok,"happy day"}`, `{ok,"happy day"}`)
}

func TestDomain(t *testing.T) {
	code := NewDomain(TBpchar, 4+typmodHeader, 16420, "code", "")
	d, err := code.ApplyTypmod(Text("ab"), 4+typmodHeader, false)
	if err != nil || d.Text() != "ab  " || code.Base() != TBpchar || code.SQLName != "code" {
		t.Errorf("%q, %v", d.Text(), err)
	}
	checkStored(t, code, 4+typmodHeader, d)
	list := NewDomain(TInt4Array, -1, 16421, "List", "")
	checkInput(t, list, -1, "{1,2}", "{1,2}")
	if list.SQLName != `"List"` {
		t.Error(list.SQLName)
	}
}

func TestApplyTypmod(t *testing.T) {
	for _, c := range []struct {
		typ      *Type
		typmod   int32
		explicit bool
		in, want string
	}{
		{TVarchar, 2 + typmodHeader, true, "abc", "ab"},
		{TVarchar, 2 + typmodHeader, false, "ab  ", "ab"},
		{TVarchar, 2 + typmodHeader, false, "abc", "22001 value too long for type character varying(2)"},
		{TBpchar, 2 + typmodHeader, true, "abc", "ab"},
		{TBpchar, 2 + typmodHeader, false, "abc", "22001 value too long for type character(2)"},
		{TNumeric, NumericTypmod(6, 1), false, "12345.678", "12345.7"},
		{TTime, 1, false, "01:02:03.46", "01:02:03.5"},
		{TTimestamp, 0, false, "2000-01-01 00:00:00.5", "2000-01-01 00:00:01"},
		{TInterval, maskDay<<16 | intervalFullPrecision, false, "1 day 2:00", "1 day"},
		{TVarcharArray, 1 + typmodHeader, true, "{ab,NULL}", "{a,NULL}"},
	} {
		d, err := c.typ.Parse(env, c.in, -1)
		if err == nil {
			d, err = c.typ.ApplyTypmod(d, c.typmod, c.explicit)
		}
		got := ""
		if err != nil {
			got = errText(err)
		} else {
			got = show(c.typ, d)
		}
		if got != c.want {
			t.Errorf("%s %q: got %q, want %q", FormatType(c.typ, c.typmod), c.in, got, c.want)
		}
	}
}

func TestJSONContext(t *testing.T) {
	for in, want := range map[string]string{
		"[1, 2,\n {\"a\": xyzzy}, 5]": `JSON data, line 2:  {"a": xyzzy...`,
		`{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": tru, "b": 1}`: `JSON data, line 1: ...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": tru...`,
		"[1,2":    "JSON data, line 1: [1,2",
		`{"a":é}`: `JSON data, line 1: {"a":é...`,
	} {
		if got := pgerr.From(ValidateJSON(in)).Where; got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestZones(t *testing.T) {
	for _, name := range zoneNames {
		if FindZone(name) == nil {
			t.Errorf("zone %s is not there", name)
		}
	}
	for _, name := range []string{"Foo/Bar", "foo", "", "+", "FOO99999", "<x", "EST5EDT4,", "<>5", "A5B6C"} {
		if loc := FindZone(name); loc != nil {
			t.Errorf("%q is taken for the zone %s", name, loc)
		}
	}
	for name, eastS := range map[string]int{"5": -18000, "+05:30": -19800, "-3": 10800} {
		if loc := FindZone(name); loc == nil {
			t.Errorf("%q is no zone", name)
		} else if _, got := time.Unix(0, 0).In(loc).Zone(); got != eastS {
			t.Errorf("%q lies %d s east, want %d", name, got, eastS)
		}
	}
	if got := FixedZone(-12600).String(); got != "<-03:30>+03:30" {
		t.Error(got)
	}
}

func TestMakeFunctions(t *testing.T) {
	date := func(y, m, d int) string {
		v, err := MakeDate(y, m, d)
		if err != nil {
			return errText(err)
		}
		return show(TDate, Int(v))
	}
	for _, c := range []struct{ got, want string }{
		{date(2013, 7, 15), "2013-07-15"},
		{date(-44, 3, 15), "0044-03-15 BC"},
		{date(0, 1, 1), "22008 date field value out of range: 0-01-01"},
		{date(2013, 2, 30), "22008 date field value out of range: 2013-02-30"},
		{date(-2147483648, 1, 1), "22008 date field value out of range: -2147483648-01-01"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if _, err := MakeTime(10, 55, 100.1); errText(err) != "22008 time field value out of range: 10:55:100.1" {
		t.Error(err)
	}
	if v, err := MakeTimestamp(2014, 12, 28, 6, 30, 45.887); err != nil || show(TTimestamp, Int(v)) != "2014-12-28 06:30:45.887" {
		t.Error(v, err)
	}
	if v, err := MakeInterval(1, 2, 1, 3, 4, 5, 6.5); err != nil || show(TInterval, IntervalDatum(v)) != "1 year 2 mons 10 days 04:05:06.5" {
		t.Error(v, err)
	}
}
