package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// floatCodec is float4 and float8 by their size in bytes (float.c).
type floatCodec struct{ size int }

func (c floatCodec) bits() int { return c.size * 8 }

func (c floatCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	v, err := ParseFloat(s, c.bits())
	if err != nil {
		return Null, err
	}
	return Float(v), nil
}

// ParseFloat is the input function of float4 (bits 32) and float8 (64): what
// strtod reads, with white space around it, answered with 22P02 or 22003.
func ParseFloat(s string, bits int) (float64, error) {
	name := "double precision"
	if bits == 32 {
		name = "real"
	}
	body := trimSpace(s)
	token, special, ok := scanFloat(body)
	if !ok || len(token) != len(body) {
		return 0, badSyntax(name, s)
	}
	if special != 0 {
		return special, nil
	}
	digits := token
	if isHexFloat(token) && !strings.ContainsAny(token, "pP") {
		digits += "p0"
	}
	v, err := strconv.ParseFloat(digits, bits)
	if err != nil || v == 0 && hasNonZeroDigit(token) {
		return 0, pgerr.New(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", token, name)
	}
	return v, nil
}

func isHexFloat(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x'
}

// hasNonZeroDigit looks at the mantissa of a decimal or hexadecimal number.
func hasNonZeroDigit(s string) bool {
	hex := isHexFloat(s)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '1' && c <= '9':
			return true
		case hex && (c|0x20 == 'x'):
		case hex && c|0x20 >= 'a' && c|0x20 <= 'f':
			return true
		case isAlpha(c):
			return false
		}
	}
	return false
}

// scanFloat finds the number that s begins with. special is NaN or an infinity
// when it is a word, else 0.
func scanFloat(s string) (token string, special float64, ok bool) {
	i, sign := 0, 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		i = 1
	}
	for _, w := range [...]string{"nan", "infinity", "inf"} {
		if len(s)-i >= len(w) && strings.EqualFold(s[i:i+len(w)], w) {
			if w == "nan" {
				return s[:i+len(w)], floatNaN, true
			}
			return s[:i+len(w)], math.Inf(sign), true
		}
	}
	base, exponent := 10, byte('e')
	if len(s)-i > 2 && s[i] == '0' && s[i+1]|0x20 == 'x' && (digitValue(s[i+2]) < 16 || s[i+2] == '.') {
		base, exponent, i = 16, 'p', i+2
	}
	digits := 0
	for ; i < len(s) && digitValue(s[i]) < base; i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && digitValue(s[i]) < base; i++ {
			digits++
		}
	}
	if digits == 0 {
		return "", 0, false
	}
	if i < len(s) && s[i]|0x20 == exponent {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for i = j; i < len(s) && isDigit(s[i]); i++ {
			}
		}
	}
	return s[:i], 0, true
}

func (c floatCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	return AppendFloat(dst, d.Float(), c.bits(), env.ExtraFloatDigits)
}

// AppendFloat appends the text form of a float4 (bits 32) or float8 (64).
// Above 0, extraDigits asks for the shortest text that reads back as the same
// value; else for 6 or 15 digits and that many more.
func AppendFloat(dst []byte, v float64, bits, extraDigits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	digits := 15
	if bits == 32 {
		digits = 6
	}
	if extraDigits > 0 {
		var buf [32]byte
		return appendScientific(dst, appendShortest(buf[:0], v, bits), digits)
	}
	digits = max(digits+extraDigits, 1)
	var buf [32]byte
	return appendScientific(dst, strconv.AppendFloat(buf[:0], v, 'e', digits-1, 64), digits)
}

// floatNaN is the NaN of C; Go's own has another bit set.
var floatNaN = math.Float64frombits(0x7ff8000000000000)

// appendShortest is the shortest d.ddde±xx that reads back as v. Unlike Go,
// PostgreSQL does not count on reading to break a tie towards v: 1e23 lies
// halfway between two floats, so it writes 9.999999999999999e+22. A halfway
// point, an odd number of 54 (25) bits times a power of two, has as few decimal
// digits as a float needs only within the bounds that are looked at.
func appendShortest(dst []byte, v float64, bits int) []byte {
	dst = strconv.AppendFloat(dst, v, 'e', -1, bits)
	if abs := math.Abs(v); bits == 64 && (abs < 1<<52 || abs > 1<<135) || bits == 32 && (abs < 1<<21 || abs > 1<<66) {
		return dst
	}
	for digits := 0; isHalfway(dst, v, bits) && digits < 17; digits++ {
		next := strconv.AppendFloat(nil, v, 'e', digits, bits)
		if back, err := strconv.ParseFloat(string(next), bits); err == nil && back == v {
			dst = append(dst[:0], next...)
		}
	}
	return dst
}

// isHalfway reports whether the text lies exactly between v and a neighbour of its.
func isHalfway(text []byte, v float64, bits int) bool {
	const prec = 256 // holds all numbers here, and their sums, exactly
	d, _, err := big.ParseFloat(string(text), 10, prec, big.ToNearestEven)
	if err != nil {
		return false
	}
	for _, to := range [...]float64{math.Inf(-1), math.Inf(1)} {
		next := math.Nextafter(v, to)
		if bits == 32 {
			next = float64(math.Nextafter32(float32(v), float32(to)))
		}
		if math.IsInf(next, 0) {
			continue
		}
		sum := new(big.Float).SetPrec(prec).SetFloat64(v)
		sum.Add(sum, new(big.Float).SetFloat64(next))
		if sum.Cmp(new(big.Float).SetPrec(prec).Add(d, d)) == 0 {
			return true
		}
	}
	return false
}

// appendScientific writes d.ddde±xx as C's %g does: as it is when the exponent
// is below -4 or at least limit, else without an exponent; no zeros at the end.
func appendScientific(dst, sci []byte, limit int) []byte {
	if sci[0] == '-' {
		dst, sci = append(dst, '-'), sci[1:]
	}
	e := len(sci) - 1
	for sci[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(sci[e+1:]))
	var buf [24]byte
	digits := append(buf[:0], sci[0])
	if e > 2 {
		digits = append(digits, sci[2:e]...)
	}
	for len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	switch {
	case exp < -4 || exp >= limit:
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		return append(dst, sci[e:]...)
	case exp < 0:
		dst = append(dst, "0."...)
		for i := -1; i > exp; i-- {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	for i := 0; i <= exp; i++ {
		if i < len(digits) {
			dst = append(dst, digits[i])
		} else {
			dst = append(dst, '0')
		}
	}
	if len(digits) > exp+1 {
		dst = append(append(dst, '.'), digits[exp+1:]...)
	}
	return dst
}

func (c floatCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, c.size); err != nil {
		return Null, err
	}
	if c.size == 4 {
		return Float(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
	}
	return Float(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
}

func (c floatCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	if c.size == 4 {
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(d.Float())))
	}
	if d.n == goNaN {
		return binary.BigEndian.AppendUint64(dst, goNaN&^1)
	}
	return binary.BigEndian.AppendUint64(dst, d.n)
}

// goNaN is math.NaN, which has a bit more than C's; others are the processor's, as in PostgreSQL.
const goNaN = 0x7ff8000000000001

func (floatCodec) compare(_ *Type, a, b Datum) int { return CompareFloat(a.Float(), b.Float()) }

// CompareFloat orders floats as PostgreSQL does: NaN equals NaN and is above
// everything, -0 equals 0.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	}
	return -1
}

func (floatCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	v := d.Float()
	switch {
	case v == 0:
		return mix(h, 0)
	case math.IsNaN(v):
		return mix(h, 0x7ff8000000000000)
	}
	return mix(h, math.Float64bits(v))
}
