package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// boolImpls are the functions of bool (bool.c).
var boolImpls = impls{
	"bool_int4": func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return boolInt(a[0]), nil },
	"int4_bool": func(_ *expr.Context, a []types.Datum) (types.Datum, error) { return types.Bool(a[0].Int() != 0), nil },
	"booland_statefunc": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(a[0].Bool() && a[1].Bool()), nil
	},
	"boolor_statefunc": func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		return types.Bool(a[0].Bool() || a[1].Bool()), nil
	},
	"booltext": boolText,
}

func boolInt(d types.Datum) types.Datum {
	if d.Bool() {
		return types.Int(1)
	}
	return types.Int(0)
}

// boolText is the cast to text, which spells the word that boolout abbreviates.
func boolText(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	if a[0].Bool() {
		return types.Text("true"), nil
	}
	return types.Text("false"), nil
}
