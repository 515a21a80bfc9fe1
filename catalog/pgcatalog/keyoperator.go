package pgcatalog

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// KeyOperators are the equalities of one column of a FOREIGN KEY: of the
// referenced and the referring value, of two referenced and of two referring ones
// (pg_constraint.conpfeqop, conppeqop, conffeqop).
type KeyOperators struct{ Mixed, Key, Referring catalog.OID }

// equalityStrategy is BTEqualStrategyNumber (access/stratnum.h).
const equalityStrategy = "3"

// familyMember is an operator's place in an operator family.
type familyMember struct{ family, left, right catalog.OID }

// btreeEqualities are the equalities in btree's operator families.
var btreeEqualities = sync.OnceValue(func() map[familyMember]catalog.OID {
	out := map[familyMember]catalog.OID{}
	for f := range dataRows("pg_amop") {
		// oid, amopfamily, amoplefttype, amoprighttype, amopstrategy, amoppurpose, amopopr, amopmethod, amopsortfamily
		if f[4] == equalityStrategy && oidOf(f[7]) == btreeAM {
			out[familyMember{oidOf(f[1]), oidOf(f[2]), oidOf(f[3])}] = oidOf(f[6])
		}
	}
	return out
})

// btreeFamilies are the operator families of the default classes, by their types.
var btreeFamilies = sync.OnceValue(func() map[*types.Type]catalog.OID {
	out := map[*types.Type]catalog.OID{}
	for f := range dataRows("pg_opclass") {
		if oidOf(f[1]) == btreeAM && f[7] == "t" {
			out[types.ByOID(oidOf(f[6]))] = oidOf(f[5])
		}
	}
	return out
})

// KeyEquality finds the operators that compare a referring column with the
// column of a unique index that it refers to (ATAddForeignKeyConstraint in
// tablecmds.c); ok is false when there are none. coerces tells whether one type
// becomes another without being asked.
func KeyEquality(key, referring *types.Type, coerces func(from, to *types.Type) bool) (ops KeyOperators, ok bool) {
	indexed, from := ordered(key), referring.Base()
	family, known := btreeFamilies()[indexed]
	if !known {
		return ops, false
	}
	equalities := btreeEqualities()
	ops.Key = equalities[familyMember{family, indexed.OID, indexed.OID}]
	ops.Mixed = equalities[familyMember{family, indexed.OID, from.OID}]
	ops.Referring = equalities[familyMember{family, from.OID, from.OID}]
	if ops.Mixed != 0 && ops.Referring != 0 {
		return ops, true
	}
	ops.Mixed, ops.Referring = ops.Key, ops.Key
	if indexed.IsPolymorphic() || indexed == types.TRecord {
		return ops, key.Base() == from
	}
	return ops, coerces(from, indexed)
}
