package builtin

import (
	"math"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// cents is how many of money's units make one.
const cents = 100

// moneyLimits are those of an int8 of cents (cash.c).
var moneyLimits = limits{64, "money"}

// moneyImpls are the operators and functions of money.
var moneyImpls = makeMoneyImpls()

func makeMoneyImpls() impls {
	out := impls{
		"cash_pl": func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return addMoney(a[0], a[1]) },
		"cash_mi": func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return subtractMoney(a[0], a[1]) },
		"cash_div_cash": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			if a[1].Int() == 0 {
				return types.Null, types.DivisionByZero()
			}
			return types.Float(float64(a[0].Int()) / float64(a[1].Int())), nil
		},
		"cash_words": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return types.Text(moneyWords(a[0].Int())), nil
		},
		"cash_numeric": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			v := types.NumericFromInt(a[0].Int())
			v.Exponent = -types.MoneyDecimals
			return types.Decimal(v), nil
		},
		"numeric_cash": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			v, err := types.NumericMul(a[0].Decimal(), types.NumericFromInt(cents))
			if err != nil {
				return types.Null, err
			}
			return intResult(types.NumericToInt(v, 64))
		},
		"int4_cash": intToMoney, "int8_cash": intToMoney,
	}
	for _, t := range []string{"int2", "int4", "int8"} {
		times := func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return moneyResult(moneyLimits.mul(a[0].Int(), a[1].Int()))
		}
		out["cash_mul_"+t], out[t+"_mul_cash"], out["cash_div_"+t] = times, times, moneyByInt
	}
	for _, t := range []string{"flt4", "flt8"} {
		out["cash_mul_"+t] = func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return roundMoney(precision(double).mul(float64(a[0].Int()), a[1].Float()))
		}
		out[t+"_mul_cash"] = func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return roundMoney(precision(double).mul(a[0].Float(), float64(a[1].Int())))
		}
		out["cash_div_"+t] = func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
			return roundMoney(precision(double).div(float64(a[0].Int()), a[1].Float()))
		}
	}
	return out
}

func moneyResult(v int64, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, pgerr.New(pgerr.NumericValueOutOfRange, "money out of range")
	}
	return types.Int(v), nil
}

func addMoney(a, b types.Datum) (types.Datum, error) {
	return moneyResult(moneyLimits.add(a.Int(), b.Int()))
}

func subtractMoney(a, b types.Datum) (types.Datum, error) {
	return moneyResult(moneyLimits.sub(a.Int(), b.Int()))
}

// roundMoney is rint.
func roundMoney(v float64, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	if v = math.RoundToEven(v); v >= -(1<<63) && v < 1<<63 {
		return types.Int(int64(v)), nil
	}
	return moneyResult(0, types.OutOfRange(moneyLimits.name))
}

func moneyByInt(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	switch {
	case a[1].Int() == 0:
		return types.Null, types.DivisionByZero()
	case a[1].Int() == -1 && a[0].Int() == moneyLimits.min():
		// what PostgreSQL's signal handler says of the processor's trap
		return types.Null, pgerr.New(pgerr.FloatingPointException, "floating-point exception").
			WithDetail("An invalid floating-point operation was signaled. This probably means an out-of-range result or an invalid operation, such as division by zero.")
	}
	return types.Int(a[0].Int() / a[1].Int()), nil
}

func intToMoney(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return intResult(int8Limits.mul(a[0].Int(), cents))
}

var smallNumbers = strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
	sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety`)

// hundredWords spells a number below a thousand (num_word).
func hundredWords(v uint64) string {
	tens := func(v uint64) string { return smallNumbers[18+v/10] }
	low := v % 100
	switch {
	case v <= 20:
		return smallNumbers[v]
	case low == 0:
		return smallNumbers[v/100] + " hundred"
	case v > 99 && low%10 == 0 && low > 10:
		return smallNumbers[v/100] + " hundred " + tens(low)
	case v > 99 && low < 20:
		return smallNumbers[v/100] + " hundred and " + smallNumbers[low]
	case v > 99:
		return smallNumbers[v/100] + " hundred " + tens(low) + " " + smallNumbers[low%10]
	case low%10 == 0:
		return tens(low)
	}
	return tens(low) + " " + smallNumbers[low%10]
}

// moneyWords spells an amount.
func moneyWords(v int64) string {
	var b strings.Builder
	u := uint64(v)
	if v < 0 {
		b.WriteString("minus ")
		u = -u
	}
	whole := u / cents
	for i, name := range []string{"quadrillion", "trillion", "billion", "million", "thousand"} {
		if part := whole / uint64(math.Pow10(15-3*i)) % 1000; part > 0 {
			b.WriteString(hundredWords(part) + " " + name + " ")
		}
	}
	if part := whole % 1000; part > 0 {
		b.WriteString(hundredWords(part))
	}
	if whole == 0 {
		b.WriteString("zero")
	}
	unit := " dollars and "
	if whole == 1 {
		unit = " dollar and "
	}
	b.WriteString(unit + hundredWords(u%cents))
	if u%cents == 1 {
		b.WriteString(" cent")
	} else {
		b.WriteString(" cents")
	}
	text := b.String()
	return strings.ToUpper(text[:1]) + text[1:]
}
