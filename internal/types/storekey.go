package types

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// The key form of values inside a BLOB. Keys are prefix-free: of two different
// ones neither begins the other, so they may stand one after another and whole
// sequences still compare as their values do.
//
//	bool                1 byte
//	integers            8 bytes, big endian, sign bit flipped (xid8, pg_lsn: not)
//	floats              8 bytes: order-preserving bits, -0 as 0, NaN above all
//	text                the bytes, 0
//	bytes               0 as 0 0xff, then 0 1
//	tsquery             as textsearch stores it
//	numeric             class; size, digits in pairs, end (complemented if negative)
//	interval            total days, 6 bytes; µs of the day, 6 bytes
//	timetz              µs in UTC, 8 bytes; zone, 4 bytes
//	array               per element 1 and its key, or 2 for NULL; 0; dimensions
//	row                 as array, then the number of fields
//	range               0 if empty, else 1; lower bound: 0 if infinite, else 1, its
//	                    key, 1 or 2 for [ or (; upper bound: 1 if infinite, else 0,
//	                    its key, 0 or 1 for ) or ]
//	multirange          per range 1 and its key; 0
//
// Display parts are empty but for numeric (scale), interval (months, days),
// floats inside arrays, rows and ranges (1 for -0), char(n) inside them (length of the
// padding), jsonb inside them (the text) and tsquery (weights and prefixes).

const (
	numericDisplayLen  = 2
	intervalDisplayLen = 8
)

// The marks before elements.
const (
	markEnd   = 0
	markValue = 1
	markNull  = 2
)

// The classes of numeric keys.
const (
	classNegInf byte = iota + 1
	classNegative
	classZero
	classPositive
	classInf
	classNaN
)

// lossless reports whether the key alone gives the value back, looks included.
func (t *Type) lossless() bool {
	switch t.Datum {
	case KindDecimal, KindInterval, KindFloat:
		return false
	case KindText:
		b := t.Base()
		return b != TBpchar && b != TJSONB
	case KindBytes:
		return t.Base() != TTSQuery
	}
	return t.KeyIsStored(-1)
}

// appendStored appends key and display part of the kinds that are stored so.
func (t *Type) appendStored(dst []byte, d Datum) []byte {
	dst, _ = t.appendKey(dst, d, nil) // work that is nil has no error
	start := len(dst)
	dst = t.appendDisplay(dst, d)
	if t.DisplayLen(-1) >= 0 {
		return dst
	}
	return binary.BigEndian.AppendUint32(dst, uint32(len(dst)-start))
}

// loadStored reads what appendStored wrote.
func (t *Type) loadStored(b []byte) (Datum, error) {
	display := t.DisplayLen(-1)
	if display < 0 {
		if len(b) < 4 {
			return Null, errCorrupt(t)
		}
		n := binary.BigEndian.Uint32(b[len(b)-4:])
		b = b[:len(b)-4]
		if uint64(n) > uint64(len(b)) {
			return Null, errCorrupt(t)
		}
		display = int(n)
	}
	if display > len(b) {
		return Null, errCorrupt(t)
	}
	r := keyReader{key: b[:len(b)-display], display: b[len(b)-display:]}
	d := r.value(t)
	if r.bad || len(r.key) != 0 || len(r.display) != 0 {
		return Null, errCorrupt(t)
	}
	return d, nil
}

// appendKey appends the key of a non-NULL d; its error is work's.
func (t *Type) appendKey(dst []byte, d Datum, work Work) ([]byte, error) {
	switch {
	case d.kind == KindArray:
		return appendArrayKey(dst, d.Array(), work)
	case d.kind == KindRow:
		return appendRowKey(dst, d.Row(), work)
	case d.kind == KindRange:
		return t.Ranges().appendKey(dst, d.Range(), work)
	case d.kind == KindMultirange:
		return t.Ranges().appendMultirangeKey(dst, d.Multirange(), work)
	case d.kind == KindText && t.Base() == TJSONB:
		return appendJSONBKeyLong(dst, d.Text(), work)
	case d.kind == KindBytes && t.Base() == TTSQuery:
		key, _ := d.queryParts()
		return append(dst, key...), work.spend(compareWork + len(key))
	}
	return t.appendPlainKey(dst, d), work.spend(compareWork + d.ByteLen())
}

