package session

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// textSearchKind are the names of configurations or dictionaries of text search,
// which are all in pg_catalog.
func textSearchKind(t *types.Type) objectKind {
	return objectKind{
		find: func(_ *Session, name string) (catalog.OID, error) { return builtin.FindTextSearch(t, name) },
		name: func(_ *Session, oid catalog.OID) string { return builtin.TextSearchName(t, oid) },
	}
}

// checkTextSearchConfig answers the configuration's whole name.
func checkTextSearchConfig(setting, value string) (string, error) {
	oid, err := builtin.FindTextSearch(types.TRegconfig, value)
	name := builtin.TextSearchName(types.TRegconfig, oid)
	if err != nil || name == "" {
		return "", invalidSetting(setting, value)
	}
	return "pg_catalog." + name, nil
}

// textSearchConfig is the configuration that the setting names.
func textSearchConfig(value string) catalog.OID {
	oid, _ := builtin.FindTextSearch(types.TRegconfig, value) // checked when it was set
	return oid
}
