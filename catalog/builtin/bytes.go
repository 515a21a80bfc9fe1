package builtin

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	encodinghex "encoding/hex"
	"hash"
	"math/bits"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// byteaImpls are the functions of bytea, encodings and digests (varlena.c,
// encode.c, cryptohashfuncs.c).
var byteaImpls = impls{
	"byteacat": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return joinBytes(a[0].Bytes(), a[1].Bytes())
	},
	"byteaoctetlen": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Bytes()))), nil
	},
	"bit_length(bytea)": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(len(a[0].Bytes())) * 8), nil
	},
	"bytea_bit_count": bitCount,
	"byteapos": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(bytes.Index(a[0].Bytes(), a[1].Bytes()) + 1)), nil
	},
	"bytea_substr":        byteaSubstr,
	"bytea_substr_no_len": byteaSubstr,
	"byteaoverlay":        byteaOverlay, "byteaoverlay_no_len": byteaOverlay,
	"byteatrim": byteaTrim(true, true), "bytealtrim": byteaTrim(true, false), "byteartrim": byteaTrim(false, true),
	"byteaGetByte": getByte, "byteaSetByte": setByte, "byteaGetBit": getBit, "byteaSetBit": setBit,
	"binary_encode": encodeBytes, "binary_decode": decodeBytes,
	"md5_text": md5Hex, "md5_bytea": md5Hex,
	"sha224_bytea": digest(sha256.New224), "sha256_bytea": digest(sha256.New),
	"sha384_bytea": digest(sha512.New384), "sha512_bytea": digest(sha512.New),
	"pg_convert_from": convertFrom, "pg_convert_to": convertTo, "length_in_encoding": lengthInEncoding,
}

// hex is to_hex: without leading zeros.
func hex(v uint64) string { return strconv.FormatUint(v, 16) }

func md5Hex(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	sum, err := sumOf(ctx, md5.New(), a[0].Bytes())
	return types.Text(encodinghex.EncodeToString(sum)), err
}

func digest(start func() hash.Hash) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		sum, err := sumOf(ctx, start(), a[0].Bytes())
		return types.Bytes(sum), err
	}
}