// appendPlainKey appends the key of what has no parts.
func (t *Type) appendPlainKey(dst []byte, d Datum) []byte {
	switch d.kind {
	case KindBool:
		return append(dst, byte(d.n))
	case KindInt:
		return binary.BigEndian.AppendUint64(dst, uint64(storedInt(t, d.Int()))^1<<63)
	case KindFloat:
		return binary.BigEndian.AppendUint64(dst, orderedFloat(d.Float()))
	case KindText:
		if t.Base() == TBpchar {
			return append(append(dst, TrimBpchar(d.Text())...), 0)
		}
		return append(append(dst, d.Text()...), 0)
	case KindBytes:
		return appendEscaped(dst, d.Bytes())
	case KindDecimal:
		return appendNumericKey(dst, d.Decimal())
	case KindInterval:
		days, micros := d.Interval().span()
		dst = appendUint48(dst, uint64(days)+1<<47)
		return appendUint48(dst, uint64(micros))
	}
	v := d.TimeTZ()
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.utcMicros())^1<<63)
	return binary.BigEndian.AppendUint32(dst, uint32(v.ZoneWestS)^1<<31)
}

func appendUint48(dst []byte, v uint64) []byte {
	return append(dst, byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// orderedFloat maps floats to integers of the same order.
func orderedFloat(v float64) uint64 {
	if math.IsNaN(v) {
		return math.MaxUint64
	}
	if v == 0 {
		return 1 << 63
	}
	bits := math.Float64bits(v)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func unorderedFloat(v uint64) float64 {
	switch {
	case v == math.MaxUint64:
		return floatNaN
	case v>>63 != 0:
		return math.Float64frombits(v &^ (1 << 63))
	}
	return math.Float64frombits(^v)
}

func appendEscaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return append(append(dst, b...), 0, 1)
		}
		dst = append(append(dst, b[:i]...), 0, 0xff)
		b = b[i+1:]
	}
}

// numericSizeBias makes the position of the point a positive 24-bit number:
// it lies between -16383 and 131072.
const numericSizeBias = 1 << 23

func appendNumericKey(dst []byte, v *apd.Decimal) []byte {
	switch {
	case v.Form == apd.NaN:
		return append(dst, classNaN)
	case v.Form == apd.Infinite && v.Negative:
		return append(dst, classNegInf)
	case v.Form == apd.Infinite:
		return append(dst, classInf)
	case v.IsZero():
		return append(dst, classZero)
	}
	digits, top := significantDigits(v)
	class, flip := classPositive, byte(0)
	if v.Negative {
		class, flip = classNegative, 0xff
	}
	size := uint32(top + numericSizeBias)
	dst = append(dst, class, byte(size>>16)^flip, byte(size>>8)^flip, byte(size)^flip)
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, (pair+1)^flip)
	}
	return append(dst, flip)
}

func appendArrayKey(dst []byte, a *Array, work Work) (_ []byte, err error) {
	for _, e := range a.Elems {
		if dst, err = appendMarked(dst, a.Elem, e, work); err != nil {
			return nil, err
		}
	}
	dst = append(dst, markEnd, byte(len(a.Dims)))
	for _, n := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(n)^1<<31)
	}
	for _, n := range a.Lower {
		dst = binary.BigEndian.AppendUint32(dst, uint32(n)^1<<31)
	}
	return dst, nil
}

func appendMarked(dst []byte, t *Type, d Datum, work Work) ([]byte, error) {
	if d.IsNull() {
		return append(dst, markNull), nil
	}
	return t.appendKey(append(dst, markValue), d, work)
}

func appendRowKey(dst []byte, r *Row, work Work) (_ []byte, err error) {
	for i, f := range r.Fields {
		if dst, err = appendMarked(dst, r.Types[i], f, work); err != nil {
			return nil, err
		}
	}
	return binary.BigEndian.AppendUint16(append(dst, markEnd), uint16(len(r.Fields))), nil
}

// appendDisplay appends the display part of a non-NULL d.
func (t *Type) appendDisplay(dst []byte, d Datum) []byte {
	switch d.kind {
	case KindDecimal:
		return binary.BigEndian.AppendUint16(dst, uint16(-d.Decimal().Exponent))
	case KindInterval:
		v := d.Interval()
		return appendInt32(appendInt32(dst, v.Months), v.Days)
	case KindFloat:
		if d.n == 1<<63 {
			return append(dst, 1)
		}
		return append(dst, 0)
	case KindText:
		switch s := d.Text(); t.Base() {
		case TBpchar:
			return binary.BigEndian.AppendUint32(dst, uint32(len(s)-len(TrimBpchar(s))))
		case TJSONB:
			return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
		}
	case KindBytes:
		if t.Base() == TTSQuery {
			_, looks := d.queryParts()
			return append(dst, looks...)
		}
	case KindArray:
		a := d.Array()
		for _, e := range a.Elems {
			if !e.IsNull() {
				dst = a.Elem.appendDisplay(dst, e)
			}
		}
	case KindRow:
		return t.appendRowDisplay(dst, d.Row())
	case KindRange:
		return t.Ranges().appendDisplay(dst, d.Range())
	case KindMultirange:
		for _, r := range d.Multirange() {
			dst = t.Ranges().appendDisplay(dst, r)
		}
	}
	return dst
}

