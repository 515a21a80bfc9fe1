package types

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// byteaCodec is bytea (varlena.c).
type byteaCodec struct{}

func (byteaCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	return byteaCodec{}.parseLong(nil, nil, s, -1, nil)
}

func (byteaCodec) parseLong(_ *Env, _ *Type, s string, _ int32, work Work) (Datum, error) {
	b, err := parseBytea(s, work)
	if err != nil {
		return Null, err
	}
	return Bytes(b), nil
}

// parseBytea reads the hex (\x…) and the escape form.
func parseBytea(s string, work Work) ([]byte, error) {
	if strings.HasPrefix(s, `\x`) {
		return parseHexBytes(s[2:], work)
	}
	out, p := make([]byte, 0, len(s)), progress{work: work}
	for i := 0; i < len(s); i++ {
		if err := p.at(i); err != nil {
			return nil, err
		}
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
func parseHexBytes(s string, work Work) ([]byte, error) {
	out, p := make([]byte, 0, len(s)/2), progress{work: work}
	for i := 0; i < len(s); {
		if err := p.at(i); err != nil {
			return nil, err
		}
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
	return appendByteaEscape(dst, d.Bytes())
}

func (byteaCodec) formatLong(env *Env, _ *Type, dst []byte, d Datum, work Work) ([]byte, error) {
	b := d.Bytes()
	if !env.ByteaEscape {
		dst = append(slices.Grow(dst, 2*len(b)+2), `\x`...)
	}
	for len(b) > 0 {
		n := min(len(b), LongBytes)
		if env.ByteaEscape {
			dst = appendByteaEscape(dst, b[:n])
		} else {
			dst = hex.AppendEncode(dst, b[:n])
		}
		b = b[n:]
		if err := work.spend(n); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func appendByteaEscape(dst, b []byte) []byte {
	for _, c := range b {
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
