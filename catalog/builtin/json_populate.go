package builtin

import (
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// populateRow makes a row of an object (populate_composite, populate_record in
// jsonfuncs.c). What the object does not name is the base's, or NULL without one.
func populateRow(ctx *expr.Context, columns []types.Column, base *types.Row, j jsonText) (types.Datum, error) {
	switch j[0] {
	case '{':
	case '[':
		return types.Null, errJSONKind("cannot call populate_composite on an array")
	default:
		return types.Null, errJSONKind("cannot call populate_composite on a scalar")
	}
	members := map[string]jsonText{}
	if err := j.each(ctx, func(key string, v jsonText) bool { members[key] = v; return true }); err != nil {
		return types.Null, err
	}
	row := &types.Row{Fields: make([]types.Datum, len(columns))}
	for i, c := range columns {
		row.Types, row.Names = append(row.Types, c.Type), append(row.Names, c.Name)
		f := populateField{ctx: ctx, column: c.Name, t: c.Type, typmod: c.Typmod}
		if base != nil {
			f.base = base.Fields[i]
		}
		v, found := members[c.Name]
		if base != nil && !found {
			row.Fields[i] = f.base
			continue
		}
		var err error
		if row.Fields[i], err = f.value(v); err != nil {
			return types.Null, err
		}
	}
	return types.RowDatum(row), nil
}

// populateField is one value that is made (populate_record_field): of a column
// or, with an empty name, of an element.
type populateField struct {
	ctx    *expr.Context
	column string
	t      *types.Type
	typmod int32
	base   types.Datum
}

// value makes it of j; "" is nothing. A string is read by the type's input
// function whatever the type is.
func (f populateField) value(j jsonText) (types.Datum, error) {
	columns := f.t.Columns()
	switch {
	case j == "" || j[0] == 'n':
		return types.Null, nil
	case j[0] == '"':
	case f.t.Category == types.CategoryArray:
		return f.array(j)
	case columns != nil:
		var base *types.Row
		if !f.base.IsNull() {
			base = f.base.Row()
		}
		return populateRow(f.ctx, columns, base, j)
	}
	return f.scalar(j)
}

// scalar reads the text of a string, of other values their spelling (populate_scalar).
func (f populateField) scalar(j jsonText) (types.Datum, error) {
	text := string(j)
	if b := f.t.Base(); j[0] == '"' && b != types.TJSON && b != types.TJSONB {
		var err error
		if text, err = j.unquote(f.ctx); err != nil {
			return types.Null, err
		}
	}
	return f.t.ParseLong(f.ctx.Env, text, f.typmod, f.ctx.Spend)
}

// array makes an array of nested JSON arrays (populate_array).
func (f populateField) array(j jsonText) (types.Datum, error) {
	elem := f.t.Base().Elem
	a := populateArray{field: f, element: populateField{ctx: f.ctx, t: elem, typmod: f.typmod}}
	if err := a.dimension(j, 1); err != nil {
		return types.Null, err
	}
	out := &types.Array{Elem: elem}
	if len(a.elems) > 0 {
		out.Elems, out.Dims, out.Lower = a.elems, a.dims, make([]int32, len(a.dims))
		for i := range out.Lower {
			out.Lower[i] = 1
		}
	}
	return types.ArrayDatum(out), nil
}

// populateArray collects an array's elements. How many dimensions there are
// says the first element that is no array.
type populateArray struct {
	field, element populateField
	dims           []int32 // -1: not known yet; nil until the number of dimensions is
	sizes          []int32 // of the arrays that are open, so far
	elems          []types.Datum
	size           types.ArraySize
}

// dimension reads an array n levels deep, from 1.
func (a *populateArray) dimension(j jsonText, n int) error {
	if j[0] != '[' {
		return a.noArray()
	}
	a.sizes = append(a.sizes, 0)
	var failed error
	err := j.each(a.field.ctx, func(_ string, v jsonText) bool {
		if v[0] != '[' {
			failed = a.know(n)
		}
		switch {
		case failed != nil:
		case a.dims != nil && n >= len(a.dims):
			failed = a.add(v)
		default:
			failed = a.dimension(v, n+1)
		}
		a.sizes[n-1]++
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if err := a.know(n); err != nil {
		return err
	}
	return a.end(n)
}

// know fixes the number of dimensions, if it is not known.
func (a *populateArray) know(n int) error {
	if a.dims != nil {
		return nil
	}
	if n > expr.MaxArrayDims {
		return pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, expr.MaxArrayDims)
	}
	a.dims = make([]int32, n)
	for i := range a.dims {
		a.dims[i] = -1
	}
	return nil
}

func (a *populateArray) add(j jsonText) error {
	v, err := a.element.value(j)
	if err != nil {
		return err
	}
	a.elems = append(a.elems, v)
	return a.size.Add(v)
}

// end compares the array that ends with those beside it (populate_array_check_dimension).
func (a *populateArray) end(n int) error {
	size := a.sizes[n-1]
	a.sizes = a.sizes[:n-1]
	if a.dims[n-1] >= 0 && a.dims[n-1] != size {
		return pgerr.New(pgerr.InvalidTextRepresentation, "malformed JSON array").
			WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
	}
	a.dims[n-1] = size
	return nil
}

// noArray says where an array was expected (populate_array_report_expected_array).
func (a *populateArray) noArray() error {
	err := pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array")
	var at strings.Builder
	for _, i := range a.sizes {
		at.WriteString("[" + strconv.Itoa(int(i)) + "]")
	}
	switch key := a.field.column; {
	case at.Len() == 0 && key == "":
		return err
	case at.Len() == 0:
		return err.WithHint("See the value of key \"%s\".", key)
	case key == "":
		return err.WithHint("See the array element %s.", at.String())
	default:
		return err.WithHint("See the array element %s of key \"%s\".", at.String(), key)
	}
}
