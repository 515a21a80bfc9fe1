package types

import (
	"math"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The functions here are the operators of numeric.c: arguments are not
// changed, results carry PostgreSQL's display scale.

// finish checks the limits of a finite result and clears a negative zero.
func finish(v *apd.Decimal) (*apd.Decimal, error) {
	if v.Form != apd.Finite {
		return v, nil
	}
	if v.Coeff.Sign() == 0 {
		v.Negative = false
	} else if v.NumDigits()+int64(v.Exponent) > numericMaxIntegerDigits {
		return nil, errNumericOverflow()
	}
	return v, nil
}

func isNaN(a, b *apd.Decimal) bool { return a.Form == apd.NaN || b.Form == apd.NaN }

// NumericFromInt makes a numeric of scale 0.
func NumericFromInt(v int64) *apd.Decimal { return apd.New(v, 0) }

// NumericFromFloat is the cast of a float4 (bits 32) or float8: 6 or 15 digits.
func NumericFromFloat(v float64, bits int) (*apd.Decimal, error) {
	switch {
	case math.IsNaN(v):
		return numericNaN, nil
	case math.IsInf(v, 0):
		return NumericInf(v < 0), nil
	}
	return ParseNumeric(string(AppendFloat(nil, v, bits, 0)))
}

// NumericToFloat is the cast to float4 (bits 32) or float8.
func NumericToFloat(v *apd.Decimal, bits int) (float64, error) {
	return ParseFloat(string(AppendNumeric(nil, v)), bits)
}

// NumericToInt is the cast to int2, int4 or int8 (bits 16, 32, 64), rounding
// half away from zero.
func NumericToInt(v *apd.Decimal, bits int) (int64, error) {
	name := map[int]string{16: "smallint", 32: "integer", 64: "bigint"}[bits]
	switch v.Form {
	case apd.NaN:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to %s", name)
	case apd.Infinite:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to %s", name)
	}
	n, ok := numericInt64(roundNumeric(v, 0))
	if !ok || n != n<<(64-bits)>>(64-bits) {
		return 0, OutOfRange(name)
	}
	return n, nil
}

// numericInt64 reads an integral value.
func numericInt64(v *apd.Decimal) (int64, bool) {
	if v.Form != apd.Finite {
		return 0, false
	}
	r := rescaleNumeric(v, 0, false)
	if !r.Coeff.IsUint64() {
		return 0, false
	}
	u := r.Coeff.Uint64()
	if r.Negative {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u <= math.MaxInt64
}

// NumericNeg is -v.
func NumericNeg(v *apd.Decimal) *apd.Decimal {
	switch {
	case v.Form == apd.NaN:
		return v
	case v.Form == apd.Infinite:
		return NumericInf(!v.Negative)
	}
	r := &apd.Decimal{Exponent: v.Exponent, Negative: !v.Negative && !v.IsZero()}
	r.Coeff.Set(&v.Coeff)
	return r
}

// NumericAbs is abs(v).
func NumericAbs(v *apd.Decimal) *apd.Decimal {
	if v.Form == apd.NaN || !v.Negative {
		return v
	}
	return NumericNeg(v)
}

// NumericSign is sign(v): -1, 0, 1 or NaN.
func NumericSign(v *apd.Decimal) *apd.Decimal {
	if v.Form == apd.NaN {
		return v
	}
	if v.Form == apd.Infinite {
		if v.Negative {
			return NumericFromInt(-1)
		}
		return NumericFromInt(1)
	}
	return NumericFromInt(int64(v.Sign()))
}

// NumericAdd is a + b.
func NumericAdd(a, b *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case isNaN(a, b):
		return numericNaN, nil
	case a.Form == apd.Infinite:
		if b.Form == apd.Infinite && a.Negative != b.Negative {
			return numericNaN, nil
		}
		return a, nil
	case b.Form == apd.Infinite:
		return b, nil
	}
	return finish(addFinite(a, b, b.Negative))
}

// NumericSub is a - b.
func NumericSub(a, b *apd.Decimal) (*apd.Decimal, error) {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		return NumericAdd(a, NumericNeg(b))
	}
	return finish(addFinite(a, b, !b.Negative))
}

// addFinite adds b, taken with sign negB, to a.
func addFinite(a, b *apd.Decimal, negB bool) *apd.Decimal {
	r := &apd.Decimal{Exponent: min(a.Exponent, b.Exponent)}
	x, y := &a.Coeff, &b.Coeff
	var scaled apd.BigInt
	if a.Exponent > b.Exponent {
		x = scaled.Mul(x, pow10(int(a.Exponent-b.Exponent)))
	} else if b.Exponent > a.Exponent {
		y = scaled.Mul(y, pow10(int(b.Exponent-a.Exponent)))
	}
	if a.Negative == negB {
		r.Coeff.Add(x, y)
		r.Negative = negB
		return r
	}
	if x.CmpAbs(y) >= 0 {
		r.Coeff.Sub(x, y)
		r.Negative = a.Negative
	} else {
		r.Coeff.Sub(y, x)
		r.Negative = negB
	}
	return r
}

