package builtin

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// arrayImpls ask arrays for their shape and contents (arrayfuncs.c, array_userfuncs.c).
var arrayImpls = impls{
	"array_ndims": arrayNDims, "array_dims": arrayDims, "array_lower": arrayBound(func(low, _ int32) int32 { return low }),
	"array_upper":  arrayBound(func(low, n int32) int32 { return low + n - 1 }),
	"array_length": arrayBound(func(_, n int32) int32 { return n }),
	"array_cardinality": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Array().Elems))), nil
	},
	"arraycontains": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return contains(ctx, a[0].Array(), a[1].Array())
	},
	"arraycontained": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return contains(ctx, a[1].Array(), a[0].Array())
	},
	"arrayoverlap": arrayOverlap,
	"array_remove": arrayRemove, "array_replace": arrayReplace,
	"array_position": arrayPosition, "array_position_start": arrayPosition, "array_positions": arrayPositions,
	"array_to_text": arrayToText, "array_to_text_null": arrayToText,
	"text_to_array": textToArray, "text_to_array_null": textToArray,
	"trim_array": trimArray, "width_bucket_array": widthBucketArray,
}

// arrayBinds make arrays, whose type the call decides.
var arrayBinds = bindImpls{
	"array_append": bindElem(appendElem), "array_prepend": bindElem(prependElem), "array_cat": bindElem(arrayCat),
	"array_fill": bindElem(fillArray), "array_fill_with_lower_bounds": bindElem(fillArray),
}

// arrayRows take arrays apart.
var arrayRows = rowsImpls{
	"array_unnest":              unnest,
	"generate_subscripts_nodir": subscripts,
	"generate_subscripts":       subscripts,
	"text_to_table":             textToTable,
	"text_to_table_null":        textToTable,
}

// bindElem gives f the element type of the call's array result.
func bindElem(f func(ctx *expr.Context, elem *types.Type, a []types.Datum) (types.Datum, error)) bindImpl {
	return func(_ []*types.Type, result *types.Type) impl {
		elem := result.Base().Elem
		return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) { return f(ctx, elem, a) }
	}
}

func arrayNDims(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := len(a[0].Array().Dims)
	if n == 0 {
		return types.Null, nil
	}
	return types.Int(int64(n)), nil
}

func arrayDims(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	array := a[0].Array()
	if len(array.Dims) == 0 {
		return types.Null, nil
	}
	var b []byte
	for i, n := range array.Dims {
		b = types.AppendInt(append(b, '['), int64(array.Lower[i]))
		b = types.AppendInt(append(b, ':'), int64(array.Lower[i])+int64(n)-1)
		b = append(b, ']')
	}
	return types.Text(string(b)), nil
}

func arrayBound(f func(lower, length int32) int32) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		array, dim := a[0].Array(), a[1].Int()
		if dim < 1 || dim > int64(len(array.Dims)) {
			return types.Null, nil
		}
		return types.Int(int64(f(array.Lower[dim-1], array.Dims[dim-1]))), nil
	}
}

// contains reports whether every element of part is in whole; NULLs never are.
func contains(ctx *expr.Context, whole, part *types.Array) (types.Datum, error) {
	if err := equatable(part.Elem); err != nil {
		return types.Null, err
	}
	for _, p := range part.Elems {
		if p.IsNull() {
			return types.False, nil
		}
		if found, err := holdsElem(ctx, whole, p); err != nil || !found {
			return types.False, err
		}
	}
	return types.True, nil
}

// compareWork is about what a comparison of two elements costs, in bytes read.
const compareWork = 8

// elemWork is about what making an element costs, in bytes read.
const elemWork = 24

func holdsElem(ctx *expr.Context, array *types.Array, v types.Datum) (bool, error) {
	m := marks{ctx: ctx}
	for i, e := range array.Elems {
		if err := m.reached(i * compareWork); err != nil {
			return false, err
		}
		if !e.IsNull() && array.Elem.Compare(e, v) == 0 {
			return true, ctx.Spend(compareWork*(i+1) - m.next)
		}
	}
	return false, ctx.Spend(compareWork*len(array.Elems) - m.next)
}

