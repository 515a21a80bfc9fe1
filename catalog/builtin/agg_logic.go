package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// logicAggs fold their argument with AND, OR or XOR.
var logicAggs = makeLogicAggs()

func makeLogicAggs() aggImpls {
	and := func(a, b types.Datum) types.Datum { return types.Bool(a.Bool() && b.Bool()) }
	or := func(a, b types.Datum) types.Datum { return types.Bool(a.Bool() || b.Bool()) }
	out := aggImpls{
		"bool_and(bool)": foldAgg(types.TBool, and), "every(bool)": foldAgg(types.TBool, and),
		"bool_or(bool)": foldAgg(types.TBool, or),
	}
	for _, t := range []*types.Type{types.TInt2, types.TInt4, types.TInt8} {
		out["bit_and("+t.Name+")"] = foldAgg(t, func(a, b types.Datum) types.Datum { return types.Int(a.Int() & b.Int()) })
		out["bit_or("+t.Name+")"] = foldAgg(t, func(a, b types.Datum) types.Datum { return types.Int(a.Int() | b.Int()) })
		out["bit_xor("+t.Name+")"] = foldAgg(t, func(a, b types.Datum) types.Datum { return types.Int(a.Int() ^ b.Int()) })
	}
	out["bit_and(bit)"], out["bit_or(bit)"], out["bit_xor(bit)"] = foldBits(bitAnd), foldBits(bitOr), foldBits(bitXor)
	return out
}

func foldAgg(t *types.Type, f func(a, b types.Datum) types.Datum) aggImpl {
	return aggImpl{strict: true, state: []*types.Type{t}, make: func(*expr.Context) expr.Accumulator {
		return &foldState{f: func(a, b types.Datum) (types.Datum, error) { return f(a, b), nil }}
	}}
}

func foldBits(o bitOperation) aggImpl {
	return aggImpl{strict: true, state: []*types.Type{types.TBit}, make: func(*expr.Context) expr.Accumulator {
		return &foldState{f: o.bits}
	}}
}

// foldState combines values two by two; NULL is none yet.
type foldState struct {
	f     func(a, b types.Datum) (types.Datum, error)
	value types.Datum
}

func (s *foldState) Add(a []types.Datum) (err error) {
	if s.value.IsNull() {
		s.value = a[0]
	} else {
		s.value, err = s.f(s.value, a[0])
	}
	return err
}

func (s *foldState) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *foldState) Partial() ([]types.Datum, error) { return []types.Datum{s.value}, nil }

func (s *foldState) Result() (types.Datum, error) { return s.value, nil }
