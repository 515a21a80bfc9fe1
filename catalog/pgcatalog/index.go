package pgcatalog

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// indexOption bits of pg_index.indoption (access/itup.h).
const (
	optionDesc       = 1
	optionNullsFirst = 2
)

// index makes the rows of an index: pg_class, pg_attribute, pg_index.
func (g *generator) index(t *catalog.Table, x *catalog.Index) {
	if r := g.begin("pg_class"); r != nil {
		r.class(catalog.Ref{OID: x.OID, Schema: t.Schema, Name: x.Name, Owner: t.Owner, Kind: catalog.KindIndex, Persistence: t.Persistence}, 0)
		r.int("relam", accessMethods[method(x)]).oid("relfilenode", x.OID).int("relnatts", int64(len(x.Columns)+len(x.Included)))
		r.int("relpages", 1).set("reltuples", types.Float(max(0, float64(float32(t.Stats.Rows))))).set("reloptions", optionArray(x.Options)).done()
	}
	g.indexAttributes(t, x)
	r := g.begin("pg_index")
	if r == nil {
		return
	}
	columns := indexedColumns(t, x)
	keys := make([]int16, len(columns))
	var expressions []string
	var collations, classes []catalog.OID
	var options []int16
	for i, c := range columns {
		keys[i] = c.Attnum
		if i >= len(x.Columns) {
			continue
		}
		if text := x.Columns[i].Expr; text != "" {
			expressions = append(expressions, bareKey(text))
		}
		collations = append(collations, columnCollation(c))
		classes = append(classes, g.c.opclass(c.Type).oid)
		option := int16(0)
		if x.Columns[i].Desc {
			option |= optionDesc
		}
		if x.Columns[i].NullsFirst {
			option |= optionNullsFirst
		}
		options = append(options, option)
	}
	r.oid("indexrelid", x.OID).oid("indrelid", t.OID).int("indnatts", int64(len(columns))).int("indnkeyatts", int64(len(x.Columns)))
	r.bool("indisunique", x.Unique).bool("indnullsnotdistinct", x.NullsNotDistinct).bool("indisprimary", x.Primary)
	r.bool("indimmediate", !x.Deferrable).bool("indisvalid", x.Valid).bool("indisclustered", x.Clustered).bool("indisreplident", x.ReplicaIdentity)
	if len(expressions) > 0 {
		r.text("indexprs", strings.Join(expressions, ", "))
	}
	if x.Where != "" {
		r.text("indpred", x.Where)
	}
	r.set("indkey", vector(types.TInt2, keys)).set("indcollation", vector(types.TOID, collations))
	r.set("indclass", vector(types.TOID, classes)).set("indoption", vector(types.TInt2, options)).done()
}

// indexedColumns are the key columns, then the included ones. An expression's has
// attribute number 0.
func indexedColumns(t *catalog.Table, x *catalog.Index) []*catalog.Column {
	var out []*catalog.Column
	for _, k := range x.Columns {
		of, plain := k.Written()
		if plain {
			out = append(out, t.Column(of))
			continue
		}
		c := *t.Column(k.Column)
		c.Name, c.Attnum = k.Name, 0
		if k.Boxed {
			c.Type = c.Type.Elem
		}
		out = append(out, &c)
	}
	for _, id := range x.Included {
		out = append(out, t.Column(id))
	}
	return out
}

func (g *generator) indexAttributes(t *catalog.Table, x *catalog.Index) {
	if !g.wants("pg_attribute") {
		return
	}
	var names []string
	for i, c := range indexedColumns(t, x) {
		names = append(names, catalog.UniqueName(names, c.Name))
		r := g.begin("pg_attribute")
		r.oid("attrelid", x.OID).text("attname", names[i]).int("attnum", int64(i+1)).int("atttypmod", int64(c.Typmod))
		kept := c.Type
		if k := g.c.opclass(c.Type).keyType; i < len(x.Columns) && k != 0 {
			kept = types.ByOID(k)
		}
		r.attributeType(kept)
		if i < len(x.Columns) && x.Columns[i].Stats != 0 {
			r.int("attstattarget", int64(x.Columns[i].Stats))
		}
		r.oid("attcollation", columnCollation(c)).done()
	}
}

// opclass is the default btree operator class for columns of the type.
func (c *Catalog) opclass(t *types.Type) opclass {
	t = t.Base()
	if x, ok := c.opclasses[t.OID]; ok {
		return x
	}
	return c.opclasses[ordered(t).OID]
}

// constraints makes the rows of pg_constraint.
func (g *generator) constraints(t *catalog.Table) {
	if !g.wants("pg_constraint") {
		return
	}
	for i := range t.Checks {
		k := &t.Checks[i]
		r := g.begin("pg_constraint").constraint(k.OID, k.Name, t, "c", attnums(t, k.Columns))
		r.bool("convalidated", k.Valid).bool("connoinherit", k.NoInherit).text("conbin", k.Expr).done()
	}
	g.foreignKeys(t)
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Constraint == 0 {
			continue
		}
		kind := "u"
		if x.Primary {
			kind = "p"
		}
		var key []int16
		for _, c := range x.Columns {
			of, _ := c.Written()
			key = append(key, t.Column(of).Attnum)
		}
		r := g.begin("pg_constraint").constraint(x.Constraint, x.Name, t, kind, key)
		r.oid("conindid", x.OID).bool("condeferrable", x.Deferrable).bool("condeferred", x.Deferred).done()
	}
}

func (r *row) constraint(oid catalog.OID, name string, t *catalog.Table, kind string, key []int16) *row {
	r.oid("oid", oid).text("conname", name).oid("connamespace", t.Schema).text("contype", kind).oid("conrelid", t.OID)
	if len(key) > 0 {
		r.set("conkey", int2Array(key))
	}
	return r
}

func attnums(t *catalog.Table, ids []catalog.ColumnID) []int16 {
	out := make([]int16, 0, len(ids))
	for _, id := range ids {
		out = append(out, t.Column(id).Attnum)
	}
	return out
}
