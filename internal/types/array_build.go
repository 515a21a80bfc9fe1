package types

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// ArrayBuilder stacks arrays of one shape into an array of one dimension more,
// as array_agg and ARRAY(SELECT …) do (accumArrayResultArr in arrayfuncs.c).
type ArrayBuilder struct {
	n    int32
	size ArraySize
	out  Array
}

// Add appends an array; 22004 and 2202E are those that do not fit, 54000 one too many.
func (b *ArrayBuilder) Add(d Datum) error {
	if d.IsNull() {
		return pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
	}
	a := d.Array()
	switch {
	case len(a.Dims) == 0:
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
	case b.n == 0 && len(a.Dims) >= maxArrayDims:
		return errArrayDims(len(a.Dims) + 1)
	case b.n == 0:
		b.out.Dims, b.out.Lower = append([]int32{0}, a.Dims...), append([]int32{1}, a.Lower...)
	case !slices.Equal(b.out.Dims[1:], a.Dims) || !slices.Equal(b.out.Lower[1:], a.Lower):
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	}
	if err := b.size.AddArray(a); err != nil {
		return err
	}
	b.n++
	b.out.Elems = append(b.out.Elems, a.Elems...)
	return nil
}

// Array is what there is so far, of elements of type elem; nil when nothing
// was added. Later additions do not change it.
func (b *ArrayBuilder) Array(elem *Type) *Array {
	if b.n == 0 {
		return nil
	}
	return &Array{
		Elem: elem, Dims: append([]int32{b.n}, b.out.Dims[1:]...), Lower: b.out.Lower,
		Elems: b.out.Elems[:len(b.out.Elems):len(b.out.Elems)],
	}
}
