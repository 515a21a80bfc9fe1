package types

import (
	"fmt"
	"math"
	"strings"
)

// moneyCodec is money: an int8 of cents, written as the locale C has it (cash.c).
type moneyCodec struct{ intCodec }

// MoneyDecimals is how many decimals money has (frac_digits of the locale C, for
// which PostgreSQL takes 2).
const MoneyDecimals = 2

func (moneyCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	r := moneyReader{in: s}
	r.symbol()
	switch {
	case r.take("-"), r.take("("):
		r.negative = true
	default:
		r.take("+")
	}
	r.symbol()
	if !r.digits() {
		return Null, valueOutOfRange(t.SQLName, s)
	}
	if !r.rest() {
		return Null, badSyntax(t.SQLName, s)
	}
	if r.negative {
		return Int(r.value), nil
	}
	if r.value == math.MinInt64 {
		return Null, valueOutOfRange(t.SQLName, s)
	}
	return Int(-r.value), nil
}

// moneyReader reads a text from the left. The value is kept negative, of which there is one more.
type moneyReader struct {
	in       string
	value    int64
	negative bool
}

func (r *moneyReader) take(prefix string) bool {
	rest, ok := strings.CutPrefix(r.in, prefix)
	r.in = rest
	return ok
}

func (r *moneyReader) space() {
	for r.in != "" && isSpace(r.in[0]) {
		r.in = r.in[1:]
	}
}

// symbol passes over white space and one currency symbol.
func (r *moneyReader) symbol() {
	r.space()
	r.take("$")
	r.space()
}

// next is the digit that comes, which it takes.
func (r *moneyReader) next() (digit int64, ok bool) {
	if r.in == "" || !isDigit(r.in[0]) {
		return 0, false
	}
	digit = int64(r.in[0] - '0')
	r.in = r.in[1:]
	return digit, true
}

// digits reads the amount, with commas wherever they stand, and rounds what it
// has beyond the cents; false when it does not fit.
func (r *moneyReader) digits() bool {
	point, decimals := false, 0
	for {
		if !point || decimals < MoneyDecimals {
			if digit, ok := r.next(); ok {
				if !r.append(digit) {
					return false
				}
				if point {
					decimals++
				}
				continue
			}
		}
		if !point && r.take(".") {
			point = true
		} else if !r.take(",") {
			break
		}
	}
	if digit, ok := r.next(); ok && digit >= 5 {
		if r.value == math.MinInt64 {
			return false
		}
		r.value--
	}
	for ; decimals < MoneyDecimals; decimals++ {
		if !r.append(0) {
			return false
		}
	}
	return true
}

func (r *moneyReader) append(digit int64) bool {
	if r.value < (math.MinInt64+digit)/10 {
		return false
	}
	r.value = r.value*10 - digit
	return true
}

// rest passes over digits, white space, ), signs and the symbol; false when there
// is something else.
func (r *moneyReader) rest() bool {
	for {
		if _, ok := r.next(); !ok {
			break
		}
	}
	for r.in != "" {
		switch {
		case isSpace(r.in[0]):
			r.space()
		case r.take("-"):
			r.negative = true
		case r.take(")"), r.take("+"), r.take("$"):
		default:
			return false
		}
	}
	return true
}

func (moneyCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	v, cents := d.Int(), uint64(d.Int())
	if v < 0 {
		dst, cents = append(dst, '-'), -cents
	}
	digits := fmt.Sprintf("%0*d", MoneyDecimals+1, cents)
	whole := digits[:len(digits)-MoneyDecimals]
	dst = append(dst, '$')
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, whole[i])
	}
	return append(append(dst, '.'), digits[len(whole):]...)
}
