package types

import (
	"math"
	"unsafe"
)

// Kind says which Go form a Datum holds. It is a form, not an SQL type: every
// integer-like type (int2, oid, date, timestamp …) is KindInt.
type Kind uint8

// The forms of a Datum.
const (
	KindNull       Kind = iota
	KindBool            // bool
	KindInt             // int2/4/8, oid, xid, date (days since 2000-01-01), time (µs), timestamp[tz] (µs since 2000-01-01 UTC)
	KindFloat           // float4 (already rounded to float32), float8
	KindText            // text, varchar, char(n), name, json, "char", unknown: valid UTF-8
	KindBytes           // bytea; uuid (16 bytes); addresses; the geometric types (as geometry writes them); tsvector, tsquery (as textsearch encodes them)
	KindDecimal         // numeric: *apd.Decimal; -Exponent is the display scale; never changed once made
	KindInterval        // *Interval
	KindTimeTZ          // *TimeTZ
	KindArray           // *Array
	KindRow             // *Row (record and composite types)
	KindRange           // *Range
	KindMultirange      // Multirange
)

// Datum is one SQL value, 24 bytes, without its type: whoever holds a Datum
// knows its *Type. A Datum is immutable; the memory behind text and bytes is
// shared, never written to.
//
// The zero Datum is NULL.
type Datum struct {
	p    unsafe.Pointer // text, bytes: the data; other reference kinds: the object
	n    uint64         // bool, int: the value; float: its bits; text, bytes: the length
	kind Kind
}

// Null is the SQL NULL of every type.
var Null = Datum{}

// True and False are the two booleans.
var (
	True  = Datum{kind: KindBool, n: 1}
	False = Datum{kind: KindBool}
)

// Bool makes a boolean.
func Bool(b bool) Datum {
	if b {
		return True
	}
	return False
}

// Int makes a value of an integer-like type.
func Int(v int64) Datum { return Datum{kind: KindInt, n: uint64(v)} }

// Float makes a float8 (or a float4 that the caller has rounded to float32).
func Float(v float64) Datum { return Datum{kind: KindFloat, n: math.Float64bits(v)} }

// Text makes a value of a text-like type from s, which must be valid UTF-8.
func Text(s string) Datum {
	return Datum{kind: KindText, n: uint64(len(s)), p: unsafe.Pointer(unsafe.StringData(s))}
}

// Bytes makes a bytea or uuid; the caller gives b away.
func Bytes(b []byte) Datum {
	return Datum{kind: KindBytes, n: uint64(len(b)), p: unsafe.Pointer(unsafe.SliceData(b))}
}

// Kind returns the form that d holds.
func (d Datum) Kind() Kind { return d.kind }

// ByteLen is the length of text or bytes; 0 of all other forms.
func (d Datum) ByteLen() int {
	if d.kind == KindText || d.kind == KindBytes {
		return int(d.n)
	}
	return 0
}

// IsNull reports whether d is NULL.
func (d Datum) IsNull() bool { return d.kind == KindNull }

// IsTrue reports whether d is the boolean true (not false, not NULL).
func (d Datum) IsTrue() bool { return d.kind == KindBool && d.n != 0 }

// The accessors below read a Datum of the named kind. On another kind the
// result is meaningless: they do not check, the planner has typed the tree.

// Bool returns a KindBool's value.
func (d Datum) Bool() bool { return d.n != 0 }

// Int returns a KindInt's value.
func (d Datum) Int() int64 { return int64(d.n) }

// Float returns a KindFloat's value.
func (d Datum) Float() float64 { return math.Float64frombits(d.n) }

// Text returns a KindText's value, sharing its memory.
func (d Datum) Text() string { return unsafe.String((*byte)(d.p), int(d.n)) }

// Bytes returns a KindBytes' (or KindText's) memory; callers must not write to it.
func (d Datum) Bytes() []byte { return unsafe.Slice((*byte)(d.p), int(d.n)) }
