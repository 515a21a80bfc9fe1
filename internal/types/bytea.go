package types

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// byteaCodec is bytea (varlena.c).
type byteaCodec struct{}

func (byteaCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	b, err := ParseBytea(s)
	if err != nil {
		return Null, err
	}
	return Bytes(b), nil
}

// ParseBytea reads the hex (\x…) and the escape form.
func ParseBytea(s string) ([]byte, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseHexBytes(s[2:])
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+3 < len(s) && isOctal(s[i+1], '3') && isOctal(s[i+2], '7') && isOctal(s[i+3], '7'):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		default:
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return out, nil
}

func isOctal(c, last byte) bool { return c >= '0' && c <= last }

// parseHexBytes reads pairs of hexadecimal digits with white space between pairs.
func parseHexBytes(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if c := s[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		if digitValue(s[i]) > 15 {
			return nil, errHexDigit(s[i:])
		}
		if i+1 == len(s) {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		if digitValue(s[i+1]) > 15 {
			return nil, errHexDigit(s[i+1:])
		}
		out = append(out, byte(digitValue(s[i])<<4|digitValue(s[i+1])))
		i += 2
	}
	return out, nil
}

func errHexDigit(rest string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", rest[:runePrefix(rest, 1)])
}

func (byteaCodec) format(env *Env, _ *Type, dst []byte, d Datum) []byte {
	if !env.ByteaEscape {
		return hex.AppendEncode(append(dst, `\x`...), d.Bytes())
	}
	for _, c := range d.Bytes() {
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '\\', c>>6+'0', c>>3&7+'0', c&7+'0')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func (byteaCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	return Bytes(bytes.Clone(b)), nil
}

func (byteaCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return append(dst, d.Bytes()...)
}

func (byteaCodec) compare(_ *Type, a, b Datum) int { return bytes.Compare(a.Bytes(), b.Bytes()) }

func (byteaCodec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, xxhash.Sum64(d.Bytes())) }
