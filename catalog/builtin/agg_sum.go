package builtin

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func errNoPartial() error { return pgerr.Internal("aggregate has no partial state") }

// sumAggs add. The sum of no rows is NULL.
var sumAggs = aggImpls{
	"sum(int2)":     {strict: true, state: int8State, make: func(*expr.Context) expr.Accumulator { return &intSum{} }},
	"sum(int4)":     {strict: true, state: int8State, make: func(*expr.Context) expr.Accumulator { return &intSum{} }},
	"sum(int8)":     {strict: true, state: numericState, make: func(*expr.Context) expr.Accumulator { return &wideSum{} }},
	"sum(money)":    {strict: true, state: []*types.Type{types.TMoney}, make: func(*expr.Context) expr.Accumulator { return &foldState{f: addMoney, back: subtractMoney} }},
	"sum(numeric)":  {strict: true, state: numericState, make: func(*expr.Context) expr.Accumulator { return &numericSum{} }},
	"sum(float4)":   {strict: true, state: []*types.Type{types.TFloat4}, make: func(*expr.Context) expr.Accumulator { return &floatSum{add: addFloat4} }},
	"sum(float8)":   {strict: true, state: float8State, make: func(*expr.Context) expr.Accumulator { return &floatSum{add: addFloat8} }},
	"sum(interval)": {strict: true, state: []*types.Type{types.TInterval}, make: func(*expr.Context) expr.Accumulator { return &intervalSum{} }},
}

var (
	numericState = []*types.Type{types.TNumeric}
	float8State  = []*types.Type{types.TFloat8}
)

// intSum is sum of int2 and int4 in an int8, which 2^32 rows cannot overflow.
type intSum struct {
	sum int64
	n   int64 // added
}

func (s *intSum) Add(a []types.Datum) error {
	v, err := int8Limits.add(s.sum, a[0].Int())
	s.sum, s.n = v, s.n+1
	return err
}

func (s *intSum) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *intSum) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *intSum) Result() (types.Datum, error) {
	if s.n == 0 {
		return types.Null, nil
	}
	return types.Int(s.sum), nil
}

// exactSum adds int64s exactly: in a word as long as that holds, else in a numeric.
type exactSum struct {
	low  int64
	high *apd.Decimal // nil is 0
}

func (s *exactSum) addInt(v int64) {
	c := s.low + v
	if (c > s.low) != (v > 0) && v != 0 {
		s.spill()
		c = v
	}
	s.low = c
}

func (s *exactSum) spill() {
	s.high = s.total()
	s.low = 0
}

func (s *exactSum) total() *apd.Decimal {
	low := types.NumericFromInt(s.low)
	if s.high == nil {
		return low
	}
	sum, err := types.NumericAdd(s.high, low)
	if err != nil {
		return types.NumericNaN() // 2^63 rows of 2^63 are far from numeric's limit
	}
	return sum
}

func (s *exactSum) merge(v *apd.Decimal) error {
	sum, err := types.NumericAdd(s.total(), v)
	s.high, s.low = sum, 0
	return err
}

// wideSum is sum of int8, a numeric.
type wideSum struct {
	sum exactSum
	n   int64 // added
}

func (s *wideSum) Add(a []types.Datum) error {
	s.sum.addInt(a[0].Int())
	s.n++
	return nil
}

func (s *wideSum) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	s.n++
	return s.sum.merge(state[0].Decimal())
}

func (s *wideSum) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *wideSum) Result() (types.Datum, error) {
	if s.n == 0 {
		return types.Null, nil
	}
	return types.Decimal(s.sum.total()), nil
}

// numericSum is sum of numeric; nil is no rows.
type numericSum struct {
	sum    *apd.Decimal
	places placeCount
}

func (s *numericSum) Add(a []types.Datum) (err error) {
	s.places.add(a[0].Decimal())
	if s.sum == nil {
		s.sum = a[0].Decimal()
		return nil
	}
	s.sum, err = types.NumericAdd(s.sum, a[0].Decimal())
	return err
}

func (s *numericSum) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *numericSum) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *numericSum) Result() (types.Datum, error) {
	if s.sum == nil {
		return types.Null, nil
	}
	return types.Decimal(s.sum), nil
}

// floatSum is sum of a float type, in that type's precision.
type floatSum struct {
	add  func(a, b float64) (float64, error)
	sum  float64
	some bool
}

func (s *floatSum) Add(a []types.Datum) (err error) {
	if !s.some {
		s.sum, s.some = a[0].Float(), true
		return nil
	}
	s.sum, err = s.add(s.sum, a[0].Float())
	return err
}

