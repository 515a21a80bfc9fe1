package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// enumBinds are the functions of enums: their argument counts for its type only (enum.c).
var enumBinds = bindImpls{
	"enum_first":        bindEnum(func(labels []types.EnumLabel) types.EnumLabel { return labels[0] }),
	"enum_last":         bindEnum(func(labels []types.EnumLabel) types.EnumLabel { return labels[len(labels)-1] }),
	"enum_range_all":    bindEnumRange,
	"enum_range_bounds": bindEnumRange,
}

func bindEnum(f func([]types.EnumLabel) types.EnumLabel) bindImpl {
	return func(args []*types.Type, _ *types.Type) impl {
		return func(*expr.Context, []types.Datum) (types.Datum, error) {
			labels := args[0].Labels()
			if len(labels) == 0 {
				return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "enum %s contains no values", args[0].SQLName)
			}
			l := f(labels)
			return types.Int(l.Sort), l.CheckUse(args[0])
		}
	}
}

// bindEnumRange is enum_range: all values, or those between two, NULL being no bound.
func bindEnumRange(args []*types.Type, _ *types.Type) impl {
	return func(_ *expr.Context, a []types.Datum) (types.Datum, error) {
		var out []types.Datum
		for _, l := range args[0].Labels() {
			if len(a) == 2 && (!a[0].IsNull() && l.Sort < a[0].Int() || !a[1].IsNull() && l.Sort > a[1].Int()) {
				continue
			}
			if err := l.CheckUse(args[0]); err != nil {
				return types.Null, err
			}
			out = append(out, types.Int(l.Sort))
		}
		return types.ArrayDatum(types.NewArray(args[0], out)), nil
	}
}
