package catalog

import "github.com/pegmatitedb/pegmatite/internal/types"

// Range is a range type, with the multirange type that is made beside it and
// goes with it.
type Range struct {
	TypeHeader
	Subtype *types.Type
	// OpClass orders the subtype's values (pg_opclass); Collation is "" for a subtype that takes none.
	OpClass   OID
	Collation string
	// Diff is the subtype_diff function; 0 is none.
	Diff OID
	// Beside is the multirange type; database, owner and version are the range's.
	Beside TypeHeader
	// Functions make ranges of bounds, BesideFunctions multiranges of ranges. They
	// lie in their types' first schemas, and keep the types' first names.
	Functions       Constructors
	BesideFunctions Constructors
	// Cast is the row of pg_cast, from the range to the multirange.
	Cast OID

	made *madeTypes
}

// Constructors are the functions that a range type makes, all of one name.
type Constructors struct {
	Name   string
	Schema OID
	OIDs   []OID // of (lower, upper) and (lower, upper, bounds); of (), (range) and (VARIADIC range[])
}

// Copy implements UserType.
func (t *Range) Copy() UserType {
	c := *t
	return &c
}

func (t *Range) makeType(sqlName string) *types.Type {
	return types.NewRange(types.RangeNames{
		OID: t.OID, Name: t.Name, SQLName: sqlName,
		Multirange: t.Beside.OID, MultirangeName: t.Beside.Name, MultirangeSQLName: t.made.besideName,
		Constructor: t.Functions.kept(), MultirangeConstructor: t.BesideFunctions.kept(),
	}, t.Subtype)
}

// kept is what expressions know of constructors: the name, and the number that
// stands for it in texts that the catalog keeps.
func (c *Constructors) kept() types.RangeConstructor {
	if len(c.OIDs) == 0 {
		return types.RangeConstructor{}
	}
	return types.RangeConstructor{OID: c.OIDs[0], Name: c.Name}
}

func (t *Range) cell() **madeTypes { return &t.made }

// constructors are both kinds.
func (t *Range) constructors() []*Constructors {
	return []*Constructors{&t.Functions, &t.BesideFunctions}
}

// HeaderFor is the header of the type that t is, or is an array of, among those
// that o makes.
func HeaderFor(o UserType, t *types.Type) *TypeHeader {
	if r, ok := o.(*Range); ok && (t.OID == r.Beside.OID || t.OID == r.Beside.Array) {
		return &r.Beside
	}
	return o.Header()
}

// Beside returns the multirange type that a range type has beside it, and the
// type of arrays of it; nil, nil for every other type.
func Beside(o UserType) (typ, array *types.Type) {
	if _, ok := o.(*Range); !ok {
		return nil, nil
	}
	rng, _ := Type(o)
	typ = rng.Ranges().Multirange
	return typ, typ.Array
}

// RangeFunction is the range type whose constructor has that number among
// those of one name, and the name; nil when the OID is none.
func (s *Snapshot) RangeFunction(oid OID) (*Range, *Constructors) {
	r, ok := s.partOwner(oid).(*Range)
	if !ok {
		return nil, nil
	}
	for _, c := range r.constructors() {
		for _, have := range c.OIDs {
			if have == oid {
				return r, c
			}
		}
	}
	return nil, nil
}

// RangeFunctions calls visit for the types that functions of a name in a schema make.
func (s *Snapshot) RangeFunctions(database, schema OID, name string, visit func(made *types.Type)) {
	for o := range s.UserTypes(database) {
		r, ok := o.(*Range)
		if !ok {
			continue
		}
		rng, _ := Type(r)
		if r.Functions.Schema == schema && r.Functions.Name == name {
			visit(rng)
		}
		if r.BesideFunctions.Schema == schema && r.BesideFunctions.Name == name {
			visit(rng.Ranges().Multirange)
		}
	}
}
