package pgcatalog

import "github.com/pegmatitedb/pegmatite/catalog"

// object is what pg_depend and pg_description name: a catalog, a row of it, a column.
type object struct {
	class  catalog.OID
	oid    catalog.OID
	column int
}

func (g *generator) depend(on, of object, how string) {
	r := g.begin("pg_depend")
	r.oid("classid", on.class).oid("objid", on.oid).int("objsubid", int64(on.column))
	r.oid("refclassid", of.class).oid("refobjid", of.oid).int("refobjsubid", int64(of.column)).text("deptype", how).done()
}

// schemaDepend makes a relation depend on its schema, as it does on all but pinned ones.
func (g *generator) schemaDepend(ref catalog.Ref) {
	if !catalog.IsSystemSchema(ref.Schema) {
		g.depend(object{classClass, ref.OID, 0}, object{namespaceClass, ref.Schema, 0}, "n")
	}
}

// ownerDepend makes an object depend on its owner. The superuser is pinned.
func (g *generator) ownerDepend(class, oid, owner catalog.OID) {
	if owner == catalog.SuperuserOID {
		return
	}
	r := g.begin("pg_shdepend")
	r.oid("dbid", g.database).oid("classid", class).oid("objid", oid).int("objsubid", 0)
	r.oid("refclassid", authidClass).oid("refobjid", owner).text("deptype", "o").done()
}

// tableDepends makes the dependencies of a table and its parts (heap.c, index.c).
func (g *generator) tableDepends(t *catalog.Table) {
	g.ownerDepend(classClass, t.OID, t.Owner)
	if !g.wants("pg_depend") {
		return
	}
	g.schemaDepend(t.Ref())
	g.rowTypeDepends(t.OID, t.RowType, t.ArrayType)
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Default != "" && !c.Dropped {
			how := "a"
			if c.Generated {
				how = "i"
			}
			g.depend(object{attrdefClass, c.DefaultOID, 0}, object{classClass, t.OID, int(c.Attnum)}, how)
			for _, named := range namedRelations(c.Default) {
				g.depend(object{attrdefClass, c.DefaultOID, 0}, object{classClass, named, 0}, "n")
			}
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			g.typeDepend(object{classClass, t.OID, int(c.Attnum)}, c.Type)
			g.textDepends(object{attrdefClass, c.DefaultOID, 0}, c.Default)
		}
	}
	for i := range t.Checks {
		k := &t.Checks[i]
		g.textDepends(object{constraintClass, k.OID, 0}, k.Expr)
		g.dependOnColumns(object{constraintClass, k.OID, 0}, t, k.Columns, "a")
		g.dependOnColumns(object{constraintClass, k.OID, 0}, t, k.Columns, "n")
	}
	g.foreignKeyDepends(t)
	for i := range t.Indexes {
		g.indexDepends(t, &t.Indexes[i])
	}
}

func (g *generator) rowTypeDepends(relation, rowType, arrayType catalog.OID) {
	if rowType != 0 {
		g.depend(object{typeClass, rowType, 0}, object{classClass, relation, 0}, "i")
	}
	if arrayType != 0 {
		g.depend(object{typeClass, arrayType, 0}, object{typeClass, rowType, 0}, "i")
	}
}

func (g *generator) indexDepends(t *catalog.Table, x *catalog.Index) {
	var columns []catalog.ColumnID
	for _, c := range x.Columns {
		if of, plain := c.Written(); plain {
			columns = append(columns, of)
		}
	}
	columns = append(append(columns, x.Included...), x.Uses...)
	index := object{classClass, x.OID, 0}
	if x.Constraint == 0 {
		g.dependOnColumns(index, t, columns, "a")
		return
	}
	g.dependOnColumns(object{constraintClass, x.Constraint, 0}, t, columns, "a")
	g.depend(index, object{constraintClass, x.Constraint, 0}, "i")
}

// dependOnColumns makes on depend on columns, or on the whole table when it names none.
func (g *generator) dependOnColumns(on object, t *catalog.Table, columns []catalog.ColumnID, how string) {
	if len(columns) == 0 {
		g.depend(on, object{classClass, t.OID, 0}, how)
	}
	for _, id := range columns {
		g.depend(on, object{classClass, t.OID, int(t.Column(id).Attnum)}, how)
	}
}

func (g *generator) description(class, oid catalog.OID, column int, comment string) {
	if comment == "" {
		return
	}
	r := g.begin("pg_description")
	r.oid("classoid", class).oid("objoid", oid).int("objsubid", int64(column)).text("description", comment).done()
}

func (g *generator) sharedDescription(class, oid catalog.OID, comment string) {
	if comment == "" {
		return
	}
	r := g.begin("pg_shdescription")
	r.oid("classoid", class).oid("objoid", oid).text("description", comment).done()
}

func (g *generator) tableDescriptions(t *catalog.Table) {
	g.description(classClass, t.OID, 0, t.Comment)
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped {
			g.description(classClass, t.OID, int(c.Attnum), c.Comment)
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		g.description(classClass, ix.OID, 0, ix.Comment)
		if ix.Constraint != 0 {
			g.description(constraintClass, ix.Constraint, 0, ix.ConstraintComment)
		}
	}
	for i := range t.Checks {
		g.description(constraintClass, t.Checks[i].OID, 0, t.Checks[i].Comment)
	}
	for i := range t.ForeignKeys {
		g.description(constraintClass, t.ForeignKeys[i].OID, 0, t.ForeignKeys[i].Comment)
	}
}
