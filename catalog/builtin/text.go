package builtin

import (
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// textImpls are the functions of text: lengths, cases, pieces and padding
// (varlena.c, oracle_compat.c). Positions and lengths count characters.
var textImpls = impls{
	"textcat": textCat,
	"textlen": textLength, "bpcharlen": func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		s, err := trimSet(ctx, a[0].Text(), " ", false, true)
		if err != nil {
			return types.Null, err
		}
		n, err := runes(ctx, s)
		return types.Int(n), err
	},
	"textoctetlen": textInt(countBytes), "bpcharoctetlen": textInt(countBytes),
	"bit_length(text)": textInt(func(s string) int64 { return countBytes(s) * 8 }),
	"text_reverse":     reverseText,
	"text_substr":      substr3, "text_substr_no_len": substr2,
	"text_left": leftText, "text_right": rightText,
	"textoverlay": overlay4, "textoverlay_no_len": overlay3,
	"textpos":          position,
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

func textLength(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	n, err := runes(ctx, a[0].Text())
	return types.Int(n), err
}

func textCat(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return joinText(ctx, a[0].Text(), a[1].Text())
}

// fits refuses a value of so many bytes before it is made.
func fits(bytes int) error {
	if bytes > maxText-4 {
		return expr.ErrTooLarge(bytes)
	}
	return nil
}

func reverseText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	b := make([]byte, len(s))
	at := len(s)
	err := eachPiece(ctx, s, func(piece string) {
		for _, r := range piece {
			at -= utf8.RuneLen(r)
			utf8.EncodeRune(b[at:], r)
		}
	})
	return types.Text(textOf(b)), err
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
func substring(ctx *expr.Context, s string, from, to int64) (string, error) {
	from = max(from, 1)
	if to <= from {
		return "", nil
	}
	start, err := offset(ctx, s, from-1)
	if err != nil {
		return "", err
	}
	end, err := offset(ctx, s[start:], to-from)
	return s[start : start+end], err
}

// textFrom is what begins at character n (from 0).
func textFrom(ctx *expr.Context, s string, n int64) (types.Datum, error) {
	at, err := offset(ctx, s, n)
	return types.Text(s[at:]), err
}

// textTo is the first n characters.
func textTo(ctx *expr.Context, s string, n int64) (types.Datum, error) {
	at, err := offset(ctx, s, n)
	return types.Text(s[:at]), err
}

func substr2(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return textFrom(ctx, a[0].Text(), a[1].Int()-1)
}

func substr3(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	from, length := a[1].Int(), a[2].Int()
	if length < 0 {
		return types.Null, errNegativeLength()
	}
	s, err := substring(ctx, a[0].Text(), from, from+length)
	return types.Text(s), err
}

// leftText is left(s, n): all but the last -n when n is negative.
func leftText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	if n < 0 {
		all, err := runes(ctx, s)
		if err != nil {
			return types.Null, err
		}
		n = max(all+n, 0)
	}
	return textTo(ctx, s, n)
}

func rightText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	if n < 0 {
		// In 32 bits, as PostgreSQL does: the least number stays negative.
		return textFrom(ctx, s, int64(int32(-n)))
	}
	all, err := runes(ctx, s)
	if err != nil {
		return types.Null, err
	}
	return textFrom(ctx, s, all-n)
}

func overlay(ctx *expr.Context, s, with string, from, length int64) (types.Datum, error) {
	if from <= 0 {
		return types.Null, errNegativeLength()
	}
	end, err := int4Limits.add(from, length)
	if err != nil {
		return types.Null, err
	}
	head, err := substring(ctx, s, 1, from)
	if err != nil {
		return types.Null, err
	}
	tail, err := textFrom(ctx, s, end-1)
	if err != nil {
		return types.Null, err
	}
	return joinText(ctx, head, with, tail.Text())
}

func overlay3(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	length, err := runes(ctx, a[1].Text())
	if err != nil {
		return types.Null, err
	}
	return overlay(ctx, a[0].Text(), a[1].Text(), a[2].Int(), length)
}

func overlay4(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	return overlay(ctx, a[0].Text(), a[1].Text(), a[2].Int(), a[3].Int())
}

// position counts from 1; 0 is not found.
func position(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s := a[0].Text()
	i, err := index(ctx, s, a[1].Text())
	if i < 0 || err != nil {
		return types.Int(0), err
	}
	n, err := runes(ctx, s[:i])
	return types.Int(n + 1), err
}

