package types

import (
	"unsafe"

	"github.com/cockroachdb/apd/v3"
)

// Interval is an interval's three independent fields (src/include/datatype/timestamp.h).
type Interval struct {
	Micros int64
	Days   int32
	Months int32
}

// TimeTZ is a time of day with its zone's offset.
type TimeTZ struct {
	Micros    int64 // since local midnight, 0 to 24 h
	ZoneWestS int32 // seconds west of UTC, as PostgreSQL stores it
}

// Array is a value of an array type: Dims is empty for the empty array, Elems
// are in row-major order. len(Lower) == len(Dims).
type Array struct {
	Elem  *Type
	Dims  []int32
	Lower []int32
	Elems []Datum
}

// Row is a value of a record or composite type.
type Row struct {
	Types  []*Type
	Names  []string // nil for an anonymous record
	Fields []Datum
}

// Decimal makes a numeric; the caller gives v away.
func Decimal(v *apd.Decimal) Datum { return Datum{kind: KindDecimal, p: unsafe.Pointer(v)} }

// IntervalDatum makes an interval.
func IntervalDatum(v Interval) Datum {
	return Datum{kind: KindInterval, p: unsafe.Pointer(&v)}
}

// TimeTZDatum makes a timetz.
func TimeTZDatum(v TimeTZ) Datum { return Datum{kind: KindTimeTZ, p: unsafe.Pointer(&v)} }

// ArrayDatum makes an array; the caller gives v away.
func ArrayDatum(v *Array) Datum { return Datum{kind: KindArray, p: unsafe.Pointer(v)} }

// RowDatum makes a record; the caller gives v away.
func RowDatum(v *Row) Datum { return Datum{kind: KindRow, p: unsafe.Pointer(v)} }

// RangeDatum makes a range; the caller gives v away.
func RangeDatum(v *Range) Datum { return Datum{kind: KindRange, p: unsafe.Pointer(v)} }

// MultirangeDatum makes a multirange; the caller gives v away.
func MultirangeDatum(v Multirange) Datum {
	return Datum{kind: KindMultirange, n: uint64(len(v)), p: unsafe.Pointer(unsafe.SliceData(v))}
}

// Decimal returns a KindDecimal's value; callers must not change it.
func (d Datum) Decimal() *apd.Decimal { return (*apd.Decimal)(d.p) }

// Interval returns a KindInterval's value.
func (d Datum) Interval() Interval { return *(*Interval)(d.p) }

// TimeTZ returns a KindTimeTZ's value.
func (d Datum) TimeTZ() TimeTZ { return *(*TimeTZ)(d.p) }

// Array returns a KindArray's value; callers must not change it.
func (d Datum) Array() *Array { return (*Array)(d.p) }

// Row returns a KindRow's value; callers must not change it.
func (d Datum) Row() *Row { return (*Row)(d.p) }

// Range returns a KindRange's value; callers must not change it.
func (d Datum) Range() *Range { return (*Range)(d.p) }

// Multirange returns a KindMultirange's value; callers must not change it.
func (d Datum) Multirange() Multirange { return unsafe.Slice((**Range)(d.p), int(d.n)) }
