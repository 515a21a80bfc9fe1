package catalog

import (
	"strconv"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// KeptTypes stands where a schema would in front of the numbers by which texts
// that the catalog keeps (defaults, constraints, views' queries) name types that
// are not built in, so that neither a search path nor renaming changes what they
// mean: 'a'::pg_type."16390". No schema can be called so.
const KeptTypes = "pg_type"

// KeptTypeName is how kept texts name a type with its typmod.
func KeptTypeName(t *types.Type, typmod int32) string {
	if t.OID < FirstNormalOID {
		return types.FormatType(t, typmod)
	}
	return KeptTypes + `."` + KeptTypeNumber(t) + `"`
}

// KeptFunctionName is how kept texts name the constructor of a user-defined range type.
func KeptFunctionName(c types.RangeConstructor) string {
	return KeptTypes + `."` + strconv.FormatUint(uint64(c.OID), 10) + `"`
}

// KeptNames are the names in kept texts by which they stand and fall with the
// type t that o makes: its own and its constructors'.
func KeptNames(o Object, t *types.Type) []string {
	names := []string{KeptTypeName(t, -1)}
	if _, ok := o.(*Range); ok && t.Ranges() != nil {
		names = append(names, KeptFunctionName(t.Ranges().Constructor(t)))
	}
	return names
}

// KeptTypeNumber is the name behind KeptTypes.
func KeptTypeNumber(t *types.Type) string { return strconv.FormatUint(uint64(t.OID), 10) }

// KeptType returns the type that such a number names, or nil.
func (s *Snapshot) KeptType(number string) *types.Type {
	oid, err := strconv.ParseUint(number, 10, 32)
	if err != nil || OID(oid) < FirstNormalOID {
		return nil
	}
	return s.TypeByOID(OID(oid))
}
