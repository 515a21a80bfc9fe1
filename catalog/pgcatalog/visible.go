package pgcatalog

import (
	"strconv"

	"github.com/pegmatitedb/pegmatite/catalog"
)

func decimal(oid catalog.OID) string { return strconv.FormatUint(uint64(oid), 10) }

// RelationVisible is pg_table_is_visible: the search path, which holds
// pg_catalog wherever it is implied, finds this relation (or index) under its
// name. ok is false for an OID that is none: PostgreSQL answers NULL.
func RelationVisible(s *catalog.Snapshot, database catalog.OID, path []catalog.OID, relation catalog.OID) (visible, ok bool) {
	schema, name, ok := placeOf(s, relation)
	if !ok {
		return false, false
	}
	for _, p := range path {
		if p == schema {
			return true, true
		}
		if s.NameTaken(database, p, name) {
			return false, true
		}
	}
	return false, true
}

// placeOf is where a relation, an index or a composite type is.
func placeOf(s *catalog.Snapshot, oid catalog.OID) (schema catalog.OID, name string, ok bool) {
	if r := s.RelationByOID(oid); r != nil {
		ref := r.Ref()
		return ref.Schema, ref.Name, true
	}
	if t, x := s.IndexByOID(oid); t != nil {
		return t.Schema, x.Name, true
	}
	if c, isType := s.PartOfType(oid).(*catalog.Composite); isType && c.Relation == oid {
		return c.Schema, c.Name, true
	}
	return 0, "", false
}

// TypeVisible is pg_type_is_visible, likewise.
func TypeVisible(s *catalog.Snapshot, database catalog.OID, path []catalog.OID, oid catalog.OID) (visible, ok bool) {
	t := s.TypeByOID(oid)
	if t == nil {
		return false, false
	}
	schema := catalog.PgCatalogOID
	switch o := s.TypeOwner(t).(type) {
	case catalog.Relation:
		schema = o.Ref().Schema
	case catalog.UserType:
		schema = catalog.HeaderFor(o, t).Schema
	}
	for _, p := range path {
		if p == schema {
			return true, true
		}
		if s.TypeByName(database, p, t.Name) != nil {
			return false, true
		}
	}
	return false, true
}

// BuiltInVisible is pg_function_is_visible, pg_operator_is_visible and their
// like for what only pg_catalog has: it is visible where the path has that.
func BuiltInVisible(path []catalog.OID) bool {
	for _, p := range path {
		if p == catalog.PgCatalogOID {
			return true
		}
	}
	return false
}
