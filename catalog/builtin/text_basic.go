package builtin

import (
	"strings"
	"unicode/utf8"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// textImpls are the functions of text that need few words (varlena.c, oracle_compat.c).
var textImpls = impls{
	"textcat": textCat,
	"textlen": textInt(countRunes),
	"lower":   textText(must(strings.ToLower)),
	"upper":   textText(must(strings.ToUpper)),
}

func countRunes(s string) int64 { return int64(utf8.RuneCountInString(s)) }

func textCat(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	return types.Text(a[0].Text() + a[1].Text()), nil
}
