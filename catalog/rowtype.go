package catalog

import (
	"sync"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

// rowTypeCache keeps the *types.Type of rows, so that one version of a
// relation has one: types are compared by pointer.
type rowTypeCache struct {
	mu sync.Mutex
	// types is by relation OID; protected by mu.
	types map[OID]rowTypes
}

type rowTypes struct {
	relation   Relation
	row, array *types.Type
}

// RowType returns the composite type of a relation's rows and the type of
// arrays of it; nil, nil for a sequence, which has none.
func (s *Snapshot) RowType(r Relation) (row, array *types.Type) {
	ref := r.Ref()
	var oid, arrayOID OID
	var columns []Column
	switch r := r.(type) {
	case *Table:
		oid, arrayOID, columns = r.RowType, r.ArrayType, r.Columns
	case *View:
		oid, arrayOID, columns = r.RowType, r.ArrayType, r.Columns
	}
	if oid == 0 {
		return nil, nil
	}
	c := s.rowTypes
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.types[ref.OID]; ok && have.relation == r {
		return have.row, have.array
	}
	row = types.NewComposite(oid, ref.Name, "", rowColumns(columns))
	if arrayOID != 0 {
		array = types.NewArrayOf(row, arrayOID, ArrayTypeName(ref.Name))
		row.SetArray(array)
	}
	if c.types == nil {
		c.types = make(map[OID]rowTypes)
	}
	c.types[ref.OID] = rowTypes{r, row, array}
	return row, array
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

// ArrayTypeName is the name of the array type over a row type: makeArrayTypeName
// (pg_type.c) without its way out of a clash.
func ArrayTypeName(name string) string { return types.TruncateName("_" + name) }

// TypeByOID returns a built-in type or the row or array type of a relation; nil
// when there is none.
func (s *Snapshot) TypeByOID(oid OID) *types.Type {
	if t := types.ByOID(oid); t != nil {
		return t
	}
	r := s.Owner(oid)
	if r == nil {
		return nil
	}
	switch row, array := s.RowType(r); {
	case row != nil && row.OID == oid:
		return row
	case array != nil && array.OID == oid:
		return array
	}
	return nil
}

// TypeByName returns the type of that name in a database's schema: a built-in
// one in pg_catalog, or a relation's row type or ("_t") its array type; nil when there is none.
func (s *Snapshot) TypeByName(database, schema OID, name string) *types.Type {
	if schema == PgCatalogOID {
		if t := types.ByName(name); t != nil {
			return t
		}
	}
	if r := s.Relation(database, schema, name); r != nil {
		row, _ := s.RowType(r)
		return row
	}
	if len(name) > 1 && name[0] == '_' {
		if r := s.Relation(database, schema, name[1:]); r != nil {
			_, array := s.RowType(r)
			return array
		}
	}
	return nil
}
