package pgcatalog

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Functions that user-defined types name (pg_proc.dat).
const (
	enumIn, enumOut    = 3506, 3507
	enumRecv, enumSend = 3532, 3533
	domainIn           = 2597
	domainRecv         = 2598
)

// outputs are the functions that print a type's values, as pg_type has them.
type outputs struct{ output, send, analyze catalog.OID }

func readOutputs() map[catalog.OID]outputs {
	out := make(map[catalog.OID]outputs)
	for f := range dataRows("pg_type") {
		// …, typoutput 16, typsend 18, typanalyze 21
		out[oidOf(f[0])] = outputs{procOf(f[16]), procOf(f[18]), procOf(f[21])}
	}
	return out
}

// procOf reads a regproc, which the files have as a number.
func procOf(field string) catalog.OID {
	if field == "-" {
		return 0
	}
	return oidOf(field)
}

// typeRows makes a user-defined type's rows in all catalogs.
func (g *generator) typeRows(t catalog.UserType) {
	h := t.Header()
	typ, _ := catalog.Type(t)
	g.userType(t, typ)
	g.arrayType(h, typ)
	g.ownerDepend(typeClass, h.OID, h.Owner)
	g.description(typeClass, h.OID, 0, h.Comment)
	if g.wants("pg_depend") {
		g.depend(object{typeClass, h.Array, 0}, object{typeClass, h.OID, 0}, "i")
		g.typeInSchema(t)
	}
	switch t := t.(type) {
	case *catalog.Enum:
		g.labels(t)
	case *catalog.Composite:
		g.composite(t)
	case *catalog.Domain:
		g.domain(t)
	case *catalog.Range:
		g.rangeType(t)
	}
}

// userType makes the row of pg_type.
func (g *generator) userType(t catalog.UserType, typ *types.Type) {
	r := g.begin("pg_type")
	if r == nil {
		return
	}
	h := t.Header()
	r.oid("oid", h.OID).text("typname", h.Name).oid("typnamespace", h.Schema).oid("typowner", h.Owner).oid("typarray", h.Array)
	r.text("typtype", string(rune(typ.Kind))).text("typcategory", string(rune(typ.Category)))
	r.int("typlen", int64(typ.Len)).bool("typbyval", typ.ByVal).text("typalign", string(rune(typ.Align))).text("typstorage", string(rune(typ.Storage)))
	switch t := t.(type) {
	case *catalog.Enum:
		r.oid("typinput", enumIn).oid("typoutput", enumOut).oid("typreceive", enumRecv).oid("typsend", enumSend)
	case *catalog.Composite:
		r.oid("typrelid", t.Relation)
		r.oid("typinput", recordIn).oid("typoutput", recordOut).oid("typreceive", recordRecv).oid("typsend", recordSend)
	case *catalog.Range:
		r.oid("typinput", rangeIn).oid("typoutput", rangeOut).oid("typreceive", rangeRecv).oid("typsend", rangeSend).oid("typanalyze", rangeTypanalyze)
	case *catalog.Domain:
		f := g.c.outputsOf(t.Base)
		r.oid("typinput", domainIn).oid("typoutput", f.output).oid("typreceive", domainRecv).oid("typsend", f.send).oid("typanalyze", f.analyze)
		r.bool("typnotnull", t.NotNull).oid("typbasetype", t.Base.OID).int("typtypmod", int64(t.Typmod))
		r.oid("typcollation", columnCollation(&catalog.Column{Type: typ, Collation: t.Collation}))
		if t.Base.Elem != nil && t.Base.Category == types.CategoryArray {
			r.int("typndims", 1)
		}
		if t.Default != "" {
			r.text("typdefault", Expression(g.snapshot, g.database, t.Default, inPublic, plainTypeName(g.snapshot))).text("typdefaultbin", t.Default)
		}
	}
	r.done()
}

// outputsOf are the functions that print values of a type, as a domain over it has them.
func (c *Catalog) outputsOf(t *types.Type) outputs {
	base := t.Base()
	if f, ok := c.outputs[base.OID]; ok {
		return f
	}
	switch {
	case base.Elem != nil:
		return outputs{arrayOut, arraySend, arrayTypanalyze}
	case base.Kind == 'e':
		return outputs{enumOut, enumSend, 0}
	case base.IsRange():
		return outputs{rangeOut, rangeSend, rangeTypanalyze}
	case base.IsMultirange():
		return outputs{multirangeOut, multirangeSend, multirangeTypanalyze}
	}
	return outputs{recordOut, recordSend, 0}
}

// arrayType makes the row of the type of arrays of a type.
func (g *generator) arrayType(h *catalog.TypeHeader, elem *types.Type) {
	r := g.begin("pg_type")
	if r == nil {
		return
	}
	r.oid("oid", h.Array).text("typname", h.ArrayName).oid("typnamespace", h.Schema).oid("typowner", h.Owner)
	r.text("typtype", "b").text("typcategory", "A").oid("typelem", h.OID).oid("typsubscript", arraySubscriptHandler)
	r.oid("typinput", arrayIn).oid("typoutput", arrayOut).oid("typreceive", arrayRecv).oid("typsend", arraySend)
	r.text("typalign", string(rune(elem.Array.Align))).oid("typanalyze", arrayTypanalyze)
	r.oid("typcollation", columnCollation(&catalog.Column{Type: elem})).done()
}

