package store

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// A descriptor that could not be read back is refused before it is published.
func TestUnreadableDescriptorsAreRefused(t *testing.T) {
	made := &catalog.Enum{TypeHeader: catalog.TypeHeader{OID: 20000, Array: 20001, Name: "e", ArrayName: "_e"}}
	result := catalog.NewSnapshot(nil).Apply([]catalog.Op{{Key: made.ObjectKey(), Object: made}}, 1)
	enum, _ := catalog.Type(made)
	column := func(t *types.Type, dropped bool) []catalog.Op {
		return []catalog.Op{{Object: &catalog.Table{Columns: []catalog.Column{{Name: "c", Type: t, Dropped: dropped}}}}, {}}
	}
	for _, refused := range [][]catalog.Op{
		column(types.NewComposite(20002, "t", "", nil), false), // that nobody has made
		column(types.NewComposite(83, "pg_class", "", nil), false),
		column(enum, true), // which may go
		{{Object: &catalog.Domain{Base: types.Unresolved(20002)}}},
		{{Object: &catalog.Composite{Attributes: []catalog.Column{{Type: types.Unresolved(20002)}}}}},
	} {
		if err := checkReadable(refused, result); !pgerr.HasCode(err, pgerr.FeatureNotSupported) {
			t.Errorf("%+v: %v, want 0A000", refused[0].Object, err)
		}
	}
	for _, read := range [][]catalog.Op{column(types.TInt4Array, false), column(types.TInt4, true), column(enum, false), column(enum.Array, false)} {
		if err := checkReadable(read, result); err != nil {
			t.Errorf("%+v: %v", read[0].Object, err)
		}
	}
}
