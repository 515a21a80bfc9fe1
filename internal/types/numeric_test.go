package types

import "testing"

func TestNumericInput(t *testing.T) {
	for _, c := range []struct {
		typmod   int32
		in, want string
	}{
		{-1, "1.50", "1.50"},
		{-1, " -0.00 ", "0.00"},
		{-1, "1e5", "100000"},
		{-1, "1.5e-3", "0.0015"},
		{-1, ".5", "0.5"},
		{-1, "5.", "5"},
		{-1, "00012.3400", "12.3400"},
		{-1, "12345678901234567890.123456789012345678901234567890", "12345678901234567890.123456789012345678901234567890"},
		{-1, "-inf", "-Infinity"},
		{-1, "NaN", "NaN"},
		{-1, "-NaN", `22P02: invalid input syntax for type numeric: "-NaN"`},
		{-1, ".", `22P02: invalid input syntax for type numeric: "."`},
		{-1, "1e", `22P02: invalid input syntax for type numeric: "1e"`},
		{-1, "1 2", `22P02: invalid input syntax for type numeric: "1 2"`},
		{-1, "1e131072", "22003: value overflows numeric format"},
		{-1, "1e-16384", "22003: value overflows numeric format"},
		{NumericTypmod(5, 2), "123.455", "123.46"},
		{NumericTypmod(5, 2), "-0.001", "0.00"},
		{NumericTypmod(5, 2), "1000", "22003: numeric field overflow DETAIL: A field with precision 5, scale 2 must round to an absolute value less than 10^3."},
		{NumericTypmod(2, 2), "1", "22003: numeric field overflow DETAIL: A field with precision 2, scale 2 must round to an absolute value less than 1."},
		{NumericTypmod(2, -2), "1250", "1300"},
		{NumericTypmod(2, -2), "9950", "22003: numeric field overflow DETAIL: A field with precision 2, scale -2 must round to an absolute value less than 10^4."},
		{NumericTypmod(3, 5), "0.00123", "0.00123"},
		{NumericTypmod(3, 5), "0.01", "22003: numeric field overflow DETAIL: A field with precision 3, scale 5 must round to an absolute value less than 10^-2."},
		{NumericTypmod(5, 2), "inf", "22003: numeric field overflow DETAIL: A field with precision 5, scale 2 cannot hold an infinite value."},
	} {
		checkInput(t, TNumeric, c.typmod, c.in, c.want)
	}
}

func TestNumericArithmetic(t *testing.T) {
	n := NumericFromText
	check := func(what, want string) func(v any, err error) {
		return func(v any, err error) {
			t.Helper()
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = string(TNumeric.Format(env, nil, v.(Datum)))
			}
			if got != want {
				t.Errorf("%s = %q, want %q", what, got, want)
			}
		}
	}
	for _, c := range []struct{ a, op, b, want string }{
		{"1.10", "+", "2.2", "3.30"},
		{"1.1", "-", "1.10", "0.00"},
		{"1", "-", "1.5", "-0.5"},
		{"1.5", "*", "-2.25", "-3.375"},
		{"1", "/", "3.0", "0.33333333333333333333"},
		{"10", "/", "3", "3.3333333333333333"},
		{"10000000000", "/", "3", "3333333333.33333333"},
		{"1", "/", "700000000000000000000", "0.0000000000000000000014285714285714285714"},
		{"12345.678", "/", "0.00012", "102880650.000000000000"},
		{"2.0", "/", "3.00000000000000000000001", "0.66666666666666666666666"},
		{"0", "/", "5.0", "0.00000000000000000000"},
		{"5.5", "%", "-2", "1.5"},
		{"-5.5", "%", "2.25", "-1.00"},
		{"1", "/", "0", "division by zero"},
		{"Inf", "/", "0", "division by zero"},
		{"NaN", "/", "0", "NaN"},
		{"5", "/", "Inf", "0"},
		{"Inf", "-", "Inf", "NaN"},
		{"0", "*", "Inf", "NaN"},
		{"5.5", "%", "Inf", "5.5"},
	} {
		f := map[string]func() (Datum, error){
			"+": func() (Datum, error) { v, err := NumericAdd(n(c.a), n(c.b)); return Decimal(v), err },
			"-": func() (Datum, error) { v, err := NumericSub(n(c.a), n(c.b)); return Decimal(v), err },
			"*": func() (Datum, error) { v, err := NumericMul(n(c.a), n(c.b)); return Decimal(v), err },
			"/": func() (Datum, error) { v, err := NumericDiv(n(c.a), n(c.b)); return Decimal(v), err },
			"%": func() (Datum, error) { v, err := NumericMod(n(c.a), n(c.b)); return Decimal(v), err },
		}[c.op]
		v, err := f()
		check(c.a+" "+c.op+" "+c.b, c.want)(v, err)
	}
}
