package builtin

import (
	"encoding/base64"
	encodinghex "encoding/hex"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

func errEncodingName(name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// base64Line is where base64 output breaks its lines (RFC 2045), and base64Bytes
// what stands in a line.
const (
	base64Line  = 76
	base64Bytes = base64Line / 4 * 3
)

// encodeBytes takes as long a result for granted as its encoding can make (encode.c).
func encodeBytes(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	b := a[0].Bytes()
	name := strings.ToLower(a[1].Text())
	n, err := encodedLen(ctx, name, b)
	if err != nil {
		return types.Null, err
	}
	if n > maxText-4 {
		return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "result of encoding conversion is too large")
	}
	out := make([]byte, 0, n)
	switch name {
	case "hex":
		err = eachChunk(ctx, b, func(chunk []byte) { out = encodinghex.AppendEncode(out, chunk) })
	case "base64":
		out, err = appendBase64(ctx, out, b)
	case "escape":
		err = eachChunk(ctx, b, func(chunk []byte) { out = appendEscaped(out, chunk) })
	default:
		err = errEncodingName(a[1].Text())
	}
	if err != nil {
		return types.Null, err
	}
	return types.Text(textOf(out)), nil
}

func encodedLen(ctx *expr.Context, name string, b []byte) (n int, err error) {
	switch name {
	case "hex":
		return 2 * len(b), nil
	case "base64":
		n = (len(b) + 2) / 3 * 4
		return n + n/base64Line, nil
	}
	n = len(b)
	err = eachChunk(ctx, b, func(chunk []byte) {
		for _, c := range chunk {
			switch {
			case c == 0 || c > 127:
				n += 3
			case c == '\\':
				n++
			}
		}
	})
	return n, err
}

// appendBase64 breaks lines between, not behind them.
func appendBase64(ctx *expr.Context, dst, b []byte) ([]byte, error) {
	for {
		n := min(len(b), base64Bytes)
		dst = base64.StdEncoding.AppendEncode(dst, b[:n])
		if b = b[n:]; len(b) == 0 {
			return dst, nil
		}
		dst = append(dst, '\n')
		if err := ctx.Spend(n); err != nil {
			return nil, err
		}
	}
}

// appendEscaped is encode(…, 'escape'): zero bytes and those above 127 in octal.
func appendEscaped(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c == 0 || c > 127:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		case c == '\\':
			dst = append(dst, '\\', '\\')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func decodeBytes(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	var b []byte
	var err error
	switch strings.ToLower(a[1].Text()) {
	case "hex":
		b, err = decodeHex(ctx, s)
	case "base64":
		b, err = decodeBase64(ctx, s)
	case "escape":
		b, err = decodeEscape(ctx, s)
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

// marks notes the work of a loop that has come to byte at of a text, from piece to piece.
type marks struct {
	ctx  *expr.Context
	next int
}

func (m *marks) reached(at int) error {
	if at < m.next+pieceBytes {
		return nil
	}
	n := at - m.next
	m.next = at
	return m.ctx.Spend(n)
}

// decodeHex skips white space between bytes.
func decodeHex(ctx *expr.Context, s string) ([]byte, error) {
	out, m := make([]byte, 0, len(s)/2), marks{ctx: ctx}
	for i := 0; i < len(s); {
		if err := m.reached(i); err != nil {
			return nil, err
		}
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

func decodeBase64(ctx *expr.Context, s string) ([]byte, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	out, m := make([]byte, 0, len(s)/4*3), marks{ctx: ctx}
	group, have := 0, 0 // four symbols make a group of up to three bytes
	keep := 3           // bytes of a group that count, since the first "="
	for i := 0; i < len(s); i++ {
		if err := m.reached(i); err != nil {
			return nil, err
		}
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

func decodeEscape(ctx *expr.Context, s string) ([]byte, error) {
	b, m := make([]byte, 0, len(s)), marks{ctx: ctx}
	for i := 0; i < len(s); {
		if err := m.reached(i); err != nil {
			return nil, err
		}
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
