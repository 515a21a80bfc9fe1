package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// rangeAggs are the aggregates of ranges and multiranges.
var rangeAggs = aggImpls{
	"range_agg(anyrange)":                {bind: bindRangeAgg},
	"range_agg(anymultirange)":           {bind: bindRangeAgg},
	"range_intersect_agg(anyrange)":      {strict: true, bind: bindIntersectAgg},
	"range_intersect_agg(anymultirange)": {strict: true, bind: bindIntersectAgg},
}

// bindRangeAgg is range_agg. Its parts are multiranges, joined like their rows.
func bindRangeAgg(_ []*types.Type, result *types.Type) aggImpl {
	f := result.Ranges()
	return aggImpl{state: []*types.Type{f.Multirange}, make: func(ctx *expr.Context) expr.Accumulator {
		return &rangeAgg{ctx: ctx, f: f}
	}}
}

// rangeAgg keeps ranges, and joins them whenever they have become twice as many.
type rangeAgg struct {
	ctx  *expr.Context
	f    *types.RangeFamily
	list []*types.Range
	some bool // a value was not NULL
	next int  // how many are joined next
}

// rangesJoined is how many ranges are kept at least before they are joined.
const rangesJoined = 1 << 12

func (s *rangeAgg) Add(a []types.Datum) error {
	switch a[0].Kind() {
	case types.KindNull:
		return nil
	case types.KindRange:
		s.list = append(s.list, a[0].Range())
	default:
		s.list = append(s.list, a[0].Multirange()...)
	}
	s.some = true
	if len(s.list) < max(s.next, rangesJoined) {
		return nil
	}
	err := s.join()
	s.next = 2 * len(s.list)
	return err
}

func (s *rangeAgg) join() (err error) {
	s.list, err = s.f.MultirangeOf(s.list, s.ctx.Spend)
	return err
}

func (s *rangeAgg) Merge(state []types.Datum) error { return s.Add(state) }

func (s *rangeAgg) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *rangeAgg) Result() (types.Datum, error) {
	if !s.some {
		return types.Null, nil
	}
	err := s.join()
	return types.MultirangeDatum(s.list[:len(s.list):len(s.list)]), err
}

// bindIntersectAgg is range_intersect_agg: what all have in common.
func bindIntersectAgg(args []*types.Type, _ *types.Type) aggImpl {
	f := args[0].Ranges()
	state, of := f.Range, func(_ *expr.Context, a, b types.Datum) (types.Datum, error) {
		r, err := f.Intersect(a.Range(), b.Range())
		return types.RangeDatum(r), err
	}
	if args[0].IsMultirange() {
		state, of = f.Multirange, func(ctx *expr.Context, a, b types.Datum) (types.Datum, error) {
			m, err := f.IntersectMultiranges(a.Multirange(), b.Multirange(), ctx.Spend)
			return types.MultirangeDatum(m), err
		}
	}
	return aggImpl{strict: true, state: []*types.Type{state}, make: func(ctx *expr.Context) expr.Accumulator {
		return &intersectAgg{ctx: ctx, of: of}
	}}
}

type intersectAgg struct {
	ctx  *expr.Context
	of   func(ctx *expr.Context, a, b types.Datum) (types.Datum, error)
	have types.Datum
}

func (s *intersectAgg) Add(a []types.Datum) (err error) {
	switch {
	case a[0].IsNull():
	case s.have.IsNull():
		s.have = a[0]
	default:
		s.have, err = s.of(s.ctx, s.have, a[0])
	}
	return err
}

func (s *intersectAgg) Merge(state []types.Datum) error { return s.Add(state) }

func (s *intersectAgg) Partial() ([]types.Datum, error) { return []types.Datum{s.have}, nil }

func (s *intersectAgg) Result() (types.Datum, error) { return s.have, nil }
