package catalog

import (
	"cmp"
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// madeTypes keep the *types.Type of one version of a descriptor: there is one
// of it, since types are compared by pointer. A copy of the descriptor has
// them made anew when it is put into a snapshot.
type madeTypes struct {
	of   Object
	name string // in SQL
	// multirangeName is that of a multirange type.
	multirangeName string
	once           sync.Once
	typ            *types.Type
	array          *types.Type
}

// prepareTypes gives a descriptor that nobody else has seen a place for its types.
func (s *Snapshot) prepareTypes(o Object) {
	switch o := o.(type) {
	case UserType:
		if cell := o.cell(); *cell == nil || (*cell).of != o {
			name, multirange := s.sqlNames(o)
			*cell = &madeTypes{of: o, name: name, multirangeName: multirange}
		}
	case Relation:
		prepareRow(o)
	}
}

func prepareRow(r Relation) {
	switch r := r.(type) {
	case *Table:
		if r.made == nil || r.made.of != r {
			r.made = &madeTypes{of: r}
		}
	case *View:
		if r.made == nil || r.made.of != r {
			r.made = &madeTypes{of: r}
		}
	}
}

// sqlNames are the names in SQL of what a descriptor makes; of a range type its multirange type's, too.
func (s *Snapshot) sqlNames(t UserType) (name, multirange string) {
	if r, ok := t.(*Range); ok {
		h := r.Multirange
		h.Database = r.Database
		multirange = s.sqlName(&h)
	}
	return s.sqlName(t.Header()), multirange
}

// sqlName is a type's name in SQL, for messages; those outside of public carry their schema.
func (s *Snapshot) sqlName(h *TypeHeader) string {
	if h.Schema == PublicOID {
		return expr.QuoteIdent(h.Name)
	}
	schema := s.SchemaByOID(h.Database, h.Schema)
	if schema == nil {
		return expr.QuoteIdent(h.Name)
	}
	return expr.QuoteIdent(schema.Name) + "." + expr.QuoteIdent(h.Name)
}

// RowType returns the composite type of a relation's rows and the type of
// arrays of it; nil, nil for a sequence, which has none.
func (s *Snapshot) RowType(r Relation) (row, array *types.Type) {
	var oid OID
	var columns []Column
	var m *madeTypes
	switch r := r.(type) {
	case *Table:
		oid, columns, m = r.RowType, r.Columns, r.made
	case *View:
		oid, columns, m = r.RowType, r.Columns, r.made
	}
	if oid == 0 {
		return nil, nil
	}
	if m == nil || m.of != r {
		m = &madeTypes{} // of a descriptor that no snapshot has
	}
	m.once.Do(func() {
		m.typ = types.NewComposite(oid, r.Ref().Name, "", rowColumns(columns))
		if arrayOID, name := RowArray(r); arrayOID != 0 {
			m.array = types.NewArrayOf(m.typ, arrayOID, name)
			m.typ.SetArray(m.array)
		}
	})
	return m.typ, m.array
}

func rowColumns(columns []Column) []types.Column {
	out := make([]types.Column, 0, len(columns))
	for i := range columns {
		if c := &columns[i]; !c.Dropped && !c.Hidden {
			out = append(out, types.Column{Name: c.Name, Type: c.Type, Typmod: c.Typmod})
		}
	}
	return out
}

// Type returns a descriptor's type and the type of arrays of it. The
// descriptor must be in a snapshot.
func Type(t UserType) (typ, array *types.Type) {
	m := *t.cell()
	m.once.Do(func() {
		h := t.Header()
		m.typ = t.makeType(m.name)
		m.array = types.NewArrayOf(m.typ, h.Array, h.ArrayName)
		m.typ.SetArray(m.array)
		if r, ok := t.(*Range); ok {
			multirange := m.typ.Ranges().Multirange
			multirange.SetArray(types.NewArrayOf(multirange, r.Multirange.Array, r.Multirange.ArrayName))
		}
	})
	return m.typ, m.array
}

// ArrayTypeName is what the type of arrays of a type is called, unless that is
// taken: makeArrayTypeName (pg_type.c).
func ArrayTypeName(name string) string { return types.TruncateName("_" + name) }

// RowArray is the type of arrays of a relation's rows, and its name; 0 without one.
func RowArray(r Relation) (oid OID, name string) {
	switch r := r.(type) {
	case *Table:
		oid, name = r.ArrayType, r.ArrayName
	case *View:
		oid, name = r.ArrayType, r.ArrayName
	}
	return oid, cmp.Or(name, ArrayTypeName(r.Ref().Name))
}

// TypeByOID returns a built-in type, a user-defined one, or the row or array
// type of a relation or type; nil when there is none.
func (s *Snapshot) TypeByOID(oid OID) *types.Type {
	if oid < FirstNormalOID {
		if t := types.ByOID(oid); t != nil {
			return t
		}
	}
	return s.madeOf(s.typeOwner(oid), oid)
}

// madeOf is the type of that number among those that a descriptor makes, or nil.
func (s *Snapshot) madeOf(o Object, oid OID) *types.Type {
	for _, t := range s.TypesOf(o) {
		if t != nil && t.OID == oid {
			return t
		}
	}
	return nil
}

// TypesOf are the types that a descriptor makes: its own, that of arrays of it,
// and of a range type the same two of multiranges; nil for those it does not have.
func (s *Snapshot) TypesOf(o Object) (list [4]*types.Type) {
	switch o := o.(type) {
	case UserType:
		list[0], list[1] = Type(o)
		list[2], list[3] = multirangeOf(o)
	case Relation:
		list[0], list[1] = s.RowType(o)
	}
	return list
}

// typeOwner is the descriptor that a type is made from; nil for a built-in one
// and for an OID that is none.
func (s *Snapshot) typeOwner(oid OID) Object {
	if t := s.UserTypeByOID(oid); t != nil {
		return t
	}
	return s.partOwner(oid)
}

// TypeOwner returns the descriptor that makes a type, or what it is an array of:
// a user-defined type, or the relation whose rows it has; nil for a built-in one.
func (s *Snapshot) TypeOwner(t *types.Type) Object {
	if types.ByOID(t.OID) != nil {
		return nil
	}
	return s.typeOwner(t.OID)
}

// TypeByName returns the type of that name in a database's schema: a built-in
// one in pg_catalog, a user-defined one or its array type, or a relation's row type or ("_t") its
// array type; nil when there is none.
func (s *Snapshot) TypeByName(database, schema OID, name string) *types.Type {
	if schema == PgCatalogOID {
		if t := types.ByName(name); t != nil {
			return t
		}
	}
	e, ok := s.names.Get(nameEntry{class: ClassType, database: database, schema: schema, name: name})
	if !ok {
		return s.systemRowType(schema, name)
	}
	if e.index != 0 {
		return s.madeOf(e.object, e.index)
	}
	return s.TypesOf(e.object)[0]
}

// systemRowType is TypeByName for the relations that come with the program.
func (s *Snapshot) systemRowType(schema OID, name string) *types.Type {
	if r := s.system.relation(schema, name); r != nil {
		row, _ := s.RowType(r)
		return row
	}
	if len(name) > 1 && name[0] == '_' {
		if r := s.system.relation(schema, name[1:]); r != nil {
			_, array := s.RowType(r)
			return array
		}
	}
	return nil
}
