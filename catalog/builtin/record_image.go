package builtin

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cockroachdb/apd/v3"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// recordImageImpls compare records by the bytes that their fields have in
// PostgreSQL's memory (rowtypes.c): *= and its like. The order is of no use but to be one.
var recordImageImpls = makeRecordImageImpls()

func makeRecordImageImpls() impls {
	out := impls{"btrecordimagecmp": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		c, err := compareImages(ctx, a[0].Row(), a[1].Row())
		return types.Int(int64(c)), err
	}}
	for suffix, op := range operations {
		out["record_image_"+suffix] = func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
			x, y := a[0].Row(), a[1].Row()
			c, err := compareImages(ctx, x, y)
			return holds(op, c), err
		}
	}
	return out
}

// compareImages is compareRow by images.
func compareImages(ctx *expr.Context, a, b *types.Row) (int, error) {
	for i := range a.Fields {
		if i >= len(b.Fields) {
			break
		}
		t, x, y := a.Types[i], a.Fields[i], b.Fields[i]
		if t != b.Types[i] {
			return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
				t.SQLName, b.Types[i].SQLName, i+1)
		}
		if err := ctx.Spend(x.ByteLen() + y.ByteLen()); err != nil {
			return 0, err
		}
		if c := compareImage(ctx, t, x, y); c != 0 {
			return c, nil
		}
	}
	if len(a.Fields) != len(b.Fields) {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}

func compareImage(ctx *expr.Context, t *types.Type, x, y types.Datum) int {
	switch {
	case x.IsNull() && y.IsNull():
		return 0
	case x.IsNull():
		return 1
	case y.IsNull():
		return -1
	}
	return bytes.Compare(image(ctx, t, x), image(ctx, t, y))
}

// image is what a value's bytes in memory compare by: a word is a number
// without a sign, everything else compares byte by byte, on a little-endian machine.
func image(ctx *expr.Context, t *types.Type, d types.Datum) []byte {
	switch d.Kind() {
	case types.KindBool, types.KindInt:
		return binary.BigEndian.AppendUint64(nil, uint64(d.Int()))
	case types.KindFloat:
		if t.Base() == types.TFloat4 {
			return binary.BigEndian.AppendUint64(nil, uint64(int32(math.Float32bits(float32(d.Float())))))
		}
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(d.Float()))
	case types.KindText:
		return []byte(d.Text())
	case types.KindDecimal:
		return numericImage(ctx, d)
	case types.KindInterval:
		v := d.Interval()
		b := binary.LittleEndian.AppendUint64(nil, uint64(v.Micros))
		b = binary.LittleEndian.AppendUint32(b, uint32(v.Days))
		return binary.LittleEndian.AppendUint32(b, uint32(v.Months))
	case types.KindTimeTZ:
		v := d.TimeTZ()
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, uint64(v.Micros)), uint32(v.ZoneWestS))
	}
	if t.Category == types.CategoryGeometric && t.Len > 0 {
		return flipWords(d.Bytes())
	}
	return t.Encode(ctx.Env, nil, d)
}

// flipWords turns the bytes of each word of eight round.
func flipWords(b []byte) []byte {
	out := bytes.Clone(b)
	for w := range slices.Chunk(out, 8) {
		slices.Reverse(w)
	}
	return out
}

// The header of a numeric (numeric.c): of the short form, the bits of its sign,
// display scale and weight; of NaN and the infinities all there is.
const (
	numericShort       = 0x8000
	numericShortMinus  = 0x2000
	numericMinus       = 0x4000
	numericNaN         = 0xC000
	numericInf         = 0xD000
	numericMinusInf    = 0xF000
	numericScaleShift  = 7
	numericScaleMax    = 0x3F
	numericWeightMin   = -64
	numericWeightMax   = 63
	numericWeightBits  = 0x7F
	numericWireHeader  = 8
	numericWireWeight  = 2
	numericWireSign    = 4
	numericWireDisplay = 6
)

// numericImage makes a numeric's bytes of its binary form, which has the same digits.
func numericImage(ctx *expr.Context, d types.Datum) []byte {
	v := d.Decimal()
	switch {
	case v.Form == apd.NaN:
		return binary.LittleEndian.AppendUint16(nil, numericNaN)
	case v.Form == apd.Infinite && v.Negative:
		return binary.LittleEndian.AppendUint16(nil, numericMinusInf)
	case v.Form == apd.Infinite:
		return binary.LittleEndian.AppendUint16(nil, numericInf)
	}
	wire := types.TNumeric.Encode(ctx.Env, nil, d)
	weight := int16(binary.BigEndian.Uint16(wire[numericWireWeight:]))
	minus := binary.BigEndian.Uint16(wire[numericWireSign:]) != 0
	scale := binary.BigEndian.Uint16(wire[numericWireDisplay:])
	var out []byte
	if scale <= numericScaleMax && weight >= numericWeightMin && weight <= numericWeightMax {
		header := numericShort | scale<<numericScaleShift | uint16(weight)&numericWeightBits
		if minus {
			header |= numericShortMinus
		}
		out = binary.LittleEndian.AppendUint16(out, header)
	} else {
		if minus {
			scale |= numericMinus
		}
		out = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, scale), uint16(weight))
	}
	for digits := wire[numericWireHeader:]; len(digits) > 0; digits = digits[2:] {
		out = append(out, digits[1], digits[0])
	}
	return out
}
