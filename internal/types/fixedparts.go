package types

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/geometry"
)

// The types of fixed length that have elements, counted from 0: what
// raw_array_subscript_handler serves (arraysubs.c). Values of them are no arrays.

// nameBytes is a name's length in PostgreSQL, whose end is filled with zeros.
const nameBytes = 64

// FixedElem is what the elements of a type of fixed length are; nil of all others.
func (t *Type) FixedElem() *Type {
	switch t.Base() {
	case TPoint, TLine:
		return TFloat8
	case TLSeg, TBox:
		return TPoint
	case TName:
		return TChar
	}
	return nil
}

// fixedLen is how many elements a value of the type has.
func (t *Type) fixedLen() int64 {
	switch t.Base() {
	case TLine:
		return 3
	case TName:
		return nameBytes
	}
	return 2
}

// HasFixedPart reports whether there is an element i of a type with a FixedElem.
func (t *Type) HasFixedPart(i int64) bool { return i >= 0 && i < t.fixedLen() }

// FixedPart is an element that there is (HasFixedPart) of the non-NULL d.
func (t *Type) FixedPart(d Datum, i int64) Datum {
	switch t.FixedElem() {
	case TFloat8:
		return Float(math.Float64frombits(binary.BigEndian.Uint64(d.Bytes()[8*i:])))
	case TPoint:
		return PointDatum(geometry.ReadPoint(d.Bytes()[geometry.PointBytes*i:]))
	}
	if s := d.Text(); i < int64(len(s)) {
		return Text(s[i : i+1])
	}
	return Text("")
}

// WithFixedPart is the non-NULL d with v, which is not NULL, as an element that
// there is. A name's error is 22021: what its bytes make is no text.
func (t *Type) WithFixedPart(d Datum, i int64, v Datum) (Datum, error) {
	if t.FixedElem() == TChar {
		return withByte(d.Text(), int(i), v.Text())
	}
	b := append([]byte(nil), d.Bytes()...)
	if t.FixedElem() == TPoint {
		copy(b[geometry.PointBytes*i:], v.Bytes())
	} else {
		binary.BigEndian.PutUint64(b[8*i:], math.Float64bits(v.Float()))
	}
	return Bytes(b), nil
}

// withByte puts the byte of a "char", a zero if there is none, into a name,
// which ends at its first zero.
func withByte(s string, at int, char string) (Datum, error) {
	b := make([]byte, nameBytes)
	copy(b, s)
	if b[at] = 0; char != "" {
		b[at] = char[0]
	}
	s, _, _ = strings.Cut(string(b), "\x00")
	return Text(s), ValidateUTF8(s)
}
