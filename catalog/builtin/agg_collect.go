package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// collectAggs gather their arguments in order: they have no partial state,
// because rows of different shards have no order between them.
var collectAggs = aggImpls{
	"string_agg(text,text)":   {ordered: true, make: func(ctx *expr.Context) expr.Accumulator { return &stringAgg{out: buffer{ctx: ctx}} }},
	"string_agg(bytea,bytea)": {ordered: true, make: func(ctx *expr.Context) expr.Accumulator { return &stringAgg{out: buffer{ctx: ctx}, binary: true} }},
	"array_agg(anynonarray)": {ordered: true, bind: func(args []*types.Type, _ *types.Type) aggImpl {
		return aggImpl{ordered: true, make: func(*expr.Context) expr.Accumulator { return &arrayAgg{elem: args[0]} }}
	}},
	"array_agg(anyarray)": {ordered: true, bind: func(_ []*types.Type, result *types.Type) aggImpl {
		return aggImpl{ordered: true, make: func(*expr.Context) expr.Accumulator { return &arraysAgg{elem: result.Base().Elem} }}
	}},
	"json_agg(anyelement)":      {ordered: true, bind: bindJSONAgg(false)},
	"jsonb_agg(anyelement)":     {ordered: true, bind: bindJSONAgg(true)},
	"json_object_agg(any,any)":  {ordered: true, bind: bindJSONObjectAgg(false)},
	"jsonb_object_agg(any,any)": {ordered: true, bind: bindJSONObjectAgg(true)},
}

// stringAgg joins values; each separator stands in front of its row's value.
type stringAgg struct {
	accumulator
	out    buffer
	some   bool
	binary bool
}

func (s *stringAgg) Add(a []types.Datum) error {
	if a[0].IsNull() {
		return nil
	}
	if s.some && !a[1].IsNull() {
		if err := s.out.add(textOf(a[1].Bytes())); err != nil {
			return err
		}
	}
	s.some = true
	return s.out.add(textOf(a[0].Bytes()))
}

func (s *stringAgg) Result() (types.Datum, error) {
	switch {
	case !s.some:
		return types.Null, nil
	case s.binary:
		return types.Bytes(s.out.out[:len(s.out.out):len(s.out.out)]), nil
	}
	return types.Text(s.out.text()), nil
}

// arrayAgg is array_agg of scalars, NULLs among them.
type arrayAgg struct {
	accumulator
	elem  *types.Type
	elems []types.Datum
	size  types.ArraySize
}

func (s *arrayAgg) Add(a []types.Datum) error {
	s.elems = append(s.elems, a[0])
	return s.size.Add(a[0])
}

func (s *arrayAgg) Result() (types.Datum, error) {
	if s.elems == nil {
		return types.Null, nil
	}
	return types.ArrayDatum(types.NewArray(s.elem, s.elems[:len(s.elems):len(s.elems)])), nil
}

// arraysAgg is array_agg of arrays: one dimension more, all of the same shape.
type arraysAgg struct {
	accumulator
	elem *types.Type
	b    types.ArrayBuilder
}

func (s *arraysAgg) Add(a []types.Datum) error { return s.b.Add(a[0]) }

func (s *arraysAgg) Result() (types.Datum, error) {
	if a := s.b.Array(s.elem); a != nil {
		return types.ArrayDatum(a), nil
	}
	return types.Null, nil
}
