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

// parseMAC reads six numbers with : or - between them, or twelve digits in two
// groups (: or -), three (. or -) or one.
func parseMAC(s string) (b []byte, inRange, ok bool) {
	s = strings.Trim(s, " \t\n\r\v\f")
	var parts []string
	for _, form := range []struct {
		separator string
		groups    int
	}{{":", 6}, {"-", 6}, {":", 2}, {"-", 2}, {".", 3}, {"-", 3}, {"", 1}} {
		groups := []string{s}
		if form.separator != "" {
			groups = strings.Split(s, form.separator)
		}
		if len(groups) != form.groups {
			continue
		}
		if parts = groups; form.groups < macBytes {
			parts = pairs(groups, 2*macBytes/form.groups)
		}
		break
	}
	if len(parts) != macBytes {
		return nil, false, false
	}
	inRange = true
	for _, part := range parts {
		v, err := strconv.ParseUint(part, 16, 32)
		if err != nil {
			return nil, false, false
		}
		inRange = inRange && v <= 0xff
		b = append(b, byte(v))
	}
	return b, inRange, true
}

// pairs parts groups of so many digits by two; nil if one has another length.
func pairs(groups []string, digits int) (out []string) {
	for _, g := range groups {
		if len(g) != digits {
			return nil
		}
		for ; g != ""; g = g[2:] {
			out = append(out, g[:2])
		}
	}
	return out
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
