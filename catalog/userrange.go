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
	// Multirange is the multirange type; database, owner and version are the range's.
	Multirange TypeHeader
	// Functions make ranges of bounds, MultirangeFunctions multiranges of ranges. They
	// lie in their types' first schemas, and keep the types' first names.
	Functions           Constructors
	MultirangeFunctions Constructors
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
		Multirange: t.Multirange.OID, MultirangeName: t.Multirange.Name, MultirangeSQLName: t.made.multirangeName,
		Constructor: t.Functions.kept(), MultirangeConstructor: t.MultirangeFunctions.kept(),
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
	return []*Constructors{&t.Functions, &t.MultirangeFunctions}
}

// HeaderFor is the header of the type that t is, or is an array of, among those
// that o makes.
func HeaderFor(o UserType, t *types.Type) *TypeHeader {
	if r, ok := o.(*Range); ok && (t.OID == r.Multirange.OID || t.OID == r.Multirange.Array) {
		return &r.Multirange
	}
	return o.Header()
}

// multirangeOf returns the multirange type that a range type has beside it, and the
// type of arrays of it; nil, nil for every other type.
func multirangeOf(o UserType) (typ, array *types.Type) {
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

// MadeBy is the type that one of the range type's constructors makes: the range
// or the multirange type. The descriptor must be in a snapshot.
func (t *Range) MadeBy(c *Constructors) *types.Type {
	rng, _ := Type(t)
	if c == &t.MultirangeFunctions {
		return rng.Ranges().Multirange
	}
	return rng
}

// RangeFunctions calls visit for the types that functions of a name in a schema make.
func (s *Snapshot) RangeFunctions(database, schema OID, name string, visit func(made *types.Type)) {
	for o := range s.UserTypes(database) {
		r, ok := o.(*Range)
		if !ok {
			continue
		}
		for _, c := range r.constructors() {
			if c.Schema == schema && c.Name == name {
				visit(r.MadeBy(c))
			}
		}
	}
}
