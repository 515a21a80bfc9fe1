package builtin

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/ending"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestLongCallsEnd: a single call hears that its statement was cancelled.
func TestLongCallsEnd(t *testing.T) {
	long := types.Text(strings.Repeat("ab ", 1<<17))
	letters := types.Text(strings.Repeat("a", 1<<17))
	ints := make([]types.Datum, 1<<12)
	for i := range ints {
		ints[i] = types.Int(int64(i))
	}
	array := types.ArrayDatum(types.NewArray(types.TInt4, ints))
	for _, c := range []struct {
		function string
		f        impl
		args     []types.Datum
	}{
		{"~", regexes{}.impls()["textregexeq"], []types.Datum{long, types.Text("(b+)x")}},
		{"~ without quantifier", regexes{}.impls()["textregexeq"], []types.Datum{long, types.Text("bx")}},
		{"substring", regexes{}.impls()["textregexsubstr"], []types.Datum{long, types.Text("a(b+)x")}},
		{"regexp_replace", regexes{}.impls()["textregexreplace"], []types.Datum{long, types.Text("b+"), types.Text("c"), types.Text("g")}},
		{"regexp_count", regexes{}.impls()["regexp_count_no_start"], []types.Datum{long, types.Text("[ab]")}},
		{"regexp_split_to_array", regexes{}.impls()["regexp_split_to_array_no_flags"], []types.Datum{long, types.Text(" +")}},
		{"LIKE", likeImpls["textlike"], []types.Datum{letters, types.Text("%" + strings.Repeat("a", 1<<16) + "b")}},
		{"initcap", mapText(ctypeUnicode.capitals), []types.Datum{long}},
		{"translate", textImpls["translate"], []types.Datum{long, types.Text("ab"), types.Text("ba")}},
		{"string_to_array", arrayImpls["text_to_array"], []types.Datum{long, types.Text(" ")}},
		{"@>", arrayImpls["arraycontains"], []types.Datum{array, array}},
		{"&&", arrayImpls["arrayoverlap"], []types.Datum{array, types.ArrayDatum(types.NewArray(types.TInt4, slices.Repeat([]types.Datum{types.Int(-1)}, 1<<12)))}},
		{"md5", byteaImpls["md5_text"], []types.Datum{long}},
	} {
		ctx := &expr.Context{Env: types.DefaultEnv()}
		ctx.Running = &ending.Request{At: 1}
		if _, err := c.f(ctx, c.args); !errors.Is(err, ending.Err) {
			t.Errorf("%s: %v", c.function, err)
		}
	}
}
