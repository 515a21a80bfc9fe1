package pgcatalog

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
)

// relationLiteral is how stored expressions name a relation: by OID, so that
// renaming it changes nothing.
var relationLiteral = regexp.MustCompile(`'([0-9]+)'::regclass`)

// Expression is pg_get_expr: a stored expression's text with relations by name,
// without their schema where visible says that the search path finds them.
func Expression(s *catalog.Snapshot, database catalog.OID, text string, visible func(catalog.Ref) bool) string {
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

// inPublic stands for the search path of rows that are made for everybody: the default one.
func inPublic(ref catalog.Ref) bool {
	return ref.Schema == catalog.PublicOID || ref.Schema == catalog.PgCatalogOID
}
