package expr

import (
	"math"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// assignment is a Subscript with a Value: of an array, a jsonb or a type of fixed length.
func (c *compiler) assignment(e *Subscript, arg Eval) (Eval, error) {
	value, err := c.compile(e.Value)
	if err != nil {
		return nil, err
	}
	if e.T.Base() == types.TJSONB {
		return c.jsonAssignment(e, arg, value)
	}
	if e.T.FixedElem() != nil {
		return c.fixedAssignment(e, arg, value)
	}
	if e.Slice {
		return c.sliceAssignment(e, arg, value)
	}
	index, err := c.subscripts(e)
	if err != nil {
		return nil, err
	}
	elem := e.T.Base().Elem
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		whole, err := arg(ctx, row)
		if err != nil {
			return types.Null, err
		}
		subs := make([]int64, len(index))
		null, err := index.read(ctx, row, subs)
		if err != nil || null {
			return types.Null, nullSubscript(err)
		}
		v, err := value(ctx, row)
		if err != nil {
			return types.Null, err
		}
		return setElement(arrayIn(whole, elem), subs, v)
	}, nil
}

// arrayIn is the array of a datum, an empty one for NULL.
func arrayIn(d types.Datum, elem *types.Type) *types.Array {
	if d.IsNull() {
		return &types.Array{Elem: elem}
	}
	return d.Array()
}

// nullSubscript is err, or that a subscript of an assignment is NULL (22004).
func nullSubscript(err error) error {
	if err != nil {
		return err
	}
	return pgerr.New(pgerr.NullValueNotAllowed, "array subscript in assignment must not be null")
}

func errSubscripts() error {
	return pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
}

func errSubscriptRange() error {
	return pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
}

// setElement is a copy of an array with another element (array_set_element):
// what has one dimension grows to where it lies.
func setElement(a *types.Array, subs []int64, v types.Datum) (types.Datum, error) {
	b := sliceBounds{}
	for i, s := range subs {
		b.from[i], b.to[i] = s, s
	}
	if len(a.Dims) > 0 && len(a.Dims) != len(subs) {
		return types.Null, errSubscripts()
	}
	return b.put(a, len(subs), []types.Datum{v})
}

// sliceAssignment is array_subscript_assign_slice; a source that is NULL changes nothing.
func (c *compiler) sliceAssignment(e *Subscript, arg, value Eval) (Eval, error) {
	limits, err := c.limits(e)
	if err != nil {
		return nil, err
	}
	elem := e.T.Base().Elem
	return func(ctx *Context, row []types.Datum) (types.Datum, error) {
		whole, err := arg(ctx, row)
		if err != nil {
			return types.Null, err
		}
		a := arrayIn(whole, elem)
		b := fullSlice(a)
		null, err := limits.read(ctx, row, &b)
		if err != nil || null {
			return types.Null, nullSubscript(err)
		}
		v, err := value(ctx, row)
		if err != nil || v.IsNull() {
			return types.ArrayDatum(a), err
		}
		return b.assign(a, len(limits.upper), limits.open(), v.Array().Elems)
	}, nil
}

// assign is a copy of an array with a slice of n dimensions replaced by the
// first of elems (array_set_slice). open: not all bounds were given.
func (b *sliceBounds) assign(a *types.Array, n int, open bool, elems []types.Datum) (types.Datum, error) {
	switch {
	case len(a.Dims) == 0 && open:
		return types.Null, pgerr.New(pgerr.ArraySubscriptError, "array slice subscript must provide both boundaries").
			WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
	case len(a.Dims) > 0 && len(a.Dims) < n:
		return types.Null, errSubscripts()
	}
	n = max(n, len(a.Dims))
	items := int64(1)
	for i := range n {
		if len(a.Dims) == 0 && b.from[i] > b.to[i]+1 {
			return types.Null, checkItems(math.MaxInt32) // as ArrayGetNItems has it
		}
		if len(a.Dims) > 0 && b.from[i] > b.to[i] {
			return types.Null, pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		items *= b.to[i] - b.from[i] + 1
		if err := checkItems(items); err != nil {
			return types.Null, err
		}
	}
	if items > int64(len(elems)) {
		return types.Null, pgerr.New(pgerr.ArraySubscriptError, "source array too small")
	}
	return b.put(a, n, elems[:items])
}

// checkItems refuses arrays that are too large (54000).
func checkItems(n int64) error {
	var size types.ArraySize
	return size.AddCopies(int(n), types.Null)
}

// put is a copy of an array with elems at the bounds of n dimensions. One that
// is empty gets these bounds; one of one dimension grows, with NULLs in between.
func (b *sliceBounds) put(a *types.Array, n int, elems []types.Datum) (types.Datum, error) {
	out := &types.Array{Elem: a.Elem}
	switch {
	case len(a.Dims) == 0:
		for i := range n {
			out.Dims, out.Lower = append(out.Dims, int32(b.to[i]-b.from[i]+1)), append(out.Lower, int32(b.from[i]))
		}
		if len(elems) == 0 {
			return types.ArrayDatum(&types.Array{Elem: a.Elem}), nil
		}
		if _, err := types.CheckArraySize(out.Dims, out.Lower); err != nil {
			return types.Null, err
		}
		out.Elems = append(out.Elems, elems...)
		return types.ArrayDatum(out), nil
	case len(a.Dims) == 1:
		first := min(int64(a.Lower[0]), b.from[0])
		size := max(int64(a.Lower[0])+int64(a.Dims[0])-1, b.to[0]) - first + 1
		if err := checkItems(size); err != nil {
			return types.Null, err
		}
		out.Dims, out.Lower = []int32{int32(size)}, []int32{int32(first)}
		if _, err := types.CheckArraySize(out.Dims, out.Lower); err != nil {
			return types.Null, err
		}
		out.Elems = make([]types.Datum, size)
		copy(out.Elems[int64(a.Lower[0])-first:], a.Elems)
		copy(out.Elems[b.from[0]-first:], elems)
		return types.ArrayDatum(out), nil
	}
	for i := range a.Dims {
		if b.from[i] < int64(a.Lower[i]) || b.to[i] >= int64(a.Lower[i])+int64(a.Dims[i]) {
			return types.Null, errSubscriptRange()
		}
	}
	out.Dims, out.Lower, out.Elems = a.Dims, a.Lower, append([]types.Datum(nil), a.Elems...)
	b.fill(out, 0, 0, elems)
	return types.ArrayDatum(out), nil
}

// fill puts elems where the bounds are from dimension dim on; at is where the
// array's elements of the dimensions before lie. It returns those that are left.
func (b *sliceBounds) fill(a *types.Array, dim int, at int64, elems []types.Datum) []types.Datum {
	for s := b.from[dim]; s <= b.to[dim]; s++ {
		i := at*int64(a.Dims[dim]) + s - int64(a.Lower[dim])
		if dim+1 < len(a.Dims) {
			elems = b.fill(a, dim+1, i, elems)
			continue
		}
		a.Elems[i], elems = elems[0], elems[1:]
	}
	return elems
}