// typeInSchema makes a type depend on its schema: a composite's relation does.
func (g *generator) typeInSchema(t catalog.UserType) {
	h := t.Header()
	in := object{typeClass, h.OID, 0}
	if c, ok := t.(*catalog.Composite); ok {
		in = object{classClass, c.Relation, 0}
		g.depend(object{typeClass, h.OID, 0}, in, "i")
	}
	g.inSchema(in, h.Schema)
}

// typeDepend makes an object depend on a type that is not built in.
func (g *generator) typeDepend(on object, t *types.Type) {
	if t.OID >= catalog.FirstNormalOID {
		g.depend(on, object{typeClass, t.OID, 0}, "n")
	}
}

// textDepends makes an object depend on the types and constructors that a stored expression names.
func (g *generator) textDepends(on object, text string) {
	for _, oid := range namedTypes(text) {
		class := catalog.OID(typeClass)
		if r, _ := g.snapshot.RangeFunction(oid); r != nil || g.snapshot.FunctionByOID(oid) != nil {
			class = procClass
		}
		g.depend(on, object{class, oid, 0}, "n")
	}
}

// labels makes the rows of pg_enum. Where labels came later, their numbers lie
// between their neighbours', as in PostgreSQL; and where too many have come to the
// same place for the digits of a float4, all are counted anew (RenumberEnumType).
func (g *generator) labels(t *catalog.Enum) {
	if !g.wants("pg_enum") {
		return
	}
	at := func(i int) float32 { return float32(float64(t.Labels[i].Sort) / catalog.LabelStep) }
	apart := true
	for i := 1; i < len(t.Labels); i++ {
		apart = apart && at(i-1) < at(i)
	}
	for i, l := range t.Labels {
		order := float64(at(i))
		if !apart {
			order = float64(i + 1)
		}
		r := g.begin("pg_enum")
		r.oid("oid", l.OID).oid("enumtypid", t.OID).text("enumlabel", l.Label)
		r.set("enumsortorder", types.Float(order)).done()
	}
}

// composite makes the rows that a composite type has as a relation.
func (g *generator) composite(t *catalog.Composite) {
	if r := g.begin("pg_class"); r != nil {
		r.oid("oid", t.Relation).text("relname", t.Name).oid("relnamespace", t.Schema).oid("relowner", t.Owner)
		r.oid("reltype", t.OID).text("relkind", "c").int("relnatts", int64(t.NextAttnum-1))
		r.set("reltuples", types.Float(0)).done()
	}
	g.attributes(t.Relation, t.Attributes, false)
	if g.wants("pg_depend") {
		for i := range t.Attributes {
			a := &t.Attributes[i]
			g.typeDepend(object{classClass, t.Relation, int(a.Attnum)}, a.Type)
		}
	}
	for i := range t.Attributes {
		g.description(classClass, t.Relation, int(t.Attributes[i].Attnum), t.Attributes[i].Comment)
	}
}

// domain makes the rows of a domain's constraints.
func (g *generator) domain(t *catalog.Domain) {
	h := t.Header()
	for i := range t.Checks {
		k := &t.Checks[i]
		r := g.begin("pg_constraint")
		r.oid("oid", k.OID).text("conname", k.Name).oid("connamespace", t.Schema).text("contype", "c").oid("conrelid", 0).oid("contypid", t.OID)
		r.bool("convalidated", k.Valid).bool("connoinherit", false).text("conbin", k.Expr).done()
		g.description(constraintClass, k.OID, 0, k.Comment)
		c := g.begin("information_schema.check_constraints").place("constraint", catalog.Ref{Schema: t.Schema, Name: k.Name})
		c.text("check_clause", checkClause(k)).done()
	}
	if !g.wants("pg_depend") {
		return
	}
	on := object{typeClass, h.OID, 0}
	g.typeDepend(on, t.Base)
	g.textDepends(on, t.Default)
	for i := range t.Checks {
		k := object{constraintClass, t.Checks[i].OID, 0}
		g.depend(k, on, "a")
		g.textDepends(k, t.Checks[i].Expr)
	}
}

// underDomain is a column of a domain as one of the type that it is made of.
func (g *generator) underDomain(c *catalog.Column) *catalog.Column {
	d, ok := g.snapshot.TypeOwner(c.Type).(*catalog.Domain)
	if !ok || c.Type.OID != d.OID {
		return c
	}
	under := *c
	under.Type, under.Typmod = d.Base, d.Typmod
	return &under
}

// udt sets the columns about the type of a column, or that its domain is made of, and the domain.
func (r *row) udt(t *types.Type) *row {
	if r == nil {
		return nil
	}
	g := r.g
	if d, ok := g.snapshot.TypeOwner(t).(*catalog.Domain); ok && t.OID == d.OID {
		r.set("domain_catalog", g.databaseName()).set("domain_schema", g.schemaName(d.Schema)).text("domain_name", d.Name)
		t = d.Base
	}
	schema := types.Text("pg_catalog")
	switch o := g.snapshot.TypeOwner(t).(type) {
	case catalog.UserType:
		schema = g.schemaName(catalog.HeaderFor(o, t).Schema)
	case catalog.Relation:
		schema = g.schemaName(o.Ref().Schema)
	}
	return r.set("udt_catalog", g.databaseName()).set("udt_schema", schema).text("udt_name", t.Name)
}
