package builtin

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// newSet makes the accumulator of one group of an ordered-set aggregate.
type newSet = func(ctx *expr.Context, s expr.OrderedSet) (expr.Accumulator, error)

// orderedSetAggs are percentile_cont, percentile_disc and mode (orderedsetaggs.c).
// What they aggregate comes in order and without NULLs.
var orderedSetAggs = aggImpls{
	"percentile_cont(float8,float8)":     {strict: true, ordered: true, set: percentileSet(lerpFloat, nil, false)},
	"percentile_cont(float8,interval)":   {strict: true, ordered: true, set: percentileSet(lerpInterval, nil, false)},
	"percentile_cont(_float8,float8)":    {strict: true, ordered: true, set: percentileSet(lerpFloat, types.TFloat8, true)},
	"percentile_cont(_float8,interval)":  {strict: true, ordered: true, set: percentileSet(lerpInterval, types.TInterval, true)},
	"percentile_disc(float8,anyelement)": {strict: true, ordered: true, set: percentileSet(nil, nil, false)},
	"percentile_disc(_float8,anyelement)": {strict: true, ordered: true, bind: func(_ []*types.Type, result *types.Type) aggImpl {
		return aggImpl{strict: true, ordered: true, set: percentileSet(nil, result.Base().Elem, true)}
	}},
	"mode(anyelement)": {strict: true, ordered: true, set: newMode},
}

// lerp is the value so far from low to high.
type lerp = func(low, high types.Datum, part float64) (types.Datum, error)

func lerpFloat(low, high types.Datum, part float64) (types.Datum, error) {
	return types.Float(low.Float() + part*(high.Float()-low.Float())), nil
}

func lerpInterval(low, high types.Datum, part float64) (types.Datum, error) {
	diff, err := types.IntervalSub(high.Interval(), low.Interval())
	if err != nil {
		return types.Null, err
	}
	if diff, err = types.IntervalMul(diff, part); err != nil {
		return types.Null, err
	}
	return interval(types.IntervalAdd(diff, low.Interval()))
}

// place is where a fraction lies among the rows: at low, or between low and
// high, so far from it.
type place struct {
	null      bool
	low, high int64
	part      float64
}

func placeOf(fraction types.Datum, rows int64, between bool) (place, error) {
	if fraction.IsNull() {
		return place{null: true}, nil
	}
	f := fraction.Float()
	if !(f >= 0 && f <= 1) {
		return place{}, pgerr.New(pgerr.NumericValueOutOfRange, "percentile value %s is not between 0 and 1", shortFloat(f))
	}
	if !between {
		at := max(int64(math.Ceil(f*float64(rows)))-1, 0)
		return place{low: at, high: at}, nil
	}
	exact := f * float64(rows-1)
	low := math.Floor(exact)
	return place{low: int64(low), high: int64(math.Ceil(exact)), part: exact - low}, nil
}

// shortFloat is PostgreSQL's %g.
func shortFloat(f float64) string {
	if math.IsInf(f, 0) {
		return strings.TrimPrefix(fmt.Sprintf("%+.6ginity", f), "+")
	}
	return fmt.Sprintf("%.6g", f)
}

// percentiles keeps the rows that its places name.
type percentiles struct {
	accumulator
	places []place
	rows   []int64 // that are wanted, rising
	values []types.Datum
	at     int64 // rows seen
	lerp   lerp  // nil: places name rows
	// array is what the fractions came in, elem the type of what goes out in its
	// form; nil is one fraction.
	array *types.Array
	elem  *types.Type
	none  bool // the result is NULL
}

func percentileSet(between lerp, elem *types.Type, many bool) newSet {
	return func(_ *expr.Context, s expr.OrderedSet) (expr.Accumulator, error) {
		p := &percentiles{lerp: between, elem: elem, none: s.Rows == 0 || s.Direct[0].IsNull()}
		fractions := s.Direct
		if many {
			if p.none {
				return p, nil
			}
			p.array = s.Direct[0].Array()
			fractions = p.array.Elems
		}
		return p, p.place(fractions, s.Rows)
	}
}

func (p *percentiles) place(fractions []types.Datum, rows int64) error {
	for _, f := range fractions {
		at, err := placeOf(f, rows, p.lerp != nil)
		if err != nil {
			return err
		}
		p.places = append(p.places, at)
		if !at.null && rows > 0 {
			p.rows = append(p.rows, at.low, at.high)
		}
	}
	slices.Sort(p.rows)
	p.rows = slices.Compact(p.rows)
	return nil
}

func (p *percentiles) Add(a []types.Datum) error {
	if len(p.values) < len(p.rows) && p.rows[len(p.values)] == p.at {
		p.values = append(p.values, a[0])
	}
	p.at++
	return nil
}

func (p *percentiles) Result() (types.Datum, error) {
	if p.none {
		return types.Null, nil
	}
	if p.array == nil {
		return p.value(p.places[0])
	}
	out := &types.Array{Elem: p.elem, Dims: p.array.Dims, Lower: p.array.Lower}
	for _, at := range p.places {
		v, err := p.value(at)
		if err != nil {
			return types.Null, err
		}
		out.Elems = append(out.Elems, v)
	}
	return types.ArrayDatum(out), nil
}

func (p *percentiles) value(at place) (types.Datum, error) {
	if at.null {
		return types.Null, nil
	}
	low := p.row(at.low)
	if at.low == at.high {
		return low, nil
	}
	return p.lerp(low, p.row(at.high), at.part)
}

func (p *percentiles) row(n int64) types.Datum {
	i, _ := slices.BinarySearch(p.rows, n)
	return p.values[i]
}

// modeState finds the value that comes most often; of several the first.
type modeState struct {
	accumulator
	order types.Order
	work  types.Work
	last  types.Datum
	run   int64 // how often last has come
	best  types.Datum
	most  int64
}

func newMode(ctx *expr.Context, s expr.OrderedSet) (expr.Accumulator, error) {
	return &modeState{order: s.Orders[0], work: ctx.Spend}, nil
}

func (s *modeState) Add(a []types.Datum) error {
	c, err := 0, error(nil)
	if s.run > 0 {
		if c, err = s.order.Compare(a[0], s.last, s.work); err != nil {
			return err
		}
	}
	if s.run == 0 || c != 0 {
		s.last, s.run = a[0], 0
	}
	if s.run++; s.run > s.most {
		s.best, s.most = s.last, s.run
	}
	return nil
}

func (s *modeState) Result() (types.Datum, error) { return s.best, nil }