// sumOf is a digest, piece by piece.
func sumOf(ctx *expr.Context, h hash.Hash, b []byte) ([]byte, error) {
	for len(b) > 0 {
		n := min(len(b), pieceBytes)
		h.Write(b[:n])
		b = b[n:]
		if err := ctx.Spend(n); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

func bitCount(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := 0
	for _, b := range a[0].Bytes() {
		n += bits.OnesCount8(b)
	}
	return types.Int(int64(n)), nil
}

// byteaSubstr is substring(b, from [, length]); bytes count from 1.
func byteaSubstr(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b, from, to := a[0].Bytes(), a[1].Int(), int64(len(a[0].Bytes()))+1
	if len(a) > 2 {
		if a[2].Int() < 0 {
			return types.Null, errNegativeLength()
		}
		to = min(to, from+a[2].Int())
	}
	from = max(from, 1)
	if from >= to {
		return types.Bytes([]byte{}), nil
	}
	return types.Bytes(b[from-1 : to-1 : to-1]), nil
}

func byteaOverlay(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b, with, from := a[0].Bytes(), a[1].Bytes(), a[2].Int()
	length := int64(len(with))
	if len(a) > 3 {
		length = a[3].Int()
	}
	if from <= 0 {
		return types.Null, errNegativeLength()
	}
	end, err := int4Limits.add(from, length)
	if err != nil {
		return types.Null, err
	}
	n := int64(len(b))
	head, tail := b[:min(from-1, n)], b[min(max(end-1, 0), n):]
	return joinBytes(head, with, tail)
}

// joinBytes is one value of several.
func joinBytes(pieces ...[]byte) (types.Datum, error) {
	n := 0
	for _, b := range pieces {
		n += len(b)
	}
	if err := fits(n); err != nil {
		return types.Null, err
	}
	return types.Bytes(bytes.Join(pieces, nil)), nil
}

func byteaTrim(left, right bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		b, set := a[0].Bytes(), a[1].Bytes()
		for left && len(b) > 0 && bytes.IndexByte(set, b[0]) >= 0 {
			b = b[1:]
		}
		for right && len(b) > 0 && bytes.IndexByte(set, b[len(b)-1]) >= 0 {
			b = b[:len(b)-1]
		}
		return types.Bytes(b), nil
	}
}

func byteIndex(n int64, size int) error {
	if n < 0 || n >= int64(size) {
		return pgerr.New(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", n, size-1)
	}
	return nil
}

func getByte(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if err := byteIndex(a[1].Int(), len(a[0].Bytes())); err != nil {
		return types.Null, err
	}
	return types.Int(int64(a[0].Bytes()[a[1].Int()])), nil
}

func setByte(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if err := byteIndex(a[1].Int(), len(a[0].Bytes())); err != nil {
		return types.Null, err
	}
	b := bytes.Clone(a[0].Bytes())
	b[a[1].Int()] = byte(a[2].Int())
	return types.Bytes(b), nil
}

func getBit(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := a[1].Int()
	if err := byteIndex(n, len(a[0].Bytes())*8); err != nil {
		return types.Null, err
	}
	return types.Int(int64(a[0].Bytes()[n/8] >> (n % 8) & 1)), nil
}

func setBit(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n, v := a[1].Int(), a[2].Int()
	if err := byteIndex(n, len(a[0].Bytes())*8); err != nil {
		return types.Null, err
	}
	if v != 0 && v != 1 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	b := bytes.Clone(a[0].Bytes())
	b[n/8] = b[n/8]&^(1<<(n%8)) | byte(v)<<(n%8)
	return types.Bytes(b), nil
}

func errEncodingName(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// base64Line is where base64 output breaks its lines (RFC 2045).
const base64Line = 76

// encodeBytes takes as long a result for granted as its encoding can make (encode.c).
func encodeBytes(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	b := a[0].Bytes()
	name := strings.ToLower(a[1].Text())
	if n := encodedLen(name, b); n > maxText-4 {
		return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "result of encoding conversion is too large")
	}
	switch name {
	case "hex":
		return types.Text(encodinghex.EncodeToString(b)), nil
	case "base64":
		s := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		for len(s) > base64Line {
			out.WriteString(s[:base64Line] + "\n")
			s = s[base64Line:]
		}
		return types.Text(out.String() + s), nil
	case "escape":
		return types.Text(escapeBytes(b)), nil
	}
	return types.Null, errEncodingName(a[1].Text())
}

func encodedLen(name string, b []byte) (n int) {
	switch name {
	case "hex":
		return 2 * len(b)
	case "base64":
		n = (len(b) + 2) / 3 * 4
		return n + n/base64Line
	}
	n = len(b)
	for _, c := range b {
		switch {
		case c == 0 || c > 127:
			n += 3
		case c == '\\':
			n++
		}
	}
	return n
}

// escapeBytes is encode(…, 'escape'): zero bytes and those above 127 in octal.
func escapeBytes(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		switch {
		case c == 0 || c > 127:
			out.WriteByte('\\')
			out.WriteByte('0' + c>>6)
			out.WriteByte('0' + c>>3&7)
			out.WriteByte('0' + c&7)
		case c == '\\':
			out.WriteString(`\\`)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

func decodeBytes(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	var b []byte
	var err error
	switch strings.ToLower(a[1].Text()) {
	case "hex":
		b, err = decodeHex(s)
	case "base64":
		b, err = decodeBase64(s)
	case "escape":
		b, err = decodeEscape(s)
	default:
		return types.Null, errEncodingName(a[1].Text())
	}
	if err != nil {
		return types.Null, err
	}
	return types.Bytes(b), nil
}

func errEncoded(format string, args ...any) *pgerr.E {
	return pgerr.New(pgerr.InvalidParameterValue, format, args...)
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// decodeHex skips white space between bytes.
func decodeHex(s string) ([]byte, error) {
	out := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); {
		if isBlank(s[i]) {
			i++
			continue
		}
		high := hexDigit(s[i])
		if high < 0 {
			return nil, errEncoded("invalid hexadecimal digit: \"%s\"", s[i:i+byteOffset(s[i:], 1)])
		}
		if i+1 >= len(s) {
			return nil, errEncoded("invalid hexadecimal data: odd number of digits")
		}
		low := hexDigit(s[i+1])
		if low < 0 {
			return nil, errEncoded("invalid hexadecimal digit: \"%s\"", s[i+1:i+1+byteOffset(s[i+1:], 1)])
		}
		out = append(out, byte(high<<4|low))
		i += 2
	}
	return out, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func decodeBase64(s string) ([]byte, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out []byte
	group, have := 0, 0 // four symbols make a group of up to three bytes
	keep := 3           // bytes of a group that count, since the first "="
	for i := 0; i < len(s); i++ {
		c := s[i]
		v := strings.IndexByte(alphabet, c)
		switch {
		case isBlank(c):
			continue
		case c == '=':
			if keep == 3 {
				if have < 2 {
					return nil, errEncoded("unexpected \"=\" while decoding base64 sequence")
				}
				keep = have - 1
			}
			v = 0
		case v < 0:
			return nil, errEncoded("invalid symbol \"%s\" found while decoding base64 sequence", s[i:i+byteOffset(s[i:], 1)])
		}
		group, have = group<<6|v, have+1
		if have == 4 {
			out = append(out, []byte{byte(group >> 16), byte(group >> 8), byte(group)}[:keep]...)
			group, have = 0, 0
		}
	}
	if have != 0 {
		return nil, errEncoded("invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return out, nil
}

func decodeEscape(s string) ([]byte, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
			i++
		case strings.HasPrefix(s[i+1:], `\`):
			b = append(b, '\\')
			i += 2
		case isOctal(s[i+1:]):
			b = append(b, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 4
		default:
			return nil, pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s", "bytea")
		}
	}
	return b, nil
}

func isOctal(s string) bool {
	return len(s) >= 3 && s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}

// isUTF8 reports whether a name is one of those of the only encoding there is.
func isUTF8(name string) bool {
	n := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
	return n == "utf8" || n == "unicode"
}

func convertFrom(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if !isUTF8(a[1].Text()) {
		return types.Null, pgerr.Unsupported("conversion from encoding %s", a[1].Text())
	}
	s := string(a[0].Bytes())
	return types.Text(s), types.ValidateUTF8(s)
}

func convertTo(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if !isUTF8(a[1].Text()) {
		return types.Null, pgerr.Unsupported("conversion to encoding %s", a[1].Text())
	}
	return types.Bytes([]byte(a[0].Text())), nil
}

func lengthInEncoding(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	d, err := convertFrom(nil, a)
	if err != nil {
		return types.Null, err
	}
	return types.Int(countRunes(d.Text())), nil
}