// WideAdd, WideSub and WideMul are exact, for sums inside of a computation: what they
// return may be larger, and have more digits, than a numeric.
func WideAdd(a, b *apd.Decimal) *apd.Decimal {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		v, _ := NumericAdd(a, b) // of such values it does not fail
		return v
	}
	return addFinite(a, b, b.Negative)
}

// WideSub is described at WideAdd.
func WideSub(a, b *apd.Decimal) *apd.Decimal {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		v, _ := NumericSub(a, b)
		return v
	}
	return addFinite(a, b, !b.Negative)
}

// WideMul is described at WideAdd.
func WideMul(a, b *apd.Decimal) *apd.Decimal {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		v, _ := NumericMul(a, b)
		return v
	}
	return mulFinite(a, b)
}

// NumericMul is a * b.
func NumericMul(a, b *apd.Decimal) (*apd.Decimal, error) {
	if isNaN(a, b) {
		return numericNaN, nil
	}
	if a.Form == apd.Infinite || b.Form == apd.Infinite {
		if a.IsZero() || b.IsZero() {
			return numericNaN, nil
		}
		return NumericInf(a.Negative != b.Negative), nil
	}
	r := mulFinite(a, b)
	if -r.Exponent > numericMaxDScale {
		r = roundNumeric(r, numericMaxDScale)
	}
	return finish(r)
}

func mulFinite(a, b *apd.Decimal) *apd.Decimal {
	r := &apd.Decimal{Exponent: a.Exponent + b.Exponent, Negative: a.Negative != b.Negative}
	r.Coeff.Mul(&a.Coeff, &b.Coeff)
	return r
}

// leading returns the weight and the value of the first base-10000 digit of a
// finite number; 0, 0 for zero.
func leading(v *apd.Decimal) (weight, digit int) {
	if v.IsZero() {
		return 0, 0
	}
	top := int(v.NumDigits()) + int(v.Exponent) - 1
	weight = floorDiv(top, numericBaseDigits)
	take := top - weight*numericBaseDigits + 1
	digits := v.Coeff.Append(nil, 10)
	for i := 0; i < take; i++ {
		digit *= 10
		if i < len(digits) {
			digit += int(digits[i] - '0')
		}
	}
	return weight, digit
}

// divScale is select_div_scale: at least 16 significant digits, and not fewer
// places than either argument has.
func divScale(a, b *apd.Decimal) int32 {
	wa, fa := leading(a)
	wb, fb := leading(b)
	q := wa - wb
	if fa <= fb {
		q--
	}
	scale := max(int32(numericMinSigDigits-q*numericBaseDigits), -a.Exponent, -b.Exponent, 0)
	return min(scale, numericMaxDisplayScale)
}

// divSpecial handles the arguments that are not finite, and zero divisors.
func divSpecial(a, b *apd.Decimal) (v *apd.Decimal, done bool, err error) {
	switch {
	case isNaN(a, b):
		return numericNaN, true, nil
	case a.Form == apd.Infinite && b.Form == apd.Infinite:
		return numericNaN, true, nil
	case b.Form == apd.Infinite:
		return NumericFromInt(0), true, nil
	case b.IsZero():
		return nil, true, DivisionByZero()
	case a.Form == apd.Infinite:
		return NumericInf(a.Negative != b.Negative), true, nil
	}
	return nil, false, nil
}

// NumericDiv is a / b.
func NumericDiv(a, b *apd.Decimal) (*apd.Decimal, error) {
	if v, done, err := divSpecial(a, b); done {
		return v, err
	}
	return finish(divFinite(a, b, divScale(a, b), true))
}

// NumericDivTrunc is div(a, b): the integral quotient, towards zero.
func NumericDivTrunc(a, b *apd.Decimal) (*apd.Decimal, error) {
	if v, done, err := divSpecial(a, b); done {
		return v, err
	}
	return finish(divFinite(a, b, 0, false))
}

// divFinite is a / b to a scale, rounded half away from zero or cut.
func divFinite(a, b *apd.Decimal, scale int32, round bool) *apd.Decimal {
	r := &apd.Decimal{Exponent: -scale, Negative: a.Negative != b.Negative}
	var num, den, rem apd.BigInt
	num.Set(&a.Coeff)
	den.Set(&b.Coeff)
	// r = a.Coeff·10^a.Exponent / (b.Coeff·10^b.Exponent) · 10^scale
	if shift := int(a.Exponent - b.Exponent + scale); shift >= 0 {
		num.Mul(&num, pow10(shift))
	} else {
		den.Mul(&den, pow10(-shift))
	}
	r.Coeff.QuoRem(&num, &den, &rem)
	if round && rem.Add(&rem, &rem).CmpAbs(&den) >= 0 {
		r.Coeff.Add(&r.Coeff, &pow10Table[0])
	}
	return r
}

