package pgcatalog

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// languageOIDs are the rows of pg_language.
var languageOIDs = map[string]catalog.OID{"internal": internalLanguage, "c": 13, "sql": 14, "plpgsql": plpgsqlLanguage}

const (
	languageClass = 2612
	// plpgsqlLanguage is PL/pgSQL's row, which initdb numbers.
	plpgsqlLanguage = 13563
)

// functionRows makes the rows of a function that a user has made.
func (g *generator) functionRows(f *catalog.Function) {
	g.procRow(f)
	g.aggregateRow(f)
	g.ownerDepend(procClass, f.OID, f.Owner)
	g.description(procClass, f.OID, 0, f.Comment)
	if g.wants("pg_depend") {
		g.functionDepends(f)
	}
}

func (g *generator) procRow(f *catalog.Function) {
	r := g.begin("pg_proc")
	if r == nil {
		return
	}
	inputs := f.Inputs()
	args := make([]types.Datum, len(inputs))
	defaults := 0
	for i, a := range inputs {
		args[i] = types.Int(int64(a.Type.OID))
		if a.Default != "" {
			defaults++
		}
	}
	kind := "f"
	switch {
	case f.Procedure:
		kind = "p"
	case f.Aggregate != nil:
		kind = "a"
	}
	r.oid("oid", f.OID).text("proname", f.Name).oid("pronamespace", f.Schema).oid("proowner", f.Owner).oid("prolang", languageOIDs[f.Language])
	r.set("procost", types.Float(f.Cost)).set("prorows", types.Float(f.Rows)).oid("provariadic", variadicOf(f)).oid("prosupport", 0).text("prokind", kind)
	r.bool("prosecdef", f.SecurityDefiner).bool("proleakproof", f.LeakProof).bool("proisstrict", f.Strict).bool("proretset", f.ReturnsSet)
	r.text("provolatile", string(rune(f.Volatility))).text("proparallel", string(rune(f.Parallel)))
	r.int("pronargs", int64(len(args))).int("pronargdefaults", int64(defaults))
	r.oid("prorettype", f.Result.OID).set("proargtypes", array(types.TOID, 0, args)).text("prosrc", f.Body)
	r.optional("prosqlbody", f.SQLBody).optional("proargdefaults", defaultsText(inputs))
	g.allArguments(r, f)
	if len(f.Config) > 0 {
		r.set("proconfig", textArray(f.Config))
	}
	r.done()
}

// aggregateRow makes the row of pg_aggregate.
func (g *generator) aggregateRow(f *catalog.Function) {
	r := g.begin("pg_aggregate")
	if r == nil || f.Aggregate == nil {
		return
	}
	a := f.Aggregate
	r.oid("aggfnoid", f.OID).text("aggkind", "n").int("aggnumdirectargs", 0).oid("aggtransfn", a.Transition).oid("aggfinalfn", a.Final)
	for _, none := range []string{"aggcombinefn", "aggserialfn", "aggdeserialfn", "aggmtransfn", "aggminvtransfn", "aggmfinalfn", "aggsortop", "aggmtranstype"} {
		r.oid(none, 0)
	}
	r.bool("aggfinalextra", false).bool("aggmfinalextra", false).text("aggfinalmodify", "r").text("aggmfinalmodify", "r")
	r.oid("aggtranstype", a.State.OID).int("aggtransspace", 0).int("aggmtransspace", 0)
	if a.Init != nil {
		r.text("agginitval", *a.Init)
	}
	r.done()
}

// allArguments sets what is there only if the inputs alone do not tell.
func (g *generator) allArguments(r *row, f *catalog.Function) {
	var oids, modes, names []types.Datum
	plain, named := true, false
	for _, a := range f.Args {
		oids, modes, names = append(oids, types.Int(int64(a.Type.OID))), append(modes, types.Text(string(rune(a.Mode)))), append(names, types.Text(a.Name))
		plain, named = plain && a.Mode == 'i', named || a.Name != ""
	}
	if !plain {
		r.set("proallargtypes", array(types.TOID, 1, oids)).set("proargmodes", array(types.TChar, 1, modes))
	}
	if named {
		r.set("proargnames", array(types.TText, 1, names))
	}
}

func variadicOf(f *catalog.Function) catalog.OID {
	for _, a := range f.Args {
		if a.Mode != 'v' {
			continue
		}
		switch a.Type {
		case types.TAny:
			return types.TAny.OID
		case types.TAnyArray:
			return types.TAnyElement.OID
		case types.TAnyCompatibleArray:
			return types.TAnyCompatible.OID
		}
		return a.Type.Elem.OID
	}
	return 0
}

func defaultsText(inputs []catalog.Argument) string {
	var list []string
	for _, a := range inputs {
		if a.Default != "" {
			list = append(list, a.Default)
		}
	}
	return strings.Join(list, ", ")
}

// functionDepends makes a function depend on its schema, on the types that it is
// made of, and on what its defaults and its body name.
func (g *generator) functionDepends(f *catalog.Function) {
	on := object{procClass, f.OID, 0}
	g.inSchema(on, f.Schema)
	if f.Language == "plpgsql" {
		g.depend(on, object{languageClass, plpgsqlLanguage, 0}, "n")
	}
	seen := map[catalog.OID]bool{}
	for _, t := range append([]*types.Type{f.Result}, argumentTypes(f)...) {
		if !seen[t.OID] {
			seen[t.OID] = true
			g.typeDepend(on, t)
		}
	}
	for _, a := range f.Args {
		g.textDepends(on, a.Default)
	}
	if a := f.Aggregate; a != nil {
		for _, of := range []catalog.OID{a.Transition, a.Final} {
			if of >= catalog.FirstNormalOID {
				g.depend(on, object{procClass, of, 0}, "n")
			}
		}
	}
	g.textDepends(on, f.SQLBody)
}

func argumentTypes(f *catalog.Function) (list []*types.Type) {
	for _, a := range f.Args {
		list = append(list, a.Type)
	}
	return list
}
