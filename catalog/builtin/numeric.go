package builtin

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// numericImpls are the arithmetic and functions of numeric (numeric.c).
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

	"numeric_sqrt": numericNumeric(types.NumericSqrt), "numeric_exp": numericNumeric(types.NumericExp),
	"numeric_ln": numericNumeric(types.NumericLn), "numeric_log": numericsNumeric(types.NumericLogBase),
	"numeric_power":        numericsNumeric(types.NumericPower),
	"log(numeric)":         numericNumeric(types.NumericLog),
	"log10(numeric)":       numericNumeric(types.NumericLog),
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

// bucketOf is 1 + floor((operand-low) * count / (high-low)), of the quotient as
// division rounds it (compute_bucket).
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
	q, err := types.NumericDiv(from, width)
	if err != nil {
		return types.Null, err
	}
	q = types.NumericTrunc(q, 0)
	v, err := types.NumericToInt(q, 32)
	return types.Int(v + 1), err
}
