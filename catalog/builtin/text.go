package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// textImpls are the functions of text: lengths, cases, pieces and padding
// (varlena.c, oracle_compat.c). Positions and lengths count characters.
var textImpls = impls{
	"textcat": textCat,
	"textlen": textInt(countRunes), "bpcharlen": textInt(func(s string) int64 { return countRunes(types.TrimBpchar(s)) }),
	"textoctetlen": textInt(countBytes), "bpcharoctetlen": textInt(countBytes),
	"bit_length(text)": textInt(func(s string) int64 { return countBytes(s) * 8 }),
	"lower":            mapText(func() runeMap { return unicode.ToLower }),
	"upper":            mapText(func() runeMap { return unicode.ToUpper }), "initcap": mapText(initialCapitals),
	"text_reverse": textText(must(reverse)),
	"text_substr":  substr3, "text_substr_no_len": substr2,
	"text_left": leftText, "text_right": rightText,
	"textoverlay": overlay4, "textoverlay_no_len": overlay3,
	"textpos": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(position(a[0].Text(), a[1].Text())), nil
	},
	"text_starts_with": textsBool(strings.HasPrefix),
	"lpad":             pad(true), "rpad": pad(false), "lpad(text,integer)": pad(true), "rpad(text,integer)": pad(false),
	"btrim": trim(true, true), "ltrim": trim(true, false), "rtrim": trim(false, true),
	"btrim1": trim(true, true), "ltrim1": trim(true, false),
	"repeat": repeatText, "replace_text": replaceText, "translate": translateText,
	"split_part": splitPart, "ascii": textInt(ascii), "chr": chr,
	"to_hex32": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(hex(uint64(uint32(a[0].Int())))), nil
	},
	"to_hex64": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(hex(uint64(a[0].Int()))), nil
	},
	"nameconcatoid": nameConcatOID,
}

func countRunes(s string) int64 { return int64(utf8.RuneCountInString(s)) }

func countBytes(s string) int64 { return int64(len(s)) }

func textCat(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return joinText(a[0].Text(), a[1].Text())
}

// joinText is one text of several.
func joinText(pieces ...string) (types.Datum, error) {
	n := 0
	for _, s := range pieces {
		n += len(s)
	}
	if err := fits(n); err != nil {
		return types.Null, err
	}
	return types.Text(strings.Join(pieces, "")), nil
}

// fits refuses a value of so many bytes before it is made.
func fits(bytes int) error {
	if bytes > maxText-4 {
		return expr.ErrTooLarge(bytes)
	}
	return nil
}

// runeMap maps one character of a text after the other; those below 0 are left out.
type runeMap func(rune) rune

// pieceBytes is how much of a long text is gone through at a time.
const pieceBytes = 1 << 16

// mapText makes an impl of a mapping, which is made anew for each call.
func mapText(start func() runeMap) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		return mapRunes(ctx, a[0].Text(), start())
	}
}

func mapRunes(ctx *expr.Context, s string, f runeMap) (types.Datum, error) {
	if len(s) <= pieceBytes {
		return types.Text(strings.Map(f, s)), nil
	}
	b := buffer{ctx: ctx}
	for s != "" {
		piece := s[:pieceEnd(s)]
		s = s[len(piece):]
		if err := b.add(strings.Map(f, piece)); err != nil {
			return types.Null, err
		}
	}
	return types.Text(b.out.String()), nil
}

// pieceEnd is where the first piece of a text ends, between two characters.
func pieceEnd(s string) int {
	if len(s) <= pieceBytes {
		return len(s)
	}
	end := pieceBytes
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return end
}

func lowerCase(ctx *expr.Context, s string) (string, error) {
	d, err := mapRunes(ctx, s, unicode.ToLower)
	return d.Text(), err
}

func initialCapitals() runeMap {
	inWord := false
	return func(r rune) rune {
		first := !inWord
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
		if first {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}
}

func reverse(s string) string {
	b := make([]byte, len(s))
	at := len(s)
	for _, r := range s {
		at -= utf8.RuneLen(r)
		utf8.EncodeRune(b[at:], r)
	}
	return string(b)
}

// byteOffset is where character n (from 0) begins; len(s) past the end.
func byteOffset(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func errNegativeLength() error {
	return pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
}

// substring is the characters from (counted from 1) up to, not including, to.
func substring(s string, from, to int64) string {
	from = max(from, 1)
	if to <= from {
		return ""
	}
	start := byteOffset(s, from-1)
	return s[start : start+byteOffset(s[start:], to-from)]
}

func substr2(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	return types.Text(s[byteOffset(s, a[1].Int()-1):]), nil
}

func substr3(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	from, length := a[1].Int(), a[2].Int()
	if length < 0 {
		return types.Null, errNegativeLength()
	}
	return types.Text(substring(a[0].Text(), from, from+length)), nil
}

// leftText is left(s, n): all but the last -n when n is negative.
func leftText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	if n < 0 {
		n = max(countRunes(s)+n, 0)
	}
	return types.Text(s[:byteOffset(s, n)]), nil
}

func rightText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	if n < 0 {
		// In 32 bits, as PostgreSQL does: the least number stays negative.
		return types.Text(s[byteOffset(s, int64(int32(-n))):]), nil
	}
	return types.Text(s[byteOffset(s, countRunes(s)-n):]), nil
}

