package types

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Storing is the declared SQLite type of a column that holds this type
// (STRICT tables).
type Storing uint8

// The STRICT column types in use.
const (
	StoreInteger Storing = iota
	StoreAny             // float4/8, numeric(p<=18, s): the kind varies
	StoreText
	StoreBlob
)

// String returns the word that CREATE TABLE takes.
func (s Storing) String() string { return [...]string{"INTEGER", "ANY", "TEXT", "BLOB"}[s] }

// A row image (what SQLite returns, what chains, write sets and the log hold,
// what travels between nodes) is *packed*: its columns one after the other,
// each a tag byte and a payload. Integers take the shortest of the four
// lengths, so equal values have equal bytes and images compare with
// bytes.Equal.
//
//	TagNull
//	TagInt8 TagInt16 TagInt32 TagInt64   1, 2, 4, 8 bytes, little endian, signed
//	TagReal                              8 bytes, IEEE 754, little endian
//	TagText TagBlob                      uint32 length, little endian; the bytes
const (
	TagNull byte = iota
	TagInt8
	TagInt16
	TagInt32
	TagInt64
	TagReal
	TagText
	TagBlob
)

// Value is one SQLite value: what a Datum becomes in a shard. The order and
// equality of Values under SQLite's rules are those of the Datums they stand for.
type Value struct {
	p   unsafe.Pointer
	n   uint64
	Tag byte // TagNull, TagInt64, TagReal, TagText or TagBlob
}

// NullValue is SQLite's NULL.
var NullValue = Value{}

// IntValue makes an INTEGER.
func IntValue(v int64) Value { return Value{Tag: TagInt64, n: uint64(v)} }

// RealValue makes a REAL.
func RealValue(v float64) Value { return Value{Tag: TagReal, n: math.Float64bits(v)} }

// TextValue makes a TEXT.
func TextValue(s string) Value {
	return Value{Tag: TagText, n: uint64(len(s)), p: unsafe.Pointer(unsafe.StringData(s))}
}

// BlobValue makes a BLOB; the caller gives b away.
func BlobValue(b []byte) Value {
	return Value{Tag: TagBlob, n: uint64(len(b)), p: unsafe.Pointer(unsafe.SliceData(b))}
}

// Int returns an INTEGER's value.
func (v Value) Int() int64 { return int64(v.n) }

// Real returns a REAL's value.
func (v Value) Real() float64 { return math.Float64frombits(v.n) }

// Text returns a TEXT's value, sharing memory.
func (v Value) Text() string { return unsafe.String((*byte)(v.p), int(v.n)) }

// Bytes returns the memory of a TEXT or BLOB; callers must not write to it.
func (v Value) Bytes() []byte { return unsafe.Slice((*byte)(v.p), int(v.n)) }

// AppendPacked appends v to a packed row.
func (v Value) AppendPacked(dst []byte) []byte {
	switch v.Tag {
	case TagNull:
		return append(dst, TagNull)
	case TagInt64:
		i := int64(v.n)
		switch {
		case i == int64(int8(i)):
			return append(dst, TagInt8, byte(i))
		case i == int64(int16(i)):
			return binary.LittleEndian.AppendUint16(append(dst, TagInt16), uint16(i))
		case i == int64(int32(i)):
			return binary.LittleEndian.AppendUint32(append(dst, TagInt32), uint32(i))
		}
		return binary.LittleEndian.AppendUint64(append(dst, TagInt64), uint64(i))
	case TagReal:
		return binary.LittleEndian.AppendUint64(append(dst, TagReal), v.n)
	default:
		dst = binary.LittleEndian.AppendUint32(append(dst, v.Tag), uint32(v.n))
		return append(dst, v.Bytes()...)
	}
}

// NextPacked reads the first column of a packed row and returns what follows
// it. The Value shares b's memory. ok is false when b is not well formed.
func NextPacked(b []byte) (v Value, rest []byte, ok bool) {
	if len(b) == 0 {
		return Value{}, nil, false
	}
	tag, b := b[0], b[1:]
	switch tag {
	case TagNull:
		return Value{}, b, true
	case TagInt8:
		if len(b) >= 1 {
			return IntValue(int64(int8(b[0]))), b[1:], true
		}
	case TagInt16:
		if len(b) >= 2 {
			return IntValue(int64(int16(binary.LittleEndian.Uint16(b)))), b[2:], true
		}
	case TagInt32:
		if len(b) >= 4 {
			return IntValue(int64(int32(binary.LittleEndian.Uint32(b)))), b[4:], true
		}
	case TagInt64:
		if len(b) >= 8 {
			return IntValue(int64(binary.LittleEndian.Uint64(b))), b[8:], true
		}
	case TagReal:
		if len(b) >= 8 {
			return Value{Tag: TagReal, n: binary.LittleEndian.Uint64(b)}, b[8:], true
		}
	case TagText, TagBlob:
		if len(b) >= 4 {
			n := binary.LittleEndian.Uint32(b)
			if b = b[4:]; uint64(n) <= uint64(len(b)) {
				return Value{Tag: tag, n: uint64(n), p: unsafe.Pointer(unsafe.SliceData(b))}, b[n:], true
			}
		}
	}
	return Value{}, nil, false
}
