package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// aggStateImpls are the functions that aggregates of floats, integers and
// intervals are made of, where their states are SQL values: called by name.
var aggStateImpls = makeAggStateImpls()

func makeAggStateImpls() impls {
	out := impls{
		"float4_accum": momentsAccum("float4_accum"), "float8_accum": momentsAccum("float8_accum"), "float8_combine": momentsCombine,
		"float8_regr_accum": pairsAccum, "float8_regr_combine": pairsCombine,
		"float8_avg": momentsResult("float8_avg", func(m *floatMoments) types.Datum {
			if m.n == 0 {
				return types.Null
			}
			return types.Float(m.sum / m.n)
		}),
		"int2_sum": nextSum, "int4_sum": nextSum, "int8_sum": nextNumericSum,
		"int2_avg_accum": countedSum(1), "int4_avg_accum": countedSum(1), "int2_avg_accum_inv": countedSum(-1), "int4_avg_accum_inv": countedSum(-1),
		"int4_avg_combine": func(*expr.Context, []types.Datum) (types.Datum, error) {
			return types.Null, pgerr.Raised("int4_avg_combine", "aggregate function called in non-aggregate context")
		},
		"int8_avg": averageOfCounted, "int2int4_sum": sumOfCounted,
		"interval_accum": intervalStep(1), "interval_accum_inv": intervalStep(-1), "interval_combine": intervalCombine, "interval_avg": intervalAverage,
	}
	for name, k := range map[string]spread{
		"float8_var_pop": {false, false}, "float8_var_samp": {true, false}, "float8_stddev_pop": {false, true}, "float8_stddev_samp": {true, true},
	} {
		out[name] = momentsResult(name, func(m *floatMoments) types.Datum { return m.spread(k) })
	}
	for name, agg := range makeRegressionAggs() {
		name, _, _ = strings.Cut(name, "(")
		name = "float8_" + name
		out[name] = pairsResult(name, agg)
	}
	return out
}

// stateOf are the numbers of a state, so many.
func stateOf(caller string, d types.Datum, n int) ([]types.Datum, error) {
	a := d.Array()
	if len(a.Dims) != 1 || len(a.Elems) != n || a.HasNull() {
		return nil, pgerr.Raised("check_float8_array", "%s: expected %d-element float8 array", caller, n)
	}
	return a.Elems, nil
}

// accumulated is the state after whatever has been done to an accumulator that began with one.
func accumulated(caller string, begin types.Datum, n int, acc expr.Accumulator, do func() error) (types.Datum, error) {
	state, err := stateOf(caller, begin, n)
	if err != nil {
		return types.Null, err
	}
	if err := acc.Merge(state); err != nil {
		return types.Null, err
	}
	if err := do(); err != nil {
		return types.Null, err
	}
	out, err := acc.Partial()
	return types.ArrayDatum(types.NewArray(types.TFloat8, out)), err
}

const (
	momentsSize = 3
	pairsSize   = 6
)

// momentsAccum adds a value to a state of three numbers; name is the function's, for errors.
func momentsAccum(name string) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		m := &floatMoments{}
		return accumulated(name, a[0], momentsSize, m, func() error { return m.Add(a[1:]) })
	}
}

func momentsCombine(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	m := &floatMoments{}
	return accumulated("float8_combine", a[0], momentsSize, m, func() error { return mergeState("float8_combine", m, a[1], momentsSize) })
}

func mergeState(caller string, acc expr.Accumulator, d types.Datum, n int) error {
	state, err := stateOf(caller, d, n)
	if err != nil {
		return err
	}
	return acc.Merge(state)
}

func momentsResult(name string, f func(*floatMoments) types.Datum) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		m := &floatMoments{}
		if err := mergeState(name, m, a[0], momentsSize); err != nil {
			return types.Null, err
		}
		return f(m), nil
	}
}

func pairsAccum(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	p := &pairs{}
	return accumulated("float8_regr_accum", a[0], pairsSize, p, func() error { return p.Add(a[1:]) })
}

func pairsCombine(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	p, q := &pairs{}, &pairs{}
	return accumulated("float8_regr_combine", a[0], pairsSize, p, func() error {
		if err := mergeState("float8_regr_combine", q, a[1], pairsSize); err != nil || q.n == 0 {
			return err
		}
		return p.combine(q)
	})
}