// maxText is MaxAllocSize: no value is larger.
const maxText = expr.MaxValueBytes

func errTooLarge() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

// pad is lpad and rpad, to a length with a fill (a blank when none is given).
func pad(left bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		s, n, fill := a[0].Text(), max(a[1].Int(), 0), " "
		if len(a) > 2 {
			fill = a[2].Text()
		}
		if n*utf8.UTFMax > maxText-4 { // VARHDRSZ
			return types.Null, errTooLarge()
		}
		have, err := runes(ctx, s)
		if err != nil {
			return types.Null, err
		}
		if have >= n || fill == "" {
			return textTo(ctx, s, n)
		}
		filler, err := repeatTo(ctx, fill, n-have)
		if err != nil {
			return types.Null, err
		}
		if left {
			return joinText(ctx, filler, s)
		}
		return joinText(ctx, s, filler)
	}
}

// repeatTo is fill again and again, n characters of it.
func repeatTo(ctx *expr.Context, fill string, n int64) (string, error) {
	width, err := runes(ctx, fill)
	if err != nil {
		return "", err
	}
	rest, err := offset(ctx, fill, n%width)
	if err != nil {
		return "", err
	}
	times := int(n / width)
	b, err := repeatPieces(ctx, make([]byte, 0, times*len(fill)+rest), fill, times)
	if err == nil {
		b, err = appendPieces(ctx, b, fill[:rest])
	}
	return textOf(b), err
}

// trim is btrim, ltrim and rtrim of a set of characters (a blank when none is given).
func trim(left, right bool) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		set := " "
		if len(a) > 1 {
			set = a[1].Text()
		}
		s, err := trimSet(ctx, a[0].Text(), set, left, right)
		return types.Text(s), err
	}
}

func trimSet(ctx *expr.Context, s, set string, left, right bool) (string, error) {
	for left {
		end := pieceEnd(s)
		rest := strings.TrimLeft(s[:end], set)
		if s = s[end-len(rest):]; rest != "" || s == "" {
			break
		}
		if err := ctx.Spend(end); err != nil {
			return "", err
		}
	}
	for right {
		from := lastPiece(s)
		rest := strings.TrimRight(s[from:], set)
		if s = s[:from+len(rest)]; rest != "" || s == "" {
			break
		}
		if err := ctx.Spend(pieceBytes); err != nil {
			return "", err
		}
	}
	return s, nil
}

func repeatText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, n := a[0].Text(), max(a[1].Int(), 0)
	size := int64(len(s)) * n
	if size > maxText-4 {
		return types.Null, errTooLarge()
	}
	if size <= pieceBytes {
		return types.Text(strings.Repeat(s, int(n))), nil
	}
	b, err := repeatPieces(ctx, make([]byte, 0, size), s, int(n))
	return types.Text(textOf(b)), err
}

func replaceText(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, from, to := a[0].Text(), a[1].Text(), a[2].Text()
	if from == "" {
		return a[0], nil
	}
	if i, err := index(ctx, s, from); i < 0 || err != nil {
		return a[0], err
	}
	b := buffer{ctx: ctx}
	for {
		before, after, found, err := cut(ctx, s, from)
		if err != nil {
			return types.Null, err
		}
		if err := b.add(before); err != nil || !found {
			return types.Text(b.text()), err
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
	if n, err := runes(ctx, a[0].Text()); err != nil || n*utf8.UTFMax > maxText {
		if err == nil {
			err = errTooLarge()
		}
		return types.Null, err
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

func splitPart(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	s, sep, n := a[0].Text(), a[1].Text(), a[2].Int()
	if n == 0 {
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	}
	if s == "" {
		return types.Text(""), nil
	}
	parts := int64(1)
	if sep != "" {
		seps, err := count(ctx, s, sep)
		if err != nil {
			return types.Null, err
		}
		parts += int64(seps)
	}
	if n < 0 {
		n += parts + 1
	}
	if n < 1 || n > parts {
		return types.Text(""), nil
	}
	for ; n > 1; n-- {
		_, after, _, err := cut(ctx, s, sep)
		if err == nil {
			err = ctx.Spend(len(s) - len(after))
		}
		if err != nil {
			return types.Null, err
		}
		s = after
	}
	if sep == "" {
		return types.Text(s), nil
	}
	s, _, _, err := cut(ctx, s, sep)
	return types.Text(s), err
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
