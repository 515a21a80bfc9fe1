package shardtest

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The functions that the suite's fragments use, under PostgreSQL's OIDs.
var (
	int4eq  = compareInt4(65, "int4eq", func(c int) bool { return c == 0 })
	int4lt  = compareInt4(66, "int4lt", func(c int) bool { return c < 0 })
	int4ge  = compareInt4(150, "int4ge", func(c int) bool { return c >= 0 })
	int4pl  = int4Math(177, "int4pl", func(a, b int64) int64 { return a + b })
	int4mod = int4Math(156, "int4mod", func(a, b int64) int64 { return a % b })
)

func compareInt4(oid types.OID, name string, holds func(int) bool) *expr.Function {
	return &expr.Function{OID: oid, Name: name, Args: []*types.Type{types.TInt4, types.TInt4}, Result: types.TBool,
		Strict: true, Volatility: expr.Immutable,
		Impl: func(_ *expr.Context, args []types.Datum) (types.Datum, error) {
			return types.Bool(holds(types.TInt4.Compare(args[0], args[1]))), nil
		}}
}

func int4Math(oid types.OID, name string, f func(a, b int64) int64) *expr.Function {
	return &expr.Function{OID: oid, Name: name, Args: []*types.Type{types.TInt4, types.TInt4}, Result: types.TInt4,
		Strict: true, Volatility: expr.Immutable,
		Impl: func(_ *expr.Context, args []types.Datum) (types.Datum, error) {
			return types.Int(f(args[0].Int(), args[1].Int())), nil
		}}
}

// sum is sum(int4) with one int8 as its partial state.
var sum = &expr.Aggregate{OID: 2108, Name: "sum", Args: []*types.Type{types.TInt4}, Result: types.TInt8, Strict: true,
	State: []*types.Type{types.TInt8}, New: func(*expr.Context) expr.Accumulator { return &sumOf{} }}

type sumOf struct {
	total int64
	any   bool
}

func (s *sumOf) Add(args []types.Datum) error {
	s.total, s.any = s.total+args[0].Int(), true
	return nil
}

func (s *sumOf) Merge(state []types.Datum) error {
	if !state[0].IsNull() {
		s.total, s.any = s.total+state[0].Int(), true
	}
	return nil
}

func (s *sumOf) Partial() ([]types.Datum, error) {
	d, err := s.Result()
	return []types.Datum{d}, err
}

func (s *sumOf) Result() (types.Datum, error) {
	if !s.any {
		return types.Null, nil
	}
	return types.Int(s.total), nil
}

// Library finds the suite's functions, for services that decode fragments.
type Library struct{}

var _ expr.Library = Library{}

// Function implements expr.Library.
func (Library) Function(oid types.OID) *expr.Function {
	for _, f := range []*expr.Function{int4eq, int4lt, int4ge, int4pl, int4mod} {
		if f.OID == oid {
			return f
		}
	}
	return nil
}

// Aggregate implements expr.Library.
func (Library) Aggregate(oid types.OID) *expr.Aggregate {
	if oid == sum.OID {
		return sum
	}
	return nil
}
