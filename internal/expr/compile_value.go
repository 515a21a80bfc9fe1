package expr

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func evalAll(ctx *Context, row []types.Datum, list []Eval) ([]types.Datum, error) {
	out := make([]types.Datum, len(list))
	for i, eval := range list {
		v, err := eval(ctx, row)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (c *compiler) array(e *ArrayExpr) (Eval, error) {
	elems, err := c.all(e.Elems)
	if err != nil {
		return nil, err
	}
	elem := e.T.Elem
	nested := len(e.Elems) > 0 && e.Elems[0].Type() == e.T
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		values, err := evalAll(ctx, row, elems)
		if err != nil {
			return types.Null, err
		}
		if nested {
			return nest(elem, values)
		}
		a := &types.Array{Elem: elem, Elems: values}
		if err := new(types.ArraySize).AddArray(a); err != nil {
			return types.Null, err
		}
		if len(values) > 0 {
			a.Dims, a.Lower = []int32{int32(len(values))}, []int32{1}
		}
		return types.ArrayDatum(a), nil
	}, nil
}

// MaxArrayDims is MAXDIM (array.h).
const MaxArrayDims = 6

// nest makes an array of arrays, which must agree in their dimensions. Empty
// and NULL ones vanish, unless others are not.
func nest(elem *types.Type, values []types.Datum) (types.Datum, error) {
	out := &types.Array{Elem: elem}
	var size types.ArraySize
	empty := 0
	for _, v := range values {
		if v.IsNull() || len(v.Array().Dims) == 0 {
			empty++
			continue
		}
		a := v.Array()
		if out.Dims == nil {
			if len(a.Dims) >= MaxArrayDims {
				return types.Null, pgerr.New(pgerr.ProgramLimitExceeded,
					"number of array dimensions (%d) exceeds the maximum allowed (%d)", len(a.Dims)+1, MaxArrayDims)
			}
			out.Dims = append([]int32{int32(len(values))}, a.Dims...)
			out.Lower = append([]int32{1}, a.Lower...)
		} else if !sameInts(out.Dims[1:], a.Dims) || !sameInts(out.Lower[1:], a.Lower) {
			return types.Null, errNestedArrays()
		}
		if err := size.AddArray(a); err != nil {
			return types.Null, err
		}
		out.Elems = append(out.Elems, a.Elems...)
	}
	if empty > 0 && out.Dims != nil {
		return types.Null, errNestedArrays()
	}
	return types.ArrayDatum(out), nil
}

func errNestedArrays() error {
	return pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
}

func sameInts(a, b []int32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (c *compiler) row(e *RowExpr) (Eval, error) {
	elems, err := c.all(e.Elems)
	if err != nil {
		return nil, err
	}
	fieldTypes := make([]*types.Type, len(e.Elems))
	for i, x := range e.Elems {
		fieldTypes[i] = x.Type()
	}
	names := e.Names
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		fields, err := evalAll(ctx, row, elems)
		if err != nil {
			return types.Null, err
		}
		return types.RowDatum(&types.Row{Types: fieldTypes, Names: names, Fields: fields}), nil
	}, nil
}

func (c *compiler) field(e *Field) (Eval, error) {
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	i := e.Index
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil || v.IsNull() {
			return types.Null, err
		}
		fields := v.Row().Fields
		if i >= len(fields) {
			return types.Null, pgerr.Internal("row has no field %d", i+1)
		}
		return fields[i], nil
	}, nil
}

func (c *compiler) subscript(e *Subscript) (Eval, error) {
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	if e.Value != nil {
		return c.assignment(e, arg)
	}
	if e.Arg.Type().Base() == types.TJSONB {
		return c.jsonPart(e, arg)
	}
	if e.Arg.Type().FixedElem() != nil {
		return c.fixedPart(e, arg)
	}
	if e.Slice {
		return c.slice(e, arg)
	}
	index, err := c.subscripts(e)
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil || v.IsNull() {
			return types.Null, err
		}
		var subs [MaxArrayDims]int64
		null, err := index.read(ctx, row, subs[:])
		if err != nil || null {
			return types.Null, err
		}
		return element(v.Array(), subs[:len(index)]), nil
	}, nil
}

// element is the element at the given subscripts: NULL when there is none.
func element(a *types.Array, subs []int64) types.Datum {
	if len(subs) != len(a.Dims) {
		return types.Null
	}
	at := int64(0)
	for i, s := range subs {
		s -= int64(a.Lower[i])
		if s < 0 || s >= int64(a.Dims[i]) {
			return types.Null
		}
		at = at*int64(a.Dims[i]) + s
	}
	return a.Elems[at]
}

func (c *compiler) slice(e *Subscript, arg Eval) (Eval, error) {
	limits, err := c.limits(e)
	if err != nil {
		return nil, err
	}
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		v, err := arg(ctx, row)
		if err != nil || v.IsNull() {
			return types.Null, err
		}
		a := v.Array()
		bounds := fullSlice(a)
		null, err := limits.read(ctx, row, &bounds)
		if err != nil || null {
			return types.Null, err
		}
		return bounds.cut(a, len(limits.upper)), nil
	}, nil
}

// sliceBounds are a slice's first and last subscript in each dimension.
type sliceBounds struct{ from, to [MaxArrayDims]int64 }

func fullSlice(a *types.Array) (b sliceBounds) {
	for i := range a.Dims {
		b.from[i], b.to[i] = int64(a.Lower[i]), int64(a.Lower[i])+int64(a.Dims[i])-1
	}
	return b
}

// cut makes the slice: bounds outside are moved in, a slice with nothing in it
// is the empty array, and lower bounds start from 1 again (array_get_slice).
func (b *sliceBounds) cut(a *types.Array, given int) types.Datum {
	out := &types.Array{Elem: a.Elem}
	if given > len(a.Dims) || len(a.Dims) == 0 {
		return types.ArrayDatum(out)
	}
	n := 1
	dims, lower := make([]int32, len(a.Dims)), make([]int32, len(a.Dims))
	for i := range a.Dims {
		low, high := int64(a.Lower[i]), int64(a.Lower[i])+int64(a.Dims[i])-1
		b.from[i], b.to[i] = max(b.from[i], low), min(b.to[i], high)
		if b.from[i] > b.to[i] {
			return types.ArrayDatum(out)
		}
		dims[i], lower[i] = int32(b.to[i]-b.from[i]+1), 1
		n *= int(dims[i])
	}
	out.Dims, out.Lower, out.Elems = dims, lower, make([]types.Datum, 0, n)
	out.Elems = b.collect(a, 0, 0, out.Elems)
	return types.ArrayDatum(out)
}

func (b *sliceBounds) collect(a *types.Array, dim int, at int64, dst []types.Datum) []types.Datum {
	for s := b.from[dim]; s <= b.to[dim]; s++ {
		pos := at*int64(a.Dims[dim]) + s - int64(a.Lower[dim])
		if dim == len(a.Dims)-1 {
			dst = append(dst, a.Elems[pos])
		} else {
			dst = b.collect(a, dim+1, pos, dst)
		}
	}
	return dst
}
