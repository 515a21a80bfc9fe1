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

func normalize(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	f, err := normalForm(a[1].Text())
	if err != nil {
		return types.Null, err
	}
	return types.Text(f.String(a[0].Text())), nil
}

func isNormalized(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	f, err := normalForm(a[1].Text())
	if err != nil {
		return types.Null, err
	}
	return types.Bool(f.IsNormalString(a[0].Text())), nil
}
