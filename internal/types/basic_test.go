package types

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

var env = DefaultEnv()

// checkInput parses in as t and expects the text want, or the error want when
// it begins with a SQLSTATE and a colon.
func checkInput(t *testing.T, typ *Type, typmod int32, in, want string) {
	t.Helper()
	d, err := typ.Parse(env, in, typmod)
	got := ""
	if err != nil {
		e := pgerr.From(err)
		got = string(e.Code) + ": " + e.Message
		if e.Detail != "" {
			got += " DETAIL: " + e.Detail
		}
	} else {
		got = string(typ.Format(env, nil, d))
	}
	if got != want {
		t.Errorf("%s %q typmod %d: got %q, want %q", typ.Name, in, typmod, got, want)
	}
}

func TestScalarInput(t *testing.T) {
	for _, c := range []struct {
		typ      *Type
		in, want string
	}{
		{TInt4, " 42 ", "42"},
		{TInt4, "-2147483648", "-2147483648"},
		{TInt4, "2147483648", `22003: value "2147483648" is out of range for type integer`},
		{TInt4, "99999999999999999999999", `22003: value "99999999999999999999999" is out of range for type integer`},
		{TInt4, "", `22P02: invalid input syntax for type integer: ""`},
		{TInt4, "1 2", `22P02: invalid input syntax for type integer: "1 2"`},
		{TInt4, "-", `22P02: invalid input syntax for type integer: "-"`},
		{TInt2, "-32769", `22003: value "-32769" is out of range for type smallint`},
		{TInt8, "9223372036854775807", "9223372036854775807"},
		{TInt8, "-9223372036854775808", "-9223372036854775808"},
		{TInt8, "9223372036854775808", `22003: value "9223372036854775808" is out of range for type bigint`},
		{TOID, "-1", "4294967295"},
		{TOID, "4294967296", `22003: value "4294967296" is out of range for type oid`},
		{TBool, " TrU ", "t"},
		{TBool, "of", "f"},
		{TBool, "o", `22P02: invalid input syntax for type boolean: "o"`},
		{TFloat8, "1e20", "1e+20"},
		{TFloat8, "123456789012345", "123456789012345"},
		{TFloat8, "1234567890123456", "1.234567890123456e+15"},
		{TFloat8, "0.0001", "0.0001"},
		{TFloat8, "0.00001", "1e-05"},
		{TFloat8, "-0", "-0"},
		{TFloat8, " inf", "Infinity"},
		{TFloat8, "nan", "NaN"},
		{TFloat8, "0x10", "16"},
		{TFloat8, "1e400", `22003: "1e400" is out of range for type double precision`},
		{TFloat8, "1e-400", `22003: "1e-400" is out of range for type double precision`},
		{TFloat8, "1_0", `22P02: invalid input syntax for type double precision: "1_0"`},
		{TFloat4, "1000000", "1e+06"},
		{TFloat4, "123456", "123456"},
		{TFloat4, "0.1", "0.1"},
		{TText, "a\xff", `22021: invalid byte sequence for encoding "UTF8": 0xff`},
		{TText, "a\xe4b", `22021: invalid byte sequence for encoding "UTF8": 0xe4 0x62`},
		{TChar, "xyz", "x"},
		{TTID, "(4294967295,65535)", "(4294967295,65535)"},
		{TTID, "(1)", `22P02: invalid input syntax for type tid: "(1)"`},
		{TPGLSN, "16/b374d848", "16/B374D848"},
		{TXID8, "18446744073709551615", "18446744073709551615"},
		{TRegclass, "-", "-"},
		{TRegclass, "1259", "1259"},
	} {
		checkInput(t, c.typ, -1, c.in, c.want)
	}
}

func TestCharacterTypmods(t *testing.T) {
	for _, c := range []struct {
		typ      *Type
		n        int32
		in, want string
	}{
		{TVarchar, 3, "abc", "abc"},
		{TVarchar, 3, "abc  ", "abc"},
		{TVarchar, 3, "äöüß", "22001: value too long for type character varying(3)"},
		{TBpchar, 3, "ä", "ä  "},
		{TBpchar, 3, "abcd", "22001: value too long for type character(3)"},
	} {
		checkInput(t, c.typ, c.n+typmodHeader, c.in, c.want)
	}
}

func TestFormatType(t *testing.T) {
	mod := func(typ *Type, mods ...int32) int32 {
		m, err := TypmodIn(typ, mods)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		typ    *Type
		typmod int32
		want   string
	}{
		{TInt4, -1, "integer"},
		{TInt4Array, -1, "integer[]"},
		{TBpchar, -1, "bpchar"},
		{TBpchar, mod(TBpchar, 7), "character(7)"},
		{TVarchar, mod(TVarchar, 7), "character varying(7)"},
		{TVarcharArray, mod(TVarchar, 7), "character varying(7)[]"},
		{TNumeric, mod(TNumeric, 10, 2), "numeric(10,2)"},
		{TNumeric, mod(TNumeric, 10, -2), "numeric(10,-2)"},
		{TTimestamptz, mod(TTimestamptz, 3), "timestamp(3) with time zone"},
		{TTime, mod(TTime, 9), "time(6) without time zone"},
		{TInterval, mod(TInterval, maskDay|maskHour|maskMinute|maskSecond, 3), "interval day to second(3)"},
		{TInterval, mod(TInterval, maskYear), "interval year"},
		{TInterval, mod(TInterval, intervalFullRange, 2), "interval(2)"},
		{TChar, -1, `"char"`},
	} {
		if got := FormatType(c.typ, c.typmod); got != c.want {
			t.Errorf("FormatType(%s, %d) = %q, want %q", c.typ.Name, c.typmod, got, c.want)
		}
	}
}

func TestRegistry(t *testing.T) {
	for _, typ := range All() {
		if ByOID(typ.OID) != typ || ByName(typ.Name) != typ {
			t.Errorf("%s is not found by its OID or name", typ.Name)
		}
		if typ.Array != nil && typ.Array.Elem != typ && typ.Storage != 'p' {
			t.Errorf("%s: array type %s is over something else", typ.Name, typ.Array.Name)
		}
	}
	if TBool.OID != 16 || TInt4Array.Elem != TInt4 || TText.Array != TTextArray {
		t.Error("variables and rows disagree")
	}
}
