package builtin

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// guardDigits are computed beyond what a result shows.
const guardDigits = 12

func contextFor(digits int) *apd.Context {
	c := apd.BaseContext.WithPrecision(uint32(max(digits, minSigDigits) + guardDigits))
	return c
}

// rounded brings a computed result to its display scale.
func rounded(v *apd.Decimal, scale int) (*apd.Decimal, error) {
	if v.Exponent > 0 {
		v = new(apd.Decimal).Set(v)
		v.Coeff.Mul(&v.Coeff, new(apd.BigInt).Exp(apd.NewBigInt(10), apd.NewBigInt(int64(v.Exponent)), nil))
		v.Exponent = 0
	}
	if v.NumDigits()+int64(v.Exponent) > (math.MaxInt16+1)*baseDigits {
		return nil, errNumericOverflow()
	}
	return types.NumericRound(v, int32(scale))
}

func numericSqrt(v *apd.Decimal) (*apd.Decimal, error) {
	if v.Form == apd.NaN {
		return v, nil
	}
	if v.Negative {
		return nil, errPower("cannot take square root of a negative number")
	}
	if v.Form == apd.Infinite {
		return v, nil
	}
	w := weight(v)
	digits := (w+1)*baseDigits/2 - 1
	if w < 0 {
		digits = int(math.Floor(float64((w+1)*baseDigits)/2)) - 1
	}
	scale := clampDisplay(minSigDigits-digits, v)
	var r apd.Decimal
	if _, err := contextFor(max(digits, 0)+baseDigits+scale).Sqrt(&r, v); err != nil {
		return nil, err
	}
	return rounded(&r, scale)
}

func numericExp(v *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case v.Form == apd.NaN:
		return v, nil
	case v.Form == apd.Infinite && v.Negative:
		return types.NumericFromInt(0), nil
	case v.Form == apd.Infinite:
		return v, nil
	}
	digits := min(max(approximate(v)*math.Log10E, -maxResultScale), maxResultScale)
	scale := clampDisplay(minSigDigits-int(digits), v)
	return expTo(v, scale)
}

// expTo is e^v to a scale: an error beyond numeric's range, zero below the scale.
func expTo(v *apd.Decimal, scale int) (*apd.Decimal, error) {
	power := approximate(v)
	if math.Abs(power) >= maxResultScale*3 {
		if power > 0 {
			return nil, errNumericOverflow()
		}
		return types.NumericRound(types.NumericFromInt(0), int32(scale))
	}
	var r apd.Decimal
	digits := int(math.Max(power*math.Log10E, 0)) + scale + 2
	if _, err := contextFor(digits).Exp(&r, v); err != nil {
		return nil, err
	}
	return rounded(&r, scale)
}

// lnDigits is estimate_ln_dweight: about the decimal weight of ln(v).
func lnDigits(v *apd.Decimal) int {
	if v.Sign() <= 0 {
		return 0
	}
	f := approximate(v)
	if f >= 0.9 && f <= 1.1 {
		var x apd.Decimal
		apd.BaseContext.WithPrecision(uint32(v.NumDigits()+2)).Sub(&x, v, apd.New(1, 0))
		if x.IsZero() {
			return 0
		}
		// The weight of the first base-10000 digit, and the digits in it.
		x.Negative = false
		return int(x.NumDigits() + int64(x.Exponent) - 1)
	}
	return int(math.Log10(math.Abs(logOf(v))))
}

// logOf is ln(v) in floating point, also for values that are no float.
func logOf(v *apd.Decimal) float64 {
	digits := v.Coeff.String()
	exponent := int(v.Exponent)
	if len(digits) > 17 {
		exponent += len(digits) - 17
		digits = digits[:17]
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0
	}
	return math.Log(f) + float64(exponent)*math.Ln10
}

