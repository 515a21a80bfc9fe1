package catalog

import (
	"slices"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// UserType is a type that CREATE TYPE or CREATE DOMAIN has made: *Enum,
// *Composite, *Domain or *Range. What they share is in Header.
type UserType interface {
	Object
	// Header is a part of the descriptor, and as immutable.
	Header() *TypeHeader
	// Copy is a copy whose header and lists are its own, to be changed and put.
	Copy() UserType

	// makeType makes the type, whose name in SQL is given.
	makeType(sqlName string) *types.Type
	cell() **madeTypes
}

// TypeHeader is what all user-defined types have.
type TypeHeader struct {
	OID      OID
	Database OID
	Schema   OID
	Name     string
	Owner    OID
	// Array is the type of arrays of it, ArrayName its name: _name, or with more
	// underscores where that was taken.
	Array     OID
	ArrayName string
	Version   uint64
	Comment   string
}

// Header implements UserType.
func (h *TypeHeader) Header() *TypeHeader { return h }

// ObjectKey implements Object.
func (h *TypeHeader) ObjectKey() Key { return Key{Class: ClassType, OID: h.OID} }

// Enum is a type of labels, which are stored as integers.
type Enum struct {
	TypeHeader
	// Labels are in order of Sort.
	Labels []EnumLabel

	made *madeTypes
}

// EnumLabel is a row of pg_enum.
type EnumLabel struct {
	OID   OID
	Label string
	// Sort is what a row holds: it orders the label among the others, and stays when others come in between.
	Sort int64
	// Fresh is set in the overlay of the transaction that has added the label:
	// until it commits nobody may use it (55P04).
	Fresh bool
}

// LabelStep is the distance between the sort keys of labels that were never apart.
const LabelStep = 1 << 32

// Composite is a row type of its own.
type Composite struct {
	TypeHeader
	// Relation is its row in pg_class.
	Relation OID
	// Attributes are its columns, dropped ones left out: no value has them.
	Attributes []Column
	// NextAttnum is what the next attribute gets.
	NextAttnum int16

	made *madeTypes
}

// Domain is a type with the values of another one that obey constraints.
type Domain struct {
	TypeHeader
	Base    *types.Type
	Typmod  int32
	NotNull bool
	// Default is SQL text, as a column's; "" is none.
	Default string
	// Checks are in order of name, which is the order they are checked in; they name VALUE.
	Checks    []Check
	Collation string

	made *madeTypes
}

// Copy implements UserType.
func (t *Enum) Copy() UserType {
	c := *t
	c.Labels = slices.Clone(t.Labels)
	return &c
}

// Copy implements UserType.
func (t *Composite) Copy() UserType {
	c := *t
	c.Attributes = slices.Clone(t.Attributes)
	return &c
}

// Copy implements UserType.
func (t *Domain) Copy() UserType {
	c := *t
	c.Checks = slices.Clone(t.Checks)
	return &c
}

func (t *Enum) makeType(sqlName string) *types.Type {
	labels := make([]types.EnumLabel, len(t.Labels))
	for i, l := range t.Labels {
		labels[i] = types.EnumLabel{Sort: l.Sort, Label: l.Label, Fresh: l.Fresh}
	}
	return types.NewEnum(t.OID, t.Name, sqlName, labels)
}

func (t *Composite) makeType(sqlName string) *types.Type {
	return types.NewComposite(t.OID, t.Name, sqlName, rowColumns(t.Attributes))
}

func (t *Domain) makeType(sqlName string) *types.Type {
	return types.NewDomain(t.Base, t.Typmod, t.OID, t.Name, sqlName)
}

func (t *Enum) cell() **madeTypes      { return &t.made }
func (t *Composite) cell() **madeTypes { return &t.made }
func (t *Domain) cell() **madeTypes    { return &t.made }

// Attribute returns the attribute of that name, or nil.
func (t *Composite) Attribute(name string) *Column {
	for i := range t.Attributes {
		if t.Attributes[i].Name == name {
			return &t.Attributes[i]
		}
	}
	return nil
}

// settled is an enum as its publication leaves it: its labels may be used.
func (t *Enum) settled() *Enum {
	if !slices.ContainsFunc(t.Labels, func(l EnumLabel) bool { return l.Fresh }) {
		return t
	}
	c := t.Copy().(*Enum)
	for i := range c.Labels {
		c.Labels[i].Fresh = false
	}
	return c
}

// UserTypeByOID returns the enum, composite, domain or range type with that OID, or nil.
func (s *Snapshot) UserTypeByOID(oid OID) UserType {
	t, _ := s.Object(Key{Class: ClassType, OID: oid}).(UserType)
	return t
}

// UserTypes walks a database's enums, composites, domains and range types, in order of
// schema OID and name.
func (s *Snapshot) UserTypes(database OID) func(yield func(UserType) bool) {
	return walkNames[UserType](s, nameEntry{class: ClassType, database: database})
}

// UserTypesIn walks those of one schema of a database, in order of name.
func (s *Snapshot) UserTypesIn(database, schema OID) func(yield func(UserType) bool) {
	return func(yield func(UserType) bool) {
		for t := range walkNames[UserType](s, nameEntry{class: ClassType, database: database, schema: schema}) {
			if t.Header().Schema != schema || !yield(t) {
				return
			}
		}
	}
}

// Label is the position of a label among the enum's; -1 when it has none of that name.
func (t *Enum) Label(label string) int {
	return slices.IndexFunc(t.Labels, func(l EnumLabel) bool { return l.Label == label })
}