// appendRowDisplay begins an anonymous record with its types, which the type
// "record" does not know.
func (t *Type) appendRowDisplay(dst []byte, r *Row) []byte {
	if t.Columns() == nil {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(r.Fields)))
		for _, ft := range r.Types {
			dst = binary.BigEndian.AppendUint32(dst, uint32(ft.OID))
		}
	}
	for i, f := range r.Fields {
		if !f.IsNull() {
			dst = r.Types[i].appendDisplay(dst, f)
		}
	}
	return dst
}

// keyReader reads keys and display parts side by side. After bad is set, what
// it returns means nothing.
type keyReader struct {
	key, display []byte
	depth        int
	bad          bool
}

// maxKeyDepth bounds the nesting of rows in arrays in rows of a damaged BLOB.
const maxKeyDepth = 200

// take cuts n bytes off *b; the bytes are zero when there are not as many.
func (r *keyReader) take(b *[]byte, n int) []byte {
	if n < 0 || n > len(*b) {
		r.bad = true
		if n < 0 || n > 16 {
			return nil
		}
		return make([]byte, n)
	}
	out := (*b)[:n]
	*b = (*b)[n:]
	return out
}

func (r *keyReader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(&r.key, 8)) }

func (r *keyReader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(&r.key, 4)) }

func (r *keyReader) uint48() uint64 {
	var b [8]byte
	copy(b[2:], r.take(&r.key, 6))
	return binary.BigEndian.Uint64(b[:])
}

// text reads up to the zero byte.
func (r *keyReader) text() string {
	i := bytes.IndexByte(r.key, 0)
	if i < 0 {
		r.bad = true
		return ""
	}
	s := string(r.key[:i])
	r.key = r.key[i+1:]
	return s
}

func (r *keyReader) value(t *Type) Datum {
	if r.depth++; r.depth > maxKeyDepth {
		r.bad = true
		return Null
	}
	defer func() { r.depth-- }()
	switch t.Datum {
	case KindBool:
		return Bool(r.take(&r.key, 1)[0] != 0)
	case KindInt:
		return Int(storedInt(t, int64(r.uint64()^1<<63)))
	case KindFloat:
		v := unorderedFloat(r.uint64())
		if r.take(&r.display, 1)[0] == 1 {
			v = math.Copysign(v, -1)
		}
		return Float(v)
	case KindText:
		return r.textValue(t)
	case KindBytes:
		if t.Base() == TTSQuery {
			return r.query()
		}
		return Bytes(r.escaped())
	case KindDecimal:
		return r.numeric()
	case KindInterval:
		return r.interval()
	case KindTimeTZ:
		utc := int64(r.uint64() ^ 1<<63)
		zone := int32(r.uint32() ^ 1<<31)
		return TimeTZDatum(TimeTZ{Micros: utc - int64(zone)*microsPerSecond, ZoneWestS: zone})
	case KindArray:
		return r.array(t.elem())
	case KindRow:
		return r.row(t)
	case KindRange:
		return RangeDatum(r.rangeKey(t.Ranges()))
	case KindMultirange:
		return MultirangeDatum(r.multirangeKey(t.Ranges()))
	}
	r.bad = true
	return Null
}

func (r *keyReader) textValue(t *Type) Datum {
	switch t.Base() {
	case TBpchar:
		s := r.text()
		pad := binary.BigEndian.Uint32(r.take(&r.display, 4))
		if pad > maxAttrSize {
			r.bad = true
			pad = 0
		}
		return Text(s + strings.Repeat(" ", int(pad)))
	case TJSONB:
		n := binary.BigEndian.Uint32(r.take(&r.display, 4))
		s := string(r.take(&r.display, int(n)))
		key := appendJSONBKey(nil, s)
		if !bytes.HasPrefix(r.key, key) {
			r.bad = true
			return Null
		}
		r.key = r.key[len(key):]
		return Text(s)
	}
	return Text(r.text())
}