func arrayOverlap(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	x, y := a[0].Array(), a[1].Array()
	if err := equatable(x.Elem); err != nil {
		return types.Null, err
	}
	for _, e := range x.Elems {
		if e.IsNull() {
			continue
		}
		if found, err := holdsElem(ctx, y, e); err != nil || found {
			return types.Bool(found), err
		}
	}
	return types.False, nil
}

// eachElem calls f for the elements of an array until it fails.
func eachElem(ctx *expr.Context, array *types.Array, f func(i int, e types.Datum) error) error {
	m := marks{ctx: ctx}
	for i, e := range array.Elems {
		if err := m.reached(i * elemWork); err != nil {
			return err
		}
		if err := f(i, e); err != nil {
			return err
		}
	}
	return nil
}

// joinElems are the elements of several lists, in new memory.
func joinElems(ctx *expr.Context, lists ...[]types.Datum) ([]types.Datum, error) {
	n := 0
	for _, l := range lists {
		n += len(l)
	}
	out := make([]types.Datum, 0, n)
	for _, l := range lists {
		for len(l) > 0 {
			some := min(len(l), pieceBytes/elemWork)
			out = append(out, l[:some]...)
			l = l[some:]
			if err := ctx.Spend(some * elemWork); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// sameElem is IS NOT DISTINCT FROM.
func sameElem(t *types.Type, a, b types.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return t.Compare(a, b) == 0
}

func arrayRemove(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	array := a[0].Array()
	if len(array.Elems) == 0 {
		return a[0], nil
	}
	if len(array.Dims) > 1 {
		return types.Null, pgerr.New(pgerr.FeatureNotSupported, "removing elements from multidimensional arrays is not supported")
	}
	if err := equatable(array.Elem); err != nil {
		return types.Null, err
	}
	var kept []types.Datum
	if err := eachElem(ctx, array, func(_ int, e types.Datum) error {
		if !sameElem(array.Elem, e, a[1]) {
			kept = append(kept, e)
		}
		return nil
	}); err != nil {
		return types.Null, err
	}
	if len(kept) == len(array.Elems) {
		return a[0], nil
	}
	out := types.NewArray(array.Elem, kept)
	if len(kept) > 0 {
		out.Lower[0] = array.Lower[0]
	}
	return types.ArrayDatum(out), nil
}

func arrayReplace(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	out := *a[0].Array()
	if len(out.Elems) == 0 {
		return a[0], nil
	}
	if err := equatable(out.Elem); err != nil {
		return types.Null, err
	}
	out.Elems = make([]types.Datum, 0, len(out.Elems))
	var size types.ArraySize
	err := eachElem(ctx, a[0].Array(), func(_ int, e types.Datum) error {
		if sameElem(out.Elem, e, a[1]) {
			e = a[2]
		}
		out.Elems = append(out.Elems, e)
		return size.Add(e)
	})
	return types.ArrayDatum(&out), err
}

func errSearchDims() error {
	return pgerr.New(pgerr.FeatureNotSupported, "searching for elements in multidimensional arrays is not supported")
}

func arrayPosition(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	array := a[0].Array()
	switch {
	case len(array.Dims) > 1:
		return types.Null, errSearchDims()
	case len(array.Elems) == 0 || a[1].IsNull() && !slices.ContainsFunc(array.Elems, types.Datum.IsNull):
		return types.Null, nil
	}
	from := int64(0)
	if len(a) > 2 {
		if a[2].IsNull() {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
		}
		from = max(a[2].Int()-int64(array.Lower[0]), 0)
	}
	if err := equatable(array.Elem); err != nil {
		return types.Null, err
	}
	m := marks{ctx: ctx}
	for i := from; i < int64(len(array.Elems)); i++ {
		if err := m.reached(int(i) * elemWork); err != nil {
			return types.Null, err
		}
		if sameElem(array.Elem, array.Elems[i], a[1]) {
			return types.Int(i + int64(array.Lower[0])), nil
		}
	}
	return types.Null, nil
}

func arrayPositions(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	array := a[0].Array()
	if len(array.Dims) > 1 {
		return types.Null, errSearchDims()
	}
	if len(array.Elems) == 0 || a[1].IsNull() && !slices.ContainsFunc(array.Elems, types.Datum.IsNull) {
		return types.ArrayDatum(types.NewArray(types.TInt4, nil)), nil
	}
	if err := equatable(array.Elem); err != nil {
		return types.Null, err
	}
	var found []types.Datum
	err := eachElem(ctx, array, func(i int, e types.Datum) error {
		if sameElem(array.Elem, e, a[1]) {
			found = append(found, types.Int(int64(i)+int64(array.Lower[0])))
		}
		return nil
	})
	return types.ArrayDatum(types.NewArray(types.TInt4, found)), err
}

// arrayOrEmpty is an array, or a NULL array's stand-in: the empty one.
func arrayOrEmpty(elem *types.Type, d types.Datum) *types.Array {
	if d.IsNull() {
		return types.NewArray(elem, nil)
	}
	return d.Array()
}

func errNotOneDimension() error {
	return pgerr.New(pgerr.DataException, "argument must be empty or one-dimensional array")
}

func appendElem(ctx *expr.Context, elem *types.Type, a []types.Datum) (types.Datum, error) {
	array := arrayOrEmpty(elem, a[0])
	if len(array.Dims) > 1 {
		return types.Null, errNotOneDimension()
	}
	if err := oneMore(ctx, array, a[1]); err != nil {
		return types.Null, err
	}
	elems, err := joinElems(ctx, array.Elems, a[1:2])
	if err != nil {
		return types.Null, err
	}
	out := types.NewArray(elem, elems)
	if len(array.Lower) > 0 {
		out.Lower[0] = array.Lower[0]
		if _, err := int4Limits.add(int64(out.Lower[0]), int64(out.Dims[0])-1); err != nil {
			return types.Null, err
		}
	}
	return types.ArrayDatum(out), nil
}

func prependElem(ctx *expr.Context, elem *types.Type, a []types.Datum) (types.Datum, error) {
	array := arrayOrEmpty(elem, a[1])
	if len(array.Dims) > 1 {
		return types.Null, errNotOneDimension()
	}
	if err := oneMore(ctx, array, a[0]); err != nil {
		return types.Null, err
	}
	elems, err := joinElems(ctx, a[:1], array.Elems)
	if err != nil {
		return types.Null, err
	}
	out := types.NewArray(elem, elems)
	if len(array.Lower) > 0 {
		out.Lower[0] = array.Lower[0]
	}
	return types.ArrayDatum(out), nil
}

// oneMore refuses an element that makes an array too large.
func oneMore(ctx *expr.Context, array *types.Array, elem types.Datum) error {
	var size types.ArraySize
	if err := addElems(ctx, &size, array); err != nil {
		return err
	}
	return size.Add(elem)
}

// addElems counts the elements of an array into a size.
func addElems(ctx *expr.Context, size *types.ArraySize, array *types.Array) error {
	return eachElem(ctx, array, func(_ int, e types.Datum) error { return size.Add(e) })
}

func errIncompatible(detail string) error {
	return pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail("%s", detail)
}

// arrayCat is array || array: of equal dimensions, or one a slice of the other
// (array_cat).
func arrayCat(ctx *expr.Context, _ *types.Type, a []types.Datum) (types.Datum, error) {
	switch {
	case a[0].IsNull():
		return a[1], nil
	case a[1].IsNull():
		return a[0], nil
	}
	x, y := a[0].Array(), a[1].Array()
	switch {
	case len(x.Dims) == 0:
		return a[1], nil
	case len(y.Dims) == 0:
		return a[0], nil
	}
	var size types.ArraySize
	for _, array := range []*types.Array{x, y} {
		if err := addElems(ctx, &size, array); err != nil {
			return types.Null, err
		}
	}
	elems, err := joinElems(ctx, x.Elems, y.Elems)
	if err != nil {
		return types.Null, err
	}
	out := &types.Array{Elem: x.Elem, Elems: elems}
	switch len(x.Dims) - len(y.Dims) {
	case 0:
		if !slices.Equal(x.Dims[1:], y.Dims[1:]) || !slices.Equal(x.Lower[1:], y.Lower[1:]) {
			return types.Null, errIncompatible("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		out.Dims, out.Lower = slices.Clone(x.Dims), x.Lower
		out.Dims[0] += y.Dims[0]
	case 1:
		if !slices.Equal(x.Dims[1:], y.Dims) || !slices.Equal(x.Lower[1:], y.Lower) {
			return types.Null, errIncompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		out.Dims, out.Lower = slices.Clone(x.Dims), x.Lower
		out.Dims[0]++
	case -1:
		if !slices.Equal(y.Dims[1:], x.Dims) || !slices.Equal(y.Lower[1:], x.Lower) {
			return types.Null, errIncompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		out.Dims, out.Lower = slices.Clone(y.Dims), y.Lower
		out.Dims[0]++
	default:
		return types.Null, errIncompatible("Arrays of " + string(types.AppendInt(nil, int64(len(x.Dims)))) + " and " +
			string(types.AppendInt(nil, int64(len(y.Dims)))) + " dimensions are not compatible for concatenation.")
	}
	if _, err := types.CheckArraySize(out.Dims, out.Lower); err != nil {
		return types.Null, err
	}
	return types.ArrayDatum(out), nil
}

// fillArray is array_fill(value, dims [, lower bounds]).
func fillArray(ctx *expr.Context, elem *types.Type, a []types.Datum) (types.Datum, error) {
	if a[1].IsNull() || len(a) > 2 && a[2].IsNull() {
		return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
	}
	dims, err := smallInts(a[1].Array())
	if err != nil {
		return types.Null, err
	}
	lower := slices.Repeat([]int32{1}, len(dims))
	if len(a) > 2 {
		if lower, err = smallInts(a[2].Array()); err != nil {
			return types.Null, err
		}
		if len(lower) != len(dims) {
			return types.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
				WithDetail("Low bound array has different size than dimensions array.")
		}
	}
	if len(dims) > expr.MaxArrayDims {
		return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)",
			len(dims), expr.MaxArrayDims)
	}
	n, err := types.CheckArraySize(dims, lower)
	if err != nil {
		return types.Null, err
	}
	if n == 0 || len(dims) == 0 {
		return types.ArrayDatum(types.NewArray(elem, nil)), nil
	}
	if err := new(types.ArraySize).AddCopies(n, a[0]); err != nil {
		return types.Null, err
	}
	elems, err := repeatElem(ctx, a[0], n)
	return types.ArrayDatum(&types.Array{Elem: elem, Dims: dims, Lower: lower, Elems: elems}), err
}

func repeatElem(ctx *expr.Context, e types.Datum, n int) ([]types.Datum, error) {
	piece := slices.Repeat([]types.Datum{e}, min(n, pieceBytes/elemWork))
	lists := slices.Repeat([][]types.Datum{piece}, n/len(piece))
	return joinElems(ctx, append(lists, piece[:n%len(piece)])...)
}

// smallInts are the values of a one-dimensional array of integers.
func smallInts(array *types.Array) ([]int32, error) {
	if len(array.Dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").
			WithDetail("Dimension array must be one dimensional.")
	}
	out := make([]int32, len(array.Elems))
	for i, e := range array.Elems {
		if e.IsNull() {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
		}
		out[i] = int32(e.Int())
	}
	return out, nil
}

// trimArray is trim_array(array, n): without the last n.
func trimArray(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	array, n := a[0].Array(), a[1].Int()
	length := int64(0)
	if len(array.Dims) > 0 {
		length = int64(array.Dims[0])
	}
	if n < 0 || n > length {
		return types.Null, pgerr.New(pgerr.ArraySubscriptError, "number of elements to trim must be between 0 and %d", length)
	}
	if n == length {
		return types.ArrayDatum(types.NewArray(array.Elem, nil)), nil
	}
	out := &types.Array{Elem: array.Elem, Dims: slices.Clone(array.Dims), Lower: slices.Repeat([]int32{1}, len(array.Dims))}
	out.Dims[0] -= int32(n)
	out.Elems = array.Elems[:int64(len(array.Elems))/length*(length-n)]
	return types.ArrayDatum(out), nil
}

// widthBucketArray is width_bucket(operand, thresholds), which ascend.
func widthBucketArray(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	array := a[1].Array()
	if len(array.Dims) > 1 {
		return types.Null, pgerr.New(pgerr.ArraySubscriptError, "thresholds must be one-dimensional array")
	}
	if array.HasNull() {
		return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
	}
	low, high := 0, len(array.Elems)
	for low < high {
		mid := (low + high) / 2
		if array.Elem.Compare(a[0], array.Elems[mid]) < 0 {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return types.Int(int64(low)), nil
}

// arrayToText is array_to_string(array, separator [, text for NULL]).
func arrayToText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return types.Null, nil
	}
	array, between, b := a[0].Array(), "", buffer{ctx: ctx}
	for _, e := range array.Elems {
		var s string
		var err error
		switch {
		case !e.IsNull():
			s, err = expr.Text(ctx, array.Elem, e)
		case len(a) > 2 && !a[2].IsNull():
			s = a[2].Text()
		default:
			continue
		}
		if err == nil {
			err = b.add(between, s)
		}
		if err != nil {
			return types.Null, err
		}
		between = a[1].Text()
	}
	return types.Text(b.text()), nil
}

// splitText yields what string_to_array(s, separator [, text for NULL]) makes:
// a NULL separator parts every character.
func splitText(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) (err error) {
	s, sep := a[0].Text(), ""
	if s == "" {
		return nil
	}
	if !a[1].IsNull() {
		sep = a[1].Text()
	}
	for more := true; more; {
		part := s
		switch {
		case a[1].IsNull():
			part, s = s[:byteOffset(s, 1)], s[byteOffset(s, 1):]
			more = s != ""
		case sep == "":
			more = false
		default:
			if part, s, more, err = cut(ctx, s, sep); err != nil {
				return err
			}
		}
		d := types.Text(part)
		if len(a) > 2 && !a[2].IsNull() && a[2].Text() == part {
			d = types.Null
		}
		if !yield(d) {
			return nil
		}
	}
	return nil
}

func textToArray(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].IsNull() {
		return types.Null, nil
	}
	s, parts := a[0].Text(), 1
	if a[1].IsNull() {
		n, err := runes(ctx, s)
		if err != nil {
			return types.Null, err
		}
		parts = int(n)
	} else if sep := a[1].Text(); sep != "" {
		n, err := count(ctx, s, sep)
		if err != nil {
			return types.Null, err
		}
		parts += n
	}
	if err := new(types.ArraySize).AddCopies(parts, types.Null); err != nil {
		return types.Null, err
	}
	return collectArray(ctx, types.TText, func(yield func(types.Datum) bool) error { return splitText(ctx, a, yield) })
}

// collectArray is an array of what each yields.
func collectArray(ctx *expr.Context, elem *types.Type, each func(yield func(types.Datum) bool) error) (types.Datum, error) {
	var out []types.Datum
	var size types.ArraySize
	var failed error
	err := each(func(d types.Datum) bool {
		if failed = size.Add(d); failed == nil {
			failed = ctx.Spend(d.ByteLen() + elemWork)
		}
		out = append(out, d)
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return types.Null, err
	}
	return types.ArrayDatum(types.NewArray(elem, out)), nil
}

func textToTable(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	if a[0].IsNull() {
		return nil
	}
	return splitText(ctx, a, yield)
}

func yieldAll(list []types.Datum, yield func(types.Datum) bool) error {
	for _, d := range list {
		if !yield(d) {
			break
		}
	}
	return nil
}

func unnest(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	return yieldAll(a[0].Array().Elems, yield)
}

// subscripts is generate_subscripts(array, dim [, reverse]).
func subscripts(_ *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	array, dim := a[0].Array(), a[1].Int()
	if dim < 1 || dim > int64(len(array.Dims)) {
		return nil
	}
	low, n := int64(array.Lower[dim-1]), int64(array.Dims[dim-1])
	for i := range n {
		at := low + i
		if len(a) > 2 && a[2].Bool() {
			at = low + n - 1 - i
		}
		if !yield(types.Int(at)) {
			break
		}
	}
	return nil
}

func textArray(parts []string) types.Datum {
	elems := make([]types.Datum, len(parts))
	for i, p := range parts {
		elems[i] = types.Text(p)
	}
	return types.ArrayDatum(types.NewArray(types.TText, elems))
}
