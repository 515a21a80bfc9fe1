package builtin

import (
	"math"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// castImpls are the functions of pg_cast between scalar types; those of dates
// and times stand with their types.
var castImpls = impls{
	"xid8toxid": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(uint32(a[0].Int()))), nil
	},
	"i2toi4": same, "int28": same, "int48": same, "i8tooid": intInt(toOID), "oidtoi8": same,
	"i4toi2": intInt(int2Limits.check), "int82": intInt(int2Limits.check), "int84": intInt(int4Limits.check),

	"i2tod": intToFloat, "i4tod": intToFloat, "i8tod": intToFloat,
	"i2tof": intToFloat4, "i4tof": intToFloat4, "i8tof": intToFloat4,
	"ftod": same, "dtof": floatFloat(toFloat4),
	"dtoi2": floatToInt(int2Limits), "dtoi4": floatToInt(int4Limits), "dtoi8": floatToInt(int8Limits),
	"ftoi2": floatToInt(int2Limits), "ftoi4": floatToInt(int4Limits), "ftoi8": floatToInt(int8Limits),

	"int2_numeric": intToNumeric, "int4_numeric": intToNumeric, "int8_numeric": intToNumeric,
	"numeric_int2": numericToInt(16), "numeric_int4": numericToInt(32), "numeric_int8": numericToInt(64),
	"float4_numeric": floatToNumeric(32), "float8_numeric": floatToNumeric(64),
	"numeric_float4": numericToFloat(32), "numeric_float8": numericToFloat(64),

	"rtrim1": textText(must(types.TrimBpchar)), "text_name": textText(must(types.TruncateName)), "name_text": same,
	"bpchar_name": textText(must(func(s string) string { return types.TruncateName(types.TrimBpchar(s)) })),
	"name_bpchar": same, "char_text": charToText, "char_bpchar": charToText,
	"text_char": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.TChar.Parse(nil, a[0].Text(), -1)
	},
	"chartoi4": charToInt, "i4tochar": intToChar,
	"text_regclass": textToRegclass,

	"bpchar": lengthCoercion(types.TBpchar, 4, math.MaxInt32), "varchar": lengthCoercion(types.TVarchar, 4, math.MaxInt32),
	"bit": lengthCoercion(types.TBit, 1, maxBits), "varbit": lengthCoercion(types.TVarbit, 1, math.MaxInt32),
	"numeric":         lengthCoercion(types.TNumeric, 4, math.MaxInt32),
	"timestamp_scale": timestampScale(types.TTimestamp), "timestamptz_scale": timestampScale(types.TTimestamptz),
	"time_scale": lengthCoercion(types.TTime, 0, 6), "timetz_scale": lengthCoercion(types.TTimeTZ, 0, 6),
	"interval_scale": lengthCoercion(types.TInterval, 0, math.MaxInt32),
}

// toOID is the cast of bigint: 32 bits without a sign.
func toOID(v int64) (int64, error) {
	if v < 0 || v > math.MaxUint32 {
		return 0, types.OutOfRange("OID")
	}
	return v, nil
}

func intToFloat(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Float(float64(a[0].Int())), nil
}

func intToFloat4(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Float(float64(float32(a[0].Int()))), nil
}

// toFloat4 rounds; what only then is infinite or zero is 22003 (float.c).
func toFloat4(v float64) (float64, error) {
	r := float64(float32(v))
	if math.IsInf(r, 0) && !math.IsInf(v, 0) {
		return 0, errFloatOverflow()
	}
	if r == 0 && v != 0 {
		return 0, errFloatUnderflow()
	}
	return r, nil
}

// floatToInt rounds half to even, as rint does.
func floatToInt(l limits) impl {
	low, high := float64(l.min()), -float64(l.min())
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v := math.RoundToEven(a[0].Float())
		if !(v >= low && v < high) {
			return types.Null, types.OutOfRange(l.name)
		}
		return types.Int(int64(v)), nil
	}
}

func intToNumeric(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Decimal(types.NumericFromInt(a[0].Int())), nil
}

func numericToInt(bits int) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := types.NumericToInt(a[0].Decimal(), bits)
		return types.Int(v), err
	}
}

func floatToNumeric(bits int) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return numeric(types.NumericFromFloat(a[0].Float(), bits))
	}
}

func numericToFloat(bits int) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, err := types.NumericToFloat(a[0].Decimal(), bits)
		return types.Float(v), err
	}
}

// lengthCoercion is the function of a type's cast to itself: value, typmod and,
// for text, whether the cast is explicit. Typmods beyond lowest and highest,
// which only a call can bring, change nothing.
func lengthCoercion(t *types.Type, lowest, highest int64) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		if typmod := a[1].Int(); typmod < lowest || typmod > highest {
			return a[0], nil
		}
		if t == types.TBpchar && a[1].Int() > expr.MaxValueBytes {
			return types.Null, expr.ErrTooLarge(int(a[1].Int()) - 4)
		}
		explicit := len(a) > 2 && a[2].Bool()
		return t.ApplyTypmod(a[0], int32(a[1].Int()), explicit)
	}
}

// maxBits is VARBITMAXLEN.
const maxBits = math.MaxInt32 - 7

// timestampScale rounds to a precision that casts have checked, calls have not.
func timestampScale(t *types.Type) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		p := a[1].Int()
		switch {
		case !types.IsFiniteTimestamp(a[0].Int()) || p == -1 || p == 6:
			return a[0], nil
		case p < 0 || p > 6:
			return types.Null, pgerr.New(pgerr.InvalidParameterValue, "timestamp(%d) precision must be between %d and %d", p, 0, 6)
		}
		return t.ApplyTypmod(a[0], int32(p), true)
	}
}

// charToText is a "char" as it is written: a byte that is no ASCII as \ooo.
func charToText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Text(string(types.TChar.Format(nil, nil, a[0]))), nil
}

// charToInt is the byte of a "char", signed.
func charToInt(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	if s == "" {
		return types.Int(0), nil
	}
	return types.Int(int64(int8(s[0]))), nil
}

func intToChar(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	v := a[0].Int()
	if v < math.MinInt8 || v > math.MaxInt8 {
		return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "\"char\" out of range")
	}
	if v == 0 {
		return types.Text(""), nil
	}
	return types.Text(string([]byte{byte(v)})), nil
}

// textToRegclass finds a relation by name at run time.
func textToRegclass(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if ctx.Session == nil {
		return types.TRegclass.Parse(ctx.Env, strings.TrimSpace(a[0].Text()), -1)
	}
	return ctx.Session.CallSession(ctx.Running, "regclassin", a)
}
