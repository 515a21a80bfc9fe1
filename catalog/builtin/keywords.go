package builtin

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// keywordRows is pg_get_keywords, which JDBC asks for the words to quote.
var keywordRows = rowsImpls{"pg_get_keywords": keywords}

// keywordList is PostgreSQL 15's keywords: word, category, whether it may be a
// column's label without AS.
//
//go:embed data/keywords.tsv
var keywordList string

// keywordCategories are the categories' names (common/keywords.h; adt/misc.c, pg_get_keywords).
var keywordCategories = map[string]string{
	"U": "unreserved", "C": "unreserved (cannot be function or type name)",
	"T": "reserved (can be function or type name)", "R": "reserved",
}

var keywordData = sync.OnceValue(func() []types.Datum {
	var rows []types.Datum
	columns := []*types.Type{types.TText, types.TChar, types.TBool, types.TText, types.TText}
	names := []string{"word", "catcode", "barelabel", "catdesc", "baredesc"}
	for line := range strings.Lines(keywordList) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		bare, label := f[2] == "t", "requires AS"
		if bare {
			label = "can be bare label"
		}
		rows = append(rows, types.RowDatum(&types.Row{Types: columns, Names: names, Fields: []types.Datum{
			types.Text(f[0]), types.Text(f[1]), types.Bool(bare), types.Text(keywordCategories[f[1]]), types.Text(label),
		}}))
	}
	return rows
})

func keywords(_ *expr.Context, _ []types.Datum, yield func(types.Datum) bool) error {
	for _, row := range keywordData() {
		if !yield(row) {
			break
		}
	}
	return nil
}