// NumericMod is a % b, with a's sign.
func NumericMod(a, b *apd.Decimal) (*apd.Decimal, error) {
	switch {
	case isNaN(a, b):
		return numericNaN, nil
	case a.Form == apd.Infinite:
		if b.Form == apd.Finite && b.IsZero() {
			return nil, DivisionByZero()
		}
		return numericNaN, nil
	case b.Form == apd.Infinite:
		return a, nil
	case b.IsZero():
		return nil, DivisionByZero()
	}
	q := divFinite(a, b, 0, false)
	p := mulFinite(q, b)
	return finish(addFinite(a, p, !p.Negative))
}

// NumericRound is round(v, scale); a negative scale rounds before the point.
func NumericRound(v *apd.Decimal, scale int32) (*apd.Decimal, error) {
	if v.Form != apd.Finite {
		return v, nil
	}
	return finish(roundNumeric(v, clampScale(scale)))
}

// NumericTrunc is trunc(v, scale).
func NumericTrunc(v *apd.Decimal, scale int32) *apd.Decimal {
	if v.Form != apd.Finite {
		return v
	}
	return rescaleNumeric(v, clampScale(scale), false)
}

func clampScale(scale int32) int32 {
	return min(max(scale, -numericMaxIntegerDigits-1), numericMaxDScale)
}

// NumericCeil is ceil(v).
func NumericCeil(v *apd.Decimal) (*apd.Decimal, error) { return towards(v, false) }

// NumericFloor is floor(v).
func NumericFloor(v *apd.Decimal) (*apd.Decimal, error) { return towards(v, true) }

func towards(v *apd.Decimal, down bool) (*apd.Decimal, error) {
	if v.Form != apd.Finite {
		return v, nil
	}
	r := rescaleNumeric(v, 0, false)
	if v.Negative == down && CompareNumeric(r, v) != 0 {
		r = addFinite(r, NumericFromInt(1), down)
	}
	return finish(r)
}

// NumericScale is scale(v); ok is false (NULL) when v is not finite.
func NumericScale(v *apd.Decimal) (scale int32, ok bool) { return -v.Exponent, v.Form == apd.Finite }

// NumericMinScale is min_scale(v): the places needed to show v exactly.
func NumericMinScale(v *apd.Decimal) (scale int32, ok bool) {
	if v.Form != apd.Finite || v.IsZero() {
		return 0, v.Form == apd.Finite
	}
	digits, top := significantDigits(v)
	return int32(max(len(digits)-top, 0)), true
}

// NumericTrimScale is trim_scale(v).
func NumericTrimScale(v *apd.Decimal) *apd.Decimal {
	if scale, ok := NumericMinScale(v); ok {
		return rescaleNumeric(v, scale, false)
	}
	return v
}

// NumericGCD is gcd(a, b).
func NumericGCD(a, b *apd.Decimal) *apd.Decimal {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		return numericNaN
	}
	x, y, exponent := aligned(a, b)
	r := &apd.Decimal{Exponent: exponent}
	r.Coeff.GCD(nil, nil, x, y)
	return r
}

// NumericLCM is lcm(a, b).
func NumericLCM(a, b *apd.Decimal) (*apd.Decimal, error) {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		return numericNaN, nil
	}
	x, y, exponent := aligned(a, b)
	r := &apd.Decimal{Exponent: exponent}
	if x.Sign() != 0 && y.Sign() != 0 {
		var gcd apd.BigInt
		gcd.GCD(nil, nil, x, y)
		r.Coeff.Mul(r.Coeff.Quo(x, &gcd), y)
	}
	return finish(r)
}

// aligned returns both coefficients at the smaller exponent.
func aligned(a, b *apd.Decimal) (x, y *apd.BigInt, exponent int32) {
	exponent = min(a.Exponent, b.Exponent)
	x = new(apd.BigInt).Mul(&a.Coeff, pow10(int(a.Exponent-exponent)))
	y = new(apd.BigInt).Mul(&b.Coeff, pow10(int(b.Exponent-exponent)))
	return x, y, exponent
}

// maxFactorial is the largest argument of factorial whose result fits.
const maxFactorial = 32177

// NumericFactorial is factorial(n).
func NumericFactorial(n int64) (*apd.Decimal, error) {
	if n < 0 {
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	}
	if n > maxFactorial {
		return nil, errNumericOverflow()
	}
	r := new(apd.Decimal)
	r.Coeff.MulRange(1, n)
	return r, nil
}

// NumericText is the text form as a string.
func NumericText(v *apd.Decimal) string { return string(AppendNumeric(nil, v)) }

// NumericFromText is for the literals of the planner: it panics on text that
// is no numeric.
func NumericFromText(s string) *apd.Decimal {
	v, err := ParseNumeric(s)
	if err != nil {
		panic("types: not a numeric: " + strconv.Quote(s))
	}
	return v
}