// combine is Merge, rounded as PostgreSQL rounds it.
func (p *pairs) combine(q *pairs) error {
	if p.n == 0 {
		*p = *q
		return nil
	}
	dx, dy := p.sx/p.n-q.sx/q.n, p.sy/p.n-q.sy/q.n
	exact := pairs{sxx: p.sxx + q.sxx + p.n*q.n*dx*dx/(p.n+q.n), syy: p.syy + q.syy + p.n*q.n*dy*dy/(p.n+q.n), sxy: p.sxy + q.sxy + p.n*q.n*dx*dy/(p.n+q.n)}
	state, err := q.Partial()
	if err != nil {
		return err
	}
	if err := p.Merge(state); err != nil {
		return err
	}
	p.sxx, p.syy, p.sxy = exact.sxx, exact.syy, exact.sxy
	return nil
}

func pairsResult(name string, agg aggImpl) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		acc := agg.make(ctx)
		if err := mergeState(name, acc, a[0], pairsSize); err != nil {
			return types.Null, err
		}
		return acc.Result()
	}
}

// nextSum is int2_sum and int4_sum: what is NULL is left out.
func nextSum(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	switch {
	case a[0].IsNull():
		return a[1], nil
	case a[1].IsNull():
		return a[0], nil
	}
	return types.Int(a[0].Int() + a[1].Int()), nil
}

func nextNumericSum(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	switch {
	case a[1].IsNull():
		return a[0], nil
	case a[0].IsNull():
		return types.Decimal(types.NumericFromInt(a[1].Int())), nil
	}
	return numeric(types.NumericAdd(a[0].Decimal(), types.NumericFromInt(a[1].Int())))
}

// countedOf are a count and a sum.
func countedOf(d types.Datum) (count, sum int64, err error) {
	a := d.Array()
	if len(a.Dims) != 1 || len(a.Elems) != 2 || a.HasNull() {
		return 0, 0, pgerr.Raised("int4_avg_accum", "expected 2-element int8 array")
	}
	return a.Elems[0].Int(), a.Elems[1].Int(), nil
}

// countedSum puts a number in (sign 1) or takes it out (-1).
func countedSum(sign int64) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		count, sum, err := countedOf(a[0])
		out := []types.Datum{types.Int(count + sign), types.Int(sum + sign*a[1].Int())}
		return types.ArrayDatum(types.NewArray(types.TInt8, out)), err
	}
}

func averageOfCounted(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	count, sum, err := countedOf(a[0])
	if err != nil || count == 0 {
		return types.Null, err
	}
	return numeric(types.NumericDiv(types.NumericFromInt(sum), types.NumericFromInt(count)))
}

func sumOfCounted(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	count, sum, err := countedOf(a[0])
	if err != nil || count == 0 {
		return types.Null, err
	}
	return types.Int(sum), nil
}

// intervalState is a sum, and an interval of as many microseconds as there were.
func intervalState(d types.Datum) (sum, count types.Interval, err error) {
	a := d.Array()
	if len(a.Elems) != 2 || a.HasNull() {
		return sum, count, pgerr.Raised("interval_accum", "expected 2-element interval array")
	}
	return a.Elems[0].Interval(), a.Elems[1].Interval(), nil
}

func intervalStateDatum(sum, count types.Interval) types.Datum {
	return types.ArrayDatum(types.NewArray(types.TInterval, []types.Datum{types.IntervalDatum(sum), types.IntervalDatum(count)}))
}

func intervalStep(sign int64) impl {
	add := types.IntervalAdd
	if sign < 0 {
		add = types.IntervalSub
	}
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		sum, count, err := intervalState(a[0])
		if err != nil {
			return types.Null, err
		}
		sum, err = add(sum, a[1].Interval())
		count.Micros += sign
		return intervalStateDatum(sum, count), err
	}
}

func intervalCombine(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	sum, count, err := intervalState(a[0])
	if err != nil {
		return types.Null, err
	}
	more, n, err := intervalState(a[1])
	if err != nil {
		return types.Null, err
	}
	sum, err = types.IntervalAdd(sum, more)
	count.Micros += n.Micros
	return intervalStateDatum(sum, count), err
}

func intervalAverage(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	sum, count, err := intervalState(a[0])
	if err != nil || count.Micros == 0 {
		return types.Null, err
	}
	v, err := types.IntervalDiv(sum, float64(count.Micros))
	return types.IntervalDatum(v), err
}
