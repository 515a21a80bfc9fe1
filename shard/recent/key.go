package recent

import (
	"encoding/binary"
	"math"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// KeyOf appends the ordered key of some columns of a packed row to dst.
type KeyOf func(dst, row []byte, columns []int) []byte

// The first byte of each value in an ordered key: the order of SQLite's kinds.
const (
	orderNull byte = 0x05
	orderInt  byte = 0x15
	orderReal byte = 0x16
	orderText byte = 0x25
	orderBlob byte = 0x35
)

// In text and blobs a zero byte becomes 00 FF and the end is 00 01, so that a
// prefix sorts first and keys of several values can be set one after the other.
const (
	escapeByte = 0x00
	escapeZero = 0xff
	escapeEnd  = 0x01
)

// AppendKey appends v so that keys compare, bytewise, as SQLite compares the
// values; equal values (0.0 and -0.0) have equal keys. No key is a prefix of another.
func AppendKey(dst []byte, v types.Value) []byte {
	switch v.Tag {
	case types.TagInt64:
		return binary.BigEndian.AppendUint64(append(dst, orderInt), uint64(v.Int())^1<<63)
	case types.TagReal:
		return binary.BigEndian.AppendUint64(append(dst, orderReal), orderedReal(v.Real()))
	case types.TagText:
		return appendEscaped(append(dst, orderText), v.Bytes())
	case types.TagBlob:
		return appendEscaped(append(dst, orderBlob), v.Bytes())
	}
	return append(dst, orderNull)
}

func orderedReal(f float64) uint64 {
	if f == 0 {
		f = 0 // -0.0 too
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func appendEscaped(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, c)
		if c == escapeByte {
			dst = append(dst, escapeZero)
		}
	}
	return append(dst, escapeByte, escapeEnd)
}

// After returns the smallest key above every key that begins with prefix;
// "" (no bound) if there is none.
func After(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}

// Range is the keys k with From <= k < To; To "" has no upper bound.
type Range struct{ From, To string }

// Prefix is the range of all keys that begin with p.
func Prefix(p string) Range { return Range{From: p, To: After(p)} }

// Contains reports whether k lies in the range.
func (r Range) Contains(k string) bool { return k >= r.From && (r.To == "" || k < r.To) }

// HasNull reports whether one of the values of an ordered key is NULL.
func HasNull(key string) bool {
	for len(key) > 0 {
		switch key[0] {
		case orderNull:
			return true
		case orderInt, orderReal:
			key = key[9:]
		default:
			key = skipEscaped(key[1:])
		}
	}
	return false
}

func skipEscaped(key string) string {
	for i := 0; i+1 < len(key); i++ {
		if key[i] != escapeByte {
			continue
		}
		if key[i+1] == escapeEnd {
			return key[i+2:]
		}
		i++
	}
	return ""
}

// DecodeKey takes the first value off an ordered key. A real that was -0.0
// comes back as 0.0. The value may share the key's memory. ok is false when key is malformed or empty.
func DecodeKey(key string) (v types.Value, rest string, ok bool) {
	if key == "" {
		return v, "", false
	}
	switch key[0] {
	case orderNull:
		return types.NullValue, key[1:], true
	case orderInt, orderReal:
		if len(key) < 9 {
			return v, "", false
		}
		bits := binary.BigEndian.Uint64([]byte(key[1:9]))
		if key[0] == orderInt {
			return types.IntValue(int64(bits ^ 1<<63)), key[9:], true
		}
		return types.RealValue(realOf(bits)), key[9:], true
	case orderText, orderBlob:
		b, rest, ok := unescape(key[1:])
		if key[0] == orderText {
			return types.TextValue(string(b)), rest, ok
		}
		return types.BlobValue(b), rest, ok
	}
	return v, "", false
}

func realOf(bits uint64) float64 {
	if bits>>63 != 0 {
		return math.Float64frombits(bits &^ (1 << 63))
	}
	return math.Float64frombits(^bits)
}

func unescape(key string) (b []byte, rest string, ok bool) {
	for i := 0; i+1 < len(key); i++ {
		if key[i] != escapeByte {
			b = append(b, key[i])
			continue
		}
		switch i++; key[i] {
		case escapeEnd:
			return b, key[i+1:], true
		case escapeZero:
			b = append(b, 0)
		default:
			return nil, "", false
		}
	}
	return nil, "", false
}

// PackKey appends an ordered key's values as packed columns.
func PackKey(dst []byte, key string) []byte {
	for key != "" {
		v, rest, ok := DecodeKey(key)
		if !ok {
			return dst
		}
		dst, key = v.AppendPacked(dst), rest
	}
	return dst
}

// SkipKey returns what follows the first n values of an ordered key.
func SkipKey(key string, n int) string {
	for range n {
		if key == "" {
			return ""
		}
		switch key[0] {
		case orderNull:
			key = key[1:]
		case orderInt, orderReal:
			key = key[9:]
		default:
			key = skipEscaped(key[1:])
		}
	}
	return key
}
