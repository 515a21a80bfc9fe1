package builtin

import (
	"bytes"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// byteDifferenceImpls are three-way comparisons whose answer, called by name, is
// not -1, 0 or 1 but the difference that memcmp or a subtraction has found.
var byteDifferenceImpls = impls{
	"bttextcmp": byteDifference(textBytes), "bttext_pattern_cmp": byteDifference(textBytes),
	"btnametextcmp": byteDifference(textBytes), "bttextnamecmp": byteDifference(textBytes),
	"gin_compare_jsonb": byteDifference(textBytes), "gin_cmp_tslexeme": byteDifference(textBytes),
	"btnamecmp": byteDifference(func(d types.Datum) []byte { return append([]byte(d.Text()), 0) }),
	"bpcharcmp": byteDifference(trimmedBytes), "btbpcharcmp": byteDifference(trimmedBytes), "btbpchar_pattern_cmp": byteDifference(trimmedBytes),
	"byteacmp": byteDifference(types.Datum.Bytes), "uuid_cmp": byteDifference(types.Datum.Bytes),
	"btcharcmp": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(int64(letterOf(a[0])) - int64(letterOf(a[1]))), nil
	},
	"btint2cmp": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Int(a[0].Int() - a[1].Int()), nil
	},
	"btequalimage": alwaysTrue,
}

func alwaysTrue(*expr.Context, []types.Datum) (types.Datum, error) { return types.True, nil }

func textBytes(d types.Datum) []byte { return []byte(d.Text()) }

func trimmedBytes(d types.Datum) []byte { return []byte(types.TrimBpchar(d.Text())) }

// byteDifference is the difference of the first bytes that differ, 1 or -1
// where one value is the other's beginning.
func byteDifference(of func(types.Datum) []byte) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		x, y := of(a[0]), of(a[1])
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				return types.Int(int64(x[i]) - int64(y[i])), nil
			}
		}
		return types.Int(int64(bytes.Compare(x, y))), nil
	}
}
