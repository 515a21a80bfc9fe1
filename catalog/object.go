package catalog

import "slices"

// Class is what kind of object a descriptor describes: what a Key begins with.
type Class byte

// The classes of objects that have descriptors of their own.
const (
	ClassDatabase Class = 'd'
	ClassSchema   Class = 'n'
	ClassRelation Class = 'r' // tables, sequences, views
	ClassRole     Class = 'a'
	ClassType     Class = 't' // enums, composites, domains, ranges
	ClassFunction Class = 'f' // functions and procedures
)

// Key names a descriptor in the whole cluster. Database is set for schemas
// alone, whose OIDs repeat from database to database.
type Key struct {
	Class    Class
	OID      OID
	Database OID
}

// Object is a descriptor: *Database, *Schema, *Table, *Sequence, *View, *Enum,
// *Composite, *Domain, *Range, *Function or *Role.
type Object interface {
	ObjectKey() Key
}

// Relation is what pg_class has a row for and a FROM clause can name: *Table,
// *Sequence or *View. What they share is in Ref.
type Relation interface {
	Object
	Ref() Ref
}

// Ref is what all relations have.
type Ref struct {
	OID         OID
	Database    OID // 0: a system relation, the same in every database
	Schema      OID
	Name        string
	Owner       OID
	Kind        RelationKind
	Persistence Persistence
	Version     uint64
	Comment     string
}

// ObjectKey implements Object.
func (d *Database) ObjectKey() Key { return Key{Class: ClassDatabase, OID: d.OID} }

// ObjectKey implements Object.
func (s *Schema) ObjectKey() Key { return Key{Class: ClassSchema, OID: s.OID, Database: s.Database} }

// ObjectKey implements Object.
func (t *Table) ObjectKey() Key { return Key{Class: ClassRelation, OID: t.OID} }

// ObjectKey implements Object.
func (s *Sequence) ObjectKey() Key { return Key{Class: ClassRelation, OID: s.OID} }

// ObjectKey implements Object.
func (v *View) ObjectKey() Key { return Key{Class: ClassRelation, OID: v.OID} }

// ObjectKey implements Object.
func (r *Role) ObjectKey() Key { return Key{Class: ClassRole, OID: r.OID} }

// Ref implements Relation.
func (t *Table) Ref() Ref {
	kind := KindTable
	if t.Query != "" {
		kind = KindMatview
	}
	return Ref{t.OID, t.Database, t.Schema, t.Name, t.Owner, kind, t.Persistence, t.Version, t.Comment}
}

// Ref implements Relation.
func (s *Sequence) Ref() Ref {
	return Ref{s.OID, s.Database, s.Schema, s.Name, s.Owner, KindSequence, s.Persistence, s.Version, s.Comment}
}

// Ref implements Relation.
func (v *View) Ref() Ref {
	persistence := Permanent
	if v.Temporary {
		persistence = Temporary
	}
	return Ref{v.OID, v.Database, v.Schema, v.Name, v.Owner, KindView, persistence, v.Version, v.Comment}
}

// Column returns the column with that ID, dropped ones included, or nil.
func (t *Table) Column(id ColumnID) *Column {
	// IDs are handed out in order, so the position is nearly always ID-1.
	if i := int(id) - 1; i >= 0 && i < len(t.Columns) && t.Columns[i].ID == id {
		return &t.Columns[i]
	}
	for i := range t.Columns {
		if t.Columns[i].ID == id {
			return &t.Columns[i]
		}
	}
	return nil
}

// ColumnByName returns the live, visible column of that name, or nil.
func (t *Table) ColumnByName(name string) *Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Name == name && !c.Dropped && !c.Hidden {
			return c
		}
	}
	return nil
}

// ColumnByAttnum returns the live column with that pg_attribute.attnum, or nil.
func (t *Table) ColumnByAttnum(attnum int16) *Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Attnum == attnum && !c.Dropped && !c.Hidden {
			return c
		}
	}
	return nil
}

// PrimaryKey returns the index of the PRIMARY KEY, or nil.
func (t *Table) PrimaryKey() *Index {
	for i := range t.Indexes {
		if t.Indexes[i].Primary {
			return &t.Indexes[i]
		}
	}
	return nil
}

// Index returns the index with that OID, or nil.
func (t *Table) Index(oid OID) *Index {
	for i := range t.Indexes {
		if t.Indexes[i].OID == oid {
			return &t.Indexes[i]
		}
	}
	return nil
}

// AsView is a materialized view as the view that its query makes.
func (t *Table) AsView() *View {
	return &View{
		OID: t.OID, Database: t.Database, Schema: t.Schema, Name: t.Name, Owner: t.Owner,
		Rule: t.Rule, Query: t.Query, Sees: t.Sees, Columns: slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return c.Hidden }), Version: t.Version,
	}
}

// Written returns the column that stands in the index's definition; false where an expression does.
func (k *IndexColumn) Written() (ColumnID, bool) {
	switch {
	case k.Expr != "":
		return 0, false
	case k.Of != 0:
		return k.Of, true
	}
	return k.Column, true
}

// Over reports whether the index stands on a column: indexes, includes or mentions it.
func (x *Index) Over(id ColumnID) bool {
	return slices.Contains(x.Included, id) || slices.Contains(x.Uses, id) || slices.ContainsFunc(x.Columns, func(k IndexColumn) bool {
		of, ok := k.Written()
		return ok && of == id
	})
}

// Plain reports whether the index is over the columns as they are, and all rows.
func (x *Index) Plain() bool {
	return x.Where == "" && !slices.ContainsFunc(x.Columns, func(k IndexColumn) bool { return k.Expr != "" })
}

// partOIDs calls yield for every OID that is a part of a relation or type:
// indexes, constraints, defaults, types that come with it.
func partOIDs(o Object, yield func(OID)) {
	visit := func(oid OID) {
		if oid != 0 {
			yield(oid)
		}
	}
	switch o := o.(type) {
	case *Table:
		visit(o.RowType)
		visit(o.ArrayType)
		visit(o.Rule)
		for i := range o.Indexes {
			visit(o.Indexes[i].OID)
			visit(o.Indexes[i].Constraint)
		}
		for i := range o.Checks {
			visit(o.Checks[i].OID)
		}
		for i := range o.ForeignKeys {
			visit(o.ForeignKeys[i].OID)
		}
		for i := range o.Columns {
			visit(o.Columns[i].DefaultOID)
		}
	case *View:
		visit(o.RowType)
		visit(o.ArrayType)
		visit(o.Rule)
	case *Enum:
		visit(o.Array)
	case *Composite:
		visit(o.Array)
		visit(o.Relation)
	case *Range:
		for _, oid := range append([]OID{o.Array, o.Multirange.OID, o.Multirange.Array, o.Cast}, append(o.Functions.OIDs, o.MultirangeFunctions.OIDs...)...) {
			visit(oid)
		}
	case *Domain:
		visit(o.Array)
		for i := range o.Checks {
			visit(o.Checks[i].OID)
		}
	}
}
