package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// logicAggs fold their argument with AND, OR or XOR.
var logicAggs = makeLogicAggs()

func makeLogicAggs() aggImpls {
	out := aggImpls{"bool_and(bool)": boolAgg(true), "every(bool)": boolAgg(true), "bool_or(bool)": boolAgg(false)}
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

func boolAgg(all bool) aggImpl {
	return aggImpl{strict: true, state: []*types.Type{types.TBool}, make: func(*expr.Context) expr.Accumulator { return &boolState{all: all} }}
}

// boolState is bool_and (all) and bool_or.
type boolState struct {
	all      bool
	n, trues int64
}

func (s *boolState) Add(a []types.Datum) error {
	s.n++
	if a[0].Bool() {
		s.trues++
	}
	return nil
}

func (s *boolState) Merge(state []types.Datum) error {
	if state[0].IsNull() {
		return nil
	}
	return s.Add(state)
}

func (s *boolState) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *boolState) Result() (types.Datum, error) {
	switch {
	case s.n == 0:
		return types.Null, nil
	case s.all:
		return types.Bool(s.trues == s.n), nil
	}
	return types.Bool(s.trues > 0), nil
}

func foldBits(o bitOperation) aggImpl {
	return aggImpl{strict: true, state: []*types.Type{types.TBit}, make: func(*expr.Context) expr.Accumulator {
		return &foldState{f: o.bits}
	}}
}

// foldState combines values two by two; NULL is none yet.
type foldState struct {
	f     func(a, b types.Datum) (types.Datum, error)
	back  func(a, b types.Datum) (types.Datum, error) // takes b out of a; nil is none
	value types.Datum
	n     int64 // added
}

func (s *foldState) Add(a []types.Datum) (err error) {
	s.n++
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
