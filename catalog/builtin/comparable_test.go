package builtin

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// TestEqualityIsAnOperators holds that a type without parts has equality where
// an operator = of it can be hashed or sorted by, and order where it can be
// sorted by: types.Type knows it without the operators.
func TestEqualityIsAnOperators(t *testing.T) {
	l := Default()
	for _, typ := range types.All() {
		op := l.ExactOperator("=", typ, typ)
		if typ.Elem != nil || typ.Kind != 'b' || !typ.Supported() || op == nil && typ.Equatable() {
			continue // the equality of a type that has none of its own is another type's
		}
		if want := op != nil && (op.Mergeable || op.Hashable); typ.Equatable() != want {
			t.Errorf("equality of %s: %v", typ.Name, !want)
		}
		if want := op != nil && op.Mergeable; typ.Ordered() != want {
			t.Errorf("order of %s: %v", typ.Name, !want)
		}
		if op != nil && op.Func.Loose == typ.Equatable() {
			t.Errorf("= of %s: loose is %v", typ.Name, op.Func.Loose)
		}
	}
}
