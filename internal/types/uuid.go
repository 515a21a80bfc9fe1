package types

import (
	"bytes"
	"encoding/hex"
)

// uuidCodec is uuid: 16 bytes (uuid.c).
type uuidCodec struct{ byteaCodec }

func (uuidCodec) parse(_ *Env, t *Type, s string, _ int32) (Datum, error) {
	b, ok := parseUUID(s)
	if !ok {
		return Null, badSyntax(t.SQLName, s)
	}
	return Bytes(b), nil
}

// parseUUID takes 32 hexadecimal digits, a hyphen after any group of four, and
// braces around it all.
func parseUUID(s string) ([]byte, bool) {
	braces := s != "" && s[0] == '{'
	if braces {
		s = s[1:]
	}
	out := make([]byte, 16)
	for i := range out {
		if len(s) < 2 || digitValue(s[0]) > 15 || digitValue(s[1]) > 15 {
			return nil, false
		}
		out[i] = byte(digitValue(s[0])<<4 | digitValue(s[1]))
		s = s[2:]
		if i%2 == 1 && i < 15 && s != "" && s[0] == '-' {
			s = s[1:]
		}
	}
	if braces {
		return out, s == "}"
	}
	return out, s == ""
}

func (uuidCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	b := d.Bytes()
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			dst = append(dst, '-')
		}
		start := [...]int{0, 4, 6, 8, 10}[i]
		dst = hex.AppendEncode(dst, b[start:end])
	}
	return dst
}

func (uuidCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, 16); err != nil {
		return Null, err
	}
	return Bytes(bytes.Clone(b)), nil
}
