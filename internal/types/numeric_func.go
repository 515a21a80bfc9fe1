package types

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The transcendental functions: the scale of a result is PostgreSQL's, its
// value is computed with guard digits (numeric_series.go) and rounded half away
// from zero.

func errNegativeRoot() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
}

// resultScale bounds a scale: not below the arguments', within what is shown.
func resultScale(scale int, args ...*apd.Decimal) int32 {
	s := int32(scale)
	for _, a := range args {
		s = max(s, -a.Exponent)
	}
	return min(max(s, 0), numericMaxDisplayScale)
}

// NumericSqrt is sqrt(v).
func NumericSqrt(v *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case v.Form == apd.NaN:
		return v, nil
	case v.Negative:
		return nil, errNegativeRoot()
	case v.Form == apd.Infinite:
		return v, nil
	}
	weight, _ := leading(v)
	return finish(sqrtFinite(v, resultScale(numericMinSigDigits-(weight*numericBaseDigits/2+1), v)))
}

// NumericSpread is the variance a / b, or its root, which has no more places
// than the variance has (numeric_stddev_internal). Both are finite, b is above 0.
func NumericSpread(a, b *apd.Decimal, root bool) (*apd.Decimal, error) {
	scale := divScale(a, b)
	v := divFinite(a, b, scale, true)
	if root {
		v = sqrtFinite(v, scale)
	}
	return finish(v)
}

// sqrtFinite is the root of a number that is not negative, rounded to a scale.
func sqrtFinite(v *apd.Decimal, scale int32) *apd.Decimal {
	// the integer root of the value with twice the places, and one place to round by
	places := scale + 1
	var n, root apd.BigInt
	n.Set(&v.Coeff)
	if shift := int(2*places + v.Exponent); shift >= 0 {
		n.Mul(&n, pow10(shift))
	} else {
		n.Quo(&n, pow10(-shift))
	}
	root.Sqrt(&n)
	r := &apd.Decimal{Exponent: -places}
	r.Coeff.Set(&root)
	return roundNumeric(r, scale)
}

// approx is v as a float, infinite where it is too large.
func approx(v *apd.Decimal) float64 {
	f, err := v.Float64()
	if err != nil && f == 0 && !v.IsZero() && v.NumDigits()+int64(v.Exponent) > 0 {
		return math.Inf(v.Sign())
	}
	return f
}

const log10E = 0.434294481903252

// NumericExp is exp(v).
func NumericExp(v *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case v.Form == apd.NaN:
		return v, nil
	case v.Form == apd.Infinite && v.Negative:
		return NumericFromInt(0), nil
	case v.Form == apd.Infinite:
		return v, nil
	}
	f := approx(v)
	weight := min(max(f*log10E, -numericMaxResultScale), numericMaxResultScale)
	scale := resultScale(numericMinSigDigits-int(weight), v)
	if math.Abs(f) >= maxExponent {
		return expBeyond(f, scale)
	}
	prec := expPrec(f, scale)
	return fromBinary(expBinary(toBinary(v, prec), prec), scale)
}

// maxExponent is the first argument, of either sign, that exp_var does not compute.
const maxExponent = 3 * numericMaxResultScale

// expBeyond is e^f where |f| is maxExponent or more.
func expBeyond(f float64, scale int32) (*apd.Decimal, error) {
	if f > 0 {
		return nil, errNumericOverflow()
	}
	return apd.New(0, -scale), nil
}

// expPrec is the precision that e^f needs to be right to a scale.
func expPrec(f float64, scale int32) uint {
	return bitsOf(max(int(f*log10E), 0) + int(scale) + guardDigits)
}

// lnWeight estimates the decimal weight of ln(v), as estimate_ln_dweight does.
func lnWeight(v *apd.Decimal) int {
	if v.Negative || v.IsZero() {
		return 0
	}
	if CompareNumeric(v, NumericFromText("0.9")) >= 0 && CompareNumeric(v, NumericFromText("1.1")) <= 0 {
		x := addFinite(v, NumericFromInt(1), true)
		if x.IsZero() {
			return 0
		}
		return int(x.NumDigits()) + int(x.Exponent) - 1
	}
	groups, weight := baseDigits(v)
	digits, pos := float64(groups[0]), weight*numericBaseDigits
	if len(groups) > 1 {
		digits = digits*10000 + float64(groups[1])
		pos -= numericBaseDigits
	}
	return int(math.Log10(math.Abs(math.Log(digits) + float64(pos)*2.302585092994046)))
}

