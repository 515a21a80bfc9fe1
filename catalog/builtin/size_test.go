package builtin

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestTooLarge: a result that no value could hold is refused before it is made.
// The arguments are memory that nobody touches.
func TestTooLarge(t *testing.T) {
	untouched := make([]byte, 0x3fffffff-1)
	most := types.Text(unsafe.String(&untouched[0], len(untouched)))
	half := types.Bytes(untouched[:len(untouched)/2+4])
	halfText := types.Text(unsafe.String(&untouched[0], len(untouched)/2+4))
	texts := types.ArrayDatum(types.NewArray(types.TText, slices.Repeat([]types.Datum{types.Text(strings.Repeat("x", 1<<10))}, 1<<20-1)))
	sized := func(n ...int64) types.Datum {
		var d []types.Datum
		for _, v := range n {
			d = append(d, types.Int(v))
		}
		return types.ArrayDatum(types.NewArray(types.TInt4, d))
	}
	bound := func(f bindImpl, args ...*types.Type) impl { return f(args, types.TTextArray) }
	for _, c := range []struct {
		function string
		f        impl
		args     []types.Datum
		code     pgerr.Code
	}{
		{"|| of text", textImpls["textcat"], []types.Datum{most, types.Text("123456")}, pgerr.InternalError},
		{"|| of bytea", byteaImpls["byteacat"], []types.Datum{half, half}, pgerr.InternalError},
		{"|| with any", bound(outputBinds["textanycat(text,anynonarray)"], types.TText, types.TInt4), []types.Datum{most, types.Int(123456)}, pgerr.InternalError},
		{"overlay of bytea", byteaImpls["byteaoverlay"], []types.Datum{half, half, types.Int(9), types.Int(0)}, pgerr.InternalError},
		{"encode to hex", byteaImpls["binary_encode"], []types.Datum{half, types.Text("hex")}, pgerr.ProgramLimitExceeded},
		{"encode to base64", byteaImpls["binary_encode"], []types.Datum{types.Bytes(untouched), types.Text("base64")}, pgerr.ProgramLimitExceeded},
		{"repeat", textImpls["repeat"], []types.Datum{most, types.Int(2)}, pgerr.ProgramLimitExceeded},
		{"lpad", textImpls["lpad"], []types.Datum{types.Text("x"), types.Int(1 << 30)}, pgerr.ProgramLimitExceeded},
		{"quote_literal", quoteImpls["quote_literal"], []types.Datum{halfText}, pgerr.InternalError},
		{"to_json", bound(jsonBuildBinds["to_json"], types.TText), []types.Datum{most}, pgerr.ProgramLimitExceeded},
		{"to_char of a number", numberFormatImpls["int4_to_char"], []types.Datum{types.Int(1), most}, pgerr.ProgramLimitExceeded},
		{"array_fill, elements", bound(arrayBinds["array_fill"]), []types.Datum{types.Int(1), sized(7000, 7000)}, pgerr.ProgramLimitExceeded},
		{"array_fill, bytes", bound(arrayBinds["array_fill"]), []types.Datum{halfText, sized(3)}, pgerr.ProgramLimitExceeded},
		{"array_append", bound(arrayBinds["array_append"]), []types.Datum{texts, types.Text(strings.Repeat("x", 1<<11))}, pgerr.ProgramLimitExceeded},
		{"array_cat", bound(arrayBinds["array_cat"]), []types.Datum{texts, texts}, pgerr.ProgramLimitExceeded},
		{"array_replace", arrayImpls["array_replace"], []types.Datum{texts, types.Text(strings.Repeat("x", 1<<10)), types.Text(strings.Repeat("x", 1<<11))}, pgerr.ProgramLimitExceeded},
		{"string_to_array", arrayImpls["text_to_array"], []types.Datum{types.Text(strings.Repeat(",", 45000000)), types.Text(",")}, pgerr.ProgramLimitExceeded},
	} {
		if c.f == nil {
			t.Fatalf("%s: no such function", c.function)
		}
		if _, err := c.f(&expr.Context{Env: types.DefaultEnv()}, c.args); !pgerr.HasCode(err, c.code) {
			t.Errorf("%s: %v", c.function, err)
		}
	}
	gathering := &arrayAgg{elem: types.TText}
	for range 2 {
		if err := gathering.Add([]types.Datum{halfText}); err != nil {
			if pgerr.HasCode(err, pgerr.ProgramLimitExceeded) {
				return
			}
			t.Fatal(err)
		}
	}
	t.Error("array_agg takes more than fits")
}
