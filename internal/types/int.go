package types

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
)

// intCodec is int2, int4 and int8 by their size in bytes (int.c, int8.c).
type intCodec struct{ size int }

func (c intCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	v, rest, ok := scanInt64(s)
	switch {
	case !ok || !c.fits(v) && v != -c.lowest(): // before what follows is looked at
		return Null, valueOutOfRange(t.SQLName, s)
	case rest != "":
		return Null, badSyntax(t.SQLName, s)
	case !c.fits(v):
		return Null, valueOutOfRange(t.SQLName, s)
	}
	return Int(v), nil
}

// lowest is the type's lowest number.
func (c intCodec) lowest() int64 { return math.MinInt64 >> (64 - 8*c.size) }

func (c intCodec) fits(v int64) bool {
	switch c.size {
	case 2:
		return v == int64(int16(v))
	case 4:
		return v == int64(int32(v))
	}
	return true
}

// scanInt64 reads white space, a sign, digits and white space. rest is what it
// does not understand, all of s when there is no digit; ok is false when the
// value does not fit.
func scanInt64(s string) (v int64, rest string, ok bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	first := i
	ok = true
	var u uint64
	for ; i < len(s) && isDigit(s[i]); i++ {
		if u > (math.MaxUint64-9)/10 {
			ok = false
			continue
		}
		u = u*10 + uint64(s[i]-'0')
	}
	if i == first {
		if s == "" {
			return 0, " ", true
		}
		return 0, s, true
	}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if neg {
		return -int64(u), s[i:], ok && u <= 1<<63
	}
	return int64(u), s[i:], ok && u <= math.MaxInt64
}

func (intCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return strconv.AppendInt(dst, d.Int(), 10)
}

func (c intCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, c.size); err != nil {
		return Null, err
	}
	switch c.size {
	case 2:
		return Int(int64(int16(binary.BigEndian.Uint16(b)))), nil
	case 4:
		return Int(int64(readInt32(b))), nil
	}
	return Int(readInt64(b)), nil
}

func (c intCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	switch c.size {
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(d.n))
	case 4:
		return binary.BigEndian.AppendUint32(dst, uint32(d.n))
	}
	return binary.BigEndian.AppendUint64(dst, d.n)
}

func (intCodec) compare(_ *Type, a, b Datum) int { return cmp.Compare(a.Int(), b.Int()) }

func (intCodec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, d.n) }

// HashInt continues h with an integer as every type of the integer and numeric
// family hashes it.
func HashInt(h uint64, v int64) uint64 { return mix(h, uint64(v)) }

// AppendInt appends the text form of an integer-like value; it does not allocate.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }
