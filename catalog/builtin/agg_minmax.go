package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// minMaxAggs are min and max of every type that has them.
var minMaxAggs = makeMinMaxAggs()

func makeMinMaxAggs() aggImpls {
	out := aggImpls{}
	for _, t := range []*types.Type{
		types.TInt2, types.TInt4, types.TInt8, types.TOID, types.TFloat4, types.TFloat8, types.TNumeric,
		types.TText, types.TBpchar, types.TDate, types.TTime, types.TTimeTZ, types.TTimestamp, types.TTimestamptz,
		types.TInterval, types.TTID, types.TPGLSN, types.TXID8, types.TMoney, types.TInet,
	} {
		out["min("+t.Name+")"], out["max("+t.Name+")"] = extreme(t, -1), extreme(t, 1)
	}
	for name, sign := range map[string]int{"min": -1, "max": 1} {
		byArgument := func(args []*types.Type, _ *types.Type) aggImpl { return extreme(args[0], sign) }
		for _, arg := range []string{"anyarray", "anyenum"} {
			out[name+"("+arg+")"] = aggImpl{strict: true, bind: byArgument}
		}
	}
	return out
}

func extreme(t *types.Type, sign int) aggImpl {
	var unordered error
	if t.Base().Elem != nil {
		unordered = ordered(t.Base().Elem)
	}
	return aggImpl{strict: true, state: []*types.Type{t}, make: func(*expr.Context) expr.Accumulator {
		return &extremeState{t: t, sign: sign, unordered: unordered}
	}}
}

// extremeState keeps the value that sorts first (sign -1) or last (1). Of equal
// ones that look different (1.0 and 1.00) it is the later, of char(n) the first.
type extremeState struct {
	t         *types.Type
	sign      int
	unordered error // of elements without an order, once two arrays are compared
	best      types.Datum
}

func (s *extremeState) Add(a []types.Datum) error {
	if s.best.IsNull() {
		s.best = a[0]
		return nil
	}
	if s.unordered != nil {
		return s.unordered
	}
	if c := s.t.Compare(a[0], s.best) * s.sign; c > 0 || c == 0 && s.t != types.TBpchar {
		s.best = a[0]
	}
	return nil
}

func (s *extremeState) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *extremeState) Partial() ([]types.Datum, error) { return []types.Datum{s.best}, nil }

func (s *extremeState) Result() (types.Datum, error) { return s.best, nil }
