package types

import (
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// textCodec is text and what else is plain text (varlena.c).
type textCodec struct{}

func (textCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Null, err
	}
	return Text(strings.Clone(s)), nil
}

func (textCodec) parseLong(_ *Env, t *Type, s string, typmod int32, work Work) (Datum, error) {
	if err := validateLong(s, work); err != nil {
		return Null, err
	}
	s, err := cloneLong(s, work)
	if err != nil {
		return Null, err
	}
	if typmod < typmodHeader {
		return Text(s), nil
	}
	return t.ApplyTypmod(Text(s), typmod, false)
}

func (textCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return append(dst, d.Text()...)
}

func (textCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	s := string(b)
	if err := ValidateUTF8(s); err != nil {
		return Null, err
	}
	return Text(s), nil
}

func (textCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	return append(dst, d.Text()...)
}

func (textCodec) compare(_ *Type, a, b Datum) int { return strings.Compare(a.Text(), b.Text()) }

func (textCodec) hash(_ *Type, h uint64, d Datum) uint64 { return hashText(h, d.Text()) }

// hashText is the hash of the text family.
func hashText(h uint64, s string) uint64 { return mix(h, xxhash.Sum64String(s)) }

// varcharCodec is varchar: text with a limit, in characters (varchar.c).
type varcharCodec struct{ textCodec }

func (c varcharCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	d, err := c.textCodec.parse(env, t, s, typmod)
	if err != nil || typmod < typmodHeader {
		return d, err
	}
	return limitVarchar(d, int(typmod-typmodHeader), false)
}

func (c varcharCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	d, err := c.textCodec.decode(env, t, b, typmod)
	if err != nil || typmod < typmodHeader {
		return d, err
	}
	return limitVarchar(d, int(typmod-typmodHeader), false)
}

// limitVarchar cuts d to n characters: freely when explicit (a cast), else
// only where spaces would go.
func limitVarchar(d Datum, n int, explicit bool) (Datum, error) {
	s := d.Text()
	if len(s) <= n {
		return d, nil
	}
	cut := runePrefix(s, n)
	if cut == len(s) {
		return d, nil
	}
	if !explicit && strings.Trim(s[cut:], " ") != "" {
		return Null, errTooLong("character varying", n)
	}
	return Text(s[:cut]), nil
}

// runePrefix is the length in bytes of the first n characters of s.
func runePrefix(s string, n int) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

func errTooLong(typeName string, n int) error {
	return pgerr.New(pgerr.StringDataRightTruncation, "value too long for type %s(%d)", typeName, n)
}

// bpcharCodec is char(n): a Datum of it is padded to its length, blanks at the
// end do not count when comparing.
type bpcharCodec struct{ textCodec }

func (c bpcharCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	d, err := c.textCodec.parse(env, t, s, typmod)
	if err != nil || typmod < typmodHeader {
		return d, err
	}
	return padBpchar(d, int(typmod-typmodHeader), false)
}

func (c bpcharCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	d, err := c.textCodec.decode(env, t, b, typmod)
	if err != nil || typmod < typmodHeader {
		return d, err
	}
	return padBpchar(d, int(typmod-typmodHeader), false)
}

// padBpchar makes d n characters long.
func padBpchar(d Datum, n int, explicit bool) (Datum, error) {
	s := d.Text()
	have := utf8.RuneCountInString(s)
	if have == n {
		return d, nil
	}
	if have < n {
		return Text(s + strings.Repeat(" ", n-have)), nil
	}
	cut := runePrefix(s, n)
	if !explicit && strings.Trim(s[cut:], " ") != "" {
		return Null, errTooLong("character", n)
	}
	return Text(s[:cut]), nil
}

// TrimBpchar is a char(n)'s text without its padding: what text(bpchar) gives.
func TrimBpchar(s string) string { return strings.TrimRight(s, " ") }

func (bpcharCodec) compare(_ *Type, a, b Datum) int {
	return strings.Compare(TrimBpchar(a.Text()), TrimBpchar(b.Text()))
}

func (bpcharCodec) hash(_ *Type, h uint64, d Datum) uint64 {
	return hashText(h, TrimBpchar(d.Text()))
}

// nameLen is NAMEDATALEN - 1.
const nameLen = 63

// nameCodec is name: text of at most 63 bytes, cut silently at input (name.c).
type nameCodec struct{ textCodec }

func (c nameCodec) parse(env *Env, t *Type, s string, typmod int32) (Datum, error) {
	if err := ValidateUTF8(s); err != nil {
		return Null, err
	}
	return Text(strings.Clone(TruncateName(s))), nil
}

// TruncateName cuts an identifier to the 63 bytes that a name holds, between characters.
func TruncateName(s string) string {
	if len(s) <= nameLen {
		return s
	}
	cut := nameLen
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

func (c nameCodec) decode(env *Env, t *Type, b []byte, typmod int32) (Datum, error) {
	if len(b) > nameLen {
		return Null, pgerr.New(pgerr.NameTooLong, "identifier too long").
			WithDetail("Identifier must be less than %d characters.", nameLen+1)
	}
	return c.textCodec.decode(env, t, b, typmod)
}

// charCodec is "char": one byte; the zero byte is the empty text, a byte that is
// no ASCII is written \ooo (char.c).
type charCodec struct{ textCodec }

func (charCodec) parse(_ *Env, _ *Type, s string, _ int32) (Datum, error) {
	if len(s) == 4 && s[0] == '\\' && isOctal(s[1], '7') && isOctal(s[2], '7') && isOctal(s[3], '7') {
		return charDatum(string([]byte{(s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0')})), nil
	}
	return charDatum(s), nil
}

func (charCodec) format(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	s := d.Text()
	if s != "" && s[0] >= 0x80 {
		return append(dst, '\\', s[0]>>6+'0', s[0]>>3&7+'0', s[0]&7+'0')
	}
	return append(dst, s...)
}

func charDatum(s string) Datum {
	if s == "" || s[0] == 0 {
		return Text("")
	}
	return Text(strings.Clone(s[:1]))
}

func (charCodec) decode(_ *Env, _ *Type, b []byte, _ int32) (Datum, error) {
	if err := wantByte(b); err != nil {
		return Null, err
	}
	return charDatum(string(b)), nil
}

func (charCodec) encode(_ *Env, _ *Type, dst []byte, d Datum) []byte {
	if d.Text() == "" {
		return append(dst, 0)
	}
	return append(dst, d.Text()[0])
}
