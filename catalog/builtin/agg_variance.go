package builtin

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// varianceAggs are variance and stddev of every number type, and avg of floats,
// which shares their state.
var varianceAggs = makeVarianceAggs()

// spread is one of the four results.
type spread struct{ sample, root bool }

func makeVarianceAggs() aggImpls {
	out := aggImpls{}
	for name, k := range map[string]spread{
		"variance": {true, false}, "var_samp": {true, false}, "var_pop": {false, false},
		"stddev": {true, true}, "stddev_samp": {true, true}, "stddev_pop": {false, true},
	} {
		for _, t := range []string{"int2", "int4", "int8"} {
			out[name+"("+t+")"] = momentsAgg(k, func(d types.Datum) *apd.Decimal { return types.NumericFromInt(d.Int()) })
		}
		out[name+"(numeric)"] = momentsAgg(k, types.Datum.Decimal)
		for _, t := range []string{"float4", "float8"} {
			out[name+"("+t+")"] = floatMomentsAgg(func(m *floatMoments) types.Datum { return m.spread(k) })
		}
	}
	for _, t := range []string{"float4", "float8"} {
		out["avg("+t+")"] = floatMomentsAgg(func(m *floatMoments) types.Datum {
			if m.n == 0 {
				return types.Null
			}
			return types.Float(m.sum / m.n)
		})
	}
	return out
}

func momentsAgg(k spread, value func(types.Datum) *apd.Decimal) aggImpl {
	return aggImpl{strict: true, state: []*types.Type{types.TInt8, types.TText, types.TText}, make: func(*expr.Context) expr.Accumulator {
		zero := types.NumericFromInt(0)
		return &moments{spread: k, value: value, sum: zero, squares: zero}
	}}
}

// moments are the count, the sum and the sum of squares of exact numbers. The
// sums may be larger than a numeric (NumericAggState); as state they are text.
type moments struct {
	spread
	value        func(types.Datum) *apd.Decimal
	n            int64
	sum, squares *apd.Decimal
	places       placeCount
}

func (m *moments) Add(a []types.Datum) error {
	v := m.value(a[0])
	m.places.add(v)
	m.add(1, v, types.WideMul(v, v))
	return nil
}

func (m *moments) add(n int64, sum, squares *apd.Decimal) {
	m.n += n
	m.sum, m.squares = types.WideAdd(m.sum, sum), types.WideAdd(m.squares, squares)
}

func (m *moments) Merge(s []types.Datum) error {
	sum, err := parseWide(s[1].Text())
	if err != nil {
		return err
	}
	squares, err := parseWide(s[2].Text())
	if err != nil {
		return err
	}
	m.add(s[0].Int(), sum, squares)
	return nil
}

func (m *moments) Partial() ([]types.Datum, error) {
	return []types.Datum{types.Int(m.n), types.Text(wideText(m.sum)), types.Text(wideText(m.squares))}, nil
}

// wideText is a number of any size: its digits, and an exponent behind E.
func wideText(v *apd.Decimal) string {
	if v.Form != apd.Finite {
		return v.String()
	}
	sign := ""
	if v.Negative {
		sign = "-"
	}
	return sign + v.Coeff.String() + "E" + strconv.Itoa(int(v.Exponent))
}

// parseWide reads what wideText writes.
func parseWide(s string) (*apd.Decimal, error) {
	digits, exponent, ok := strings.Cut(s, "E")
	if !ok {
		return types.ParseNumeric(s)
	}
	e, err := strconv.ParseInt(exponent, 10, 32)
	if err != nil {
		return nil, err
	}
	v := &apd.Decimal{Exponent: int32(e)}
	digits, v.Negative = strings.CutPrefix(digits, "-")
	if _, ok := v.Coeff.SetString(digits, 10); !ok {
		return nil, pgerr.Internal("state of an aggregate: %q", digits)
	}
	return v, nil
}

// Result is (n*squares - sum^2) / (n * (n or n-1)), and its root (numeric_stddev_internal).
func (m *moments) Result() (types.Datum, error) {
	if m.n == 0 || m.sample && m.n == 1 {
		return types.Null, nil
	}
	if m.sum.Form != apd.Finite || m.squares.Form != apd.Finite {
		return types.Decimal(types.NumericNaN()), nil
	}
	n := types.NumericFromInt(m.n)
	top := types.WideSub(types.WideMul(n, m.squares), types.WideMul(m.sum, m.sum))
	if top.Sign() <= 0 {
		return types.Decimal(types.NumericFromInt(0)), nil
	}
	divisor := m.n
	if m.sample {
		divisor--
	}
	return numeric(types.NumericSpread(top, types.NumericFromInt(m.n*divisor), m.root))
}

var floatMomentsState = []*types.Type{types.TFloat8, types.TFloat8, types.TFloat8}

func floatMomentsAgg(result func(*floatMoments) types.Datum) aggImpl {
	return aggImpl{strict: true, state: floatMomentsState, make: func(*expr.Context) expr.Accumulator {
		return &floatMoments{result: result}
	}}
}

// floatMoments are the count, the sum and the sum of squared differences from
// the mean, kept by Youngs and Cramer's algorithm (float8_accum).
type floatMoments struct {
	result     func(*floatMoments) types.Datum
	n, sum, ss float64
}

func (m *floatMoments) Add(a []types.Datum) error {
	v := a[0].Float()
	before := m.n
	m.n++
	infinite := isInf(m.sum) || isInf(v)
	m.sum += v
	if before > 0 {
		d := v*m.n - m.sum
		m.ss += d * d / (m.n * before)
		if isInf(m.sum) || isInf(m.ss) {
			if !infinite {
				return errFloatOverflow()
			}
			m.ss = math.NaN()
		}
	} else if math.IsNaN(v) || isInf(v) {
		m.ss = math.NaN()
	}
	return nil
}

func (m *floatMoments) Merge(s []types.Datum) error {
	n, sum, ss := s[0].Float(), s[1].Float(), s[2].Float()
	switch {
	case n == 0:
		return nil
	case m.n == 0:
		m.n, m.sum, m.ss = n, sum, ss
		return nil
	}
	d := m.sum/m.n - sum/n
	total := m.n + n
	merged := floatMoments{result: m.result, n: total, sum: m.sum + sum, ss: m.ss + ss + m.n*n*d*d/total}
	if overflowed(merged.sum, m.sum, sum) || overflowed(merged.ss, m.ss, ss) {
		return errFloatOverflow()
	}
	*m = merged
	return nil
}

// overflowed reports whether a sum is infinite of what is not.
func overflowed(sum float64, of ...float64) bool {
	return isInf(sum) && !slices.ContainsFunc(of, isInf)
}

func (m *floatMoments) Partial() ([]types.Datum, error) {
	return []types.Datum{types.Float(m.n), types.Float(m.sum), types.Float(m.ss)}, nil
}

func (m *floatMoments) Result() (types.Datum, error) { return m.result(m), nil }

func (m *floatMoments) spread(k spread) types.Datum {
	n := m.n
	if k.sample {
		n--
	}
	if n <= 0 {
		return types.Null
	}
	v := m.ss / n
	if k.root {
		v = math.Sqrt(v)
	}
	return types.Float(v)
}