// checkLogarithm answers the arguments that have none, and NaN and infinity;
// done says that r is the answer.
func checkLogarithm(v *apd.Decimal) (r *apd.Decimal, done bool, err error) {
	switch {
	case v.Form == apd.NaN:
		return v, true, nil
	case v.Negative:
		return nil, true, errLogarithm("cannot take logarithm of a negative number")
	case v.Form == apd.Infinite:
		return v, true, nil
	case v.IsZero():
		return nil, true, errLogarithm("cannot take logarithm of zero")
	}
	return nil, false, nil
}

func numericLn(v *apd.Decimal) (*apd.Decimal, error) {
	if r, done, err := checkLogarithm(v); done {
		return r, err
	}
	scale := clampDisplay(minSigDigits-lnDigits(v), v)
	r, err := lnTo(v, scale+baseDigits)
	if err != nil {
		return nil, err
	}
	return rounded(r, scale)
}

// lnTo is ln(v) with some digits behind the point.
func lnTo(v *apd.Decimal, digits int) (*apd.Decimal, error) {
	var r apd.Decimal
	_, err := contextFor(digits+max(lnDigits(v), 0)+int(v.NumDigits())).Ln(&r, v)
	return &r, err
}

func numericLog(base, v *apd.Decimal) (*apd.Decimal, error) {
	if base.Form == apd.NaN || v.Form == apd.NaN {
		return types.NumericNaN(), nil
	}
	for _, x := range []*apd.Decimal{base, v} {
		if _, done, err := checkLogarithm(x); done && err != nil {
			return nil, err
		}
	}
	if base.Form == apd.Infinite || v.Form == apd.Infinite {
		return logOfInfinity(base, v)
	}
	scale := clampDisplay(minSigDigits-(lnDigits(v)-lnDigits(base)), base, v)
	digits := scale + 2*baseDigits + max(-lnDigits(base), 0)*2
	lnBase, err := lnTo(base, digits)
	if err != nil {
		return nil, err
	}
	lnV, err := lnTo(v, digits)
	if err != nil {
		return nil, err
	}
	if lnBase.IsZero() {
		return nil, types.DivisionByZero()
	}
	var r apd.Decimal
	if _, err := contextFor(digits+max(lnDigits(v)-lnDigits(base), 0)).Quo(&r, lnV, lnBase); err != nil {
		return nil, err
	}
	return rounded(&r, scale)
}

// logOfInfinity: infinite to base infinity is NaN, anything else to it 0.
func logOfInfinity(base, v *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case base.Form == apd.Finite:
		return v, nil
	case v.Form == apd.Finite:
		return types.NumericFromInt(0), nil
	}
	return types.NumericNaN(), nil
}

func numericPower(base, exponent *apd.Decimal) (*apd.Decimal, error) {
	if base.Form != apd.Finite || exponent.Form != apd.Finite {
		return powerSpecial(base, exponent)
	}
	integral := types.NumericTrunc(exponent, 0)
	isInt := types.CompareNumeric(integral, exponent) == 0
	switch {
	case base.IsZero() && exponent.Negative:
		return nil, errPower("zero raised to a negative power is undefined")
	case base.Negative && !isInt:
		return nil, errPower("a negative number raised to a non-integer power yields a complex result")
	}
	if isInt {
		if n, err := types.NumericToInt(integral, 32); err == nil {
			return powerInt(base, n, clampDisplay(minSigDigits, base))
		}
	}
	if base.IsZero() {
		return types.NumericRound(types.NumericFromInt(0), minSigDigits)
	}
	odd := false
	if base.Negative {
		last, err := types.NumericMod(integral, types.NumericFromInt(2))
		if err != nil {
			return nil, err
		}
		odd, base = !last.IsZero(), types.NumericNeg(base)
	}
	r, err := powerReal(base, exponent)
	if err == nil && odd {
		r = types.NumericNeg(r)
	}
	return r, err
}