func overlay(s, with string, from, length int64) (types.Datum, error) {
	if from <= 0 {
		return types.Null, errNegativeLength()
	}
	end, err := int4Limits.add(from, length)
	if err != nil {
		return types.Null, err
	}
	return joinText(substring(s, 1, from), with, s[byteOffset(s, end-1):])
}

func overlay3(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return overlay(a[0].Text(), a[1].Text(), a[2].Int(), countRunes(a[1].Text()))
}

func overlay4(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return overlay(a[0].Text(), a[1].Text(), a[2].Int(), a[3].Int())
}

// position counts from 1; 0 is not found.
func position(s, sub string) int64 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return countRunes(s[:i]) + 1
}

// maxText is MaxAllocSize: no value is larger.
const maxText = expr.MaxValueBytes

func errTooLarge() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

// pad is lpad and rpad, to a length with a fill (a blank when none is given).
func pad(left bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		s, n, fill := a[0].Text(), max(a[1].Int(), 0), " "
		if len(a) > 2 {
			fill = a[2].Text()
		}
		if n*utf8.UTFMax > maxText-4 { // VARHDRSZ
			return types.Null, errTooLarge()
		}
		missing := n - countRunes(s)
		if missing <= 0 || fill == "" {
			return types.Text(s[:byteOffset(s, n)]), nil
		}
		filler := repeatTo(fill, missing)
		if left {
			return types.Text(filler + s), nil
		}
		return types.Text(s + filler), nil
	}
}

// repeatTo is fill again and again, n characters of it.
func repeatTo(fill string, n int64) string {
	width := countRunes(fill)
	return strings.Repeat(fill, int(n/width)) + fill[:byteOffset(fill, n%width)]
}

// trim is btrim, ltrim and rtrim of a set of characters (a blank when none is given).
func trim(left, right bool) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		s, set := a[0].Text(), " "
		if len(a) > 1 {
			set = a[1].Text()
		}
		if left {
			s = strings.TrimLeft(s, set)
		}
		if right {
			s = strings.TrimRight(s, set)
		}
		return types.Text(s), nil
	}
}

func repeatText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), max(a[1].Int(), 0)
	if int64(len(s))*n > maxText-4 {
		return types.Null, errTooLarge()
	}
	return types.Text(strings.Repeat(s, int(n))), nil
}

func replaceText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, from, to := a[0].Text(), a[1].Text(), a[2].Text()
	if from == "" || !strings.Contains(s, from) {
		return a[0], nil
	}
	b := buffer{ctx: ctx}
	for {
		before, after, found := strings.Cut(s, from)
		if err := b.add(before); err != nil || !found {
			return types.Text(b.out.String()), err
		}
		if err := b.add(to); err != nil {
			return types.Null, err
		}
		s = after
	}
}

// translateText replaces each character that is in from by the one at the same
// place in to; those beyond to are dropped.
func translateText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	if countRunes(a[0].Text())*utf8.UTFMax > maxText {
		return types.Null, errTooLarge()
	}
	to := []rune(a[2].Text())
	by := map[rune]rune{}
	i := 0
	for _, r := range a[1].Text() {
		if _, given := by[r]; !given {
			by[r] = -1
			if i < len(to) {
				by[r] = to[i]
			}
		}
		i++
	}
	return mapRunes(ctx, a[0].Text(), func(r rune) rune {
		if to, ok := by[r]; ok {
			return to
		}
		return r
	})
}

func splitPart(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	s, sep, n := a[0].Text(), a[1].Text(), a[2].Int()
	if n == 0 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	}
	if s == "" {
		return types.Text(""), nil
	}
	parts := int64(1)
	if sep != "" {
		parts += int64(strings.Count(s, sep))
	}
	if n < 0 {
		n += parts + 1
	}
	if n < 1 || n > parts {
		return types.Text(""), nil
	}
	for ; n > 1; n-- {
		_, s, _ = strings.Cut(s, sep)
	}
	if sep != "" {
		s, _, _ = strings.Cut(s, sep)
	}
	return types.Text(s), nil
}

// ascii is the number of the first character.
func ascii(s string) int64 {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return int64(r)
}

func chr(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := a[0].Int()
	switch {
	case n < 0:
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "character number must be positive")
	case n == 0:
		return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case n > utf8.MaxRune:
		return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case !utf8.ValidRune(rune(n)):
		return types.Null, pgerr.New(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return types.Text(string(rune(n))), nil
}

// nameConcatOID is a name of information_schema's: name, underscore, number,
// cut to fit.
func nameConcatOID(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	suffix := "_" + string(types.AppendInt(nil, a[1].Int()))
	name := a[0].Text()
	for len(name)+len(suffix) > 63 {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return types.Text(name + suffix), nil
}
