package builtin

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/libm"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func errFloatOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}

func errFloatUnderflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
}

func errInputRange() error { return pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range") }

// checked answers 22003 for a result that is infinite or zero without cause.
func checked(v float64, infinite, zero bool) (float64, error) {
	if math.IsInf(v, 0) && !infinite {
		return 0, errFloatOverflow()
	}
	if v == 0 && !zero {
		return 0, errFloatUnderflow()
	}
	return v, nil
}

func isInf(v float64) bool { return math.IsInf(v, 0) }

// precision rounds a result to the type's width.
type precision func(float64) float64

func single(v float64) float64 { return float64(float32(v)) }
func double(v float64) float64 { return v }

func (p precision) add(a, b float64) (float64, error) {
	return checked(p(a+b), isInf(a) || isInf(b), true)
}

func (p precision) sub(a, b float64) (float64, error) {
	return checked(p(a-b), isInf(a) || isInf(b), true)
}

func (p precision) mul(a, b float64) (float64, error) {
	return checked(p(a*b), isInf(a) || isInf(b), a == 0 || b == 0)
}

func (p precision) div(a, b float64) (float64, error) {
	if b == 0 && !math.IsNaN(a) {
		return 0, types.DivisionByZero()
	}
	return checked(p(a/b), isInf(a), a == 0 || isInf(b))
}

// floatImpls are the arithmetic and functions of float4 and float8 (float.c).
var floatImpls = makeFloatImpls()

func makeFloatImpls() impls {
	out := impls{
		"dround": pure(math.RoundToEven), "dtrunc": pure(math.Trunc), "dceil": pure(math.Ceil), "dfloor": pure(math.Floor),
		"dsign": pure(floatSign), "dsqrt": floatFloat(floatSqrt), "dcbrt": floatFloat(floatCbrt),
		"dpow": floatsFloat(floatPower), "dexp": floatFloat(floatExp),
		"dlog1": floatFloat(logarithm(libm.Log)), "dlog10": floatFloat(logarithm(libm.Log10)),
		"dpi":                 func(*expr.Context, []types.Datum) (types.Datum, error) { return types.Float(math.Pi), nil },
		"degrees":             floatFloat(func(v float64) (float64, error) { return precision(double).div(v, math.Pi/180) }),
		"radians":             floatFloat(func(v float64) (float64, error) { return precision(double).mul(v, math.Pi/180) }),
		"width_bucket_float8": widthBucketFloat,
	}
	for prefix, p := range map[string]precision{"float4": single, "float8": double, "float48": double, "float84": double} {
		out[prefix+"pl"], out[prefix+"mi"] = floatsFloat(p.add), floatsFloat(p.sub)
		out[prefix+"mul"], out[prefix+"div"] = floatsFloat(p.mul), floatsFloat(p.div)
		out[prefix+"um"], out[prefix+"abs"], out[prefix+"up"] = pure(negate), pure(math.Abs), same
	}
	return out
}

func negate(v float64) float64 { return -v }

// pure makes an impl of a function that never fails.
func pure(f func(float64) float64) impl { return floatFloat(must(f)) }

// floatSign answers 0 for NaN, as dsign does.
func floatSign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

func errPower(message string) error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "%s", message)
}

func errLogarithm(message string) error {
	return pgerr.New(pgerr.InvalidArgumentForLog, "%s", message)
}

func floatSqrt(v float64) (float64, error) {
	if v < 0 {
		return 0, errPower("cannot take square root of a negative number")
	}
	return checked(math.Sqrt(v), isInf(v), v == 0)
}

func floatCbrt(v float64) (float64, error) { return checked(libm.Cbrt(v), isInf(v), v == 0) }

// floatPower is dpow: POSIX's rules and SQL's errors.
func floatPower(base, exponent float64) (float64, error) {
	switch {
	case math.IsNaN(base) || math.IsNaN(exponent):
		return libm.Pow(base, exponent), nil
	case base == 0 && exponent < 0:
		return 0, errPower("zero raised to a negative power is undefined")
	case base < 0 && math.Floor(exponent) != exponent:
		return 0, errPower("a negative number raised to a non-integer power yields a complex result")
	case isInf(base) || isInf(exponent):
		return libm.Pow(base, exponent), nil
	}
	return checked(libm.Pow(base, exponent), false, base == 0)
}

func floatExp(v float64) (float64, error) {
	if math.IsNaN(v) || isInf(v) {
		return libm.Exp(v), nil
	}
	return checked(libm.Exp(v), false, false)
}

func logarithm(f func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) {
		if v == 0 {
			return 0, errLogarithm("cannot take logarithm of zero")
		}
		if v < 0 {
			return 0, errLogarithm("cannot take logarithm of a negative number")
		}
		return checked(f(v), isInf(v), v == 1)
	}
}

func errBucket(message string) error {
	return pgerr.New(pgerr.InvalidArgumentForWidthBucketFunction, "%s", message)
}

// widthBucketFloat is width_bucket(operand, low, high, count).
func widthBucketFloat(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	operand, low, high, count := a[0].Float(), a[1].Float(), a[2].Float(), a[3].Int()
	switch {
	case count <= 0:
		return types.Null, errBucket("count must be greater than zero")
	case math.IsNaN(operand) || math.IsNaN(low) || math.IsNaN(high):
		return types.Null, errBucket("operand, lower bound, and upper bound cannot be NaN")
	case isInf(low) || isInf(high):
		return types.Null, errBucket("lower and upper bounds must be finite")
	case low == high:
		return types.Null, errBucket("lower bound cannot equal upper bound")
	}
	if low > high {
		operand, low, high = -operand, -low, -high
	}
	switch {
	case operand < low:
		return types.Int(0), nil
	case operand >= high:
		return intResult(int4Limits.add(count, 1))
	}
	// As PostgreSQL 15 rounds it: what lies just below the upper bound may come out above it.
	bucket := float64(count) * (operand - low) / (high - low)
	return types.Int(int64(min(bucket, float64(count))) + 1), nil
}

func intResult(v int64, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	return types.Int(v), nil
}
