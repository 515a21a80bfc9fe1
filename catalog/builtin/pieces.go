package builtin

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// pieceBytes is how much of a long value is gone through at a time: between two
// pieces a statement hears that it is cancelled. What is no longer is one piece,
// and costs what it would without any.
const pieceBytes = 1 << 16

// pieceEnd is where the first piece of a text ends, between two characters.
func pieceEnd(s string) int {
	if len(s) <= pieceBytes {
		return len(s)
	}
	end := pieceBytes
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if end == 0 { // no UTF-8
		return pieceBytes
	}
	return end
}

// lastPiece is where the last piece of a text begins, between two characters.
func lastPiece(s string) int {
	if len(s) <= pieceBytes {
		return 0
	}
	from := len(s) - pieceBytes
	for from < len(s)-1 && !utf8.RuneStart(s[from]) {
		from++
	}
	return from
}

// eachPiece calls f for the pieces of a text.
func eachPiece(ctx *expr.Context, s string, f func(piece string)) error {
	for len(s) > pieceBytes {
		end := pieceEnd(s)
		f(s[:end])
		s = s[end:]
		if err := ctx.Spend(end); err != nil {
			return err
		}
	}
	f(s)
	return nil
}

// eachChunk is eachPiece for bytes.
func eachChunk(ctx *expr.Context, b []byte, f func(chunk []byte)) error {
	for len(b) > pieceBytes {
		f(b[:pieceBytes])
		b = b[pieceBytes:]
		if err := ctx.Spend(pieceBytes); err != nil {
			return err
		}
	}
	f(b)
	return nil
}

// textOf is a text of bytes that nobody changes from now on.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf are a text's bytes, to read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// appendPieces appends long texts.
func appendPieces(ctx *expr.Context, dst []byte, texts ...string) ([]byte, error) {
	for _, s := range texts {
		if err := eachChunk(ctx, bytesOf(s), func(b []byte) { dst = append(dst, b...) }); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// joinText is one text of several.
func joinText(ctx *expr.Context, texts ...string) (types.Datum, error) {
	n := 0
	for _, s := range texts {
		n += len(s)
	}
	if err := fits(n); err != nil {
		return types.Null, err
	}
	if n <= pieceBytes {
		return types.Text(strings.Join(texts, "")), nil
	}
	b, err := appendPieces(ctx, make([]byte, 0, n), texts...)
	return types.Text(textOf(b)), err
}

// joinBytes is one value of several.
func joinBytes(ctx *expr.Context, pieces ...[]byte) (types.Datum, error) {
	n := 0
	for _, b := range pieces {
		n += len(b)
	}
	if err := fits(n); err != nil {
		return types.Null, err
	}
	if n <= pieceBytes {
		return types.Bytes(bytes.Join(pieces, nil)), nil
	}
	out := make([]byte, 0, n)
	for _, b := range pieces {
		if err := eachChunk(ctx, b, func(chunk []byte) { out = append(out, chunk...) }); err != nil {
			return types.Null, err
		}
	}
	return types.Bytes(out), nil
}

// runes is how many characters a text has.
func runes(ctx *expr.Context, s string) (n int64, err error) {
	if len(s) <= pieceBytes {
		return countRunes(s), nil
	}
	err = eachPiece(ctx, s, func(piece string) { n += countRunes(piece) })
	return n, err
}

// offset is byteOffset in a text that may be long.
func offset(ctx *expr.Context, s string, n int64) (int, error) {
	at := 0
	for n > pieceBytes && len(s)-at > pieceBytes {
		end := pieceEnd(s[at:])
		n -= countRunes(s[at : at+end])
		at += end
		if err := ctx.Spend(end); err != nil {
			return 0, err
		}
	}
	return at + byteOffset(s[at:], n), nil
}

// index is strings.Index in a text that may be long: in windows that overlap by
// what is searched for.
func index(ctx *expr.Context, s, sub string) (int, error) {
	const window = 4 * pieceBytes
	step := max(window, len(sub))
	at := 0
	for len(s)-at > step+len(sub) {
		if i := strings.Index(s[at:at+step+len(sub)], sub); i >= 0 {
			return at + i, ctx.Spend(i)
		}
		at += step
		if err := ctx.Spend(step); err != nil {
			return 0, err
		}
	}
	i := strings.Index(s[at:], sub)
	if i < 0 {
		return -1, ctx.Spend(len(s) - at)
	}
	return at + i, ctx.Spend(i)
}

// cut is strings.Cut in a text that may be long.
func cut(ctx *expr.Context, s, sep string) (before, after string, found bool, err error) {
	i, err := index(ctx, s, sep)
	if i < 0 || err != nil {
		return s, "", false, err
	}
	return s[:i], s[i+len(sep):], true, nil
}

// count is strings.Count of a separator that is not empty.
func count(ctx *expr.Context, s, sep string) (n int, err error) {
	if len(s) <= pieceBytes {
		return strings.Count(s, sep), nil
	}
	for {
		_, after, found, err := cut(ctx, s, sep)
		if err != nil || !found {
			return n, err
		}
		if n++; n%pieceBytes == 0 {
			if err := ctx.Spend(pieceBytes); err != nil {
				return 0, err
			}
		}
		s = after
	}
}

// replaceAll is strings.ReplaceAll of something that is not empty.
func replaceAll(ctx *expr.Context, s, from, to string) (string, error) {
	if len(s) <= pieceBytes {
		return strings.ReplaceAll(s, from, to), nil
	}
	b := buffer{ctx: ctx}
	for {
		before, after, found, err := cut(ctx, s, from)
		if err != nil {
			return "", err
		}
		if err := b.add(before); err != nil || !found {
			return b.text(), err
		}
		if err := b.add(to); err != nil {
			return "", err
		}
		s = after
	}
}

// repeatPieces appends s n times.
func repeatPieces(ctx *expr.Context, dst []byte, s string, n int) ([]byte, error) {
	if s == "" {
		return dst, nil
	}
	if many := pieceBytes / len(s); many > 1 && n > many {
		var err error
		if dst, err = repeatPieces(ctx, dst, strings.Repeat(s, many), n/many); err != nil {
			return nil, err
		}
		n %= many
	}
	for range n {
		var err error
		if dst, err = appendPieces(ctx, dst, s); err != nil {
			return nil, err
		}
		if err := ctx.Spend(len(s)); err != nil {
			return nil, err
		}
	}
	return dst, nil
}
