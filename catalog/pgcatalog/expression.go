package pgcatalog

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
)

// relationLiteral is how stored expressions name a relation: by OID, so that
// renaming it changes nothing.
var relationLiteral = regexp.MustCompile(`'([0-9]+)'::regclass`)

// keptType is how stored expressions name a type that is not built in.
var keptType = regexp.MustCompile(catalog.KeptTypes + `\."([0-9]+)"`)

// Expression is pg_get_expr: a stored expression's text with relations and types by name,
// without their schema where visible says that the search path finds the relation, and typeName what a type is called.
func Expression(s *catalog.Snapshot, database catalog.OID, text string, visible func(catalog.Ref) bool, typeName func(catalog.OID) string) string {
	if strings.Contains(text, catalog.KeptTypes) {
		text = keptType.ReplaceAllStringFunc(text, func(name string) string {
			oid, _ := strconv.ParseUint(keptType.FindStringSubmatch(name)[1], 10, 32)
			if f := s.FunctionByOID(catalog.OID(oid)); f != nil {
				return functionName(s, database, &catalog.Constructors{Name: f.Name, Schema: f.Schema}, visible)
			}
			if r, f := s.RangeFunction(catalog.OID(oid)); r != nil {
				return functionName(s, database, f, visible)
			}
			return cmp.Or(typeName(catalog.OID(oid)), name)
		})
	}
	if !strings.Contains(text, "'::regclass") {
		return text
	}
	return relationLiteral.ReplaceAllStringFunc(text, func(literal string) string {
		r := s.RelationByOID(literalOID(literal))
		if r == nil {
			return literal
		}
		name := qualified(s, database, r.Ref())
		if visible(r.Ref()) {
			name = quote(r.Ref().Name)
		}
		return "'" + strings.ReplaceAll(name, "'", "''") + "'::regclass"
	})
}

// functionName is what a function is called that a user or a range type has made.
func functionName(s *catalog.Snapshot, database catalog.OID, f *catalog.Constructors, visible func(catalog.Ref) bool) string {
	ref := catalog.Ref{Schema: f.Schema, Name: f.Name}
	if visible(ref) {
		return quote(f.Name)
	}
	return qualified(s, database, ref)
}

// namedTypes are the types that a stored expression names.
func namedTypes(text string) (out []catalog.OID) {
	if !strings.Contains(text, catalog.KeptTypes) {
		return nil
	}
	for _, name := range keptType.FindAllStringSubmatch(text, -1) {
		oid, _ := strconv.ParseUint(name[1], 10, 32)
		out = append(out, catalog.OID(oid))
	}
	return out
}

func literalOID(literal string) catalog.OID {
	oid, _ := strconv.ParseUint(relationLiteral.FindStringSubmatch(literal)[1], 10, 32)
	return catalog.OID(oid)
}

// namedRelations are the relations that a stored expression names.
func namedRelations(text string) []catalog.OID {
	if !strings.Contains(text, "'::regclass") {
		return nil
	}
	var out []catalog.OID
	for _, literal := range relationLiteral.FindAllString(text, -1) {
		out = append(out, literalOID(literal))
	}
	return out
}

// plainTypeName is what a type is called where the default search path is in force.
func plainTypeName(s *catalog.Snapshot) func(catalog.OID) string {
	return func(oid catalog.OID) string {
		if t := s.TypeByOID(oid); t != nil {
			return t.SQLName
		}
		return ""
	}
}

// inPublic stands for the search path of rows that are made for everybody: the default one.
func inPublic(ref catalog.Ref) bool {
	return ref.Schema == catalog.PublicOID || ref.Schema == catalog.PgCatalogOID
}
