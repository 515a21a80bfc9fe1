package builtin

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// numericImpls are the arithmetic and functions of numeric (numeric.c); those
// with irrational results are in numeric_math.go.
var numericImpls = impls{
	"numeric_add": numericsNumeric(types.NumericAdd), "numeric_sub": numericsNumeric(types.NumericSub),
	"numeric_mul": numericsNumeric(types.NumericMul), "numeric_div": numericsNumeric(types.NumericDiv),
	"numeric_mod": numericsNumeric(types.NumericMod), "numeric_div_trunc": numericsNumeric(types.NumericDivTrunc),
	"numeric_gcd": numericsNumeric(must2(types.NumericGCD)), "numeric_lcm": numericsNumeric(types.NumericLCM),
	"numeric_uminus": numericNumeric(must(types.NumericNeg)), "numeric_uplus": same,
	"numeric_abs": numericNumeric(must(types.NumericAbs)), "numeric_sign": numericNumeric(must(types.NumericSign)),
	"numeric_ceil": numericNumeric(types.NumericCeil), "numeric_floor": numericNumeric(types.NumericFloor),
	"numeric_trim_scale": numericNumeric(must(types.NumericTrimScale)),
	"numeric_scale":      scaleOf(types.NumericScale), "numeric_min_scale": scaleOf(types.NumericMinScale),
	"numeric_round": numericRound, "numeric_trunc": numericTrunc,
	"round(numeric)": numericNumeric(func(v *apd.Decimal) (*apd.Decimal, error) { return types.NumericRound(v, 0) }),
	"trunc(numeric)": numericNumeric(func(v *apd.Decimal) (*apd.Decimal, error) { return types.NumericTrunc(v, 0), nil }),
	"numeric_inc":    numericNumeric(func(v *apd.Decimal) (*apd.Decimal, error) { return types.NumericAdd(v, types.NumericFromInt(1)) }),
	"numeric_fac": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return numeric(types.NumericFactorial(a[0].Int()))
	},

	"numeric_sqrt": numericNumeric(numericSqrt), "numeric_exp": numericNumeric(numericExp),
	"numeric_ln": numericNumeric(numericLn), "numeric_log": numericsNumeric(numericLog),
	"numeric_power":        numericsNumeric(numericPower),
	"log(numeric)":         numericNumeric(func(v *apd.Decimal) (*apd.Decimal, error) { return numericLog(types.NumericFromInt(10), v) }),
	"log10(numeric)":       numericNumeric(func(v *apd.Decimal) (*apd.Decimal, error) { return numericLog(types.NumericFromInt(10), v) }),
	"width_bucket_numeric": widthBucketNumeric,
}

func scaleOf(f func(*apd.Decimal) (int32, bool)) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		v, ok := f(a[0].Decimal())
		if !ok {
			return types.Null, nil
		}
		return types.Int(int64(v)), nil
	}
}

func numericRound(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return numeric(types.NumericRound(a[0].Decimal(), int32(a[1].Int())))
}

func numericTrunc(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Decimal(types.NumericTrunc(a[0].Decimal(), int32(a[1].Int()))), nil
}

// widthBucketNumeric is width_bucket(operand, low, high, count).
func widthBucketNumeric(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	operand, low, high, count := a[0].Decimal(), a[1].Decimal(), a[2].Decimal(), a[3].Int()
	switch {
	case count <= 0:
		return types.Null, errBucket("count must be greater than zero")
	case operand.Form == apd.NaN || low.Form == apd.NaN || high.Form == apd.NaN:
		return types.Null, errBucket("operand, lower bound, and upper bound cannot be NaN")
	case low.Form == apd.Infinite || high.Form == apd.Infinite:
		return types.Null, errBucket("lower and upper bounds must be finite")
	}
	order := types.CompareNumeric(low, high)
	if order == 0 {
		return types.Null, errBucket("lower bound cannot equal upper bound")
	}
	if types.CompareNumeric(operand, low)*order > 0 {
		return types.Int(0), nil
	}
	if types.CompareNumeric(operand, high)*order <= 0 {
		return intResult(int4Limits.add(count, 1))
	}
	return bucketOf(operand, low, high, count)
}

// bucketOf is 1 + floor((operand-low) * count / (high-low)), exactly.
func bucketOf(operand, low, high *apd.Decimal, count int64) (types.Datum, error) {
	from, err := types.NumericSub(operand, low)
	if err != nil {
		return types.Null, err
	}
	width, err := types.NumericSub(high, low)
	if err != nil {
		return types.Null, err
	}
	if from, err = types.NumericMul(from, types.NumericFromInt(count)); err != nil {
		return types.Null, err
	}
	q, err := types.NumericDivTrunc(from, width)
	if err != nil {
		return types.Null, err
	}
	v, err := types.NumericToInt(q, 32)
	return types.Int(v + 1), err
}

// The display scales of irrational results (numeric.h).
const (
	minSigDigits    = 16
	maxDisplayScale = 1000
	maxResultScale  = 2 * maxDisplayScale
	baseDigits      = 4 // decimal digits of numeric's own digit, which weights count
)

// clampDisplay is the scale that a result gets: at least those of the arguments.
func clampDisplay(scale int, args ...*apd.Decimal) int {
	for _, a := range args {
		scale = max(scale, int(-a.Exponent))
	}
	return min(max(scale, 0), maxDisplayScale)
}

// weight is numeric's: the power of 10000 of the first digit.
func weight(v *apd.Decimal) int {
	if v.IsZero() {
		return 0
	}
	return int(math.Floor(float64(v.NumDigits()+int64(v.Exponent)-1) / baseDigits))
}

func errNumericOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
}

// approximate is v as a float, infinite when it is too large.
func approximate(v *apd.Decimal) float64 {
	f, err := v.Float64()
	if err != nil {
		return math.Inf(v.Sign())
	}
	return f
}
