package types

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// exp and ln in binary floating point of any precision and any exponent that a
// numeric can have. prec is in bits throughout.

const (
	// guardDigits is how many more digits than shown are computed.
	guardDigits = 12
	// guardBits is how many more bits than asked for are computed.
	guardBits  = 64
	bitsADigit = 3.3219280948873623 // log2(10)
)

// bitsOf is the precision that holds so many decimal digits.
func bitsOf(digits int) uint { return uint(float64(digits)*bitsADigit) + guardBits }

func newBinary(prec uint) *big.Float { return new(big.Float).SetPrec(prec) }

// toBinary is a finite v, rounded to prec.
func toBinary(v *apd.Decimal, prec uint) *big.Float {
	r := newBinary(prec).SetInt(v.Coeff.MathBigInt())
	if v.Exponent < 0 {
		r.Quo(r, newBinary(prec).SetInt(pow10(int(-v.Exponent)).MathBigInt()))
	}
	if v.Negative {
		r.Neg(r)
	}
	return r
}

// fromBinary rounds r to a scale, half away from zero.
func fromBinary(r *big.Float, scale int32) (*apd.Decimal, error) {
	if r.MantExp(nil) > numericMaxIntegerDigits*4 { // 10^131072 has fewer bits
		return nil, errNumericOverflow()
	}
	unit := pow10(int(scale)).MathBigInt()
	scaled := newBinary(r.Prec()+uint(unit.BitLen())).Mul(r, new(big.Float).SetInt(unit))
	half := big.NewFloat(math.Copysign(0.5, float64(r.Sign())))
	n, _ := scaled.Add(scaled, half).Int(nil)
	v := &apd.Decimal{Exponent: -scale, Negative: n.Sign() < 0}
	v.Coeff.SetMathBigInt(n.Abs(n))
	return finish(v)
}

// lnTwo is ln(2) times 2^bits, by a formula of Machin's kind:
// 18 artanh(1/26) - 2 artanh(1/4801) + 8 artanh(1/8749).
func lnTwo(bits uint) *big.Int {
	sum := new(big.Int)
	for _, term := range [...]struct{ factor, x int64 }{{18, 26}, {-2, 4801}, {8, 8749}} {
		square := big.NewInt(term.x * term.x)
		power := new(big.Int).Lsh(big.NewInt(term.factor), bits)
		power.Quo(power, big.NewInt(term.x))
		for n, q := int64(1), new(big.Int); power.Sign() != 0; n += 2 {
			sum.Add(sum, q.Quo(power, big.NewInt(n)))
			power.Quo(power, square)
		}
	}
	return sum
}

// expBinary is e^x, to a relative error of some units in the last bit of prec.
// |x| is below 2^32.
func expBinary(x *big.Float, prec uint) *big.Float {
	// e^x = 2^n e^r with |r| <= ln(2)/2, and e^r = (e^(r/2^k))^(2^k)
	f, _ := x.Float64()
	n := int64(math.RoundToEven(f / math.Ln2))
	k := uint(math.Sqrt(float64(prec)) / 2)
	bits := prec + 2*k + guardBits
	fixed, _ := newBinary(bits+guardBits).SetMantExp(newBinary(bits+guardBits).Set(x), int(bits)).Int(nil)
	fixed.Sub(fixed, new(big.Int).Mul(lnTwo(bits), big.NewInt(n)))
	fixed.Rsh(fixed, k)
	sum := new(big.Int).Lsh(big.NewInt(1), bits)
	for i, power := int64(1), new(big.Int).Set(sum); ; i++ {
		power.Mul(power, fixed).Rsh(power, bits).Quo(power, big.NewInt(i))
		if power.Sign() == 0 {
			break
		}
		sum.Add(sum, power)
	}
	for range k {
		sum.Mul(sum, sum).Rsh(sum, bits)
	}
	r := newBinary(prec).SetInt(sum)
	return r.SetMantExp(r, int(n)-int(bits))
}

// lnBinary is ln(v) of a positive v, to an absolute error of 2^-prec or to
// prec bits, whichever is the coarser.
func lnBinary(v *big.Float, prec uint) *big.Float {
	// ln(v) = ln(m) + e ln(2) with m near 1, so that nothing cancels where v is
	mantissa := newBinary(prec)
	e := v.MantExp(mantissa)
	if f, _ := mantissa.Float64(); f < math.Sqrt2/2 {
		mantissa.SetMantExp(mantissa, 1)
		e--
	}
	y := lnNear(mantissa, prec+guardBits)
	if e == 0 {
		return y
	}
	bits := prec + guardBits
	scaled := newBinary(bits).SetInt(lnTwo(bits))
	scaled.SetMantExp(scaled, -int(bits))
	return y.Add(y, scaled.Mul(scaled, newBinary(bits).SetInt64(int64(e))))
}

// lnNear solves e^y = m by Halley's method, which triples the right bits each
// time; m is between 0.7 and 1.5.
func lnNear(m *big.Float, prec uint) *big.Float {
	f, _ := m.Float64()
	y := newBinary(prec).SetFloat64(math.Log(f))
	for right := uint(40); right < prec; right *= 3 {
		p := min(3*right, prec) + guardBits
		power := expBinary(y, p)
		over := newBinary(p).Sub(m, power)
		under := newBinary(p).Add(m, power)
		step := over.Quo(over, under)
		y.Add(y, step.Add(step, step))
	}
	return y
}
