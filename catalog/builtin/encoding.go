package builtin

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// encodingImpls are about encodings, of which there is one, and the normal forms
// of its text.
var encodingImpls = impls{
	"PG_encoding_to_char": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Text(encodingName(a[0].Int())), nil
	},
	"PG_char_to_encoding":    charToEncoding,
	"pg_client_encoding":     utf8Name,
	"getdatabaseencoding":    utf8Name,
	"unicode_normalize_func": normalize,
	"unicode_is_normalized":  isNormalized,
}

// The encodings that have a number here: the database's, and SQL_ASCII.
const (
	encodingASCII = 0
	encodingUTF8  = 6
)

func encodingName(n int64) string {
	switch n {
	case encodingASCII:
		return "SQL_ASCII"
	case encodingUTF8:
		return "UTF8"
	}
	return ""
}

func charToEncoding(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	switch {
	case isUTF8(a[0].Text()):
		return types.Int(encodingUTF8), nil
	case strings.EqualFold(strings.ReplaceAll(a[0].Text(), "_", ""), "sqlascii"):
		return types.Int(encodingASCII), nil
	}
	return types.Int(-1), nil
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
