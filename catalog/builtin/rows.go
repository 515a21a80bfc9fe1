package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// compareRow orders two records field by field, NULLs last (record_cmp). want
// refuses types that do not have what the comparison needs.
func compareRow(ctx *expr.Context, a, b *types.Row, want func(*types.Type) error) (int, error) {
	for i := range a.Fields {
		if i >= len(b.Fields) {
			break
		}
		if a.Types[i] != b.Types[i] {
			return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
				a.Types[i].SQLName, b.Types[i].SQLName, i+1)
		}
		if err := want(a.Types[i]); err != nil {
			return 0, err
		}
		if c, err := a.Types[i].CompareLong(a.Fields[i], b.Fields[i], ctx.Spend); c != 0 || err != nil {
			return c, err
		}
	}
	if len(a.Fields) != len(b.Fields) {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}
