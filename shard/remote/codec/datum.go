package codec

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// maxDepth bounds the nesting of arrays, rows and types that are decoded, so
// that bytes from elsewhere cannot exhaust the stack.
const maxDepth = 1000

// datum writes a value by its Go form: a parameter needs no type to travel.
func (w *encoder) datum(d types.Datum) {
	w.byte(byte(d.Kind()))
	switch d.Kind() {
	case types.KindNull:
	case types.KindBool:
		w.bool(d.Bool())
	case types.KindInt:
		w.int(d.Int())
	case types.KindFloat:
		w.b = types.TFloat8.Encode(nil, w.b, d)
	case types.KindText:
		w.string(d.Text())
	case types.KindBytes:
		b := d.Bytes()
		w.uint(uint64(len(b)))
		w.b = append(w.b, b...)
	case types.KindDecimal:
		form := types.TNumeric.Encode(nil, nil, d)
		w.uint(uint64(len(form)))
		w.b = append(w.b, form...)
	case types.KindInterval:
		v := d.Interval()
		w.int(v.Micros)
		w.int(int64(v.Days))
		w.int(int64(v.Months))
	case types.KindTimeTZ:
		v := d.TimeTZ()
		w.int(v.Micros)
		w.int(int64(v.ZoneWestS))
	case types.KindArray:
		w.array(d.Array())
	case types.KindRow:
		w.row(d.Row())
	case types.KindRange:
		w.ranged(d.Range())
	case types.KindMultirange:
		writeList(w, d.Multirange(), func(r **types.Range) { w.ranged(*r) })
	default:
		w.fail(pgerr.Internal("a value of kind %d cannot travel to a shard", d.Kind()))
	}
}

func (w *encoder) array(a *types.Array) {
	w.typ(a.Elem)
	int32s := func(list []int32) {
		writeList(w, list, func(v *int32) { w.int(int64(*v)) })
	}
	int32s(a.Dims)
	int32s(a.Lower)
	w.datums(a.Elems)
}

func (w *encoder) row(v *types.Row) {
	writeList(w, v.Types, func(t **types.Type) { w.typ(*t) })
	writeList(w, v.Names, func(s *string) { w.string(*s) })
	w.datums(v.Fields)
}

// ranged writes a range: whether it is empty, and its bounds.
func (w *encoder) ranged(v *types.Range) {
	w.bool(v.Empty)
	for _, b := range []types.Bound{v.Lower, v.Upper} {
		w.bool(b.Infinite)
		w.bool(b.Inclusive)
		w.datum(b.Value)
	}
}

func (w *encoder) datums(list []types.Datum) {
	writeList(w, list, func(d *types.Datum) { w.datum(*d) })
}

func (r *decoder) datum() types.Datum {
	if r.depth++; r.depth > maxDepth {
		r.fail("nested too deeply")
	}
	defer func() { r.depth-- }()
	switch kind := types.Kind(r.byte()); kind {
	case types.KindNull:
		return types.Null
	case types.KindBool:
		return types.Bool(r.bool())
	case types.KindInt:
		return types.Int(r.int())
	case types.KindFloat:
		return r.form(types.TFloat8, r.take(8))
	case types.KindText:
		return types.Text(r.value())
	case types.KindBytes:
		return types.Bytes(r.take(r.uint()))
	case types.KindDecimal:
		return r.form(types.TNumeric, r.take(r.uint()))
	case types.KindInterval:
		return types.IntervalDatum(types.Interval{Micros: r.int(), Days: r.int32(), Months: r.int32()})
	case types.KindTimeTZ:
		return types.TimeTZDatum(types.TimeTZ{Micros: r.int(), ZoneWestS: r.int32()})
	case types.KindArray:
		return r.array()
	case types.KindRow:
		return r.row()
	case types.KindRange:
		return types.RangeDatum(r.ranged())
	case types.KindMultirange:
		return types.MultirangeDatum(readList(r, func(v **types.Range) { *v = r.ranged() }))
	default:
		r.fail("value of kind %d", kind)
		return types.Null
	}
}

// form reads a type's binary form.
func (r *decoder) form(t *types.Type, b []byte) types.Datum {
	if r.err != nil {
		return types.Null
	}
	d, err := t.Decode(nil, b, -1)
	if err != nil {
		r.fail("%s: %s", t.Name, err.Error())
		return types.Null
	}
	return d
}

// ranged reads a range; a bound that says to have a value has one.
func (r *decoder) ranged() *types.Range {
	v := &types.Range{Empty: r.bool()}
	for _, b := range []*types.Bound{&v.Lower, &v.Upper} {
		*b = types.Bound{Infinite: r.bool(), Inclusive: r.bool(), Value: r.datum()}
		if has := !v.Empty && !b.Infinite; has == b.Value.IsNull() {
			r.fail("bound of a range")
		}
	}
	return v
}

func (r *decoder) array() types.Datum {
	a := &types.Array{Elem: r.typ()}
	if a.Elem == nil {
		r.fail("array without a type")
	}
	int32s := func() []int32 {
		return readList(r, func(v *int32) { *v = r.int32() })
	}
	a.Dims, a.Lower, a.Elems = int32s(), int32s(), r.datums()
	elems := int64(1)
	for _, n := range a.Dims {
		if n < 1 || elems > int64(len(a.Elems)) {
			r.fail("array dimension of %d", n)
			return types.Null
		}
		elems *= int64(n)
	}
	if len(a.Dims) == 0 {
		elems = 0
	}
	if len(a.Dims) != len(a.Lower) || elems != int64(len(a.Elems)) {
		r.fail("array of %d elements", len(a.Elems))
	}
	return types.ArrayDatum(a)
}

func (r *decoder) row() types.Datum {
	v := &types.Row{
		Types: readList(r, func(t **types.Type) {
			if *t = r.typ(); *t == nil {
				r.fail("field without a type")
			}
		}),
		Names: readList(r, func(s *string) { *s = r.string() }),
	}
	v.Fields = r.datums()
	if len(v.Types) != len(v.Fields) || v.Names != nil && len(v.Names) != len(v.Fields) {
		r.fail("row of %d fields", len(v.Fields))
	}
	return types.RowDatum(v)
}

func (r *decoder) datums() []types.Datum {
	return readList(r, func(d *types.Datum) { *d = r.datum() })
}