func (r *keyReader) escaped() []byte {
	var out []byte
	for {
		i := bytes.IndexByte(r.key, 0)
		if i < 0 || i+1 >= len(r.key) {
			r.bad = true
			return nil
		}
		out = append(out, r.key[:i]...)
		mark := r.key[i+1]
		r.key = r.key[i+2:]
		switch mark {
		case 1:
			return out
		case 0xff:
			out = append(out, 0)
		default:
			r.bad = true
			return nil
		}
	}
}

func (r *keyReader) numeric() Datum {
	class := r.take(&r.key, 1)[0]
	dscale := int32(binary.BigEndian.Uint16(r.take(&r.display, 2)))
	switch class {
	case classNaN:
		return Decimal(numericNaN)
	case classInf:
		return Decimal(numericInf)
	case classNegInf:
		return Decimal(numericNegInf)
	case classZero:
		return Decimal(apd.New(0, -dscale))
	case classNegative, classPositive:
		return r.finite(class == classNegative, dscale)
	}
	r.bad = true
	return Null
}

func (r *keyReader) finite(neg bool, dscale int32) Datum {
	flip := byte(0)
	if neg {
		flip = 0xff
	}
	b := r.take(&r.key, 3)
	size := int(b[0]^flip)<<16 | int(b[1]^flip)<<8 | int(b[2]^flip)
	end := bytes.IndexByte(r.key, flip)
	if end < 0 {
		r.bad = true
		return Null
	}
	digits := make([]byte, 0, 2*end)
	for _, c := range r.key[:end] {
		pair := c ^ flip - 1
		digits = append(digits, pair/10+'0', pair%10+'0')
		r.bad = r.bad || pair > 99
	}
	r.key = r.key[end+1:]
	top := size - numericSizeBias
	if r.bad || top > numericMaxIntegerDigits || dscale > numericMaxDScale {
		r.bad = true
		return Null
	}
	return Decimal(decimalAt(digits, top, dscale, neg))
}

func (r *keyReader) interval() Datum {
	days := int64(r.uint48()) - 1<<47
	micros := int64(r.uint48())
	b := r.take(&r.display, 8)
	v := Interval{Months: readInt32(b), Days: readInt32(b[4:])}
	rest := days - int64(v.Months)*daysPerMonth - int64(v.Days)
	v.Micros = rest*microsPerDay + micros
	return IntervalDatum(v)
}

func (r *keyReader) elements(next func() *Type) []Datum {
	var out []Datum
	for !r.bad {
		switch r.take(&r.key, 1)[0] {
		case markEnd:
			return out
		case markNull:
			next()
			out = append(out, Null)
		case markValue:
			t := next()
			if t == nil {
				r.bad = true
				return nil
			}
			out = append(out, r.value(t))
		default:
			r.bad = true
		}
	}
	return out
}

func (r *keyReader) array(elem *Type) Datum {
	a := &Array{Elem: elem}
	a.Elems = r.elements(func() *Type { return elem })
	n := int(r.take(&r.key, 1)[0])
	if n > maxArrayDims {
		r.bad = true
		return Null
	}
	total := 1
	for i := 0; i < n; i++ {
		a.Dims = append(a.Dims, int32(r.uint32()^1<<31))
		total *= int(a.Dims[i])
		if total < 0 || total > len(a.Elems) {
			r.bad = true
			return Null
		}
	}
	for i := 0; i < n; i++ {
		a.Lower = append(a.Lower, int32(r.uint32()^1<<31))
	}
	if n == 0 {
		total = 0
	}
	r.bad = r.bad || total != len(a.Elems)
	return ArrayDatum(a)
}

func (r *keyReader) row(t *Type) Datum {
	row := &Row{}
	columns := t.Columns()
	for _, c := range columns {
		row.Types, row.Names = append(row.Types, c.Type), append(row.Names, c.Name)
	}
	if columns == nil {
		n := int(binary.BigEndian.Uint16(r.take(&r.display, 2)))
		for i := 0; i < n && !r.bad; i++ {
			row.Types = append(row.Types, ByOID(OID(binary.BigEndian.Uint32(r.take(&r.display, 4)))))
		}
	}
	i := 0
	row.Fields = r.elements(func() *Type {
		if i++; i > len(row.Types) {
			return nil
		}
		return row.Types[i-1]
	})
	n := int(binary.BigEndian.Uint16(r.take(&r.key, 2)))
	r.bad = r.bad || n != len(row.Fields) || n != len(row.Types)
	return RowDatum(row)
}
