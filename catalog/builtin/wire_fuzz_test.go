package builtin

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// FuzzDecode feeds the decoder of expressions with bytes that nobody encoded:
// it may refuse them, never panic; what it takes encodes again.
func FuzzDecode(f *testing.F) {
	for _, sql := range []string{
		"1 + 2", "CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END", "(ARRAY[1,2,3])[2]", "concat_ws(',', VARIADIC ARRAY['b'])",
		"COALESCE(NULL, 1.5)", "3 = ANY (ARRAY[1,2])", "NULLIF(1, 2) IS NOT DISTINCT FROM 1", "GREATEST(1, 2)::text::varchar(3)",
		"'{1,2}'::int4[]::text[]", "ROW(1, 'a') = ROW(1, 'b')", "date '2001-01-01' + interval '1 day'", "NOT (true AND NULL) IS TRUE",
	} {
		e, err := bindSQL(types.DefaultEnv(), sql)
		if err != nil {
			f.Fatal(sql, err)
		}
		b, err := expr.Append(nil, e)
		if err != nil {
			f.Fatal(sql, err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &expr.Decoder{Library: Default()}
		e, _, err := d.Decode(b)
		if err != nil {
			return
		}
		again, err := expr.Append(nil, e)
		if err != nil {
			t.Fatal("decoded, but does not encode:", err)
		}
		if _, _, err := d.Decode(again); err != nil {
			t.Fatal("encoded again, but does not decode:", err)
		}
		expr.Walk(e, func(expr.Expr) bool { return true })
		expr.Fold(types.DefaultEnv(), expr.NewConst(types.TBool, types.True))
	})
}
