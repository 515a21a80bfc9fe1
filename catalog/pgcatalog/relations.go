package pgcatalog

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// domains are information_schema's domains. Clients see a domain's column as
// one of its base type, so the descriptors have base types; pg_type and
// pg_attribute have the domains.
var domains = map[catalog.OID]struct {
	name   string
	base   catalog.OID
	typmod int32
}{
	13221: {"cardinal_number", 23, -1},
	13224: {"character_data", 1043, -1},
	13226: {"sql_identifier", 19, -1},
	13232: {"time_stamp", 1184, 2},
	13234: {"yes_or_no", 1043, 7},
}

// plainTypes puts their base types in the place of the domains in a view's
// query, as in its columns.
var plainTypes = strings.NewReplacer(
	"information_schema.cardinal_number", "integer",
	"information_schema.character_data", "character varying",
	"information_schema.sql_identifier", "name",
	"information_schema.time_stamp", "timestamp(2) with time zone",
	"information_schema.yes_or_no", "character varying(3)",
)

// postgresRelations makes the descriptors from the rows of pg_class,
// pg_attribute and pg_index.
func (c *Catalog) postgresRelations() []catalog.Relation {
	columns := c.readColumns()
	indexes := readIndexes()
	var relations []catalog.Relation
	for f := range dataRows("pg_class") {
		oid, name, kind := oidOf(f[0]), f[1], f[16]
		schema, rowType := oidOf(f[2]), oidOf(f[3])
		switch {
		case kind == "i":
			continue
		case kind == "v" && !hasRows(schema, name):
			relations = append(relations, &catalog.View{
				OID: oid, Schema: schema, Name: name, Owner: catalog.SuperuserOID, RowType: rowType,
				Query: plainTypes.Replace(c.viewdefs[oid]), Columns: columns[oid], Version: 1,
			})
		default:
			t := &catalog.Table{
				OID: oid, Schema: schema, Name: name, Owner: catalog.SuperuserOID,
				Home: catalog.HomeCatalog, Persistence: catalog.Permanent, Version: 1, Physical: uint64(oid),
				RowType: rowType, Columns: columns[oid], Stats: catalog.Statistics{Rows: -1},
			}
			finish(t, indexes[oid])
			c.shared[oid] = f[14] == "t" // relisshared
			relations = append(relations, t)
		}
	}
	return relations
}

// readColumns makes the columns of all relations, by relation.
func (c *Catalog) readColumns() map[catalog.OID][]catalog.Column {
	out := make(map[catalog.OID][]catalog.Column)
	for f := range dataRows("pg_attribute") {
		// attrelid, attname, atttypid, attstattarget, attlen, attnum, attndims, attcacheoff,
		// atttypmod, attbyval, attalign, attstorage, attcompression, attnotnull …
		attnum := int16(number(f[5]))
		if attnum < 0 {
			continue
		}
		typeOID, typmod := oidOf(f[2]), int32(number(f[8]))
		relation := oidOf(f[0])
		if d, ok := domains[typeOID]; ok {
			typeOID, typmod = d.base, d.typmod
			c.domainColumns[domainColumn{relation, attnum}] = d.name
		}
		t := types.ByOID(typeOID)
		if t == nil {
			// Arrays of a catalog's rows (pg_statistic's kin in functions) are never read.
			t = types.TText
		}
		collation := ""
		if oidOf(f[21]) == cCollation && t != types.TName {
			collation = "C"
		}
		out[relation] = append(out[relation], catalog.Column{
			ID: catalog.ColumnID(attnum), Attnum: attnum, Name: strings.Clone(f[1]), Type: t, Typmod: typmod,
			NotNull: f[13] == "t", Collation: collation, Storage: f[11][0], Stats: int32(number(f[3])),
		})
	}
	return out
}

// systemIndex is a row of pg_index with its name.
type systemIndex struct {
	oid     catalog.OID
	name    string
	unique  bool
	primary bool
	attnums []int64
	// constraint is the one that it serves, or 0.
	constraint catalog.OID
}

func readIndexes() map[catalog.OID][]systemIndex {
	names := make(map[catalog.OID]string)
	for f := range dataRows("pg_class") {
		if f[16] == "i" {
			names[oidOf(f[0])] = strings.Clone(f[1])
		}
	}
	constraints := make(map[catalog.OID]catalog.OID)
	for f := range dataRows("pg_constraint") {
		constraints[oidOf(f[9])] = oidOf(f[0]) // conindid
	}
	out := make(map[catalog.OID][]systemIndex)
	for f := range dataRows("pg_index") {
		// indexrelid, indrelid, indnatts, indnkeyatts, indisunique, indnullsnotdistinct, indisprimary, …, indkey (15)
		oid, relation := oidOf(f[0]), oidOf(f[1])
		out[relation] = append(out[relation], systemIndex{
			oid: oid, name: names[oid], unique: f[4] == "t", primary: f[6] == "t", attnums: numbers(f[15]),
			constraint: constraints[oid],
		})
	}
	return out
}

// finish gives a table its key and indexes: one without primary key gets a
// hidden row id in front.
func finish(t *catalog.Table, indexes []systemIndex) {
	for _, x := range indexes {
		if x.primary {
			for _, attnum := range x.attnums {
				t.Key = append(t.Key, catalog.ColumnID(attnum))
			}
		}
	}
	if t.Key == nil {
		addRowID(t)
	}
	t.ShardKey = len(t.Key)
	for _, x := range indexes {
		index := catalog.Index{
			OID: x.oid, Name: x.name, ID: uint32(len(t.Indexes) + 1), Unique: x.unique, Primary: x.primary,
			Constraint: x.constraint, Method: "btree", Valid: true,
		}
		for _, attnum := range x.attnums {
			index.Columns = append(index.Columns, catalog.IndexColumn{Column: t.ColumnByAttnum(int16(attnum)).ID})
		}
		t.Indexes = append(t.Indexes, index)
	}
	t.NextColumn = catalog.ColumnID(len(t.Columns) + 1)
	t.NextAttnum = int16(len(t.Columns) + 1)
}

func addRowID(t *catalog.Table) {
	columns := []catalog.Column{{ID: 1, Name: rowIDName, Type: types.TInt8, Typmod: -1, NotNull: true, Hidden: true, Storage: 'p', Stats: -1}}
	for _, c := range t.Columns {
		c.ID++
		columns = append(columns, c)
	}
	t.Columns, t.Key = columns, []catalog.ColumnID{1}
}

// rowIDName cannot be confused with a column that a user can name.
const rowIDName = "\x00rowid"
