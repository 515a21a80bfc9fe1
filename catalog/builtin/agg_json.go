package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func formOf(binary bool) jsonForm {
	if binary {
		return canonical
	}
	return jsonItself
}

func bindJSONAgg(binary bool) func([]*types.Type, *types.Type) aggImpl {
	return func(args []*types.Type, _ *types.Type) aggImpl {
		return aggImpl{ordered: true, make: func(ctx *expr.Context) expr.Accumulator {
			return &jsonAgg{t: args[0], w: jsonWriter{ctx: ctx}, form: formOf(binary)}
		}}
	}
}

// jsonAgg is json_agg: arrays and rows begin on a line of their own.
type jsonAgg struct {
	accumulator
	t    *types.Type
	w    jsonWriter
	form jsonForm
	out  []byte
}

func (s *jsonAgg) Add(a []types.Datum) (err error) {
	if s.out == nil {
		s.out = append(s.out, '[')
	} else {
		s.out = append(s.out, ", "...)
		if kind := s.t.Base().Datum; !a[0].IsNull() && (kind == types.KindArray || kind == types.KindRow) {
			s.out = append(s.out, "\n "...)
		}
	}
	s.out, err = s.w.value(s.out, s.t, a[0])
	return err
}

func (s *jsonAgg) Result() (types.Datum, error) {
	if s.out == nil {
		return types.Null, nil
	}
	return s.form(s.w.ctx, textOf(append(s.out, ']')))
}

func bindJSONObjectAgg(binary bool) func([]*types.Type, *types.Type) aggImpl {
	return func(args []*types.Type, _ *types.Type) aggImpl {
		return aggImpl{ordered: true, make: func(ctx *expr.Context) expr.Accumulator {
			return &jsonObjectAgg{key: args[0], value: args[1], w: jsonWriter{ctx: ctx}, form: formOf(binary)}
		}}
	}
}

// jsonObjectAgg is json_object_agg.
type jsonObjectAgg struct {
	accumulator
	key, value *types.Type
	w          jsonWriter
	form       jsonForm
	out        []byte
}

func (s *jsonObjectAgg) Add(a []types.Datum) (err error) {
	if a[0].IsNull() {
		return pgerr.New(pgerr.InvalidParameterValue, "field name must not be null")
	}
	if s.out == nil {
		s.out = append(s.out, "{ "...)
	} else {
		s.out = append(s.out, ", "...)
	}
	if s.out, err = s.w.key(s.out, s.key, a[0]); err != nil {
		return err
	}
	s.out, err = s.w.value(append(s.out, " : "...), s.value, a[1])
	return err
}

func (s *jsonObjectAgg) Result() (types.Datum, error) {
	if s.out == nil {
		return types.Null, nil
	}
	return s.form(s.w.ctx, textOf(append(s.out, " }"...)))
}