func (s *floatSum) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *floatSum) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *floatSum) Result() (types.Datum, error) {
	if !s.some {
		return types.Null, nil
	}
	return types.Float(s.sum), nil
}

// addFloat8 is float8pl: infinite only when an argument is.
func addFloat8(a, b float64) (float64, error) {
	v := a + b
	if math.IsInf(v, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return 0, errFloatOverflow()
	}
	return v, nil
}

func addFloat4(a, b float64) (float64, error) {
	v := float64(float32(a) + float32(b))
	if math.IsInf(v, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return 0, errFloatOverflow()
	}
	return v, nil
}

// avgAggs are averages: a count and a sum.
var avgAggs = aggImpls{
	"avg(int2)":     {strict: true, state: avgState, make: func(*expr.Context) expr.Accumulator { return &intAvg{} }},
	"avg(int4)":     {strict: true, state: avgState, make: func(*expr.Context) expr.Accumulator { return &intAvg{} }},
	"avg(int8)":     {strict: true, state: avgState, make: func(*expr.Context) expr.Accumulator { return &intAvg{} }},
	"avg(numeric)":  {strict: true, state: avgState, make: func(*expr.Context) expr.Accumulator { return &numericAvg{} }},
	"avg(interval)": {strict: true, state: []*types.Type{types.TInt8, types.TInterval}, make: func(*expr.Context) expr.Accumulator { return &intervalAvg{} }},
}

var avgState = []*types.Type{types.TInt8, types.TNumeric}

// intAvg is avg of the integer types, a numeric.
type intAvg struct {
	n   int64
	sum exactSum
}

func (s *intAvg) Add(a []types.Datum) error {
	s.n++
	s.sum.addInt(a[0].Int())
	return nil
}

func (s *intAvg) Merge(state []types.Datum) error {
	s.n += state[0].Int()
	return s.sum.merge(state[1].Decimal())
}

func (s *intAvg) Partial() ([]types.Datum, error) {
	return []types.Datum{types.Int(s.n), types.Decimal(s.sum.total())}, nil
}

func (s *intAvg) Result() (types.Datum, error) { return quotient(s.sum.total(), s.n) }

// quotient is sum/n, NULL for no rows.
func quotient(sum *apd.Decimal, n int64) (types.Datum, error) {
	if n == 0 {
		return types.Null, nil
	}
	return numeric(types.NumericDiv(sum, types.NumericFromInt(n)))
}

// numericAvg is avg of numeric.
type numericAvg struct {
	n   int64
	sum numericSum
}

func (s *numericAvg) Add(a []types.Datum) error {
	s.n++
	return s.sum.Add(a)
}

func (s *numericAvg) Merge(state []types.Datum) error {
	s.n += state[0].Int()
	return s.sum.Merge(state[1:])
}

func (s *numericAvg) Partial() ([]types.Datum, error) {
	sum, err := s.sum.Result()
	return []types.Datum{types.Int(s.n), sum}, err
}

func (s *numericAvg) Result() (types.Datum, error) {
	if s.n == 0 {
		return types.Null, nil
	}
	return quotient(s.sum.sum, s.n)
}

// intervalSum is sum of interval.
type intervalSum struct {
	sum types.Interval
	n   int64 // added
}

func (s *intervalSum) Add(a []types.Datum) (err error) {
	s.n++
	s.sum, err = types.IntervalAdd(s.sum, a[0].Interval())
	return err
}

func (s *intervalSum) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *intervalSum) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *intervalSum) Result() (types.Datum, error) {
	if s.n == 0 {
		return types.Null, nil
	}
	return types.IntervalDatum(s.sum), nil
}

// intervalAvg is avg of interval.
type intervalAvg struct {
	n   int64
	sum intervalSum
}

func (s *intervalAvg) Add(a []types.Datum) error {
	s.n++
	return s.sum.Add(a)
}

func (s *intervalAvg) Merge(state []types.Datum) error {
	s.n += state[0].Int()
	return s.sum.Merge(state[1:])
}

func (s *intervalAvg) Partial() ([]types.Datum, error) {
	sum, err := s.sum.Result()
	return []types.Datum{types.Int(s.n), sum}, err
}

func (s *intervalAvg) Result() (types.Datum, error) {
	if s.n == 0 {
		return types.Null, nil
	}
	return interval(types.IntervalDiv(s.sum.sum, float64(s.n)))
}
