package builtin

import (
	encodinghex "encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// convertBetween is convert(bytea, from, to).
func convertBetween(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	from, ok := findEncoding(a[1].Text())
	if !ok {
		return types.Null, errCharsetName("source", a[1].Text())
	}
	to, ok := findEncoding(a[2].Text())
	if !ok {
		return types.Null, errCharsetName("destination", a[2].Text())
	}
	b, err := recode(ctx, a[0].Bytes(), from, to)
	return types.Bytes(b), err
}

func errCharsetName(which, name string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid %s encoding name \"%s\"", which, name)
}

// convertFrom makes a text of the bytes of another encoding.
func convertFrom(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	from, ok := findEncoding(a[1].Text())
	if !ok {
		return types.Null, errCharsetName("source", a[1].Text())
	}
	if from != encodingUTF8 {
		b, err := recode(ctx, a[0].Bytes(), from, encodingUTF8)
		return types.Text(textOf(b)), err
	}
	d, err := joinBytes(ctx, a[0].Bytes())
	if err != nil {
		return types.Null, err
	}
	s := textOf(d.Bytes())
	return types.Text(s), validUTF8(ctx, s)
}

// convertTo is a text's bytes in another encoding.
func convertTo(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	to, ok := findEncoding(a[1].Text())
	switch {
	case !ok:
		return types.Null, errCharsetName("destination", a[1].Text())
	case to == encodingUTF8 || to == encodingASCII:
		return joinBytes(ctx, bytesOf(a[0].Text()))
	}
	b, err := recode(ctx, bytesOf(a[0].Text()), encodingUTF8, to)
	return types.Bytes(b), err
}

// lengthInEncoding counts the characters of bytes in an encoding.
func lengthInEncoding(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	n, ok := findEncoding(a[1].Text())
	if !ok {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid encoding name \"%s\"", a[1].Text())
	}
	count := int64(0)
	err := eachChar(ctx, a[0].Bytes(), n, func([]byte) error { count++; return nil })
	return types.Int(count), err
}

