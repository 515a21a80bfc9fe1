package types

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

const (
	macBytes  = 6
	mac8Bytes = 8
)

// macaddrCodec is macaddr: six bytes (mac.c).
type macaddrCodec struct{ byteaCodec }

func (macaddrCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	b, inRange, ok := parseMAC(s)
	switch {
	case !ok:
		return Null, badSyntax(t.SQLName, s)
	case !inRange:
		return Null, pgerr.New(pgerr.NumericValueOutOfRange, "invalid octet value in \"macaddr\" value: \"%s\"", s)
	}
	return Bytes(b), nil
}

// macForms are the written forms, in the order in which they are tried: where
// the separators stand between six numbers, and how many digits each has (0 is any).
var macForms = []struct {
	separators [macBytes - 1]string
	digits     int
}{
	{[macBytes - 1]string{":", ":", ":", ":", ":"}, 0},
	{[macBytes - 1]string{"-", "-", "-", "-", "-"}, 0},
	{[macBytes - 1]string{"", "", ":", "", ""}, 2},
	{[macBytes - 1]string{"", "", "-", "", ""}, 2},
	{[macBytes - 1]string{"", ".", "", ".", ""}, 2},
	{[macBytes - 1]string{"", "-", "", "-", ""}, 2},
	{[macBytes - 1]string{}, 2},
}

// parseMAC reads six hexadecimal numbers in one of the forms.
func parseMAC(s string) (b []byte, inRange, ok bool) {
	for _, form := range macForms {
		if b, inRange, ok = scanMAC(s, form.separators, form.digits); ok {
			return b, inRange, true
		}
	}
	return nil, false, false
}

func scanMAC(s string, separators [macBytes - 1]string, digits int) (b []byte, inRange, ok bool) {
	inRange = true
	for i := range macBytes {
		var v int64
		if v, s, ok = scanHex(s, digits); !ok {
			return nil, false, false
		}
		inRange = inRange && v >= 0 && v <= 0xff
		b = append(b, byte(v))
		if i == len(separators) {
			break
		}
		if s, ok = strings.CutPrefix(s, separators[i]); !ok {
			return nil, false, false
		}
	}
	return b, inRange, strings.Trim(s, spaceBytes) == ""
}

// spaceBytes are those of isspace.
const spaceBytes = " \t\n\r\v\f"

// scanHex reads a number as scanf's %x does: after blanks, with a sign and 0x if
// there is one, of at most width characters; 0 is as many as there are.
func scanHex(s string, width int) (v int64, rest string, ok bool) {
	s = strings.TrimLeft(s, spaceBytes)
	if width == 0 || width > len(s) {
		width = len(s)
	}
	field, sign := s[:width], int64(1)
	if field != "" && (field[0] == '-' || field[0] == '+') {
		if field[0] == '-' {
			sign = -1
		}
		field = field[1:]
	}
	if len(field) > 2 && field[0] == '0' && field[1]|' ' == 'x' && isHexDigit(field[2]) {
		field = field[2:]
	}
	n := 0
	for ; n < len(field) && isHexDigit(field[n]); n++ {
		d, _ := strconv.ParseUint(field[n:n+1], 16, 8)
		v = min(v<<4|int64(d), 1<<32)
	}
	return sign * v, s[width-len(field)+n:], n > 0
}

func isHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'f'
}

func (macaddrCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	for i, b := range d.Bytes() {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
}

func (macaddrCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, macBytes); err != nil {
		return Null, err
	}
	return Bytes(bytes.Clone(b)), nil
}

// macaddr8Codec is macaddr8: eight bytes (mac8.c).
type macaddr8Codec struct{ macaddrCodec }

func (macaddr8Codec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	b, ok := parseMAC8(s)
	if !ok {
		return Null, badSyntax(t.SQLName, s)
	}
	return Bytes(b), nil
}

// parseMAC8 reads six or eight pairs of digits, with the same separator wherever
// there is one. A last character that stands alone is passed over.
func parseMAC8(s string) (b []byte, ok bool) {
	s = strings.TrimLeft(s, " \t\n\r\v\f")
	separator := byte(0)
	for len(s) > 1 {
		if len(b) == mac8Bytes || digitValue(s[0]) > 15 || digitValue(s[1]) > 15 {
			return nil, false
		}
		b = append(b, byte(digitValue(s[0])<<4|digitValue(s[1])))
		s = s[2:]
		if s != "" && strings.IndexByte(":-.", s[0]) >= 0 {
			if separator != 0 && separator != s[0] {
				return nil, false
			}
			separator, s = s[0], s[1:]
		}
		if (len(b) == macBytes || len(b) == mac8Bytes) && s != "" && isSpace(s[0]) {
			if s = strings.TrimLeft(s, " \t\n\r\v\f"); s != "" {
				return nil, false
			}
		}
	}
	if len(b) == macBytes {
		return MAC8(b), true
	}
	return b, len(b) == mac8Bytes
}

// MAC8 is a macaddr as a macaddr8: with FF and FE in the middle.
func MAC8(b []byte) []byte {
	return append(append(append([]byte(nil), b[:3]...), 0xff, 0xfe), b[3:]...)
}

func (macaddr8Codec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if len(b) == macBytes {
		return Bytes(MAC8(b)), nil
	}
	if err := wantLen(b, mac8Bytes); err != nil {
		return Null, err
	}
	return Bytes(bytes.Clone(b)), nil
}