// powerSpecial is POSIX pow for infinities and NaN, which numeric follows.
func powerSpecial(base, exponent *apd.Decimal) (*apd.Decimal, error) {
	one := types.NumericFromInt(1)
	switch {
	case base.Form == apd.NaN:
		if exponent.Form == apd.Finite && exponent.IsZero() {
			return one, nil
		}
		return base, nil
	case exponent.Form == apd.NaN:
		if base.Form == apd.Finite && types.CompareNumeric(base, one) == 0 {
			return one, nil
		}
		return exponent, nil
	case exponent.Form == apd.Finite && base.Negative && types.CompareNumeric(types.NumericTrunc(exponent, 0), exponent) != 0:
		return nil, errPower("a negative number raised to a non-integer power yields a complex result")
	case base.Form == apd.Finite && base.IsZero() && exponent.Negative:
		return nil, errPower("zero raised to a negative power is undefined")
	}
	r := math.Pow(approximateSpecial(base), approximateSpecial(exponent))
	return types.NumericFromFloat(r, 64)
}

func approximateSpecial(v *apd.Decimal) float64 {
	if v.Form == apd.Infinite {
		if v.Negative {
			return math.Inf(-1)
		}
		return math.Inf(1)
	}
	return approximate(v)
}

// powerInt is base^n rounded to a scale (power_var_int).
func powerInt(base *apd.Decimal, n int64, scale int) (*apd.Decimal, error) {
	if base.IsZero() {
		if n == 0 {
			return types.NumericRound(types.NumericFromInt(1), int32(scale))
		}
		return types.NumericRound(types.NumericFromInt(0), int32(scale))
	}
	digits := logOf(types.NumericAbs(base)) * math.Log10E * float64(n)
	if digits > (math.MaxInt16+1)*baseDigits {
		return nil, errNumericOverflow()
	}
	if digits < -float64(scale)-baseDigits {
		return types.NumericRound(types.NumericFromInt(0), int32(scale))
	}
	c := contextFor(int(math.Max(digits, 0)) + scale + baseDigits)
	c.MaxExponent, c.MinExponent = apd.MaxExponent, apd.MinExponent
	c.Precision += uint32(math.Log10(math.Abs(float64(n))+1)) + 1
	r := apd.New(1, 0)
	square := new(apd.Decimal).Set(base)
	for m := uint64(max(n, -n)); m > 0; m >>= 1 {
		if m&1 != 0 {
			if _, err := c.Mul(r, r, square); err != nil {
				return nil, err
			}
		}
		if m > 1 {
			if _, err := c.Mul(square, square, square); err != nil {
				return nil, err
			}
		}
	}
	if n < 0 {
		if _, err := c.Quo(r, apd.New(1, 0), r); err != nil {
			return nil, err
		}
	}
	return rounded(r, scale)
}

// powerReal is e^(exponent * ln base), base > 0.
func powerReal(base, exponent *apd.Decimal) (*apd.Decimal, error) {
	power := logOf(base) * approximate(exponent)
	if f := approximate(base); f > 0.9 && f < 1.1 {
		ln, err := lnTo(base, minSigDigits)
		if err != nil {
			return nil, err
		}
		power = approximate(ln) * approximate(exponent)
	}
	if math.Abs(power) > maxResultScale*3.01 {
		if power > 0 {
			return nil, errNumericOverflow()
		}
		return types.NumericRound(types.NumericFromInt(0), maxDisplayScale)
	}
	digits := int(power * math.Log10E)
	scale := clampDisplay(minSigDigits-digits, base, exponent)
	ln, err := lnTo(base, scale+max(digits, 0)+int(exponent.NumDigits())+baseDigits)
	if err != nil {
		return nil, err
	}
	var product apd.Decimal
	c := contextFor(int(ln.NumDigits() + exponent.NumDigits()))
	if _, err := c.Mul(&product, ln, exponent); err != nil {
		return nil, err
	}
	return expTo(&product, scale)
}
