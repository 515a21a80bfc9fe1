package builtin

import (
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func intToText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return numberToChar(ctx, intNumber(a[0].Int()), a[1].Text())
}

func bigintToText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return numberToChar(ctx, bigintNumber{numericNumber{types.NumericFromInt(a[0].Int())}}, a[1].Text())
}

func floatToText(digits int) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return numberToChar(ctx, floatNumber{a[0].Float(), digits}, a[1].Text())
	}
}

// numericNumber is a numeric.
type numericNumber struct{ *apd.Decimal }

func (v numericNumber) finite() bool { return v.Form == apd.Finite }

func (v numericNumber) integer() (int64, error) { return types.NumericToInt(v.Decimal, 32) }

func (v numericNumber) decimal(_, places, multi int) (string, int, error) {
	r := v.Decimal
	var err error
	if multi > 0 {
		if r, err = types.NumericMul(r, apd.NewWithBigInt(powerOfTen(multi), 0)); err != nil {
			return "", 0, err
		}
	}
	if r, err = types.NumericRound(r, int32(places)); err != nil {
		return "", 0, err
	}
	return types.NumericText(r), places, nil
}

func powerOfTen(n int) *apd.BigInt {
	return new(apd.BigInt).Exp(apd.NewBigInt(10), apd.NewBigInt(int64(n)), nil)
}

// scientific rounds the digits and leaves the exponent: 9.99 to no place is
// 10e+00, as numeric_out_sci has it.
func (v numericNumber) scientific(places int) string {
	digits := v.Coeff.String()
	exponent := len(digits) - 1 + int(v.Exponent)
	if v.IsZero() {
		exponent = 0
	}
	r, err := types.NumericRound(apd.NewWithBigInt(&v.Coeff, int32(-len(digits)+1)), int32(places))
	if err != nil {
		return v.Text('e') // a number of one digit before the point is never too large
	}
	sign, mark := "", "+"
	if v.Negative {
		sign = "-"
	}
	if exponent < 0 {
		mark, exponent = "-", -exponent
	}
	e := strconv.Itoa(exponent)
	if len(e) < 2 {
		e = "0" + e
	}
	return sign + types.NumericText(r) + "e" + mark + e
}

// bigintNumber is an int8: a numeric, except for what overflows.
type bigintNumber struct{ numericNumber }

func (v bigintNumber) decimal(pre, places, multi int) (string, int, error) {
	text, shown, err := v.numericNumber.decimal(pre, places, multi)
	if err == nil && multi > 0 {
		var n *apd.Decimal
		if n, err = types.NumericMul(v.Decimal, apd.NewWithBigInt(powerOfTen(multi), 0)); err == nil {
			_, err = types.NumericToInt(n, 64)
		}
	}
	return text, shown, err
}

// intNumber is an int4.
type intNumber int64

func (v intNumber) finite() bool { return true }

func (v intNumber) integer() (int64, error) { return int64(v), nil }

func (v intNumber) scientific(places int) string {
	return strconv.FormatFloat(float64(v), 'e', places, 64)
}

// decimal multiplies as C does int by int: what overflows wraps around.
func (v intNumber) decimal(_, places, multi int) (string, int, error) {
	n := int32(v)
	for range multi {
		n *= 10
	}
	text := strconv.Itoa(int(n))
	if places > 0 {
		text += "." + strings.Repeat("0", places)
	}
	return text, places, nil
}

// floatNumber is a float4 or float8, which has so many digits for sure.
type floatNumber struct {
	v      float64
	digits int
}

func (v floatNumber) finite() bool { return !math.IsNaN(v.v) && !isInf(v.v) }

// integer is 0, which is no Roman numeral either, for what is out of range.
func (v floatNumber) integer() (int64, error) {
	r := math.RoundToEven(v.v)
	if !(r >= math.MinInt32 && r <= math.MaxInt32) {
		return 0, nil
	}
	return int64(r), nil
}

func (v floatNumber) scientific(places int) string {
	return strconv.FormatFloat(v.v, 'e', places, 64)
}

// decimal has no more places than the type has digits behind those before the point.
func (v floatNumber) decimal(_, places, multi int) (string, int, error) {
	f := v.v
	if multi > 0 {
		f *= math.Pow10(multi)
		if v.digits < 15 {
			f = single(f)
		}
	}
	places = min(places, max(v.digits-len(fixedFloat(math.Abs(f), 0)), 0))
	return fixedFloat(f, places), places, nil
}

// fixedFloat is C's %.*f with PostgreSQL's names of what is not finite.
func fixedFloat(f float64, places int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case isInf(f) && f < 0:
		return "-Infinity"
	case isInf(f):
		return "Infinity"
	}
	return strconv.FormatFloat(f, 'f', places, 64)
}