func checkLogArgument(v *apd.Decimal) error {
	switch {
	case v.Form == apd.NaN:
		return nil
	case v.Negative:
		return pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
	case v.Form == apd.Finite && v.IsZero():
		return pgerr.New(pgerr.InvalidArgumentForLog, "cannot take logarithm of zero")
	}
	return nil
}

// NumericLn is ln(v).
func NumericLn(v *apd.Decimal) (*apd.Decimal, error) {
	if err := checkLogArgument(v); err != nil || v.Form != apd.Finite {
		return v, err
	}
	scale := resultScale(numericMinSigDigits-lnWeight(v), v)
	return fromBinary(lnPlaces(v, int(scale)), scale)
}

// lnPlaces computes ln(v) to that many places and some more.
func lnPlaces(v *apd.Decimal, places int) *big.Float {
	prec := bitsOf(max(places, 0) + guardDigits)
	return lnBinary(toBinary(v, prec), prec)
}

// NumericLog is log(v), to base 10.
func NumericLog(v *apd.Decimal) (*apd.Decimal, error) { return NumericLogBase(NumericFromInt(10), v) }

// NumericLogBase is log(base, v).
func NumericLogBase(base, v *apd.Decimal) (*apd.Decimal, error) {
	if isNaN(base, v) {
		return numericNaN, nil
	}
	first, second := base, v
	if infinite := base.Form == apd.Infinite || v.Form == apd.Infinite; infinite && v.Negative {
		first, second = v, base // here signs are looked at before zeros
	}
	if err := checkLogArgument(first); err != nil {
		return nil, err
	}
	if err := checkLogArgument(second); err != nil {
		return nil, err
	}
	switch {
	case base.Form == apd.Infinite && v.Form == apd.Infinite:
		return numericNaN, nil
	case base.Form == apd.Infinite:
		return NumericFromInt(0), nil
	case v.Form == apd.Infinite:
		return v, nil
	}
	wb, wv := lnWeight(base), lnWeight(v)
	scale := resultScale(numericMinSigDigits-(wv-wb), base, v)
	places := int(scale) + wv - wb
	lb, lv := lnPlaces(base, places-wb+8), lnPlaces(v, places-wv+8)
	if lb.Sign() == 0 {
		return nil, DivisionByZero()
	}
	return fromBinary(new(big.Float).SetPrec(max(lb.Prec(), lv.Prec())).Quo(lv, lb), scale)
}

// NumericPower is power(base, exp).
func NumericPower(base, exp *apd.Decimal) (*apd.Decimal, error) {
	if base.Form != apd.Finite || exp.Form != apd.Finite {
		return powerSpecial(base, exp)
	}
	if base.IsZero() && exp.Negative {
		return nil, errZeroPower()
	}
	integral := isIntegral(exp)
	if base.Negative && !integral {
		return nil, errComplexPower()
	}
	if integral {
		if n, ok := numericInt64(exp); ok && n == int64(int32(n)) {
			return powerInt(base, n)
		}
	}
	return powerReal(base, exp)
}

func errZeroPower() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
}

func errComplexPower() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
}

func isIntegral(v *apd.Decimal) bool {
	scale, ok := NumericMinScale(v)
	return ok && scale == 0
}

func isOdd(v *apd.Decimal) bool {
	return isIntegral(v) && rescaleNumeric(v, 0, false).Coeff.Bit(0) == 1
}

