package store

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// A descriptor that could not be read back is refused before it is published.
func TestUnreadableDescriptorsAreRefused(t *testing.T) {
	row := types.NewComposite(20000, "t", "", nil)
	ops := []catalog.Op{{Object: &catalog.Table{Columns: []catalog.Column{{Name: "c", Type: row}}}}}
	if err := checkReadable(ops); !pgerr.HasCode(err, pgerr.FeatureNotSupported) {
		t.Errorf("a column of a row type: %v, want 0A000", err)
	}
	ops = []catalog.Op{{Object: &catalog.Table{Columns: []catalog.Column{{Name: "c", Type: types.TInt4Array}}}}, {}}
	if err := checkReadable(ops); err != nil {
		t.Errorf("a built-in type: %v", err)
	}
}
