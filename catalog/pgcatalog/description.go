package pgcatalog

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// readDescriptions reads the comments on built-in objects.
func readDescriptions() map[object]string {
	out := make(map[object]string)
	for f := range dataRows("pg_description") {
		// objoid, classoid, objsubid, description
		out[object{oidOf(f[1]), oidOf(f[0]), int(number(f[2]))}] = unescape(f[3])
	}
	return out
}

// Description is obj_description and (column > 0) col_description: the comment
// on an object, given by the name of its catalog ("pg_class") and its OID; ok
// is false without one.
func (c *Catalog) Description(s *catalog.Snapshot, database catalog.OID, class string, oid catalog.OID, column int) (text string, ok bool) {
	l := c.byName[class]
	if l == nil {
		return "", false
	}
	wanted := object{l.table.OID, oid, column}
	if text, ok = c.descriptions[wanted]; ok {
		return text, true
	}
	return c.findDescription("pg_description", wanted, s, database, commented(s, database, oid))
}

// SharedDescription is shobj_description, for "pg_database" and "pg_authid".
func (c *Catalog) SharedDescription(s *catalog.Snapshot, class string, oid catalog.OID) (text string, ok bool) {
	l := c.byName[class]
	if l == nil {
		return "", false
	}
	var holder catalog.Object
	if d := s.DatabaseByOID(oid); d != nil && class == "pg_database" {
		holder = d
	} else if r := s.RoleByOID(oid); r != nil {
		holder = r
	}
	return c.findDescription("pg_shdescription", object{class: l.table.OID, oid: oid}, s, 0, holder)
}

// commented is the descriptor that holds an object's comment, or nil.
func commented(s *catalog.Snapshot, database, oid catalog.OID) catalog.Object {
	if r := s.RelationByOID(oid); r != nil {
		return r
	}
	if r := s.Owner(oid); r != nil {
		return r
	}
	if t := s.UserTypeByOID(oid); t != nil {
		return t
	}
	if f := s.FunctionByOID(oid); f != nil {
		return f
	}
	if t := s.PartOfType(oid); t != nil {
		return t
	}
	if n := s.SchemaByOID(database, oid); n != nil {
		return n
	}
	return nil
}

// findDescription looks among the comments that a descriptor holds.
func (c *Catalog) findDescription(relation string, wanted object, s *catalog.Snapshot, database catalog.OID, holder catalog.Object) (text string, ok bool) {
	if holder == nil {
		return "", false
	}
	g := &generator{c: c, database: database, snapshot: s, only: c.layout(relation)}
	g.emit = func(l *layout, row []types.Datum) {
		found := object{class: catalog.OID(row[l.position("classoid")].Int()), oid: catalog.OID(row[l.position("objoid")].Int())}
		if i, columns := l.at["objsubid"]; columns {
			found.column = int(row[i].Int())
		}
		if found == wanted {
			text, ok = row[l.position("description")].Text(), true
		}
	}
	g.object(holder)
	return text, ok
}