// powerSpecial is power for arguments that are not finite, by POSIX's rules.
func powerSpecial(base, exp *apd.Decimal) (*apd.Decimal, error) {
	one := NumericFromInt(1)
	switch {
	case base.Form == apd.Finite && CompareNumeric(base, one) == 0, exp.Form == apd.Finite && exp.IsZero():
		return one, nil
	case isNaN(base, exp):
		return numericNaN, nil
	case exp.Form == apd.Infinite:
		size := CompareNumeric(NumericAbs(base), one)
		switch {
		case base.Form == apd.Finite && base.IsZero() && exp.Negative:
			return nil, errZeroPower()
		case size == 0:
			return one, nil
		case (size > 0) == exp.Negative:
			return NumericFromInt(0), nil
		}
		return numericInf, nil
	case base.Negative && !isIntegral(exp):
		return nil, errComplexPower()
	case exp.Negative:
		return NumericFromInt(0), nil
	}
	return NumericInf(base.Negative && isOdd(exp)), nil
}

// powerInt is power for exponents that fit in 32 bits.
func powerInt(base *apd.Decimal, n int64) (*apd.Decimal, error) {
	scale := resultScale(numericMinSigDigits, base)
	if base.IsZero() {
		if n == 0 {
			return roundNumeric(NumericFromInt(1), scale), nil
		}
		return apd.New(0, -scale), nil
	}
	weight := float64(n) * log10Of(base)
	switch {
	case weight > 3*math.MaxInt16*numericBaseDigits:
		return nil, errNumericOverflow()
	case weight+1 < float64(-scale):
		return apd.New(0, -scale), nil
	}
	return powerBySquaring(base, n, scale, weight)
}

// powerBySquaring keeps as many digits as the result of about 10^weight shows,
// and guard digits for the error of each step.
func powerBySquaring(base *apd.Decimal, n int64, scale int32, weight float64) (*apd.Decimal, error) {
	digits := max(int(scale)+int(weight)+2, 1)
	prec := bitsOf(digits + int(2*math.Log10(math.Abs(float64(n))+1)) + guardDigits)
	r, square := newBinary(prec).SetInt64(1), toBinary(base, prec)
	for m := abs64(n); m > 0; m >>= 1 {
		if m&1 == 1 {
			r.Mul(r, square)
		}
		if m > 1 {
			square.Mul(square, square)
		}
	}
	if n < 0 {
		r.Quo(newBinary(prec).SetInt64(1), r)
	}
	return fromBinary(r, scale)
}

// log10Of approximates log10(|v|) of a non-zero v from its first 16 digits.
func log10Of(v *apd.Decimal) float64 {
	groups, weight := baseDigits(v)
	f, pos := float64(groups[0]), weight*numericBaseDigits
	for i := 1; i < len(groups) && i*numericBaseDigits < 16; i++ {
		f = f*10000 + float64(groups[i])
		pos -= numericBaseDigits
	}
	return math.Log10(f) + float64(pos)
}

// powerReal is exp(exp * ln(|base|)) (power_var).
func powerReal(base, exp *apd.Decimal) (*apd.Decimal, error) {
	if base.IsZero() {
		return apd.New(0, -numericMinSigDigits), nil
	}
	negative := base.Negative && isOdd(exp)
	base = NumericAbs(base)
	// the scale of the result follows from this estimate, as it is rounded here
	places := int32(max(8-lnWeight(base), 0))
	rough, err := fromBinary(lnPlaces(base, int(places)), places)
	if err != nil {
		return nil, err
	}
	val := approx(roundNumeric(mulFinite(rough, exp), places))
	if math.Abs(val) > numericMaxResultScale*3.01 {
		if val > 0 {
			return nil, errNumericOverflow()
		}
		return apd.New(0, -numericMaxDisplayScale), nil
	}
	weight := int(val * log10E)
	scale := resultScale(numericMinSigDigits-weight, base, exp)
	ln := lnPlaces(base, int(scale)+weight-lnWeight(base)+8)
	product := newBinary(ln.Prec()).Mul(ln, toBinary(exp, ln.Prec()))
	val, _ = product.Float64()
	if math.Abs(val) >= maxExponent {
		return expBeyond(val, scale)
	}
	r, err := fromBinary(expBinary(product, expPrec(val, scale)), scale)
	if err == nil && negative {
		r = NumericNeg(r)
	}
	return r, err
}
