package types

// firstNormalOID is FirstNormalObjectId: users' types begin here.
const firstNormalOID = 16384

// hasEquality and hasOrder say of a type that is no array and no row whether it has
// a default operator class (pg_opclass): json, xml, pg_node_tree, the geometric
// types, jsonpath, gtsvector and snapshots have none, xid, cid and aclitem one for hashing only.
func hasEquality(oid OID) bool {
	switch oid {
	case 114, 142, 194, 600, 601, 602, 603, 604, 628, 718, 2970, 3642, 4072, 5038:
		return false
	}
	return true
}

func hasOrder(oid OID) bool { return hasEquality(oid) && oid != 28 && oid != 29 && oid != 1033 }

// Ordered reports whether values of the type have a default order, which arrays
// and rows have if what they are made of has.
func (t *Type) Ordered() bool {
	return t.every(hasOrder)
}

// Equatable reports whether values of the type have a default equality.
func (t *Type) Equatable() bool { return t.every(hasEquality) }

// every asks about what arrays and rows are made of, about others themselves.
func (t *Type) every(holds func(OID) bool) bool {
	t = t.Base()
	if t.Elem != nil && t.Elem.Array == t {
		return t.Elem.every(holds)
	}
	for _, c := range t.Columns() {
		if !c.Type.every(holds) {
			return false
		}
	}
	return t.OID >= firstNormalOID || holds(t.OID)
}

// Order is how one item of ORDER BY compares values.
type Order struct {
	Type       *Type
	Desc       bool
	NullsFirst bool
}

// Compare orders two values, NULLs among them; work is asked whether to go on.
func (o *Order) Compare(a, b Datum, work Work) (int, error) {
	switch {
	case a.IsNull() && b.IsNull():
		return 0, nil
	case a.IsNull():
		return o.nullSide(), nil
	case b.IsNull():
		return -o.nullSide(), nil
	}
	c, err := o.Type.CompareLong(a, b, work)
	if o.Desc {
		return -c, err
	}
	return c, err
}

// nullSide is where a NULL lies beside a value.
func (o *Order) nullSide() int {
	if o.NullsFirst {
		return -1
	}
	return 1
}
