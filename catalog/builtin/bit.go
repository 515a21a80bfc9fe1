package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// bitImpls are the operators and functions of bit strings (varbit.c).
var bitImpls = impls{
	"bit_and": bitAnd.call, "bit_or": bitOr.call, "bitxor": bitXor.call,
	"bitnot": bitNot, "bitcat": bitConcat,
	"bitshiftleft": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return shiftBits(a[0].Text(), a[1].Int()), nil
	},
	"bitshiftright": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return shiftBits(a[0].Text(), -a[1].Int()), nil
	},
	"bitlength": bitLength, "bit_length(bit)": bitLength,
	"bitoctetlength": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Text())+7) / 8), nil
	},
	"bitsubstr": bitSubstring, "bitsubstr_no_len": bitSubstring,
	"bitoverlay": bitOverlay, "bitoverlay_no_len": bitOverlay,
	"bitposition": bitPosition, "bitgetbit": bitGet, "bitsetbit": bitSet,
	"bit_bit_count": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(strings.Count(a[0].Text(), "1"))), nil
	},
	"bitfromint4": bitFromInt, "bitfromint8": bitFromInt,
	"bittoint4": bitToInt(32, "integer"), "bittoint8": bitToInt(64, "bigint"),
}

// bitOperation combines bits of two strings of one length.
type bitOperation struct {
	name string // as errors have it
	f    func(a, b byte) byte
}

var (
	bitAnd = bitOperation{"AND", func(a, b byte) byte { return a & b }}
	bitOr  = bitOperation{"OR", func(a, b byte) byte { return a | b }}
	bitXor = bitOperation{"XOR", func(a, b byte) byte { return '0' | (a ^ b) }}
)

func (o bitOperation) bits(x, y types.Datum) (types.Datum, error) {
	a, b := x.Text(), y.Text()
	if len(a) != len(b) {
		return types.Null, pgerr.New(pgerr.StringDataLengthMismatch, "cannot %s bit strings of different sizes", o.name)
	}
	out := make([]byte, len(a))
	for i := range out {
		out[i] = o.f(a[i], b[i])
	}
	return types.Text(textOf(out)), nil
}

func (o bitOperation) call(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return o.bits(a[0], a[1])
}

func bitNot(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	out := []byte(a[0].Text())
	for i := range out {
		out[i] ^= 1
	}
	return types.Text(textOf(out)), nil
}

func bitConcat(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if len(a[0].Text())+len(a[1].Text()) > maxText {
		return types.Null, errTooLarge()
	}
	return types.Text(a[0].Text() + a[1].Text()), nil
}

// shiftBits shifts to the left, by a negative n to the right; the length stays.
func shiftBits(s string, n int64) types.Datum {
	far := int64(len(s))
	switch {
	case n >= far || n <= -far:
		return types.Text(strings.Repeat("0", len(s)))
	case n >= 0:
		return types.Text(s[n:] + strings.Repeat("0", int(n)))
	}
	return types.Text(strings.Repeat("0", int(-n)) + s[:far+n])
}

func bitLength(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Int(int64(len(a[0].Text()))), nil
}

// bitSubstring is substring(s, from [, length]); bits count from 1.
func bitSubstring(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	from, to, err := substringPlace(int64(len(s)), a)
	return types.Text(s[from:to]), err
}

func bitOverlay(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, with := a[0].Text(), a[1].Text()
	head, tail, err := overlayPlace(int64(len(s)), int64(len(with)), a)
	if err != nil {
		return types.Null, err
	}
	return types.Text(s[:head] + with + s[tail:]), nil
}

func bitPosition(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, part := a[0].Text(), a[1].Text()
	if s == "" {
		return types.Int(0), nil
	}
	return types.Int(int64(strings.Index(s, part) + 1)), nil
}

// bitAt checks a bit's number, which counts from 0.
func bitAt(s string, n int64) error {
	if n < 0 || n >= int64(len(s)) {
		return pgerr.New(pgerr.ArraySubscriptError, "bit index %d out of valid range (0..%d)", n, len(s)-1)
	}
	return nil
}

func bitGet(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	if err := bitAt(s, n); err != nil {
		return types.Null, err
	}
	return types.Int(int64(s[n] - '0')), nil
}

func bitSet(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n, v := a[0].Text(), a[1].Int(), a[2].Int()
	if err := bitAt(s, n); err != nil {
		return types.Null, err
	}
	if v != 0 && v != 1 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	return types.Text(s[:n] + string(rune('0'+v)) + s[n+1:]), nil
}

// bitFromInt is a number's lowest bits, as many as the typmod says, or one;
// beyond its own there are copies of the sign.
func bitFromInt(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	v, n := a[0].Int(), a[1].Int()
	if n <= 0 || n > types.MaxBits {
		n = 1
	}
	var out []byte
	if n > 64 {
		sign := "0"
		if v < 0 {
			sign = "1"
		}
		out = append(out, strings.Repeat(sign, int(n-64))...)
		n = 64
	}
	return types.Text(textOf(types.AppendBits(out, uint64(v), int(n)))), nil
}

func bitToInt(width int, name string) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		s := a[0].Text()
		if len(s) > width {
			return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "%s out of range", name)
		}
		v := uint64(0)
		for i := range len(s) {
			v = v<<1 | uint64(s[i]-'0')
		}
		if width == 32 {
			return types.Int(int64(int32(v))), nil
		}
		return types.Int(int64(v)), nil
	}
}
