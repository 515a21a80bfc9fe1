package pgcatalog

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// OpClass is an operator class of btree.
type OpClass struct {
	OID     catalog.OID
	Name    string
	Type    *types.Type // opcintype
	Default bool
}

// btreeClasses are those of all types.
var btreeClasses = sync.OnceValue(func() (list []OpClass) {
	for f := range dataRows("pg_opclass") {
		// oid, opcmethod, opcname, opcnamespace, opcowner, opcfamily, opcintype, opcdefault, opckeytype
		if oidOf(f[1]) == btreeAM {
			list = append(list, OpClass{oidOf(f[0]), f[2], types.ByOID(oidOf(f[6])), f[7] == "t"})
		}
	}
	return list
})

// BtreeClass returns btree's operator class of that name; ok is false when there is none.
func BtreeClass(name string) (class OpClass, ok bool) {
	for _, c := range btreeClasses() {
		if c.Name == name {
			return c, true
		}
	}
	return OpClass{}, false
}

// DefaultBtreeClass returns the default one for values of a type; ok is false for a type that has no order.
func DefaultBtreeClass(t *types.Type) (class OpClass, ok bool) {
	wanted := ordered(t)
	for _, c := range btreeClasses() {
		if c.Default && c.Type == wanted {
			return c, true
		}
	}
	return OpClass{}, false
}

// ordered is the type whose operator class orders values of t.
func ordered(t *types.Type) *types.Type {
	t = t.Base()
	switch {
	case t == types.TVarchar:
		return types.TText
	case t == types.TCidr:
		return types.TInet
	case t.Category == types.CategoryArray:
		return types.TAnyArray
	case t.Kind == 'e':
		return types.TAnyEnum
	case t.Kind == 'c':
		return types.TRecord
	case t.IsRange():
		return types.TAnyRange
	case t.IsMultirange():
		return types.TAnyMultirange
	}
	return t
}
