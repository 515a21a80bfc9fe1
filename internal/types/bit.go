package types

import (
	"encoding/binary"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// bitCodec is bit(n) and, varying, bit varying(n) (varbit.c). A Datum holds a text of 0 and
// 1, which sorts and compares as PostgreSQL's packed form does. A typmod is the length.
type bitCodec struct {
	textCodec
	varying bool
}

// MaxBits bounds a bit string's length as a modifier does: MaxAttrSize bytes.
const MaxBits = maxAttrSize * 8

func (c bitCodec) parse(_ *Env, _ *Type, s string, typmod int32) (Datum, error) {
	digits, hexadecimal := s, false
	switch {
	case strings.HasPrefix(s, "b"), strings.HasPrefix(s, "B"):
		digits = s[1:]
	case strings.HasPrefix(s, "x"), strings.HasPrefix(s, "X"):
		digits, hexadecimal = s[1:], true
	}
	var bits string
	var err error
	if hexadecimal {
		bits, err = hexBits(digits)
	} else {
		bits, err = binaryBits(digits)
	}
	if err != nil {
		return Null, err
	}
	return c.fit(Text(bits), typmod, false)
}

func errBitDigit(s string, i int, kind string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "\"%s\" is not a valid %s digit", s[i:i+runePrefix(s[i:], 1)], kind)
}

func binaryBits(s string) (string, error) {
	for i := range len(s) {
		if s[i] != '0' && s[i] != '1' {
			return "", errBitDigit(s, i, "binary")
		}
	}
	return strings.Clone(s), nil
}

func hexBits(s string) (string, error) {
	out := make([]byte, 0, 4*len(s))
	for i := range len(s) {
		v := digitValue(s[i])
		if v > 15 {
			return "", errBitDigit(s, i, "hexadecimal")
		}
		out = AppendBits(out, uint64(v), 4)
	}
	return string(out), nil
}

// AppendBits appends the lowest n bits of v, the highest of them first.
func AppendBits(dst []byte, v uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, '0'+byte(v>>i&1))
	}
	return dst
}

// fit makes a bit string obey a typmod: bit(n) has exactly that length, bit
// varying(n) at most. A cast (explicit) cuts, and fills up with zeros, at the end.
func (c bitCodec) fit(d Datum, typmod int32, explicit bool) (Datum, error) {
	s, n := d.Text(), int(typmod)
	switch {
	case n <= 0 || len(s) == n || c.varying && len(s) < n:
		return d, nil
	case explicit && len(s) < n:
		return Text(s + strings.Repeat("0", n-len(s))), nil
	case explicit:
		return Text(s[:n]), nil
	case c.varying:
		return Null, pgerr.New(pgerr.StringDataRightTruncation, "bit string too long for type bit varying(%d)", n)
	}
	return Null, pgerr.New(pgerr.StringDataLengthMismatch, "bit string length %d does not match type bit(%d)", len(s), n)
}

// decode reads a length in bits and the bits, eight to a byte, the first one highest.
func (c bitCodec) decode(_ *Env, _ *Type, b []byte, typmod int32) (Datum, error) {
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	n, packed := int64(int32(binary.BigEndian.Uint32(b))), b[4:]
	switch {
	case n < 0 || n > MaxBits:
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid length in external bit string")
	case int64(len(packed)) < (n+7)/8:
		return Null, errShortMessage()
	}
	out := make([]byte, 0, n)
	for i := range n {
		out = append(out, '0'+packed[i/8]>>(7-i%8)&1)
	}
	if err := wantLen(packed, int((n+7)/8)); err != nil {
		return Null, err
	}
	return c.fit(Text(string(out)), typmod, false)
}

func (bitCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	s := d.Text()
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	for ; s != ""; s = s[min(8, len(s)):] {
		packed := byte(0)
		for i := range min(8, len(s)) {
			packed |= (s[i] - '0') << (7 - i)
		}
		dst = append(dst, packed)
	}
	return dst
}
