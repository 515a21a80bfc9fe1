package types

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// The limits of numeric.c and numeric.h: a value has at most 32768 base-10000
// digits before the point and 16383 decimal digits behind it.
const (
	numericMaxIntegerDigits = (math.MaxInt16 + 1) * numericBaseDigits
	numericMaxDScale        = 0x3fff
	numericBaseDigits       = 4
	numericMaxDisplayScale  = 1000
	numericMaxResultScale   = 2 * numericMaxDisplayScale
	numericMinSigDigits     = 16
)

// A numeric is an apd.Decimal with Exponent <= 0, whose negation is the
// display scale; zero is never negative; Form is Finite, Infinite or NaN.

// numericNaN and the infinities are shared: a Datum's Decimal never changes.
var (
	numericNaN    = &apd.Decimal{Form: apd.NaN}
	numericInf    = &apd.Decimal{Form: apd.Infinite}
	numericNegInf = &apd.Decimal{Form: apd.Infinite, Negative: true}
)

// NumericNaN and NumericInf return the special values; they must not be changed.
func NumericNaN() *apd.Decimal { return numericNaN }

// NumericInf returns the infinity with that sign; it must not be changed.
func NumericInf(negative bool) *apd.Decimal {
	if negative {
		return numericNegInf
	}
	return numericInf
}

// numericCodec is numeric (numeric.c).
type numericCodec struct{}

func (numericCodec) parse(_ *Env, _ *Type, s string, typmod int32) (Datum, error) {
	v, err := ParseNumeric(s)
	if err == nil && typmod >= typmodHeader {
		v, err = ApplyNumericTypmod(v, typmod)
	}
	if err != nil {
		return Null, err
	}
	return Decimal(v), nil
}

// ParseNumeric is numeric_in without a typmod.
func ParseNumeric(s string) (*apd.Decimal, error) {
	body := trimSpace(s)
	if v := numericWord(body); v != nil {
		return v, nil
	}
	neg := false
	if body != "" && (body[0] == '-' || body[0] == '+') {
		neg, body = body[0] == '-', body[1:]
	}
	mantissa, exponent := body, ""
	if e := strings.IndexAny(body, "eE"); e >= 0 {
		mantissa, exponent = body[:e], body[e+1:]
		if exponent == "" {
			return nil, badSyntax("numeric", s)
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if len(whole)+len(fraction) == 0 || !allDigits(whole) || !allDigits(fraction) {
		return nil, badSyntax("numeric", s)
	}
	scale := int64(len(fraction))
	if exponent != "" {
		e, rest, ok := scanInt64(exponent)
		if rest != "" {
			return nil, badSyntax("numeric", s)
		}
		if !ok || e >= math.MaxInt32/2 || e <= -math.MaxInt32/2 {
			return nil, errNumericOverflow()
		}
		scale -= e
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	return makeNumeric(neg, digits, scale)
}

// makeNumeric checks the limits before it makes big numbers of short texts.
func makeNumeric(neg bool, digits string, scale int64) (*apd.Decimal, error) {
	if scale > numericMaxDScale || digits != "" && int64(len(digits))-scale > numericMaxIntegerDigits {
		return nil, errNumericOverflow()
	}
	v := new(apd.Decimal)
	if digits == "" {
		v.Exponent = -int32(max(scale, 0))
		return v, nil
	}
	if len(digits) <= 18 {
		n, _ := strconv.ParseInt(digits, 10, 64)
		v.Coeff.SetInt64(n)
	} else {
		v.Coeff.SetString(digits, 10)
	}
	if scale < 0 {
		v.Coeff.Mul(&v.Coeff, pow10(int(-scale)))
		scale = 0
	}
	v.Exponent, v.Negative = -int32(scale), neg
	return v, nil
}

// numericWord reads the values that are not finite; nil for others.
func numericWord(s string) *apd.Decimal {
	if strings.EqualFold(s, "nan") {
		return numericNaN
	}
	word := strings.TrimLeft(s, "+-")
	if len(s)-len(word) > 1 || !strings.EqualFold(word, "inf") && !strings.EqualFold(word, "infinity") {
		return nil
	}
	return NumericInf(s[0] == '-')
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func errNumericOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
}

// pow10Table holds 10^0 to 10^38; larger powers are computed.
var pow10Table = func() (t [39]apd.BigInt) {
	t[0].SetInt64(1)
	ten := apd.NewBigInt(10)
	for i := 1; i < len(t); i++ {
		t[i].Mul(&t[i-1], ten)
	}
	return t
}()

// pow10 returns 10^n, which must not be changed.
func pow10(n int) *apd.BigInt {
	if n < len(pow10Table) {
		return &pow10Table[n]
	}
	return new(apd.BigInt).Exp(apd.NewBigInt(10), apd.NewBigInt(int64(n)), nil)
}

func (numericCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return AppendNumeric(dst, d.Decimal())
}

// AppendNumeric appends the text form.
func AppendNumeric(dst []byte, v *apd.Decimal) []byte {
	switch {
	case v.Form == apd.NaN:
		return append(dst, "NaN"...)
	case v.Form == apd.Infinite && v.Negative:
		return append(dst, "-Infinity"...)
	case v.Form == apd.Infinite:
		return append(dst, "Infinity"...)
	}
	if v.Negative {
		dst = append(dst, '-')
	}
	scale := int(-v.Exponent)
	start := len(dst)
	dst = v.Coeff.Append(dst, 10)
	if scale <= 0 {
		return dst
	}
	if have := len(dst) - start; have <= scale {
		missing := scale + 1 - have
		for i := 0; i < missing; i++ {
			dst = append(dst, '0')
		}
		copy(dst[start+missing:], dst[start:])
		for i := 0; i < missing; i++ {
			dst[start+i] = '0'
		}
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	return dst
}

// ApplyNumericTypmod rounds v to a column's scale; too many digits before the
// point, and infinities, are 22003.
func ApplyNumericTypmod(v *apd.Decimal, typmod int32) (*apd.Decimal, error) {
	p, s, ok := NumericPrecision(typmod)
	if !ok || v.Form == apd.NaN {
		return v, nil
	}
	if v.Form == apd.Infinite {
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", p, s)
	}
	r := roundNumeric(v, s)
	if max := int64(p - s); !r.IsZero() && r.NumDigits()+int64(r.Exponent) > max {
		limit := "1"
		if max != 0 {
			limit = "10^" + strconv.FormatInt(max, 10)
		}
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s.", p, s, limit)
	}
	return r, nil
}

// roundNumeric gives v the display scale (0 if negative), rounding half away
// from zero. v is finite.
func roundNumeric(v *apd.Decimal, scale int32) *apd.Decimal {
	return rescaleNumeric(v, scale, true)
}

func rescaleNumeric(v *apd.Decimal, scale int32, round bool) *apd.Decimal {
	have := -v.Exponent
	if have == scale {
		return v
	}
	r := &apd.Decimal{Negative: v.Negative, Exponent: -max(scale, 0)}
	if scale > have {
		r.Coeff.Mul(&v.Coeff, pow10(int(scale-have)))
		return r
	}
	if drop := int64(have) - int64(scale); drop <= v.NumDigits() {
		var rem apd.BigInt
		unit := pow10(int(drop))
		r.Coeff.QuoRem(&v.Coeff, unit, &rem)
		if round && rem.Add(&rem, &rem).CmpAbs(unit) >= 0 {
			r.Coeff.Add(&r.Coeff, &pow10Table[0])
		}
	}
	if scale < 0 && r.Coeff.Sign() != 0 {
		r.Coeff.Mul(&r.Coeff, pow10(int(-scale)))
	}
	r.Negative = v.Negative && r.Coeff.Sign() != 0
	return r
}

// The sign words of the binary form.
const (
	numericSignPos    = 0x0000
	numericSignNeg    = 0x4000
	numericSignNaN    = 0xc000
	numericSignInf    = 0xd000
	numericSignNegInf = 0xf000

	infDScale = 0x20 // what numeric_send says of an infinity's scale
)

func (numericCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	v := d.Decimal()
	if v.Form != apd.Finite {
		sign, dscale := uint16(numericSignNaN), uint16(0)
		switch {
		case v.Form == apd.Infinite && v.Negative:
			sign, dscale = numericSignNegInf, infDScale
		case v.Form == apd.Infinite:
			sign, dscale = numericSignInf, infDScale
		}
		return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(append(dst, 0, 0, 0, 0), sign), dscale)
	}
	groups, weight := baseDigits(v)
	sign := uint16(numericSignPos)
	if v.Negative {
		sign = numericSignNeg
	}
	for _, w := range [...]uint16{uint16(len(groups)), uint16(int16(weight)), sign, uint16(-v.Exponent)} {
		dst = binary.BigEndian.AppendUint16(dst, w)
	}
	for _, g := range groups {
		dst = binary.BigEndian.AppendUint16(dst, g)
	}
	return dst
}

// baseDigits returns the base-10000 digits of a finite v, without zeros at
// either end, and the weight of the first: its value times 10000^weight.
func baseDigits(v *apd.Decimal) (groups []uint16, weight int) {
	if v.IsZero() {
		return nil, 0
	}
	text := v.Coeff.Append(nil, 10)
	top := len(text) + int(v.Exponent) - 1 // decimal position of the first digit, 0 is the units
	weight = floorDiv(top, numericBaseDigits)
	pad := (weight+1)*numericBaseDigits - 1 - top
	for i := -pad; i < len(text); i += numericBaseDigits {
		g := uint16(0)
		for j := i; j < i+numericBaseDigits; j++ {
			g *= 10
			if j >= 0 && j < len(text) {
				g += uint16(text[j] - '0')
			}
		}
		groups = append(groups, g)
	}
	for groups[len(groups)-1] == 0 {
		groups = groups[:len(groups)-1]
	}
	return groups, weight
}

// NumericSize is how many bytes PostgreSQL's form of a value has, with its
// header (numeric.c, NumericShort and NumericLong).
func NumericSize(v *apd.Decimal) int {
	const header, shortForm, longForm, digit = 4, 2, 4, 2
	if v.Form != apd.Finite {
		return header + shortForm
	}
	groups, weight := baseDigits(v)
	form := longForm
	if scale := -v.Exponent; scale <= 63 && weight >= -64 && weight <= 63 {
		form = shortForm
	}
	return header + form + digit*len(groups)
}

// floorDiv rounds towards negative infinity; b is positive.
func floorDiv[T int | int32 | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (numericCodec) decode(_ *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	if len(b) < 8 {
		return Null, errShortMessage()
	}
	word := func(i int) uint16 { return binary.BigEndian.Uint16(b[2*i:]) }
	n, weight, sign, dscale := int(word(0)), int(int16(word(1))), word(2), int32(word(3))
	switch sign {
	case numericSignPos, numericSignNeg, numericSignNaN, numericSignInf, numericSignNegInf:
	default:
		return Null, errNumericBinary("sign")
	}
	if dscale > numericMaxDScale {
		return Null, errNumericBinary("scale")
	}
	if err := wantLen(b, 8+2*n); err != nil {
		return Null, err
	}
	var v *apd.Decimal
	switch sign {
	case numericSignNaN:
		v = numericNaN
	case numericSignInf:
		v = numericInf
	case numericSignNegInf:
		v = numericNegInf
	default:
		digits := make([]byte, 0, n*numericBaseDigits)
		for i := 0; i < n; i++ {
			g := word(4 + i)
			if g >= 10000 {
				return Null, errNumericBinary("digit")
			}
			digits = append(digits, byte(g/1000)+'0', byte(g/100%10)+'0', byte(g/10%10)+'0', byte(g%10)+'0')
		}
		v = decimalAt(digits, (weight+1)*numericBaseDigits, dscale, sign == numericSignNeg)
	}
	v, err := ApplyNumericTypmod(v, typmod)
	if err != nil {
		return Null, err
	}
	return Decimal(v), nil
}

// decimalAt makes a numeric of the digits, whose point stands after the first
// point of them, cutting (not rounding) what is behind the display scale.
func decimalAt(digits []byte, point int, dscale int32, neg bool) *apd.Decimal {
	v := &apd.Decimal{Exponent: -dscale}
	want := point + int(dscale)
	if want <= 0 || len(digits) == 0 {
		return v
	}
	if want < len(digits) {
		digits = digits[:want]
	}
	v.Coeff.SetString(string(digits), 10)
	if want > len(digits) {
		v.Coeff.Mul(&v.Coeff, pow10(want-len(digits)))
	}
	v.Negative = neg && v.Coeff.Sign() != 0
	return v
}

func errNumericBinary(what string) error {
	return pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"numeric\" value", what)
}

func (numericCodec) compare(_ *Type, a, b Datum) int { return CompareNumeric(a.Decimal(), b.Decimal()) }

// numericRank orders the forms: -Infinity, finite, Infinity, NaN.
func numericRank(v *apd.Decimal) int {
	switch {
	case v.Form == apd.NaN:
		return 3
	case v.Form == apd.Finite:
		return 1
	case v.Negative:
		return 0
	}
	return 2
}

// CompareNumeric orders numerics; NaN equals NaN and is above everything.
func CompareNumeric(a, b *apd.Decimal) int {
	if ra, rb := numericRank(a), numericRank(b); ra != 1 || rb != 1 {
		return cmp.Compare(ra, rb)
	}
	sa, sb := a.Sign(), b.Sign()
	if sa != sb {
		return cmp.Compare(sa, sb)
	}
	if sa == 0 {
		return 0
	}
	return sa * compareMagnitude(a, b)
}

// compareMagnitude compares absolute values of finite non-zero numbers.
func compareMagnitude(a, b *apd.Decimal) int {
	if a.Exponent == b.Exponent {
		return a.Coeff.CmpAbs(&b.Coeff)
	}
	topA, topB := a.NumDigits()+int64(a.Exponent), b.NumDigits()+int64(b.Exponent)
	if topA != topB {
		return cmp.Compare(topA, topB)
	}
	var scaled apd.BigInt
	if a.Exponent > b.Exponent {
		return scaled.Mul(&a.Coeff, pow10(int(a.Exponent-b.Exponent))).CmpAbs(&b.Coeff)
	}
	return a.Coeff.CmpAbs(scaled.Mul(&b.Coeff, pow10(int(b.Exponent-a.Exponent))))
}

func (numericCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	v := d.Decimal()
	if v.Form != apd.Finite {
		return mix(h, 0xffffffffffff0000|uint64(numericRank(v)))
	}
	if v.IsZero() {
		return mix(h, 0)
	}
	digits, top := significantDigits(v)
	if n := len(digits); top >= n && top <= 19 {
		var buf [20]byte
		text := append(buf[:0], digits...)
		for len(text) < top {
			text = append(text, '0')
		}
		if u, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			switch {
			case !v.Negative && u <= math.MaxInt64:
				return HashInt(h, int64(u))
			case v.Negative && u <= 1<<63:
				return HashInt(h, -int64(u))
			}
		}
	}
	sign := uint64(0)
	if v.Negative {
		sign = 1
	}
	return mix(mix(h, uint64(int64(top))<<1|sign), xxhash.Sum64(digits))
}

// significantDigits returns the digits of a finite non-zero v without zeros at
// the end, and where the point stands: v = 0.digits × 10^top.
func significantDigits(v *apd.Decimal) (digits []byte, top int) {
	digits = v.Coeff.Append(make([]byte, 0, 24), 10)
	top = len(digits) + int(v.Exponent)
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return digits, top
}
