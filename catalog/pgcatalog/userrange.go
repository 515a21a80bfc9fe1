package pgcatalog

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// Functions that range and multirange types name (pg_proc.dat), the language of
// built-in functions, and the catalogs of functions and casts.
const (
	rangeIn, rangeOut           = 3834, 3835
	rangeRecv, rangeSend        = 3836, 3837
	rangeTypanalyze             = 3916
	multirangeIn, multirangeOut = 4231, 4232
	multirangeRecv              = 4233
	multirangeSend              = 4234
	multirangeTypanalyze        = 4242
	internalLanguage            = 12
	procClass, castClass        = 1255, 2605
)

// rangeType makes the rows that a range type has beside those of every type.
func (g *generator) rangeType(t *catalog.Range) {
	typ, _ := catalog.Type(t)
	family := typ.Ranges()
	g.multirange(t, family)
	if r := g.begin("pg_range"); r != nil {
		collation := columnCollation(&catalog.Column{Type: t.Subtype, Collation: t.Collation})
		r.oid("rngtypid", t.OID).oid("rngsubtype", t.Subtype.OID).oid("rngmultitypid", t.Multirange.OID).oid("rngcollation", collation)
		r.oid("rngsubopc", t.OpClass).oid("rngcanonical", 0).oid("rngsubdiff", t.Diff).done()
	}
	two := []*types.Type{t.Subtype, t.Subtype}
	g.constructor(t, &t.Functions, 0, "range_constructor2", typ, two)
	g.constructor(t, &t.Functions, 1, "range_constructor3", typ, append(two[:2:2], types.TText))
	g.constructor(t, &t.MultirangeFunctions, 0, "multirange_constructor0", family.Multirange, nil)
	g.constructor(t, &t.MultirangeFunctions, 1, "multirange_constructor1", family.Multirange, []*types.Type{typ})
	g.constructor(t, &t.MultirangeFunctions, 2, "multirange_constructor2", family.Multirange, []*types.Type{typ.Array})
	if r := g.begin("pg_cast"); r != nil {
		r.oid("oid", t.Cast).oid("castsource", t.OID).oid("casttarget", t.Multirange.OID).oid("castfunc", t.MultirangeFunctions.OIDs[1])
		r.text("castcontext", "e").text("castmethod", "f").done()
	}
	if g.wants("pg_depend") {
		g.rangeDepends(t)
	}
}

// multirange makes the rows of the multirange type and of arrays of it.
func (g *generator) multirange(t *catalog.Range, family *types.RangeFamily) {
	h, typ := t.Multirange, family.Multirange
	h.Owner = t.Owner
	if r := g.begin("pg_type"); r != nil {
		r.oid("oid", h.OID).text("typname", h.Name).oid("typnamespace", h.Schema).oid("typowner", t.Owner).oid("typarray", h.Array)
		r.text("typtype", "m").text("typcategory", "R").text("typalign", string(rune(typ.Align)))
		r.oid("typinput", multirangeIn).oid("typoutput", multirangeOut).oid("typreceive", multirangeRecv).oid("typsend", multirangeSend)
		r.oid("typanalyze", multirangeTypanalyze).done()
	}
	g.arrayType(&h, typ)
	g.ownerDepend(typeClass, h.OID, t.Owner)
	g.description(typeClass, h.OID, 0, h.Comment)
}

// constructor makes the row of one of a range type's functions.
func (g *generator) constructor(t *catalog.Range, c *catalog.Constructors, at int, source string, result *types.Type, args []*types.Type) {
	g.ownerDepend(procClass, c.OIDs[at], t.Owner)
	r := g.begin("pg_proc")
	if r == nil {
		return
	}
	oids := make([]types.Datum, len(args))
	for i, a := range args {
		oids[i] = types.Int(int64(a.OID))
	}
	multi := result.IsMultirange()
	r.oid("oid", c.OIDs[at]).text("proname", c.Name).oid("pronamespace", c.Schema).oid("proowner", t.Owner).oid("prolang", internalLanguage)
	r.set("procost", types.Float(1)).set("prorows", types.Float(0)).oid("provariadic", 0).oid("prosupport", 0).text("prokind", "f")
	r.bool("prosecdef", false).bool("proleakproof", false).bool("proisstrict", multi).bool("proretset", false)
	r.text("provolatile", "i").text("proparallel", "s").int("pronargs", int64(len(args))).int("pronargdefaults", 0)
	r.oid("prorettype", result.OID).set("proargtypes", array(types.TOID, 0, oids)).text("prosrc", source)
	if len(args) == 1 && args[0].Elem != nil && multi {
		r.oid("provariadic", t.OID).set("proallargtypes", array(types.TOID, 1, oids))
		r.set("proargmodes", array(types.TChar, 1, []types.Datum{types.Text("v")}))
	}
	r.done()
}

// rangeDepends are the dependencies of what a range type makes beside itself.
func (g *generator) rangeDepends(t *catalog.Range) {
	rng, multirange := object{typeClass, t.OID, 0}, object{typeClass, t.Multirange.OID, 0}
	g.depend(multirange, rng, "i")
	g.depend(object{typeClass, t.Multirange.Array, 0}, multirange, "i")
	g.inSchema(multirange, t.Multirange.Schema)
	g.typeDepend(rng, t.Subtype)
	for i, c := range []*catalog.Constructors{&t.Functions, &t.MultirangeFunctions} {
		made := []object{rng, multirange}[i]
		for k, oid := range c.OIDs {
			f := object{procClass, oid, 0}
			g.inSchema(f, c.Schema)
			g.depend(f, made, "n")
			g.depend(f, made, "i")
			switch {
			case i == 0:
				g.typeDepend(f, t.Subtype)
			case k == 1:
				g.depend(f, rng, "n")
			case k == 2:
				g.depend(f, object{typeClass, t.Array, 0}, "n")
			}
		}
	}
	cast := object{castClass, t.Cast, 0}
	g.depend(cast, rng, "i")
	g.depend(cast, multirange, "i")
	g.depend(cast, object{procClass, t.MultirangeFunctions.OIDs[1], 0}, "i")
}

func (g *generator) inSchema(o object, schema catalog.OID) {
	if !catalog.IsSystemSchema(schema) {
		g.depend(o, object{namespaceClass, schema, 0}, "n")
	}
}
