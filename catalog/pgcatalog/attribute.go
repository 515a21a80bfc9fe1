package pgcatalog

import (
	"fmt"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// systemColumns are the columns that every table has (heap.c), from -1 down.
var systemColumns = [...]struct {
	name string
	typ  *types.Type
}{
	{"ctid", types.ByOID(27)},
	{"xmin", types.ByOID(28)},
	{"cmin", types.ByOID(29)},
	{"xmax", types.ByOID(28)},
	{"cmax", types.ByOID(29)},
	{"tableoid", types.ByOID(26)},
}

// attributes makes the rows of pg_attribute and pg_attrdef for a relation's
// columns, with the system columns where it has them.
func (g *generator) attributes(relation catalog.OID, columns []catalog.Column, system bool) {
	if !g.wants("pg_attribute", "pg_attrdef") {
		return
	}
	for i := range columns {
		if c := &columns[i]; !c.Hidden {
			g.attribute(relation, c)
			g.attrdef(relation, c)
		}
	}
	if !system {
		return
	}
	for i, s := range systemColumns {
		r := g.begin("pg_attribute")
		r.oid("attrelid", relation).text("attname", s.name).int("attnum", int64(-1-i)).int("attstattarget", 0).bool("attnotnull", true)
		r.attributeType(s.typ)
		r.done()
	}
}

func (g *generator) attribute(relation catalog.OID, c *catalog.Column) {
	r := g.begin("pg_attribute")
	if r == nil {
		return
	}
	r.oid("attrelid", relation).text("attname", c.Name).int("attnum", int64(c.Attnum)).int("atttypmod", int64(c.Typmod))
	r.attributeType(c.Type)
	r.bool("attnotnull", c.NotNull).int("attstattarget", int64(c.Stats)).bool("atthasdef", c.Default != "")
	if c.Storage != 0 {
		r.text("attstorage", string(rune(c.Storage)))
	}
	if c.Compression != 0 {
		r.text("attcompression", string(rune(c.Compression)))
	}
	r.set("attoptions", optionArray(c.Options))
	if c.Type.Elem != nil && c.Type.Category == types.CategoryArray {
		r.int("attndims", 1)
	}
	if c.Identity != 0 {
		r.text("attidentity", string(rune(c.Identity)))
	}
	if c.Generated {
		r.text("attgenerated", "s")
	}
	if !c.Missing.IsNull() {
		r.bool("atthasmissing", true)
		r.text("attmissingval", arrayText([]string{string(c.Type.Format(types.DefaultEnv(), nil, c.Missing))}))
	}
	r.oid("attcollation", columnCollation(c))
	if c.Dropped {
		// RemoveAttributeById (heap.c).
		r.text("attname", fmt.Sprintf("........pg.dropped.%d........", c.Attnum)).oid("atttypid", 0).bool("attisdropped", true)
		r.bool("attnotnull", false).int("attstattarget", 0).bool("atthasdef", false).text("attidentity", "").text("attgenerated", "")
		r.bool("atthasmissing", false).set("attmissingval", types.Null)
	}
	r.done()
}

// attributeType sets what an attribute copies from its type.
func (r *row) attributeType(t *types.Type) {
	if r == nil {
		return
	}
	r.oid("atttypid", t.OID).int("attlen", int64(t.Len)).bool("attbyval", t.ByVal)
	r.text("attalign", string(rune(t.Align))).text("attstorage", string(rune(t.Storage)))
}

func (g *generator) attrdef(relation catalog.OID, c *catalog.Column) {
	if c.Default == "" || c.Dropped {
		return
	}
	r := g.begin("pg_attrdef")
	r.oid("oid", c.DefaultOID).oid("adrelid", relation).int("adnum", int64(c.Attnum)).text("adbin", c.Default).done()
}

// columnCollation is attcollation: 0 for types without collation.
func columnCollation(c *catalog.Column) catalog.OID {
	switch named := catalog.CollationByName(c.Collation); {
	case !c.Type.Collates:
		return 0
	case named != nil:
		return named.OID
	case c.Type == types.TName:
		return cCollation
	}
	return defaultCollation
}

// elementText is a text as an element of an array's text form, quoted where that is needed.
func elementText(s string) string {
	b := types.TText.Array.Format(types.DefaultEnv(), nil, textArray([]string{s}))
	return string(b[1 : len(b)-1])
}
