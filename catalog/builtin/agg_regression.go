package builtin

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// regressionAggs are the statistics of pairs (Y, X) (float8_regr_accum).
var regressionAggs = makeRegressionAggs()

func makeRegressionAggs() aggImpls {
	results := map[string]func(p *pairs) (float64, bool){
		"regr_sxx":   func(p *pairs) (float64, bool) { return p.sxx, p.n >= 1 },
		"regr_syy":   func(p *pairs) (float64, bool) { return p.syy, p.n >= 1 },
		"regr_sxy":   func(p *pairs) (float64, bool) { return p.sxy, p.n >= 1 },
		"regr_avgx":  func(p *pairs) (float64, bool) { return p.sx / p.n, p.n >= 1 },
		"regr_avgy":  func(p *pairs) (float64, bool) { return p.sy / p.n, p.n >= 1 },
		"covar_pop":  func(p *pairs) (float64, bool) { return p.sxy / p.n, p.n >= 1 },
		"covar_samp": func(p *pairs) (float64, bool) { return p.sxy / (p.n - 1), p.n >= 2 },
		"corr": func(p *pairs) (float64, bool) {
			return p.sxy / math.Sqrt(p.sxx*p.syy), p.n >= 1 && p.sxx != 0 && p.syy != 0
		},
		"regr_r2":        (*pairs).r2,
		"regr_slope":     func(p *pairs) (float64, bool) { return p.sxy / p.sxx, p.n >= 1 && p.sxx != 0 },
		"regr_intercept": func(p *pairs) (float64, bool) { return (p.sy - p.sx*p.sxy/p.sxx) / p.n, p.n >= 1 && p.sxx != 0 },
	}
	out := aggImpls{}
	state := []*types.Type{types.TFloat8, types.TFloat8, types.TFloat8, types.TFloat8, types.TFloat8, types.TFloat8}
	for name, f := range results {
		out[name+"(float8,float8)"] = aggImpl{strict: true, state: state, make: func(*expr.Context) expr.Accumulator {
			return &pairs{result: f}
		}}
	}
	return out
}

// pairs are the count, the sums and the sums of (co)deviations of pairs.
type pairs struct {
	result                   func(p *pairs) (float64, bool)
	n, sx, sxx, sy, syy, sxy float64
}

func (p *pairs) Add(a []types.Datum) error {
	y, x := a[0].Float(), a[1].Float()
	before := p.n
	infiniteX, infiniteY := isInf(p.sx) || isInf(x), isInf(p.sy) || isInf(y)
	p.n++
	p.sx += x
	p.sy += y
	if before == 0 {
		if isInf(x) || math.IsNaN(x) {
			p.sxx, p.sxy = math.NaN(), math.NaN()
		}
		if isInf(y) || math.IsNaN(y) {
			p.syy, p.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	dx, dy := x*p.n-p.sx, y*p.n-p.sy
	scale := 1 / (p.n * before)
	p.sxx += dx * dx * scale
	p.syy += dy * dy * scale
	p.sxy += dx * dy * scale
	// Only finite inputs overflow.
	if !infiniteX && (isInf(p.sx) || isInf(p.sxx)) || !infiniteY && (isInf(p.sy) || isInf(p.syy)) ||
		!infiniteX && !infiniteY && isInf(p.sxy) {
		return errFloatOverflow()
	}
	p.notANumber()
	return nil
}

func (p *pairs) notANumber() {
	for _, v := range []*float64{&p.sxx, &p.syy, &p.sxy} {
		if isInf(*v) {
			*v = math.NaN()
		}
	}
}

func (p *pairs) Merge(s []types.Datum) error {
	n, sx, sxx, sy, syy, sxy := s[0].Float(), s[1].Float(), s[2].Float(), s[3].Float(), s[4].Float(), s[5].Float()
	switch {
	case n == 0:
		return nil
	case p.n == 0:
		p.n, p.sx, p.sxx, p.sy, p.syy, p.sxy = n, sx, sxx, sy, syy, sxy
		return nil
	}
	dx, dy := p.sx/p.n-sx/n, p.sy/p.n-sy/n
	weight := p.n * n / (p.n + n)
	merged := pairs{
		result: p.result, n: p.n + n, sx: p.sx + sx, sy: p.sy + sy,
		sxx: p.sxx + (sxx + weight*dx*dx), syy: p.syy + (syy + weight*dy*dy), sxy: p.sxy + (sxy + weight*dx*dy),
	}
	if overflowed(merged.sx, p.sx, sx) || overflowed(merged.sy, p.sy, sy) ||
		overflowed(merged.sxx, p.sxx, sxx) || overflowed(merged.syy, p.syy, syy) || overflowed(merged.sxy, p.sxy, sxy) {
		return errFloatOverflow()
	}
	*p = merged
	return nil
}

func (p *pairs) Partial() ([]types.Datum, error) {
	out := make([]types.Datum, 0, 6)
	for _, v := range []float64{p.n, p.sx, p.sxx, p.sy, p.syy, p.sxy} {
		out = append(out, types.Float(v))
	}
	return out, nil
}

func (p *pairs) Result() (types.Datum, error) {
	v, ok := p.result(p)
	if !ok {
		return types.Null, nil
	}
	return types.Float(v), nil
}

func (p *pairs) r2() (float64, bool) {
	if p.n < 1 || p.sxx == 0 {
		return 0, false
	}
	if p.syy == 0 {
		return 1, true
	}
	return p.sxy * p.sxy / (p.sxx * p.syy), true
}
