// Package pgcatalog is pg_catalog, information_schema and pegmatite as
// relations: their descriptors, and their rows as they follow from a
// catalog.Snapshot.
//
//	pgcatalog.go   Catalog: all of it (this file)      data.go, data/  a new PostgreSQL 15's own rows
//	relations.go   descriptors                          pegmatite.go    the cluster's own relations
//	rows.go        a relation's rows                    diff.go         what changes from snapshot to snapshot
//	class.go, attribute.go, index.go, type.go, shared.go, depend.go, view.go, stats.go, infoschema.go, domain.go, usertype.go, userrange.go, function.go, foreignkey.go, opclass.go
//	               one object's rows in the catalogs of that subject; blanks.go what nearly all rows have; keyoperator.go what compares keys
//	dynamic.go     relations that no descriptor answers
//	deparse.go     pg_get_indexdef and its like         visible.go      pg_table_is_visible and its like
//	expression.go  pg_get_expr                          description.go  obj_description and its like
//
// Columns, types, attnums and OIDs are PostgreSQL 15's, and so are the rows of
// built-in objects: they come from a dump of a new database. Rows of users'
// objects are made from descriptors.
//
// Of the views, the everyday ones are relations with rows here, so that they
// are as fast as tables and need no rewriting; the others are views with
// PostgreSQL's own text, for the planner to expand.
package pgcatalog

import (
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Catalog is the system relations. It is immutable; a process makes one.
type Catalog struct {
	relations []catalog.Relation
	layouts   map[catalog.OID]*layout
	byName    map[string]*layout // relname; "information_schema.tables" outside pg_catalog
	opclasses map[catalog.OID]opclass
	viewdefs  map[catalog.OID]string
	outputs   map[catalog.OID]outputs
	// domainColumns are the columns of information_schema whose type is a domain, by its name.
	domainColumns map[domainColumn]string
	descriptions  map[object]string // comments on built-in objects
	// shared are the catalogs that PostgreSQL has once in a cluster.
	shared map[catalog.OID]bool
}

type domainColumn struct {
	relation catalog.OID
	attnum   int16
}

// layout is a relation with rows: where its columns stand in a row.
type layout struct {
	table *catalog.Table
	at    map[string]int
	// blank is a row with the values that most rows have.
	blank   []types.Datum
	static  string // the name of its file of built-in rows, or ""
	dynamic bool
}

// opclass is the default btree operator class of a type.
type opclass struct {
	oid     catalog.OID
	keyType catalog.OID // 0: the type itself
}

// New makes the catalog from the embedded data.
func New() *Catalog {
	c := &Catalog{
		layouts:   make(map[catalog.OID]*layout),
		byName:    make(map[string]*layout),
		opclasses: readOpclasses(),
		viewdefs:  readViewdefs(),
		outputs:   readOutputs(),

		domainColumns: make(map[domainColumn]string),
		shared:        make(map[catalog.OID]bool),
		descriptions:  readDescriptions(),
	}
	c.relations = append(c.postgresRelations(), pegmatiteRelations()...)
	for _, r := range c.relations {
		if t, ok := r.(*catalog.Table); ok {
			c.addLayout(t)
		}
	}
	return c
}

// Relations are the descriptors, for catalog.NewSnapshot; in order of OID but
// for pegmatite's. Callers must not change the slice.
func (c *Catalog) Relations() []catalog.Relation { return c.relations }

func (c *Catalog) addLayout(t *catalog.Table) {
	l := &layout{table: t, at: make(map[string]int, len(t.Columns)), blank: make([]types.Datum, len(t.Columns))}
	for i := range t.Columns {
		l.at[t.Columns[i].Name] = i
	}
	name := t.Name
	switch t.Schema {
	case catalog.InformationSchemaOID:
		name = "information_schema." + name
	case catalog.PegmatiteOID:
		name = "pegmatite." + name
	}
	l.dynamic = isDynamic(name)
	if hasData(name) {
		l.static = name
	}
	for column, value := range blanks[name] {
		l.blank[l.position(column)] = value
	}
	c.layouts[t.OID], c.byName[name] = l, l
}

func (l *layout) position(column string) int {
	i, ok := l.at[column]
	if !ok {
		panic(fmt.Sprintf("pgcatalog: %s has no column %s", l.table.Name, column))
	}
	return i
}

func (c *Catalog) layout(name string) *layout {
	l := c.byName[name]
	if l == nil {
		panic("pgcatalog: no relation " + name)
	}
	return l
}
