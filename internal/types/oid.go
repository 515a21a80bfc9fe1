package types

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// unsignedCodec is what the unsigned 32-bit types share.
type unsignedCodec struct{}

func (unsignedCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return strconv.AppendUint(dst, d.n, 10)
}

func (unsignedCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, 4); err != nil {
		return Null, err
	}
	return Int(int64(binary.BigEndian.Uint32(b))), nil
}

func (unsignedCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(d.n))
}

func (unsignedCodec) compare(_ *Type, a, b Datum) int { return cmp.Compare(a.n, b.n) }

func (unsignedCodec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, d.n) }

// oidCodec is oid (oid.c).
type oidCodec struct{ unsignedCodec }

func (oidCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	v, rest, ok := scanOID(s)
	if rest != "" {
		return Null, badSyntax("oid", s)
	}
	if !ok {
		return Null, valueOutOfRange("oid", s)
	}
	return Int(int64(v)), nil
}

// scanOID reads what strtoul takes for an oid: negative numbers wrap.
func scanOID(s string) (v uint32, rest string, ok bool) {
	n, rest, ok := scanInt64(s)
	if n < math.MinInt32 || n > math.MaxUint32 {
		ok = false
	}
	return uint32(n), rest, ok
}

// xidCodec is xid and cid, whose input (xid.c) takes the number that strtoul
// with base 0 finds and asks no questions.
type xidCodec struct{ unsignedCodec }

func (xidCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	return Int(int64(uint32(scanC(s)))), nil
}

// scanC is strtoull(s, NULL, 0).
func scanC(s string) uint64 {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	base, end := 10, 0
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && digitValue(s[2]) < 16:
		base, s = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base = 8
	}
	for end < len(s) && digitValue(s[end]) < base {
		end++
	}
	if end == 0 {
		return 0
	}
	v, err := strconv.ParseUint(s[:end], base, 64)
	if err != nil {
		return math.MaxUint64
	}
	if neg {
		return -v
	}
	return v
}

// digitValue is the value of a digit in any base up to 36; 99 for others.
func digitValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case isAlpha(c):
		return int(c|0x20-'a') + 10
	}
	return 99
}

// xid8Codec is xid8: an unsigned 64-bit number, in the bits of KindInt.
type xid8Codec struct{}

func (xid8Codec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	return Int(int64(scanC(s))), nil
}

func (xid8Codec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return strconv.AppendUint(dst, d.n, 10)
}

func (xid8Codec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, 8); err != nil {
		return Null, err
	}
	return Int(readInt64(b)), nil
}

func (xid8Codec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return appendInt64(dst, d.Int())
}

func (xid8Codec) compare(_ *Type, a, b Datum) int { return cmp.Compare(a.n, b.n) }

func (xid8Codec) hash(_ *Type, h uint64, d Datum) uint64 { return mix(h, d.n) }

// lsnCodec is pg_lsn: as xid8, but written as two hexadecimal halves (pg_lsn.c).
type lsnCodec struct{ xid8Codec }

func (lsnCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	hi, lo, ok := strings.Cut(s, "/")
	h, okHi := parseHex32(hi)
	l, okLo := parseHex32(lo)
	if !ok || !okHi || !okLo {
		return Null, badSyntax("pg_lsn", s)
	}
	return Int(int64(h<<32 | l)), nil
}

func parseHex32(s string) (uint64, bool) {
	if len(s) < 1 || len(s) > 8 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if digitValue(s[i]) > 15 {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(s, 16, 32)
	return v, err == nil
}

func (lsnCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	dst = appendUpperHex(dst, d.n>>32)
	return appendUpperHex(append(dst, '/'), d.n&math.MaxUint32)
}

func appendUpperHex(dst []byte, v uint64) []byte {
	return append(dst, strings.ToUpper(strconv.FormatUint(v, 16))...)
}

// tidCodec is tid: block<<16 | offset in the bits of KindInt (tid.c).
type tidCodec struct{ xid8Codec }

// parse reads (block,offset) as tidin does: what stands before the first
// parenthesis, which may be a comma too, and behind the closing one, is not looked at.
func (tidCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	if open := strings.IndexAny(s, "(,)"); open >= 0 && s[open] != ')' {
		block, rest, ok := strings.Cut(s[open+1:], ",")
		offset, _, closed := strings.Cut(rest, ")")
		b, okB := tidPart(block, 32)
		o, okO := tidPart(offset, 16)
		if ok && closed && okB && okO {
			return Int(int64(b<<16 | o)), nil
		}
	}
	return Null, badSyntax("tid", s)
}

// tidPart is parseUnsigned, of nothing at all 0.
func tidPart(s string, bits int) (uint64, bool) {
	switch {
	case s == "":
		return 0, true
	case isSpace(s[len(s)-1]):
		return 0, false
	}
	return parseUnsigned(s, bits)
}

// parseUnsigned is strtoul without anything behind the digits.
func parseUnsigned(s string, bits int) (uint64, bool) {
	v, rest, ok := scanInt64(s)
	if rest != "" || !ok || v < 0 && (bits < 32 || v < -1<<(bits-1)) || v >= 1<<bits {
		return 0, false
	}
	return uint64(v) & (1<<bits - 1), true
}

func (tidCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	dst = strconv.AppendUint(append(dst, '('), d.n>>16, 10)
	dst = strconv.AppendUint(append(dst, ','), d.n&0xffff, 10)
	return append(dst, ')')
}

func (tidCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantLen(b, 6); err != nil {
		return Null, err
	}
	return Int(int64(binary.BigEndian.Uint32(b))<<16 | int64(binary.BigEndian.Uint16(b[4:]))), nil
}

func (tidCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(d.n>>16))
	return binary.BigEndian.AppendUint16(dst, uint16(d.n))
}

// regCodec is the reg… family: numbers, and the names that an Env's Names knows.
type regCodec struct{ unsignedCodec }

func (regCodec) parse(env *Env, t *Type, s string, _ int32) (Datum, error) {
	if s == "-" {
		return Int(0), nil
	}
	if v, rest, ok := scanOID(s); rest == "" && s != "" && isDigit(s[0]) {
		if !ok {
			return Null, valueOutOfRange("oid", s)
		}
		return Int(int64(v)), nil
	}
	if env != nil && env.Names != nil {
		oid, err := env.Names.FindObject(t, s)
		return Int(int64(oid)), err
	}
	return Null, errNoObject(t, s)
}

func (c regCodec) format(env *Env, t *Type, dst []byte, d Datum) []byte {
	if env != nil && env.Names != nil {
		return append(dst, env.Names.ObjectName(t, OID(d.n))...)
	}
	if d.n == 0 {
		return append(dst, '-')
	}
	return c.unsignedCodec.format(env, t, dst, d)
}

// errNoObject is what the reg… input functions say of a name they cannot find.
func errNoObject(t *Type, name string) error {
	code, what := pgerr.UndefinedObject, ""
	switch t {
	case TRegclass:
		code, what = pgerr.UndefinedTable, "relation"
	case TRegtype:
		what = "type"
	case TRegproc, TRegprocedure:
		code, what = pgerr.UndefinedFunction, "function"
	case TRegoper, TRegoperator:
		code = pgerr.UndefinedFunction
		return pgerr.New(code, "operator does not exist: %s", name)
	case TRegnamespace:
		code, what = pgerr.InvalidSchemaName, "schema"
	case TRegrole:
		what = "role"
	case TRegcollation:
		return pgerr.New(code, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
	case TRegconfig:
		what = "text search configuration"
	default:
		what = "text search dictionary"
	}
	return pgerr.New(code, "%s \"%s\" does not exist", what, name)
}
