package builtin

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// encodingImpls are about encodings, and the normal forms of text.
var encodingImpls = impls{
	"PG_encoding_to_char": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(encodingName(a[0].Int())), nil
	},
	"PG_char_to_encoding":        charToEncoding,
	"pg_encoding_max_length_sql": maxEncodedBytes,
	"pg_convert":                 convertBetween,
	"pg_convert_from":            convertFrom,
	"pg_convert_to":              convertTo,
	"length_in_encoding":         lengthInEncoding,
	"to_ascii_default":           func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return toASCII(a[0].Text(), encodingUTF8) },
	"to_ascii_enc":               toASCIINumber,
	"to_ascii_encname":           toASCIIName,
	"pg_client_encoding":         utf8Name,
	"getdatabaseencoding":        utf8Name,
	"unicode_normalize_func":     normalize,
	"unicode_is_normalized":      isNormalized,
}

func encodingName(n int64) string {
	if n < 0 || n >= int64(len(encodings)) {
		return ""
	}
	return encodings[n].name
}

func charToEncoding(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if n, ok := findEncoding(a[0].Text()); ok {
		return types.Int(int64(n)), nil
	}
	return types.Int(-1), nil
}

// maxEncodedBytes is pg_encoding_max_length.
func maxEncodedBytes(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	n := a[0].Int()
	if n < 0 || n >= int64(len(encodings)) {
		return types.Null, nil
	}
	return types.Int(int64(encodings[n].maxBytes)), nil
}

func utf8Name(*expr.Context, []types.Datum) (types.Datum, error) { return types.Text("UTF8"), nil }

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid normalization form: %s", name)
}

// normalPieces calls f for pieces of a text that have normal forms each by itself.
func normalPieces(ctx *expr.Context, form norm.Form, s string, f func(piece string)) error {
	for len(s) > pieceBytes {
		end := pieceEnd(s)
		next := form.FirstBoundaryInString(s[end:min(len(s), end+pieceBytes)])
		if next < 0 {
			break
		}
		end += next
		f(s[:end])
		s = s[end:]
		if err := ctx.Spend(end); err != nil {
			return err
		}
	}
	f(s)
	return nil
}

func normalize(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	form, err := normalForm(a[1].Text())
	if err != nil {
		return types.Null, err
	}
	if a[0].ByteLen() <= pieceBytes {
		return types.Text(form.String(a[0].Text())), nil
	}
	b := buffer{ctx: ctx}
	var failed error
	err = normalPieces(ctx, form, a[0].Text(), func(piece string) {
		if failed == nil {
			failed = b.add(form.String(piece))
		}
	})
	if failed != nil {
		err = failed
	}
	return types.Text(b.text()), err
}

func isNormalized(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
	form, err := normalForm(a[1].Text())
	if err != nil {
		return types.Null, err
	}
	normal := true
	err = normalPieces(ctx, form, a[0].Text(), func(piece string) { normal = normal && form.IsNormalString(piece) })
	return types.Bool(normal), err
}