// eachChar calls f for the characters of b; what is none is 22021.
func eachChar(ctx *expr.Context, b []byte, number int, f func(char []byte) error) error {
	e, m := &encodings[number], marks{ctx: ctx}
	for at := 0; at < len(b); {
		if err := m.reached(at); err != nil {
			return err
		}
		n := e.length(b[at:])
		if at+n > len(b) || !e.valid(b[at:at+n]) {
			return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": %s", e.name, showBytes(b[at:min(at+n, len(b))]))
		}
		if err := f(b[at : at+n]); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// showBytes is how errors show a character.
func showBytes(char []byte) string {
	var out []string
	for _, c := range char {
		out = append(out, "0x"+encodinghex.EncodeToString([]byte{c}))
	}
	return strings.Join(out, " ")
}

// recode makes bytes of one encoding those of another (pg_do_encoding_conversion).
func recode(ctx *expr.Context, b []byte, from, to int) ([]byte, error) {
	if err := eachChar(ctx, b, from, func([]byte) error { return nil }); err != nil {
		return nil, err
	}
	switch {
	case from == to || to == encodingASCII || len(b) == 0:
		return b, nil
	case from == encodingASCII:
		return b, eachChar(ctx, b, to, func([]byte) error { return nil })
	}
	if err := checkConversion(from, to); err != nil {
		return nil, err
	}
	out := buffer{ctx: ctx}
	err := eachChar(ctx, b, from, func(char []byte) error {
		coded := recodeChar(char, from, to)
		if coded == "" {
			return pgerr.New(pgerr.UntranslatableCharacter, "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"",
				showBytes(char), encodings[from].name, encodings[to].name)
		}
		return out.add(coded)
	})
	return bytesOf(out.text()), err
}

// recodeChar is a character in another encoding, nothing when that does not have it.
func recodeChar(char []byte, from, to int) string {
	r := runeOf(from, char)
	if char[0] < utf8.RuneSelf || from == encodingUTF8 || to == encodingUTF8 {
		return charOf(to, r)
	}
	if !cyrillic[from] {
		// Of LATIN2 and WIN1250, what both have in the range of controls stays.
		if c := char[0]; c < 0x9c && c&0x0f < 0x0c && c != 0x8a && c != 0x9a {
			return string(char)
		}
		return charOf(to, r)
	}
	if i := strings.IndexByte(ukrainian[from], char[0]); i >= 0 && ukrainian[to] != "" && !isRussian(r) {
		return ukrainian[to][i : i+1]
	}
	if !isRussian(r) {
		return ""
	}
	return charOf(to, r)
}

// runeOf is a character in Unicode, RuneError when it is not there.
func runeOf(number int, char []byte) rune {
	if number == encodingUTF8 {
		r, _ := utf8.DecodeRune(char)
		return r
	}
	code := uint16(char[0])
	if len(char) == 2 {
		code = code<<8 | uint16(char[1])
	}
	if r, ok := encodings[number].table().toRune[code]; ok {
		return r
	}
	return utf8.RuneError
}

// charOf is a character's bytes, none when the encoding does not have it.
func charOf(number int, r rune) string {
	if number == encodingUTF8 {
		if r == utf8.RuneError {
			return ""
		}
		return string(r)
	}
	code, ok := encodings[number].table().fromRune[r]
	switch {
	case !ok:
		return ""
	case code > 0xff:
		return string([]byte{byte(code >> 8), byte(code)})
	}
	return string([]byte{byte(code)})
}

// The encodings between which PostgreSQL converts without UTF8: those of
// Russian, of which the letters only, and two of Central Europe.
var cyrillic = map[int]bool{encodingKOI8R: true, encodingWIN1251: true, encodingWIN866: true, encodingISO5: true}

const (
	encodingMule    = 7
	encodingLATIN2  = 9
	encodingWIN866  = 20
	encodingKOI8R   = 22
	encodingWIN1251 = 23
	encodingISO5    = 25
	encodingWIN1250 = 29
)

// ukrainian are the letters є і ї ґ Є І Ї Ґ as the conversions have them, where
// WIN866 is not its code page.
var ukrainian = map[int]string{
	encodingKOI8R:   "\xa4\xa6\xa7\xad\xb4\xb6\xb7\xbd",
	encodingWIN1251: "\xba\xb3\xbf\xb4\xaa\xb2\xaf\xa5",
	encodingWIN866:  "\xf3\xf9\xf5\xad\xf2\xf8\xf4\xbd",
}

func isRussian(r rune) bool { return r >= 'А' && r <= 'я' || r == 'Ё' || r == 'ё' }

// otherConversions are those that PostgreSQL has and that are not here: between
// these, and from and to MULE_INTERNAL.
var otherConversions = map[[2]string]bool{
	{"BIG5", "EUC_TW"}: true, {"EUC_JIS_2004", "SHIFT_JIS_2004"}: true, {"EUC_JP", "SJIS"}: true,
}

// inMule are the encodings that MULE_INTERNAL has.
var inMule = map[string]bool{
	"BIG5": true, "EUC_CN": true, "EUC_JP": true, "EUC_KR": true, "EUC_TW": true, "LATIN1": true, "LATIN2": true, "LATIN3": true, "LATIN4": true,
	"ISO_8859_5": true, "KOI8R": true, "SJIS": true, "WIN1250": true, "WIN1251": true, "WIN866": true,
}

// checkConversion is 42883 where PostgreSQL has no conversion, 0A000 where there is none here.
func checkConversion(from, to int) error {
	f, t := &encodings[from], &encodings[to]
	direct := cyrillic[from] && cyrillic[to] || from == encodingLATIN2 && to == encodingWIN1250 || from == encodingWIN1250 && to == encodingLATIN2
	mule := from == encodingMule && inMule[t.name] || to == encodingMule && inMule[f.name]
	throughUTF8 := (from == encodingUTF8 || to == encodingUTF8) && from != encodingMule && to != encodingMule
	switch {
	case mule || otherConversions[[2]string{f.name, t.name}] || otherConversions[[2]string{t.name, f.name}]:
		return pgerr.Unsupported("conversion from encoding %s to %s", f.name, t.name)
	case !direct && !throughUTF8:
		return pgerr.New(pgerr.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", f.name, t.name)
	case from != encodingUTF8 && f.table == nil:
		return pgerr.Unsupported("conversion from encoding %s", f.name)
	case to != encodingUTF8 && t.table == nil:
		return pgerr.Unsupported("conversion to encoding %s", t.name)
	}
	return nil
}
